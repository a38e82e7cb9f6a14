// The templates of a plan: its requests' URLs, headers' values and bodies, and the lines of its
// list.
//
// The controller compiles them before it sends a plan, and the agent again before it believes one.
// Immutable once made: many threads may render. Errors are INVALID_ARGUMENT; messages are safe to
// print, and begin with where the mistake is: "column 5: {{sq}}: …".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "common/feeder.h"
#include "common/placeholder_syntax.h"
#include "common/template.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// A URL with its placeholders in path and query, without its fragment.
absl::StatusOr<Template> CompileUrl(std::string_view text, const TemplateScope& scope);
// A header's value, which is a good one but for its placeholders.
absl::StatusOr<Template> CompileHeader(std::string_view value, const TemplateScope& scope);
absl::StatusOr<Template> CompileBody(std::string_view text, const TemplateScope& scope);

// Whether a header says how long the body is, which cannot be true where that is rendered.
bool GivesLength(const v1::Request& request);

// The insertions that a plan brings with it. It outlives them.
Insertions InsertionsOf(const v1::Plan& plan);

// Templates of a plan have keys of their own, so that no value says anything about another. A
// request's URL and the list's lines have one; of its headers, each has. `request` is its index.
TemplateScope UrlScope(const v1::Plan& plan, size_t request, const Feeder* feeder,
                       const Insertions& insertions);
TemplateScope HeaderScope(const v1::Plan& plan, size_t request, int header, const Feeder* feeder,
                          const Insertions& insertions);
TemplateScope BodyScope(const v1::Plan& plan, size_t request, const Feeder* feeder,
                        const Insertions& insertions);

class RequestTemplates {
 public:
  // Of one of the plan's requests. Without the feeder that the plan has, it is only a check.
  // Messages begin with the plan's field.
  static absl::StatusOr<RequestTemplates> Compile(const v1::Plan& plan, size_t request,
                                                  const Feeder* feeder);

  const Template& url() const { return url_; }  // empty where there is a list
  // Values, in the plan's order.
  const std::vector<Template>& headers() const { return headers_; }
  const Template& body() const { return body_; }
  bool uses_time() const;
  // All are always the same.
  bool fixed() const;
  // Nothing but columns makes a difference.
  bool uses_rows_alone() const;
  // The plan's request with headers and body that are always the same as they will be sent.
  v1::Request Settled(v1::Request request) const;

 private:
  Template url_;
  std::vector<Template> headers_;
  Template body_;
};

// The lines of a list. What is kept are the placeholders that there are, not the lines: lists are
// long, and have few different ones.
class LineTemplates {
 public:
  LineTemplates() = default;

  // Checks an entry, and keeps its placeholders. INVALID_ARGUMENT as well if there are too many.
  absl::Status Add(std::string_view url, const TemplateScope& scope);
  bool empty() const { return meanings_.empty(); }
  bool uses_time() const { return uses_time_; }
  bool uses_row() const { return uses_row_; }

  // Turns an entry that has been added into its URL; one without placeholders stays as it is.
  // False: it is none of those that have been added.
  bool Render(const TemplateInput& input, std::string& url) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  uint64_t key_ = 0;
  std::unordered_map<std::string, PlaceholderMeaning, Hash, std::equal_to<>> meanings_;
  bool uses_time_ = false;
  bool uses_row_ = false;
};

}  // namespace squall
