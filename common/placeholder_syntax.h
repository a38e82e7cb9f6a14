// From the text of a placeholder, {{int 1 100000}}, to what it means (docs/requests.md).
//
// Pure, but for what a scope's insertions do. Errors are INVALID_ARGUMENT; their message says what
// is wrong and what to write, and is safe to print.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/feeder.h"
#include "common/placeholder.h"
#include "squall/v1/plan.pb.h"

namespace squall {

inline constexpr std::string_view kOpenBraces = "{{";

inline bool HasPlaceholder(std::string_view text) { return text.find(kOpenBraces) != text.npos; }
inline constexpr std::string_view kCloseBraces = "}}";

// Where a template stands: what may be in its values.
enum class TemplatePlace : uint8_t { kUrl, kHeader, kBody };

// The contents of {{env NAME}} or {{file NAME}}; borrowed until the next call. Errors say only what
// is wrong with it.
using Insertions =
    std::function<absl::StatusOr<std::string_view>(v1::InsertionKind kind, std::string_view name)>;

// What placeholders may refer to.
struct TemplateScope {
  TemplatePlace place = TemplatePlace::kBody;
  uint64_t key = 0;  // of the template; each of its placeholders gets one of its own
  // Null: there is no feeder, or (with `feeder_comes`) its columns are not known yet; then any will
  // do, and nothing may be rendered.
  const Feeder* feeder = nullptr;
  bool feeder_comes = false;
  // How many fields the list's line has, which {{line 0}}, {{line 1}}, … stand for: only what is
  // made of a list has them, nobody writes them.
  size_t list_fields = 0;
  const Insertions& insertions;
  size_t base_bytes = 0;  // in front of the text, which are not part of it for whoever wrote it
};

// The words between {{ and }}.
struct PlaceholderText {
  std::string_view whole;  // with both
  std::vector<std::string_view> words;
  bool is_text = false;  // {{"…"}}: one word in quotes, that stands for itself
};
// Of the placeholder that `text` begins with.
absl::StatusOr<PlaceholderText> ReadPlaceholder(std::string_view text);
// Only how long it is, without allocating; 0: it has no end.
size_t PlaceholderSize(std::string_view text);

// A value for each request, or a text that is always the same.
using PlaceholderMeaning = std::variant<Placeholder, std::string>;
absl::StatusOr<PlaceholderMeaning> ParsePlaceholder(const PlaceholderText& text,
                                                    const TemplateScope& scope);

}  // namespace squall
