#include "controller/verdict.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

#include "controller/units.h"

namespace squall {
namespace {

constexpr std::initializer_list<Sign> kClientSigns = {Sign::kCpuWaited, Sign::kCpuUsed, Sign::kLate,
                                                      Sign::kThrottled, Sign::kStolen};
constexpr std::initializer_list<Sign> kLinkSigns = {Sign::kLinkFull, Sign::kLinkQueue,
                                                    Sign::kLinkLoss};

std::string Percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

std::string Time(Nanos nanos) { return FormatDuration(static_cast<double>(nanos), false); }

// "94.1 Mbit/s".
std::string Bits(double bytes_per_second) {
  const double bits = 8 * bytes_per_second;
  if (bits >= 1e9) return fmt::format("{:.3g} Gbit/s", bits * 1e-9);
  if (bits >= 1e6) return fmt::format("{:.3g} Mbit/s", bits * 1e-6);
  return fmt::format("{:.3g} kbit/s", bits * 1e-3);
}

// " from 00:14 on", if it was not so from the beginning.
std::string Since(Nanos first) {
  if (first < 2 * kSecond) return "";
  const auto seconds = first / kSecond;
  return fmt::format(" from {:02}:{:02} on", seconds / 60, seconds % 60);
}

std::string Link(const AgentEvidence& is) {
  const double most = is.link_speed() != 0 && is.ShareOf(Sign::kLinkFull) > 0
                          ? static_cast<double>(is.link_speed())
                          : is.link_peak();
  return fmt::format("{} of {}", Bits(is.link_rate()), Bits(std::max(most, is.link_rate())));
}

std::string Words(const AgentEvidence& is, Sign sign) {
  const AgentEvidence::OfSign& of = is[sign];
  const std::string since = Since(of.first);
  switch (sign) {
    case Sign::kCpuWaited:
      return fmt::format("worker threads waited for CPU {} of the time{}", Percent(of.figure),
                         since);
    case Sign::kCpuUsed:
      return fmt::format("a worker thread used {} of a core{}", Percent(of.figure), since);
    case Sign::kLate:
      return fmt::format(
          "the process was stopped or starved: event loops were late {} of the "
          "time{}",
          Percent(of.figure), since);
    case Sign::kThrottled:
      return fmt::format("its CPU quota was used up {} of the time (cgroup){}", Percent(of.figure),
                         since);
    case Sign::kStolen:
      return fmt::format("other virtual machines had {} of its cores{}", Percent(of.figure), since);
    case Sign::kLinkFull:
      return fmt::format("{} through {}{}", Link(is), is.last().interface(), since);
    case Sign::kLinkQueue:
      return fmt::format("round trips to the server took {}, {} at best, at {}{}",
                         Time(is.path_rtt()), Time(is.path_best_rtt()), Bits(is.link_rate()),
                         since);
    case Sign::kLinkLoss:
      return fmt::format("{:.1f} % of TCP segments were lost{}", 100 * of.figure, since);
    case Sign::kNoPort:
      return fmt::format("{} connections found no local port free, of {}",
                         FormatCount(is.without_port()), FormatCount(is.last().ports()));
    case Sign::kNoFile:
      return fmt::format("{} connections found the limit of open files reached, {}",
                         FormatCount(is.without_file()), FormatCount(is.last().file_limit()));
  }
  return "";
}

class Court {
 public:
  explicit Court(const VerdictFacts& facts) : facts_(facts) {}

  Verdict Judge() {
    FindTainted();
    FindOutliers();
    if (facts_.recorded < kThresholds.requests || facts_.elapsed < kThresholds.elapsed) {
      verdict_.summary = "too short to tell";
      FindLimitedAgents();
      return Known() ? Conclude() : std::move(verdict_);
    }
    FindLimitedAgents();
    if (Known()) return Conclude();
    if (facts_.users) {
      JudgeUsers();
    } else if (facts_.open_loop) {
      JudgeRate();
    } else {
      JudgeClosedLoop();
    }
    return std::move(verdict_);
  }

 private:
  bool Known() const { return ports_ || files_ || client_ || link_; }

  void Say(const std::string& agent, std::string text) {
    verdict_.evidence.push_back({agent, std::move(text)});
  }
  void Be(Limit limit, Confidence confidence, std::string summary) {
    verdict_.limit = limit;
    verdict_.confidence = confidence;
    verdict_.summary = std::move(summary);
  }

  void FindTainted() {
    for (const AgentFacts& agent : facts_.agents) {
      if (agent.evidence == nullptr) continue;
      for (const TaintedInterval& interval : agent.evidence->tainted()) {
        verdict_.tainted.push_back({agent.name, interval});
      }
    }
  }

  // Whether an agent shows one of these for long enough; says so, the strongest first.
  bool Shows(const AgentFacts& agent, std::initializer_list<Sign> signs) {
    const AgentEvidence& is = *agent.evidence;
    std::vector<Sign> shown;
    for (const Sign sign : signs) {
      if (is.ShareOf(sign) >= kThresholds.long_enough) shown.push_back(sign);
    }
    std::stable_sort(shown.begin(), shown.end(),
                     [&is](Sign a, Sign b) { return is[a].figure > is[b].figure; });
    for (const Sign sign : shown) Say(agent.name, Words(is, sign));
    return !shown.empty();
  }

