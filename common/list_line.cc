#include "common/list_line.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/http_syntax.h"
#include "common/values.h"

namespace squall {

ListForm ListForm::Of(const v1::UrlList& urls) {
  return {.requests = !urls.requests().empty(),
          .timed = urls.timed(),
          .fields = std::any_of(
              urls.requests().begin(), urls.requests().end(),
              [](const v1::ListedRequest& listed) { return HasFields(listed.word()); })};
}

absl::StatusOr<ListWord> ParseListWord(std::string_view word) {
  ListWord parsed;
  std::string_view rest = word;
  if (rest.ends_with('=')) {
    parsed.body = true;
    rest.remove_suffix(1);
  }
  const size_t colon = rest.find(':');
  parsed.method = rest.substr(0, colon);
  if (absl::Status status = CheckMethod(parsed.method); !status.ok()) return status;
  if (colon == std::string_view::npos) return parsed;
  rest.remove_prefix(colon + 1);
  while (true) {
    const size_t end = std::min(rest.find(','), rest.size());
    const std::string_view name = rest.substr(0, end);
    if (name.empty() || FirstBeyondToken(name) != name.size()) {
      return absl::InvalidArgumentError(fmt::format("{}: not the name of a header", Quoted(name)));
    }
    parsed.headers.push_back(name);
    if (end == rest.size()) return parsed;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace squall
