#include "controller/send_flags.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "absl/strings/match.h"
#include "common/http_syntax.h"
#include "common/plan_requests.h"
#include "common/template.h"
#include "common/url.h"
#include "common/values.h"
#include "controller/credentials.h"
#include "controller/gzip.h"

namespace squall {
namespace {

void AddHeader(v1::Request& request, const char* name, std::string value) {
  v1::Header& header = *request.add_headers();
  header.set_name(name);
  header.set_value(std::move(value));
}

// One header of a name is enough: which of two would hold is up to the server.
absl::Status CheckAlone(std::string_view flag, const v1::Request& request, const char* name) {
  for (const v1::Header& header : request.headers()) {
    if (!absl::EqualsIgnoreCase(header.name(), name)) continue;
    return Invalid("{} sends the header {} itself: leave out -H for it, or {}", flag, name, flag);
  }
  return absl::OkStatus();
}

absl::Status ResolveCredentials(const SendFlags& flags, v1::Request& request) {
  const std::pair<std::string_view, bool> given[] = {
      {"--user", flags.user.has_value()},
      {"--bearer-file", flags.bearer_file.has_value()},
      {"--bearer-env", flags.bearer_env.has_value()}};
  std::string_view flag;
  for (const auto& [name, is_given] : given) {
    if (!is_given) continue;
    if (!flag.empty()) return Invalid("{} and {} exclude each other: remove one", flag, name);
    flag = name;
  }
  if (flag.empty()) return absl::OkStatus();
  if (absl::Status status = CheckAlone(flag, request, "Authorization"); !status.ok()) return status;
  if (!request.url().empty() && !SplitUrl(request.url()).user.empty()) {
    return Invalid("{} and a user in the URL exclude each other: remove one", flag);
  }
  const absl::StatusOr<std::string> value = flags.user ? BasicCredentials(*flags.user)
                                            : flags.bearer_file
                                                ? BearerFromFile(*flags.bearer_file)
                                                : BearerFromEnvironment(*flags.bearer_env);
  if (!value.ok()) return value.status();
  AddHeader(request, "Authorization", *value);
  return absl::OkStatus();
}

// What stands around the value is the server's business (RFC 6265, 4.1.1: servers are liberal).
bool IsCookie(std::string_view text) {
  const size_t name = FirstBeyondToken(text);
  return IsUtf8(text) && name != 0 && name < text.size() && text[name] == '=' &&
         !text.ends_with(' ') && std::none_of(text.begin(), text.end(), [](char c) {
           return c == ';' || static_cast<unsigned char>(c) < ' ' || c == 0x7f;
         });
}

absl::Status ResolveCookies(const SendFlags& flags, v1::Plan& plan) {
  plan.mutable_transport()->set_cookies(flags.cookie_jars);
  if (flags.cookies.empty() && flags.cookie_jars && plan.transport().follow()) {
    return CheckAlone("--cookies with --follow", plan.request(), "Cookie");
  }
  if (flags.cookies.empty()) return absl::OkStatus();
  if (absl::Status status = CheckAlone("-b", plan.request(), "Cookie"); !status.ok()) return status;
  if (flags.cookie_jars && plan.transport().follow()) {
    return Invalid(
        "-b, --cookies and --follow exclude each other: libcurl would send the cookie "
        "wherever a redirect leads: leave out one");
  }
  std::string value;
  for (const std::string& cookie : flags.cookies) {
    // A cookie is a credential: none of it is told.
    if (!IsCookie(cookie)) {
      return Invalid("-b: no cookie: write NAME=VALUE, without semicolons, and -b for each");
    }
    if (!value.empty()) value += "; ";
    value += cookie;
  }
  AddHeader(*plan.mutable_request(), "Cookie", std::move(value));
  return absl::OkStatus();
}

absl::Status ResolveBody(const SendFlags& flags, v1::Plan& plan) {
  v1::Request& request = *plan.mutable_request();
  if (flags.compress_body) {
    if (!request.has_body())
      return Invalid("--compress-body is about a body: give one by -d or -D");
    absl::Status status = CheckAlone("--compress-body", request, "Content-Encoding");
    if (!status.ok()) return status;
    absl::StatusOr<std::string> compressed = Gzip(request.body());
    if (!compressed.ok()) return For("--compress-body:", compressed.status());
    request.set_body(*std::move(compressed));
    AddHeader(request, "Content-Encoding", "gzip");
  }
  if (flags.expect_continue) {
    if (!request.has_body()) {
      return Invalid("--expect-continue is about a body: give one by -d or -D");
    }
    if (plan.transport().http_version() == v1::HTTP_VERSION_2) {
      return Invalid("--expect-continue and --http2 exclude each other: remove one");
    }
    absl::Status status = CheckAlone("--expect-continue", request, "Expect");
    if (!status.ok()) return status;
    AddHeader(request, "Expect", "100-continue");
  }
  return absl::OkStatus();
}

}  // namespace

void AddSendFlags(CLI::App& command, SendFlags& flags, const std::string& what,
                  const std::string& how) {
  const auto value = [&](const char* name, const char* placeholder, Text& to, const char* help) {
    command
        .add_option_function<std::string>(
            name, [&to](const std::string& text) { to = text; }, help)
        ->type_name(placeholder)
        ->group(what);
  };
  value("--user", "NAME[:@FILE]", flags.user,
        "Basic authentication; the password is in the file, or\nin $SQUALL_PASSWORD. "
        "NAME:PASSWORD is what others on\nthis machine can read");
  value("--bearer-file", "FILE", flags.bearer_file, "Bearer token from a file");
  value("--bearer-env", "NAME", flags.bearer_env, "The same from a variable of the environment");
  command.add_option("-b,--cookie", flags.cookies, "Cookie; may be given more than once")
      ->allow_extra_args(false)
      ->type_name("NAME=VALUE")
      ->group(what);
  command
      .add_flag("--compress-body", flags.compress_body,
                "Send the body compressed by gzip, and say so")
      ->group(what);
  command
      .add_flag("--compressed", flags.compressed,
                "Ask for compressed answers and decode them; bytes are\ncounted as they came")
      ->group(how);
  command
      .add_flag("--cookies", flags.cookie_jars,
                "Keep the cookies that servers set, a jar for each of\nthe -c requests in flight")
      ->group(how);
  command
      .add_flag("--expect-continue", flags.expect_continue,
                "Send the body when the server has said that it will\ntake it, or nothing for 1 s")
      ->group(how);
}

absl::Status ResolveSending(const SendFlags& flags, v1::Plan& plan) {
  absl::Status status = ResolveCredentials(flags, *plan.mutable_request());
  if (status.ok()) status = ResolveCookies(flags, plan);
  if (status.ok()) status = ResolveBody(flags, plan);
  if (!status.ok() || !flags.compressed) return status;
  plan.mutable_transport()->set_compressed(true);
  return CheckAlone("--compressed", plan.request(), "Accept-Encoding");
}

void KeepLiteral(const SendFlags& flags, v1::Plan& plan) {
  if (!plan.templates()) return;
  const bool has_credentials = flags.user || flags.bearer_file || flags.bearer_env;
  for (v1::Request* request : MutableRequestsOf(plan)) {
    for (v1::Header& header : *request->mutable_headers()) {
      if ((has_credentials && absl::EqualsIgnoreCase(header.name(), "Authorization")) ||
          (!flags.cookies.empty() && absl::EqualsIgnoreCase(header.name(), "Cookie"))) {
        header.set_value(Template::Literal(header.value()));
      }
    }
    if (flags.compress_body && request->has_body()) {
      request->set_body(Template::Literal(request->body()));
    }
  }
}

}  // namespace squall
