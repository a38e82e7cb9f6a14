#include "controller/vitals_sum.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "common/protocol.h"

namespace squall {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;
using Json = nlohmann::ordered_json;
using v1::Vitals;

constexpr size_t kMaxInterfaceBytes = 64;
constexpr double kMostLoad = 1e6;

// How the figures of two intervals become one. Shares are means.
enum class Rule { kLast, kFirst, kSum, kLeast, kMost, kMean };

// A field, by its own functions: reflection would take as long as all else that is done with a
// snapshot's vitals. Without `has` it is always there.
template <typename Number>
struct Figure {
  Number (Vitals::*get)() const;
  void (Vitals::*set)(Number number);
  bool (Vitals::*has)() const;
  Rule rule;
};

// All but end_ns and interface.
constexpr auto kTimes = std::to_array<Figure<int64_t>>({
    {&Vitals::begin_ns, &Vitals::set_begin_ns, nullptr, Rule::kFirst},
    {&Vitals::cpu_ns, &Vitals::set_cpu_ns, &Vitals::has_cpu_ns, Rule::kSum},
    {&Vitals::cpu_most_ns, &Vitals::set_cpu_most_ns, nullptr, Rule::kSum},
    {&Vitals::cpu_wait_ns, &Vitals::set_cpu_wait_ns, &Vitals::has_cpu_wait_ns, Rule::kSum},
    {&Vitals::cpu_wait_most_ns, &Vitals::set_cpu_wait_most_ns, nullptr, Rule::kSum},
    {&Vitals::late_ns, &Vitals::set_late_ns, &Vitals::has_late_ns, Rule::kSum},
    {&Vitals::late_most_ns, &Vitals::set_late_most_ns, nullptr, Rule::kSum},
    {&Vitals::throttled_ns, &Vitals::set_throttled_ns, &Vitals::has_throttled_ns, Rule::kSum},
    {&Vitals::path_rtt_ns, &Vitals::set_path_rtt_ns, &Vitals::has_path_rtt_ns, Rule::kLast},
    {&Vitals::path_best_rtt_ns, &Vitals::set_path_best_rtt_ns, &Vitals::has_path_best_rtt_ns,
     Rule::kLeast},
    {&Vitals::connection_rtt_ns, &Vitals::set_connection_rtt_ns, &Vitals::has_connection_rtt_ns,
     Rule::kLast},
});
constexpr auto kCounts = std::to_array<Figure<uint64_t>>({
    {&Vitals::clock_throttled, &Vitals::set_clock_throttled, &Vitals::has_clock_throttled,
     Rule::kSum},
    {&Vitals::link_bytes_per_second, &Vitals::set_link_bytes_per_second,
     &Vitals::has_link_bytes_per_second, Rule::kLast},
    {&Vitals::link_received_bytes, &Vitals::set_link_received_bytes,
     &Vitals::has_link_received_bytes, Rule::kSum},
    {&Vitals::link_sent_bytes, &Vitals::set_link_sent_bytes, &Vitals::has_link_sent_bytes,
     Rule::kSum},
    {&Vitals::link_received_peak_per_second, &Vitals::set_link_received_peak_per_second,
     &Vitals::has_link_received_peak_per_second, Rule::kMost},
    {&Vitals::link_sent_peak_per_second, &Vitals::set_link_sent_peak_per_second,
     &Vitals::has_link_sent_peak_per_second, Rule::kMost},
    {&Vitals::tcp_received_segments, &Vitals::set_tcp_received_segments,
     &Vitals::has_tcp_received_segments, Rule::kSum},
    {&Vitals::tcp_sent_segments, &Vitals::set_tcp_sent_segments, &Vitals::has_tcp_sent_segments,
     Rule::kSum},
    {&Vitals::tcp_retransmitted_segments, &Vitals::set_tcp_retransmitted_segments,
     &Vitals::has_tcp_retransmitted_segments, Rule::kSum},
    {&Vitals::tcp_out_of_order_segments, &Vitals::set_tcp_out_of_order_segments,
     &Vitals::has_tcp_out_of_order_segments, Rule::kSum},
    {&Vitals::connection_retransmissions, &Vitals::set_connection_retransmissions, nullptr,
     Rule::kLast},
    {&Vitals::file_limit, &Vitals::set_file_limit, nullptr, Rule::kLast},
    {&Vitals::without_port, &Vitals::set_without_port, nullptr, Rule::kSum},
    {&Vitals::without_file, &Vitals::set_without_file, nullptr, Rule::kSum},
    {&Vitals::connect_failures, &Vitals::set_connect_failures, nullptr, Rule::kSum},
    {&Vitals::memory_bytes, &Vitals::set_memory_bytes, &Vitals::has_memory_bytes, Rule::kLast},
    {&Vitals::memory_left_bytes, &Vitals::set_memory_left_bytes, &Vitals::has_memory_left_bytes,
     Rule::kLast},
});
constexpr auto kSmallCounts = std::to_array<Figure<uint32_t>>({
    {&Vitals::workers, &Vitals::set_workers, nullptr, Rule::kLast},
    {&Vitals::path_probes, &Vitals::set_path_probes, nullptr, Rule::kSum},
    {&Vitals::path_unanswered, &Vitals::set_path_unanswered, nullptr, Rule::kSum},
    {&Vitals::connections_looked_at, &Vitals::set_connections_looked_at, nullptr, Rule::kLast},
    {&Vitals::ports_used, &Vitals::set_ports_used, &Vitals::has_ports_used, Rule::kLast},
    {&Vitals::ports, &Vitals::set_ports, nullptr, Rule::kLast},
    {&Vitals::files_used, &Vitals::set_files_used, &Vitals::has_files_used, Rule::kLast},
});
constexpr auto kShares = std::to_array<Figure<double>>({
    {&Vitals::host_busy, &Vitals::set_host_busy, &Vitals::has_host_busy, Rule::kMean},
    {&Vitals::host_steal, &Vitals::set_host_steal, &Vitals::has_host_steal, Rule::kMean},
    {&Vitals::load, &Vitals::set_load, &Vitals::has_load, Rule::kMean},
});

double LengthOf(const Vitals& vitals) {
  return static_cast<double>(std::max<int64_t>(vitals.end_ns() - vitals.begin_ns(), 1));
}

// Of two intervals, of these lengths.
struct Lengths {
  double before;
  double next;
};

template <typename Number>
Number Combine(Rule rule, Number before, Number next, const Lengths& lengths) {
  switch (rule) {
    case Rule::kFirst:
      return before;
    case Rule::kLeast:
      return std::min(before, next);
    case Rule::kMost:
      return std::max(before, next);
    case Rule::kMean:
      if constexpr (std::is_floating_point_v<Number>) {
        return (before * lengths.before + next * lengths.next) / (lengths.before + lengths.next);
      }
      break;
    case Rule::kSum:
      if constexpr (std::is_integral_v<Number>) {
        Number sum = 0;
        return __builtin_add_overflow(before, next, &sum) ? before : sum;
      }
      break;
    case Rule::kLast:
      break;
  }
  return next;
}

template <typename Figures>
void AddAll(const Figures& figures, const Lengths& lengths, const Vitals& next, Vitals& sum) {
  for (const auto& figure : figures) {
    const bool optional = figure.has != nullptr;
    if (optional && !(next.*figure.has)()) continue;
    const bool is_new = optional && !(sum.*figure.has)();
    (sum.*figure.set)(Combine(is_new ? Rule::kLast : figure.rule, (sum.*figure.get)(),
                              (next.*figure.get)(), lengths));
  }
}

Json ValueOf(const google::protobuf::Message& message, const FieldDescriptor& field) {
  const Reflection& of = *message.GetReflection();
  if (field.has_presence() && !of.HasField(message, &field)) return nullptr;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return of.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return of.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return of.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return of.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_STRING:
      return of.GetString(message, &field);
    default:
      return nullptr;
  }
}

}  // namespace

