// A real nginx for tests, in a folder of its own, with a certificate that it made itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace squall::testing {

class Nginx {
 public:
  static bool Installed();

  // One server on a free port of 127.0.0.1. `listen` are the words after the address in its listen
  // directive: "", "http2", "ssl", "ssl http2". "/to?url=U" redirects to U, every other URL is
  // answered with 200 and "hello".
  explicit Nginx(const std::string& listen);
  // Ends the process.
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  std::string Url(const std::string& scheme, const std::string& path = "/") const;
  // The certificate that it shows, for 127.0.0.1 and localhost; it has signed it itself.
  std::string CertificatePem() const;

  // A line for each request, "<number of the connection> <protocol>". Ends the process first.
  std::vector<std::string> StopAndReadLog();

 private:
  void WriteConfiguration(const std::string& listen) const;
  void Start();
  void Stop();

  std::string folder_;
  uint16_t port_;
  pid_t process_ = -1;
};

}  // namespace squall::testing
