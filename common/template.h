// Texts with placeholders, {{seq}}, whose values differ from request to request (docs/requests.md).
//
// Compiled once; rendering allocates nothing and makes no system call. Immutable once it is made:
// many threads may render.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/placeholder.h"
#include "common/placeholder_syntax.h"
#include "common/template_steps.h"

namespace squall {

class Template {
 public:
  // A text in which no braces stand for anything.
  static std::string Literal(std::string_view text);

  // Without placeholders.
  explicit Template(std::string text = "")
      : ending_(std::move(text)), fixed_bound_(ending_.size()) {}

  // One that is longer than any body may be (kMaxBodyBytes) is not made to its end.
  // INVALID_ARGUMENT for the first mistake: "column 5: {{sq}}: …", with the line in front where the
  // text has several.
  static absl::StatusOr<Template> Compile(std::string_view text, const TemplateScope& scope);

  // To make one out of others.
  void AddText(std::string_view text);
  void AddValue(Placeholder placeholder, uint64_t key);
  void Add(const Template& other);

  // The same for every request; then text() is all of it, and without its values otherwise.
  bool fixed() const { return pieces_.empty(); }
  std::string text() const;
  bool uses_time() const { return uses_time_; }
  bool uses_row() const { return !columns_.empty(); }
  // Or nothing: all of its placeholders are columns, or fields of a list's line.
  bool uses_rows_alone() const { return columns_.size() == pieces_.size(); }

  // Bytes that rendering may take: for one request, and for any, of this feeder where columns are
  // used; without fields of a list's line, which are bounded where the list is read.
  size_t Bound(const TemplateInput& input) const {
    size_t bound = fixed_bound_;
    for (const size_t piece : columns_) bound += pieces_[piece]->value.Bound(input);
    return bound;
  }
  size_t LargestBound(const Feeder* feeder) const;

  // Writes it so that it ends at `end`, in front of which there is room for Bound(input) and
  // kWriteSlack bytes; returns its beginning.
  char* WriteBefore(const TemplateInput& input, char* end) const;
  // All of it but what stands behind the last value.
  char* WriteValuesBefore(const TemplateInput& input, char* end) const {
    return steps_.WriteBefore(input, end);
  }
  const std::string& ending() const { return ending_; }
  // Over `to`, whose memory is used again.
  void Render(const TemplateInput& input, std::string& to) const;

  // All but the first `bytes` of the text that it begins with.
  Template WithoutBeginning(size_t bytes) const;
  // Up to the first `c` in its own text, not in a value.
  Template UpTo(char c) const;

 private:
  std::vector<std::shared_ptr<const TemplatePiece>>
      pieces_;  // of copies as well: steps borrow them
  TemplateSteps steps_;
  std::string ending_;           // the text behind the last piece
  std::vector<size_t> columns_;  // which pieces are columns, or fields of a list's line
  size_t fixed_bound_ = 0;       // of all but these
  bool uses_time_ = false;
};

// Of a template's placeholder, by its place among those that are not always the same.
uint64_t PlaceholderKey(uint64_t template_key, uint64_t place);

}  // namespace squall
