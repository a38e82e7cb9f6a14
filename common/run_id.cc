#include "common/run_id.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace squall {

std::string NewRunId() {
  return fmt::format("{}-{:04x}",
                     absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone()),
                     std::random_device{}() & 0xffffu);
}

bool IsRunId(std::string_view text) {
  constexpr std::string_view kForm = "00000000T000000Z-xxxx";
  if (text.size() != kForm.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool digit = absl::ascii_isdigit(c);
    const bool fits = kForm[i] == '0'   ? digit
                      : kForm[i] == 'x' ? digit || (c >= 'a' && c <= 'f')
                                        : text[i] == kForm[i];
    if (!fits) return false;
  }
  return true;
}

bool IsPlainRunId(std::string_view text) {
  constexpr size_t kMost = 64;
  return !text.empty() && text.size() <= kMost &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '-'; });
}

}  // namespace squall
