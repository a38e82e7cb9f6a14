// With an `ssh` that is none: a script that plays the other machine, as the host's name says.
#include "controller/ssh_fleet.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/ssh_target.h"

namespace squall {
namespace {

using ::testing::HasSubstr;

constexpr char kSsh[] = R"(#!/usr/bin/env python3
import os, socket, sys, threading, time
words = sys.argv
host = words[words.index("--") + 1]
here = words[words.index("-L") + 1].split(":")[0]
folder = os.path.dirname(words[0])
open(f"{folder}/{host}.pid", "w").write(str(os.getpid()))
def say(*words): print(*words, flush=True)
if host == "refused":
    sys.exit(print("ssh: connect to host refused port 22: Connection refused", file=sys.stderr) or 255)
if host == "slow":
    time.sleep(60)
server = socket.socket(socket.AF_UNIX)
if host != "forwards-not":
    server.bind(here)
    server.listen()
say("Welcome!")
say("squall-host", os.uname().sysname, "vax" if host == "vax" else os.uname().machine)
sha256, size, nonce = sys.stdin.buffer.raw.readline().split()
if host == "empty":
    say("squall-need")
    left = int(size)
    while left > 0:
        left -= len(sys.stdin.buffer.raw.read(min(left, 65536)))
else:
    say("squall-have")
say("squall-start")
say("squall-ready")
def answer():
    connection, _ = server.accept()
    connection.sendall(b"!")
answering = threading.Thread(target=answer, daemon=True)
if host != "forwards-not":
    answering.start()
if host == "short":
    answering.join()
    sys.exit(print("Connection reset by peer", file=sys.stderr) or 255)
while sys.stdin.buffer.raw.read(1):
    open(f"{folder}/{host}.beats", "a").write(".")
say("squall-ended 0")
)";

class NoLink final : public AgentLink {
 public:
  void Send(v1::ControllerMessage) override {}
};

class FakeDialer final : public Dialer {
 public:
  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)>) override {
    targets.push_back(target);
    return std::make_unique<NoLink>();
  }

  std::vector<std::string> targets;
};

class SshFleetTest : public ::testing::Test {
 protected:
  SshFleetTest() {
    std::string name = ::testing::TempDir() + "/ssh_fleet_XXXXXX";
    folder_ = mkdtemp(name.data());
    std::filesystem::create_directory(folder_ / "sockets");
    std::ofstream(folder_ / "ssh") << kSsh;
    std::filesystem::permissions(folder_ / "ssh", std::filesystem::perms::owner_all);
    path_ = std::getenv("PATH");
    setenv("PATH", (folder_.string() + ":" + path_).c_str(), 1);
    setenv("TMPDIR", (folder_ / "sockets").c_str(), 1);
    std::signal(SIGPIPE, SIG_IGN);
  }
  ~SshFleetTest() override {
    setenv("PATH", path_.c_str(), 1);
    unsetenv("TMPDIR");
    std::filesystem::remove_all(folder_);
  }

  static std::vector<Address> Addresses(const std::vector<std::string>& texts) {
    std::vector<Address> addresses;
    for (const std::string& text : texts) addresses.push_back({.display = text, .target = text});
    return addresses;
  }

  // Why there is no agent; nothing if there is one, which the other dialler was asked for.
  std::optional<absl::Status> Dial(SshFleet& fleet, const std::string& target) {
    std::optional<absl::Status> closed;
    const size_t before = dialer_.targets.size();
    const auto link = fleet.Dial(
        target, [&closed](FleetNews news) { closed = std::get<AgentClosed>(news).status; });
    EXPECT_EQ(dialer_.targets.size(), closed ? before : before + 1);
    return closed;
  }

  bool Runs(const std::string& host) const {
    pid_t pid = 0;
    std::ifstream(folder_ / (host + ".pid")) >> pid;
    return pid > 0 && kill(pid, 0) == 0;
  }

