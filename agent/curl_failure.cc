#include "agent/curl_failure.h"

#include <cerrno>

namespace squall {
namespace {

// The connection broke after it had been made, or an HTTP/2 stream on it.
v1::FailureKind Broken(const CurlFailure& failure) {
  return failure.hop_answered ? v1::FAILURE_KIND_INCOMPLETE
                              : v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE;
}

v1::FailureKind NotConnected(const CurlFailure& failure) {
  if (failure.proxied) return v1::FAILURE_KIND_PROXY;
  return failure.system_error == ECONNREFUSED ? v1::FAILURE_KIND_REFUSED : v1::FAILURE_KIND_CONNECT;
}

v1::FailureKind NotReceived(const CurlFailure& failure) {
  if (failure.tunnel_refused) return v1::FAILURE_KIND_PROXY;
  // The code is the one of a broken connection; only messages tell.
  if (failure.message.find("chunked-encoding") != std::string_view::npos) {
    return v1::FAILURE_KIND_INVALID_RESPONSE;
  }
  // What OpenSSL found wrong, be it an alert of the server's; an end without goodbye is none of it.
  if (failure.message.find("SSL routines") != std::string_view::npos &&
      failure.message.find("unexpected eof") == std::string_view::npos) {
    return v1::FAILURE_KIND_TLS;
  }
  return Broken(failure);
}

// Also what libcurl says of an answer that does not begin as HTTP does.
v1::FailureKind UnsupportedProtocol(const CurlFailure& failure) {
  if (failure.hop_sent) return v1::FAILURE_KIND_INVALID_RESPONSE;
  return failure.redirected ? v1::FAILURE_KIND_REDIRECTS : v1::FAILURE_KIND_OTHER;
}

// Where libcurl has broken off a conversation that was to be HTTP/2, it says this as well; had the
// server closed the connection, it would be another error.
v1::FailureKind Nothing(const CurlFailure& failure) {
  if (failure.http2 && failure.fresh_connection && !failure.hop_answered)
    return v1::FAILURE_KIND_HTTP_VERSION;
  return Broken(failure);
}

// On a connection that has never spoken HTTP/2 it means that the server speaks something else.
v1::FailureKind Http2Broken(const CurlFailure& failure) {
  return failure.fresh_connection && !failure.hop_answered ? v1::FAILURE_KIND_HTTP_VERSION
                                                           : v1::FAILURE_KIND_INVALID_RESPONSE;
}

}  // namespace

v1::FailureKind KindOf(const CurlFailure& failure) {
  switch (failure.result) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return v1::FAILURE_KIND_RESOLVE;
    case CURLE_COULDNT_CONNECT:
      return NotConnected(failure);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return v1::FAILURE_KIND_PROXY;
    case CURLE_OPERATION_TIMEDOUT:
      return v1::FAILURE_KIND_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_SHUTDOWN_FAILED:
      return v1::FAILURE_KIND_TLS;
    case CURLE_GOT_NOTHING:
      return Nothing(failure);
    case CURLE_ABORTED_BY_CALLBACK:  // a second sending, refused
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM:
      return Broken(failure);
    case CURLE_RECV_ERROR:
      return NotReceived(failure);
    case CURLE_READ_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_UPLOAD_FAILED:
      return v1::FAILURE_KIND_SEND;
    case CURLE_TOO_MANY_REDIRECTS:
      return v1::FAILURE_KIND_REDIRECTS;
    case CURLE_URL_MALFORMAT:
      return failure.redirected ? v1::FAILURE_KIND_REDIRECTS : v1::FAILURE_KIND_OTHER;
    case CURLE_UNSUPPORTED_PROTOCOL:
      return UnsupportedProtocol(failure);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:  // a header beyond the limit, refused
      return v1::FAILURE_KIND_INVALID_RESPONSE;
    case CURLE_OUT_OF_MEMORY:  // also libcurl's word for a header line of more than 100 KiB
      return failure.hop_sent ? v1::FAILURE_KIND_INVALID_RESPONSE : v1::FAILURE_KIND_OTHER;
    case CURLE_HTTP2:
      return Http2Broken(failure);
    default:
      return v1::FAILURE_KIND_OTHER;
  }
}

}  // namespace squall
