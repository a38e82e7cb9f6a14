// A regular expression for bodies, made ready once.
//
// This file pair alone knows RE2. Syntax is RE2's, over UTF-8. Immutable; matching from several
// threads is allowed, but they would wait for each other's cache.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}

namespace squall {

class BodyPattern {
 public:
  // Longer ones are refused.
  static constexpr size_t kMaxBytes = 4096;

  // INVALID_ARGUMENT: the message begins with the text, says at which character it is wrong where
  // that is known, and what to do. `captures`: what its groups match will be asked for.
  static absl::StatusOr<BodyPattern> Make(std::string_view text, bool captures = false);
  ~BodyPattern();
  BodyPattern(BodyPattern&& other) noexcept;
  BodyPattern& operator=(BodyPattern&& other) noexcept;

  // Somewhere in `body`.
  bool Matches(std::string_view body) const;
  // The same; `found` gets what its groups match there (null: nothing), or, if it has none, what
  // all of it does. Both as parts of `body`.
  bool Find(std::string_view body, std::vector<std::string_view>& found) const;

  // It stands for itself alone, so that it can be looked for piece by piece: each piece together
  // with the last text().size() - 1 bytes before it.
  bool is_plain() const { return plain_; }
  // A match in the beginning of a body is one in the whole: nothing in it asks for an end.
  bool holds_of_more() const { return holds_of_more_; }
  const std::string& text() const { return text_; }

 private:
  BodyPattern(std::string_view text, std::unique_ptr<re2::RE2> expression);

  std::string text_;
  std::unique_ptr<re2::RE2> expression_;
  bool plain_;
  bool holds_of_more_;
};

}  // namespace squall
