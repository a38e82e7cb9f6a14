// The bytes that the target answers with, made once and sent again and again.
//
// Answers carry no Date: it would be the only part that changes. Immutable, so any thread may read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "target/options.h"

namespace squall::target {

// The answers that are counted.
enum class Answer : uint8_t { kUsual, kMadeToFail, kMalformedRequest };
inline constexpr size_t kAnswers = 3;

// What an answer says about the connection. HTTP/1.1 keeps it unless told otherwise, HTTP/1.0 only
// if both sides say so.
enum class Persistence : uint8_t { kImplied, kKeepAlive, kClose };
inline constexpr size_t kPersistences = 3;

// Status line and headers up to the empty line. `more_headers` are whole lines.
std::string ResponseHead(int status, Persistence persistence, uint64_t body_bytes,
                         std::string_view more_headers);

class Responses {
 public:
  explicit Responses(const Options& options);

  int status(Answer answer) const { return statuses_[static_cast<size_t>(answer)]; }
  std::string_view head(Answer answer, Persistence persistence) const {
    return heads_[static_cast<size_t>(answer)][static_cast<size_t>(persistence)];
  }
  std::string_view body(Answer answer) const { return bodies_[static_cast<size_t>(answer)]; }

 private:
  std::array<int, kAnswers> statuses_;
  std::string body_;
  std::array<std::string_view, kAnswers> bodies_;
  std::array<std::array<std::string, kPersistences>, kAnswers> heads_;
};

}  // namespace squall::target
