#include "tests/support/tls_answerer.h"

#include <cstdlib>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/socket.h>

namespace squall::testing {

TlsAnswerer::TlsAnswerer(const TlsServerOptions& options, TlsAnswer answer)
    : server_(options), answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Accept(); });
}

TlsAnswerer::~TlsAnswerer() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string TlsAnswerer::Url() const { return fmt::format("https://127.0.0.1:{}/", port_); }

void TlsAnswerer::Accept() {
  for (int socket; (socket = accept(listener_, nullptr, nullptr)) >= 0;) {
    const timeval patience{10, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    Serve(socket);
    close(socket);
    ERR_clear_error();
  }
}

void TlsAnswerer::Serve(int socket) {
  const TlsConnection ssl(SSL_new(server_.context()));
  SSL_set_fd(ssl.get(), socket);
  if (SSL_accept(ssl.get()) != 1) return;
  std::string request;
  while (!request.ends_with("\r\n\r\n")) {
    char bytes[4096];
    size_t count = 0;
    if (SSL_read_ex(ssl.get(), bytes, sizeof(bytes), &count) != 1) return;
    request.append(bytes, count);
  }
  for (size_t at = 0; at < answer_.bytes.size(); at += answer_.record_size) {
    const std::string record = answer_.bytes.substr(at, answer_.record_size);
    if (SSL_write(ssl.get(), record.data(), static_cast<int>(record.size())) <= 0) return;
  }
  switch (answer_.end) {
    case TlsAnswer::End::kGoodbye:
      SSL_shutdown(ssl.get());
      break;
    case TlsAnswer::End::kCut:
    case TlsAnswer::End::kNone:
      break;
    case TlsAnswer::End::kRubbish:
      send(socket, "Who is there? Nobody.", 21, MSG_NOSIGNAL);
      break;
  }
  if (answer_.end != TlsAnswer::End::kNone) shutdown(socket, SHUT_WR);
  char rest[256];
  while (recv(socket, rest, sizeof(rest), 0) > 0) continue;  // closing earlier could reset
}

}  // namespace squall::testing
