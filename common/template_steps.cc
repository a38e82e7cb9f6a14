#include "common/template_steps.h"

#include <cstring>
#include <string_view>

namespace squall {
namespace {

using Step = TemplateStep;

// What is longer is not worth so many steps.
constexpr size_t kMostInSteps = 4 * kWriteSlack;

char* EndRow(const Step*, char* end, const TemplateInput&) { return end; }

// The text in front of a value that has been written, and all that is in front of that.
inline char* GoOn(const Step* step, char* end, const TemplateInput& input) {
  std::memcpy(end - kWriteSlack, step->text.data(), kWriteSlack);
  end -= step->text_bytes;
  --step;
  return step->write(step, end, input);
}

char* WriteNoValue(const Step* step, char* end, const TemplateInput& input) {
  return GoOn(step, end, input);
}

char* WriteOther(const Step* step, char* end, const TemplateInput& input) {
  const TemplatePiece& piece = *step->piece;
  return GoOn(step, piece.value.WriteBefore(piece.key, input, end), input);
}

[[gnu::noinline]] char* WriteLongNumber(const Step* step, char* end, const TemplateInput& input,
                                        uint64_t number) {
  return GoOn(step, WriteNumberBefore(number, end), input);
}

inline char* WriteNumber(const Step* step, char* end, const TemplateInput& input, uint64_t number) {
  if (number >= kSixDigits) return WriteLongNumber(step, end, input, number);
  return GoOn(step, WriteSixDigitsBefore(static_cast<uint32_t>(number), end), input);
}

char* WriteSequence(const Step* step, char* end, const TemplateInput& input) {
  return WriteNumber(step, end, input, input.n);
}

// An integer that is never negative.
char* WriteNatural(const Step* step, char* end, const TemplateInput& input) {
  const uint64_t draw = input.Draw(step->key);
  return WriteNumber(step, end, input, step->lowest + DrawBelow(step->values, draw));
}

// kHexAtOnce digits.
char* WriteOneHex(const Step* step, char* end, const TemplateInput& input) {
  return GoOn(step, WriteHexBefore(input.Draw(step->key), end), input);
}

// The beginning of a text whose other bytes are steps of their own.
char* WriteBeginning(const Step* step, char* end, const TemplateInput& input) {
  const std::string_view text = step->piece->text;
  end = WriteTextBefore(text.substr(0, text.size() - kMostInSteps), end);
  return GoOn(step, end, input);
}

Step StepOf(const TemplatePiece& piece) {
  const Placeholder& value = piece.value;
  Step step = {.write = &WriteOther, .key = piece.key, .piece = &piece};
  if (value.kind == Placeholder::Kind::kSequence) {
    step.write = &WriteSequence;
  } else if (value.kind == Placeholder::Kind::kInteger && value.lowest >= 0 && value.values != 0) {
    step.write = &WriteNatural;
    step.lowest = static_cast<uint64_t>(value.lowest);
    step.values = value.values;
  } else if (value.kind == Placeholder::Kind::kHex && value.size == kHexAtOnce) {
    step.write = &WriteOneHex;
  }
  return step;
}

}  // namespace

TemplateSteps::TemplateSteps() { steps_.push_back({.write = &EndRow}); }

void TemplateSteps::Add(const TemplatePiece& piece) {
  std::string_view text = piece.text;
  if (text.size() > kMostInSteps) {
    Add({.write = &WriteBeginning, .piece = &piece});
    text.remove_prefix(text.size() - kMostInSteps);
  }
  const auto add = [&](size_t bytes, Step step) {
    text.copy(step.text.data() + kWriteSlack - bytes, bytes);
    step.text_bytes = bytes;
    Add(step);
    text.remove_prefix(bytes);
  };
  while (text.size() > kWriteSlack) add(kWriteSlack, {.write = &WriteNoValue});
  add(text.size(), StepOf(piece));
}

void TemplateSteps::Add(const TemplateStep& step) {
  if (steps_.size() % kInARow == 0) {
    steps_.push_back({.write = &EndRow});
    many_ = true;
  }
  steps_.push_back(step);
}

char* TemplateSteps::WriteManyBefore(const TemplateInput& input, char* end) const {
  for (size_t size = steps_.size(); size > 0; size = (size - 1) / kInARow * kInARow) {
    const TemplateStep& last = steps_[size - 1];
    end = last.write(&last, end, input);
  }
  return end;
}

}  // namespace squall
