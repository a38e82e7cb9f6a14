#include "common/template.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "common/draw.h"
#include "common/protocol.h"
#include "common/text_position.h"
#include "common/values.h"

namespace squall {
namespace {

// "column 5: {{sq}}: …".
absl::Status At(std::string_view text, size_t base_bytes, size_t position, std::string_view what,
                const absl::Status& status) {
  text.remove_prefix(base_bytes);
  const TextPosition at = PositionIn(text, position - base_bytes);
  const bool has_lines = text.find('\n') != std::string_view::npos;
  const std::string line = has_lines ? fmt::format("line {}, ", at.line) : "";
  const absl::string_view message = status.message();
  return absl::Status(status.code(),
                      fmt::format("{}column {}: {}: {}", line, at.column, Quoted(what),
                                  std::string_view(message.data(), message.size())));
}

}  // namespace

uint64_t PlaceholderKey(uint64_t template_key, uint64_t place) { return Draw(template_key, place); }

absl::StatusOr<Template> Template::Compile(std::string_view text, const TemplateScope& scope) {
  Template compiled;
  size_t at = 0;
  // What is longer is of no use to anybody, and is not made any longer.
  while (compiled.fixed_bound_ <= kMaxBodyBytes) {
    const size_t open = text.find(kOpenBraces, at);
    compiled.AddText(text.substr(at, open - at));
    if (open == std::string_view::npos) return compiled;
    const absl::StatusOr<PlaceholderText> read = ReadPlaceholder(text.substr(open));
    if (!read.ok()) {
      const size_t line = std::min(text.find('\n', open), text.size()) - open;
      return At(text, scope.base_bytes, open, text.substr(open, std::min<size_t>(line, 40)),
                read.status());
    }
    absl::StatusOr<PlaceholderMeaning> meaning = ParsePlaceholder(*read, scope);
    if (!meaning.ok()) return At(text, scope.base_bytes, open, read->whole, meaning.status());
    if (auto* value = std::get_if<Placeholder>(&*meaning)) {
      compiled.AddValue(std::move(*value), PlaceholderKey(scope.key, compiled.pieces_.size()));
    } else {
      compiled.AddText(std::get<std::string>(*meaning));
    }
    at = open + read->whole.size();
  }
  return compiled;
}

std::string Template::Literal(std::string_view text) {
  std::string literal;
  for (size_t open = text.find(kOpenBraces); open != text.npos; open = text.find(kOpenBraces)) {
    literal.append(text.substr(0, open)).append("{{\"{{\"}}");
    text.remove_prefix(open + kOpenBraces.size());
  }
  return literal.append(text);
}

std::string Template::text() const {
  std::string text;
  for (const auto& piece : pieces_) text += piece->text;
  return text += ending_;
}

void Template::AddText(std::string_view text) {
  ending_ += text;
  fixed_bound_ += text.size();
}

void Template::AddValue(Placeholder placeholder, uint64_t key) {
  fixed_bound_ += placeholder.Bound();
  uses_time_ = uses_time_ || placeholder.uses_time();
  if (placeholder.varies()) columns_.push_back(pieces_.size());
  pieces_.push_back(std::make_shared<const TemplatePiece>(
      TemplatePiece{std::exchange(ending_, ""), key, std::move(placeholder)}));
  steps_.Add(*pieces_.back());
}

void Template::Add(const Template& other) {
  for (const auto& piece : other.pieces_) {
    AddText(piece->text);
    AddValue(piece->value, piece->key);
  }
  AddText(other.ending_);
}

size_t Template::LargestBound(const Feeder* feeder) const {
  size_t bound = fixed_bound_;
  if (feeder == nullptr) return bound;
  for (const size_t piece : columns_) {
    const Placeholder& column = pieces_[piece]->value;
    if (column.kind != Placeholder::Kind::kColumn) continue;
    bound += feeder->columns()[column.size].longest * (column.percent_encoded ? 3 : 1);
  }
  return bound;
}

char* Template::WriteBefore(const TemplateInput& input, char* end) const {
  return WriteValuesBefore(input, WriteTextBefore(ending_, end));
}

void Template::Render(const TemplateInput& input, std::string& to) const {
  to.resize(kWriteSlack + Bound(input));
  const char* begin = WriteBefore(input, to.data() + to.size());
  to.erase(0, static_cast<size_t>(begin - to.data()));
}

Template Template::WithoutBeginning(size_t bytes) const {
  Template rest;
  for (const auto& piece : pieces_) {
    rest.AddText(std::string_view(piece->text).substr(std::exchange(bytes, 0)));
    rest.AddValue(piece->value, piece->key);
  }
  rest.AddText(std::string_view(ending_).substr(bytes));
  return rest;
}

Template Template::UpTo(char c) const {
  Template front;
  for (const auto& piece : pieces_) {
    const size_t end = piece->text.find(c);
    front.AddText(std::string_view(piece->text).substr(0, end));
    if (end != std::string::npos) return front;
    front.AddValue(piece->value, piece->key);
  }
  front.AddText(std::string_view(ending_).substr(0, ending_.find(c)));
  return front;
}

}  // namespace squall
