#include "tests/support/control_caller.h"

#include <grpcpp/grpcpp.h>

#include "common/address.h"
#include "common/grpc_arguments.h"
#include "common/grpc_stream.h"
#include "common/grpc_tls.h"
#include "common/mutex.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall::testing {
namespace {

constexpr Nanos kPatience = 20 * kSecond;

}  // namespace

CallOutcome Call(const std::string& address, std::shared_ptr<TlsFiles> files) {
  const auto peer = std::make_shared<PeerRecord>();
  const auto stub = v1::Agent::NewStub(grpc::CreateCustomChannel(
      ParseAddress(address)->target, DialCredentials(files, Party::kAgent, peer), DialArguments()));
  Mutex mutex;
  CondVar changed;
  CallOutcome outcome;
  bool over = false;
  using Stream = ClientStream<v1::AgentMessage, v1::ControllerMessage>;
  StreamEvents<v1::AgentMessage, v1::ControllerMessage> events;
  events.said = [&](const v1::AgentMessage& message, Nanos) {
    MutexLock lock(mutex);
    outcome.heard = true;
    outcome.answer = message.welcome().name();
    changed.NotifyAll();
  };
  events.closed = [&](const grpc::Status& status) {
    MutexLock lock(mutex);
    outcome.refusal = WhyNotTogether(status, *peer, Party::kAgent, files != nullptr);
    over = true;
    changed.NotifyAll();
  };
  const Stream stream(
      address, peer, std::move(events),
      [&stub](grpc::ClientContext* context,
              grpc::ClientBidiReactor<v1::ControllerMessage, v1::AgentMessage>* reactor) {
        stub->async()->Session(context, reactor);
      });
  v1::ControllerMessage hello;
  hello.mutable_hello()->set_controller("caller");
  stream.channel()->Send(std::move(hello));
  MutexLock lock(mutex);
  const Nanos deadline = SteadyNow() + kPatience;
  while (!over && !outcome.heard && SteadyNow() < deadline) changed.WaitUntil(mutex, deadline);
  return outcome;
}

}  // namespace squall::testing
