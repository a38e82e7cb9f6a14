#include "agent/curl_exchange.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "agent/curl_timings.h"
#include "agent/own_server.h"
#include "common/values.h"

namespace squall {
namespace {

// More than any server means to send; without a limit a header could go on for ever.
constexpr uint64_t kMostHeaderBytes = 256 * 1024;

constexpr std::string_view kNotHttp2 = "the server did not agree to HTTP/2";

bool IsRedirect(uint32_t status) { return status >= 300 && status < 400; }

}  // namespace

CurlExchange::CurlExchange(uint32_t slot, const CurlCall& call, const CurlGuard& guard,
                           const RequestSource* source)
    : slot_(slot),
      call_(&call),
      request_(&call.request),
      guard_(guard),
      rendering_(source),
      easy_(curl_easy_init()),
      prior_knowledge_(easy_.get(),
                       call.request.http2() && !call.request.transport().no_keepalive()) {
  message_[0] = '\0';
  FollowRequest();
}

absl::Status CurlExchange::Prepare() {
  CURL* handle = easy();
  if (handle == nullptr || curl_easy_setopt(handle, CURLOPT_PRIVATE, this) ||
      curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, message_.data()) ||
      curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, &OnSending) ||
      curl_easy_setopt(handle, CURLOPT_PREREQDATA, this) ||
      curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &OnHeader) ||
      curl_easy_setopt(handle, CURLOPT_HEADERDATA, this) ||
      curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &OnBody) ||
      curl_easy_setopt(handle, CURLOPT_WRITEDATA, this) ||
      curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, &OnTrace) ||
      curl_easy_setopt(handle, CURLOPT_DEBUGDATA, this)) {
    return absl::InternalError("libcurl gave no easy handle");
  }
  if (absl::Status status = request_->Apply(handle); !status.ok()) return status;
  if (ApplyOwn()) return absl::InternalError("libcurl took no headers");
  return absl::OkStatus();
}

CURLcode CurlExchange::Follow(const CurlCall& call) {
  if (call_ == &call) return CURLE_OK;
  call_ = &call;
  FollowRequest();
  if (const CURLcode result = request_->ApplyAnew(easy())) return result;
  return ApplyOwn();
}

void CurlExchange::FollowRequest() {
  request_ = &call_->request;
  rendering_.Follow(*request_, call_->index);
  tag_.Follow(rendering_.headers());
  check_ = checks_.Of(call_->checks);
}

// What is of the slot, not of the request alone.
CURLcode CurlExchange::ApplyOwn() {
  // libcurl's own count of what it sends takes small bodies twice.
  const CURLcode result = curl_easy_setopt(easy(), CURLOPT_VERBOSE, request_->has_body() ? 1L : 0L);
  curl_slist* headers = request_->tagged() ? tag_.headers() : rendering_.headers();
  if (result != CURLE_OK || headers == request_->headers()) return result;
  return curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, headers);
}

CURLcode CurlExchange::Begin(Nanos start, const std::string& url) {
  in_flight_ = true;
  start_ = start;
  hop_ = -1;
  sent_on_fresh_ = false;
  resent_ = false;
  begins_anew_ = false;
  second_sending_refused_ = false;
  redirect_refused_ = false;
  denial_.clear();
  answer_ = {};
  goodbye_.Forget();
  header_bytes_ = 0;
  body_bytes_ = 0;
  bytes_sent_ = 0;
  attempt_sent_ = false;
  connections_seen_ = 0;
  sample_size_ = 0;
  if (check_ != nullptr) check_->Begin();
  message_[0] = '\0';
  if (method_dropped_) {
    method_dropped_ = false;
    curl_easy_setopt(easy(), CURLOPT_CUSTOMREQUEST, request_->custom_method());
  }
  if (past_.attempts > 0 || waited_ > 0) {
    past_ = {};
    waited_ = 0;
    request_->ApplyAttempt(easy(), false, 0);
  }
  prior_knowledge_.Begin();
  if (rendering_.renders()) {
    if (const CURLcode result = rendering_.Apply(easy())) return result;
  }
  if (request_->transport().cookies()) cookies_.Bound(easy());
  return curl_easy_setopt(easy(), CURLOPT_URL, url.c_str());
}

