#include "common/plan_check.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/check_specs.h"
#include "common/http_syntax.h"
#include "common/list_line.h"
#include "common/network_options.h"
#include "common/plan_requests.h"
#include "common/protocol.h"
#include "common/request_mix.h"
#include "common/request_tag.h"
#include "common/request_templates.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

absl::Status Wrong(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("plan: {}: {}", field, what));
}

// `field`: where the plan has it.
absl::Status CheckRequest(const v1::Plan& plan, const v1::Request& request,
                          const std::string& field) {
  if (absl::Status status = CheckMethod(request.method()); !status.ok()) {
    return Wrong(field + ".method", std::string(status.message()));
  }
  // Without a list, CheckTemplates() looks at a URL that may have placeholders.
  if (plan.has_urls() ? !request.url().empty() : !plan.templates()) {
    if (absl::Status status = CheckUrl(request.url()); !status.ok()) {
      return Wrong(field + ".url", std::string(status.message()));
    }
  }
  const std::string headers = field + ".headers";
  for (const v1::Header& header : request.headers()) {
    const absl::StatusOr<v1::Header> read =
        ParseHeader(fmt::format("{}: {}", header.name(), header.value()));
    if (!read.ok()) return Wrong(headers, std::string(read.status().message()));
    if (read->name() != header.name() || read->value() != header.value()) {
      return Wrong(headers, fmt::format("{}: no header", Quoted(header.name())));
    }
  }
  if (plan.request().tag() && !TagHeaderOf(request).empty()) {
    return Wrong(headers, fmt::format("{} beside tag", TagHeaderOf(request)));
  }
  return absl::OkStatus();
}

// In place of the one that a plan has otherwise.
absl::Status CheckNames(const v1::Plan& plan) {
  if (plan.mix().empty()) return absl::OkStatus();
  if (plan.has_urls()) return Wrong("mix", "beside a list");
  if (plan.mix_size() > kMaxNamedRequests) {
    return Wrong("mix", fmt::format("more than {}", kMaxNamedRequests));
  }
  v1::Request unnamed = plan.request();
  unnamed.clear_tag();
  if (unnamed.ByteSizeLong() != 0 || plan.has_checks()) {
    return Wrong("mix", "beside a request without a name");
  }
  std::set<std::string_view> names;
  std::vector<uint32_t> weights;
  for (const v1::NamedRequest& named : plan.mix()) {
    if (absl::Status status = CheckRequestName(named.name()); !status.ok()) {
      return Wrong("mix.name", std::string(status.message()));
    }
    if (!names.insert(named.name()).second) {
      return Wrong("mix.name", fmt::format("{}: twice", Quoted(named.name())));
    }
    if (named.weight() == 0) return Wrong("mix.weight", "must be at least 1");
    if (named.request().tag()) return Wrong("mix.request.tag", "it is the plan's");
    weights.push_back(named.weight());
  }
  if (CycleOf(weights) > kMaxCycle) {
    return Wrong("mix.weight", fmt::format("together more than {}", kMaxCycle));
  }
  return absl::OkStatus();
}

absl::Status CheckRequests(const v1::Plan& plan) {
  absl::Status status = CheckNames(plan);
  for (size_t i = 0; status.ok() && i < CountRequests(plan); ++i) {
    status = CheckRequest(plan, RequestOf(plan, i), RequestField(plan, i));
    if (!status.ok()) return status;
    status = CheckChecks(ChecksOf(plan, i));
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("plan: checks.{}", std::string(status.message())));
    }
  }
  return status;
}

bool IsKnown(v1::Order order) {
  return order == v1::ORDER_SEQUENTIAL || order == v1::ORDER_SHUFFLED || order == v1::ORDER_RANDOM;
}

