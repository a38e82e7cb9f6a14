// Entries of an agent's allow_targets and deny_targets, and hosts that are held against them: a
// line for the entry, the next one for the host.
//
// Properties: what is refused is refused with a message that can be shown; what is denied is denied
// however its host is written, whatever else is allowed, and behind a proxy as well.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "agent/policy.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

constexpr uint16_t kPort = 80;

Policy Denying(const TargetRule& rule) {
  Policy::Rules rules;
  rules.deny = {rule};
  rules.allow = {ParseTargetRule("*").value(), rule};
  rules.allow_where = "file:1";
  return Policy(std::move(rules), {});
}

bool IsDenied(const Policy& policy, const std::string& host) {
  const bool denied = !policy.CheckName({host, kPort, host, kPort}).ok();
  SQUALL_CHECK(denied == !policy.CheckBehindProxy(host, kPort).ok());
  return denied;
}

// Spellings of one host.
void TestHost(const TargetRule& rule, std::string_view host) {
  const Policy policy = Denying(rule);
  const std::string name = NormalHost(host);
  SQUALL_CHECK(NormalHost(name) == name);
  const std::optional<IpAddress> address = LooseIp(host);
  const bool matches =
      rule.MatchesName(name, kPort) || (address && rule.MatchesAddress(*address, kPort));
  const bool denied = IsDenied(policy, std::string(host));
  if (matches) SQUALL_CHECK(denied);
  SQUALL_CHECK(IsDenied(policy, name) == denied);
  SQUALL_CHECK(IsDenied(policy, absl::AsciiStrToUpper(name) + ".") == denied);
  if (!address) return;
  const std::string numeric = ToText(*address);
  SQUALL_CHECK(LooseIp(numeric) == address);
  if (!rule.MatchesName(name, kPort)) SQUALL_CHECK(IsDenied(policy, numeric) == denied);
  if (address->ipv6) return;
  SQUALL_CHECK(LooseIp(fmt::format("::ffff:{}", numeric)) == address);
  SQUALL_CHECK(LooseIp(fmt::format("64:ff9b::{}", numeric)) == address);
}

void Test(std::string_view input) {
  const size_t line = input.find('\n');
  const std::string_view text = input.substr(0, line);
  const absl::StatusOr<TargetRule> rule = ParseTargetRule(text);
  if (!rule.ok()) return CheckRefusal(rule.status());
  SQUALL_CHECK(rule->text == text && rule->first_port <= rule->last_port);
  if (rule->kind == TargetRule::Kind::kAddresses) {
    const absl::StatusOr<IpRange> again = ParseIpRange(ToText(rule->addresses));
    SQUALL_CHECK(again.ok() && *again == rule->addresses);
    SQUALL_CHECK(rule->addresses.Contains(rule->addresses.first));
  }
  if (line != std::string_view::npos) TestHost(*rule, input.substr(line + 1));
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::Test({reinterpret_cast<const char*>(data), size});
  return 0;
}
