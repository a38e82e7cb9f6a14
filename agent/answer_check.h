// Holds answers against what their plan expects of them.
//
// AnswerChecks is a plan's checks made ready, one for each transport; AnswerCheck is one answer at
// a time, fed by the transport as it comes: headers, then the body's pieces. Bodies are kept only
// where a check needs them whole (JSON, and patterns that are more than a plain text), up to
// kMostKept bytes. One thread's; nothing is allocated for an answer once its memory has grown, but
// by the parser of JSON.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/json_walk.h"
#include "common/body_pattern.h"
#include "common/metrics.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class AnswerChecks {
 public:
  // Of a plan that CheckPlan() lets pass. Nothing: there is nothing to check.
  static std::optional<AnswerChecks> Of(const v1::Checks& checks);

  bool of_headers() const { return !headers_.empty(); }

 private:
  friend class AnswerCheck;

  explicit AnswerChecks(const v1::Checks& checks);

  template <typename Check>
  struct Worded {
    Check check;
    std::string text;  // as the user wrote it
  };

  std::bitset<Metrics::kStatuses> statuses_;  // of successes
  std::vector<Worded<v1::HeaderCheck>> headers_;
  std::optional<Worded<v1::SizeRange>> size_;
  std::vector<BodyPattern> bodies_;
  std::vector<Worded<v1::JsonCheck>> json_;
  JsonWalk walk_;
  size_t longest_plain_ = 0;  // bytes, of the bodies that are plain
  bool keeps_body_ = false;   // all of it, to be looked at in the end
};

class AnswerCheck {
 public:
  // Of a body as it is looked at. What is larger fails by the checks that need it whole, but for
  // patterns that were found before.
  static constexpr size_t kMostKept = size_t{1} << 20;

  // `checks` outlives it.
  explicit AnswerCheck(AnswerChecks& checks) { Follow(checks); }

  // Answers are held against these from the next one on; the same holds for them.
  void Follow(AnswerChecks& checks);
  // Another answer: all that came is forgotten.
  void Begin();
  // One that was provisional, or led elsewhere.
  void ForgetHeaders() { headers_met_ = headers_came_ = 0; }
  // The value without blanks around it.
  void OnHeader(std::string_view name, std::string_view value);
  void OnBody(std::string_view piece);

  // So far: all headers that are expected have come.
  bool HeadersHold() const { return headers_met_ == AllOf(checks_->headers_.size()); }
  // The same headers have come again as in an answer of which HeadersHold().
  void TakeHeadersAsBefore() { headers_met_ = AllOf(checks_->headers_.size()); }

  // The whole answer's verdict: FAILURE_KIND_NONE, or what it fails by.
  v1::FailureKind Judge(uint32_t status);
  // What the last verdict is about; valid until the next answer.
  std::string_view detail() const { return {detail_.data(), detail_size_}; }

 private:
  static uint64_t AllOf(size_t count) { return (uint64_t{1} << count) - 1; }

  void LookForPlain(std::string_view piece);
  void Keep(std::string_view piece);
  v1::FailureKind JudgeBodies();
  v1::FailureKind JudgeJson();
  std::string_view beginning() const { return {beginning_.data(), beginning_size_}; }
  template <typename... Parts>
  v1::FailureKind Fails(v1::FailureKind kind, const Parts&... parts);

  AnswerChecks* checks_ = nullptr;
  uint64_t headers_met_ = 0;       // a bit each
  uint64_t headers_came_ = 0;      // with a value that was not the one expected …
  std::vector<std::string> came_;  // … this one, by header
  uint64_t bodies_met_ = 0;
  uint64_t size_ = 0;
  bool too_large_ = false;
  std::string kept_;
  std::string tail_;  // of what has come: a plain text may go on behind it
  std::string seam_;  // the tail, and what follows it
  std::array<char, Metrics::kMaxDetailBytes> beginning_;
  size_t beginning_size_ = 0;
  std::array<char, Metrics::kMaxDetailBytes> detail_;
  size_t detail_size_ = 0;
};

// Where answers to several of a plan's requests come, one after the other: its one check, made when
// it is first needed.
class AnswerCheckKeeper {
 public:
  // Following these. Null: there is nothing to check.
  AnswerCheck* Of(AnswerChecks* checks);

 private:
  std::unique_ptr<AnswerCheck> check_;
};

}  // namespace squall
