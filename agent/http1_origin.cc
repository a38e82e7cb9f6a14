#include "agent/http1_origin.h"

#include <utility>

#include "common/url.h"

namespace squall {

Http1Origin& Http1Origins::Find(std::string_view url, std::string_view& target) {
  url = url.substr(0, url.find('#'));
  if (last_ != nullptr && last_->IsOf(url)) {
    target = url.substr(last_->name.size());
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
