#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include "target/server.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/target_support.h"

namespace squall::target {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

struct Form {
  const char* name;
  const char* request;
  std::vector<int> statuses;
  bool closes;
  const char* header = "";  // in the last answer's head
  bool head_only = false;
};

const std::vector<Form>& Forms() {
  static const std::vector<Form> forms = {
      {"Get", kGet, {200}, false, "Content-Length: 16\r\n"},
      {"Head", "HEAD / HTTP/1.1\r\n\r\n", {200}, false, "Content-Length: 16\r\n", true},
      {"ConnectionClose",
       "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
       {200},
       true,
       "Connection: close\r\n"},
      {"Http10", "GET / HTTP/1.0\r\n\r\n", {200}, true, "Connection: close\r\n"},
      {"Http10KeepAlive",
       "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
       {200},
       false,
       "Connection: keep-alive\r\n"},
      {"ContentLength", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", {200}, false},
      {"Chunked",
       "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
       "5;x=y\r\nhello\r\na\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
       {200},
       false},
      {"Pipelined",
       "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
       "GET /3 HTTP/1.1\r\nConnection: close\r\n\r\n",
       {200, 200, 200},
       true},
      {"ExpectContinue",
       "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\nbody",
       {100, 200},
       false},
      {"ExpectContinueWithoutBody", "GET / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", {200}, false},
      {"ExpectContinueFromHttp10",
       "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody",
       {200},
       true},
      {"UpgradeIsIgnored",
       "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET / HTTP/1.1\r\n\r\n",
       {200, 200},
       false},
      {"Rubbish", "rubbish\r\n\r\n", {400}, true, "Connection: close\r\n"},
      {"RubbishAfterRequest", "GET / HTTP/1.1\r\n\r\n\x16\x03\x01", {200, 400}, true},
      {"BadContentLength", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", {400}, true},
      {"BadChunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", {400}, true},
  };
  return forms;
}

void ExpectAnswers(RawClient& client, const Form& form) {
  RawResponse response;
  for (const int status : form.statuses) {
    response = client.Receive(form.head_only);
    EXPECT_EQ(response.status, status);
  }
  EXPECT_THAT(response.head, HasSubstr(form.header));
  if (form.closes) {
    EXPECT_TRUE(client.IsClosed());
  } else {
    EXPECT_EQ(client.Get().status, 200) << "the connection should have been kept";
  }
}

TEST(TargetServer, AnswersEachForm) {
  const auto server = StartServer();
  for (const Form& form : Forms()) {
    SCOPED_TRACE(form.name);
    RawClient client(server->port());
    client.Send(form.request);
    ExpectAnswers(client, form);
  }
}

TEST(TargetServer, AnswersEachFormWhereverItIsCut) {
  const auto server = StartServer();
  for (const Form& form : Forms()) {
    const std::string_view request = form.request;
    for (size_t cut = 1; cut < request.size(); ++cut) {
      SCOPED_TRACE(std::string(form.name) + " cut at " + std::to_string(cut));
      RawClient client(server->port());
      client.Send(request.substr(0, cut));
      client.Send(request.substr(cut));
      ExpectAnswers(client, form);
    }
  }
}

TEST(TargetServer, AnswersEachFormByteByByteAndLate) {
  Options options;
  options.delay = absl::Milliseconds(1);
  const auto server = StartServer(options);
  for (const Form& form : Forms()) {
    SCOPED_TRACE(form.name);
    RawClient client(server->port());
    for (const char byte : std::string_view(form.request)) client.Send({&byte, 1});
    ExpectAnswers(client, form);
  }
}

TEST(TargetServer, SendsStatusAndBodyAsAsked) {
  struct Case {
    int status;
    uint64_t body_bytes;
    const char* first_line;
  };
  for (const Case& c :
       {Case{200, 0, "HTTP/1.1 200 OK\r\n"}, Case{404, 100, "HTTP/1.1 404 Not Found\r\n"},
        Case{204, 0, "HTTP/1.1 204 No Content\r\n"}, Case{599, 1, "HTTP/1.1 599 \r\n"}}) {
    SCOPED_TRACE(c.status);
    Options options;
    options.status = c.status;
    options.body_bytes = c.body_bytes;
    const auto server = StartServer(options);
    RawClient client(server->port());
    const RawResponse response = client.Get();
    EXPECT_THAT(response.head, testing::StartsWith(c.first_line));
    EXPECT_EQ(response.body.size(), c.body_bytes);
    if (c.status == 204) {
      EXPECT_THAT(response.head, Not(HasSubstr("Content-Length")));
    }
    EXPECT_EQ(server->counts().bytes_sent, response.head.size() + response.body.size());
  }
}

TEST(TargetServer, JitterIsDrawnForEachAnswerAndAddsToTheDelay) {
  Options options;
  options.delay = absl::Milliseconds(1);
  options.jitter = absl::Hours(1000);
  const auto server = StartServer(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->Send(kGet);
  }
  EXPECT_TRUE(Eventually([&] { return server->counts().in_flight == 20; }));
}

TEST(TargetServer, HoldsItsAnswersBackWhileTheClientDoesNotRead) {
  Options options;
  options.body_bytes = 16 << 20;
  const auto server = StartServer(options);
  RawClient client(server->port(), 4096);
  client.Send(std::string(kGet) + kGet);
  // Neither has the first been written, nor is the second looked at.
  ASSERT_TRUE(Eventually([&] {
    const Counts counts = server->counts();
    return counts.in_flight == 1 && counts.responses == 0 && counts.bytes_sent > 0 &&
           counts.bytes_sent < options.body_bytes;
  }));
  EXPECT_EQ(server->counts().requests, 1u);

  const RawResponse first = client.Receive();
  const RawResponse second = client.Receive();
  EXPECT_EQ(first.body.size(), options.body_bytes);
  EXPECT_TRUE(first.body == second.body);
  EXPECT_TRUE(first.body.starts_with("squall target 0123456789"));
  const Counts counts = server->counts();
  EXPECT_EQ(counts.responses, 2u);
  EXPECT_EQ(counts.peak_in_flight, 1u);
  EXPECT_EQ(counts.bytes_sent, 2 * (first.head.size() + options.body_bytes));
}

TEST(TargetServer, PassesOverLargeBodies) {
  const auto server = StartServer();
  RawClient client(server->port());
  const std::string chunk(1 << 20, 'x');
  client.Send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 32; ++i) client.Send("100000\r\n" + chunk + "\r\n");
  client.Send("0\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_GT(server->counts().bytes_received, 32u << 20);
}

TEST(TargetServer, AMalformedRequestIsAnsweredThoughTheClientGoesOnSending) {
  const auto server = StartServer();
  RawClient client(server->port());
  client.Send("rubbish\r\n" + std::string(1 << 20, 'x'));
  EXPECT_EQ(client.Receive().status, 400);
  EXPECT_TRUE(client.IsClosed());
  EXPECT_THAT(server->counts().statuses, ElementsAre(Pair(400, 1)));
  EXPECT_EQ(server->counts().requests, 1u);
}

TEST(TargetServer, AClientThatHasEndedItsSideIsStillAnswered) {
  Options options;
  options.delay = absl::Milliseconds(20);
  const auto server = StartServer(options);
  RawClient client(server->port());
  client.Send(std::string(kGet) + kGet);
  client.EndSending();
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST(TargetServer, StopsWhateverGoesOn) {
  Options options;
  options.delay = absl::Hours(1);
  options.threads = 2;
  const auto server = StartServer(options);
  RawClient idle(server->port());
  RawClient waiting(server->port());
  waiting.Send(kGet);
  ASSERT_TRUE(Eventually(
      [&] { return server->counts().in_flight == 1 && server->counts().open_connections == 2; }));
  server->Stop();
  server->Stop();
  EXPECT_TRUE(idle.IsClosed());
  EXPECT_TRUE(waiting.IsClosed());
  EXPECT_EQ(server->counts().in_flight, 0u);
  EXPECT_EQ(server->counts().open_connections, 0u);
  EXPECT_EQ(server->counts().peak_in_flight, 1u);
}

// While it lives, this process can open `more` files and then none.
class FilesLimit {
 public:
  explicit FilesLimit(rlim_t more) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = dup(0);
    close(lowest_free);
    const rlimit limit{static_cast<rlim_t>(lowest_free) + more, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  }
  ~FilesLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(TargetServer, WaitsForDescriptorsWithoutSpinning) {
  // UBSan looks at the logger's types when they are first used, with the help of a pipe, and takes
  // them for broken if it gets no descriptor for that.
  spdlog::warn("event=test error=\"{}\"", "none: the next warning is expected");
  const auto server = StartServer();
  EXPECT_EQ(RawClient(server->port()).Get().status, 200);
  ASSERT_TRUE(Eventually([&] { return server->counts().open_connections == 0; }));

  std::unique_ptr<RawClient> client;
  {
    const FilesLimit limit(1);
    client = std::make_unique<RawClient>(server->port());
    client->Send(kGet);
    const std::clock_t before = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 10) << "of processor time in 400 ms";
    EXPECT_EQ(server->counts().connections, 1u);
  }
  EXPECT_EQ(client->Receive().status, 200);
}

}  // namespace
}  // namespace squall::target
