#include "agent/curl_global.h"

#include <csignal>

namespace squall {

CURLcode InitialiseLibcurl() {
  static const CURLcode result = [] {
    // OpenSSL writes to sockets without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_ALL);
  }();
  return result;
}

}  // namespace squall
