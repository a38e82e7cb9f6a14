// A body that ends with its connection is whole only if the server has said so (RFC 9112, 9.8).
//
// Over TLS that is a close_notify. libcurl 7.88 takes the connection's mere end for it, so that an
// answer that was cut short would look complete.
#pragma once

#include <curl/curl.h>

namespace squall {

// Of one exchange; lives as long as its easy handle.
class CurlGoodbye {
 public:
  // Another request begins.
  void Forget();
  // The final header of an answer with a body, over HTTP/1, has come.
  void AfterHeader(CURL* easy);
  // The body has ended without one.
  bool missing() const { return awaited_ && !said_; }

 private:
  bool awaited_ = false;
  bool said_ = false;
};

}  // namespace squall
