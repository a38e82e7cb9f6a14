// An agent that misbehaves on request, for tests of the controller.
//
//   fake_agent --mode MODE
//
// It sends no requests: it claims a success in 500 ns for each number that it was granted, and
// departs from the protocol in the one way that the mode names. It listens on a free port of the
// loopback, prints the address, and serves until it is killed. Each stream has a thread of gRPC's
// own.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zlib.h>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "common/clock.h"
#include "common/histogram_cells.h"
#include "common/protocol.h"
#include "squall/v1/control.grpc.pb.h"

namespace squall {
namespace {

enum class Mode {
  kHonest,
  kSilent,
  kCompresses,
  kPacksABomb,
  kWrongVersion,
  kRefusesVersion,
  kFailedPlan,
  kNeverReady,
  kDiesAfterReady,
  kWrongNumbers,
  kDoubledSnapshot,
  kContradiction,
  kNeverDone,
};

struct NamedMode {
  std::string_view name;
  Mode mode;
};

constexpr std::array kModes = {
    NamedMode{"honest", Mode::kHonest},
    NamedMode{"silent", Mode::kSilent},                     // never answers Hello
    NamedMode{"compresses", Mode::kCompresses},             // 256 MiB instead of Welcome, by gRPC
    NamedMode{"packs-a-bomb", Mode::kPacksABomb},           // a Packed that is longer than it says
    NamedMode{"wrong-version", Mode::kWrongVersion},        // Welcome of the next version
    NamedMode{"refuses-version", Mode::kRefusesVersion},    // Failed instead of Welcome
    NamedMode{"failed-plan", Mode::kFailedPlan},            // Failed instead of Ready
    NamedMode{"never-ready", Mode::kNeverReady},            // never answers Prepare
    NamedMode{"dies-after-ready", Mode::kDiesAfterReady},   // at the message that follows Ready
    NamedMode{"wrong-numbers", Mode::kWrongNumbers},        // numbers that were not granted
    NamedMode{"doubled-snapshot", Mode::kDoubledSnapshot},  // the same numbers once more
    NamedMode{"contradiction", Mode::kContradiction},       // counts that do not add up
    NamedMode{"never-done", Mode::kNeverDone},              // never answers Stop
};

std::optional<Mode> ModeNamed(std::string_view name) {
  for (const NamedMode& known : kModes) {
    if (known.name == name) return known.mode;
  }
  return std::nullopt;
}

// As many successes, each of 500 ns (a value below 2048 has the bucket of its own index).
v1::Metrics Successes(uint64_t count) {
  constexpr uint32_t kNanos = 500;
  v1::Metrics metrics;
  metrics.set_succeeded(count);
  v1::Histogram* service = metrics.mutable_success_service();
  service->set_count(count);
  service->set_min_ns(kNanos);
  service->set_max_ns(kNanos);
  service->set_sum_low(kNanos * count);
  CellWriter(*service).Add(kNanos, count);
  v1::StatusCount* status = metrics.add_statuses();
  status->set_status(200);
  status->set_count(count);
  return metrics;
}

v1::AgentMessage Deflated(const std::string& plain, uint32_t said_bytes) {
  std::string zlib(compressBound(plain.size()), '\0');
  uLongf size = zlib.size();
  compress(reinterpret_cast<Bytef*>(zlib.data()), &size,
           reinterpret_cast<const Bytef*>(plain.data()), plain.size());
  zlib.resize(size);
  v1::AgentMessage message;
  message.mutable_packed()->set_zlib(std::move(zlib));
  message.mutable_packed()->set_bytes(said_bytes);
  return message;
}

// One stream: the agent's side of one run.
class Session {
 public:
  using Stream = grpc::ServerReaderWriter<v1::AgentMessage, v1::ControllerMessage>;

  Session(Mode mode, Stream& stream) : mode_(mode), stream_(stream) {}

  void Run() {
    v1::ControllerMessage message;
    while (!ended_ && stream_.Read(&message)) Handle(message);
  }

 private:
  void Handle(const v1::ControllerMessage& message) {
    // The first command after Ready has been read: so Ready has surely been seen.
    if (ready_ && mode_ == Mode::kDiesAfterReady && message.command() != 0) std::_Exit(1);
    if (message.command() != 0) commands_ = message.command();
    switch (message.kind_case()) {
      case v1::ControllerMessage::kHello:
        return OnHello(message.hello());
      case v1::ControllerMessage::kPrepare:
        return GetReady();
      case v1::ControllerMessage::kGrant:
        for (const v1::Span& span : message.grant().spans()) {
          granted_[message.grant().phase()].push_back(span);
        }
        return ClaimAllGranted();
      case v1::ControllerMessage::kStart:
        start_ = message.start().at_ns();
        return ClaimAllGranted();
      case v1::ControllerMessage::kStop:
        if (mode_ == Mode::kNeverDone) return;
        reply_.mutable_done();
        return Reply();
      case v1::ControllerMessage::kPing:
        reply_.mutable_pong()->set_id(message.ping().id());
        reply_.mutable_pong()->set_received_ns(SteadyNow());
        reply_.mutable_pong()->mutable_padding()->resize(message.ping().reply_bytes());
        reply_.mutable_pong()->set_sent_ns(SteadyNow());
        return Reply();
      case v1::ControllerMessage::kDismiss:
        ended_ = true;
        return;
      case v1::ControllerMessage::kFeeder:
      case v1::ControllerMessage::kData:
      case v1::ControllerMessage::kAck:
      case v1::ControllerMessage::kResize:
      case v1::ControllerMessage::KIND_NOT_SET:
        return;
    }
  }

