#include "agent/curl_driver.h"

#include <algorithm>
#include <unistd.h>

#include "absl/status/status.h"

namespace squall {

absl::StatusOr<std::unique_ptr<CurlDriver>> CurlDriver::Make(struct ev_loop* loop,
                                                             ConnectionGauge& gauge,
                                                             Completion completion,
                                                             AfterBatch after_batch) {
  std::unique_ptr<CurlDriver> driver(
      new CurlDriver(loop, gauge, std::move(completion), std::move(after_batch)));
  CURLM* multi = driver->multi();
  if (multi == nullptr || curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &OnSocket) ||
      curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, driver.get()) ||
      curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &OnTimeout) ||
      curl_multi_setopt(multi, CURLMOPT_TIMERDATA, driver.get())) {
    return absl::InternalError("libcurl gave no multi handle");
  }
  return driver;
}

CurlDriver::CurlDriver(struct ev_loop* loop, ConnectionGauge& gauge, Completion completion,
                       AfterBatch after_batch)
    : loop_(loop),
      gauge_(gauge),
      completion_(std::move(completion)),
      after_batch_(std::move(after_batch)),
      multi_(curl_multi_init()) {
  ev_timer_init(&timer_, &OnTimer, 0., 0.);
  timer_.data = this;
}

CurlDriver::~CurlDriver() {
  multi_.reset();
  ev_timer_stop(loop_, &timer_);
  for (const std::unique_ptr<Watcher>& watcher : watchers_) {
    if (watcher != nullptr) ev_io_stop(loop_, &watcher->io);
  }
}

CURLcode CurlDriver::Prepare(CURL* easy) {
  CURLcode result = curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &OnOpen);
  if (result == CURLE_OK) result = curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, this);
  if (result == CURLE_OK) result = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &OnClose);
  if (result == CURLE_OK) result = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  return result;
}

void CurlDriver::Add(CURL* easy) {
  const CURLMcode result = curl_multi_add_handle(multi_.get(), easy);
  if (result == CURLM_OK) return;
  FailLater(easy, result == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT);
}

void CurlDriver::FailLater(CURL* easy, CURLcode result) {
  failed_.emplace_back(easy, result);
  Arm(0);
}

void CurlDriver::Remove(CURL* easy) {
  std::erase_if(failed_, [easy](const auto& entry) { return entry.first == easy; });
  curl_multi_remove_handle(multi_.get(), easy);
}

int CurlDriver::OnSocket(CURL*, curl_socket_t socket, int interest, void* self, void*) noexcept {
  static_cast<CurlDriver*>(self)->Watch(socket, interest);
  return 0;
}

int CurlDriver::OnTimeout(CURLM*, long delay_ms, void* self) noexcept {
  static_cast<CurlDriver*>(self)->Arm(delay_ms);
  return 0;
}

int CurlDriver::OnOpen(void* self, curl_socket_t socket, curlsocktype) noexcept {
  Watcher& watcher = static_cast<CurlDriver*>(self)->WatcherOf(socket);
  watcher.connection = true;
  static_cast<CurlDriver*>(self)->gauge_.Opened();
  watcher.armed = false;
  return CURL_SOCKOPT_OK;
}

int CurlDriver::OnClose(void* self, curl_socket_t socket) noexcept {
  CurlDriver* driver = static_cast<CurlDriver*>(self);
  Watcher& watcher = driver->WatcherOf(socket);
  ev_io_stop(driver->loop_, &watcher.io);
  if (watcher.connection) driver->gauge_.Closed();
  watcher.connection = false;
  watcher.armed = false;
  return close(socket);
}

void CurlDriver::OnReady(struct ev_loop*, ev_io* io, int events) noexcept {
  const int ready =
      ((events & EV_READ) ? CURL_CSELECT_IN : 0) | ((events & EV_WRITE) ? CURL_CSELECT_OUT : 0);
  static_cast<CurlDriver*>(io->data)->Run(io->fd, ready);
}

void CurlDriver::OnTimer(struct ev_loop*, ev_timer* timer, int) noexcept {
  static_cast<CurlDriver*>(timer->data)->Run(CURL_SOCKET_TIMEOUT, 0);
}

CurlDriver::Watcher& CurlDriver::WatcherOf(curl_socket_t socket) {
  const size_t index = static_cast<size_t>(socket);
  if (index >= watchers_.size()) watchers_.resize(index + 1);
  std::unique_ptr<Watcher>& watcher = watchers_[index];
  if (watcher == nullptr) {
    watcher = std::make_unique<Watcher>();
    ev_io_init(&watcher->io, &OnReady, socket, 0);
    watcher->io.data = this;
  }
  return *watcher;
}

void CurlDriver::Watch(curl_socket_t socket, int interest) {
  Watcher& watcher = WatcherOf(socket);
  const int events =
      ((interest & CURL_POLL_IN) ? EV_READ : 0) | ((interest & CURL_POLL_OUT) ? EV_WRITE : 0);
  ev_io_stop(loop_, &watcher.io);
  if (interest == CURL_POLL_REMOVE) return;
  if (watcher.armed) {
    ev_io_modify(&watcher.io, events);
  } else {
    ev_io_set(&watcher.io, socket, events);
    // The resolver's pipes are closed without a word, so libev is told about them every time.
    watcher.armed = watcher.connection;
  }
  ev_io_start(loop_, &watcher.io);
}

void CurlDriver::Look(ConnectionLook& look) const {
  for (size_t socket = 0; socket < watchers_.size(); ++socket) {
    if (look.round_trips.size() == ConnectionLook::kMostOfAWorker) return;
    if (watchers_[socket] && watchers_[socket]->connection) look.Add(static_cast<int>(socket));
  }
}

void CurlDriver::Arm(long delay_ms) {
  if (!failed_.empty()) delay_ms = 0;
  due_ = delay_ms == 0;
  ev_timer_stop(loop_, &timer_);
  if (delay_ms < 0) return;
  ev_timer_set(&timer_, static_cast<double>(delay_ms) / 1000., 0.);
  ev_timer_start(loop_, &timer_);
}

void CurlDriver::Run(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, events, &running);
  Deliver();
  after_batch_();
  // What has been added goes out now, not after a turn of the loop. Once only: what ends at
  // once again must not keep the loop from its other work.
  if (due_) {
    due_ = false;
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    Deliver();
  }
}

void CurlDriver::Deliver() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode result = message->data.result;  // gone with the removal
    if (result == CURLE_COULDNT_CONNECT) {
      long error = 0;
      curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
      gauge_.Failed(static_cast<int>(error));
    }
    curl_multi_remove_handle(multi_.get(), easy);
    completion_(easy, result);
  }
  // Those that fail again right away wait for the next time.
  for (size_t count = failed_.size(); count > 0 && !failed_.empty(); --count) {
    const auto [easy, result] = failed_.front();
    failed_.erase(failed_.begin());
    completion_(easy, result);
  }
}

}  // namespace squall