  size_t SocketsLeft() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder_ / "sockets"), {}));
  }

  FakeDialer dialer_;
  std::filesystem::path folder_;
  std::string path_;
};

constexpr auto kSilent = [](std::string_view) {};

TEST_F(SshFleetTest, EachIsThereOrSaysWhyNot) {
  struct Case {
    std::string target;
    std::string words;  // empty: it is there
  };
  const std::vector<Case> cases = {
      {"ssh:has-it", ""},
      {"ssh:ann@empty:2222", ""},
      {"ssh:refused", "connection refused"},
      {"ssh:vax", "vax, for which there is no squall"},
      {"ssh:forwards-not", "forwards no sockets"},
  };
  std::vector<std::string> said;
  {
    SshFleet fleet(dialer_);
    std::vector<Address> agents = Addresses({"dns:///c1:7400"});
    for (const Case& c : cases) agents.push_back(Addresses({c.target}).front());
    const absl::Status status =
        fleet.Start(agents, [&](std::string_view line) { said.emplace_back(line); });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_THAT(said, ::testing::Contains("2 agents started by ssh"));
    std::set<std::string> targets;
    for (const Case& c : cases) {
      SCOPED_TRACE(c.target);
      const auto closed = Dial(fleet, c.target);
      ASSERT_EQ(closed.has_value(), !c.words.empty());
      if (closed) {
        EXPECT_THAT(std::string(closed->message()), HasSubstr(c.words));
      } else {
        EXPECT_TRUE(dialer_.targets.back().starts_with("unix:" + folder_.string()));
        targets.insert(dialer_.targets.back());
      }
    }
    EXPECT_EQ(targets.size(), 2u);
    EXPECT_FALSE(Dial(fleet, "dns:///c1:7400"));
    EXPECT_EQ(dialer_.targets.back(), "dns:///c1:7400");
    EXPECT_TRUE(Dial(fleet, "ssh:never-named"));
    EXPECT_TRUE(Runs("has-it"));
  }
  for (const char* host : {"has-it", "empty", "forwards-not", "vax"}) EXPECT_FALSE(Runs(host));
  EXPECT_EQ(SocketsLeft(), 0u);
}

TEST_F(SshFleetTest, AnAgentThatIsGoneSaysWhy) {
  SshFleet fleet(dialer_);
  ASSERT_TRUE(fleet.Start(Addresses({"ssh:short", "ssh:has-it"}), kSilent).ok());
  std::optional<absl::Status> closed;
  for (const Nanos deadline = SteadyNow() + 20 * kSecond; !closed && SteadyNow() < deadline;) {
    closed = Dial(fleet, "ssh:short");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(closed);
  EXPECT_THAT(std::string(closed->message()),
              HasSubstr("its ssh ended (Connection reset by peer)"));
  EXPECT_FALSE(Dial(fleet, "ssh:has-it"));
  // It was told that we are there.
  EXPECT_TRUE(std::filesystem::exists(folder_ / "has-it.beats"));
}

TEST_F(SshFleetTest, AnInterruptEndsTheWait) {
  const Nanos begin = SteadyNow();
  {
    SshFleet fleet(dialer_);
    std::thread user([&fleet] {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      fleet.Interrupt();
    });
    EXPECT_TRUE(absl::IsCancelled(fleet.Start(Addresses({"ssh:slow", "ssh:has-it"}), kSilent)));
    user.join();
  }
  EXPECT_LT(SteadyNow() - begin, 20 * kSecond);
  EXPECT_FALSE(Runs("slow"));
  EXPECT_FALSE(Runs("has-it"));
  EXPECT_EQ(SocketsLeft(), 0u);
}

TEST_F(SshFleetTest, NobodyToBeStarted) {
  SshFleet fleet(dialer_);
  EXPECT_TRUE(fleet.Start(Addresses({"dns:///c1:7400"}), kSilent).ok());
  EXPECT_FALSE(Dial(fleet, "unix:/a"));
}

}  // namespace
}  // namespace squall
