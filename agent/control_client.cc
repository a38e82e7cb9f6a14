#include "agent/control_client.h"

#include <algorithm>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include "common/grpc_arguments.h"
#include "common/grpc_stream.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

// How long an answer is awaited, and how long the pause after it is: at first, and at most.
constexpr Nanos kFirstPatience = kSecond / 2;
constexpr Nanos kMostPatience = 10 * kSecond;
constexpr Nanos kFirstPause = kSecond / 10;
constexpr Nanos kMostPause = 5 * kSecond;
// A stream that ends sooner was of no use: the pause goes on growing.
constexpr Nanos kLife = 2 * kSecond;

using Stream = ClientStream<v1::ControllerMessage, v1::AgentMessage>;

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments = DialArguments();
  // A controller whose machine has vanished between two runs is noticed.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return arguments;
}

}  // namespace

// What is known of the stream that was dialled last.
struct ControlClient::Attempt {
  std::shared_ptr<ControlLink> link;
  bool lived = false;  // something came
  bool over = false;
  std::string reason;
};

ControlClient::ControlClient(Address controller, std::function<void(LinkEvent)> events)
    : controller_(std::move(controller)),
      events_(std::move(events)),
      thread_([this]() noexcept { Run(); }) {}

ControlClient::~ControlClient() {
  {
    MutexLock lock(mutex_);
    quitting_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void ControlClient::Run() noexcept {
  Nanos patience = kFirstPatience;
  Nanos pause = kFirstPause;
  while (true) {
    const Nanos begin = SteadyNow();
    if (Serve(patience) && SteadyNow() - begin > kLife) {
      patience = kFirstPatience;
      pause = kFirstPause;
    }
    {
      MutexLock lock(mutex_);
      if (quitting_) return;
    }
    Pause(pause);
    patience = std::min(2 * patience, kMostPatience);
    pause = std::min(2 * pause, kMostPause);
  }
}

bool ControlClient::Serve(Nanos patience) {
  Attempt attempt;  // under mutex_
  const auto stub = v1::Controller::NewStub(grpc::CreateCustomChannel(
      controller_.target, grpc::InsecureChannelCredentials(), Arguments()));
  StreamEvents<v1::ControllerMessage, v1::AgentMessage> events;
  events.said = [this, &attempt](v1::ControllerMessage message, Nanos received) {
    std::shared_ptr<ControlLink> link;
    {
      MutexLock lock(mutex_);
      if (!attempt.lived) spdlog::info("event=joined controller={}", controller_.display);
      attempt.lived = true;
      // The stream may speak before its handle is known here.
      while (attempt.link == nullptr) changed_.Wait(mutex_);
      link = attempt.link;
    }
    changed_.NotifyAll();
    events_(LinkMessage{std::move(link), std::move(message), received});
  };
  events.closed = [this, &attempt](const grpc::Status& status) {
    MutexLock lock(mutex_);
    attempt.over = true;
    attempt.reason = status.error_message();
    changed_.NotifyAll();
  };
  const auto stream = std::make_unique<Stream>(
      controller_.display, std::move(events),
      [&stub](grpc::ClientContext* context,
              grpc::ClientBidiReactor<v1::AgentMessage, v1::ControllerMessage>* reactor) {
        stub->async()->Attach(context, reactor);
      },
      IsWorthCompressing);
  bool lived = false;
  {
    MutexLock lock(mutex_);
    attempt.link = stream->channel();
    changed_.NotifyAll();
    const Nanos deadline = SteadyNow() + patience;
    while (!quitting_ && !attempt.over) {
      if (attempt.lived) {
        changed_.Wait(mutex_);
      } else if (SteadyNow() < deadline) {
        changed_.WaitUntil(mutex_, deadline);
      } else {
        break;
      }
    }
    lived = attempt.lived;
    if (!lived) {
      spdlog::debug("event=not_joined controller={} reason=\"{}\"", controller_.display,
                    attempt.over ? attempt.reason : "no answer");
    }
  }
  if (lived) events_(LinkClosed{stream->channel()});
  return lived;
}

void ControlClient::Pause(Nanos length) {
  const Nanos end = SteadyNow() + length;
  MutexLock lock(mutex_);
  while (!quitting_ && SteadyNow() < end) changed_.WaitUntil(mutex_, end);
}

}  // namespace squall