void CurlExchange::Explain(std::string_view why) {
  const size_t size = std::min(why.size(), message_.size() - 1);
  std::memcpy(message_.data(), why.data(), size);
  message_[size] = '\0';
}

bool CurlExchange::BeginsAnew(CURLcode result, bool elsewhere) {
  const bool given_up = begins_anew_;
  if (!given_up && !elsewhere && !GaveUpTooEarly(result)) return false;
  begins_anew_ = false;
  attempt_sent_ = false;
  ++past_.attempts;
  past_.connections += static_cast<uint32_t>(Info(CURLINFO_NUM_CONNECTS));
  past_.bytes_sent += static_cast<uint64_t>(Info(CURLINFO_REQUEST_SIZE));
  connections_seen_ = 0;
  message_[0] = '\0';
  // Where several streams share a connection, one that another of them has just opened will do.
  const bool again = hop_ >= 0;
  const bool fresh = again && !request_->multiplexed();
  request_->ApplyAttempt(easy(), fresh, SteadyNow() - start_);
  if (given_up && !fresh) {
    prior_knowledge_.Turn();
  } else {
    prior_knowledge_.BeginFresh();
  }
  return true;
}

// libcurl has its own limit of second sendings, over all requests of the handle.
bool CurlExchange::GaveUpTooEarly(CURLcode result) const {
  return result != CURLE_OK && attempt_sent_ && !second_sending_refused_ && hop_ == 0 &&
         Info(CURLINFO_REDIRECT_COUNT) == 0 && MayResend() &&
         KindOf(FailureOf(result)) == v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE;
}

Outcome CurlExchange::Finish(CURLcode result) {
  in_flight_ = false;
  // libcurl takes a connection that ends within a header for the end of a good answer.
  const bool answered = result == CURLE_OK && answer_.complete && !goodbye_.missing();
  // Asked to go on with the same request after a whole answer (417, say): the answer stands.
  const bool stopped = second_sending_refused_ && answer_.complete;
  prior_knowledge_.End(answered);
  return answered || stopped ? Answered() : Failed(result);
}

Outcome CurlExchange::CutOff() {
  in_flight_ = false;
  prior_knowledge_.End(false);
  Outcome outcome;
  CountInto(outcome);
  outcome.kind = v1::FAILURE_KIND_CUT_OFF;
  outcome.detail = "still in flight at the end of the drain time";
  return outcome;
}

uint32_t CurlExchange::connections() const {
  return past_.connections + static_cast<uint32_t>(Info(CURLINFO_NUM_CONNECTS));
}

// As they came, before they were decoded.
uint64_t CurlExchange::BodyBytes() const {
  if (!request_->transport().compressed()) return body_bytes_;
  curl_off_t bytes = 0;
  if (attempt_sent_) curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  return static_cast<uint64_t>(bytes);
}

void CurlExchange::CountInto(Outcome& outcome) const {
  outcome.bytes_received = header_bytes_ + BodyBytes();
  outcome.bytes_sent = request_->has_body()
                           ? bytes_sent_
                           : past_.bytes_sent + static_cast<uint64_t>(Info(CURLINFO_REQUEST_SIZE));
  outcome.connections = connections();
  outcome.resent = resent_;
}

Outcome CurlExchange::Answered() {
  Outcome outcome;
  CountInto(outcome);
  if (request_->http2() && Info(CURLINFO_HTTP_VERSION) < CURL_HTTP_VERSION_2_0) {
    outcome.kind = v1::FAILURE_KIND_HTTP_VERSION;
    outcome.detail = kNotHttp2;
    return outcome;
  }
  outcome.status = answer_.status;
  if (hop_ == 0 && past_.attempts == 0 && !resent_) {
    outcome.timings = CurlTimings(easy(), outcome.connections > 0);
    if (outcome.connections > 0) outcome.timings.resolve += waited_;
  }
  if (check_ != nullptr) {
    outcome.judged = check_->Judge(outcome.status);
    outcome.detail = check_->detail();
  } else {
    outcome.detail = std::string_view(sample_.data(), sample_size_);
  }
  return outcome;
}

