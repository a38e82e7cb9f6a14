#include "controller/mix_options.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/protocol.h"
#include "common/request_mix.h"
#include "common/values.h"
#include "controller/flag_values.h"

namespace squall {
namespace {

absl::string_view NameOf(const std::string& header) {
  const std::string_view name = TrimBlanks(std::string_view(header).substr(0, header.find(':')));
  return {name.data(), name.size()};
}

// The plan's, but for those that the request has itself; and these.
std::vector<std::string> Headers(const RunFlags& flags, const NamedRequestFlags& named) {
  std::vector<std::string> headers;
  for (const std::string& header : flags.headers) {
    const bool replaced =
        std::any_of(named.headers.begin(), named.headers.end(), [&header](const std::string& own) {
          return absl::EqualsIgnoreCase(NameOf(own), NameOf(header));
        });
    if (!replaced) headers.push_back(header);
  }
  headers.insert(headers.end(), named.headers.begin(), named.headers.end());
  return headers;
}

template <typename Value>
void Replace(const Value& own, Value& value) {
  if (own != Value()) value = own;
}

bool HasBody(const RunFlags& flags) { return flags.body || flags.body_file; }
bool HasBody(const NamedRequestFlags& named) { return named.body || named.body_file; }

// The flags of a run that has this request alone. `base_bytes`: of its URL, which are the plan's.
absl::StatusOr<RunFlags> Alone(const RunFlags& flags, const NamedRequestFlags& named,
                               size_t& base_bytes) {
  RunFlags one = flags;
  one.mix.clear();
  base_bytes = 0;
  if (named.url && named.url->starts_with('/')) {
    if (!flags.url) {
      return Invalid("-u {}: begins with '/': say what it is joined to by a url of the plan",
                     Quoted(*named.url));
    }
    std::string base = *flags.url;
    if (base.find_first_of("?#") != std::string::npos) {
      return Invalid("-u {}: cannot be joined to {}: give the plan a url without ? and #",
                     Quoted(*named.url), Quoted(base));
    }
    if (base.ends_with('/')) base.pop_back();
    base_bytes = base.size();
    one.url = base + *named.url;
  } else {
    Replace(named.url, one.url);
  }
  Replace(named.method, one.method);
  one.headers = Headers(flags, named);
  if (HasBody(named)) {
    one.body = named.body;
    one.body_file = named.body_file;
  }
  // Of bodies, where there is one.
  one.sending.compress_body = flags.sending.compress_body && HasBody(one);
  one.sending.expect_continue = flags.sending.expect_continue && HasBody(one);
  Replace(named.checks.status, one.checks.status);
  Replace(named.checks.headers, one.checks.headers);
  Replace(named.checks.bodies, one.checks.bodies);
  Replace(named.checks.json, one.checks.json);
  Replace(named.checks.size, one.checks.size);
  return one;
}

// Nothing that is said is without effect.
absl::Status CheckUse(const RunFlags& flags) {
  const auto all = [&flags](auto has) {
    return std::all_of(flags.mix.begin(), flags.mix.end(), has);
  };
  const auto unused = [](std::string_view flag) {
    return Invalid("{}: every request of the mix has its own: leave it out", flag);
  };
  const bool bodies =
      HasBody(flags) || !all([](const NamedRequestFlags& named) { return !HasBody(named); });
  if (flags.sending.compress_body && !bodies)
    return Invalid("--compress-body: no request has a body");
  if (flags.sending.expect_continue && !bodies) {
    return Invalid("--expect-continue: no request has a body");
  }
  if (flags.url && all([](const NamedRequestFlags& named) {
        return named.url && !named.url->starts_with('/');
      })) {
    return unused("-u");
  }
  if (flags.method &&
      all([](const NamedRequestFlags& named) { return named.method.has_value(); })) {
    return unused("-m");
  }
  if (HasBody(flags) && all([](const NamedRequestFlags& named) { return HasBody(named); })) {
    return unused(flags.body ? "-d" : "-D");
  }
  return absl::OkStatus();
}

absl::Status ResolveNamed(const RunFlags& flags, size_t index, const ResolveAlone& resolve,
                          v1::Plan& plan) {
  const NamedRequestFlags& named_flags = flags.mix[index];
  v1::NamedRequest& named = *plan.add_mix();
  named.set_name(named_flags.name.value_or(""));
  named.set_weight(1);
  absl::Status status =
      ReadNumber("weight", named_flags.weight, 1, std::numeric_limits<uint32_t>::max(),
                 [&named](uint64_t weight) { named.set_weight(static_cast<uint32_t>(weight)); });
  if (!status.ok()) return status;
  size_t base_bytes = 0;
  const absl::StatusOr<RunFlags> one = Alone(flags, named_flags, base_bytes);
  if (!one.ok()) return one.status();
  v1::Plan alone;
  *alone.mutable_transport() = plan.transport();
  status = resolve({*one, index, base_bytes}, alone);
  if (!status.ok()) return status;
  // What is the same for all of them.
  plan.mutable_request()->set_tag(alone.request().tag());
  plan.set_fail_fast(alone.fail_fast());
  *plan.mutable_transport() = std::move(*alone.mutable_transport());
  *named.mutable_request() = std::move(*alone.mutable_request());
  named.mutable_request()->clear_tag();
  if (alone.has_checks()) *named.mutable_checks() = std::move(*alone.mutable_checks());
  return absl::OkStatus();
}

}  // namespace

std::string MixPrefix(const NamedRequestFlags& named) {
  return fmt::format("request {}: ", Quoted(named.name.value_or("")));
}

absl::Status ResolveMix(const RunFlags& flags, const ResolveAlone& resolve, v1::Plan& plan) {
  if (flags.urls) return Invalid("--urls and mix exclude each other: leave out one");
  std::vector<uint32_t> weights;
  for (size_t i = 0; i < flags.mix.size(); ++i) {
    const absl::Status status = ResolveNamed(flags, i, resolve, plan);
    if (!status.ok()) {
      return Invalid("{}{}", MixPrefix(flags.mix[i]), std::string(status.message()));
    }
    weights.push_back(plan.mix(static_cast<int>(i)).weight());
  }
  if (const uint64_t cycle = CycleOf(weights); cycle > kMaxCycle) {
    return Invalid(
        "mix: the weights are together {}, divided by what they have in common: at most {} are "
        "possible",
        cycle, kMaxCycle);
  }
  return CheckUse(flags);
}

}  // namespace squall
