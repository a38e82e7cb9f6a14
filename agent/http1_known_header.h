// The header of the last plain answer, and what it meant.
//
// Most servers say the same header again and again, but for a date that changes once a second.
// Bytes that are the same again mean the same, and comparing them costs a tenth of parsing them.
// Besides it knows whether the answers are a squall target's. Belongs to one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "agent/own_server.h"

namespace squall {

class Http1KnownHeader {
 public:
  // Of an answer that leaves its connection usable, and whose end its header tells.
  struct Meaning {
    uint32_t status = 0;
    bool to_head = false;
    size_t header_bytes = 0;
    size_t body_bytes = 0;
  };

  // What `answer` means, if it begins with the known header and is whole; null otherwise.
  const Meaning* Find(std::string_view answer, bool to_head) const {
    if (answer.size() < meaning_.header_bytes + meaning_.body_bytes || meaning_.header_bytes == 0 ||
        to_head != meaning_.to_head ||
        std::memcmp(answer.data(), header_.data(), meaning_.header_bytes) != 0) {
      return nullptr;
    }
    return &meaning_;
  }

  // The beginning of one that is not known. The first is enough to judge its server by.
  void See(std::string_view answer) {
    if (seen_) return;
    seen_ = true;
    first_from_target_ = IsFromTarget(answer);
  }

  bool from_target() const {
    return first_from_target_ || IsFromTarget({header_.data(), meaning_.header_bytes});
  }

  // `answer` begins with a header that means this.
  void Learn(std::string_view answer, const Meaning& meaning) {
    if (meaning.header_bytes > header_.size()) return;
    std::memcpy(header_.data(), answer.data(), meaning.header_bytes);
    meaning_ = meaning;
  }

 private:
  Meaning meaning_;
  std::array<char, 1024> header_;
  bool seen_ = false;
  bool first_from_target_ = false;
};

}  // namespace squall
