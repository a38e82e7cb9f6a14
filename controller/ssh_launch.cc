#include "controller/ssh_launch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "absl/strings/ascii.h"
#include "common/parent_watch.h"
#include "controller/ssh_command.h"
#include "controller/ssh_failure.h"

namespace squall {
namespace {

// For how long nothing may move: a connection takes ten seconds at most, keys some more.
constexpr Nanos kPatience = 30 * kSecond;
// How long a process whose output is over takes to end.
constexpr Nanos kEndTime = 2 * kSecond;
constexpr size_t kMostErrors = 4096;
constexpr size_t kBlock = 64 << 10;
// In one turn: others have something to say as well.
constexpr int kMostReads = 64;

std::string NewNonce() {
  std::random_device device;
  std::string nonce;
  for (int i = 0; i < 4; ++i) nonce += fmt::format("{:08x}", device());
  return nonce;
}

// A folder for the socket: its name means nothing to ssh, and is short enough for a socket's
// address.
absl::StatusOr<std::string> MakeFolder() {
  const char* configured = std::getenv("TMPDIR");
  std::string base = configured != nullptr ? configured : "";
  constexpr size_t kName = sizeof("/squall-XXXXXX/agent.sock");
  const bool plain = std::all_of(base.begin(), base.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("/._-").find(c) != std::string_view::npos;
  });
  // ssh binds a name of its own first, some 20 bytes longer.
  constexpr size_t kMore = 20;
  if (!plain || !base.starts_with('/') ||
      base.size() + kName + kMore > sizeof(sockaddr_un::sun_path)) {
    base = "/tmp";
  }
  std::string folder = base + "/squall-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    return absl::InternalError(
        fmt::format("no folder for its socket: {}: {}", folder, std::strerror(errno)));
  }
  return folder;
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int ConnectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (socket < 0) return -1;
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  fcntl(socket, F_SETFL, O_NONBLOCK);
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return socket;
  close(socket);
  return -1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SshLaunch>> SshLaunch::Start(SshTarget target,
                                                            SshTalk::Choose program) {
  absl::StatusOr<std::string> folder = MakeFolder();
  if (!folder.ok()) return folder.status();
  const std::string nonce = NewNonce();
  std::string socket_path = *folder + "/agent.sock";
  absl::StatusOr<SshProcess> process =
      SshProcess::Start(SshCommand(target, socket_path, nonce), *folder);
  if (!process.ok()) return process.status();
  return std::unique_ptr<SshLaunch>(new SshLaunch(std::move(target), std::move(socket_path),
                                                  *std::move(process),
                                                  SshTalk(nonce, std::move(program))));
}

SshLaunch::SshLaunch(SshTarget target, std::string socket_path, SshProcess process, SshTalk talk)
    : target_(std::move(target)),
      socket_path_(std::move(socket_path)),
      process_(std::move(process)),
      talk_(std::move(talk)),
      moved_at_(SteadyNow()) {}

SshLaunch::~SshLaunch() {
  End();
  if (probe_ >= 0) close(probe_);
}

void SshLaunch::End() {
  if (talk_.stage() == SshTalk::Stage::kConnecting) {
    process_.Terminate();
  } else {
    process_.HangUp();
  }
}

void SshLaunch::Watch(std::vector<pollfd>& descriptors) const {
  if (over()) return;
  const bool writes = !words_.empty() || program_ != nullptr;
  descriptors.push_back({.fd = hung_up_ ? -1 : process_.talk(),
                         .events = static_cast<short>(POLLIN | (writes ? POLLOUT : 0)),
                         .revents = 0});
  descriptors.push_back({.fd = process_.errors(), .events = POLLIN, .revents = 0});
  if (probe_ >= 0) descriptors.push_back({.fd = probe_, .events = POLLIN, .revents = 0});
}

void SshLaunch::Move(Nanos now) {
  if (over()) return;
  ReadErrors(now);
  Read(now);
  if (over()) return;
  if (hung_up_) return OnEnd();
  Write(now);
  if (state_ == State::kAwaitingAnswer) Probe(now);
  if (state_ == State::kUp && now >= beat_at_ && words_.empty()) {
    beat_at_ = now + kParentBeat;
    words_ = "\n";
  }
  if (state_ != State::kUp && now - moved_at_ > kPatience) {
    Fail(absl::DeadlineExceededError(
        fmt::format("nothing moves on its ssh for {} s", kPatience / kSecond)));
  }
}

