#include "agent/request_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

// At least as small as any system's, and entries that lie together are few pages.
constexpr size_t kPage = 4096;
constexpr size_t kMostPages = 64;

}  // namespace

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, ListText list_text) {
  RequestSource source;
  source.url_ = plan.request().url();
  if (!plan.has_urls()) return source;

  const v1::UrlList& urls = plan.urls();
  const std::string name = Quoted(urls.name());
  absl::StatusOr<UrlList> list = UrlList::Make(std::move(list_text), name, source.url_);
  if (!list.ok()) return list.status();
  if (list->size() != urls.entries()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} URLs arrived where the plan says {}; are controller and agent of the "
                    "same version?",
                    name, list->size(), urls.entries()));
  }
  const uint64_t entries = list->size();
  source.listed_.emplace(Listed{*std::move(list), Sequence(urls.order(), plan.seed(), entries)});
  return source;
}

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, std::string list_text) {
  if (!plan.has_urls()) return Create(plan, ListText());
  absl::StatusOr<ListText> list =
      ListText::InMemory(std::move(list_text), Quoted(plan.urls().name()), plan.request().url());
  return list.ok() ? Create(plan, *std::move(list)) : list.status();
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

bool RequestSource::ReadAhead(uint64_t n) const {
  if (!listed_) return false;
  const std::string_view lines = listed_->list.Around(listed_->sequence.Index(n));
  const size_t end = std::min(lines.size(), kPage * kMostPages);
  for (size_t at = 0; at < end; at += kPage) {
    static_cast<void>(*static_cast<const volatile char*>(lines.data() + at));
  }
  if (end != 0) static_cast<void>(*static_cast<const volatile char*>(lines.data() + end - 1));
  return true;
}

void RequestSource::Url(uint64_t n, std::string& url) const {
  if (listed_) {
    listed_->list.Get(listed_->sequence.Index(n), url);
  } else {
    url = url_;
  }
}

}  // namespace squall
