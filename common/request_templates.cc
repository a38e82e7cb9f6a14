#include "common/request_templates.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/draw.h"
#include "common/list_line.h"
#include "common/plan_requests.h"
#include "common/protocol.h"
#include "common/text_position.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

// What a plan's seed is changed by for what is drawn for templates.
constexpr uint64_t kTemplateSeeds = 0x74656d706c617465;
constexpr uint64_t kUrlPart = 0;
constexpr uint64_t kBodyPart = 1;
constexpr uint64_t kHeaderParts = 2;
// Between those of one request and of the next: a plan has fewer headers.
constexpr uint64_t kRequestParts = uint64_t{1} << 32;

absl::Status Invalid(std::string_view message) {
  return absl::InvalidArgumentError(absl::string_view(message.data(), message.size()));
}

absl::Status For(std::string_view field, const absl::Status& status) {
  return Invalid(fmt::format("{}: {}", field, std::string(status.message())));
}

// How many fields lines have that are this request.
size_t ListFields(const v1::Plan& plan, size_t request) {
  if (plan.urls().requests().empty()) return 0;
  const auto word = ParseListWord(plan.urls().requests(static_cast<int>(request)).word());
  return word.ok() ? word->fields() : 0;
}

TemplateScope Scope(const v1::Plan& plan, size_t request, TemplatePlace place, uint64_t part,
                    const Feeder* feeder, const Insertions& insertions) {
  return {.place = place,
          .key = Draw(Mix(plan.seed() ^ kTemplateSeeds), request * kRequestParts + part),
          .feeder = feeder,
          .feeder_comes = plan.has_feeder() && feeder == nullptr,
          .list_fields = ListFields(plan, request),
          .insertions = insertions};
}

absl::Status CheckLength(const Template& compiled, const TemplateScope& scope, size_t most) {
  const size_t bound = compiled.LargestBound(scope.feeder);
  if (bound <= most) return absl::OkStatus();
  return Invalid(fmt::format("with its values it may get {} bytes long: at most {} are possible",
                             bound, most));
}

// Policy and certificates are looked at before the run: for what URLs begin with.
bool HasFixedOrigin(std::string_view beginning) {
  const size_t scheme = beginning.find("://");
  return scheme != std::string_view::npos &&
         beginning.find_first_of("/?#", scheme + 3) != std::string_view::npos;
}

}  // namespace

absl::StatusOr<Template> CompileUrl(std::string_view text, const TemplateScope& scope) {
  const size_t open = text.find(kOpenBraces);
  const std::string_view beginning = text.substr(0, open);
  const auto misplaced = [&] {
    const TextPosition at = PositionIn(text.substr(scope.base_bytes), open - scope.base_bytes);
    return Invalid(fmt::format(
        "column {}: placeholders may stand in path and query, not in scheme, host or port",
        at.column));
  };
  const bool in_path = open == std::string_view::npos || HasFixedOrigin(beginning);
  // What else is wrong with "h/{{seq}}" is said below.
  const bool lacks_scheme = beginning.find("://") == std::string_view::npos &&
                            beginning.find_first_of("/?#") != std::string_view::npos;
  if (!in_path && !lacks_scheme) return misplaced();
  // Not only without its placeholders, which may stand between the bytes of a character.
  if (!IsUtf8(text)) return CheckUrl(text);
  absl::StatusOr<Template> compiled = Template::Compile(text, scope);
  if (!compiled.ok()) return compiled.status();
  // Its values cannot make it a bad one.
  if (absl::Status status = CheckUrl(compiled->text()); !status.ok()) return status;
  if (!in_path) return misplaced();
  if (absl::Status status = CheckLength(*compiled, scope, kMaxUrlBytes); !status.ok()) {
    return status;
  }
  return compiled->UpTo('#');
}

absl::StatusOr<Template> CompileHeader(std::string_view value, const TemplateScope& scope) {
  absl::StatusOr<Template> compiled = Template::Compile(value, scope);
  if (!compiled.ok()) return compiled.status();
  if (absl::Status status = CheckLength(*compiled, scope, kMaxHeaderBytes); !status.ok()) {
    return status;
  }
  return compiled;
}

absl::StatusOr<Template> CompileBody(std::string_view text, const TemplateScope& scope) {
  absl::StatusOr<Template> compiled = Template::Compile(text, scope);
  if (!compiled.ok()) return compiled.status();
  if (absl::Status status = CheckLength(*compiled, scope, kMaxBodyBytes); !status.ok()) {
    return status;
  }
  return compiled;
}

bool GivesLength(const v1::Request& request) {
  return std::any_of(request.headers().begin(), request.headers().end(),
                     [](const v1::Header& header) {
                       return absl::EqualsIgnoreCase(header.name(), "Content-Length");
                     });
}

Insertions InsertionsOf(const v1::Plan& plan) {
  return
      [&plan](v1::InsertionKind kind, std::string_view name) -> absl::StatusOr<std::string_view> {
        for (const v1::Insertion& insertion : plan.insertions()) {
          if (insertion.kind() == kind && insertion.name() == name) return insertion.value();
        }
        return Invalid("its contents did not come with the plan");
      };
}

TemplateScope UrlScope(const v1::Plan& plan, size_t request, const Feeder* feeder,
                       const Insertions& insertions) {
  return Scope(plan, request, TemplatePlace::kUrl, kUrlPart, feeder, insertions);
}

