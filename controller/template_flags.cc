#include "controller/template_flags.h"

#include <cstdlib>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/nearest_word.h"
#include "common/protocol.h"
#include "common/url.h"
#include "common/values.h"
#include "controller/files.h"
#include "controller/flag_values.h"

namespace squall {
namespace {

absl::StatusOr<v1::Order> ParseFeedOrder(const Text& text) {
  if (!text || text == "each") return v1::ORDER_SEQUENTIAL;
  if (text == "random") return v1::ORDER_RANDOM;
  return Invalid("--feed-order {}: must be each or random", Quoted(*text));
}

absl::StatusOr<std::string> ReadVariable(const std::string& name) {
  if (const char* value = std::getenv(name.c_str())) return value;
  std::vector<std::string> names;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    names.emplace_back(text.substr(0, text.find('=')));
  }
  const std::string nearest(NearestWord(name, names));
  return Invalid("there is no such variable in the environment of squall run{}",
                 nearest.empty() ? "" : fmt::format(": did you mean {}?", Quoted(nearest)));
}

}  // namespace

TemplateFlags::TemplateFlags(const RunFlags& flags, RunOptions& options)
    : flags_(flags),
      options_(options),
      plan_(options.plan),
      insertions_(
          [this](v1::InsertionKind kind, std::string_view name) { return Insert(kind, name); }) {}

absl::Status TemplateFlags::Begin() {
  if (flags_.feed_order && !flags_.feed) {
    return Invalid("--feed-order is about a feeder: name one by --feed");
  }
  if (flags_.no_templates && flags_.feed) {
    return Invalid("--feed and --no-templates exclude each other: remove one");
  }
  return ReadFeeder();
}

absl::Status TemplateFlags::Resolve(const One& one, v1::Request& request) {
  if (flags_.no_templates) return absl::OkStatus();
  absl::Status status = ResolveUrl(one, request);
  if (status.ok()) status = ResolveHeaders(one, request);
  if (status.ok()) status = ResolveBody(one, request);
  return status;
}

absl::Status TemplateFlags::ReadFeeder() {
  if (!flags_.feed) return absl::OkStatus();
  const absl::StatusOr<v1::Order> order = ParseFeedOrder(flags_.feed_order);
  if (!order.ok()) return order.status();
  absl::StatusOr<std::string> text = ReadNamedFile("--feed", *flags_.feed, kMaxFeederBytes);
  if (!text.ok()) return text.status();
  const std::string name = Quoted(*flags_.feed);
  const size_t size = text->size();
  absl::StatusOr<Feeder> parsed = Feeder::Parse(*std::move(text), name);
  if (!parsed.ok()) return parsed.status();
  v1::Feeder& feeder = *plan_.mutable_feeder();
  feeder.set_size_bytes(size);
  feeder.set_rows(parsed->size());
  feeder.set_order(*order);
  feeder.set_name(name);
  feeder_.emplace(*std::move(parsed));
  return absl::OkStatus();
}

absl::Status TemplateFlags::ResolveUrl(const One& one, const v1::Request& request) {
  const std::string& url = request.url();
  if (!HasPlaceholder(url)) return absl::OkStatus();
  const std::string_view flag = one.flags.url ? "-u" : "URL";
  if (one.flags.urls) {
    return Invalid("{} {}: beside --urls, placeholders stand in the lines of the list", flag,
                   Quoted(url));
  }
  TemplateScope scope = UrlScope(plan_, one.index, feeder(), insertions_);
  scope.base_bytes = one.url_base_bytes;
  const absl::Status status = Take(CompileUrl(url, scope));
  return status.ok() ? status : For(flag, status);
}