  void OnHello(const v1::Hello& hello) {
    if (mode_ == Mode::kSilent) return;
    if (mode_ == Mode::kPacksABomb) {
      std::string plain;
      reply_.mutable_welcome()->mutable_name()->resize(size_t{24} << 20);
      reply_.SerializeToString(&plain);
      reply_ = Deflated(plain, 1 << 20);
      return Reply();
    }
    if (mode_ == Mode::kCompresses) {
      reply_.mutable_welcome()->mutable_name()->resize(size_t{256} << 20);
      return Reply();
    }
    if (mode_ == Mode::kRefusesVersion) {
      return Fail(v1::Failed::CODE_VERSION, "this agent speaks another protocol version");
    }
    v1::Welcome* welcome = reply_.mutable_welcome();
    welcome->set_protocol_version(hello.protocol_version() +
                                  (mode_ == Mode::kWrongVersion ? 1 : 0));
    welcome->set_build("fake");
    welcome->set_name("fake-agent");
    welcome->mutable_host()->set_os("fake");
    welcome->mutable_host()->set_machine("fake");
    welcome->mutable_host()->set_cores(1);
    Reply();
  }

  // As if it had every list from an earlier run.
  void GetReady() {
    if (mode_ == Mode::kNeverReady) return;
    if (mode_ == Mode::kFailedPlan) {
      return Fail(v1::Failed::CODE_PLAN, "this machine has too little of everything");
    }
    reply_.mutable_ready()->set_workers(1);
    Reply();
    ready_ = true;
  }

  // Claims results for all that is granted, once the run has started.
  void ClaimAllGranted() {
    if (!start_) return;
    for (const auto& [phase, spans] : std::exchange(granted_, {})) ClaimGranted(phase, spans);
  }

  void ClaimGranted(uint32_t phase, const std::vector<v1::Span>& spans) {
    v1::Snapshot snapshot;
    snapshot.set_phase(phase);
    v1::Runs* held = snapshot.mutable_held();
    uint64_t claimed = 0;
    uint64_t begin = 0;  // of the newest run …
    uint64_t next = 0;   // … and the number after it
    for (const v1::Span& span : spans) {
      const uint64_t first =
          span.first() + (mode_ == Mode::kWrongNumbers ? uint64_t{1'000'000'000'000} : 0);
      if (claimed > 0 && first == next) {
        held->set_counts(held->counts_size() - 1,
                         held->counts(held->counts_size() - 1) + span.count());
      } else {
        held->add_gaps(first - begin);
        held->add_counts(span.count());
        begin = first;
      }
      next = first + span.count();
      claimed += span.count();
    }
    if (claimed > 0) held->set_stride(1);
    *snapshot.mutable_metrics() = Successes(claimed);
    if (mode_ == Mode::kContradiction) snapshot.mutable_metrics()->set_succeeded(claimed + 1);
    snapshot.set_window_ns(std::max<Nanos>(SteadyNow() - *start_, 0));
    snapshot.set_began_ns(*start_);
    snapshot.set_commands(commands_);
    SendSnapshot(snapshot);
    if (mode_ == Mode::kDoubledSnapshot) SendSnapshot(snapshot);
  }

  void SendSnapshot(const v1::Snapshot& snapshot) {
    *reply_.mutable_snapshot() = snapshot;
    reply_.mutable_snapshot()->set_sequence(++sequence_);
    Reply();
  }

  void Fail(v1::Failed::Code code, const std::string& message) {
    reply_.mutable_failed()->set_code(code);
    reply_.mutable_failed()->set_message(message);
    Reply();
    ended_ = true;
  }

  // Sends reply_ and empties it. If the controller is gone, the next Read says so.
  void Reply() {
    stream_.Write(reply_);
    reply_.Clear();
  }

  const Mode mode_;
  Stream& stream_;
  v1::AgentMessage reply_;
  bool ready_ = false;
  bool ended_ = false;
  std::optional<Nanos> start_;
  // And not claimed yet: by phase, by rising number.
  std::map<uint32_t, std::vector<v1::Span>> granted_;
  uint64_t sequence_ = 0;
  uint64_t commands_ = 0;
};

class FakeAgent final : public v1::Agent::Service {
 public:
  explicit FakeAgent(Mode mode) : mode_(mode) {}

 private:
  grpc::Status Session(grpc::ServerContext* /*context*/, squall::Session::Stream* stream) override {
    squall::Session(mode_, *stream).Run();
    return grpc::Status::OK;
  }

  const Mode mode_;
};

int Serve(Mode mode) {
  FakeAgent agent(mode);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (mode == Mode::kCompresses) builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  builder.RegisterService(&agent);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    fmt::print(stderr, "fake_agent: cannot listen\n");
    return 1;
  }
  fmt::print("listening on 127.0.0.1:{}\n", port);
  std::fflush(stdout);
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace squall

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--mode") {
    fmt::print(stderr, "usage: fake_agent --mode MODE\n");
    return 2;
  }
  const std::optional<squall::Mode> mode = squall::ModeNamed(argv[2]);
  if (!mode) {
    fmt::print(stderr, "fake_agent: no mode '{}'\n", argv[2]);
    return 2;
  }
  return squall::Serve(*mode);
}
