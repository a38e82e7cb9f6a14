#include "agent/answer_check.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/check.h"
#include "common/check_specs.h"

namespace squall {
namespace {

bool IsSameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

bool IsIn(const v1::SizeRange& range, uint64_t size) {
  return size >= range.least() && (!range.has_most() || size <= range.most());
}

std::vector<JsonWalk::Wish> WishesOf(const v1::Checks& checks) {
  std::vector<JsonWalk::Wish> wishes;
  for (const v1::JsonCheck& check : checks.json()) {
    JsonWalk::Wish& wish = wishes.emplace_back();
    absl::StatusOr<JsonPath> path = ParseJsonPath(check.path());
    SQUALL_CHECK(path.ok());
    wish.path = *std::move(path);
    if (!check.has_value()) continue;
    absl::StatusOr<JsonScalar> value = ParseJsonScalar(check.value());
    SQUALL_CHECK(value.ok());
    wish.value = *std::move(value);
  }
  return wishes;
}

}  // namespace

std::optional<AnswerChecks> AnswerChecks::Of(const v1::Checks& checks) {
  if (checks.statuses().empty() && checks.headers().empty() && checks.bodies().empty() &&
      checks.json().empty() && !checks.has_size()) {
    return std::nullopt;
  }
  return AnswerChecks(checks);
}

AnswerChecks::AnswerChecks(const v1::Checks& checks)
    : walk_(WishesOf(checks)), keeps_body_(!checks.json().empty()) {
  for (const auto& check : checks.headers()) headers_.push_back({check, ToText(check)});
  for (const auto& check : checks.json()) json_.push_back({check, ToText(check)});
  for (const v1::StatusRange& range : checks.statuses()) {
    for (uint32_t status = range.first(); status <= range.last(); ++status) statuses_.set(status);
  }
  if (checks.statuses().empty()) {
    for (uint32_t status = 0; status < Metrics::kMinFailedStatus; ++status) statuses_.set(status);
  }
  if (checks.has_size()) size_ = {checks.size(), ToText(checks.size())};
  for (const std::string& body : checks.bodies()) {
    absl::StatusOr<BodyPattern> pattern = BodyPattern::Make(body);
    SQUALL_CHECK(pattern.ok());
    if (pattern->is_plain()) {
      longest_plain_ = std::max(longest_plain_, body.size());
    } else {
      keeps_body_ = true;
    }
    bodies_.push_back(*std::move(pattern));
  }
}

void AnswerCheck::Follow(AnswerChecks& checks) {
  checks_ = &checks;
  if (came_.size() < checks.headers_.size()) came_.resize(checks.headers_.size());
}

void AnswerCheck::Begin() {
  headers_met_ = headers_came_ = bodies_met_ = size_ = 0;
  beginning_size_ = detail_size_ = 0;
  too_large_ = false;
  kept_.clear();
  tail_.clear();
}

void AnswerCheck::OnHeader(std::string_view name, std::string_view value) {
  for (size_t i = 0; i < checks_->headers_.size(); ++i) {
    const v1::HeaderCheck& check = checks_->headers_[i].check;
    if (!IsSameName(name, check.name())) continue;
    if (!check.has_value() || check.value() == value) {
      headers_met_ |= uint64_t{1} << i;
    } else {
      headers_came_ |= uint64_t{1} << i;
      came_[i].assign(value.substr(0, Metrics::kMaxDetailBytes));
    }
  }
}

void AnswerCheck::OnBody(std::string_view piece) {
  size_ += piece.size();
  const size_t more = std::min(piece.size(), beginning_.size() - beginning_size_);
  if (more != 0) {
    std::memcpy(beginning_.data() + beginning_size_, piece.data(), more);
    beginning_size_ += more;
  }
  if (checks_->longest_plain_ != 0) LookForPlain(piece);
  if (checks_->keeps_body_ && !too_large_) Keep(piece);
}

void AnswerCheck::LookForPlain(std::string_view piece) {
  const size_t reach = checks_->longest_plain_ - 1;
  seam_.assign(tail_);
  seam_.append(piece.substr(0, reach));
  for (size_t i = 0; i < checks_->bodies_.size(); ++i) {
    const BodyPattern& pattern = checks_->bodies_[i];
    if (!pattern.is_plain() || (bodies_met_ >> i & 1) != 0) continue;
    const bool found = piece.find(pattern.text()) != std::string_view::npos ||
                       (!tail_.empty() && seam_.find(pattern.text()) != std::string::npos);
    if (found) bodies_met_ |= uint64_t{1} << i;
  }
  if (piece.size() >= reach) {
    tail_.assign(piece.substr(piece.size() - reach));
  } else {
    tail_.append(piece);
    if (tail_.size() > reach) tail_.erase(0, tail_.size() - reach);
  }
}

void AnswerCheck::Keep(std::string_view piece) {
  kept_.append(piece.substr(0, kMostKept - kept_.size()));
  if (size_ <= kMostKept) return;
  too_large_ = true;
  for (size_t i = 0; i < checks_->bodies_.size(); ++i) {
    const BodyPattern& pattern = checks_->bodies_[i];
    if (!pattern.is_plain() && pattern.holds_of_more() && pattern.Matches(kept_)) {
      bodies_met_ |= uint64_t{1} << i;
    }
  }
}

v1::FailureKind AnswerCheck::Judge(uint32_t status) {
  if (!checks_->statuses_.test(status)) return Fails(v1::FAILURE_KIND_STATUS, beginning());
  for (size_t i = 0; i < checks_->headers_.size(); ++i) {
    if ((headers_met_ >> i & 1) != 0) continue;
    const std::string& text = checks_->headers_[i].text;
    if ((headers_came_ >> i & 1) == 0) return Fails(v1::FAILURE_KIND_HEADER, "no ", text);
    return Fails(v1::FAILURE_KIND_HEADER, "not ", text, ", but: ", came_[i]);
  }
  if (checks_->size_ && !IsIn(checks_->size_->check, size_)) {
    const fmt::format_int size(size_);
    return Fails(v1::FAILURE_KIND_SIZE, std::string_view(size.data(), size.size()), " bytes, not ",
                 checks_->size_->text);
  }
  if (!checks_->bodies_.empty()) {
    if (const v1::FailureKind kind = JudgeBodies(); kind != v1::FAILURE_KIND_NONE) return kind;
  }
  return checks_->json_.empty() ? v1::FAILURE_KIND_NONE : JudgeJson();
}

v1::FailureKind AnswerCheck::JudgeBodies() {
  for (size_t i = 0; i < checks_->bodies_.size(); ++i) {
    if ((bodies_met_ >> i & 1) != 0) continue;
    const BodyPattern& pattern = checks_->bodies_[i];
    if (!pattern.is_plain() && too_large_) {
      return Fails(v1::FAILURE_KIND_BODY,
                   "not found in the first 1 MiB, and no more is looked at: ", pattern.text());
    }
    if (!pattern.is_plain() && pattern.Matches(kept_)) continue;
    return Fails(v1::FAILURE_KIND_BODY, "no match for ", pattern.text(), " in: ", beginning());
  }
  return v1::FAILURE_KIND_NONE;
}

v1::FailureKind AnswerCheck::JudgeJson() {
  if (too_large_) {
    return Fails(v1::FAILURE_KIND_JSON,
                 "larger than 1 MiB, and JSON is looked at up to there: ", beginning());
  }
  JsonWalk& walk = checks_->walk_;
  if (!walk.Walk(kept_)) {
    const fmt::format_int place(walk.error_at());
    return Fails(v1::FAILURE_KIND_JSON, "not JSON, at byte ",
                 std::string_view(place.data(), place.size()), ": ", beginning());
  }
  for (size_t i = 0; i < checks_->json_.size(); ++i) {
    const JsonWalk::Wish& wish = walk.wishes()[i];
    if (wish.holds) continue;
    const auto& [check, text] = checks_->json_[i];
    return wish.found ? Fails(v1::FAILURE_KIND_JSON, "not ", text, " in: ", beginning())
                      : Fails(v1::FAILURE_KIND_JSON, "no ", check.path(), " in: ", beginning());
  }
  return v1::FAILURE_KIND_NONE;
}

// The detail is made of the parts, as far as there is room.
template <typename... Parts>
v1::FailureKind AnswerCheck::Fails(v1::FailureKind kind, const Parts&... parts) {
  detail_size_ = 0;
  for (const std::string_view part : {std::string_view(parts)...}) {
    const size_t more = std::min(part.size(), detail_.size() - detail_size_);
    std::memcpy(detail_.data() + detail_size_, part.data(), more);
    detail_size_ += more;
  }
  return kind;
}

AnswerCheck* AnswerCheckKeeper::Of(AnswerChecks* checks) {
  if (checks == nullptr) return nullptr;
  if (check_ == nullptr) check_ = std::make_unique<AnswerCheck>(*checks);
  check_->Follow(*checks);
  return check_.get();
}

}  // namespace squall
