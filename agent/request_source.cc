#include "agent/request_source.h"

#include <utility>

#include <fmt/format.h>

#include "common/url.h"
#include "common/values.h"

namespace squall {

absl::StatusOr<RequestSource> RequestSource::Create(const v1::Plan& plan, std::string list_text) {
  RequestSource source;
  source.url_ = plan.request().url();
  if (!plan.has_urls()) return source;

  const v1::UrlList& urls = plan.urls();
  const std::string name = Quoted(urls.name());
  absl::StatusOr<UrlList> list = UrlList::Parse(std::move(list_text), name, source.url_);
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
  if (listed_) {
    listed_->list.Get(listed_->sequence.Index(n), url);
  } else {
    url = url_;
  }
}

}  // namespace squall
