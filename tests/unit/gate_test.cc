// The door of a control port: who is let in, and what becomes of the others.

#include "common/gate.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include "common/mutex.h"
#include "tests/unit/raw_client.h"

namespace squall {
namespace {

const std::string kHttp2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kTls = std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(40, 'x');

Opening OpeningOfText(std::string text) {
  std::array<char, kOpeningBytes> bytes{};
  text.resize(bytes.size());
  std::copy(text.begin(), text.end(), bytes.begin());
  return OpeningOf(bytes);
}

TEST(Opening, IsTold) {
  const struct {
    const char* name;
    std::string bytes;
    Opening want;
  } cases[] = {
      {"HTTP/2", kHttp2, Opening::kHttp2},
      {"TLS", kTls, Opening::kTls},
      {"TLS's other messages", std::string("\x16\x03\x01\x02\x00\x02", 6), Opening::kOther},
      {"SSL 2", std::string("\x80\x2e\x01\x00\x02", 5), Opening::kOther},
      {"HTTP/1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", Opening::kOther},
      {"nearly HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", Opening::kOther},
      {"zeros", "", Opening::kOther},
  };
  for (const auto& c : cases) EXPECT_EQ(OpeningOfText(c.bytes), c.want) << c.name;
}

// Says something, and sees whether it is still heard.
class Caller {
 public:
  Caller(uint16_t port, std::string_view words) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{kTestDeadline.count(), 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    Say(words);
  }
  ~Caller() { close(socket_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void Say(std::string_view words) { send(socket_, words.data(), words.size(), MSG_NOSIGNAL); }
  void EndSaying() { shutdown(socket_, SHUT_WR); }
  // Closed or reset, within the deadline.
  bool IsGone() { return Ended(0); }
  bool IsGoneNow() { return Ended(MSG_DONTWAIT); }

 private:
  bool Ended(int flags) {
    char byte = 0;
    const ssize_t got = recv(socket_, &byte, 1, flags);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

  const int socket_;
};

class GateTest : public testing::Test {
 protected:
  GateTest() { spdlog::set_level(spdlog::level::off); }
  ~GateTest() override {
    gate_.reset();
    MutexLock lock(mutex_);
    for (const auto& [peer, fd] : files_) close(fd);
    spdlog::set_level(level_);
  }

  void Open(const Gate::Limits& limits) {
    auto gate = Gate::Open(*ParseListenAddress("127.0.0.1:0"), "test", limits);
    ASSERT_TRUE(gate.ok()) << gate.status();
    gate_ = *std::move(gate);
    const auto begun = gate_->Begin([this](int fd, bool tls, const std::string& peer) {
      MutexLock lock(mutex_);
      files_[peer] = fd;
      (tls ? tls_ : plain_) += 1;
    });
    ASSERT_TRUE(begun.ok()) << begun;
    const std::string& address = gate_->address();
    port_ = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  std::unique_ptr<Caller> Connect(std::string_view words) {
    return std::make_unique<Caller>(port_, words);
  }
  int plain() {
    MutexLock lock(mutex_);
    return plain_;
  }
  int tls() {
    MutexLock lock(mutex_);
    return tls_;
  }
  // As whoever was given it does in the end.
  void Close(const std::string& peer) {
    MutexLock lock(mutex_);
    close(files_.extract(peer).mapped());
  }
  std::string AnyPeer() {
    MutexLock lock(mutex_);
    return files_.begin()->first;
  }
  int OptionOf(const std::string& peer, int level, int option) {
    MutexLock lock(mutex_);
    int value = 0;
    socklen_t size = sizeof value;
    getsockopt(files_.at(peer), level, option, &value, &size);
    return value;
  }

  const spdlog::level::level_enum level_ = spdlog::get_level();
  Mutex mutex_;
  std::map<std::string, int> files_ ABSL_GUARDED_BY(mutex_);
  int plain_ ABSL_GUARDED_BY(mutex_) = 0;
  int tls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<Gate> gate_;
  uint16_t port_ = 0;
};

TEST_F(GateTest, LetsThoseInThatBeginAsTheyShould) {
  Open({});
  const auto http2 = Connect(kHttp2);
  const auto secure = Connect(kTls);
  EXPECT_TRUE(Eventually([this] { return plain() == 1 && tls() == 1; }));
  const auto http1 = Connect("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_TRUE(http1->IsGone());
  const auto little = Connect("short");
  little->EndSaying();
  EXPECT_TRUE(little->IsGone());
  EXPECT_TRUE(Eventually([this] { return gate_->refused() == 2; }));
  EXPECT_EQ(plain(), 1);
  EXPECT_EQ(tls(), 1);
}

TEST_F(GateTest, TcpAsksWhetherASilentOneIsStillThere) {
  Open({});
  const auto caller = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 1; }));
  EXPECT_NE(OptionOf(AnyPeer(), SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(OptionOf(AnyPeer(), IPPROTO_TCP, TCP_KEEPINTVL), 5);
}

TEST_F(GateTest, APieceAtATimeIsHeardToo) {
  Open({});
  const auto client = Connect("");
  for (const char c : kHttp2) {
    client->Say(std::string(1, c));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_TRUE(Eventually([this] { return plain() == 1; }));
}

TEST_F(GateTest, WhoIsSilentIsClosed) {
  Open({.patience = kSecond / 5});
  const auto silent = Connect("");
  const auto slow = Connect("PRI * HT");
  EXPECT_TRUE(silent->IsGone());
  EXPECT_TRUE(slow->IsGone());
  EXPECT_TRUE(Eventually([this] { return gate_->refused() == 2; }));
}

TEST_F(GateTest, TheOldestSilentOneMakesRoom) {
  Open({.patience = 1000 * kSecond, .most_silent = 2});
  const auto first = Connect("");
  const auto second = Connect("");
  const auto third = Connect("");
  EXPECT_TRUE(first->IsGone());
  const auto speaks = Connect(kHttp2);
  EXPECT_TRUE(Eventually([this] { return plain() == 1; }));
}

TEST_F(GateTest, TheOldestStrangerMakesRoom) {
  Open({.strange = 1000 * kSecond, .most_strangers = 5, .most_of_one_host = 1});
  const auto known = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 1; }));
  gate_->Known(AnyPeer());
  const auto stranger = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 2; }));
  const auto another = Connect(kHttp2);
  EXPECT_TRUE(stranger->IsGone());
  EXPECT_TRUE(Eventually([this] { return plain() == 3 && gate_->refused() == 1; }));
  EXPECT_FALSE(known->IsGoneNow());
  EXPECT_FALSE(another->IsGoneNow());
}

TEST_F(GateTest, WhoSaysMuchBeforeAnAnswerIsNotLetIn) {
  Open({});
  const auto client = Connect(kHttp2 + std::string(5000, 'x'));
  EXPECT_TRUE(client->IsGone());
  EXPECT_TRUE(Eventually([this] { return gate_->refused() == 1; }));
  EXPECT_EQ(plain(), 0);
}

TEST_F(GateTest, AStrangerThatSaysMuchIsShutDownAndWhoIsKnownIsNot) {
#if !defined(__linux__) || defined(SQUALL_PORTABLE)
  GTEST_SKIP() << "nobody tells how much it was";
#endif
  Open({.strange = 1000 * kSecond, .most_strange_bytes = 3000});
  const auto known = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 1; }));
  gate_->Known(AnyPeer());
  const auto stranger = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 2; }));
  known->Say(std::string(4000, 'x'));
  stranger->Say(std::string(4000, 'x'));
  EXPECT_TRUE(Eventually([this] { return gate_->refused() == 1; }));
  EXPECT_TRUE(stranger->IsGone());
  EXPECT_FALSE(known->IsGoneNow());
}

