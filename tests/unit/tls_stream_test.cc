#include "agent/tls_stream.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tls_support.h"

namespace squall::testing {
namespace {

// So long that it takes several records, and tells where a byte comes from.
std::string Story(size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + ' ';
  return text.substr(0, size);
}

const std::string kRequest = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const std::string kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

class TlsPieces : public ::testing::TestWithParam<size_t> {};

TEST_P(TlsPieces, AreAllTheSame) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPair pair(version);
    ASSERT_EQ(Shake(*pair.client, *pair.end, GetParam()), Status::kDone) << pair.client->error();
    const std::string story = Story(20'000);
    std::string heard;
    while (!pair.end->established()) pair.end->Turn(GetParam());
    pair.end->Say(story);
    while (pair.end->Turn(GetParam())) {
      while (Drain(*pair.client, heard).status == Status::kDone) continue;
      EXPECT_EQ(pair.client->error(), "");
    }
    EXPECT_TRUE(heard == story) << heard.size();
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, TlsPieces,
                         ::testing::Values(1, 2, 3, 5, 7, 64, 1000, 16384, 17000));

TEST(TlsStream, ARequestOnAKeptConnectionIsOneSendAndOneReceive) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPair pair(version);
    pair.Establish();
    for (int request = 0; request < 5; ++request) {
      const uint64_t sends = pair.client->socket().sends();
      const uint64_t receives = pair.client->socket().receives();
      const TlsStream::Io written = pair.client->Write(kRequest.data(), kRequest.size());
      EXPECT_EQ(written.bytes, kRequest.size());
      pair.end->Turn();
      pair.end->Say(kResponse);
      pair.end->Turn();
      std::string heard;
      EXPECT_EQ(Drain(*pair.client, heard).status, Status::kDone);
      EXPECT_EQ(heard, kResponse);
      EXPECT_EQ(pair.client->socket().sends() - sends, 1u);
      EXPECT_EQ(pair.client->socket().receives() - receives, 1u);
    }
  }
}

TEST(TlsStream, SaysThatThereIsMoreUntilNothingIsLeft) {
  TlsPair pair;
  pair.Establish();
  pair.end->Say("one");
  pair.end->Say("two");
  pair.end->Turn();
  const uint64_t receives = pair.client->socket().receives();
  std::string heard;
  EXPECT_EQ(Drain(*pair.client, heard, 2).status, Status::kDone);
  EXPECT_EQ(heard, "onetwo");
  EXPECT_EQ(pair.client->socket().receives() - receives, 1u);
}

TEST(TlsStream, HalfARecordIsNothingYet) {
  TlsPair pair;
  pair.Establish();
  pair.end->Say("one");
  pair.end->Say("two");
  const size_t record = 5 + 3 + 1 + 16;  // of TLS 1.3
  std::string heard;
  pair.end->Turn(record + 6);
  EXPECT_EQ(Drain(*pair.client, heard).status, Status::kWantRead);
  EXPECT_EQ(heard, "one");
  pair.end->Turn();
  Drain(*pair.client, heard);
  EXPECT_EQ(heard, "onetwo");
}

TEST(TlsStream, TakesAsMuchAsTheSocketDoesAndGoesOnFromAnyBuffer) {
  TlsPair pair;
  pair.Establish();
  const std::string story = Story(3'000'000);
  bool full = false;
  for (size_t written = 0; written < story.size();) {
    const std::string rest = story.substr(written);  // moves each time
    const TlsStream::Io io = pair.client->Write(rest.data(), rest.size());
    if (io.status == Status::kWantWrite) {
      full = true;
      pair.end->Turn();
    } else {
      ASSERT_EQ(io.status, Status::kDone) << pair.client->error();
      written += io.bytes;
    }
  }
  pair.end->Turn();
  EXPECT_TRUE(full);
  EXPECT_TRUE(pair.end->heard() == story);
}

TEST(TlsStream, NothingToWriteIsDone) {
  TlsPair pair;
  pair.Establish();
  EXPECT_EQ(pair.client->Write("", 0).status, Status::kDone);
}