CurlFailure CurlExchange::FailureOf(CURLcode result) const {
  const long redirects = Info(CURLINFO_REDIRECT_COUNT);
  CurlFailure failure;
  failure.result = result == CURLE_OK ? CURLE_PARTIAL_FILE : result;
  failure.message = message_[0] != '\0' ? message_.data() : curl_easy_strerror(failure.result);
  failure.system_error = static_cast<int>(Info(CURLINFO_OS_ERRNO));
  failure.hop_sent = attempt_sent_ && hop_ == redirects;
  failure.hop_answered = failure.hop_sent && answer_.header_bytes > 0;
  failure.redirected = redirects > 0;
  failure.proxied = !request_->transport().proxy().empty();
  failure.tunnel_refused = Info(CURLINFO_HTTP_CONNECTCODE) >= 300;
  failure.http2 = request_->http2();
  failure.fresh_connection = connections() > 0;
  return failure;
}

Outcome CurlExchange::Failed(CURLcode result) {
  Outcome outcome;
  CountInto(outcome);
  const CurlFailure failure = FailureOf(result);
  outcome.kind = KindOf(failure);
  outcome.detail = failure.message;
  if (!denial_.empty()) {
    outcome.kind = v1::FAILURE_KIND_POLICY;
    outcome.detail = denial_;
  } else if (outcome.kind == v1::FAILURE_KIND_HTTP_VERSION) {
    outcome.detail = kNotHttp2;
  } else if (redirect_refused_) {
    outcome.kind = v1::FAILURE_KIND_OTHER;
    outcome.detail = "libcurl 7.88 cannot follow this redirect over HTTP/2 without TLS";
  } else if (result == CURLE_OK && goodbye_.missing()) {
    outcome.detail = "connection closed without TLS's close_notify";
  } else if (second_sending_refused_) {
    outcome.detail = "the connection was closed before the answer; the request was not sent again";
  } else if (outcome.kind == v1::FAILURE_KIND_INVALID_RESPONSE &&
             (result == CURLE_WRITE_ERROR || result == CURLE_OUT_OF_MEMORY)) {
    const bool in_header = result == CURLE_OUT_OF_MEMORY || answer_.header_bytes > kMostHeaderBytes;
    outcome.detail = in_header ? "the answer's header is too large"
                               : "the answer's body is not compressed as it says";
  }
  outcome.detail = outcome.detail.substr(0, Metrics::kMaxDetailBytes);
  return outcome;
}

CurlExchange::Sending CurlExchange::JudgeSending(long redirects) const {
  if (hop_ < 0) return Sending::kFirst;
  if (request_->transport().follow() && redirects > hop_ && IsRedirect(answer_.status)) {
    return Sending::kRedirected;
  }
  return redirects == hop_ && MayResend() ? Sending::kAgain : Sending::kRefused;
}

// After the newest sending has brought nothing.
bool CurlExchange::MayResend() const {
  return request_->idempotent() && !resent_ && !sent_on_fresh_ && answer_.header_bytes == 0;
}

// On a connection as fresh as need be; and as libcurl would begin to count the timeout anew, early
// enough for that to make no difference.
bool CurlExchange::LibcurlMayResend(bool fresh) const {
  constexpr Nanos kNoDifference = 100;
  return (fresh || request_->multiplexed()) &&
         SteadyNow() - start_ < request_->transport().timeout_ns() / kNoDifference;
}

