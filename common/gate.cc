#include "common/gate.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <poll.h>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include "common/gate_guests.h"
#include "common/gate_sockets.h"
#include "common/heap.h"
#include "common/log_limit.h"

namespace squall {
namespace {

constexpr std::string_view kHttp2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static_assert(kHttp2.size() == kOpeningBytes);
// Without files left, how long nobody is accepted.
constexpr Nanos kPause = kSecond / 10;
// How often it is looked whose time is over, while there is anybody.
constexpr Nanos kLookInterval = kSecond;
// Of TLS' first message, or of HTTP/2's settings: more is not said before there is an answer.
constexpr int kMostUnanswered = 4096;
// How long after so many were turned away free memory goes back to the system: not for a few, as
// whoever allocates may have to wait for it.
constexpr Nanos kReturnInterval = 5 * kSecond;
constexpr uint64_t kManyRefused = 100;
// So many are accepted before anything else is looked at.
constexpr int kAtOnce = 64;

class Door final : public Gate {
 public:
  Door(Listeners listeners, const Limits& limits)
      : listeners_(std::move(listeners)), limits_(limits), guests_(limits) {}

  ~Door() override { Door::End(); }

  void End() override {
    if (thread_.joinable()) {
      wake_.Wake();
      thread_.join();
    }
    for (const Silent& silent : silent_) close(silent.fd);
    silent_.clear();
  }

  absl::Status Begin(LetIn let_in) override {
    let_in_ = std::move(let_in);
    if (absl::Status status = wake_.Open(); !status.ok()) return status;
    thread_ = std::thread([this]() noexcept { Run(); });
    return absl::OkStatus();
  }

  const std::string& address() const override { return listeners_.address(); }
  void Known(const std::string& peer) override { guests_.Known(peer); }
  void Gone(const std::string& peer) override { guests_.Gone(peer, SteadyNow()); }
  uint64_t refused() const override { return refused_; }

  bool Called(const std::string& peer) override {
    const GateGuests::Call call = guests_.Called(peer, SteadyNow());
    if (call == GateGuests::Call::kTooMany) {
      ++refused_;
      Log(peer, "it made too many calls");
    }
    return call == GateGuests::Call::kAllowed;
  }

 private:
  struct Silent {
    int fd;
    Peer peer;
    Nanos until;
  };

  void Run() noexcept {
    while (true) {
      const Nanos now = SteadyNow();
      std::vector<pollfd> watched = {{wake_.fd(), POLLIN, 0}};
      for (const Silent& silent : silent_) watched.push_back({silent.fd, POLLIN, 0});
      const bool open = now >= accept_at_;
      if (open) {
        for (const int fd : listeners_.fds()) watched.push_back({fd, POLLIN, 0});
      }
      Nanos until = open ? kForever : accept_at_;
      if (!silent_.empty()) until = std::min(until, silent_.front().until);
      // Times may become earlier meanwhile.
      if (!guests_.empty()) until = std::min({until, guests_.NextTime(), now + kLookInterval});
      until = std::min(until, ReturnMemory(now));
      const Nanos wait =
          until == kForever ? -1 : std::max<Nanos>(until - now, 0) / kMillisecond + 1;
      poll(watched.data(), static_cast<nfds_t>(watched.size()), static_cast<int>(wait));
      if (watched.front().revents != 0) return;
      const size_t silent = silent_.size();
      Listen(watched);
      for (size_t i = 1 + silent; i < watched.size(); ++i) {
        if (watched[i].revents != 0) Accept(watched[i].fd);
      }
      for (const GateGuests::Refused& guest : guests_.ShutDown(SteadyNow())) {
        ++refused_;
        Log(guest.peer, guest.why);
      }
    }
  }

  // What those who were turned away have used, some time after them; until when it need not be
  // looked again.
  Nanos ReturnMemory(Nanos now) {
    if (refused_ < refused_before_ + kManyRefused) return kForever;
    if (return_at_ == kForever) return_at_ = now + kReturnInterval;
    if (now < return_at_) return return_at_;
    refused_before_ = refused_;
    return_at_ = kForever;
    ReturnFreeMemory();
    return kForever;
  }

