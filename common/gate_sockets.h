// The sockets of a control port: those that listen, and those that they accept.
//
// Every socket is closed on exec and does not block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"

namespace squall {

// Who has connected.
struct Peer {
  std::string name;       // "10.0.0.7:4711", "[::1]:4711", "unix:"
  std::string host;       // the same without the port
  bool is_local = false;  // on a unix socket
};

// Owns the sockets; removes its unix socket in the end.
class Listeners {
 public:
  // On all addresses of `address`' host. UNAVAILABLE if it cannot be had; `who` listens there as a
  // rule.
  static absl::StatusOr<Listeners> Open(const Address& address, const char* who);

  Listeners(Listeners&& other) noexcept;
  Listeners& operator=(Listeners&&) = delete;
  ~Listeners();

  const std::vector<int>& fds() const { return fds_; }
  const std::string& address() const { return address_; }  // with the port that was chosen

 private:
  Listeners() = default;

  std::vector<int> fds_;
  std::string address_;
  std::string path_;  // of a unix socket
};

// The next connection of a listening socket, or -1 and errno. By TCP, it is over half a minute
// after its other end has gone without a word.
int AcceptOn(int listener, Peer& peer);

// How many bytes have come that were not read yet.
int WaitingBytes(int fd);

// A socket that was given away as `fd`, whose number may be another's once it is closed.
class HeldSocket {
 public:
  explicit HeldSocket(int fd);
  // Whether it is still open there.
  bool IsHeld() const;

 private:
  int fd_;
  uint64_t inode_;
};

// From now on poll() finds the connection readable when so many bytes have come, or no more will.
void AwaitBytes(int fd, int bytes);

// Ends a poll() from another thread.
class WakePipe {
 public:
  WakePipe() = default;
  ~WakePipe();
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;

  absl::Status Open();
  int fd() const { return ends_[0]; }
  void Wake() const;

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace squall
