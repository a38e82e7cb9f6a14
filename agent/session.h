// The agent's side of the control protocol.
//
// One thread runs the session and owns everything in it; streams and workers push their news into
// its mailbox. One run at a time: whoever comes while one is going on is told who is running it.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "agent/control_link.h"
#include "agent/run_engine.h"
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
  struct Active;  // the run that is going on
  struct QuitRequest {};
  // News from the workers of run `run`: what is left in the mailbox of an earlier one is ignored.
  struct EngineEvent {
    uint64_t run;
    RunEngine::Event event;
  };
  using Message = std::variant<LinkMessage, LinkClosed, EngineEvent, QuitRequest>;

  void OnMessage(LinkMessage& event);
  void OnClosed(const LinkClosed& event);
  void OnEngine(EngineEvent& event);
  // When the next snapshot is to be asked for, and asking for it.
  Nanos NextSnapshot() const;
  void AskForSnapshot(Nanos now);

  void OnHello(const std::shared_ptr<ControlLink>& link, const v1::Hello& hello);
  void OnPrepare(v1::Prepare& prepare);
  void OnData(const v1::DataChunk& chunk);
  void OnGrant(const v1::Grant& grant);
  void OnStart();
  void OnStop(const v1::Stop& stop);
  void MakeEngine();
  void OnCollected(RunEngine::Collected& collected);
  void SendDone();

  // Tells the controller why not, and gives its run up.
  void Fail(v1::Failed::Code code, const std::string& message);

  const Config config_;
  Mailbox<Message> mailbox_;
  std::unique_ptr<Active> active_;
  uint64_t runs_ = 0;  // made so far
};

}  // namespace squall
