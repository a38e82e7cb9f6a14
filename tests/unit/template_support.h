// Templates in tests: compiled with what they may refer to, and rendered.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "common/template.h"

namespace squall::testing {

// With key 7, variables by "env NAME" and files by "file NAME".
inline absl::StatusOr<Template> CompileFor(TemplatePlace place, std::string_view text,
                                           const Feeder* feeder = nullptr,
                                           std::map<std::string, std::string> inserted = {}) {
  const Insertions insertions = [&inserted](
                                    v1::InsertionKind kind,
                                    std::string_view name) -> absl::StatusOr<std::string_view> {
    const bool file = kind == v1::INSERTION_KIND_FILE;
    const auto found = inserted.find((file ? "file " : "env ") + std::string(name));
    if (found == inserted.end()) return absl::InvalidArgumentError("there is none");
    return found->second;
  };
  return Template::Compile(text, {place, 7, feeder, false, 0, insertions});
}

inline std::string Render(const Template& compiled, const TemplateInput& input) {
  std::string text;
  compiled.Render(input, text);
  return text;
}

// In a body, for request n.
inline std::string Rendered(std::string_view text, uint64_t n = 0) {
  const absl::StatusOr<Template> compiled = CompileFor(TemplatePlace::kBody, text);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return compiled.ok() ? Render(*compiled, {.n = n}) : "";
}

}  // namespace squall::testing
