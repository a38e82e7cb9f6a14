#include "agent/http1_origin.h"

#include <utility>

#include "common/url.h"

namespace squall {
namespace {

// The URL begins with this origin, and with no longer one.
bool Fits(const Http1Origin& origin, std::string_view url) {
  if (!url.starts_with(origin.name)) return false;
  const char next = url.size() == origin.name.size() ? '/' : url[origin.name.size()];
  return next == '/' || next == '?' || next == '#';
}

}  // namespace

Http1Origin& Http1Origins::Find(std::string_view url, std::string_view& target) {
  if (last_ != nullptr && Fits(*last_, url)) {
    url.remove_prefix(last_->name.size());
    target = url.substr(0, url.find('#'));
    return *last_;
  }
  const UrlParts parts = SplitUrl(url);
  target = parts.target;
  auto found = origins_.find(parts.origin);
  if (found == origins_.end()) {
    auto origin = std::make_unique<Http1Origin>(
        Http1Origin{static_cast<uint32_t>(origins_.size()), std::string(parts.origin), parts.https,
                    std::string(parts.host), routes_.Find(parts.host, parts.port)});
    const std::string_view name = origin->name;
    found = origins_.emplace(name, std::move(origin)).first;
  }
  last_ = found->second.get();
  return *last_;
}

}  // namespace squall
