#include "controller/vitals_sum.h"

#include <algorithm>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "common/protocol.h"

namespace squall {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;
using Json = nlohmann::ordered_json;
using Field = v1::Vitals;

constexpr size_t kMaxInterfaceBytes = 64;
constexpr double kMostLoad = 1e6;

// How the figures of two intervals become one.
enum class Rule { kLast, kFirst, kSum, kLeast, kMost, kMean };

Rule RuleOf(int field) {
  switch (field) {
    case Field::kBeginNsFieldNumber:
      return Rule::kFirst;
    case Field::kPathBestRttNsFieldNumber:
      return Rule::kLeast;
    case Field::kLinkReceivedPeakPerSecondFieldNumber:
    case Field::kLinkSentPeakPerSecondFieldNumber:
      return Rule::kMost;
    case Field::kHostBusyFieldNumber:
    case Field::kHostStealFieldNumber:
    case Field::kLoadFieldNumber:
      return Rule::kMean;
    case Field::kEndNsFieldNumber:
    case Field::kWorkersFieldNumber:
    case Field::kInterfaceFieldNumber:
    case Field::kLinkBytesPerSecondFieldNumber:
    case Field::kPathRttNsFieldNumber:
    case Field::kConnectionRttNsFieldNumber:
    case Field::kConnectionsLookedAtFieldNumber:
    case Field::kConnectionRetransmissionsFieldNumber:
    case Field::kPortsUsedFieldNumber:
    case Field::kPortsFieldNumber:
    case Field::kFilesUsedFieldNumber:
    case Field::kFileLimitFieldNumber:
    case Field::kMemoryBytesFieldNumber:
    case Field::kMemoryLeftBytesFieldNumber:
      return Rule::kLast;
    default:
      return Rule::kSum;
  }
}

template <typename Number>
Number Combine(Rule rule, Number before, Number next) {
  Number sum = 0;
  switch (rule) {
    case Rule::kFirst:
      return before;
    case Rule::kSum:
      return __builtin_add_overflow(before, next, &sum) ? before : sum;
    case Rule::kLeast:
      return std::min(before, next);
    case Rule::kMost:
      return std::max(before, next);
    default:
      return next;
  }
}

double LengthOf(const v1::Vitals& vitals) {
  return static_cast<double>(std::max<int64_t>(vitals.end_ns() - vitals.begin_ns(), 1));
}

void AddField(const FieldDescriptor& field, Rule rule, const v1::Vitals& next, v1::Vitals& sum) {
  const Reflection& of = *next.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return of.SetInt64(&sum, &field,
                         Combine(rule, of.GetInt64(sum, &field), of.GetInt64(next, &field)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return of.SetUInt64(&sum, &field,
                          Combine(rule, of.GetUInt64(sum, &field), of.GetUInt64(next, &field)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return of.SetUInt32(&sum, &field,
                          Combine(rule, of.GetUInt32(sum, &field), of.GetUInt32(next, &field)));
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double before = rule == Rule::kMean ? LengthOf(sum) : 0;
      const double later = LengthOf(next);
      return of.SetDouble(
          &sum, &field,
          (of.GetDouble(sum, &field) * before + of.GetDouble(next, &field) * later) /
              (before + later));
    }
    default:
      return of.SetString(&sum, &field, of.GetString(next, &field));
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

void AddVitals(const v1::Vitals& next, v1::Vitals& sum) {
  if (sum.end_ns() == 0) {
    sum = next;
    return;
  }
  const Descriptor& fields = *v1::Vitals::descriptor();
  const Reflection& of = *next.GetReflection();
  for (int i = 0; i < fields.field_count(); ++i) {
    const FieldDescriptor& field = *fields.field(i);
    if (field.number() == Field::kEndNsFieldNumber) continue;  // means need it as it was
    if (field.has_presence() && !of.HasField(next, &field)) continue;
    const bool is_new = field.has_presence() && !of.HasField(sum, &field);
    AddField(field, is_new ? Rule::kLast : RuleOf(field.number()), next, sum);
  }
  sum.set_end_ns(next.end_ns());
}

bool AreVitals(const v1::Vitals& vitals) {
  const Descriptor& fields = *v1::Vitals::descriptor();
  const Reflection& of = *vitals.GetReflection();
  for (int i = 0; i < fields.field_count(); ++i) {
    const FieldDescriptor& field = *fields.field(i);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && of.GetInt64(vitals, &field) < 0) {
      return false;
    }
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE) continue;
    const double most = field.number() == Field::kLoadFieldNumber ? kMostLoad : 1;
    const double value = of.GetDouble(vitals, &field);
    if (!(value >= 0 && value <= most)) return false;
  }
  return vitals.end_ns() >= vitals.begin_ns() &&
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