// In place of the one that a plan has otherwise.
absl::Status CheckListedRequests(const v1::Plan& plan) {
  const v1::UrlList& urls = plan.urls();
  if (urls.requests_size() > kMaxListedRequests) {
    return Wrong("urls.requests", fmt::format("more than {}", kMaxListedRequests));
  }
  if (urls.timed() && urls.requests().empty()) return Wrong("urls.timed", "without requests");
  std::set<std::string_view> words;
  for (const v1::ListedRequest& listed : urls.requests()) {
    if (absl::Status status = ParseListWord(listed.word()).status(); !status.ok()) {
      return Wrong("urls.requests.word", std::string(status.message()));
    }
    if (HasFields(listed.word()) && !plan.templates()) return Wrong("templates", "fields without");
    if (listed.word().size() > kMaxListedWord || !words.insert(listed.word()).second) {
      return Wrong("urls.requests.word", fmt::format("{}: too long, or twice", listed.word()));
    }
    if (!listed.request().url().empty() || listed.request().tag()) {
      return Wrong("urls.requests.request", "URL and tag are the plan's");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckUrls(const v1::Plan& plan) {
  const v1::UrlList& urls = plan.urls();
  if (!IsKnown(urls.order())) return Wrong("urls.order", "unknown");
  if (urls.entries() == 0 || urls.size_bytes() == 0) return Wrong("urls", "the list is empty");
  if (urls.size_bytes() > kMaxListBytes) return Wrong("urls", "the list is larger than 1 TiB");
  if (!plan.request().url().empty()) {
    if (absl::Status status = CheckUrl(plan.request().url()); !status.ok()) {
      return Wrong("request.url", std::string(status.message()));
    }
  }
  return CheckListedRequests(plan);
}

absl::Status CheckInsertions(const v1::Plan& plan) {
  size_t bytes = 0;
  for (const v1::Insertion& insertion : plan.insertions()) {
    if (insertion.kind() != v1::INSERTION_KIND_ENVIRONMENT &&
        insertion.kind() != v1::INSERTION_KIND_FILE) {
      return Wrong("insertions.kind", "unknown");
    }
    bytes += insertion.value().size();
  }
  if (bytes > kMaxInsertedBytes) return Wrong("insertions", "together larger than 8 MiB");
  return absl::OkStatus();
}

absl::Status CheckFeeder(const v1::Feeder& feeder) {
  if (!IsKnown(feeder.order())) return Wrong("feeder.order", "unknown");
  if (feeder.rows() == 0 || feeder.size_bytes() == 0) return Wrong("feeder", "it is empty");
  if (feeder.size_bytes() > kMaxFeederBytes) return Wrong("feeder", "larger than 1 GiB");
  return absl::OkStatus();
}

absl::Status CheckTemplates(const v1::Plan& plan) {
  if (!plan.templates()) {
    // Users have its rows.
    if (plan.users() && plan.has_feeder() && plan.insertions_size() == 0) {
      return CheckFeeder(plan.feeder());
    }
    const bool unused = plan.insertions_size() == 0 && !plan.has_feeder();
    return unused ? absl::OkStatus() : Wrong("templates", "values for placeholders without any");
  }
  if (absl::Status status = CheckInsertions(plan); !status.ok()) return status;
  if (plan.has_feeder()) {
    if (absl::Status status = CheckFeeder(plan.feeder()); !status.ok()) return status;
  }
  for (size_t i = 0; i < CountRequests(plan); ++i) {
    const absl::Status status = RequestTemplates::Compile(plan, i, nullptr).status();
    if (!status.ok()) {
      return absl::InvalidArgumentError(fmt::format("plan: {}", std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

// Of a list's own times.
absl::Status CheckReplay(const v1::Plan& plan, const v1::Phase& phase) {
  const uint64_t speed = phase.arrivals().speed_nano();
  if (speed < kLowestSpeedNano || speed > kHighestSpeedNano) {
    return Wrong("phases.arrivals.speed_nano",
                 fmt::format("not in {} to {}", kLowestSpeedNano, kHighestSpeedNano));
  }
  if (!plan.urls().timed() || plan.urls().order() != v1::ORDER_SEQUENTIAL) {
    return Wrong("phases.arrivals.process", "needs a list that is timed and sequential");
  }
  if (plan.phases_size() > 1 || phase.duration_ns() != 0 ||
      phase.requests() > plan.urls().entries()) {
    return Wrong("phases", "a list's times are those of one phase, and of one pass over the list");
  }
  return absl::OkStatus();
}

absl::Status CheckArrivals(const v1::Plan& plan, const v1::Phase& phase) {
  const v1::Arrivals& arrivals = phase.arrivals();
  if (arrivals.process() == v1::ARRIVAL_PROCESS_LISTED) {
    if (absl::Status status = CheckReplay(plan, phase); !status.ok()) return status;
  } else if (arrivals.process() != v1::ARRIVAL_PROCESS_CONSTANT &&
             arrivals.process() != v1::ARRIVAL_PROCESS_POISSON) {
    return Wrong("phases.arrivals.process", "unknown");
  } else if (arrivals.speed_nano() != 0) {
    return Wrong("phases.arrivals.speed_nano", "without a list's times");
  }
  if (arrivals.rate_nano() == 0 || arrivals.rate_nano() > kMaxRateNano) {
    return Wrong("phases.arrivals.rate_nano", fmt::format("not in 1 to {}", kMaxRateNano));
  }
  return absl::OkStatus();
}

absl::Status CheckPhase(const v1::Plan& plan, const v1::Phase& phase, bool last) {
  if (phase.measured() != last) {
    return Wrong("phases.measured", "the last phase is measured, and no other is");
  }
  if (phase.requests() == 0 && phase.duration_ns() == 0) {
    return Wrong("phases", "neither a number of requests nor a duration");
  }
  if (!last && phase.duration_ns() == 0) {
    return Wrong("phases.duration_ns", "only the last phase may end by its number of requests");
  }
  if (phase.requests() > kMaxRequests) return Wrong("phases.requests", "larger than 2^62");
  if (phase.duration_ns() < 0) return Wrong("phases.duration_ns", "negative");
  if (phase.duration_ns() > kMaxDurationNs) {
    return Wrong("phases.duration_ns", "longer than 10,000 hours");
  }
  if (phase.drain_ns() < 0) return Wrong("phases.drain_ns", "negative");
  if (phase.drain_ns() > kMaxTimeoutNs) return Wrong("phases.drain_ns", "longer than 24 hours");
  return phase.has_arrivals() ? CheckArrivals(plan, phase) : absl::OkStatus();
}

absl::Status CheckPhases(const v1::Plan& plan) {
  if (plan.phases_size() == 0) return Wrong("phases", "there is none");
  if (plan.phases_size() > kMaxPhases) {
    return Wrong("phases", fmt::format("more than {}", kMaxPhases));
  }
  for (int i = 0; i < plan.phases_size(); ++i) {
    const bool last = i + 1 == plan.phases_size();
    if (absl::Status status = CheckPhase(plan, plan.phases(i), last); !status.ok()) return status;
  }
  if (plan.concurrency() == 0) return Wrong("concurrency", "must be at least 1");
  if (plan.concurrency() > kMaxConcurrency) {
    return Wrong("concurrency", fmt::format("larger than {}", kMaxConcurrency));
  }
  return absl::OkStatus();
}

bool Has(const v1::Request& request, absl::string_view name) {
  return std::any_of(
      request.headers().begin(), request.headers().end(),
      [name](const v1::Header& header) { return absl::EqualsIgnoreCase(header.name(), name); });
}

// What a transport would not send as it stands there, or to others.
absl::Status CheckSending(const v1::Plan& plan) {
  const v1::Transport& transport = plan.transport();
  for (const v1::Request* request : RequestsOf(plan)) {
    if (transport.compressed() && Has(*request, "Accept-Encoding")) {
      return Wrong("transport.compressed", "beside a header Accept-Encoding");
    }
    if (transport.cookies() && transport.follow() && Has(*request, "Cookie")) {
      return Wrong("transport.cookies", "beside a header Cookie and following redirects");
    }
  }
  return absl::OkStatus();
}

// A script makes whole requests to one place; what would be added to them, or be sent otherwise,
// has no effect.
absl::Status CheckScript(const v1::Plan& plan) {
  const v1::Script& script = plan.script();
  if (script.text().size() > kMaxScriptBytes) return Wrong("script", "larger than 1 MiB");
  size_t bytes = 0;
  for (const std::string& argument : script.arguments()) bytes += argument.size() + 1;
  if (bytes > kMaxScriptArguments) return Wrong("script.arguments", "larger than 64 KiB");
  if (!plan.mix().empty()) return Wrong("script", "beside several requests");
  if (plan.has_urls()) return Wrong("script", "beside a list of URLs");
  if (plan.templates()) return Wrong("script", "beside placeholders");
  if (plan.request().tag()) return Wrong("script", "beside tags");
  if (!SplitUrl(plan.request().url()).user.empty()) {
    return Wrong("script", "beside a user in the URL");
  }
  if (plan.transport().kind() != v1::TRANSPORT_KIND_HTTP1) {
    return Wrong("script", "over another transport than http1");
  }
  return absl::OkStatus();
}

absl::Status CheckTransport(const v1::Transport& transport) {
  if (transport.kind() != v1::TRANSPORT_KIND_HTTP1 && transport.kind() != v1::TRANSPORT_KIND_CURL) {
    return Wrong("transport.kind", "unknown");
  }
  if (transport.http_version() != v1::HTTP_VERSION_1_1 &&
      transport.http_version() != v1::HTTP_VERSION_2) {
    return Wrong("transport.http_version", "unknown");
  }
  if (transport.streams() == 0) return Wrong("transport.streams", "must be at least 1");
  if (transport.streams() > kMaxStreams) return Wrong("transport.streams", "2^31 or more");
  if (transport.streams() > 1 && transport.http_version() != v1::HTTP_VERSION_2) {
    return Wrong("transport.streams", "more than 1 needs HTTP/2");
  }
  if (transport.timeout_ns() <= 0) return Wrong("transport.timeout_ns", "must be more than 0");
  if (transport.timeout_ns() > kMaxTimeoutNs) {
    return Wrong("transport.timeout_ns", "longer than 24 hours");
  }
  if (transport.client_certificate_pem().empty() != transport.client_key_pem().empty()) {
    return Wrong("transport.client_key_pem", "certificate and key come together");
  }
  if (!transport.proxy().empty()) {
    if (absl::Status status = CheckProxyUrl(transport.proxy()); !status.ok()) {
      return Wrong("transport.proxy", std::string(status.message()));
    }
  }
  if (absl::Status status = CheckNetworkOptions(transport); !status.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("plan: transport.{}", std::string(status.message())));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view WhatNeedsCurl(const v1::Plan& plan) {
  const v1::Transport& transport = plan.transport();
  if (transport.http_version() == v1::HTTP_VERSION_2) return "HTTP/2";
  if (transport.follow()) return "following redirects";
  if (!transport.proxy().empty()) return "a proxy";
  if (transport.compressed()) return "decoding of answers (--compressed)";
  if (transport.cookies()) return "jars of cookies (--cookies)";
  for (const v1::Request* request : RequestsOf(plan)) {
    // Both change how a body is sent.
    if (Has(*request, "Expect")) return "a header Expect";
    if (Has(*request, "Transfer-Encoding")) return "a header Transfer-Encoding";
  }
  return "";
}

absl::Status CheckRequestName(std::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("a request without a name");
  if (name.size() > kMaxRequestName) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: a name has at most {} bytes", Quoted(name.substr(0, 20)) + "…", kMaxRequestName));
  }
  // What is safe to print is printed as it is.
  if (!IsUtf8(name) || Quoted(name) != name) {
    return absl::InvalidArgumentError(
        fmt::format("{}: a name has no control characters", Quoted(name)));
  }
  return absl::OkStatus();
}

absl::Status CheckPlan(const v1::Plan& plan) {
  if (absl::Status status = CheckRequests(plan); !status.ok()) return status;
  if (absl::Status status = CheckTemplates(plan); !status.ok()) return status;
  if (plan.has_urls()) {
    if (absl::Status status = CheckUrls(plan); !status.ok()) return status;
  }
  if (!plan.server_counts().empty()) {
    if (absl::Status status = CheckUrl(plan.server_counts()); !status.ok()) {
      return Wrong("server_counts", std::string(status.message()));
    }
  }
  if (absl::Status status = CheckPhases(plan); !status.ok()) return status;
  if (absl::Status status = CheckTransport(plan.transport()); !status.ok()) return status;
  if (absl::Status status = CheckSending(plan); !status.ok()) return status;
  if (plan.users() && !plan.has_script()) return Wrong("users", "without a script");
  if (plan.has_script()) {
    if (absl::Status status = CheckScript(plan); !status.ok()) return status;
  }
  if (plan.transport().kind() == v1::TRANSPORT_KIND_HTTP1 && !WhatNeedsCurl(plan).empty()) {
    return Wrong("transport.kind", fmt::format("http1 cannot do {}", WhatNeedsCurl(plan)));
  }
  return absl::OkStatus();
}

}  // namespace squall
