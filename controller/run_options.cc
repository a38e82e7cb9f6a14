#include "controller/run_options.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "common/http_syntax.h"
#include "common/plan_check.h"
#include "common/plan_requests.h"
#include "common/protocol.h"
#include "common/request_tag.h"
#include "common/url.h"
#include "common/values.h"
#include "controller/check_flags.h"
#include "controller/files.h"
#include "controller/flag_values.h"
#include "controller/fleet_flags.h"
#include "controller/list_options.h"
#include "controller/mix_options.h"
#include "controller/network_flags.h"
#include "controller/result_folder.h"
#include "controller/script_flags.h"
#include "controller/send_flags.h"
#include "controller/template_flags.h"
#include "controller/tls_options.h"

namespace squall {
namespace {

constexpr uint64_t kDefaultRequests = 1000;
// Transports count timeouts in milliseconds.
constexpr absl::Duration kShortest = absl::Milliseconds(1);
constexpr absl::Duration kDefaultTimeout = absl::Seconds(30);

absl::Status ResolveUrl(const RunFlags& flags, v1::Request& request) {
  if (flags.url && flags.url_argument) {
    return Invalid("the URL is given twice: {} and -u {}: remove one", Quoted(*flags.url_argument),
                   Quoted(*flags.url));
  }
  if (!flags.url && !flags.url_argument) {
    if (flags.urls) return absl::OkStatus();
    return Invalid("no URL: write e.g. squall run http://127.0.0.1:8080/");
  }
  const std::string& url = flags.url ? *flags.url : *flags.url_argument;
  if (!TemplateFlags::HasPlaceholders(flags, url)) {
    if (absl::Status status = CheckUrl(url); !status.ok()) {
      return flags.url ? For("-u", status) : status;
    }
  }
  request.set_url(url);
  return absl::OkStatus();
}

absl::Status ResolveSeed(const RunFlags& flags, v1::Plan& plan) {
  if (!flags.seed) {
    std::random_device device;
    plan.set_seed(std::uniform_int_distribution<uint64_t>()(device));
  }
  return ReadNumber("--seed", flags.seed, 0, std::numeric_limits<uint64_t>::max(),
                    [&plan](uint64_t seed) { plan.set_seed(seed); });
}

absl::Status ResolveRequest(const RunFlags& flags, v1::Request& request) {
  if (flags.body && flags.body_file) return Invalid("-d and -D exclude each other: remove one");
  if (flags.body) request.set_body(*flags.body);
  if (flags.body_file) {
    absl::StatusOr<std::string> body = ReadNamedFile("-D", *flags.body_file, kMaxSmallFile);
    if (!body.ok()) return body.status();
    request.set_body(*std::move(body));
  }
  request.set_method(request.has_body() ? "POST" : "GET");
  if (flags.method) {
    if (absl::Status status = CheckMethod(*flags.method); !status.ok()) return For("-m", status);
    request.set_method(*flags.method);
  }
  for (const std::string& text : flags.headers) {
    absl::StatusOr<v1::Header> header = ParseHeader(text);
    if (!header.ok()) return For("-H", header.status());
    *request.add_headers() = *std::move(header);
  }
  request.set_tag(flags.tag);
  if (const std::string_view name = TagHeaderOf(request); flags.tag && !name.empty()) {
    return Invalid("--tag sends the header {} itself: leave out -H for it, or --tag", name);
  }
  return absl::OkStatus();
}

// What one request is, in a plan's request and checks; its URL is there already.
absl::Status ResolveOne(const TemplateFlags::One& one, TemplateFlags& templates, v1::Plan& plan) {
  absl::Status status = ResolveRequest(one.flags, *plan.mutable_request());
  if (status.ok()) status = templates.Resolve(one, *plan.mutable_request());
  if (status.ok()) status = ResolveSending(one.flags.sending, plan);
  if (status.ok()) status = ResolveChecks(one.flags.checks, plan);
  return status;
}

absl::Status ResolveRequests(const RunFlags& flags, TemplateFlags& templates, v1::Plan& plan) {
  absl::Status status = templates.Begin();
  if (!status.ok()) return status;
  if (flags.mix.empty()) return ResolveOne({flags}, templates, plan);
  return ResolveMix(
      flags,
      [&templates](const TemplateFlags::One& one, v1::Plan& alone) {
        const absl::Status url = ResolveUrl(one.flags, *alone.mutable_request());
        return url.ok() ? ResolveOne(one, templates, alone) : url;
      },
      plan);
}

// A path is one of the same server.
absl::Status ResolveServerCounts(const RunFlags& flags, v1::Plan& plan) {
  if (!flags.server_counts) return absl::OkStatus();
  std::string url = *flags.server_counts;
  if (url.starts_with('/')) {
    const std::string& of_requests = RequestOf(plan, 0).url();
    if (of_requests.empty()) {
      return Invalid("--server-counts {}: a path is joined to -u: add it, or write the whole URL",
                     Quoted(url));
    }
    url.insert(0, SplitUrl(of_requests).origin);
  }
  if (absl::Status status = CheckUrl(url); !status.ok()) return For("--server-counts", status);
  plan.set_server_counts(url);
  return absl::OkStatus();
}

absl::Status ResolveArrivals(const RunFlags& flags, v1::Plan& plan) {
  if (!flags.rate) {
    if (flags.arrivals) return Invalid("--arrivals is about a rate: give one by -q");
    if (flags.replay_speed) return ResolveReplay(flags, plan);
    if (flags.max_backlog) return Invalid("--max-backlog is about a rate: give one by -q");
    return absl::OkStatus();
  }
  const absl::StatusOr<uint64_t> rate = ParseRate(*flags.rate);
  if (!rate.ok()) return For("-q", rate.status());
  v1::Arrivals arrivals;
  arrivals.set_rate_nano(*rate);
  if (!flags.arrivals || flags.arrivals == "constant") {
    arrivals.set_process(v1::ARRIVAL_PROCESS_CONSTANT);
  } else if (flags.arrivals == "poisson") {
    arrivals.set_process(v1::ARRIVAL_PROCESS_POISSON);
  } else {
    return Invalid("--arrivals {}: must be constant or poisson", Quoted(*flags.arrivals));
  }
  absl::Status status =
      ReadNumber("--max-backlog", flags.max_backlog, 0, kMaxRequests,
                 [&arrivals](uint64_t number) { arrivals.set_max_backlog(number); });
  for (v1::Phase& phase : *plan.mutable_phases()) *phase.mutable_arrivals() = arrivals;
  return status;
}

// After the transport, whose timeout is the default of the drain time.
absl::Status ResolvePhases(const RunFlags& flags, v1::Plan& plan) {
  absl::Status status;
  status.Update(
      ReadDuration("--warmup", flags.warmup, kShortest, kMaxDurationNs,
                   [&plan](int64_t nanos) { plan.add_phases()->set_duration_ns(nanos); }));
  v1::Phase& phase = *plan.add_phases();
  phase.set_measured(true);
  phase.set_drain_ns(plan.transport().timeout_ns());
  if (!flags.duration) phase.set_requests(kDefaultRequests);
  status.Update(ReadNumber("-n", flags.requests, 1, kMaxRequests,
                           [&phase](uint64_t number) { phase.set_requests(number); }));
  status.Update(ReadDuration("-z", flags.duration, kShortest, kMaxDurationNs,
                             [&phase](int64_t nanos) { phase.set_duration_ns(nanos); }));
  status.Update(ReadDuration("--drain", flags.drain, absl::ZeroDuration(), kMaxTimeoutNs,
                             [&phase](int64_t nanos) { phase.set_drain_ns(nanos); }));
  status.Update(ReadNumber("-c", flags.concurrency, 1, kMaxConcurrency, [&plan](uint64_t number) {
    plan.set_concurrency(static_cast<uint32_t>(number));
  }));
  return status;
}

absl::Status ResolveConnections(const RunFlags& flags, v1::Transport& transport) {
  transport.set_http_version(flags.http2 ? v1::HTTP_VERSION_2 : v1::HTTP_VERSION_1_1);
  transport.set_no_keepalive(flags.no_keepalive);
  transport.set_no_probe(flags.no_probe);
  transport.set_follow(flags.follow);
  transport.set_streams(1);
  transport.set_timeout_ns(absl::ToInt64Nanoseconds(kDefaultTimeout));
  absl::Status status;
  status.Update(ReadNumber(
      "--streams", flags.streams, 1, kMaxStreams,
      [&transport](uint64_t number) { transport.set_streams(static_cast<uint32_t>(number)); }));
  status.Update(ReadDuration("-t", flags.timeout, kShortest, kMaxTimeoutNs,
                             [&transport](int64_t nanos) { transport.set_timeout_ns(nanos); }));
  if (!status.ok()) return status;
  if (flags.streams && !flags.http2) {
    return Invalid("--streams is about HTTP/2 connections: add --http2");
  }
  if (transport.streams() > 1 && flags.no_keepalive) {
    return Invalid("--streams and --no-keepalive exclude each other: remove one");
  }
  if (flags.proxy) {
    status = CheckProxyUrl(*flags.proxy);
    if (!status.ok()) return For("--proxy", status);
    transport.set_proxy(*flags.proxy);
  }
  return absl::OkStatus();
}

// The last of what is about requests: it depends on all the rest.
absl::Status ResolveTransport(const RunFlags& flags, v1::Plan& plan) {
  const std::string name = flags.transport.value_or("auto");
  if (name != "auto" && name != "http1" && name != "curl") {
    return Invalid("--transport {}: must be http1, curl or auto", Quoted(name));
  }
  const std::string_view obstacle = WhatNeedsCurl(plan);
  if (name == "http1" && !obstacle.empty()) {
    return Invalid("--transport http1 cannot do {}: leave it out, or write --transport curl",
                   obstacle);
  }
  plan.mutable_transport()->set_kind(
      name == "curl" || !obstacle.empty() ? v1::TRANSPORT_KIND_CURL : v1::TRANSPORT_KIND_HTTP1);
  return absl::OkStatus();
}

absl::Status ReadCoveragePath(const RunFlags& flags, const std::vector<Text>& inputs,
                              RunOptions& options) {
  if (!flags.coverage) return absl::OkStatus();
  if (!flags.urls) return Invalid("--coverage is about a list of URLs: name one by --urls");
  if (flags.coverage == "-") return Invalid("--coverage -: name a file");
  if (flags.json && (flags.json == flags.coverage || IsSameFile(*flags.json, *flags.coverage))) {
    return Invalid("--coverage {}: this is where --json writes: name another",
                   Quoted(*flags.coverage));
  }
  return ReadOutputPath("--coverage", flags.coverage, inputs, options.coverage_path);
}

absl::Status ResolveOutput(const RunFlags& flags, RunOptions& options) {
  options.quiet = flags.quiet;
  if (flags.log_level) {
    const auto level = ParseLogLevel(*flags.log_level);
    if (!level.ok()) return For("--log-level", level.status());
    options.log_level = *level;
  }
  if (flags.save) {
    if (flags.save->empty()) return Invalid("--save \"\": name a folder");
    if (absl::Status status = CheckNewFolder(*flags.save); !status.ok()) {
      return For("--save", status);
    }
    options.save_path = *flags.save;
  }
  std::vector<Text> inputs = {flags.urls,      flags.feed,
                              flags.body_file, flags.script.file,
                              flags.ca_file,   flags.certificate_file,
                              flags.key_file,  AgentsFile(flags.agents)};
  for (const NamedRequestFlags& named : flags.mix) inputs.push_back(named.body_file);
  absl::Status status = ReadCoveragePath(flags, inputs, options);
  if (!status.ok()) return status;
  return ReadOutputPath("--json", flags.json, inputs, options.json_path);
}

}  // namespace

absl::StatusOr<RunOptions> ResolveRunOptions(const RunFlags& flags) {
  RunOptions options;
  v1::Plan& plan = options.plan;
  // Cheap checks first; the one that touches a file that is to be written, last.
  absl::Status status;
  status = CheckListFlags(flags);
  if (status.ok() && flags.mix.empty()) status = ResolveUrl(flags, *plan.mutable_request());
  if (status.ok()) status = ResolveSeed(flags, plan);
  if (status.ok()) status = ResolveConnections(flags, *plan.mutable_transport());
  if (status.ok()) status = ResolvePhases(flags, plan);
  if (status.ok()) status = ResolveArrivals(flags, plan);
  if (status.ok()) status = ResolveNetwork(flags, *plan.mutable_transport());
  TemplateFlags templates(flags, options);
  if (status.ok()) status = ResolveRequests(flags, templates, plan);
  if (status.ok()) status = ResolveServerCounts(flags, plan);
  if (status.ok()) status = ResolveTls(flags, *plan.mutable_transport());
  if (status.ok()) status = ResolveTransport(flags, plan);
  if (status.ok()) status = ResolveFleet(flags, options.fleet);
  if (status.ok()) status = ResolveList(flags, templates, options);
  if (status.ok()) status = templates.Finish();
  if (status.ok()) KeepLiteral(flags.sending, plan);
  if (status.ok())
    status = ResolveScript(flags.script, plan, options.feeder_text, options.script_said);
  if (status.ok()) status = ResolveOutput(flags, options);
  if (!status.ok()) return status;
  return options;
}

}  // namespace squall
