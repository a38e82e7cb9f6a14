// A fleet whose agents answer at once, in this process: the other end of a coordinator.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/protocol.h"
#include "controller/coordinator.h"
#include "squall/v1/control.pb.h"

namespace squall {

// How a fake agent differs from a good one.
struct Behaviour {
  uint32_t protocol_version = kProtocolVersion;
  uint32_t cores = 2;
  uint64_t file_limit = 0;
  int busy_times = 0;  // answers busy to the first Hellos
  bool refuses_plan = false;
  bool obeys_anybody = false;
  bool has_list = false;               // the plan's, from an earlier run
  uint64_t list_from = 0;              // a part of it, up to here
  uint64_t dies_after = UINT64_MAX;    // results; who dials it then finds it started anew
  uint64_t breaks_after = UINT64_MAX;  // results: its stream, once; and it resumes
  bool is_another = false;             // who resumes is not who had begun
  Nanos clock = 0;                     // its clock minus ours
  uint64_t shift = 0;                  // added to the numbers it reports
  uint32_t phase_shift = 0;            // added to the phase it reports
  uint64_t first_sequence = 1;
  bool done_early = false;    // says Done after its first snapshot
  bool script_stops = false;  // says so in its first snapshot, and sends nothing more
  Nanos extra_window = 0;     // by which its window is too long
  bool wrong_count = false;   // says more results than numbers
  uint64_t drops_every = 0;   // so-manieth number is reported as dropped …
  uint64_t leaves_every = 0;  // … or as unsent; 0: none
};

// What the controller told one agent, over all attempts.
struct Heard {
  std::vector<v1::ControllerMessage> messages;
  std::string list;
  std::string feeder;
  uint64_t recorded = 0;  // results that it reported, of all phases
  int dialed = 0;
};

class FakeAgent;

class FakeDialer final : public Dialer {
 public:
  // `target` is an index in the vectors below.
  FakeDialer();
  ~FakeDialer() override;
  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)> events) override;

  std::vector<Behaviour> behaviours;
  std::vector<Heard> heard;

 private:
  std::map<size_t, std::shared_ptr<FakeAgent>> agents_;
};

// Agents host-0, host-1, …, and a plan of 10,000 requests for them. They report every number of the
// last phase as soon as they have it, but of the phases before only what they have at the start.
struct FakeFleet {
  explicit FakeFleet(std::vector<Behaviour> behaviours);

  // Puts a phase in front that lasts so long.
  void WarmUp(Nanos duration);
  absl::StatusOr<RunResult> Run();
  // All phases have this rate, at even distances.
  void ArriveAt(uint64_t per_second);
  // Nobody was granted anything or told to start.
  bool NothingSent() const;

  // Starts with `times` of a short grace.
  Coordinator::Config config;
  v1::Plan& plan() { return config.order.plan; }
  FakeDialer dialer;
};

}  // namespace squall
