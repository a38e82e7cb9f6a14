#include "agent/curl_question.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

#include "agent/curl_global.h"
#include "agent/curl_guard.h"
#include "agent/curl_handles.h"
#include "agent/curl_request.h"
#include "agent/endpoint.h"
#include "agent/server_counts.h"
#include "common/clock.h"
#include "common/plan_requests.h"
#include "common/quiet_socket.h"
#include "common/url.h"

namespace squall {
namespace {

// Of one answer. A server that counts has it at hand.
constexpr Nanos kAnswerTime = 2 * kSecond;
constexpr int kLookMilliseconds = 1000;

bool SameOrigin(const v1::Plan& plan, const std::string& url) {
  const UrlParts asked = SplitUrl(url);
  const std::vector<const v1::Request*> requests =
      plan.has_urls() ? std::vector<const v1::Request*>{&plan.request()} : RequestsOf(plan);
  return std::any_of(requests.begin(), requests.end(), [&asked](const v1::Request* request) {
    if (request->url().empty()) return false;
    const UrlParts of_plan = SplitUrl(request->url());
    return of_plan.https == asked.https && of_plan.host == asked.host && of_plan.port == asked.port;
  });
}

v1::Plan PlanOf(const v1::Plan& plan, const std::string& url) {
  v1::Plan question;
  question.mutable_request()->set_method("GET");
  v1::Transport& transport = *question.mutable_transport();
  transport = plan.transport();
  transport.set_timeout_ns(kAnswerTime);
  transport.set_streams(1);
  transport.set_no_keepalive(false);
  transport.set_follow(false);
  // Over plain TCP HTTP/2 is not agreed upon: elsewhere it is not to be expected.
  if (!SameOrigin(plan, url)) transport.set_http_version(v1::HTTP_VERSION_1_1);
  return question;
}

class CurlQuestion final : public ServerWatch::Question {
 public:
  CurlQuestion(const v1::Plan& plan, const Network& network, std::string url, WhereToAsk where)
      : plan_(PlanOf(plan, url)),
        request_(plan_),
        guard_(plan_.transport(), network),
        url_(std::move(url)),
        where_(std::move(where)) {
    if (plan.transport().source_addresses_size() != 0) {
      source_ = fmt::format("host!{}", plan.transport().source_addresses(0));
    }
    message_[0] = '\0';
  }

  absl::StatusOr<ServerWatch::Answer> Ask() override;

  void Stop() override {
    stopped_.store(true);
    if (CURLM* multi = waiting_.load()) curl_multi_wakeup(multi);
  }

 private:
  static size_t OnBody(char* bytes, size_t one, size_t size, void* self) noexcept;
  static curl_socket_t OnOpen(void* self, curlsocktype, curl_sockaddr* address) noexcept;

  absl::Status Open();
  absl::Status Aim();
  CURLcode Transfer();

