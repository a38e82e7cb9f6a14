#include "agent/plan_policy.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "agent/destination.h"
#include "common/mailbox.h"

namespace squall {
namespace {

absl::Status Refused(const std::string& what) { return absl::PermissionDeniedError(what); }

std::string Duration(uint64_t nanoseconds) {
  return absl::FormatDuration(absl::Nanoseconds(static_cast<int64_t>(nanoseconds)));
}

absl::Status CheckRate(const PolicyLimit& limit, const v1::Prepare& prepare) {
  if (limit.most == 0 || prepare.own_target()) return absl::OkStatus();
  const double most = static_cast<double>(limit.most) * 1e-9;
  uint64_t highest = 0;
  for (const v1::Phase& phase : prepare.plan().phases()) {
    if (!phase.has_arrivals()) {
      return Refused(
          fmt::format("sends at most {:.10g} requests per second, which a run without a "
                      "rate cannot promise: max_rate ({}); give the run a rate (-q)",
                      most, limit.where));
    }
    highest = std::max<uint64_t>(highest, phase.arrivals().rate_nano());
  }
  if (prepare.plan().users()) {
    return Refused(fmt::format(
        "sends at most {:.10g} requests per second, which users cannot promise: each makes as many "
        "as its script says: max_rate ({})",
        most, limit.where));
  }
  const uint64_t share = prepare.rate_nano() == 0 ? highest : prepare.rate_nano();
  if (share <= limit.most) return absl::OkStatus();
  return Refused(fmt::format(
      "sends at most {:.10g} requests per second, and its share of this run is {:.10g}: max_rate "
      "({}); lower -q, give other agents more of it (--weights), or add some",
      most, static_cast<double>(share) * 1e-9, limit.where));
}

absl::Status CheckDuration(const PolicyLimit& limit, const v1::Plan& plan) {
  uint64_t planned = 0;
  for (const v1::Phase& phase : plan.phases())
    planned += static_cast<uint64_t>(phase.duration_ns());
  if (!limit.IsExceededBy(planned)) return absl::OkStatus();
  return Refused(
      fmt::format("works {} on a run at most, and this one takes {}: max_duration ({}); "
                  "shorten -z or --warmup",
                  Duration(limit.most), Duration(planned), limit.where));
}

absl::Status DoesNotSendTo(const absl::Status& status) {
  if (status.ok()) return status;
  return Refused(fmt::format("does not send to {}", std::string(status.message())));
}

// Nothing: not in time.
Resolver::AnswerPtr AddressesOf(const std::string& name, Resolver& resolver, Nanos give_up_at) {
  const auto answered = std::make_shared<Mailbox<Resolver::AnswerPtr>>();
  Resolver::AnswerPtr answer =
      resolver.Ask(name, 0, [answered](Resolver::AnswerPtr late) { answered->Push(late); });
  return answer != nullptr ? answer : answered->PopUntil(give_up_at).value_or(nullptr);
}

absl::Status CheckPlace(const Policy& policy, const Place& place,
                        const std::vector<Endpoint>& addresses) {
  absl::Status status = policy.CheckName(place);
  for (const Endpoint& address : addresses) {
    if (status.ok()) status = policy.CheckAddress(place, WithPort(address, place.to_port));
  }
  return status;
}

// A name's addresses are asked for only if it may have any.
absl::Status CheckDestination(const Policy& policy, const Destination& destination,
                              Resolver& resolver, Nanos give_up_at) {
  const Place& place = destination.place;
  absl::Status status = CheckPlace(policy, place, destination.addresses);
  const bool to_be_asked = destination.addresses.empty() && destination.error.empty();
  if (!status.ok() || !to_be_asked) return status;
  const auto answer = AddressesOf(place.to_host, resolver, give_up_at);
  return answer == nullptr ? absl::OkStatus() : CheckPlace(policy, place, answer->addresses);
}

absl::Status CheckProxied(const Policy& policy, const std::string& proxy,
                          const std::vector<Origin>& origins, Resolver& resolver,
                          Nanos give_up_at) {
  const Place place = ProxyPlace(proxy);
  const v1::Transport direct;
  absl::Status status =
      CheckDestination(policy, DestinationOf(direct, place.host, place.port), resolver, give_up_at);
  for (const Origin& origin : origins) {
    if (status.ok()) status = policy.CheckBehindProxy(origin.host, origin.port);
  }
  return status;
}

}  // namespace

absl::Status CheckConnections(const Policy& policy, const v1::Plan& plan, uint32_t concurrency) {
  if (plan.users()) return absl::OkStatus();  // they share what connections there may be
  const PolicyLimit& limit = policy.limits().connections;
  const uint64_t streams = plan.transport().streams();
  const uint64_t connections = (concurrency + streams - 1) / streams;
  if (!limit.IsExceededBy(connections)) return absl::OkStatus();
  return Refused(fmt::format(
      "makes at most {} connections, and its share of this run is {}: max_connections ({}); lower "
      "-c, or add agents",
      limit.most, connections, limit.where));
}

absl::Status CheckLimits(const Policy& policy, const v1::Prepare& prepare) {
  absl::Status status = CheckConnections(policy, prepare.plan(), prepare.concurrency());
  if (status.ok()) status = CheckRate(policy.limits().rate_nano, prepare);
  if (status.ok()) status = CheckDuration(policy.limits().duration_ns, prepare.plan());
  return status;
}

std::string TargetText(const v1::Transport& transport, const std::vector<Origin>& origins) {
  std::string text =
      origins.size() == 1 ? origins.front().Display() : fmt::format("{} origins", origins.size());
  if (!transport.unix_socket().empty()) text += fmt::format(" at unix:{}", transport.unix_socket());
  if (!transport.proxy().empty()) {
    text += fmt::format(" by {}", ProxyPlace(transport.proxy()).Display());
  }
  return text;
}

absl::Status CheckTargets(const Policy& policy, const v1::Transport& transport,
                          const std::vector<Origin>& origins, Resolver& resolver,
                          Nanos give_up_at) {
  if (!transport.unix_socket().empty()) {
    return DoesNotSendTo(policy.CheckSocket(transport.unix_socket()));
  }
  if (!transport.proxy().empty()) {
    return DoesNotSendTo(CheckProxied(policy, transport.proxy(), origins, resolver, give_up_at));
  }
  for (const Origin& origin : origins) {
    const Destination destination = DestinationOf(transport, origin.host, origin.port);
    const absl::Status status = CheckDestination(policy, destination, resolver, give_up_at);
    if (!status.ok()) return DoesNotSendTo(status);
  }
  return absl::OkStatus();
}

}  // namespace squall
