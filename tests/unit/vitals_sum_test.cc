#include "controller/vitals_sum.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/protocol.h"

namespace squall {
namespace {

v1::Vitals Earlier() {
  v1::Vitals vitals;
  vitals.set_begin_ns(10 * kSecond);
  vitals.set_end_ns(11 * kSecond);
  vitals.set_workers(2);
  vitals.set_cpu_ns(100);
  vitals.set_cpu_most_ns(70);
  vitals.set_host_busy(0.2);
  vitals.set_interface("eth0");
  vitals.set_link_received_bytes(1000);
  vitals.set_link_received_peak_per_second(900);
  vitals.set_path_rtt_ns(500);
  vitals.set_path_best_rtt_ns(300);
  vitals.set_ports_used(7);
  vitals.set_without_port(3);
  return vitals;
}

v1::Vitals Later() {
  v1::Vitals vitals;
  vitals.set_begin_ns(11 * kSecond);
  vitals.set_end_ns(14 * kSecond);
  vitals.set_workers(4);
  vitals.set_cpu_ns(11);
  vitals.set_cpu_most_ns(7);
  vitals.set_host_busy(0.6);
  vitals.set_interface("eth1");
  vitals.set_link_received_bytes(20);
  vitals.set_link_received_peak_per_second(800);
  vitals.set_path_rtt_ns(400);
  vitals.set_path_best_rtt_ns(350);
  vitals.set_ports_used(5);
  vitals.set_without_port(1);
  return vitals;
}

TEST(VitalsSumTest, EachFigureHasItsRule) {
  v1::Vitals sum;
  AddVitals(Earlier(), sum);
  EXPECT_EQ(sum.SerializeAsString(), Earlier().SerializeAsString());
  AddVitals(Later(), sum);
  EXPECT_EQ(sum.begin_ns(), 10 * kSecond);
  EXPECT_EQ(sum.end_ns(), 14 * kSecond);
  EXPECT_EQ(sum.workers(), 4u);
  EXPECT_EQ(sum.cpu_ns(), 111);
  EXPECT_EQ(sum.cpu_most_ns(), 77);
  EXPECT_DOUBLE_EQ(sum.host_busy(), (0.2 + 3 * 0.6) / 4);
  EXPECT_EQ(sum.interface(), "eth1");
  EXPECT_EQ(sum.link_received_bytes(), 1020u);
  EXPECT_EQ(sum.link_received_peak_per_second(), 900u);
  EXPECT_EQ(sum.path_rtt_ns(), 400);
  EXPECT_EQ(sum.path_best_rtt_ns(), 300);
  EXPECT_EQ(sum.ports_used(), 5u);
  EXPECT_EQ(sum.without_port(), 4u);
}

TEST(VitalsSumTest, WhatOneDoesNotKnowTheOtherDoes) {
  v1::Vitals first = Earlier();
  first.clear_path_best_rtt_ns();
  first.clear_host_busy();
  v1::Vitals next = Later();
  next.clear_cpu_ns();
  next.clear_ports_used();
  v1::Vitals sum = first;
  AddVitals(next, sum);
  EXPECT_EQ(sum.path_best_rtt_ns(), 350);
  EXPECT_DOUBLE_EQ(sum.host_busy(), 0.6);
  EXPECT_EQ(sum.cpu_ns(), 100);
  EXPECT_EQ(sum.ports_used(), 7u);
  EXPECT_FALSE(sum.has_host_steal());
}

TEST(VitalsSumTest, NoFigureIsForgotten) {
  v1::Vitals next;
  const auto& of = *next.GetReflection();
  const auto& fields = *v1::Vitals::descriptor();
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto* field = fields.field(i);
    using Field = google::protobuf::FieldDescriptor;
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT64:
        of.SetInt64(&next, field, 1);
        break;
      case Field::CPPTYPE_UINT64:
        of.SetUInt64(&next, field, 1);
        break;
      case Field::CPPTYPE_UINT32:
        of.SetUInt32(&next, field, 1);
        break;
      case Field::CPPTYPE_DOUBLE:
        of.SetDouble(&next, field, 1);
        break;
      default:
        of.SetString(&next, field, "eth0");
    }
  }
  v1::Vitals sum;
  sum.set_begin_ns(1);
  sum.set_end_ns(1);
  AddVitals(next, sum);
  EXPECT_EQ(FieldsJson(sum), FieldsJson(next));
}

