// request(n): what is sent under number n. A pure function of the plan and n, but for placeholders
// that stand for the time. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/feeder.h"
#include "common/request_templates.h"
#include "common/sequence.h"
#include "common/url_list.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class RequestSource {
 public:
  // The texts of the plan's list and feeder, empty without one.
  static absl::StatusOr<RequestSource> Create(const v1::Plan& plan, std::string list_text,
                                              std::string feeder_text = "");

  // The URL of request n, into `url`, whose memory is reused.
  void Url(uint64_t n, std::string& url) const;
  // The same of a request that is rendered.
  void Url(const TemplateInput& input, std::string& url) const;

  // Requests differ in more than the list's URL, by the plan's placeholders: transports then render
  // them, URL and all. Null: there are none.
  const RequestTemplates* templates() const { return templated_ ? &templated_->request : nullptr; }
  // What the values of request n are made of.
  TemplateInput Input(uint64_t n) const;

  // What requests take their URLs from: entry `index` of so many, as it stands there. Up to its
  // path it has no placeholders.
  uint64_t entries() const { return listed_ ? listed_->list.size() : 1; }
  void Entry(uint64_t index, std::string& url) const;

  // One of the plan's URLs at least is an https URL.
  bool any_https() const;

 private:
  struct Listed {
    UrlList list;
    Sequence sequence;
  };
  struct Templated {
    RequestTemplates request;
    LineTemplates lines;
    std::optional<Feeder> feeder;
    std::optional<Sequence> rows;
    bool uses_time = false;
  };

  absl::Status MakeTemplates(const v1::Plan& plan, std::string feeder_text);
  absl::Status MakeList(const v1::Plan& plan, std::string list_text);

  std::string url_;
  std::optional<Listed> listed_;
  std::unique_ptr<Templated> templated_;
};

}  // namespace squall