  const v1::Plan plan_;
  const CurlRequest request_;
  const CurlGuard guard_;
  const std::string url_;
  const WhereToAsk where_;
  std::string source_;
  CurlMulti multi_;  // keeps the connection; null: not opened yet
  CurlList connect_to_;
  CurlEasy easy_;
  std::string body_;
  std::array<char, CURL_ERROR_SIZE> message_;
  std::string denied_;  // why the policy did not let it connect
  std::atomic<bool> stopped_{false};
  std::atomic<CURLM*> waiting_{nullptr};  // for Stop()
};

size_t CurlQuestion::OnBody(char* bytes, size_t, size_t size, void* self) noexcept {
  std::string& body = static_cast<CurlQuestion*>(self)->body_;
  if (body.size() + size > ServerCounts::kMaxBytes) return 0;  // ends the transfer
  body.append(bytes, size);
  return size;
}

curl_socket_t CurlQuestion::OnOpen(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  CurlQuestion& question = *static_cast<CurlQuestion*>(self);
  const Endpoint to = MakeEndpoint(&address->addr, address->addrlen);
  const absl::Status allowed = question.guard_.CheckOpening(question.easy_.get(), to);
  question.denied_ = std::string(allowed.message());
  if (!allowed.ok()) return CURL_SOCKET_BAD;
  const curl_socket_t opened = socket(address->family, address->socktype, address->protocol);
  if (opened < 0) return CURL_SOCKET_BAD;
  MakeQuiet(opened);
  return opened;
}

absl::Status CurlQuestion::Open() {
  if (multi_ != nullptr) return absl::OkStatus();
  if (InitialiseLibcurl() != CURLE_OK) return absl::InternalError("libcurl cannot be used");
  CurlMulti multi(curl_multi_init());
  easy_.reset(curl_easy_init());
  if (multi == nullptr || easy_ == nullptr) {
    return absl::ResourceExhaustedError("libcurl gave no handle");
  }
  CURL* easy = easy_.get();
  if (absl::Status status = request_.Apply(easy); !status.ok()) return status;
  if (curl_easy_setopt(easy, CURLOPT_URL, url_.c_str()) ||
      curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, message_.data()) ||
      curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody) ||
      curl_easy_setopt(easy, CURLOPT_WRITEDATA, this) ||
      curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &OnOpen) ||
      curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this) ||
      (!source_.empty() && curl_easy_setopt(easy, CURLOPT_INTERFACE, source_.c_str()))) {
    return absl::InternalError("libcurl refused to ask the server");
  }
  multi_ = std::move(multi);
  waiting_.store(multi_.get());
  return absl::OkStatus();
}

absl::Status CurlQuestion::Aim() {
  const std::optional<std::string> where = where_();
  if (!where) return absl::UnavailableError("there is nobody to be asked");
  CurlList list;
  if (!where->empty()) {
    list.reset(curl_slist_append(nullptr, fmt::format("::{}", *where).c_str()));
    if (list == nullptr) return absl::ResourceExhaustedError("there is no memory");
  }
  curl_easy_setopt(easy_.get(), CURLOPT_CONNECT_TO, list.get());
  connect_to_ = std::move(list);
  return absl::OkStatus();
}

CURLcode CurlQuestion::Transfer() {
  CURLM* const multi = multi_.get();
  if (curl_multi_add_handle(multi, easy_.get()) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  int running = 1;
  while (running != 0 && !stopped_.load()) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    if (running != 0) curl_multi_poll(multi, nullptr, 0, kLookMilliseconds, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  }
  curl_multi_remove_handle(multi, easy_.get());
  return result;
}

absl::StatusOr<ServerWatch::Answer> CurlQuestion::Ask() {
  absl::Status status = Open();
  if (status.ok()) status = Aim();
  if (!status.ok()) return status;
  body_.clear();
  message_[0] = '\0';
  denied_.clear();
  ServerWatch::Answer answer;
  answer.asked = SteadyNow();
  const CURLcode result = Transfer();
  answer.answered = SteadyNow();
  if (result == CURLE_WRITE_ERROR) return absl::InvalidArgumentError("the answer is too long");
  if (!denied_.empty()) return absl::PermissionDeniedError(denied_);
  if (result != CURLE_OK) {
    return absl::UnavailableError(message_[0] != '\0' ? message_.data()
                                                      : curl_easy_strerror(result));
  }
  // What came before the question was sent tells nothing of when it was answered.
  curl_off_t sent = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &sent);
  answer.asked = std::min(answer.asked + static_cast<Nanos>(sent) * 1000, answer.answered);
  long code = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
  if (code != 200) return absl::UnavailableError(fmt::format("it answered with status {}", code));
  answer.body = std::exchange(body_, {});
  return answer;
}

}  // namespace

std::unique_ptr<ServerWatch::Question> MakeCurlQuestion(const v1::Plan& plan,
                                                        const Network& network,
                                                        const std::string& url, WhereToAsk where) {
  return std::make_unique<CurlQuestion>(plan, network, url, std::move(where));
}

}  // namespace squall
