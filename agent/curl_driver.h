// Runs libcurl's transfers on a libev loop, through libcurl's multi-socket interface.
//
// One watcher for each socket number, kept for good, and one timer. libcurl drops its interest in a
// connection's socket at the end of a request and takes it up again with the next one; since what
// follows a completion is sent before the loop turns, libev sees no change in between and makes no
// system call. Only that a socket number stands for another socket must be told to libev: hence
// the hooks on opening and closing.
//
// Belongs to the loop's thread.
#pragma once

#include <ev.h>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "absl/status/statusor.h"
#include "agent/connection_gauge.h"
#include "agent/connection_look.h"
#include "agent/curl_handles.h"

namespace squall {

class CurlDriver {
 public:
  // Gets each transfer's end, once, from the loop; the handle is out of the driver's hands again
  // and may be added anew from within the call.
  using Completion = std::function<void(CURL* easy, CURLcode result)>;
  // Follows a batch of completions: transfers are better added from here.
  using AfterBatch = std::function<void()>;

  // `loop` and `gauge` outlive the driver.
  static absl::StatusOr<std::unique_ptr<CurlDriver>> Make(struct ev_loop* loop,
                                                          ConnectionGauge& gauge,
                                                          Completion completion,
                                                          AfterBatch after_batch);
  // Every handle must have been removed.
  ~CurlDriver();
  CurlDriver(const CurlDriver&) = delete;
  CurlDriver& operator=(const CurlDriver&) = delete;

  // For the options of the whole, e.g. the size of the connection pool.
  CURLM* multi() { return multi_.get(); }

  // To be called once for each handle that is to be added.
  CURLcode Prepare(CURL* easy);

  // Begins a transfer. If that fails, the completion says so, and later.
  void Add(CURL* easy);
  // Lets a transfer fail that could not be begun: its completion comes later.
  void FailLater(CURL* easy, CURLcode result);
  // Gives a transfer up; no completion comes.
  void Remove(CURL* easy);
  // Looks at some of its connections.
  void Look(ConnectionLook& look) const;

 private:
  struct Watcher {
    ev_io io;
    bool connection = false;  // a connection's socket, whose closing will be told
    bool armed = false;       // libev knows this very socket
  };

  CurlDriver(struct ev_loop* loop, ConnectionGauge& gauge, Completion completion,
             AfterBatch after_batch);

  static int OnSocket(CURL* easy, curl_socket_t socket, int interest, void* self,
                      void* unused) noexcept;
  static int OnTimeout(CURLM* multi, long delay_ms, void* self) noexcept;
  static int OnOpen(void* self, curl_socket_t socket, curlsocktype purpose) noexcept;
  static int OnClose(void* self, curl_socket_t socket) noexcept;
  static void OnReady(struct ev_loop* loop, ev_io* io, int events) noexcept;
  static void OnTimer(struct ev_loop* loop, ev_timer* timer, int events) noexcept;

  Watcher& WatcherOf(curl_socket_t socket);
  void Watch(curl_socket_t socket, int interest);
  void Arm(long delay_ms);
  void Run(curl_socket_t socket, int events);
  void Deliver();

  struct ev_loop* const loop_;
  ConnectionGauge& gauge_;
  const Completion completion_;
  const AfterBatch after_batch_;
  ev_timer timer_;
  std::vector<std::unique_ptr<Watcher>> watchers_;  // by socket number
  std::vector<std::pair<CURL*, CURLcode>> failed_;  // not begun, completion to come
  bool due_ = false;                                // libcurl asked to be run at once
  CurlMulti multi_;                                 // last: closing its connections calls back
};

}  // namespace squall
