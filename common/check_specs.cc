#include "common/check_specs.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "common/body_pattern.h"
#include "common/http_syntax.h"
#include "common/json_path.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr uint32_t kLeastStatus = 200;
constexpr uint32_t kMostStatus = 999;
constexpr uint64_t kMostBytes = std::numeric_limits<int64_t>::max();

absl::Status Invalid(std::string_view text, size_t place, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("{}: character {}: {}", Quoted(text), place + 1, what));
}

absl::Status Wrong(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
}

absl::Status Wrong(std::string_view field, const absl::Status& status) {
  return Wrong(field, std::string(status.message()));
}

// Two ends, of which the second may be missing.
struct Ends {
  std::string_view first;
  std::string_view last;
  bool is_range = false;
};

Ends SplitRange(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return {text, text, false};
  return {text.substr(0, dash), text.substr(dash + 1), true};
}

absl::StatusOr<uint32_t> ReadStatus(std::string_view all, std::string_view text) {
  const auto place = static_cast<size_t>(text.data() - all.data());
  const absl::StatusOr<uint64_t> number = ParseWholeNumber(text, 0, kMostBytes);
  if (!number.ok()) {
    return Invalid(all, place,
                   fmt::format("{} is not a status: write e.g. 200-299,304", Quoted(text)));
  }
  if (*number < kLeastStatus || *number > kMostStatus) {
    return Invalid(all, place,
                   fmt::format("{} is no answer's status: they are {} to {}", *number, kLeastStatus,
                               kMostStatus));
  }
  return static_cast<uint32_t>(*number);
}

absl::Status CheckStatuses(const v1::Checks& checks) {
  for (const v1::StatusRange& range : checks.statuses()) {
    if (range.first() < kLeastStatus || range.last() > kMostStatus ||
        range.first() > range.last()) {
      return Wrong("statuses", "not a range of statuses");
    }
  }
  return absl::OkStatus();
}

// As text two may be the same that are not: a name with a value in it.
template <typename Check>
bool IsSame(const Check& one, const Check& other) {
  return one.SerializeAsString() == other.SerializeAsString();
}

absl::Status CheckHeaders(const v1::Checks& checks) {
  for (const v1::HeaderCheck& check : checks.headers()) {
    const absl::StatusOr<v1::HeaderCheck> read = ParseHeaderCheck(ToText(check));
    if (!read.ok()) return Wrong("headers", read.status());
    if (!IsSame(*read, check)) return Wrong("headers", "not in the one form");
  }
  return absl::OkStatus();
}

absl::Status CheckJson(const v1::Checks& checks) {
  for (const v1::JsonCheck& check : checks.json()) {
    const absl::StatusOr<v1::JsonCheck> read = ParseJsonCheck(ToText(check));
    if (!read.ok()) return Wrong("json", read.status());
    if (!IsSame(*read, check)) return Wrong("json", "not in the one form");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<v1::StatusRange>> ParseStatuses(std::string_view text) {
  std::vector<v1::StatusRange> ranges;
  size_t begin = 0;
  while (true) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const Ends ends = SplitRange(text.substr(begin, comma - begin));
    const absl::StatusOr<uint32_t> first = ReadStatus(text, ends.first);
    if (!first.ok()) return first.status();
    const absl::StatusOr<uint32_t> last = ReadStatus(text, ends.last);
    if (!last.ok()) return last.status();
    if (*first > *last) {
      return Invalid(
          text, begin,
          fmt::format("{}-{} goes downwards: write {}-{}", *first, *last, *last, *first));
    }
    if (ranges.size() == static_cast<size_t>(kMaxChecks)) {
      return Invalid(text, begin, fmt::format("more than {} ranges: join some", kMaxChecks));
    }
    v1::StatusRange& range = ranges.emplace_back();
    range.set_first(*first);
    range.set_last(*last);
    if (comma == text.size()) return ranges;
    begin = comma + 1;
  }
}

absl::StatusOr<v1::HeaderCheck> ParseHeaderCheck(std::string_view text) {
  v1::HeaderCheck check;
  const size_t colon = std::min(text.find(':'), text.size());
  const size_t bad = FirstBeyondToken(text.substr(0, colon));
  if (colon == 0 || bad != colon) {
    return Invalid(text, bad,
                   colon == 0 ? "a header's name is missing here: write \"Name\" or \"Name: value\""
                              : "a header's name has no such character: write \"Name\" or \"Name: "
                                "value\"");
  }
  check.set_name(std::string(text.substr(0, colon)));
  if (colon == text.size()) return check;
  const absl::StatusOr<v1::Header> header = ParseHeader(text);
  if (!header.ok()) return header.status();
  check.set_value(header->value());
  return check;
}

absl::StatusOr<v1::SizeRange> ParseSize(std::string_view text) {
  const Ends ends = SplitRange(text);
  v1::SizeRange range;
  const auto wrong = [text](std::string_view part) {
    return Invalid(
        text, static_cast<size_t>(part.data() - text.data()),
        fmt::format("{} is not a number of bytes: write e.g. 100-2000, 100- or 100", Quoted(part)));
  };
  const absl::StatusOr<uint64_t> least = ParseWholeNumber(ends.first, 0, kMostBytes);
  if (!least.ok()) return wrong(ends.first);
  range.set_least(*least);
  if (ends.is_range && ends.last.empty()) return range;
  const absl::StatusOr<uint64_t> most = ParseWholeNumber(ends.last, 0, kMostBytes);
  if (!most.ok()) return wrong(ends.last);
  if (*most < *least) {
    return Invalid(text, 0, fmt::format("goes downwards: write {}-{}", *most, *least));
  }
  range.set_most(*most);
  return range;
}

std::string ToText(const v1::StatusRange& range) {
  return range.first() == range.last() ? fmt::format("{}", range.first())
                                       : fmt::format("{}-{}", range.first(), range.last());
}

std::string ToText(const v1::HeaderCheck& check) {
  return check.has_value() ? fmt::format("{}: {}", check.name(), check.value()) : check.name();
}

std::string ToText(const v1::SizeRange& range) {
  if (!range.has_most()) return fmt::format("{}-", range.least());
  return range.least() == range.most() ? fmt::format("{}", range.least())
                                       : fmt::format("{}-{}", range.least(), range.most());
}

absl::Status CheckChecks(const v1::Checks& checks) {
  for (const int count :
       {checks.statuses_size(), checks.headers_size(), checks.bodies_size(), checks.json_size()}) {
    if (count > kMaxChecks)
      return Wrong("checks", fmt::format("more than {} of a sort", kMaxChecks));
  }
  absl::Status status = CheckStatuses(checks);
  if (status.ok()) status = CheckHeaders(checks);
  if (status.ok()) status = CheckJson(checks);
  if (!status.ok()) return status;
  for (const std::string& body : checks.bodies()) {
    const absl::StatusOr<BodyPattern> pattern = BodyPattern::Make(body);
    if (!pattern.ok()) return Wrong("bodies", pattern.status());
  }
  if (checks.has_size() && checks.size().has_most() &&
      checks.size().most() < checks.size().least()) {
    return Wrong("size", "goes downwards");
  }
  return absl::OkStatus();
}

}  // namespace squall
