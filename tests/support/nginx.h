// A real nginx for tests, in a folder of its own, with a certificate that it made itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace squall::testing {

// What a listener with "ssl" asks of its clients.
struct NginxTls {
  std::string protocols = "TLSv1.2 TLSv1.3";
  // In PEM: clients without a certificate of it are answered with 400. Empty: none is asked for.
  std::string client_authority = "";
};

class Nginx {
 public:
  static bool Installed();

  // One server on a free port of 127.0.0.1. `listen` are the words after the address in its listen
  // directive: "", "http2", "ssl", "ssl http2". "/to?url=U" redirects to U, every other URL is
  // answered with 200 and "hello".
  explicit Nginx(const std::string& listen, const NginxTls& tls = {});
  // Ends the process.
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  uint16_t port() const { return port_; }
  std::string Url(const std::string& scheme, const std::string& path = "/") const;
  // The certificate that it shows, for 127.0.0.1 and localhost; it has signed it itself.
  std::string CertificatePem() const;

  // A line for each request, "<number of the connection> <protocol>". Ends the process first.
  std::vector<std::string> StopAndReadLog();

 private:
  void WriteConfiguration(const std::string& listen, const NginxTls& tls) const;
  void Start();
  void Stop();

  std::string folder_;
  uint16_t port_;
  pid_t process_ = -1;
};

}  // namespace squall::testing
