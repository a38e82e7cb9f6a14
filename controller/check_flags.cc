#include "controller/check_flags.h"

#include <limits>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "common/body_pattern.h"
#include "common/check_specs.h"
#include "common/json_path.h"

namespace squall {
namespace {

constexpr char kGroup[] = "What counts as a success";

absl::Status CheckCount(std::string_view flag, const std::vector<std::string>& texts) {
  if (texts.size() <= static_cast<size_t>(kMaxChecks)) return absl::OkStatus();
  return Invalid("{}: given {} times: at most {}", flag, texts.size(), kMaxChecks);
}

absl::Status ResolveStatuses(const CheckFlags& flags, v1::Checks& checks) {
  if (!flags.status) return absl::OkStatus();
  const absl::StatusOr<std::vector<v1::StatusRange>> ranges = ParseStatuses(*flags.status);
  if (!ranges.ok()) return For("--expect-status", ranges.status());
  checks.mutable_statuses()->Assign(ranges->begin(), ranges->end());
  return absl::OkStatus();
}

absl::Status ResolveHeaders(const CheckFlags& flags, v1::Checks& checks) {
  if (absl::Status status = CheckCount("--expect-header", flags.headers); !status.ok()) {
    return status;
  }
  for (const std::string& text : flags.headers) {
    const absl::StatusOr<v1::HeaderCheck> check = ParseHeaderCheck(text);
    if (!check.ok()) return For("--expect-header", check.status());
    *checks.add_headers() = *check;
  }
  return absl::OkStatus();
}

absl::Status ResolveBodies(const CheckFlags& flags, v1::Checks& checks) {
  absl::Status status = CheckCount("--expect-body", flags.bodies);
  if (status.ok()) status = CheckCount("--expect-json", flags.json);
  if (!status.ok()) return status;
  for (const std::string& text : flags.bodies) {
    const absl::StatusOr<BodyPattern> pattern = BodyPattern::Make(text);
    if (!pattern.ok()) return For("--expect-body", pattern.status());
    checks.add_bodies(text);
  }
  for (const std::string& text : flags.json) {
    const absl::StatusOr<v1::JsonCheck> check = ParseJsonCheck(text);
    if (!check.ok()) return For("--expect-json", check.status());
    *checks.add_json() = *check;
  }
  if (!flags.size) return absl::OkStatus();
  const absl::StatusOr<v1::SizeRange> size = ParseSize(*flags.size);
  if (!size.ok()) return For("--expect-size", size.status());
  *checks.mutable_size() = *size;
  return absl::OkStatus();
}

void AddValue(CLI::App& command, const char* name, const char* placeholder, Text& to,
              const char* help) {
  command
      .add_option_function<std::string>(
          name, [&to](const std::string& text) { to = text; }, help)
      ->type_name(placeholder)
      ->group(kGroup);
}

// What could never hold.
absl::Status CheckMethod(const CheckFlags& flags, const v1::Plan& plan) {
  if (plan.request().method() != "HEAD") return absl::OkStatus();
  for (const auto& [name, given] : {std::pair{"--expect-body", !flags.bodies.empty()},
                                    std::pair{"--expect-json", !flags.json.empty()}}) {
    if (given) return Invalid("{} and -m HEAD exclude each other: its answers have no body", name);
  }
  return absl::OkStatus();
}

}  // namespace

void AddExpectFlags(CLI::App& command, CheckFlags& flags) {
  const auto repeated = [&](const char* name, const char* placeholder, std::vector<std::string>& to,
                            const char* help) {
    command.add_option(name, to, help)
        ->allow_extra_args(false)
        ->type_name(placeholder)
        ->group(kGroup);
  };
  AddValue(command, "--expect-status", "LIST", flags.status,
           "Statuses of successes, e.g. 200-299,304 (default: all\nbelow 400)");
  repeated("--expect-header", "'NAME[: VALUE]'", flags.headers,
           "Header that the answer has, with a value: this one");
  repeated("--expect-body", "REGEX", flags.bodies, "What is found in the body (RE2's syntax)");
  repeated("--expect-json", "'PATH[ == VALUE]'", flags.json,
           "What the body has as JSON, e.g. '$.items[0].id == 7'");
  AddValue(command, "--expect-size", "MIN-MAX", flags.size,
           "Bytes of the body; also MIN- and a number");
}

void AddCheckFlags(CLI::App& command, CheckFlags& flags) {
  AddExpectFlags(command, flags);
  AddValue(
      command, "--fail-fast", "K", flags.fail_fast,
      "End the run, as not completed, when K requests have\nfailed (default: however many do)");
}

absl::Status ResolveChecks(const CheckFlags& flags, v1::Plan& plan) {
  v1::Checks checks;
  absl::Status status = ResolveStatuses(flags, checks);
  if (status.ok()) status = ResolveHeaders(flags, checks);
  if (status.ok()) status = ResolveBodies(flags, checks);
  if (status.ok()) status = CheckMethod(flags, plan);
  if (status.ok()) {
    status = ReadNumber("--fail-fast", flags.fail_fast, 1, std::numeric_limits<uint64_t>::max(),
                        [&plan](uint64_t number) { plan.set_fail_fast(number); });
  }
  if (status.ok() && checks.ByteSizeLong() != 0) *plan.mutable_checks() = std::move(checks);
  return status;
}

}  // namespace squall
