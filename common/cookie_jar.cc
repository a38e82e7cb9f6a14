#include "common/cookie_jar.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kBetween = "; ";

// What is in front of `separator`, which is taken off with it; all of it, if there is none.
std::string_view Take(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return TrimBlanks(taken);
}

bool Is(std::string_view name, absl::string_view other) {
  return absl::EqualsIgnoreCase(absl::string_view(name.data(), name.size()), other);
}

// Servers take a cookie away by letting it end: at once, or with the first year of the epoch.
bool EndsIt(std::string_view attributes) {
  while (!attributes.empty()) {
    std::string_view value = Take(attributes, ';');
    const std::string_view name = Take(value, '=');
    if (Is(name, "max-age")) return value.starts_with('-') || value == "0";
    if (Is(name, "expires") && value.find("1970") != std::string_view::npos) return true;
  }
  return false;
}

bool IsSafe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < ' ' || byte == 0x7f;
  });
}

}  // namespace

void CookieJar::Set(std::string_view set_cookie) {
  std::string_view rest = set_cookie;
  std::string_view value = Take(rest, ';');
  if (value.find('=') == std::string_view::npos || !IsSafe(value)) return;
  const std::string_view name = Take(value, '=');
  if (name.empty()) return;
  Remove(name);
  value = TrimBlanks(value);
  if (EndsIt(rest)) return;
  const size_t more = name.size() + 1 + value.size();
  if (header_.size() + kBetween.size() + more > kMostBytes) return;
  header_.reserve(header_.size() + kBetween.size() + more);
  if (!header_.empty()) header_.append(kBetween);
  header_.append(name).append("=").append(value);
}

void CookieJar::Remove(std::string_view name) {
  size_t begin = 0;
  while (begin < header_.size()) {
    const size_t end = std::min(header_.find(';', begin), header_.size());
    const std::string_view pair = std::string_view(header_).substr(begin, end - begin);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      // With what is between it and the next one, or else the one before.
      const size_t from = begin == 0 || end != header_.size() ? begin : begin - kBetween.size();
      const size_t to = std::min(end + kBetween.size(), header_.size());
      header_.erase(from, to - from);
      return;
    }
    begin = end + kBetween.size();
  }
}

}  // namespace squall
