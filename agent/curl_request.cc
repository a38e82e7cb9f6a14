#include "agent/curl_request.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/http_syntax.h"
#include "common/plan_requests.h"
#include "common/version.h"

namespace squall {
namespace {

// Sets options until one is refused.
class Setter {
 public:
  explicit Setter(CURL* easy) : easy_(easy) {}

  template <typename Value>
  Setter& operator()(CURLoption option, Value value) {
    if (result_ == CURLE_OK) result_ = curl_easy_setopt(easy_, option, value);
    return *this;
  }

  CURLcode result() const { return result_; }

 private:
  CURL* const easy_;
  CURLcode result_ = CURLE_OK;
};

long TimeoutMilliseconds(int64_t timeout_ns) {
  const int64_t rounded_up = timeout_ns / kMillisecond + (timeout_ns % kMillisecond != 0);
  return static_cast<long>(std::min<int64_t>(rounded_up, std::numeric_limits<int32_t>::max()));
}

// Of what lives as long as the easy handle; libcurl only reads it.
curl_blob Borrowed(const std::string& bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
}

bool IsCookie(const v1::Header& header) { return absl::EqualsIgnoreCase(header.name(), "Cookie"); }

const char* Given(const std::string& path) { return path.empty() ? nullptr : path.c_str(); }

absl::Status Refused(CURLcode result, std::string_view what) {
  const std::string message = fmt::format("{}: {}", what, curl_easy_strerror(result));
  return result == CURLE_OUT_OF_MEMORY ? absl::ResourceExhaustedError(message)
                                       : absl::InvalidArgumentError(message);
}

}  // namespace

CurlRequest::CurlRequest(const v1::Plan& plan, size_t index, const RequestTemplates* templates,
                         std::shared_ptr<const v1::Transport> transport)
    : request_(templates == nullptr ? RequestOf(plan, index)
                                    : templates->Settled(RequestOf(plan, index))),
      transport_(std::move(transport)),
      tagged_(plan.request().tag()),
      idempotent_(IsIdempotent(request_.method())),
      authorities_(FindAuthorities().value_or(Authorities())) {
  AddHeaders();
  proxy_headers_.reset(curl_slist_append(nullptr, "Proxy-Connection:"));
  if (proxy_headers_ == nullptr) out_of_memory_ = true;
}

absl::Status CurlRequest::Check() const {
  if (out_of_memory_) return Refused(CURLE_OUT_OF_MEMORY, "headers");
  if (request_.method() == "HEAD" && request_.has_body()) {
    return absl::InvalidArgumentError("method HEAD with a body: libcurl cannot send it");
  }
  return absl::OkStatus();
}

absl::Status CurlRequest::Apply(CURL* easy) const {
  if (absl::Status status = Check(); !status.ok()) return status;
  if (CURLcode result = ApplyMethod(easy)) return Refused(result, "request");
  if (CURLcode result = ApplyConnection(easy)) return Refused(result, "transport");
  if (CURLcode result = ApplyAttempt(easy, false, 0)) return Refused(result, "transport");
  if (CURLcode result = ApplyTls(easy)) return Refused(result, "certificates");
  if (CURLcode result = ApplyAnswers(easy)) return Refused(result, "what is made of answers");
  if (CURLcode result = ApplyProxy(easy)) return Refused(result, "proxy");
  return absl::OkStatus();
}

CURLcode CurlRequest::ApplyAnew(CURL* easy) const {
  if (const CURLcode result = ApplyMethod(easy)) return result;
  return transport_->cookies() ? ApplyCookies(easy) : CURLE_OK;
}

const char* CurlRequest::custom_method() const {
  const std::string& method = request_.method();
  if (method == "HEAD") return nullptr;
  return method == (SendsBody() ? "POST" : "GET") ? nullptr : method.c_str();
}

void CurlRequest::AddHeader(const std::string& line) {
  curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) {
    out_of_memory_ = true;
    return;
  }
  (void)headers_.release();  // now the rest of `longer`
  headers_.reset(longer);
}

void CurlRequest::AddHeaders() {
  size_t nodes = 0;
  for (const v1::Header& header : request_.headers()) {
    // One header with those of the jar.
    const bool in_jar = transport_->cookies() && IsCookie(header);
    header_nodes_.push_back(in_jar ? kNoNode : nodes++);
    if (in_jar) continue;
    // libcurl takes "Name:" as the wish to leave a header out; ";" stands for an empty value.
    AddHeader(header.value().empty() ? fmt::format("{};", header.name())
                                     : fmt::format("{}: {}", header.name(), header.value()));
  }
  if (!HasUserHeader("Expect")) AddHeader("Expect:");
  if (!request_.has_body() && SendsBody() && !HasUserHeader("Content-Type")) {
    AddHeader("Content-Type:");
  }
  if (transport_->no_keepalive() && !http2() && !HasUserHeader("Connection")) {
    AddHeader("Connection: close");
  }
}

bool CurlRequest::HasUserHeader(std::string_view name) const {
  return std::any_of(
      request_.headers().begin(), request_.headers().end(), [name](const v1::Header& header) {
        return absl::EqualsIgnoreCase(header.name(), absl::string_view(name.data(), name.size()));
      });
}