int CurlExchange::OnSending(void* self, char*, char*, int, int) noexcept {
  CurlExchange& exchange = *static_cast<CurlExchange*>(self);
  const long redirects = exchange.Info(CURLINFO_REDIRECT_COUNT);
  const long connections = exchange.Info(CURLINFO_NUM_CONNECTS);
  const bool fresh = connections > exchange.connections_seen_;
  const Sending sending = exchange.JudgeSending(redirects);
  if (sending == Sending::kRefused) {
    exchange.second_sending_refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  // By libcurl itself, that is; what was begun anew has what it needs.
  if (sending == Sending::kAgain && exchange.attempt_sent_ && !exchange.LibcurlMayResend(fresh)) {
    // What a redirect led to cannot be begun anew.
    (redirects == 0 ? exchange.begins_anew_ : exchange.second_sending_refused_) = true;
    return CURL_PREREQFUNC_ABORT;
  }
  if (redirects != 0) {
    if (const absl::Status allowed = exchange.guard_.CheckRedirected(exchange.easy());
        !allowed.ok()) {
      exchange.Deny(std::string(allowed.message()));
      return CURL_PREREQFUNC_ABORT;
    }
  }
  switch (exchange.prior_knowledge_.BeforeSending(redirects == 0)) {
    case CurlPriorKnowledge::Verdict::kSend:
      break;
    case CurlPriorKnowledge::Verdict::kAnew:
      exchange.begins_anew_ = true;
      return CURL_PREREQFUNC_ABORT;
    case CurlPriorKnowledge::Verdict::kRefuse:
      exchange.redirect_refused_ = true;
      return CURL_PREREQFUNC_ABORT;
  }
  // 303 is to be followed with GET (RFC 9110, 15.4.4), but libcurl keeps a method of ours.
  if (exchange.answer_.status == 303 && exchange.request_->custom_method() != nullptr) {
    curl_easy_setopt(exchange.easy(), CURLOPT_CUSTOMREQUEST, nullptr);
    exchange.method_dropped_ = true;
  }
  exchange.hop_ = redirects;
  exchange.attempt_sent_ = true;
  exchange.sent_on_fresh_ = fresh;
  exchange.resent_ |= sending == Sending::kAgain;
  exchange.connections_seen_ = connections;
  exchange.answer_ = {};
  exchange.goodbye_.Forget();
  if (exchange.check_ != nullptr) exchange.check_->Begin();
  return CURL_PREREQFUNC_OK;
}

size_t CurlExchange::OnHeader(char* line, size_t, size_t size, void* self) noexcept {
  CurlExchange& exchange = *static_cast<CurlExchange*>(self);
  exchange.header_bytes_ += size;
  exchange.answer_.header_bytes += size;
  if (exchange.answer_.header_bytes > kMostHeaderBytes) return 0;  // ends the transfer
  const std::string_view text(line, size);
  if (exchange.check_ != nullptr) exchange.CheckHeader(text);
  if (exchange.request_->transport().cookies()) exchange.cookies_.OnHeader(text);
  if (text == "\r\n" || text == "\n") exchange.EndOfHeader();
  return size;
}

// Of the answer that is still to be completed: what was provisional is forgotten, trailers come
// later.
void CurlExchange::CheckHeader(std::string_view line) {
  if (answer_.complete) return;
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) return check_->ForgetHeaders();
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  check_->OnHeader(line.substr(0, colon), TrimBlanks(line.substr(colon + 1)));
}

// Also comes at the end of trailers, which change nothing.
void CurlExchange::EndOfHeader() {
  if (answer_.complete) return;
  answer_.status = static_cast<uint32_t>(Info(CURLINFO_RESPONSE_CODE));
  answer_.complete = answer_.status >= 200;
  if (answer_.complete && !server_judged_) JudgeServer();
  if (answer_.complete && !request_->http2() && request_->HasAnswerBody(answer_.status)) {
    goodbye_.AfterHeader(easy());
  }
  if (request_->transport().follow() && IsRedirect(answer_.status)) {
    prior_knowledge_.BeforeRedirect();
  }
}

void CurlExchange::JudgeServer() {
  server_judged_ = true;
  curl_header* server = nullptr;
  from_target_ = curl_easy_header(easy(), "Server", 0, CURLH_HEADER, -1, &server) == CURLHE_OK &&
                 server->value == kTargetName;
}

size_t CurlExchange::OnBody(char* bytes, size_t, size_t size, void* self) noexcept {
  CurlExchange& exchange = *static_cast<CurlExchange*>(self);
  exchange.body_bytes_ += size;
  if (exchange.check_ != nullptr) {
    exchange.check_->OnBody({bytes, size});
  } else if (exchange.answer_.status >= Metrics::kMinFailedStatus) {
    const size_t more = std::min(size, exchange.sample_.size() - exchange.sample_size_);
    std::memcpy(exchange.sample_.data() + exchange.sample_size_, bytes, more);
    exchange.sample_size_ += more;
  }
  return size;
}

int CurlExchange::OnTrace(CURL*, curl_infotype type, char*, size_t size, void* self) noexcept {
  if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT) {
    static_cast<CurlExchange*>(self)->bytes_sent_ += size;
  }
  return 0;
}

long CurlExchange::Info(CURLINFO info) const {
  long value = 0;
  curl_easy_getinfo(easy_.get(), info, &value);
  return value;
}

}  // namespace squall
