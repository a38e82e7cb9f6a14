#include "agent/policy.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "agent/metadata_addresses.h"
#include "common/protocol.h"

namespace squall {
namespace {

absl::Status Denied(std::string_view shown, const TargetRule& rule) {
  return absl::PermissionDeniedError(
      fmt::format("{}: deny_targets {} ({})", shown, rule.text, rule.where));
}

absl::Status DeniedMetadata(std::string_view shown, std::string_view what) {
  return absl::PermissionDeniedError(fmt::format(
      "{}: {} is a cloud's metadata, denied unless allow_targets has it itself", shown, what));
}

std::string HostAndPort(std::string_view host, uint16_t port) {
  const bool ipv6 = host.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

// "2130706433:80 (127.0.0.1:80)"; an address that is shown already is not repeated.
std::string With(const std::string& shown, const IpAddress& address, uint16_t port) {
  const std::string numeric = HostAndPort(ToText(address), port);
  return shown == numeric ? shown : fmt::format("{} ({})", shown, numeric);
}

// Links and dots are followed as the system does, so that each socket has one path.
std::string RealPath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  return error ? path : real.string();
}

}  // namespace

std::string Place::Display() const { return HostAndPort(host, port); }

Policy::Policy(Rules rules, Limits limits) : rules_(std::move(rules)), limits_(std::move(limits)) {}

uint64_t Policy::FilesOf(uint64_t file_limit) const {
  const uint64_t most = limits_.connections.most;
  return most == 0 ? file_limit : std::min(file_limit, most + kOtherFiles);
}

absl::Status Policy::NotAllowed(std::string_view shown) const {
  return absl::PermissionDeniedError(
      fmt::format("{}: not in allow_targets ({})", shown, rules_.allow_where));
}

absl::Status Policy::CheckDenied(std::string_view shown, std::string_view host,
                                 uint16_t port) const {
  const std::string name = NormalHost(host);
  for (const TargetRule& rule : rules_.deny) {
    if (rule.MatchesName(name, port)) return Denied(shown, rule);
  }
  if (!IsMetadataName(name)) return absl::OkStatus();
  const bool lifted =
      std::any_of(rules_.allow.begin(), rules_.allow.end(), [&](const TargetRule& rule) {
        return rule.kind == TargetRule::Kind::kName && rule.MatchesName(name, port);
      });
  return lifted ? absl::OkStatus() : DeniedMetadata(shown, name);
}

// What a name means here is its owner's matter, what the plan gives as its addresses is not.
bool Policy::AllowsName(const Place& place) const {
  if (AllowsAll()) return true;
  if (place.given || LooseIp(place.to_host)) return false;
  const std::string name = NormalHost(place.to_host);
  return std::any_of(rules_.allow.begin(), rules_.allow.end(),
                     [&](const TargetRule& rule) { return rule.MatchesName(name, place.to_port); });
}

bool Policy::AllowsAddress(const IpAddress& address, uint16_t port) const {
  return std::any_of(rules_.allow.begin(), rules_.allow.end(),
                     [&](const TargetRule& rule) { return rule.MatchesAddress(address, port); });
}

absl::Status Policy::CheckName(const Place& place) const {
  const std::string shown = place.Display();
  if (absl::Status status = CheckDenied(shown, place.host, place.port); !status.ok()) return status;
  if (absl::Status status = CheckDenied(shown, place.to_host, place.to_port); !status.ok()) {
    return status;
  }
  const std::optional<IpAddress> literal = place.given ? std::nullopt : LooseIp(place.to_host);
  if (literal)
    return CheckAddress(With(shown, *literal, place.to_port), *literal, place.to_port, AllowsAll());
  if (AllowsName(place)) return absl::OkStatus();
  // Its addresses will tell, if any address is allowed at all.
  const bool by_address =
      std::any_of(rules_.allow.begin(), rules_.allow.end(), [](const TargetRule& rule) {
        return rule.kind == TargetRule::Kind::kAny || rule.kind == TargetRule::Kind::kAddresses;
      });
  return by_address ? absl::OkStatus() : NotAllowed(shown);
}

absl::Status Policy::CheckAddress(const Place& place, const Endpoint& endpoint) const {
  if (absl::Status status = CheckName(place); !status.ok()) return status;
  const std::optional<IpAddress> address = IpOf(endpoint);
  if (!address) return absl::OkStatus();  // a socket: CheckSocket()
  const std::string name = place.Display();
  const std::string shown = DisplayOf(endpoint);
  const bool allowed = AllowsAll() || (PortOf(endpoint) == place.to_port && AllowsName(place));
  return CheckAddress(shown == name ? name : fmt::format("{} ({})", name, shown), *address,
                      PortOf(endpoint), allowed);
}

absl::Status Policy::CheckAddress(const std::string& shown, const IpAddress& address, uint16_t port,
                                  bool allowed_by_name) const {
  for (const TargetRule& rule : rules_.deny) {
    if (rule.MatchesAddress(address, port)) return Denied(shown, rule);
  }
  if (const std::optional<IpRange> metadata = MetadataRangeOf(address)) {
    const bool lifted =
        std::any_of(rules_.allow.begin(), rules_.allow.end(), [&](const TargetRule& rule) {
          return rule.kind == TargetRule::Kind::kAddresses && rule.MatchesAddress(address, port) &&
                 rule.addresses.IsWithin(*metadata);
        });
    if (!lifted) return DeniedMetadata(shown, ToText(*metadata));
  }
  if (allowed_by_name || AllowsAddress(address, port)) return absl::OkStatus();
  return NotAllowed(shown);
}

absl::Status Policy::CheckSocket(const std::string& path) const {
  const std::string real = RealPath(path);
  const std::string shown = fmt::format("unix:{}", real);
  for (const TargetRule& rule : rules_.deny) {
    if (rule.IsAll() || rule.MatchesSocket(real)) return Denied(shown, rule);
  }
  const bool allowed =
      AllowsAll() || std::any_of(rules_.allow.begin(), rules_.allow.end(),
                                 [&](const TargetRule& rule) { return rule.MatchesSocket(real); });
  return allowed ? absl::OkStatus() : NotAllowed(shown);
}

absl::Status Policy::CheckBehindProxy(std::string_view host, uint16_t port) const {
  const std::string shown = HostAndPort(host, port);
  if (absl::Status status = CheckDenied(shown, host, port); !status.ok()) return status;
  if (const std::optional<IpAddress> address = LooseIp(host)) {
    return CheckAddress(With(shown, *address, port), *address, port, AllowsAll());
  }
  if (!AllowsAll()) {
    const Place place{std::string(host), port, std::string(host), port};
    return AllowsName(place) ? absl::OkStatus() : NotAllowed(shown);
  }
  for (const TargetRule& rule : rules_.deny) {
    if (rule.kind != TargetRule::Kind::kAddresses) continue;
    return absl::PermissionDeniedError(
        fmt::format("{}: behind a proxy its address cannot be held against deny_targets {} ({})",
                    shown, rule.text, rule.where));
  }
  return absl::OkStatus();
}

}  // namespace squall
