// What holds for whatever reads foreign text.
#pragma once

#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "common/check.h"
#include "common/values.h"

namespace squall {

// One of ASCII, which nothing that is sent may have.
inline bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

// One that a terminal may take for a command: in UTF-8, U+0080 to U+009F are such as well.
inline bool HasTerminalControl(std::string_view text) {
  unsigned char before = 0;
  return HasControlCharacter(text) || std::any_of(text.begin(), text.end(), [&before](char c) {
           const auto byte = static_cast<unsigned char>(c);
           const bool is_control = before == 0xC2 && byte >= 0x80 && byte < 0xA0;
           before = byte;
           return is_control;
         });
}

// Words for the user: one line that is harmless in a terminal and in a message of the protocol.
inline void CheckWords(const absl::Status& status) {
  const absl::string_view message = status.message();
  const std::string_view text(message.data(), message.size());
  SQUALL_CHECK(!text.empty() && IsUtf8(text) && !HasTerminalControl(text));
}

// A refusal says why, in such words.
inline void CheckRefusal(const absl::Status& status) {
  SQUALL_CHECK(absl::IsInvalidArgument(status));
  CheckWords(status);
}

}  // namespace squall
