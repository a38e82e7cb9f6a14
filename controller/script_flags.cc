#include "controller/script_flags.h"

#include <string_view>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "absl/strings/match.h"
#include "common/plan_check.h"
#include "common/protocol.h"
#include "common/script_trial.h"
#include "common/url.h"

namespace squall {
namespace {

// Of what it says when it is tried.
constexpr size_t kMostLines = 20;

// Keeps whole lines.
Script::Print Into(std::vector<std::string>& lines) {
  return [&lines, line = std::string()](std::string_view text) mutable {
    for (const char c : text) {
      if (lines.size() >= kMostLines) return;
      if (c != '\n') {
        line += c;
      } else {
        lines.push_back(std::exchange(line, {}));
      }
    }
  };
}

// What is not sent with what a script makes.
absl::Status CheckBeside(const v1::Plan& plan) {
  const auto exclude = [](std::string_view other) {
    return Invalid("-s and {} exclude each other: remove one", other);
  };
  if (!plan.mix().empty()) return exclude("a mix");
  if (plan.has_urls()) return exclude("--urls");
  if (plan.templates()) {
    return Invalid(
        "-s and placeholders ({{{{…}}}}) exclude each other: --no-templates sends them as they "
        "stand there");
  }
  if (plan.request().tag()) return exclude("--tag");
  if (!SplitUrl(plan.request().url()).user.empty()) {
    return Invalid("-s and a user in the URL exclude each other: write --user NAME");
  }
  if (const std::string_view obstacle = WhatNeedsCurl(plan); !obstacle.empty()) {
    return Invalid("-s: what scripts make is sent over transport http1, which cannot do {}",
                   obstacle);
  }
  if (plan.transport().kind() != v1::TRANSPORT_KIND_HTTP1) return exclude("--transport curl");
  return absl::OkStatus();
}

// A body may be meant for the script (wrk.body), and makes it a POST.
absl::Status CheckUsers(const v1::Plan& plan) {
  const v1::Request& request = plan.request();
  if (request.method() == (request.has_body() ? "POST" : "GET")) return absl::OkStatus();
  return Invalid("-m: the script has user(), which says the method of each request: leave it out");
}

}  // namespace

void AddScriptFlags(CLI::App& command, ScriptFlags& flags, const std::string& group) {
  command
      .add_option_function<std::string>(
          "-s,--script", [&flags](const std::string& text) { flags.file = text; },
          "Script in Lua that makes the requests, as wrk's do")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option("--script-arg", flags.arguments,
                  "What its init() gets: also, as they are, all words\nbehind the URL and --")
      ->allow_extra_args(false)
      ->type_name("TEXT")
      ->group(group);
}

absl::Status ResolveScript(const ScriptFlags& flags, v1::Plan& plan, const std::string& feeder_text,
                           std::vector<std::string>& said) {
  if (!flags.file) {
    if (flags.arguments.empty()) return absl::OkStatus();
    return Invalid("unexpected argument {}: only a script (-s) takes any",
                   Quoted(flags.arguments.front()));
  }
  if (absl::Status status = CheckBeside(plan); !status.ok()) return status;
  absl::StatusOr<std::string> text = ReadNamedFile("-s", *flags.file, kMaxScriptBytes);
  if (!text.ok()) return text.status();
  v1::Script& script = *plan.mutable_script();
  script.set_name(Quoted(*flags.file));
  script.set_text(*std::move(text));
  size_t bytes = 0;
  for (const std::string& argument : flags.arguments) {
    bytes += argument.size() + 1;
    script.add_arguments(argument);
  }
  if (bytes > kMaxScriptArguments) {
    return Invalid("--script-arg: all of them are larger than {} KiB", kMaxScriptArguments >> 10);
  }
  const absl::StatusOr<UserRows::Ptr> rows = UserRows::Make(plan, feeder_text);
  if (!rows.ok()) return For("--feed", rows.status());
  bool users = false;
  const absl::Status status = TryScript(plan, Into(said), &users, *rows);
  if (!status.ok()) {
    const bool is_at_a_line = absl::StartsWith(status.message(), script.name() + ":");
    return For(is_at_a_line ? "-s" : fmt::format("-s {}:", script.name()), status);
  }
  plan.set_users(users);
  if (users) return CheckUsers(plan);
  if (!plan.has_feeder()) return absl::OkStatus();
  return Invalid("--feed: nothing uses it: a script has its rows as u.data of user(u)");
}

}  // namespace squall
