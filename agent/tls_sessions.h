// TLS sessions to take up again: with one, a handshake costs server and client a fraction.
//
// One a worker; belongs to its thread.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/tls_handles.h"

namespace squall {

// Keeps the newest session of each origin, and of origins those whose sessions are newest. A
// session holds its server's certificates, some kilobytes.
class TlsSessions {
 public:
  static constexpr size_t kLimit = 1000;

  explicit TlsSessions(size_t limit = kLimit) : limit_(limit) {}

  // Borrowed, until the next call; null if there is none.
  SSL_SESSION* Find(std::string_view origin) const;
  void Keep(const std::string& origin, TlsSession session);
  void Forget(std::string_view origin);

  size_t size() const { return newest_first_.size(); }

 private:
  struct Entry {
    std::string origin;
    TlsSession session;
  };
  using Entries = std::list<Entry>;

  const size_t limit_;  // of origins
  Entries newest_first_;
  std::unordered_map<std::string_view, Entries::iterator> by_origin_;  // keys are the entries'
};

}  // namespace squall
