#include "common/template.h"

#include <algorithm>
#include <cstring>
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

// What stands between two placeholders is mostly shorter than a call of memcpy is worth.
inline char* Copy(const char* from, size_t bytes, char* to) {
  if (bytes >= 8) {
    std::memcpy(to, from, bytes);
  } else if (bytes >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + bytes - 4, from + bytes - 4, 4);
  } else if (bytes > 0) {
    to[0] = from[0];
    to[bytes / 2] = from[bytes / 2];
    to[bytes - 1] = from[bytes - 1];
  }
  return to + bytes;
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

void Template::AddText(std::string_view text) {
  text_ += text;
  fixed_bound_ += text.size();
}

void Template::AddValue(Placeholder placeholder, uint64_t key) {
  if (placeholder.varies()) columns_.push_back(pieces_.size());
  fixed_bound_ += placeholder.Bound();
  uses_time_ = uses_time_ || placeholder.uses_time();
  pieces_.push_back({text_.size(), key, std::move(placeholder)});
}

void Template::Add(const Template& other) {
  size_t begin = 0;
  for (const Piece& piece : other.pieces_) {
    AddText(std::string_view(other.text_).substr(begin, piece.text_end - begin));
    AddValue(piece.value, piece.key);
    begin = piece.text_end;
  }
  AddText(std::string_view(other.text_).substr(begin));
}

size_t Template::LargestBound(const Feeder* feeder) const {
  size_t bound = fixed_bound_;
  if (feeder == nullptr) return bound;
  for (const size_t piece : columns_) {
    const Placeholder& column = pieces_[piece].value;
    if (column.kind != Placeholder::Kind::kColumn) continue;
    bound += feeder->columns()[column.size].longest * (column.percent_encoded ? 3 : 1);
  }
  return bound;
}

char* Template::Write(const TemplateInput& input, char* to) const {
  const char* text = text_.data();
  size_t begin = 0;
  for (const Piece& piece : pieces_) {
    to = Copy(text + begin, piece.text_end - begin, to);
    to = piece.value.Write(piece.key, input, to);
    begin = piece.text_end;
  }
  return Copy(text + begin, text_.size() - begin, to);
}

void Template::Render(const TemplateInput& input, std::string& to) const {
  to.resize(Bound(input));
  to.resize(static_cast<size_t>(Write(input, to.data()) - to.data()));
}

Template Template::WithoutBeginning(size_t bytes) const {
  Template rest;
  size_t begin = bytes;
  for (const Piece& piece : pieces_) {
    rest.AddText(std::string_view(text_).substr(begin, piece.text_end - begin));
    rest.AddValue(piece.value, piece.key);
    begin = piece.text_end;
  }
  rest.AddText(std::string_view(text_).substr(begin));
  return rest;
}

Template Template::UpTo(char c) const {
  Template front;
  const size_t end = std::min(text_.find(c), text_.size());
  size_t begin = 0;
  for (const Piece& piece : pieces_) {
    if (piece.text_end > end) break;
    front.AddText(std::string_view(text_).substr(begin, piece.text_end - begin));
    front.AddValue(piece.value, piece.key);
    begin = piece.text_end;
  }
  front.AddText(std::string_view(text_).substr(begin, end - begin));
  return front;
}

}  // namespace squall
