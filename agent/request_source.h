// request(n): what is sent under number n. A pure function of the plan and n, but for placeholders
// that stand for the time. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/feeder.h"
#include "common/origin.h"
#include "common/request_mix.h"
#include "common/request_templates.h"
#include "common/sequence.h"
#include "common/url_list.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class RequestSource {
 public:
  // `list` is the text of the plan's list, and `feeder` that of its feeder; whatever they are,
  // without one. A list with placeholders is read once.
  static absl::StatusOr<RequestSource> Create(const v1::Plan& plan, ListText list,
                                              std::string feeder);
  // The same, of texts in memory.
  static absl::StatusOr<RequestSource> Create(const v1::Plan& plan, std::string list_text,
                                              std::string feeder = "");

  // Which of the plan's requests n is; 0 where it has one alone.
  uint32_t RequestOf(uint64_t n) const {
    if (mix_) return mix_->Of(n).request;
    return listed_ && listed_->list.has_words() ? listed_->list.WordOf(listed_->sequence.Index(n))
                                                : 0;
  }

  // The URL of request n, into `url`, whose memory is reused. Returns which of the plan's it is.
  uint32_t Url(uint64_t n, std::string& url) const;
  // The same of a request whose values are known.
  void Url(const TemplateInput& input, std::string& url) const;

  // Requests differ in more than what the list says of them, by their names or by placeholders:
  // transports then ask for all of them here, URL and all.
  bool renders() const { return mix_ || templated_; }
  // What one of the plan's requests is made of. Null: the plan has no placeholders.
  const RequestTemplates* templates(size_t request) const {
    return templated_ ? &templated_->requests[request] : nullptr;
  }
  // What the values of request n are made of.
  TemplateInput Input(uint64_t n) const { return Input(n, RequestOf(n)); }
  // `fields`, of which it borrows, is set to those of its line. Null: nobody asks for them.
  TemplateInput Input(uint64_t n, uint32_t request, std::string* fields = nullptr) const {
    TemplateInput input{.n = n, .request = request};
    if (!of_number_alone()) AddTo(input, fields);
    return input;
  }
  // Its values are functions of the number alone: not of a line, a row, or the time.
  bool of_number_alone() const {
    return !templated_ || (!listed_ && !templated_->feeder && !templated_->uses_time);
  }

  // Null: there is none.
  const UrlList* list() const { return listed_ ? &listed_->list : nullptr; }

  // In what order entries of the list, or rows of the feeder, come where a request of that index is
  // a function of these alone. Null: it is not.
  const Sequence* OrderOf(size_t request) const;

  // Where all requests lead to, each once, as they come first in the list.
  std::vector<Origin> Origins() const;

  // Its list is not what it was any more: some URLs lead nowhere. Any thread.
  bool damaged() const { return listed_ && listed_->list.damaged(); }

  // Looks at the memory where URLs are, so that Url() need not wait for a disk: of requests, which
  // are read from it all at once; of all, if that is little. False: it is not.
  void ReadAhead(const std::vector<uint64_t>& numbers) const;
  bool ReadAll() const;

  // One of the plan's URLs at least is an https URL.
  bool any_https() const;

 private:
  struct Listed {
    UrlList list;
    Sequence sequence;
  };
  struct Templated {
    std::vector<RequestTemplates> requests;
    LineTemplates lines;
    std::optional<Feeder> feeder;
    std::vector<Sequence> rows;  // of each request, where there is a feeder
    bool uses_time = false;
  };

  void AddTo(TemplateInput& input, std::string* fields) const;
  absl::Status MakeTemplates(const v1::Plan& plan, std::string feeder_text);
  absl::Status MakeList(const v1::Plan& plan, ListText text);
  absl::Status ReadPlaceholders(const v1::Plan& plan, const UrlList& list);

  std::vector<std::string> urls_;  // of the plan's requests; with a list, what lines are joined to
  std::optional<RequestMix> mix_;
  std::optional<Listed> listed_;
  std::unique_ptr<Templated> templated_;
};

}  // namespace squall
