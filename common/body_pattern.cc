#include "common/body_pattern.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "common/values.h"

namespace squall {
namespace {

// Of all programs and caches of one pattern; RE2 goes on more slowly where it does not suffice.
constexpr int64_t kMaxMemory = 8 << 20;

// Which parenthesis has no partner.
std::optional<size_t> LooseParenthesis(std::string_view text) {
  std::vector<size_t> open;
  bool in_class = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (in_class) {
      in_class = text[i] != ']';
    } else if (text[i] == '[') {
      in_class = true;
    } else if (text[i] == '(') {
      open.push_back(i);
    } else if (text[i] == ')') {
      if (open.empty()) return i;
      open.pop_back();
    }
  }
  if (open.empty()) return std::nullopt;
  return open.back();
}

std::optional<size_t> PlaceOf(const re2::RE2& expression, std::string_view text) {
  if (expression.error_code() == re2::RE2::ErrorMissingParen ||
      expression.error_code() == re2::RE2::ErrorUnexpectedParen) {
    return LooseParenthesis(text);
  }
  const size_t place = text.find(expression.error_arg());
  if (expression.error_arg().empty() || place == std::string_view::npos) return std::nullopt;
  return place;
}

std::string_view WayOutOf(re2::RE2::ErrorCode error) {
  switch (error) {
    case re2::RE2::ErrorPatternTooLarge:
      return "write a smaller one";
    case re2::RE2::ErrorBadUTF8:
      return "write it in UTF-8";
    default:
      return "a backslash before a sign takes its meaning (RE2's syntax)";
  }
}

}  // namespace

absl::StatusOr<BodyPattern> BodyPattern::Make(std::string_view text, bool captures) {
  const std::string quoted = Quoted(text);
  if (text.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: would match any body: write what must be in it", quoted));
  }
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: has more than {} bytes: write a smaller one", quoted, kMaxBytes));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(!captures);
  options.set_max_mem(kMaxMemory);
  auto expression = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (expression->ok()) return BodyPattern(text, std::move(expression));
  std::string where;
  if (const auto place = PlaceOf(*expression, text))
    where = fmt::format("character {}: ", *place + 1);
  // RE2 says what is wrong, a colon, and with what.
  std::string what = expression->error();
  what = what.substr(0, what.find(": "));
  return absl::InvalidArgumentError(
      fmt::format("{}: {}{}: {}", quoted, where, what, WayOutOf(expression->error_code())));
}

BodyPattern::BodyPattern(std::string_view text, std::unique_ptr<re2::RE2> expression)
    : text_(text),
      expression_(std::move(expression)),
      plain_(text.find_first_of("\\^$.|?*+()[]{}") == std::string_view::npos),
      holds_of_more_(text.find('$') == std::string_view::npos &&
                     text.find("\\z") == std::string_view::npos &&
                     text.find("\\b") == std::string_view::npos &&
                     text.find("\\B") == std::string_view::npos) {}

BodyPattern::~BodyPattern() = default;
BodyPattern::BodyPattern(BodyPattern&& other) noexcept = default;
BodyPattern& BodyPattern::operator=(BodyPattern&& other) noexcept = default;

bool BodyPattern::Matches(std::string_view body) const {
  return expression_->Match(re2::StringPiece(body.data(), body.size()), 0, body.size(),
                            re2::RE2::UNANCHORED, nullptr, 0);
}

bool BodyPattern::Find(std::string_view body, std::vector<std::string_view>& found) const {
  found.clear();
  const int groups = expression_->NumberOfCapturingGroups();
  std::vector<re2::StringPiece> pieces(static_cast<size_t>(groups) + 1);
  if (!expression_->Match(re2::StringPiece(body.data(), body.size()), 0, body.size(),
                          re2::RE2::UNANCHORED, pieces.data(), groups + 1)) {
    return false;
  }
  for (size_t i = groups == 0 ? 0 : 1; i < pieces.size(); ++i) {
    found.emplace_back(pieces[i].data(), pieces[i].size());
  }
  return true;
}

}  // namespace squall
