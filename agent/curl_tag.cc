#include "agent/curl_tag.h"

#include <string_view>

#include <fmt/format.h>

namespace squall {
namespace {

void Write(std::string_view name, std::string_view value, std::string& line) {
  line.assign(name).append(": ").append(value);
}

}  // namespace

void CurlTag::Set(const RequestTag& tag) {
  const fmt::format_int number(tag.number);
  Write(kRunHeader, tag.run, run_line_);
  Write(kRequestHeader, {number.data(), number.size()}, number_line_);
  run_.data = run_line_.data();
  number_.data = number_line_.data();
}

}  // namespace squall
