// The door of a control port: it accepts connections, and lets those in that begin soon, with what
// TLS or HTTP/2 begins with.
//
// Whoever connects is nobody yet. A connection that says nothing for long, or something else, is
// closed; so is one that has not shown who it is for long, or when many others come. All are
// counted, and logged with a limit. A thread of its own does it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/clock.h"

namespace squall {

class Gate {
 public:
  struct Limits {
    // How long a connection may be silent at first, and how long it may be a stranger: until then
    // its streams must have been found to be of somebody (Known).
    Nanos patience = 10 * kSecond;
    Nanos strange = 30 * kSecond;
    // So many silent ones are kept, and so many strangers, of one host and of all: then the oldest
    // is closed for the newest.
    size_t most_silent = 128;
    size_t most_strangers = 512;
    size_t most_of_one_host = 256;
  };
  // Takes a connection over, and closes it in the end. Called from the gate's thread. `peer` as
  // Known() will be given it.
  using LetIn = std::function<void(int fd, bool tls, const std::string& peer)>;

  // Listens on all addresses of `address`' host, on any free port if it has port 0; `who` listens
  // there as a rule: "agent". UNAVAILABLE if it cannot be had.
  static absl::StatusOr<std::unique_ptr<Gate>> Open(const Address& address, const char* who,
                                                    const Limits& limits);

  // End(), and closes what is still silent.
  virtual ~Gate() = default;

  // From now on connections are let in; until then they wait. Once.
  virtual absl::Status Begin(LetIn let_in) = 0;
  // From now on nothing is let in.
  virtual void End() = 0;

  // The address for people, with the port that was chosen.
  virtual const std::string& address() const = 0;

  // Who was let in as `peer` has shown who it is: it counts as a stranger no longer. Any thread.
  virtual void Known(const std::string& peer) = 0;

  // Connections that were closed here. Any thread.
  virtual uint64_t refused() const = 0;
};

// What a connection begins with.
enum class Opening { kTls, kHttp2, kOther };

// As many bytes are looked at as HTTP/2 begins with (RFC 9113, 3.4). Pure.
inline constexpr size_t kOpeningBytes = 24;
Opening OpeningOf(const std::array<char, kOpeningBytes>& bytes);

}  // namespace squall
