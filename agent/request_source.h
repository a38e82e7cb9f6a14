// request(n): what is sent under number n. A pure function of the plan and n. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/sequence.h"
#include "common/url_list.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class RequestSource {
 public:
  // `list_text` is the text of the plan's list, empty without one.
  static absl::StatusOr<RequestSource> Create(const v1::Plan& plan, std::string list_text);

  // The URL of request n, into `url`, whose memory is reused.
  void Url(uint64_t n, std::string& url) const;

  // What requests take their URLs from: entry `index` of so many.
  uint64_t entries() const { return listed_ ? listed_->list.size() : 1; }
  void Entry(uint64_t index, std::string& url) const;

  // One of the plan's URLs at least is an https URL.
  bool any_https() const;

 private:
  struct Listed {
    UrlList list;
    Sequence sequence;
  };

  std::string url_;
  std::optional<Listed> listed_;
};

}  // namespace squall