// A body without length ends with the connection: only so is its end known from its being cut.
TEST(TlsStream, TellsAGoodbyeFromAConnectionCutShort) {
  struct Case {
    const char* name;
    bool goodbye;
    size_t most;  // bytes that get through
    Status status;
    const char* heard;
    const char* error;
  };
  const size_t record = 5 + 5 + 1 + 16;
  const char* kCut = "connection closed without TLS's close_notify";
  for (const Case& test :
       {Case{"Goodbye", true, TlsServerEnd::kAll, Status::kClosed, "hello", ""},
        Case{"Cut", false, TlsServerEnd::kAll, Status::kCutShort, "hello", kCut},
        Case{"CutWithinARecord", false, record - 1, Status::kCutShort, "", kCut},
        Case{"CutWithinTheGoodbye", true, record + 3, Status::kCutShort, "hello", kCut}}) {
    SCOPED_TRACE(test.name);
    TlsPair pair(TLS1_3_VERSION);
    pair.Establish();
    pair.end->Say("hello");
    if (test.goodbye) pair.end->SayGoodbye();
    pair.end->Turn(test.most);
    pair.end->Close();
    std::string heard;
    Status status = Status::kDone;
    while (status == Status::kDone || status == Status::kWantRead) {
      status = Drain(*pair.client, heard).status;
    }
    EXPECT_EQ(status, test.status);
    EXPECT_EQ(heard, test.heard);
    EXPECT_EQ(pair.client->error(), test.error);
    // Neither keeps the session from being taken up again.
    pair.Connect();
    pair.Establish();
    EXPECT_TRUE(pair.client->resumed());
  }
}

TEST(TlsStream, AResetIsCutShort) {
  TlsPair pair;
  pair.Establish();
  pair.client->Write(kRequest.data(), kRequest.size());
  pair.end->Close();  // what it has not read makes it a reset
  std::string heard;
  EXPECT_EQ(Drain(*pair.client, heard).status, Status::kCutShort);
  EXPECT_EQ(pair.client->error(), "connection broken: Connection reset by peer");
}

TEST(TlsStream, WritingToAConnectionThatIsGoneRaisesNoSignal) {
  TlsPair pair;
  pair.Establish();
  pair.end->Say("too late");
  pair.end->Turn();
  pair.end->Close();
  EXPECT_EQ(pair.client->Write(kRequest.data(), kRequest.size()).status, Status::kCutShort);
  EXPECT_EQ(pair.client->error(), "connection broken: Broken pipe");
  std::string heard;
  Drain(*pair.client, heard);
  EXPECT_EQ(heard, "too late");
  pair.client->Close();
}

TEST(TlsStream, RubbishAfterTheHandshakeIsAFailureOfTls) {
  TlsPair pair;
  pair.Establish();
  pair.end->SayRaw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  pair.end->Turn();
  std::string heard;
  EXPECT_EQ(Drain(*pair.client, heard).status, Status::kFailed);
  EXPECT_NE(pair.client->error(), "");
}

TEST(TlsStream, ARecordThatWasTamperedWithIsAFailureOfTls) {
  TlsPair pair;
  pair.Establish();
  pair.end->SayRaw(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  pair.end->Turn();
  std::string heard;
  EXPECT_EQ(Drain(*pair.client, heard).status, Status::kFailed);
  EXPECT_EQ(pair.client->error(), "decryption failed or bad record mac");
}

TEST(TlsStream, SaysGoodbyeWhenClosed) {
  TlsPair pair;
  pair.Establish();
  pair.client->Close();
  pair.end->Turn();
  EXPECT_TRUE(pair.end->ended());
}

TEST(TlsStream, CloseBeforeTheHandshakeSaysNothing) {
  TlsPair pair;
  pair.client->Close();
  EXPECT_FALSE(pair.end->Turn());
}

TEST(TlsSessions, KeepsTheNewestUpToItsLimit) {
  const auto make = [] { return TlsSession(SSL_SESSION_new()); };
  TlsSessions sessions(2);
  sessions.Keep("a", make());
  sessions.Keep("b", make());
  SSL_SESSION* first = sessions.Find("a");
  sessions.Keep("a", make());
  EXPECT_NE(sessions.Find("a"), first);
  sessions.Keep("c", make());
  EXPECT_EQ(sessions.size(), 2u);
  EXPECT_NE(sessions.Find("a"), nullptr);
  EXPECT_EQ(sessions.Find("b"), nullptr);
  EXPECT_NE(sessions.Find("c"), nullptr);
  sessions.Forget("a");
  sessions.Forget("nobody");
  EXPECT_EQ(sessions.Find("a"), nullptr);
  EXPECT_EQ(sessions.size(), 1u);
}

}  // namespace
}  // namespace squall::testing
