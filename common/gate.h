// The door of a control port: it accepts connections, and lets those in that begin soon, with what
// TLS or HTTP/2 begins with.
//
// Whoever connects is nobody yet. A connection that says nothing for long, or something else, is
// closed; so are those beyond so many that have not shown yet who they are. All are counted, and
// logged with a limit. A thread of its own does it.
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
    // How long a connection may be silent at first, and how long it may be a stranger: by then it
    // must be Known, or it is closed.
    Nanos patience = 10 * kSecond;
    Nanos strange = 30 * kSecond;
    // Whether those that are known are followed until they are Gone, and how long their connection
    // may last after that. It takes a second descriptor for each.
    bool until_gone = true;
    Nanos parting = 2 * kSecond;
    // So many silent ones are kept, and so many strangers, of one host and of all: then the oldest
    // is shut down for the newest. As many that were shut down are waited for until whoever has
    // them has closed them as well; meanwhile nobody else is let in.
    size_t most_silent = 128;
    size_t most_strangers = 128;
    size_t most_of_one_host = 16;
    // What a stranger may have said: TLS and a first message are a few kilobytes. Each call costs
    // gRPC some 20 kB until its threads come to it, and the smallest one is 10 bytes long.
    uint64_t most_strange_bytes = 16 << 10;
    // So many calls may be made on a connection, one after the other or at once. Of those who are
    // followed.
    uint64_t most_calls = 8;
  };
  // Takes a connection over, and closes it in the end. Called from the gate's thread. `peer` as
  // Known() will be given it.
  using LetIn = std::function<void(int fd, bool tls, const std::string& peer)>;

  // Listens on all addresses of `address`' host, on any free port if it has port 0; `who` listens
  // there as a rule: "agent". UNAVAILABLE if it cannot be had.
  static absl::StatusOr<std::unique_ptr<Gate>> Open(const Address& address, const char* who,
                                                    const Limits& limits);

  // As End().
  virtual ~Gate() = default;

  // From now on connections are let in; until then they wait. Once.
  virtual absl::Status Begin(LetIn let_in) = 0;

  // Closes the door, and what is still silent. Nothing is let in any more, but who was may still be
  // found to be Known, or Gone. Idempotent.
  virtual void End() = 0;

  // The address for people, with the port that was chosen.
  virtual const std::string& address() const = 0;

  // A call of `peer`. False: it was one too many, and its connection is closed. Any thread.
  virtual bool Called(const std::string& peer) = 0;

  // Who was let in as `peer` has shown who it is: it counts as a stranger no longer. And what it
  // had to say is over: its connection is closed, but for time enough to hear the last words.
  // Without the latter it is up to others when that is. Any thread.
  virtual void Known(const std::string& peer) = 0;
  virtual void Gone(const std::string& peer) = 0;

  // Connections that were closed here. Any thread.
  virtual uint64_t refused() const = 0;
};

// What a connection begins with.
enum class Opening { kTls, kHttp2, kOther };

// As many bytes are looked at as HTTP/2 begins with (RFC 9113, 3.4). Pure.
inline constexpr size_t kOpeningBytes = 24;
Opening OpeningOf(const std::array<char, kOpeningBytes>& bytes);

}  // namespace squall