TEST_F(GateTest, OneCallTooManyEndsAConnection) {
  Open({.most_calls = 2});
  const auto client = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 1; }));
  const std::string peer = AnyPeer();
  EXPECT_TRUE(gate_->Called(peer));
  gate_->Known(peer);
  EXPECT_TRUE(gate_->Called(peer));
  EXPECT_FALSE(gate_->Called(peer));
  EXPECT_FALSE(gate_->Called(peer));
  EXPECT_TRUE(client->IsGone());
  EXPECT_EQ(gate_->refused(), 1u);
  EXPECT_TRUE(gate_->Called("127.0.0.1:1"));
}

TEST_F(GateTest, NobodyIsLetInWhileWhoWasShutDownIsNotClosed) {
  Open({.strange = 1000 * kSecond, .most_of_one_host = 1});
  const auto first = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 1; }));
  const std::string first_peer = AnyPeer();
  const auto second = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 2; }));
  EXPECT_TRUE(first->IsGone());
  const auto third = Connect(kHttp2);
  EXPECT_TRUE(third->IsGone());
  EXPECT_EQ(plain(), 2);
  Close(first_peer);
  EXPECT_TRUE(Eventually([this] {
    Connect(kHttp2);
    return plain() == 3;
  }));
}

TEST_F(GateTest, NothingIsLetInAfterTheEnd) {
  Open({});
  gate_->End();
  gate_->End();
  const auto late = Connect(kHttp2);
  gate_->Known("127.0.0.1:1");
  gate_.reset();
  EXPECT_TRUE(late->IsGone());
  EXPECT_EQ(plain(), 0);
}

TEST_F(GateTest, AStrangerIsShutDownInTimeAndWhoIsKnownIsNot) {
  Open({.strange = kSecond / 2});
  const auto known = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 1; }));
  gate_->Known(AnyPeer());
  const auto stranger = Connect(kHttp2);
  EXPECT_TRUE(stranger->IsGone());
  EXPECT_TRUE(Eventually([this] { return gate_->refused() == 1; }));
  EXPECT_FALSE(known->IsGoneNow());
}

TEST_F(GateTest, AConnectionEndsSomeTimeAfterItsLastWords) {
  Open({.parting = kSecond / 10});
  const auto known = Connect(kHttp2);
  ASSERT_TRUE(Eventually([this] { return plain() == 1; }));
  gate_->Known(AnyPeer());
  gate_->Gone(AnyPeer());
  EXPECT_TRUE(known->IsGone());
  EXPECT_EQ(gate_->refused(), 0u);
}

TEST(Gate, TakesNoFileForASocket) {
  const std::string path = testing::TempDir() + "/gate_" + std::to_string(getpid());
  std::ofstream(path) << "somebody's";
  EXPECT_FALSE(Gate::Open(*ParseListenAddress("unix:" + path), "test", {}).ok());
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

TEST(Gate, AddressesThatCannotBeHad) {
  EXPECT_FALSE(Gate::Open(*ParseListenAddress("192.0.2.1:0"), "test", {}).ok());
  const auto first = Gate::Open(*ParseListenAddress("127.0.0.1:0"), "test", {});
  ASSERT_TRUE(first.ok());
  const auto second = Gate::Open(*ParseListenAddress((*first)->address()), "test", {});
  EXPECT_NE(std::string(second.status().message()).find("is another test running"),
            std::string::npos);
}

}  // namespace
}  // namespace squall
