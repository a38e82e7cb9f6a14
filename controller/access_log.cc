#include "controller/access_log.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "common/request_tag.h"
#include "common/run_id.h"

namespace squall {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool Take(std::string_view& text, std::string_view beginning) {
  if (!text.starts_with(beginning)) return false;
  text.remove_prefix(beginning.size());
  return true;
}

// What stands in quotes, where a backslash takes the meaning from what follows it.
bool TakeQuoted(std::string_view& text, std::string_view& inside) {
  if (!text.starts_with('"')) return false;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      inside = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// A field and the space in front of it.
bool TakeField(std::string_view& text, std::string_view& field) {
  if (!Take(text, " ")) return false;
  if (text.starts_with('"')) return TakeQuoted(text, field);
  field = text.substr(0, text.find(' '));
  text.remove_prefix(field.size());
  return true;
}

// Names, which may have spaces in them, and the time.
bool TakeWhoAndWhen(std::string_view& text) {
  const size_t begin = text.find(" [");
  if (begin == 0 || begin == std::string_view::npos) return false;
  const size_t end = text.find("] ", begin);
  if (end == std::string_view::npos) return false;
  text.remove_prefix(end + 2);
  return true;
}

bool ReadStatus(std::string_view field, uint32_t& status) {
  if (field.size() != 3 || !std::all_of(field.begin(), field.end(), IsDigit)) return false;
  std::from_chars(field.data(), field.data() + field.size(), status);
  return true;
}

bool ReadNumber(std::string_view field, uint64_t& number) {
  constexpr uint64_t kEnd = uint64_t{1} << 63;
  const char* const end = field.data() + field.size();
  const auto read = std::from_chars(field.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && number < kEnd;
}

bool ReadRun(std::string_view field, AccessLine& line) {
  line.warm_up = field.ends_with(kWarmUpSuffix);
  if (line.warm_up) field.remove_suffix(kWarmUpSuffix.size());
  if (!IsRunId(field)) return false;
  line.run = field;
  return true;
}

}  // namespace

std::optional<AccessLine> ParseAccessLine(std::string_view text) {
  AccessLine line;
  std::string_view field;
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (!TakeWhoAndWhen(text) || !TakeQuoted(text, field)) return std::nullopt;
  if (!TakeField(text, field) || !ReadStatus(field, line.status)) return std::nullopt;
  if (!TakeField(text, field) ||
      !(field == "-" || std::all_of(field.begin(), field.end(), IsDigit))) {
    return std::nullopt;
  }
  while (!text.empty()) {
    if (!TakeField(text, field)) return std::nullopt;
    if (!line.run.empty() || !ReadRun(field, line)) continue;
    if (!TakeField(text, field) || !ReadNumber(field, line.number)) return std::nullopt;
  }
  if (line.run.empty()) line.warm_up = false;
  return line;
}

}  // namespace squall
