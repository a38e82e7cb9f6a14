// A template as it is rendered: steps from its end to its beginning, of which each writes a value,
// or none, and a little text in front of it.
//
// The function that does so calls that of the next step in its own place (threaded code: Bell,
// "Threaded code", 1973), so that there is no loop to come back to, nothing to decide, and no
// register to save. Immutable once it is made: many threads may write.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/placeholder.h"
#include "common/write_before.h"

namespace squall {

// A value, and the text in front of it.
struct TemplatePiece {
  std::string text;
  uint64_t key;
  Placeholder value;
};

struct TemplateStep {
  // Writes this step and those in front of it before `end`, and returns where they begin.
  using Write = char*(const TemplateStep* step, char* end, const TemplateInput& input);

  Write* write;
  std::array<char, kWriteSlack> text = {};  // at its own end
  size_t text_bytes = 0;
  uint64_t key = 0;
  uint64_t lowest = 0;  // of natural numbers
  uint64_t values = 0;
  const TemplatePiece* piece = nullptr;
};

class TemplateSteps {
 public:
  TemplateSteps();

  // Behind those that are there. The piece is borrowed.
  void Add(const TemplatePiece& piece);

  // Writes all so that they end at `end`, in front of which there is room for them and kWriteSlack
  // bytes; returns where they begin.
  char* WriteBefore(const TemplateInput& input, char* end) const {
    if (many_) return WriteManyBefore(input, end);
    const TemplateStep& last = steps_.back();
    return last.write(&last, end, input);
  }

 private:
  // So many may be on the stack at once where a compiler does not call in place.
  static constexpr size_t kInARow = 64;

  void Add(const TemplateStep& step);
  char* WriteManyBefore(const TemplateInput& input, char* end) const;

  std::vector<TemplateStep> steps_;  // one at each multiple of kInARow ends a row
  bool many_ = false;                // rows
};

}  // namespace squall
