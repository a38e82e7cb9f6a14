// request(n): what is sent under number n. A pure function of the plan and n. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/origin.h"
#include "common/sequence.h"
#include "common/url_list.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class RequestSource {
 public:
  // `list` is the text of the plan's list; whatever it is, without one.
  static absl::StatusOr<RequestSource> Create(const v1::Plan& plan, ListText list);
  // The same, of a text in memory.
  static absl::StatusOr<RequestSource> Create(const v1::Plan& plan, std::string list_text);

  // The URL of request n, into `url`, whose memory is reused.
  void Url(uint64_t n, std::string& url) const;

  // Where all requests lead to, each once, as they come first in the list.
  std::vector<Origin> Origins() const;

  // Its list is not what it was any more: some URLs lead nowhere. Any thread.
  bool damaged() const { return listed_ && listed_->list.damaged(); }

  // Looks at the memory where the URL of request n is, so that Url() need not wait for a disk.
  // False: there is none, but in the plan itself.
  bool ReadAhead(uint64_t n) const;

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
