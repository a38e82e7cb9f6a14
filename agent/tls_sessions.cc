#include "agent/tls_sessions.h"

#include <utility>

namespace squall {

SSL_SESSION* TlsSessions::Find(std::string_view origin) const {
  const auto found = by_origin_.find(origin);
  return found == by_origin_.end() ? nullptr : found->second->session.get();
}

void TlsSessions::Keep(const std::string& origin, TlsSession session) {
  if (const auto found = by_origin_.find(origin); found != by_origin_.end()) {
    found->second->session = std::move(session);
    newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
    return;
  }
  if (newest_first_.size() == limit_) {
    by_origin_.erase(newest_first_.back().origin);
    newest_first_.pop_back();
  }
  newest_first_.push_front({origin, std::move(session)});
  by_origin_.emplace(newest_first_.front().origin, newest_first_.begin());
}

void TlsSessions::Forget(std::string_view origin) {
  const auto found = by_origin_.find(origin);
  if (found == by_origin_.end()) return;
  const Entries::iterator entry = found->second;
  by_origin_.erase(found);
  newest_first_.erase(entry);
}

}  // namespace squall
