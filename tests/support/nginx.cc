#include "tests/support/nginx.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <thread>
#include <unistd.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "tests/support/raw_server.h"

namespace squall::testing {
namespace {

constexpr const char* kProgram = "/usr/sbin/nginx";

std::string MakeFolder() {
  std::string pattern = ::testing::TempDir() + "squall-nginx-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  return pattern;
}

bool Listens(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool connected =
      connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(socket);
  return connected;
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

bool Nginx::Installed() { return access(kProgram, X_OK) == 0; }

Nginx::Nginx(const std::string& listen, const NginxTls& tls)
    : folder_(MakeFolder()), port_(ClosedPort()) {
  const std::string make_certificate = fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-keyout {0}/key.pem -out {0}/certificate.pem -subj /CN=localhost "
      "-addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>{0}/openssl.log",
      folder_);
  EXPECT_EQ(std::system(make_certificate.c_str()), 0) << Read(folder_ + "/openssl.log");
  WriteConfiguration(listen, tls);
  Start();
}

Nginx::~Nginx() {
  Stop();
  std::filesystem::remove_all(folder_);
}

std::string Nginx::Url(const std::string& scheme, const std::string& path) const {
  return fmt::format("{}://127.0.0.1:{}{}", scheme, port_, path);
}

std::string Nginx::CertificatePem() const { return Read(folder_ + "/certificate.pem"); }

std::vector<std::string> Nginx::StopAndReadLog() {
  Stop();
  std::vector<std::string> lines;
  std::ifstream log(folder_ + "/access.log");
  for (std::string line; std::getline(log, line);) lines.push_back(line);
  return lines;
}

void Nginx::WriteConfiguration(const std::string& listen, const NginxTls& tls) const {
  std::string verify_client;
  if (!tls.client_authority.empty()) {
    const std::string authorities = folder_ + "/clients.pem";
    std::ofstream(authorities) << tls.client_authority;
    verify_client = fmt::format("ssl_verify_client on; ssl_client_certificate {};", authorities);
  }
  std::ofstream(folder_ + "/nginx.conf") << fmt::format(
      R"(daemon off;
master_process off;
pid {0}/nginx.pid;
error_log {0}/error.log;
events {{ worker_connections 2000; }}
http {{
  log_format connections "$connection $server_protocol";
  access_log {0}/access.log connections;
  keepalive_requests 1000000;
  client_body_temp_path {0}/a; proxy_temp_path {0}/b; fastcgi_temp_path {0}/c;
  uwsgi_temp_path {0}/d; scgi_temp_path {0}/e;
  server {{
    listen 127.0.0.1:{1} {2};
    ssl_certificate {0}/certificate.pem;
    ssl_certificate_key {0}/key.pem;
    ssl_protocols {3};
    {4}
    location / {{ return 200 "hello"; }}
    location /to {{ return 302 $arg_url; }}
  }}
}}
)",
      folder_, port_, listen, tls.protocols, verify_client);
}

void Nginx::Start() {
  const std::string configuration = folder_ + "/nginx.conf";
  const std::string log = folder_ + "/error.log";
  std::array<const char*, 8> arguments = {
      kProgram, "-p", folder_.c_str(), "-c", configuration.c_str(), "-e", log.c_str(), nullptr};
  ASSERT_EQ(posix_spawn(&process_, kProgram, nullptr, nullptr, const_cast<char**>(arguments.data()),
                        environ),
            0);
  const Nanos deadline = SteadyNow() + 10 * kSecond;
  while (!Listens(port_)) {
    ASSERT_LT(SteadyNow(), deadline) << Read(log);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void Nginx::Stop() {
  if (process_ <= 0) return;
  kill(process_, SIGQUIT);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace squall::testing