void SshLaunch::Read(Nanos now) {
  std::array<char, 4096> bytes;
  for (int reads = 0; !hung_up_ && reads < kMostReads; ++reads) {
    const ssize_t count = read(process_.talk(), bytes.data(), bytes.size());
    if (count < 0 && WouldBlock()) return;
    if (count <= 0) {
      hung_up_ = true;
      return;
    }
    moved_at_ = now;
    absl::StatusOr<SshTalk::Step> step =
        talk_.OnBytes(std::string_view(bytes.data(), static_cast<size_t>(count)));
    if (!step.ok()) return Fail(step.status());
    words_ += step->words;
    if (step->program != nullptr) program_ = std::move(step->program);
    if (state_ == State::kTalking && talk_.stage() == SshTalk::Stage::kReady) BeginProbe(now);
  }
}

void SshLaunch::ReadErrors(Nanos now) {
  std::array<char, 1024> bytes;
  for (int reads = 0; reads < kMostReads; ++reads) {
    const ssize_t count = read(process_.errors(), bytes.data(), bytes.size());
    if (count <= 0) break;
    moved_at_ = now;
    errors_.append(bytes.data(), static_cast<size_t>(count));
    if (errors_.size() > kMostErrors) errors_.erase(0, errors_.size() - kMostErrors);
  }
  if (state_ != State::kUp) return;
  const size_t end = errors_.rfind('\n');
  if (end == std::string::npos) return;
  last_words_ = LastLine(std::string_view(errors_).substr(0, end));
  spdlog::warn("event=agent_said agent={} words=\"{}\"", AddressOf(target_).display, last_words_);
  errors_.erase(0, end + 1);
}

void SshLaunch::Write(Nanos now) {
  while (!words_.empty() || program_ != nullptr) {
    const std::string_view left = !words_.empty() ? std::string_view(words_)
                                                  : std::string_view(program_->bytes).substr(sent_);
    const ssize_t count = write(process_.talk(), left.data(), std::min(left.size(), kBlock));
    if (count < 0) return;  // full, or over: reading shows which
    moved_at_ = now;
    if (!words_.empty()) {
      words_.erase(0, static_cast<size_t>(count));
    } else {
      sent_ += static_cast<size_t>(count);
      if (sent_ == program_->bytes.size()) program_ = nullptr;
    }
  }
}

std::optional<double> SshLaunch::copied() const {
  if (program_ == nullptr) return std::nullopt;
  return static_cast<double>(sent_) / static_cast<double>(program_->bytes.size());
}

// An agent says the first word on a connection (HTTP/2's settings), so one byte shows that the way
// to it is there.
void SshLaunch::BeginProbe(Nanos now) {
  state_ = State::kAwaitingAnswer;
  moved_at_ = now;
  probe_ = ConnectTo(socket_path_);
}

void SshLaunch::Probe(Nanos now) {
  char byte = 0;
  const ssize_t count = probe_ >= 0 ? recv(probe_, &byte, 1, 0) : 0;
  if (count < 0 && WouldBlock()) return;
  if (probe_ >= 0) close(std::exchange(probe_, -1));
  if (count <= 0) {
    return Fail(absl::FailedPreconditionError(
        "its ssh server forwards no sockets: AllowStreamLocalForwarding (sshd_config) and the "
        "options of your key (authorized_keys) must let it"));
  }
  state_ = State::kUp;
  moved_at_ = now;
}

void SshLaunch::OnEnd() {
  int exit_code = 0;
  process_.HasEnded(SteadyNow() + kEndTime, exit_code);
  ReadErrors(SteadyNow());
  Fail(ExplainSshFailure(
      {.target = target_,
       .stage = talk_.stage(),
       .failure = talk_.failure(),
       .agent_exit_code = talk_.agent_exit_code(),
       .program_bytes = talk_.program() != nullptr ? talk_.program()->bytes.size() : 0,
       .noise = talk_.noise(),
       .errors = errors_.empty() ? last_words_ : errors_,
       .exit_code = exit_code}));
}

void SshLaunch::Fail(absl::Status status) {
  End();
  status_ = std::move(status);
  state_ = State::kOver;
}

}  // namespace squall
