// The agent's side of the control protocol.
//
// One thread runs the session and owns everything in it; streams and workers push their news into
// its mailbox. One run at a time: whoever comes while one is going on is told who is running it. A
// run that has begun outlives its stream for as long as its controller may come back
// (docs/fleet.md).
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/active_run.h"
#include "agent/bystanders.h"
#include "agent/ceiling_store.h"
#include "agent/control_link.h"
#include "agent/list_cache.h"
#include "agent/list_intake.h"
#include "agent/policy.h"
#include "agent/run_engine.h"
#include "agent/run_log.h"
#include "common/clock.h"
#include "common/mailbox.h"
#include "squall/v1/control.pb.h"

namespace squall {

class Session {
 public:
  struct Config {
    std::string name;                                            // for reports
    uint32_t threads = 1;                                        // most workers
    uint64_t file_limit = std::numeric_limits<uint64_t>::max();  // open files of this process
    // Streams were dialled from here: one that is silent is broken, so that another is dialled.
    bool dials = false;
    std::string program = {};       // this program's file, to be started as a target
    std::string state_folder = {};  // what outlives the process; empty: nothing does
    uint64_t list_bytes = 0;        // of lists, kept at most; 0: as ListCache has it
    // Whoever reaches it off this machine commands it: it is said in each Welcome.
    bool obeys_anybody = false;
    Policy policy = {};  // what its owner lets it do
  };

  explicit Session(Config config);
  ~Session();

  // Any thread.
  void Post(LinkEvent event);
  // Makes Run() return after it has given up the run that is going on. Any thread.
  void Quit();

  // Serves until Quit().
  void Run();

 private:
  struct QuitRequest {};
  // News from the workers of run `run`: what is left in the mailbox of an earlier one is ignored.
  struct EngineEvent {
    uint64_t run;
    RunEngine::Event event;
  };
  // The same of the list of a run.
  struct ListEvent {
    uint64_t intake;
    ListIntake::Event event;
  };
  using Message = std::variant<LinkOpened, LinkMessage, LinkClosed, LifeSign, EngineEvent,
                               ListEvent, QuitRequest>;

  void OnMessage(LinkMessage& event);
  void OnClosed(const LinkClosed& event);
  void OnEngine(EngineEvent& event);
  // When the next snapshot is to be asked for, and asking for it.
  Nanos NextSnapshot() const;
  void AskForSnapshot(Nanos now);
  // When the controller's silence has a consequence next, and having it.
  Nanos NextConsequence() const;
  void DrawConsequences(Nanos now);

  void OnPing(const std::shared_ptr<ControlLink>& link, const v1::Ping& ping, Nanos received);
  void OnHello(const std::shared_ptr<ControlLink>& link, const v1::Hello& hello);
  void Resume(const std::shared_ptr<ControlLink>& link);
  v1::AgentMessage Welcome() const;
  void OnPrepare(v1::Prepare& prepare);
  void OnData(v1::DataChunk& chunk);
  void GetList();
  void OnList(ListEvent& news);
  void OnCommand(const v1::ControllerMessage& message);
  void OnGrant(const v1::Grant& grant);
  void OnStart(const v1::Start& start);
  void OnResize(const v1::Resize& resize);
  void OnAck(uint64_t sequence);
  void OnStop(const v1::Stop& stop);
  void OnDismiss(const v1::Dismiss& dismiss);
  void OnFeeder(const v1::FeederChunk& chunk);
  void MakeEngineIfAll();
  void OnCollected(RunEngine::Collected& collected);
  void Finish();

  // To the controller; lost while the stream is broken.
  void Say(v1::AgentMessage message);
  // Tells the controller why not, and gives its run up.
  void Fail(v1::Failed::Code code, const std::string& message);
  // The same for what cannot be done here, or what the policy forbids.
  void Refuse(const absl::Status& why);
  // The run is over here, and what came of it is logged.
  void Forget(std::string_view outcome, std::string_view reason);

  const Config config_;
  CeilingStore ceilings_;
  ListCache lists_;
  const std::string instance_;  // drawn: tells this process from others of the same name
  Mailbox<Message> mailbox_;
  Bystanders bystanders_;
  RunLog log_;
  std::unique_ptr<ActiveRun> active_;  // the run that is going on
  uint64_t runs_ = 0;                  // made so far
  uint64_t intakes_ = 0;               // lists got so far
};

}  // namespace squall