  void FindLimitedAgents() {
    for (const AgentFacts& agent : facts_.agents) {
      if (agent.evidence == nullptr) continue;
      const bool ports = Shows(agent, {Sign::kNoPort});
      const bool files = Shows(agent, {Sign::kNoFile});
      // Connections that fail at once keep a processor busy, and retransmissions follow from a
      // process that is not there to acknowledge: the effect is not the cause.
      const bool client = !ports && !files && Shows(agent, kClientSigns);
      const bool link = !ports && !files && Shows(agent, kLinkSigns);
      ports_ = ports_ || ports;
      files_ = files_ || files;
      client_ = client_ || client;
      link_ = link_ || link;
      if (ports || files || client || link) verdict_.agents.push_back(agent.name);
    }
  }

  Verdict Conclude() {
    const int kinds = ports_ + files_ + client_ + link_;
    Limit limit = Limit::kMixed;
    if (kinds == 1) {
      limit = ports_    ? Limit::kPorts
              : files_  ? Limit::kFiles
              : client_ ? Limit::kClient
                        : Limit::kLink;
    }
    const Evidence& first = verdict_.evidence.front();
    std::string text = first.text;
    if (limit == Limit::kLink) text = LinkOf(first.agent, text);
    std::string summary = fmt::format("agent {}, {}", first.agent, text);
    if (verdict_.agents.size() > 1) {
      summary += fmt::format("; {} agents in all", verdict_.agents.size());
    }
    Be(limit, kinds == 1 ? Confidence::kHigh : Confidence::kMedium, std::move(summary));
    return std::move(verdict_);
  }

  std::string LinkOf(const std::string& name, const std::string& otherwise) const {
    for (const AgentFacts& agent : facts_.agents) {
      if (agent.name == name && agent.evidence->link_rate() > 0) return Link(*agent.evidence);
    }
    return otherwise;
  }

  // ---- nothing on this side of the server

  double LightMean() const {
    return static_cast<double>(facts_.flight.light_time) /
           static_cast<double>(std::max<uint64_t>(facts_.flight.light, 1));
  }

  // Requests took less when there were fewer: there was a queue at the server.
  bool QueuesByLight() {
    const Thresholds& is = kThresholds;
    if (facts_.flight.light < is.light_least || facts_.service_mean <= 0) return false;
    if (LightMean() > is.light_of_service * facts_.service_mean) return false;
    Say("", fmt::format("requests took {} on average, and {} when there were few in flight",
                        FormatDuration(facts_.service_mean, false),
                        FormatDuration(LightMean(), false)));
    return true;
  }

  // What was in flight when no more was sent would have taken, on average, the residual life of a
  // service time, (1 + cv^2) / 2 of its mean, if the server had not become faster by that.
  bool QueuesByDrain() {
    const Thresholds& is = kThresholds;
    const Flight& flight = facts_.flight;
    if (facts_.concurrency < is.drain_least || flight.full_since == 0 ||
        facts_.service_variation > is.drain_most_variation || facts_.service_mean <= 0) {
      return false;
    }
    const auto tail = static_cast<double>(flight.area - flight.ramp_area - flight.steady_area);
    const double expected = static_cast<double>(facts_.concurrency) * facts_.service_mean *
                            (1 + facts_.service_variation * facts_.service_variation) / 2;
    if (tail > is.drain_of_expected * expected) return false;
    Say("", fmt::format("what was in flight at the end took {} of the time that it would have, had "
                        "the server not become faster with less to do",
                        Percent(tail / expected)));
    return true;
  }

  bool Refuses() {
    if (static_cast<double>(facts_.refusals) <
        kThresholds.refusals * static_cast<double>(facts_.recorded)) {
      return false;
    }
    Say("", fmt::format("{} of {} requests were refused, timed out, or answered by 429, 503 or 504",
                        FormatCount(facts_.refusals), FormatCount(facts_.recorded)));
    return true;
  }

  bool ServerQueues() {
    const bool light = QueuesByLight();
    const bool drain = !light && !facts_.open_loop && !facts_.users && QueuesByDrain();
    const bool refuses = Refuses();
    if (!light && !drain && !refuses) return false;
    Be(Limit::kServer, light || refuses ? Confidence::kHigh : Confidence::kMedium,
       refuses ? "it turned requests away" : "it was slower the more it had to do");
    return true;
  }

  void JudgeUsers() {
    if (ServerQueues()) return;
    if (static_cast<double>(facts_.waited) >
        kThresholds.waited * static_cast<double>(facts_.recorded)) {
      return Be(Limit::kSchedule, Confidence::kHigh,
                fmt::format("{} of {} requests found all connections that agents may have busy: "
                            "more agents, or more files and ports for them",
                            FormatCount(facts_.waited), FormatCount(facts_.recorded)));
    }
    if (facts_.not_started != 0) {
      return Be(Limit::kSchedule, Confidence::kMedium,
                "users began later than they were to: raise -c");
    }
    Be(Limit::kNone, Confidence::kMedium,
       fmt::format("the server took {} a request, and users asked for no more: raise {} for more",
                   FormatDuration(facts_.service_mean, false), facts_.open_loop ? "-q" : "-c"));
  }

