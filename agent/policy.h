// What an agent may do, as its owner has set it: stronger than any plan (docs/security.md).
//
// Whereto: what deny_targets matches is denied, also where allow_targets matches as well; where
// there are allow_targets, all that they do not match is denied. A target is looked at twice: by
// name, and by each address that a connection for it would go to. Where clouds tell machines their
// secrets is denied unless an allow_targets entry of its own stands for it.
//
// Immutable: any thread. Refusals are PERMISSION_DENIED; their message says what is denied by which
// rule: "api.test:80 (10.0.0.8:80): deny_targets 10.0.0.0/8 (/etc/squall/agent.yaml:7)". Whoever
// opens a connection asks; nobody asks for a single request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "agent/endpoint.h"
#include "agent/ip_range.h"
#include "agent/target_rule.h"

namespace squall {

// What connections are made for, and whereto.
struct Place {
  // Of the URL; without brackets.
  std::string host;
  uint16_t port = 0;
  // Where a diversion leads; otherwise the same.
  std::string to_host;
  uint16_t to_port = 0;
  // The plan says which addresses it has: they are not what the name means on this machine.
  bool given = false;

  // "api.test:80", "[::1]:80".
  std::string Display() const;
};

// A number that the owner has set, and where.
struct PolicyLimit {
  uint64_t most = 0;  // 0: there is none
  std::string where;

  bool IsExceededBy(uint64_t value) const { return most != 0 && value > most; }
};

class Policy {
 public:
  struct Rules {
    std::vector<TargetRule> allow;
    std::string allow_where;  // of allow_targets; empty: there are none, and all is allowed
    std::vector<TargetRule> deny;
  };
  struct Limits {
    PolicyLimit connections;
    PolicyLimit rate_nano;    // requests per second, in units of 1e-9
    PolicyLimit duration_ns;  // of a run
    PolicyLimit bytes_per_second;
  };

  // Without a file: nothing is denied but where clouds tell their secrets.
  Policy() = default;
  Policy(Rules rules, Limits limits);

  const Limits& limits() const { return limits_; }
  // How many files an agent that may open so many is to say that it may, so that no controller
  // gives it more connections than it may have.
  uint64_t FilesOf(uint64_t file_limit) const;

  // As far as names tell, before any address is known.
  absl::Status CheckName(const Place& place) const;
  // Before a connection is made, to an address or to a unix socket.
  absl::Status CheckAddress(const Place& place, const Endpoint& endpoint) const;
  absl::Status CheckSocket(const std::string& path) const;
  // What a proxy is asked for: the addresses of names are not known here. Where they would matter,
  // names must be allowed as such.
  absl::Status CheckBehindProxy(std::string_view host, uint16_t port) const;

 private:
  bool AllowsAll() const { return rules_.allow_where.empty(); }
  bool AllowsName(const Place& place) const;
  bool AllowsAddress(const IpAddress& address, uint16_t port) const;
  absl::Status CheckAddress(const std::string& shown, const IpAddress& address, uint16_t port,
                            bool allowed_by_name) const;
  absl::Status NotAllowed(std::string_view shown) const;
  // By the name alone, whatever it stands for.
  absl::Status CheckDenied(std::string_view shown, std::string_view host, uint16_t port) const;

  Rules rules_;
  Limits limits_;
};

}  // namespace squall
