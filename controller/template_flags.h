// Placeholders of a run's URL, headers, body and list: every mistake in them is found here, before
// anything is sent; and what they refer to on this machine is read into the plan.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/feeder.h"
#include "common/request_templates.h"
#include "common/url_list.h"
#include "controller/run_flags.h"
#include "controller/run_options.h"

namespace squall {

class TemplateFlags {
 public:
  // One of the plan's requests, and the flags that it is made of.
  struct One {
    const RunFlags& flags;
    size_t index = 0;
    size_t url_base_bytes = 0;  // of its URL, that stand in front of what its own flag says
  };

  // Both outlive it.
  TemplateFlags(const RunFlags& flags, RunOptions& options);
  TemplateFlags(const TemplateFlags&) = delete;
  TemplateFlags& operator=(const TemplateFlags&) = delete;

  // Whether a URL has placeholders, and is checked here.
  static bool HasPlaceholders(const RunFlags& flags, std::string_view url) {
    return !flags.no_templates && HasPlaceholder(url);
  }

  // Reads the feeder.
  absl::Status Begin();
  // `request` has URL, headers and body, as they were typed.
  absl::Status Resolve(const One& one, v1::Request& request);
  // For the list, which comes next: one of its URLs.
  absl::Status CheckLine(std::string_view url, size_t base_bytes);
  // After the list.
  absl::Status Finish();

 private:
  const Feeder* feeder() const { return feeder_ ? &*feeder_ : nullptr; }
  absl::Status ReadFeeder();
  absl::Status ResolveUrl(const One& one, const v1::Request& request);
  absl::Status ResolveHeaders(const One& one, const v1::Request& request);
  absl::Status ResolveBody(const One& one, v1::Request& request);
  absl::Status Take(const absl::StatusOr<Template>& compiled);
  absl::StatusOr<std::string_view> Insert(v1::InsertionKind kind, std::string_view name);

  const RunFlags& flags_;
  RunOptions& options_;
  v1::Plan& plan_;
  const Insertions insertions_;
  std::optional<Feeder> feeder_;
  LineTemplates lines_;  // of the list
  bool uses_row_ = false;
  size_t inserted_bytes_ = 0;
};

}  // namespace squall