void AddVitals(const Vitals& next, Vitals& sum) {
  if (sum.end_ns() == 0) {
    sum = next;
    return;
  }
  const Lengths lengths{LengthOf(sum), LengthOf(next)};
  AddAll(kTimes, lengths, next, sum);
  AddAll(kCounts, lengths, next, sum);
  AddAll(kSmallCounts, lengths, next, sum);
  AddAll(kShares, lengths, next, sum);
  if (sum.interface() != next.interface()) sum.set_interface(next.interface());
  sum.set_end_ns(next.end_ns());
}

bool AreVitals(const Vitals& vitals) {
  for (const auto& time : kTimes) {
    if ((vitals.*time.get)() < 0) return false;
  }
  for (const auto& share : kShares) {
    const double most = share.get == &Vitals::load ? kMostLoad : 1;
    const double value = (vitals.*share.get)();
    if (!(value >= 0 && value <= most)) return false;
  }
  return vitals.end_ns() >= vitals.begin_ns() && vitals.end_ns() >= 0 &&
         vitals.end_ns() - vitals.begin_ns() <= kMaxDurationNs &&
         vitals.interface().size() <= kMaxInterfaceBytes;
}

Json FieldsJson(const google::protobuf::Message& message) {
  Json json = Json::object();
  const Descriptor& fields = *message.GetDescriptor();
  for (int i = 0; i < fields.field_count(); ++i) {
    json[fields.field(i)->name()] = ValueOf(message, *fields.field(i));
  }
  return json;
}

}  // namespace squall