  void JudgeClosedLoop() {
    if (ServerQueues()) return;
    Be(Limit::kNone, Confidence::kMedium,
       fmt::format("the server took {} with {} in flight as with few: raise -c for more",
                   FormatDuration(facts_.service_mean, false), FormatCount(facts_.concurrency)));
  }

  double Started() const {
    return static_cast<double>(facts_.planned - std::min(facts_.not_started, facts_.planned));
  }

  void JudgeRate() {
    const Thresholds& is = kThresholds;
    const auto planned = static_cast<double>(std::max<uint64_t>(facts_.planned, 1));
    const bool waited = static_cast<double>(facts_.waited) > is.waited * planned;
    const bool late = static_cast<double>(facts_.not_started) > is.not_started * planned;
    const bool grows = facts_.flight_growth > is.not_finished * planned / 2;
    if (!waited && !late && !grows) {
      if (Refuses()) {
        return Be(Limit::kServer, Confidence::kHigh, "it turned requests away");
      }
      return Be(Limit::kNone, Confidence::kHigh,
                "all was sent when it was due, and the server kept up: raise -q for more");
    }
    if (ServerQueues()) return;
    const double seconds = static_cast<double>(std::max<Nanos>(facts_.elapsed, 1)) * 1e-9;
    if (grows && !waited) {
      Say("", fmt::format("{:.0f} more requests were in flight at the end than in the middle",
                          facts_.flight_growth));
      return Be(Limit::kServer, Confidence::kHigh, "it finished less than was asked for");
    }
    const std::string could = fmt::format("asked {}/s, could start {}/s", FormatRate(facts_.rate),
                                          FormatRate(Started() / seconds));
    if (waited) {
      Say("", fmt::format("{} requests found all {} connections busy", FormatCount(facts_.waited),
                          FormatCount(facts_.concurrency)));
    }
    if (waited && !facts_.bound_given) return JudgeDefaultBound(could);
    Be(Limit::kSchedule, Confidence::kHigh, waited ? could + ": raise -c" : could);
  }

  // As many in flight as an agent may have by itself.
  void JudgeDefaultBound(const std::string& could) {
    for (const AgentFacts& agent : facts_.agents) {
      if (agent.evidence == nullptr) continue;
      const v1::Vitals& last = agent.evidence->last();
      const uint64_t each = facts_.concurrency / facts_.agents.size();
      if (last.file_limit() != 0 && last.file_limit() <= each + each / 2 + kFilesBeside) {
        verdict_.agents.push_back(agent.name);
        return Be(Limit::kFiles, Confidence::kHigh,
                  fmt::format("agent {}, {}: it may have {} files open (ulimit -n)", agent.name,
                              could, FormatCount(last.file_limit())));
      }
    }
    Be(Limit::kServer, Confidence::kMedium,
       fmt::format("{}: as many were in flight as an agent may have by itself", could));
  }

  // ---- agents beside each other

  void FindOutliers() {
    std::vector<const AgentFacts*> agents;
    for (const AgentFacts& agent : facts_.agents) {
      if (agent.succeeded >= kThresholds.outlier_requests) agents.push_back(&agent);
    }
    if (agents.size() < 3) return;
    for (const AgentFacts* agent : agents) {
      std::vector<Nanos> p50;
      std::vector<Nanos> p99;
      for (const AgentFacts* other : agents) {
        if (other == agent) continue;
        p50.push_back(other->p50);
        p99.push_back(other->p99);
      }
      const auto median = [](std::vector<Nanos>& of) {
        const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
        std::nth_element(of.begin(), middle, of.end());
        return *middle;
      };
      const Nanos others = median(p50);
      const bool out = static_cast<double>(agent->p50) >
                           kThresholds.outlier_times * static_cast<double>(others) &&
                       agent->p50 - others >= kThresholds.outlier_least;
      if (out)
        verdict_.outliers.push_back({agent->name, agent->p50, agent->p99, others, median(p99)});
    }
  }

  static constexpr uint64_t kFilesBeside = 64;  // of an agent, that are no connections

  const VerdictFacts& facts_;
  Verdict verdict_;
  bool ports_ = false;
  bool files_ = false;
  bool client_ = false;
  bool link_ = false;
};

}  // namespace

std::string_view LimitName(Limit limit) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "unknown",      "not limited", "server-limited",   "client-limited", "link-limited",
      "port-limited", "fd-limited",  "schedule-limited", "mixed"};
  return kNames[static_cast<size_t>(limit)];
}

std::string_view ConfidenceName(Confidence confidence) {
  static constexpr std::array<std::string_view, 3> kNames = {"low", "medium", "high"};
  return kNames[static_cast<size_t>(confidence)];
}

Verdict Judge(const VerdictFacts& facts) { return Court(facts).Judge(); }

}  // namespace squall
