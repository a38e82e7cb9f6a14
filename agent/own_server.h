// How a squall target is known by its answers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace squall {

// What a target calls itself in the header Server (target/responses.cc), and where it tells its
// counts.
inline constexpr std::string_view kTargetName = "squall";
inline constexpr std::string_view kTargetCountsPath = "/__stats";

// Whether the first bytes of an answer are a header that says so, as a target writes it.
inline bool IsFromTarget(std::string_view answer) {
  constexpr std::string_view kLine = "\r\nServer: squall\r\n";
  constexpr size_t kLongest = 1024;
  if (!answer.starts_with("HTTP/1.")) return false;
  answer = answer.substr(0, std::min(answer.find("\r\n\r\n"), kLongest) + 2);
  return answer.find(kLine) != std::string_view::npos;
}

}  // namespace squall
