#include "agent/control_client.h"

#include <algorithm>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include "common/grpc_arguments.h"
#include "common/grpc_stream.h"
#include "common/grpc_tls.h"
#include "common/packed_message.h"
#include "common/tls_files.h"
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
  std::string apart;  // why the two may not speak to each other
};

ControlClient::ControlClient(Address controller, std::shared_ptr<TlsFiles> tls,
                             std::function<void(LinkEvent)> events)
    : controller_(std::move(controller)),
      tls_(controller_.display.starts_with("unix:") ? nullptr : std::move(tls)),
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
  const auto peer = std::make_shared<PeerRecord>();
  const auto stub = v1::Controller::NewStub(grpc::CreateCustomChannel(
      controller_.target, DialCredentials(tls_, Party::kController, peer), Arguments()));
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
  events.closed = [this, &attempt, &peer](const grpc::Status& status) {
    std::string apart = WhyNotTogether(status, *peer, Party::kController, /*tls=*/tls_ != nullptr);
    MutexLock lock(mutex_);
    attempt.apart = std::move(apart);
    attempt.over = true;
    attempt.reason = status.error_message();
    changed_.NotifyAll();
  };
  const auto stream = std::make_unique<Stream>(
      controller_.display, peer, std::move(events),
      [&stub](grpc::ClientContext* context,
              grpc::ClientBidiReactor<v1::AgentMessage, v1::ControllerMessage>* reactor) {
        stub->async()->Attach(context, reactor);
      },
      Pack);
  bool lived = false;
  std::string apart;
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
    apart = attempt.apart;
    if (!lived) {
      spdlog::debug("event=not_joined controller={} reason=\"{}\"", controller_.display,
                    attempt.over ? attempt.reason : "no answer");
    }
  }
  if (!apart.empty()) TellWhyNot(apart);
  if (lived) events_(LinkClosed{stream->channel()});
  return lived;
}

// A controller that is not there yet is nothing to talk about; one that will not do is.
void ControlClient::TellWhyNot(const std::string& reason) {
  if (const auto left_out = log_limit_.Ask(SteadyNow())) {
    spdlog::warn("event=not_joined controller={} reason=\"it {}\" not_logged={}",
                 controller_.display, reason, *left_out);
  }
}

void ControlClient::Pause(Nanos length) {
  const Nanos end = SteadyNow() + length;
  MutexLock lock(mutex_);
  while (!quitting_ && SteadyNow() < end) changed_.WaitUntil(mutex_, end);
}

}  // namespace squall
