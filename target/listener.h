// The target's edge to sockets: a listening one, and the connections taken from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace squall::target {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&&) = delete;

  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

struct Listener {
  Descriptor descriptor;
  uint16_t port;     // as bound, never 0
  std::string host;  // as bound, numeric; IPv6 in brackets
};

// Listens, without blocking, at "host:port" or "[IPv6]:port". INVALID_ARGUMENT if that is no such
// address, UNAVAILABLE if it can't be had; the messages say what to do.
absl::StatusOr<Listener> Listen(std::string_view address);

struct Accepted {
  Descriptor descriptor;
  std::string client;  // its address, numeric, without the port
};

// The next waiting connection, non-blocking; an invalid one, with errno set, if there is none.
Accepted Accept(const Descriptor& listener);

}  // namespace squall::target
