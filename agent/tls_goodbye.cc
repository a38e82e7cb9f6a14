#include "agent/tls_goodbye.h"

#include <openssl/ssl.h>

namespace squall {
namespace {

// Where a connection keeps its `said`; once a process.
int Place() {
  static const int place = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return place;
}

void OnInfo(const SSL* ssl, int what, int alert) noexcept {
  constexpr int kDescription = 0xff;  // the rest is the alert's level
  if (what != SSL_CB_READ_ALERT || (alert & kDescription) != SSL_AD_CLOSE_NOTIFY) return;
  *static_cast<bool*>(SSL_get_ex_data(ssl, Place())) = true;
}

}  // namespace

void WatchGoodbye(ssl_st* ssl, bool* said) {
  if (SSL_set_ex_data(ssl, Place(), said) == 1) SSL_set_info_callback(ssl, &OnInfo);
}

}  // namespace squall
