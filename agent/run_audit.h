// What an agent's log says of each plan that it was given, once, when it is done with it: who sent
// how much where, and what came of it.
//
// Owned and used by the session's thread. Never has user or password of a URL.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "squall/v1/metrics.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class RunAudit {
 public:
  // A plan has come, which may be anything.
  void Begin(std::string peer, const v1::Plan& plan, absl::Time now);
  // Whereto it leads, when all its URLs are known.
  void Leads(std::string target) { target_ = std::move(target); }
  // Requests may be sent from now on.
  void Start(absl::Time now) { began_ = now; }
  // What a snapshot brings.
  void Add(const v1::Metrics& metrics);

  // Writes the line; nothing if there was no plan. `run`, `who` and `reason` may be anything.
  void Write(std::string_view run, std::string_view who, std::string_view outcome,
             std::string_view reason, absl::Time now) const;

 private:
  std::string peer_;
  std::string target_;  // empty: no plan has come
  std::set<std::string> addresses_;
  uint64_t requests_ = 0;
  uint64_t bytes_ = 0;
  absl::Time began_;
};

}  // namespace squall
