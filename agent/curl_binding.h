// Binds the transfers of libcurl to the addresses that Routes deals out, so that both transports
// spread their connections in the same way.
//
// libcurl would take the first address of a name that answers. Instead, a slot's transfers are told
// the address to connect to (CURLOPT_CONNECT_TO; SNI, Host and verification stay the URL's), the
// same one each time, so that connections are used again. With a proxy names are the proxy's
// business, and where a redirect leads to another host libcurl looks it up by itself: such
// addresses are held against the agent's policy before a socket is made (CurlGuard). Connections
// to addresses that a name has no longer stay open until libcurl drops them.
//
// Belongs to the loop's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "agent/curl_guard.h"
#include "agent/curl_handles.h"
#include "agent/routes.h"
#include "agent/transport.h"

namespace squall {

// The slots that share a connection, or the one that has its own.
struct CurlGroup {
  uint32_t connection = 0;  // of the worker, counted from 0
  // What its slots were last bound to.
  const Route* route = nullptr;
  uint32_t generation = 0;
  std::optional<Endpoint> endpoint;  // none: to be chosen anew
};

class CurlBinding {
 public:
  // What all bindings of a worker share; outlives them.
  struct Shared {
    const v1::Transport& transport;
    Network& network;
    Routes& routes;
    const CurlGuard& guard;
    Transport::Sink& sink;
  };

  // `easy` is its slot's, and `group` the one that the slot belongs to; both outlive it. It stays
  // where it is: the handle calls back.
  CurlBinding(Shared& shared, CurlGroup& group, CURL* easy);
  CurlBinding(const CurlBinding&) = delete;
  CurlBinding& operator=(const CurlBinding&) = delete;

  // To be called once.
  CURLcode Prepare();

  // For a new request: where its URL leads to. Null: to a proxy, which knows by itself.
  Route* Find(const std::string& url);
  // Tells the handle the address to connect to. The route is ready.
  CURLcode Bind(Route& route);
  // After a transfer of a bound request has failed. True if it could connect to nothing and there
  // is another address to try: the handle has been told that one.
  bool MovesOn(CURLcode result);

  // Why the policy let no connection be opened for the request that has just ended; empty: it did.
  const std::string& denied() const { return denied_; }
  // Where the answer to the request that has just ended came from.
  uint32_t AnsweredFrom() const;

 private:
  static curl_socket_t OnOpen(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;

  CURLcode Choose(Route& route);
  CURLcode Tell(const Endpoint& endpoint);
  bool Follows() const { return shared_.transport.follow(); }
  bool WasRedirected() const;
  bool CouldNotConnect(CURLcode result) const;

  Shared& shared_;
  CurlGroup& group_;
  CURL* const easy_;
  std::string denied_;
  std::string origin_;      // of the newest URL
  Route* found_ = nullptr;  // for it
  Route* route_ = nullptr;  // that it is bound for
  uint32_t tries_left_ = 0;
  bool opening_ = false;              // a connection was begun for the request
  std::optional<Endpoint> endpoint_;  // that the handle has been told
  CurlList connect_to_;
  CurlList resolve_;
};

}  // namespace squall
