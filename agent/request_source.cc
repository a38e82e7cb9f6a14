#include "agent/request_source.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "common/draw.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

// What a plan's seed is changed by for the order of a feeder's rows.
constexpr uint64_t kFeederSeeds = 0x666565646572;

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

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, std::string list_text,
                                                    std::string feeder_text) {
  RequestSource source;
  source.url_ = plan.request().url();
  absl::Status status;
  if (plan.templates()) status = source.MakeTemplates(plan, std::move(feeder_text));
  if (status.ok() && plan.has_urls()) status = source.MakeList(plan, std::move(list_text));
  if (!status.ok()) return status;
  return source;
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

absl::Status RequestSource::MakeList(const v1::Plan& plan, std::string list_text) {
  const v1::UrlList& urls = plan.urls();
  const std::string name = Quoted(urls.name());
  UrlCheck check = &CheckListedUrl;
  const Insertions insertions = InsertionsOf(plan);
  if (templated_) {
    const Feeder* feeder = templated_->feeder ? &*templated_->feeder : nullptr;
    check = [this, scope = UrlScope(plan, feeder, insertions)](std::string_view url,
                                                               size_t base_bytes) mutable {
      scope.base_bytes = base_bytes;
      return HasPlaceholder(url) ? templated_->lines.Add(url, scope) : CheckUrl(url);
    };
  }
  absl::StatusOr<UrlList> list = UrlList::Parse(std::move(list_text), name, url_, check);
  if (!list.ok()) return list.status();
  if (list->size() != urls.entries()) return OtherSize(name, list->size(), "URLs", urls.entries());
  if (templated_) templated_->uses_time |= templated_->lines.uses_time();
  const uint64_t entries = list->size();
  listed_.emplace(Listed{*std::move(list), Sequence(urls.order(), plan.seed(), entries)});
  return absl::OkStatus();
}

bool RequestSource::any_https() const {
  return listed_ ? listed_->list.any_https() : SplitUrl(url_).https;
}

void RequestSource::Entry(uint64_t index, std::string& url) const {
  if (listed_) {
    listed_->list.Get(index, url);
  } else {
    url = url_;
  }
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
  listed_->list.Get(listed_->sequence.Index(input.n), url);
  if (!templated_->lines.empty()) templated_->lines.Render(input, url);
}

TemplateInput RequestSource::Input(uint64_t n) const {
  TemplateInput input{.n = n};
  if (templated_->rows) input.row = templated_->feeder->Row(templated_->rows->Index(n));
  if (templated_->uses_time) input.unix_ms = UnixMs();
  return input;
}

}  // namespace squall
