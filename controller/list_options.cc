#include "controller/list_options.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/numeric/int128.h"
#include "absl/strings/match.h"
#include "common/list_line.h"
#include "common/nearest_word.h"
#include "common/protocol.h"
#include "common/template.h"
#include "common/values.h"
#include "controller/flag_values.h"
#include "controller/known_lists.h"

namespace squall {
namespace {

absl::StatusOr<v1::Order> ParseOrder(const Text& text) {
  if (!text || text == "sequential") return v1::ORDER_SEQUENTIAL;
  if (text == "shuffled") return v1::ORDER_SHUFFLED;
  if (text == "random") return v1::ORDER_RANDOM;
  return Invalid("--order {}: must be sequential, shuffled or random", Quoted(*text));
}

absl::StatusOr<v1::ListFormat> ParseFormat(const RunFlags& flags) {
  if (!flags.format) return v1::LIST_FORMAT_UNSPECIFIED;
  if (flags.format == "urls") return v1::LIST_FORMAT_URLS;
  if (flags.format == "requests") return v1::LIST_FORMAT_REQUESTS;
  if (flags.format == "json") return v1::LIST_FORMAT_JSON;
  if (flags.format == "combined") {
    return flags.replay_speed ? v1::LIST_FORMAT_REPLAY : v1::LIST_FORMAT_COMBINED;
  }
  const std::string nearest =
      NearestWord(*flags.format, {"urls", "requests", "json", "combined", "common"});
  const std::string hint = nearest.empty()       ? ""
                           : nearest == "common" ? ": did you mean combined? It reads both"
                                                 : fmt::format(": did you mean {}?", nearest);
  return Invalid("--format {}: must be urls, requests, json or combined{}", Quoted(*flags.format),
                 hint);
}

bool HasCredentials(const SendFlags& flags) {
  return flags.user || flags.bearer_file || flags.bearer_env;
}

bool IsNamed(const v1::Header& header, std::string_view name) {
  return absl::EqualsIgnoreCase(header.name(), {name.data(), name.size()});
}

// What lines have in fields, in place of what the plan has for all.
absl::Status PutFields(const RunFlags& flags, std::string_view word, v1::Request& request) {
  const absl::StatusOr<ListWord> parsed = ParseListWord(word);
  if (!parsed.ok()) return parsed.status();
  request.set_method(std::string(parsed->method));
  for (const std::string_view name : parsed->headers) {
    auto& headers = *request.mutable_headers();
    const auto same = [name](const v1::Header& header) { return IsNamed(header, name); };
    const bool both = std::any_of(headers.begin(), headers.end(), same);
    if (both && (HasCredentials(flags.sending) || !flags.sending.cookies.empty())) {
      return Invalid(
          "the lines of the list have a header {}, and flags give it as well: leave one out",
          Quoted(name));
    }
    headers.erase(std::remove_if(headers.begin(), headers.end(), same), headers.end());
  }
  size_t field = 0;
  for (const std::string_view name : parsed->headers) {
    v1::Header& header = *request.add_headers();
    header.set_name(std::string(name));
    header.set_value(fmt::format("{{{{line {}}}}}", field++));
  }
  if (!parsed->body) return absl::OkStatus();
  if (flags.sending.compress_body) {
    return Invalid("--compress-body: the lines of the list have bodies of their own: leave it out");
  }
  request.set_body(fmt::format("{{{{line {}}}}}", field));
  return absl::OkStatus();
}

// Fields are placeholders; all else that looks like one is none, where none was found so far. What
// KeepLiteral() is for is left to it.
void MakeTemplates(const SendFlags& flags, v1::Plan& plan) {
  if (plan.templates()) return;
  plan.set_templates(true);
  v1::Request& request = *plan.mutable_request();
  for (v1::Header& header : *request.mutable_headers()) {
    const bool later = (HasCredentials(flags) && IsNamed(header, "Authorization")) ||
                       (!flags.cookies.empty() && IsNamed(header, "Cookie"));
    if (!later) header.set_value(Template::Literal(header.value()));
  }
  if (request.has_body() && !flags.compress_body) {
    request.set_body(Template::Literal(request.body()));
  }
}

// One for each method of the list, and the headers that come with it.
absl::Status ListRequests(const RunFlags& flags, const ListFile& list, v1::Plan& plan) {
  const v1::ListFacts& facts = list.facts();
  if (facts.words().empty()) return absl::OkStatus();
  if (flags.method && list.format() != v1::LIST_FORMAT_JSON) {
    return Invalid("-m: the lines of the list say their methods: leave it out");
  }
  if (std::any_of(facts.words().begin(), facts.words().end(),
                  [](const std::string& word) { return HasFields(word); })) {
    MakeTemplates(flags.sending, plan);
  }
  const size_t bytes = plan.request().body().size() * static_cast<size_t>(facts.words_size());
  if (bytes > kMaxBodyBytes) {
    return Invalid(
        "{}: agents are sent the body for each of the {} methods of the list: together at most {} "
        "MiB",
        flags.body ? "-d" : "-D", facts.words_size(), kMaxBodyBytes >> 20);
  }
  for (const std::string& word : facts.words()) {
    v1::ListedRequest& listed = *plan.mutable_urls()->add_requests();
    listed.set_word(word);
    v1::Request& request = *listed.mutable_request();
    request = plan.request();
    request.clear_url();
    request.clear_tag();
    if (absl::Status status = PutFields(flags, word, request); !status.ok()) return status;
  }
  plan.mutable_request()->clear_body();
  return absl::OkStatus();
}

// What the list says of the phase: how long it is, and what its rate is on average.
absl::Status FitReplay(const RunFlags& flags, const v1::ListFacts& facts, v1::Plan& plan) {
  v1::Phase& phase = *plan.mutable_phases()->rbegin();
  if (!flags.requests) phase.set_requests(facts.entries());
  if (phase.requests() > facts.entries()) {
    return Invalid(
        "-n {}: the list has {} requests, and its own times only once: lower -n, or leave it out",
        phase.requests(), facts.entries());
  }
  v1::Arrivals& arrivals = *phase.mutable_arrivals();
  // Over its length at this speed, of which there is some where there are two times.
  const absl::uint128 per_us = absl::uint128(facts.entries()) * 1'000'000 * arrivals.speed_nano();
  const absl::uint128 mean = per_us / std::max<uint64_t>(facts.times().last_us(), 1);
  arrivals.set_rate_nano(static_cast<uint64_t>(
      std::clamp<absl::uint128>(mean, absl::uint128(1), absl::uint128(kMaxRateNano))));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckListFlags(const RunFlags& flags) {
  if (!flags.urls) {
    if (flags.order) return Invalid("--order is about a list of URLs: name one by --urls");
    if (flags.format) return Invalid("--format is about a list: name one by --urls");
    if (flags.replay_speed) {
      return Invalid(
          "--replay-speed is about an access log: name one by --urls LOG --format combined");
    }
    return absl::OkStatus();
  }
  if (absl::Status status = ParseFormat(flags).status(); !status.ok()) return status;
  if (!flags.replay_speed) return absl::OkStatus();
  if (flags.format != "combined") {
    return Invalid("--replay-speed is about an access log: add --format combined");
  }
  const std::pair<const char*, bool> others[] = {
      {"-q", flags.rate.has_value()},
      {"--arrivals", flags.arrivals.has_value()},
      {"-z", flags.duration.has_value()},
      {"--warmup", flags.warmup.has_value()},
      {"--order", flags.order && flags.order != "sequential"}};
  for (const auto& [flag, given] : others) {
    if (!given) continue;
    return Invalid(
        "--replay-speed and {} exclude each other: the log says when its requests are due: remove "
        "one",
        flag);
  }
  return absl::OkStatus();
}

absl::Status ResolveReplay(const RunFlags& flags, v1::Plan& plan) {
  std::string_view text = *flags.replay_speed;
  if (text.ends_with('x')) text.remove_suffix(1);
  const absl::StatusOr<uint64_t> speed = ParseRate(text);  // as many decimals
  if (!speed.ok() || *speed < kLowestSpeedNano || *speed > kHighestSpeedNano) {
    return Invalid("--replay-speed {}: write e.g. 1x, 2x or 0.5x; from 0.001x to 1000x",
                   Quoted(*flags.replay_speed));
  }
  v1::Arrivals& arrivals = *plan.mutable_phases()->rbegin()->mutable_arrivals();
  arrivals.set_process(v1::ARRIVAL_PROCESS_LISTED);
  arrivals.set_speed_nano(*speed);
  return ReadNumber("--max-backlog", flags.max_backlog, 0, kMaxRequests,
                    [&arrivals](uint64_t number) { arrivals.set_max_backlog(number); });
}

absl::Status ResolveList(const RunFlags& flags, TemplateFlags& templates, RunOptions& options) {
  if (!flags.urls) return absl::OkStatus();
  const absl::StatusOr<v1::Order> order = ParseOrder(flags.order);
  if (!order.ok()) return order.status();
  const LineCheck check = [&templates](std::string_view url, size_t base_bytes) {
    return templates.CheckLine(url, base_bytes);
  };
  absl::StatusOr<std::shared_ptr<ListFile>> list =
      ListFile::Open(*flags.urls, options.plan.request().url(), KnownListsFolder(), check,
                     *ParseFormat(flags), options.plan.request().method());
  if (!list.ok()) {
    // A line is named by its file already.
    return absl::IsInvalidArgument(list.status()) ? list.status() : For("--urls", list.status());
  }
  options.list = *std::move(list);

  const v1::ListFacts& facts = options.list->facts();
  v1::UrlList& urls = *options.plan.mutable_urls();
  urls.set_size_bytes(facts.size_bytes());
  urls.set_entries(facts.entries());
  urls.set_sha256(facts.sha256());
  urls.set_order(*order);
  urls.set_name(options.list->name());
  urls.set_timed(facts.times().width_us() != 0);
  absl::Status status = ListRequests(flags, *options.list, options.plan);
  if (status.ok() && flags.replay_speed) status = FitReplay(flags, facts, options.plan);
  return status;
}

}  // namespace squall
