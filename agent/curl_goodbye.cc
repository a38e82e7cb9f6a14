#include "agent/curl_goodbye.h"

#include <cstring>

#include "agent/tls_goodbye.h"

namespace squall {
namespace {

// Elsewhere libcurl may be made with another TLS library, or another OpenSSL than ours.
bool HasOpenSsl3() {
  static const bool has = [] {
    const char* version = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return version != nullptr && std::strncmp(version, "OpenSSL/3", 9) == 0;
  }();
  return has;
}

bool EndsWithConnection(CURL* easy) {
  curl_off_t length = -1;
  curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length >= 0) return false;
  // No other coding ends by itself than chunked, which must be the last one.
  curl_header* coding = nullptr;
  return curl_easy_header(easy, "Transfer-Encoding", 0, CURLH_HEADER, -1, &coding) != CURLHE_OK;
}

}  // namespace

void CurlGoodbye::Forget() {
  awaited_ = false;
  said_ = false;
}

void CurlGoodbye::AfterHeader(CURL* easy) {
  const curl_tlssessioninfo* tls = nullptr;
  if (!EndsWithConnection(easy) || !HasOpenSsl3() ||
      curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || tls == nullptr ||
      tls->backend != CURLSSLBACKEND_OPENSSL || tls->internals == nullptr) {
    return;
  }
  awaited_ = true;
  WatchGoodbye(static_cast<ssl_st*>(tls->internals), &said_);
}

}  // namespace squall