absl::Status TemplateFlags::ResolveHeaders(const One& one, const v1::Request& request) {
  for (int i = 0; i < request.headers_size(); ++i) {
    const v1::Header& header = request.headers(i);
    if (!HasPlaceholder(header.value())) continue;
    const absl::Status status = Take(
        CompileHeader(header.value(), HeaderScope(plan_, one.index, i, feeder(), insertions_)));
    if (!status.ok()) return For(fmt::format("-H {}:", header.name()), status);
    if (one.flags.sending.cookie_jars && absl::EqualsIgnoreCase(header.name(), "Cookie")) {
      return Invalid(
          "-H Cookie: beside --cookies it cannot have placeholders: one header has those of the "
          "jar as well: leave out one");
    }
  }
  return absl::OkStatus();
}

absl::Status TemplateFlags::ResolveBody(const One& one, v1::Request& request) {
  const std::string& body = request.body();
  if (!HasPlaceholder(body)) return absl::OkStatus();
  const absl::StatusOr<Template> compiled =
      CompileBody(body, BodyScope(plan_, one.index, feeder(), insertions_));
  const absl::Status status = Take(compiled);
  if (status.ok() && one.flags.sending.compress_body) {
    if (!compiled->fixed()) {
      return Invalid(
          "--compress-body: the body has placeholders, and would be another one for each request: "
          "leave out one");
    }
    request.set_body(compiled->text());
  }
  if (status.ok() && !compiled->fixed() && GivesLength(request)) {
    return Invalid(
        "-H Content-Length: the body has placeholders, so its length differs: leave it out");
  }
  if (status.ok()) return status;
  if (one.flags.body) return For("-d", status);
  return For(fmt::format("-D {}:", Quoted(*one.flags.body_file)), status);
}

absl::Status TemplateFlags::CheckLine(std::string_view url, size_t base_bytes) {
  if (!HasPlaceholders(flags_, url)) return CheckUrl(url);
  TemplateScope scope = UrlScope(plan_, 0, feeder(), insertions_);
  scope.base_bytes = base_bytes;
  if (absl::Status status = lines_.Add(url, scope); !status.ok()) return status;
  plan_.set_templates(true);
  uses_row_ = uses_row_ || lines_.uses_row();
  return absl::OkStatus();
}

absl::Status TemplateFlags::Take(const absl::StatusOr<Template>& compiled) {
  if (!compiled.ok()) return compiled.status();
  plan_.set_templates(true);
  uses_row_ = uses_row_ || compiled->uses_row();
  return absl::OkStatus();
}

absl::Status TemplateFlags::Finish() {
  if (!feeder_) return absl::OkStatus();
  // A script's users may.
  if (!uses_row_ && !flags_.script.file) {
    return Invalid("--feed {}: nothing uses it: write {{{{col {}}}}} where a value is to stand",
                   Quoted(*flags_.feed), Quoted(feeder_->columns().front().name));
  }
  options_.feeder_text = std::move(*feeder_).ReleaseText();
  feeder_.reset();
  return absl::OkStatus();
}

absl::StatusOr<std::string_view> TemplateFlags::Insert(v1::InsertionKind kind,
                                                       std::string_view name) {
  for (const v1::Insertion& insertion : plan_.insertions()) {
    if (insertion.kind() == kind && insertion.name() == name) return insertion.value();
  }
  if (!IsUtf8(name)) return Invalid("its name is not UTF-8");
  const std::string path(name);
  if (path == "-") return Invalid("standard input is not read: name a file");
  absl::StatusOr<std::string> value =
      kind == v1::INSERTION_KIND_FILE ? ReadFile(path, kMaxInsertedBytes) : ReadVariable(path);
  if (!value.ok()) return value.status();
  inserted_bytes_ += value->size();
  if (inserted_bytes_ > kMaxInsertedBytes) {
    return Invalid("with it, files and variables are together larger than {} MiB",
                   kMaxInsertedBytes >> 20);
  }
  v1::Insertion& added = *plan_.add_insertions();
  added.set_kind(kind);
  added.set_name(path);
  added.set_value(*std::move(value));
  return added.value();
}

}  // namespace squall
