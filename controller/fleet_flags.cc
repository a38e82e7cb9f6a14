#include "controller/fleet_flags.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/protocol.h"
#include "common/values.h"
#include "controller/ssh_target.h"

namespace squall {
namespace {

constexpr uint64_t kMostWeight = 1000;
constexpr uint64_t kMostAgents = 100'000;

// "host*3": takes the weight off, if there is one.
absl::StatusOr<uint32_t> TakeWeight(std::string_view& text) {
  const size_t star = text.rfind('*');
  if (star == std::string_view::npos) return 0;
  const std::string_view digits = text.substr(star + 1);
  const bool number = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
  if (!number && text.starts_with("unix:")) return 0;  // part of the path
  const absl::StatusOr<uint64_t> weight = ParseWholeNumber(digits, 1, kMostWeight);
  if (!weight.ok()) return weight.status();
  text = text.substr(0, star);
  return static_cast<uint32_t>(*weight);
}

// Those that one piece of text names.
absl::StatusOr<std::vector<Address>> ParseAgents(std::string_view text, const NameLookup& lookup) {
  if (IsDnsName(text)) return AgentsBehind(text, lookup);
  if (IsSshTarget(text)) {
    const absl::StatusOr<SshTarget> target = ParseSshTarget(text);
    if (!target.ok()) return target.status();
    return std::vector<Address>{AddressOf(*target)};
  }
  absl::StatusOr<Address> address = ParseAddress(text);
  if (!address.ok()) return address.status();
  return std::vector<Address>{*std::move(address)};
}

// `where` stands for the flag or line in messages.
absl::Status AddAgents(std::string_view where, std::string_view text, const NameLookup& lookup,
                       std::vector<AgentSpec>& agents) {
  std::string_view name = text;
  const absl::StatusOr<uint32_t> weight = TakeWeight(name);
  if (!weight.ok()) {
    return Invalid("{} {}: the weight behind *: {}", where, Quoted(text),
                   std::string(weight.status().message()));
  }
  absl::StatusOr<std::vector<Address>> addresses = ParseAgents(name, lookup);
  if (!addresses.ok()) return For(where, addresses.status());
  for (Address& address : *addresses) {
    const auto is_same = [&](const AgentSpec& agent) { return agent.address == address; };
    if (std::any_of(agents.begin(), agents.end(), is_same)) {
      return Invalid("{} {}: {} is named twice: an agent takes part once", where, Quoted(text),
                     address.display);
    }
    agents.push_back({std::move(address), *weight});
  }
  return absl::OkStatus();
}

// Calls `each` with every piece of `text`, blanks around it removed, and its number from 1 on.
template <typename Each>
absl::Status Split(std::string_view text, char separator, Each each) {
  for (size_t number = 1;; ++number) {
    const size_t end = text.find(separator);
    if (absl::Status status = each(TrimBlanks(text.substr(0, end)), number); !status.ok())
      return status;
    if (end == std::string_view::npos) return absl::OkStatus();
    text.remove_prefix(end + 1);
  }
}

absl::Status ResolveWeights(const RunFlags& flags, std::vector<AgentSpec>& agents) {
  const auto weighted = [](const AgentSpec& agent) { return agent.weight != 0; };
  const bool by_star = std::any_of(agents.begin(), agents.end(), weighted);
  if (flags.weights) {
    if (by_star) return Invalid("--weights and host*N exclude each other: write one of them");
    std::vector<uint32_t> weights;
    absl::Status status = Split(*flags.weights, ',', [&](std::string_view text, size_t) {
      const absl::StatusOr<uint64_t> weight = ParseWholeNumber(text, 1, kMostWeight);
      if (!weight.ok()) return For("--weights", weight.status());
      weights.push_back(static_cast<uint32_t>(*weight));
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    if (weights.size() != agents.size()) {
      return Invalid("--weights {}: {} weights for {} agents of --agents: give each its own",
                     Quoted(*flags.weights), weights.size(), agents.size());
    }
    for (size_t i = 0; i < agents.size(); ++i) agents[i].weight = weights[i];
  } else if (by_star) {
    for (AgentSpec& agent : agents) agent.weight = std::max(agent.weight, 1u);
  }
  return absl::OkStatus();
}

// An agent of the run's own needs none, whatever the environment says.
absl::Status ResolveCertificates(const RunFlags& flags, FleetOptions& options) {
  if (!flags.agents && !flags.listen) {
    if (!flags.fleet_tls.bundle) return absl::OkStatus();
    return Invalid("--tls is for agents of other machines: give --agents or --listen");
  }
  absl::StatusOr<std::shared_ptr<TlsFiles>> tls = ResolveFleetTls(flags.fleet_tls);
  if (!tls.ok()) return tls.status();
  options.tls = *std::move(tls);
  return absl::OkStatus();
}

absl::Status ResolveListen(const RunFlags& flags, FleetOptions& options) {
  for (const auto& [name, given] : {std::pair{"--expect", flags.expect.has_value()},
                                    std::pair{"--wait", flags.wait.has_value()}}) {
    if (given && !flags.listen) return Invalid("{} is for agents that dial: give --listen", name);
  }
  if (!flags.listen) return absl::OkStatus();
  absl::StatusOr<Address> address = ParseListenAddress(*flags.listen);
  if (!address.ok()) return For("--listen", address.status());
  if (options.tls == nullptr && !flags.insecure_fleet && !IsOfThisMachine(*address)) {
    return Invalid(
        "--listen {}: anybody who reaches this address could join, and who joins could not "
        "know whom it obeys: give --tls FILE (squall certs makes it), or "
        "--insecure-fleet to have it so",
        address->display);
  }
  options.listen = *std::move(address);
  Invitation& invitation = options.invitation;
  // With others to begin with, those that dial may all come late.
  invitation.expected = invitation.agents.empty() || !flags.join_late ? 1 : 0;
  const uint64_t least = invitation.agents.empty() ? 1 : 0;
  absl::Status status =
      ReadNumber("--expect", flags.expect, least, kMostAgents,
                 [&](uint64_t number) { invitation.expected = static_cast<size_t>(number); });
  if (!status.ok()) return status;
  return ReadDuration("--wait", flags.wait, absl::Milliseconds(1), kMaxDurationNs,
                      [&](int64_t nanos) { invitation.wait = nanos; });
}

}  // namespace

Text AgentsFile(const Text& text) {
  if (!text || !text->starts_with('@')) return std::nullopt;
  return text->substr(1);
}

absl::Status ResolveAgents(const Text& text, std::vector<AgentSpec>& agents,
                           const NameLookup& lookup) {
  if (!text) return absl::OkStatus();
  const Text file = AgentsFile(text);
  if (!file) {
    return Split(*text, ',', [&](std::string_view piece, size_t) {
      return AddAgents("--agents", piece, lookup, agents);
    });
  }
  const std::string& path = *file;
  const absl::StatusOr<std::string> lines = ReadNamedFile("--agents", path, kMaxSmallFile);
  if (!lines.ok()) return lines.status();
  absl::Status status = Split(*lines, '\n', [&](std::string_view line, size_t number) {
    line = TrimBlanks(line.substr(0, line.find('#')));
    if (line.empty()) return absl::OkStatus();
    return AddAgents(fmt::format("{}:{}:", Quoted(path), number), line, lookup, agents);
  });
  if (status.ok() && agents.empty()) {
    return Invalid("--agents @{}: names no agents: write host or host:port, one a line",
                   Quoted(path));
  }
  return status;
}

absl::Status ResolveFleet(const RunFlags& flags, FleetOptions& options) {
  Invitation& invitation = options.invitation;
  absl::Status status = ResolveAgents(flags.agents, invitation.agents);
  if (status.ok()) status = ResolveWeights(flags, invitation.agents);
  if (status.ok()) status = ResolveCertificates(flags, options);
  if (status.ok()) status = ResolveListen(flags, options);
  if (!status.ok()) return status;
  invitation.weighted = !invitation.agents.empty() && invitation.agents.front().weight != 0;
  invitation.join_late = flags.join_late;
  if (flags.join_late && !flags.agents && !flags.listen) {
    return Invalid("--join-late is for agents of other machines: give --agents or --listen");
  }
  status = ReadDuration("--grace", flags.grace, absl::Nanoseconds(FleetTimes::kLeastGrace),
                        int64_t{24} * 3600 * kSecond,
                        [&](int64_t nanos) { options.times.grace = nanos; });
  if (!status.ok() || !flags.on_agent_loss) return status;
  if (*flags.on_agent_loss != "continue" && *flags.on_agent_loss != "abort") {
    return Invalid("--on-agent-loss {}: must be continue or abort", Quoted(*flags.on_agent_loss));
  }
  options.abort_on_loss = *flags.on_agent_loss == "abort";
  return status;
}

}  // namespace squall
