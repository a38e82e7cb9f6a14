// What every report derives from a result, so that all of them agree.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/result.h"

namespace squall {

struct Percentile {
  std::string_view name;  // in text
  std::string_view key;   // in JSON
  uint32_t per_10000;

  double fraction() const { return per_10000 / 10000.0; }
  // Of so few values that it is the largest of them: its rank, ceil(fraction * count), is count.
  bool IsMaximum(uint64_t count) const {
    return static_cast<double>(count) * (10000 - per_10000) < 10000;
  }
};

inline constexpr std::array<Percentile, 7> kPercentiles = {{{"p50", "p50_ns", 5000},
                                                            {"p75", "p75_ns", 7500},
                                                            {"p90", "p90_ns", 9000},
                                                            {"p95", "p95_ns", 9500},
                                                            {"p99", "p99_ns", 9900},
                                                            {"p99.9", "p99_9_ns", 9990},
                                                            {"p99.99", "p99_99_ns", 9999}}};

// "complete", "interrupted", "incomplete".
std::string_view StateName(RunState state);

// "lost", "resumed", "regranted", "joined".
std::string_view EventName(RunEvent::Kind kind);

// 0 if no time has passed.
double PerSecond(uint64_t amount, Nanos elapsed);

// What numbers are: "flows" of users, or "requests".
std::string_view NumbersName(const v1::Plan& plan);

// Whole answers, of whatever status; where there are users, to their requests.
uint64_t ResponsesOf(const RunResult& result);

// The sum of the agents' peaks: no more were ever open at once. 0: not known.
uint64_t PeakConnections(const RunResult& result);

// A status that is a failure, or another kind of failure. Samples belong to the metrics.
struct ErrorRow {
  std::string kind;
  uint32_t status = 0;  // 0: another kind
  uint64_t count = 0;
  std::vector<const Metrics::Sample*> samples;
};

// The most frequent first; equal ones by name. Their counts sum to metrics.failed.
std::vector<ErrorRow> ErrorRows(const Metrics& metrics);

// Reports are passed around: "http://user:secret@host/" becomes "http://user:***@host/".
std::string WithoutPassword(std::string_view url);

// The value of this header is a credential by its meaning, and is not written to reports.
bool IsSecretHeader(std::string_view name);

// The plan as it may be kept where others read it: passwords in URLs and values of secret headers
// are
// "***"; bodies, certificates and keys, of which reports tell the size, are as many asterisks.
v1::Plan WithoutSecrets(v1::Plan plan);

}  // namespace squall
