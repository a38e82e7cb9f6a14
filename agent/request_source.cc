#include "agent/request_source.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/draw.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

// What a plan's seed is changed by for the order of a feeder's rows.
constexpr uint64_t kFeederSeeds = 0x666565646572;

// At least as small as any system's, and entries that lie together are few pages.
constexpr size_t kPage = 4096;
constexpr size_t kMostPages = 64;
// Of a list's text, read at once.
constexpr size_t kLittle = size_t{64} << 20;

void LookAt(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += kPage) {
    static_cast<void>(*static_cast<const volatile char*>(bytes.data() + at));
  }
  if (!bytes.empty()) static_cast<void>(*static_cast<const volatile char*>(&bytes.back()));
}

int64_t UnixMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

absl::Status OtherSize(const std::string& name, uint64_t came, const char* what, uint64_t said) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {} {} arrived where the plan says {}; are controller and agent of the same "
                  "version?",
                  name, came, what, said));
}

}  // namespace

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, ListText list,
                                                    std::string feeder) {
  RequestSource source;
  source.url_ = plan.request().url();
  absl::Status status;
  if (plan.templates()) status = source.MakeTemplates(plan, std::move(feeder));
  if (status.ok() && plan.has_urls()) status = source.MakeList(plan, std::move(list));
  if (!status.ok()) return status;
  return source;
}

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, std::string list_text,
                                                    std::string feeder) {
  if (!plan.has_urls()) return Create(plan, ListText(), std::move(feeder));
  absl::StatusOr<ListText> list =
      ListText::InMemory(std::move(list_text), Quoted(plan.urls().name()), plan.request().url());
  if (!list.ok()) return list.status();
  return Create(plan, *std::move(list), std::move(feeder));
}

absl::Status RequestSource::MakeTemplates(const v1::Plan& plan, std::string feeder_text) {
  templated_ = std::make_unique<Templated>();
  const Feeder* feeder = nullptr;
  if (plan.has_feeder()) {
    const std::string name = Quoted(plan.feeder().name());
    absl::StatusOr<Feeder> parsed = Feeder::Parse(std::move(feeder_text), name);
    if (!parsed.ok()) return parsed.status();
    const uint64_t rows = parsed->size();
    if (rows != plan.feeder().rows()) {
      return OtherSize(name, rows, "rows", plan.feeder().rows());
    }
    feeder = &templated_->feeder.emplace(*std::move(parsed));
    templated_->rows.emplace(plan.feeder().order(), Mix(plan.seed() ^ kFeederSeeds), rows);
  }
  absl::StatusOr<RequestTemplates> request = RequestTemplates::Compile(plan, feeder);
  if (!request.ok()) return request.status();
  templated_->request = *std::move(request);
  templated_->uses_time = templated_->request.uses_time();
  return absl::OkStatus();
}

absl::Status RequestSource::MakeList(const v1::Plan& plan, ListText text) {
  const v1::UrlList& urls = plan.urls();
  const std::string name = Quoted(urls.name());
  absl::StatusOr<UrlList> list = UrlList::Make(std::move(text), name, url_);
  if (!list.ok()) return list.status();
  if (list->size() != urls.entries()) return OtherSize(name, list->size(), "URLs", urls.entries());
  if (list->facts().placeholder_lines() != 0) {
    if (absl::Status status = ReadPlaceholders(plan, *list); !status.ok()) return status;
  }
  const uint64_t entries = list->size();
  listed_.emplace(Listed{*std::move(list), Sequence(urls.order(), plan.seed(), entries)});
  return absl::OkStatus();
}

// Of the list's lines that have some: what they mean is the plan's, not the list's.
absl::Status RequestSource::ReadPlaceholders(const v1::Plan& plan, const UrlList& list) {
  const Insertions insertions = InsertionsOf(plan);
  const Feeder* feeder = templated_ && templated_->feeder ? &*templated_->feeder : nullptr;
  TemplateScope scope = UrlScope(plan, feeder, insertions);
  UrlListReader reader(list.text().text);
  std::string url;
  while (const std::optional<std::string_view> entry = reader.Next()) {
    if (!HasPlaceholder(*entry)) continue;
    scope.base_bytes = list.Join(*entry, url);
    const absl::Status status = templated_ ? templated_->lines.Add(url, scope) : CheckUrl(url);
    if (!status.ok()) {
      return absl::InvalidArgumentError(fmt::format("{}:{}: {}", Quoted(plan.urls().name()),
                                                    reader.line(), std::string(status.message())));
    }
  }
  if (templated_) templated_->uses_time |= templated_->lines.uses_time();
  return absl::OkStatus();
}

bool RequestSource::any_https() const {
  return listed_ ? listed_->list.any_https() : SplitUrl(url_).https;
}

std::vector<Origin> RequestSource::Origins() const {
  if (!listed_) return {OriginOf(url_)};
  std::set<Origin> seen;  // the base's may be among the others as well
  std::vector<Origin> origins;
  for (const std::string& known : listed_->list.facts().origins()) {
    Origin origin = OriginOf(known.empty() ? url_ : known);
    if (seen.insert(origin).second) origins.push_back(std::move(origin));
  }
  return origins;
}

void RequestSource::ReadAhead(uint64_t n) const {
  const std::string_view lines = listed_->list.Around(listed_->sequence.Index(n));
  LookAt(lines.substr(0, kPage * kMostPages));
}

bool RequestSource::ReadAll() const {
  if (!listed_) return true;
  const std::string_view text = listed_->list.text().text;
  if (text.size() > kLittle) return false;
  LookAt(text);
  return true;
}

void RequestSource::Url(uint64_t n, std::string& url) const {
  if (templated_) return Url(Input(n), url);
  if (listed_) {
    listed_->list.Get(listed_->sequence.Index(n), url);
  } else {
    url = url_;
  }
}

void RequestSource::Url(const TemplateInput& input, std::string& url) const {
  if (!listed_) return templated_->request.url().Render(input, url);
  const bool renders = !templated_->lines.empty();
  listed_->list.Get(listed_->sequence.Index(input.n), url, renders);
  if (!renders) return;
  if (!templated_->lines.Render(input, url) || !UrlList::MayBeUrl(url)) listed_->list.Damaged(url);
}

TemplateInput RequestSource::Input(uint64_t n) const {
  TemplateInput input{.n = n};
  if (templated_->rows) input.row = templated_->feeder->Row(templated_->rows->Index(n));
  if (templated_->uses_time) input.unix_ms = UnixMs();
  return input;
}

}  // namespace squall
