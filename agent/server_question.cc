#include "agent/server_question.h"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "agent/curl_question.h"
#include "agent/destination.h"
#include "agent/own_server.h"
#include "common/url.h"

namespace squall {
namespace {

// All connections of such a plan go to one place.
bool HasOnePlace(const v1::Transport& transport) {
  return !transport.proxy().empty() || !transport.unix_socket().empty();
}

std::string PlaceOf(const v1::Transport& transport, const std::string& url) {
  if (HasOnePlace(transport)) return "";
  const UrlParts parts = SplitUrl(url);
  const Destination destination = DestinationOf(transport, parts.host, parts.port);
  if (!destination.addresses.empty()) return DisplayOf(destination.addresses.front());
  return fmt::format("{}:{}", destination.name, destination.port);
}

// Of several servers each would tell a part, which nobody could put together.
std::optional<std::string> OnlyAddress(const Network& network) {
  std::vector<std::string> names = network.addresses.Names();
  if (names.size() != 1) return std::nullopt;
  return std::move(names.front());
}

}  // namespace

std::unique_ptr<ServerWatch> WatchServer(const v1::Prepare& prepare, const std::string& first_url,
                                         const Network& network) {
  if (!prepare.asks_server() || prepare.own_target()) return nullptr;
  const v1::Plan& plan = prepare.plan();
  const v1::Transport& transport = plan.transport();
  if (const std::string& url = plan.server_counts(); !url.empty()) {
    const std::string place = PlaceOf(transport, url);
    return std::make_unique<ServerWatch>(
        MakeCurlQuestion(plan, network, url, [place] { return std::optional(place); }), false);
  }
  if (transport.follow()) return nullptr;  // who answers in the end may be another
  const bool one_place = HasOnePlace(transport);
  const auto where = [&network, one_place]() -> std::optional<std::string> {
    return one_place ? std::string() : OnlyAddress(network);
  };
  const std::string url = fmt::format("{}{}", SplitUrl(first_url).origin, kTargetCountsPath);
  return std::make_unique<ServerWatch>(MakeCurlQuestion(plan, network, url, where), true);
}

}  // namespace squall
