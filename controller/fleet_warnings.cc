#include "controller/fleet_warnings.h"

#include <algorithm>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/version.h"
#include "controller/units.h"

namespace squall {
namespace {

using Agents = std::vector<AgentCheck>;

constexpr uint64_t kFewFiles = 10'000;
constexpr Nanos kLargeError = 5 * kMillisecond;
constexpr size_t kMostNames = 10;

std::string Duration(Nanos nanos) {
  return FormatDuration(static_cast<double>(nanos), /*utf8=*/false);
}

// `what` tells of one agent why it is one of them; nothing: it is not. Adds the line that `make`
// makes of them, if there are any.
void Warn(const Agents& agents,
          const std::function<std::optional<std::string>(const AgentCheck&)>& what,
          const std::function<std::string(const std::string& names)>& make,
          std::vector<std::string>& lines) {
  std::vector<std::string> names;
  size_t more = 0;
  for (const AgentCheck& agent : agents) {
    const std::optional<std::string> why = what(agent);
    if (!why) continue;
    if (names.size() == kMostNames) {
      ++more;
    } else {
      names.push_back(
          fmt::format("{} ({})", agent.name.empty() ? agent.address : agent.name, *why));
    }
  }
  if (more > 0) names.push_back(fmt::format("{} more", more));
  if (!names.empty()) lines.push_back(make(fmt::format("{}", fmt::join(names, ", "))));
}

}  // namespace

std::vector<std::string> FleetWarnings(const Agents& agents) {
  using Why = std::optional<std::string>;
  std::vector<std::string> lines;
  const auto warn = [&](const auto& what, const auto& make) { Warn(agents, what, make, lines); };
  warn(
      [](const AgentCheck& agent) -> Why {
        if (agent.build.empty() || agent.build == kVersion) return std::nullopt;
        return agent.build;
      },
      [](const std::string& names) {
        return fmt::format("other versions than here ({}): {}; install the same on all", kVersion,
                           names);
      });
  warn(
      [](const AgentCheck& agent) -> Why {
        const uint64_t files = agent.host.file_limit();
        if (files == 0 || files >= kFewFiles) return std::nullopt;
        return FormatCount(files);
      },
      [](const std::string& names) {
        return fmt::format(
            "fewer than {} open files, so fewer connections: {}; raise the limit "
            "(ulimit -n)",
            FormatCount(kFewFiles), names);
      });
  warn(
      [](const AgentCheck& agent) -> Why {
        // One that is busy has its load from its run.
        if (!agent.ok() || agent.host.load() <= agent.host.cores()) return std::nullopt;
        return fmt::format("{:.3g} on {} cores", agent.host.load(), agent.host.cores());
      },
      [](const std::string& names) {
        return fmt::format(
            "more load than cores, so latencies would be those of the machine: {}; "
            "end what else runs there",
            names);
      });
  warn(
      [](const AgentCheck& agent) -> Why {
        if (!agent.clock || agent.clock->error <= kLargeError) return std::nullopt;
        return "+-" + Duration(agent.clock->error);
      },
      [](const std::string& names) {
        return fmt::format(
            "clocks that are known to no better than {}, so agents may start as far "
            "apart: {}",
            Duration(kLargeError), names);
      });
  warn(
      [](const AgentCheck& agent) -> Why {
        const bool to = agent.to_agent_bytes_per_second.has_value();
        const bool from = agent.from_agent_bytes_per_second.has_value();
        if (!agent.ok() || agent.not_measured || (to && from)) return std::nullopt;
        return to ? "from it" : "to it";
      },
      [](const std::string& names) {
        return fmt::format(
            "no speed could be measured within a second: {}; is the way clogged, "
            "or too narrow for large packets?",
            names);
      });
  warn(
      [](const AgentCheck& agent) -> Why {
        if (!agent.obeys_anybody) return std::nullopt;
        return agent.address;
      },
      [](const std::string& names) {
        return fmt::format(
            "agents that obey anybody who reaches them (--insecure): {}; give them certificates "
            "(squall certs)",
            names);
      });
  if (std::any_of(agents.begin(), agents.end(),
                  [](const AgentCheck& agent) { return agent.not_measured; })) {
    lines.push_back("no speed was measured: a certificate of role view does not allow it");
  }
  return lines;
}

}  // namespace squall