TEST(VitalsSumTest, SumsDoNotOverflow) {
  v1::Vitals sum = Earlier();
  sum.set_cpu_ns(INT64_MAX);
  sum.set_link_received_bytes(UINT64_MAX);
  AddVitals(Later(), sum);
  EXPECT_EQ(sum.cpu_ns(), INT64_MAX);
  EXPECT_EQ(sum.link_received_bytes(), UINT64_MAX);
}

// In any order of brackets: what a controller gets at once or one by one is the same.
TEST(VitalsSumTest, MeansAreOverAllTheTime) {
  v1::Vitals one_by_one;
  double area = 0;
  Nanos at = kSecond;
  for (int i = 1; i <= 20; ++i) {
    v1::Vitals vitals;
    vitals.set_begin_ns(at);
    vitals.set_end_ns(at + i * kMillisecond);
    vitals.set_load(i * 1.5);
    area += i * 1.5 * i;
    at = vitals.end_ns();
    AddVitals(vitals, one_by_one);
  }
  EXPECT_NEAR(one_by_one.load(), area / (20 * 21 / 2.0), 1e-9);
}

TEST(VitalsSumTest, LiesAreNoVitals) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  struct Case {
    const char* name;
    std::function<void(v1::Vitals&)> change;
    bool are_vitals;
  };
  const Case kCases[] = {
      {"true ones", [](v1::Vitals&) {}, true},
      {"nothing is known", [](v1::Vitals& v) { v.Clear(); }, true},
      {"all cores busy", [](v1::Vitals& v) { v.set_host_busy(1); }, true},
      {"a high load", [](v1::Vitals& v) { v.set_load(5000); }, true},
      {"time runs backwards", [](v1::Vitals& v) { v.set_end_ns(v.begin_ns() - 1); }, false},
      {"before there was time", [](v1::Vitals& v) { v.set_begin_ns(-1); }, false},
      {"the longest time", [](v1::Vitals& v) { v.set_end_ns(v.begin_ns() + kMaxDurationNs); },
       true},
      {"too long a time", [](v1::Vitals& v) { v.set_end_ns(v.begin_ns() + kMaxDurationNs + 1); },
       false},
      {"negative cpu", [](v1::Vitals& v) { v.set_cpu_ns(-1); }, false},
      {"negative lateness", [](v1::Vitals& v) { v.set_late_most_ns(-1); }, false},
      {"a negative round trip", [](v1::Vitals& v) { v.set_path_rtt_ns(INT64_MIN); }, false},
      {"busier than busy", [](v1::Vitals& v) { v.set_host_busy(1.01); }, false},
      {"negative steal", [](v1::Vitals& v) { v.set_host_steal(-0.01); }, false},
      {"a share that is no number", [](v1::Vitals& v) { v.set_host_steal(kNan); }, false},
      {"a load that is no number", [](v1::Vitals& v) { v.set_load(kNan); }, false},
      {"an infinite load", [](v1::Vitals& v) { v.set_load(HUGE_VAL); }, false},
      {"a name", [](v1::Vitals& v) { v.set_interface(std::string(64, 'x')); }, true},
      {"a long name", [](v1::Vitals& v) { v.set_interface(std::string(65, 'x')); }, false},
  };
  for (const Case& test : kCases) {
    v1::Vitals vitals = Later();
    test.change(vitals);
    EXPECT_EQ(AreVitals(vitals), test.are_vitals) << test.name;
  }
}

TEST(VitalsSumTest, JsonHasEveryFieldByItsName) {
  v1::Vitals vitals = Later();
  vitals.set_tcp_sent_segments(UINT64_MAX);
  vitals.set_host_steal(0);
  const nlohmann::ordered_json json = FieldsJson(vitals);
  EXPECT_EQ(json.size(), static_cast<size_t>(v1::Vitals::descriptor()->field_count()));
  EXPECT_EQ(json.begin().key(), "begin_ns");
  EXPECT_EQ(json["end_ns"], 14 * kSecond);
  EXPECT_EQ(json["workers"], 4);
  EXPECT_EQ(json["interface"], "eth1");
  EXPECT_EQ(json["host_busy"], 0.6);
  EXPECT_EQ(json["tcp_sent_segments"], UINT64_MAX);
  EXPECT_EQ(json["host_steal"], 0);  // known to be none
  EXPECT_TRUE(json["throttled_ns"].is_null());
  EXPECT_EQ(json["late_most_ns"], 0);
}

}  // namespace
}  // namespace squall