TemplateScope HeaderScope(const v1::Plan& plan, size_t request, int header, const Feeder* feeder,
                          const Insertions& insertions) {
  return Scope(plan, request, TemplatePlace::kHeader, kHeaderParts + static_cast<uint64_t>(header),
               feeder, insertions);
}

TemplateScope BodyScope(const v1::Plan& plan, size_t request, const Feeder* feeder,
                        const Insertions& insertions) {
  return Scope(plan, request, TemplatePlace::kBody, kBodyPart, feeder, insertions);
}

absl::StatusOr<RequestTemplates> RequestTemplates::Compile(const v1::Plan& plan, size_t index,
                                                           const Feeder* feeder) {
  const v1::Request& request = RequestOf(plan, index);
  const std::string field = RequestField(plan, index);
  const Insertions insertions = InsertionsOf(plan);
  RequestTemplates templates;
  if (!plan.has_urls()) {
    absl::StatusOr<Template> url =
        CompileUrl(request.url(), UrlScope(plan, index, feeder, insertions));
    if (!url.ok()) return For(field + ".url", url.status());
    templates.url_ = *std::move(url);
  } else if (HasPlaceholder(plan.request().url())) {
    return Invalid("request.url: beside a list, placeholders stand in its lines");
  }
  for (int i = 0; i < request.headers_size(); ++i) {
    absl::StatusOr<Template> value =
        CompileHeader(request.headers(i).value(), HeaderScope(plan, index, i, feeder, insertions));
    if (!value.ok()) return For(field + ".headers", value.status());
    templates.headers_.push_back(*std::move(value));
  }
  absl::StatusOr<Template> body =
      CompileBody(request.body(), BodyScope(plan, index, feeder, insertions));
  if (!body.ok()) return For(field + ".body", body.status());
  templates.body_ = *std::move(body);
  if (templates.body_.fixed()) return templates;
  if (GivesLength(request)) {
    return Invalid(field + ".headers: Content-Length beside a body whose length differs");
  }
  return templates;
}

bool RequestTemplates::fixed() const {
  return url_.fixed() && body_.fixed() &&
         std::all_of(headers_.begin(), headers_.end(),
                     [](const Template& header) { return header.fixed(); });
}

bool RequestTemplates::uses_rows_alone() const {
  return url_.uses_rows_alone() && body_.uses_rows_alone() &&
         std::all_of(headers_.begin(), headers_.end(),
                     [](const Template& header) { return header.uses_rows_alone(); });
}

bool RequestTemplates::uses_time() const {
  return url_.uses_time() || body_.uses_time() ||
         std::any_of(headers_.begin(), headers_.end(),
                     [](const Template& header) { return header.uses_time(); });
}

v1::Request RequestTemplates::Settled(v1::Request request) const {
  for (size_t i = 0; i < headers_.size(); ++i) {
    v1::Header& header = *request.mutable_headers(static_cast<int>(i));
    if (headers_[i].fixed()) header.set_value(headers_[i].text());
  }
  if (request.has_body() && body_.fixed()) request.set_body(body_.text());
  return request;
}

absl::Status LineTemplates::Add(std::string_view url, const TemplateScope& scope) {
  const absl::StatusOr<Template> compiled = CompileUrl(url, scope);
  if (!compiled.ok()) return compiled.status();
  key_ = scope.key;
  uses_time_ = uses_time_ || compiled->uses_time();
  uses_row_ = uses_row_ || compiled->uses_row();
  for (size_t open = url.find(kOpenBraces); open != std::string_view::npos;
       open = url.find(kOpenBraces, open)) {
    const absl::StatusOr<PlaceholderText> read = ReadPlaceholder(url.substr(open));
    if (!read.ok()) return read.status();
    open += read->whole.size();
    if (meanings_.find(read->whole) != meanings_.end()) continue;
    absl::StatusOr<PlaceholderMeaning> meaning = ParsePlaceholder(*read, scope);
    if (!meaning.ok()) return meaning.status();
    if (meanings_.size() == kMaxLinePlaceholders) {
      return Invalid(
          fmt::format("more than {} different placeholders in a list: let a feeder "
                      "(--feed) bring what differs",
                      kMaxLinePlaceholders));
    }
    meanings_.emplace(read->whole, *std::move(meaning));
  }
  return absl::OkStatus();
}

// What is rendered grows behind the line itself, which goes at the end: so it needs no memory of
// its own.
bool LineTemplates::Render(const TemplateInput& input, std::string& url) const {
  const size_t line = url.size();
  uint64_t place = 0;
  size_t at = 0;
  for (size_t open = url.find(kOpenBraces); open < line; open = url.find(kOpenBraces, at)) {
    url.append(url, at, open - at);
    const size_t size = PlaceholderSize(std::string_view(url).substr(open, line - open));
    const auto meaning = meanings_.find(std::string_view(url).substr(open, size));
    if (meaning == meanings_.end()) return false;
    at = open + size;
    if (const auto* text = std::get_if<std::string>(&meaning->second)) {
      url.append(*text);
      continue;
    }
    const auto& value = std::get<Placeholder>(meaning->second);
    const bool of_row = value.kind == Placeholder::Kind::kColumn;
    const size_t end = url.size();
    url.resize(end + kWriteSlack + value.Bound() + (of_row ? value.Bound(input) : 0));
    const char* begin =
        value.WriteBefore(PlaceholderKey(key_, place++), input, url.data() + url.size());
    url.erase(end, static_cast<size_t>(begin - url.data()) - end);
  }
  if (at == 0) return true;  // it has none
  url.append(url, at, line - at);
  url.erase(0, line);
  return true;
}

}  // namespace squall
