#include "controller/json_list.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "common/base64.h"
#include "common/http_syntax.h"
#include "common/list_index.h"
#include "common/list_line.h"
#include "common/nearest_word.h"
#include "common/protocol.h"
#include "common/request_tag.h"
#include "common/text_position.h"
#include "common/url.h"
#include "common/values.h"
#include "controller/json_error.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

// What says how a request is sent, not what it is.
constexpr std::array<std::string_view, 4> kNotOfALine = {"Content-Length", "Transfer-Encoding",
                                                         "Expect", "Connection"};

bool Is(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase({a.data(), a.size()}, {b.data(), b.size()});
}

class JsonList final : public ListRewriter {
 public:
  JsonList(std::string_view base_url, std::string_view method)
      : base_(JoinableBase(base_url)), method_(method) {}

 private:
  struct Parts {
    std::string method;
    std::string url;
    std::vector<v1::Header> headers;
    std::string body;  // base64
    bool has_body = false;
  };

  absl::Status Line(std::string_view line, std::string& out) override {
    line_text_ = line;
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) {
      const size_t at = std::min(std::max<size_t>(JsonErrorAt(line), 1) - 1, line.size());
      return At(at, "not JSON from here on: write {\"method\": \"GET\", \"url\": \"/path\"}");
    }
    if (!json.is_object()) return At(0, "not an object: write {\"method\": \"GET\", …}");
    Parts parts;
    for (const auto& [key, value] : json.items()) {
      if (absl::Status status = Take(key, value, parts); !status.ok()) return status;
    }
    if (parts.url.empty()) return At(0, "no url: add e.g. \"url\": \"/path\"");
    if (parts.method.empty()) {
      parts.method = method_;
      mutable_remarks().set_default_method(method_);
    }
    return Write(parts, out);
  }

  absl::Status Take(const std::string& key, const Json& value, Parts& parts) {
    if (key == "header") return TakeHeaders(value, parts);
    if (key != "method" && key != "url" && key != "body") {
      const std::string nearest = NearestWord(key, {"method", "url", "header", "body"});
      const std::string hint = nearest.empty() ? "there are method, url, header and body"
                                               : fmt::format("did you mean {}?", nearest);
      return AtKey(key, fmt::format("{}: unknown; {}", Quoted(key), hint));
    }
    if (!value.is_string()) return AtKey(key, fmt::format("{}: a text belongs here", key));
    const auto& text = value.get_ref<const std::string&>();
    if (key == "url") return TakeUrl(text, parts);
    if (key == "body") return TakeBody(text, parts);
    absl::Status status = CheckMethod(text);
    if (status.ok() && text.size() > kMaxListedMethod) {
      status = absl::InvalidArgumentError(
          fmt::format("{}: longer than {} bytes", Quoted(text), kMaxListedMethod));
    }
    if (!status.ok()) return AtKey(key, std::string(status.message()));
    parts.method = text;
    return absl::OkStatus();
  }

  absl::Status TakeUrl(const std::string& text, Parts& parts) {
    std::string url = text;
    absl::Status status;
    if (url.starts_with('/')) {
      status = base_.status();
      if (status.ok()) url.insert(0, *base_);
    }
    if (status.ok()) status = CheckUrl(url);
    if (!status.ok()) return AtKey("url", std::string(status.message()));
    // Braces in pairs would be a placeholder.
    parts.url = absl::StrReplaceAll(text, {{"{{", "%7B{"}});
    return absl::OkStatus();
  }

  absl::Status TakeBody(const std::string& text, Parts& parts) {
    if (!IsBase64(text)) {
      return AtKey("body", "body: not base64: write the body's bytes in it (RFC 4648)");
    }
    parts.body = text;
    parts.has_body = true;
    return absl::OkStatus();
  }

  absl::Status TakeHeaders(const Json& json, Parts& parts) {
    if (!json.is_object()) {
      return AtKey("header", "header: an object belongs here: {\"Accept\": [\"*/*\"]}");
    }
    for (const auto& [name, values] : json.items()) {
      if (values.is_string()) {
        if (absl::Status status = TakeHeader(name, values, parts); !status.ok()) return status;
        continue;
      }
      if (!values.is_array())
        return AtKey(name, fmt::format("{}: a text belongs here", Quoted(name)));
      for (const Json& value : values) {
        if (absl::Status status = TakeHeader(name, value, parts); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

  absl::Status TakeHeader(const std::string& name, const Json& value, Parts& parts) {
    if (!value.is_string())
      return AtKey(name, fmt::format("{}: a text belongs here", Quoted(name)));
    for (const std::string_view other : kNotOfALine) {
      if (!Is(name, other)) continue;
      return AtKey(name, fmt::format("{}: is not a line's to say: leave it out", Quoted(name)));
    }
    const absl::StatusOr<v1::Header> header =
        ParseHeader(fmt::format("{}: {}", name, value.get_ref<const std::string&>()));
    if (!header.ok()) return AtKey(name, std::string(header.status().message()));
    if (header->name() != name)
      return AtKey(name, fmt::format("{}: not a header's name", Quoted(name)));
    if (header->value().size() > kMaxHeaderBytes) {
      return AtKey(name, fmt::format("{}: longer than {} bytes", Quoted(name), kMaxHeaderBytes));
    }
    v1::Request tagged;
    *tagged.add_headers() = *header;
    if (!TagHeaderOf(tagged).empty()) {
      return AtKey(name, fmt::format("{}: is what --tag sends: leave it out", Quoted(name)));
    }
    parts.headers.push_back(*header);
    return absl::OkStatus();
  }

  absl::Status Write(const Parts& parts, std::string& out) {
    std::string word = parts.method;
    for (size_t i = 0; i < parts.headers.size(); ++i) {
      word.append(i == 0 ? ":" : ",").append(parts.headers[i].name());
    }
    if (parts.has_body) word += '=';
    if (words_.insert(word).second && words_.size() > static_cast<size_t>(kMaxListedRequests)) {
      return At(0, fmt::format("the {}th different set of a method and headers' names: a list has "
                               "at most {}",
                               words_.size(), kMaxListedRequests));
    }
    if (word.size() > kMaxListedWord) {
      return AtKey("header", fmt::format("header: more than {} bytes of names", kMaxListedWord));
    }
    out.append(word).append(" ").append(parts.url);
    for (const v1::Header& header : parts.headers)
      AddField(absl::Base64Escape(header.value()), out);
    if (parts.has_body) AddField(parts.body, out);
    out.append("\n");
    return absl::OkStatus();
  }

  static void AddField(std::string_view base64, std::string& out) {
    out.append(" ").append(base64.empty() ? "-" : base64);
  }

  absl::Status At(size_t offset, std::string_view what) const {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", PositionIn(line_text_, offset).column, what));
  }

  // Where the key is written, if it is written without escapes.
  absl::Status AtKey(const std::string& key, std::string_view what) const {
    const size_t found = line_text_.find(fmt::format("\"{}\"", key));
    return At(found == std::string_view::npos ? 0 : found, what);
  }

  const absl::StatusOr<std::string_view> base_;  // borrowed
  const std::string method_;
  std::string_view line_text_;  // that is being read
  std::set<std::string> words_;
};

}  // namespace

std::unique_ptr<ListRewriter> MakeJsonList(std::string_view base_url, std::string_view method) {
  return std::make_unique<JsonList>(base_url, method);
}

}  // namespace squall