// These methods announce a body's length even if there is none (RFC 9110, 8.6).
bool CurlRequest::SendsBody() const {
  const std::string& method = request_.method();
  return request_.has_body() || method == "POST" || method == "PUT" || method == "PATCH";
}

CURLcode CurlRequest::ApplyMethod(CURL* easy) const {
  Setter set(easy);
  if (request_.method() == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (SendsBody()) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body().size()));
    set(CURLOPT_POSTFIELDS, request_.body().data());
  } else {
    set(CURLOPT_HTTPGET, 1L);
  }
  const char* const method = custom_method();
  set(CURLOPT_CUSTOMREQUEST, method);
  if (method != nullptr) {
    // Only POST becomes GET after 301 and 302 (RFC 9110, 15.4.2).
    set(CURLOPT_POSTREDIR, static_cast<long>(CURL_REDIR_POST_301 | CURL_REDIR_POST_302));
  }
  set(CURLOPT_HTTPHEADER, headers_.get());
  return set.result();
}

CURLcode CurlRequest::ApplyAttempt(CURL* easy, bool fresh_connection, Nanos spent) const {
  const long timeout_ms =
      TimeoutMilliseconds(std::max<Nanos>(transport_->timeout_ns() - spent, kMillisecond));
  Setter set(easy);
  set(CURLOPT_FRESH_CONNECT, fresh_connection || transport_->no_keepalive() ? 1L : 0L);
  set(CURLOPT_TIMEOUT_MS, timeout_ms);
  set(CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
  return set.result();
}

CURLcode CurlRequest::ApplyConnection(CURL* easy) const {
  Setter set(easy);
  set(CURLOPT_HTTP_VERSION,
      http2() ? long{CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE} : long{CURL_HTTP_VERSION_1_1});
  // Whether streams can share a connection is known once it stands. With one stream each there is
  // nothing to wait for.
  set(CURLOPT_PIPEWAIT, multiplexed() ? 1L : 0L);
  set(CURLOPT_FORBID_REUSE, transport_->no_keepalive() ? 1L : 0L);
  set(CURLOPT_FOLLOWLOCATION, transport_->follow() ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, kMaxRedirects);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PATH_AS_IS, 1L);
  if (!transport_->unix_socket().empty()) {
    set(CURLOPT_UNIX_SOCKET_PATH, transport_->unix_socket().c_str());
  }
  set(CURLOPT_USERAGENT, fmt::format("squall/{}", kVersion).c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  // Without this, giving up a request in the middle of a name lookup would block the loop.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  return set.result();
}

CURLcode CurlRequest::ApplyTls(CURL* easy) const {
  Setter set(easy);
  set(CURLOPT_SSL_VERIFYPEER, transport_->insecure() ? 0L : 1L);
  set(CURLOPT_SSL_VERIFYHOST, transport_->insecure() ? 0L : 2L);
  if (const std::string& pem = transport_->ca_pem(); !pem.empty()) {
    curl_blob blob = Borrowed(pem);
    set(CURLOPT_CAINFO_BLOB, &blob);
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));  // these instead of the system's
  } else if (!transport_->insecure()) {
    set(CURLOPT_CAINFO, Given(authorities_.file));
    set(CURLOPT_CAPATH, Given(authorities_.folder));
  }
  set(CURLOPT_PROXY_CAINFO, Given(authorities_.file));
  set(CURLOPT_PROXY_CAPATH, Given(authorities_.folder));
  if (const std::string& pem = transport_->client_certificate_pem(); !pem.empty()) {
    curl_blob certificate = Borrowed(pem);
    curl_blob key = Borrowed(transport_->client_key_pem());
    set(CURLOPT_SSLCERT_BLOB, &certificate);
    set(CURLOPT_SSLKEY_BLOB, &key);
  }
  return set.result();
}

// Not all that this libcurl can decode: agents with others ask for the same.
CURLcode CurlRequest::ApplyAnswers(CURL* easy) const {
  Setter set(easy);
  set(CURLOPT_HTTP_CONTENT_DECODING, transport_->compressed() ? 1L : 0L);
  if (transport_->compressed()) set(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  if (!transport_->cookies()) return set.result();
  set(CURLOPT_COOKIEFILE, "");  // of no file
  return set.result() == CURLE_OK ? ApplyCookies(easy) : set.result();
}

CURLcode CurlRequest::ApplyCookies(CURL* easy) const {
  std::string cookies;
  for (const v1::Header& header : request_.headers()) {
    if (!IsCookie(header)) continue;
    cookies.append(cookies.empty() ? "" : "; ").append(header.value());
  }
  // Copied.
  return curl_easy_setopt(easy, CURLOPT_COOKIE, cookies.empty() ? nullptr : cookies.c_str());
}

CURLcode CurlRequest::ApplyProxy(CURL* easy) const {
  // Empty texts are not the same as none: they keep libcurl from asking the environment.
  Setter set(easy);
  set(CURLOPT_PROXY, transport_->proxy().c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_PROXYHEADER, proxy_headers_.get());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  return set.result();
}

}  // namespace squall