  // To those that were silent: `watched` has them from 1 on.
  void Listen(const std::vector<pollfd>& watched) {
    const Nanos now = SteadyNow();
    std::deque<Silent> left;
    for (size_t i = 0; i < silent_.size(); ++i) {
      Silent& silent = silent_[i];
      if (watched[i + 1].revents != 0 && Heard(silent)) continue;
      if (now < silent.until) {
        left.push_back(std::move(silent));
      } else {
        Refuse(silent.fd, silent.peer, "it said nothing, or too little, for too long");
      }
    }
    silent_ = std::move(left);
  }

  // False: it has not said enough yet.
  bool Heard(Silent& silent) {
    std::array<char, kOpeningBytes> bytes{};
    const ssize_t got = recv(silent.fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
    if (got <= 0) {  // gone without a word: somebody looked whether anybody listens
      close(silent.fd);
      return true;
    }
    // Fewer are seen only when no more will come (AwaitBytes).
    const Opening opening =
        static_cast<size_t>(got) == bytes.size() ? OpeningOf(bytes) : Opening::kOther;
    std::string closed;
    if (opening == Opening::kOther) {
      Refuse(silent.fd, silent.peer, "it speaks neither TLS nor HTTP/2");
    } else if (WaitingBytes(silent.fd) > kMostUnanswered) {
      Refuse(silent.fd, silent.peer, "it said much before it was answered");
    } else if (const absl::Status added = guests_.Add(silent.peer, silent.fd, SteadyNow(), closed);
               !added.ok()) {
      Refuse(silent.fd, silent.peer, std::string(added.message()));
    } else {
      AwaitBytes(silent.fd, 1);
      let_in_(silent.fd, opening == Opening::kTls, silent.peer.name);
    }
    if (!closed.empty()) {
      ++refused_;
      Log(closed, "it has not shown who it is, and many others came");
    }
    return true;
  }

  void Accept(int listener) {
    for (int i = 0; i < kAtOnce; ++i) {
      Peer peer;
      const int fd = AcceptOn(listener, peer);
      if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
          accept_at_ = SteadyNow() + kPause;
          Log("none", std::strerror(errno));
        }
        return;
      }
      if (peer.is_local) {  // its file's permissions say who may
        let_in_(fd, false, peer.name);
        continue;
      }
      if (silent_.size() >= limits_.most_silent) {
        Refuse(silent_.front().fd, silent_.front().peer,
               "it said nothing yet, and many others came");
        silent_.pop_front();
      }
      AwaitBytes(fd, static_cast<int>(kOpeningBytes));
      silent_.push_back({fd, std::move(peer), SteadyNow() + limits_.patience});
    }
  }

  void Refuse(int fd, const Peer& peer, std::string_view reason) {
    close(fd);
    ++refused_;
    Log(peer.name, reason);
  }

  void Log(const std::string& peer, std::string_view reason) {
    if (const auto left_out = log_limit_.Ask(SteadyNow())) {
      spdlog::warn("event=connection_refused peer={} reason=\"{}\" refused={} not_logged={}", peer,
                   reason, refused_.load(), *left_out);
    }
  }

  const Listeners listeners_;
  const Limits limits_;
  LetIn let_in_;
  GateGuests guests_;
  LogLimit log_limit_;
  std::atomic<uint64_t> refused_ = 0;
  WakePipe wake_;
  std::deque<Silent> silent_;  // the thread's, as what follows
  Nanos accept_at_ = 0;
  uint64_t refused_before_ = 0;  // when memory was returned last
  Nanos return_at_ = kForever;
  std::thread thread_;  // last: it uses all of this
};

}  // namespace

absl::StatusOr<std::unique_ptr<Gate>> Gate::Open(const Address& address, const char* who,
                                                 const Limits& limits) {
  absl::StatusOr<Listeners> listeners = Listeners::Open(address, who);
  if (!listeners.ok()) return listeners.status();
  return std::make_unique<Door>(*std::move(listeners), limits);
}

Opening OpeningOf(const std::array<char, kOpeningBytes>& bytes) {
  const std::string_view text(bytes.data(), bytes.size());
  if (text == kHttp2) return Opening::kHttp2;
  // A record of the handshake, of version 3.something, that begins with ClientHello (RFC 8446, 4
  // and 5.1).
  const bool tls = text[0] == 0x16 && text[1] == 3 && text[5] == 1;
  return tls ? Opening::kTls : Opening::kOther;
}

}  // namespace squall
