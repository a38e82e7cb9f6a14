#include "agent/own_server.h"

#include <string>

#include <gtest/gtest.h>

#include "agent/http1_known_header.h"
#include "agent/http1_response.h"
#include "target/responses.h"

namespace squall {
namespace {

constexpr char kNginx[] = "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n\r\nok";

TEST(OwnServer, IsKnownByItsHeaderAlone) {
  for (const auto persistence : {target::Persistence::kImplied, target::Persistence::kClose}) {
    for (const int status : {200, 204, 500}) {
      EXPECT_TRUE(IsFromTarget(target::ResponseHead(status, persistence, 16, "")));
    }
  }
  const std::string long_body = target::ResponseHead(200, target::Persistence::kImplied, 9999, "");
  EXPECT_TRUE(IsFromTarget(long_body + std::string(9999, 'x')));
  struct Case {
    const char* name;
    std::string answer;
  };
  const Case cases[] = {
      {"nothing", ""},
      {"another", kNginx},
      {"not HTTP/1", "HTTP/2 200\r\nServer: squall\r\n\r\n"},
      {"a longer name", "HTTP/1.1 200 OK\r\nServer: squall-proxy\r\n\r\n"},
      {"another header", "HTTP/1.1 200 OK\r\nX-Server: squall\r\n\r\n"},
      {"in the body", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n\r\nServer: squall\r\n"},
      {"cut off in it", "HTTP/1.1 200 OK\r\nServer: squ"},
      {"far behind",
       "HTTP/1.1 200 OK\r\nA: " + std::string(2000, 'a') + "\r\nServer: squall\r\n\r\n"},
  };
  for (const Case& row : cases) EXPECT_FALSE(IsFromTarget(row.answer)) << row.name;
}

// Whether answers of http1 are known to be a target's, after these.
bool Knows(std::initializer_list<std::string> answers) {
  Http1KnownHeader known;
  Http1Response response(known);
  EXPECT_FALSE(known.from_target());
  for (const std::string& answer : answers) {
    response.Begin(false);
    std::string_view bytes = answer;
    response.Read(bytes);
  }
  return known.from_target();
}

TEST(OwnServer, IsKnownByTheFirstAnswerOrTheLastPlainOne) {
  const std::string plain =
      target::ResponseHead(200, target::Persistence::kImplied, 2, "") + std::string("ok");
  const std::string error =
      target::ResponseHead(500, target::Persistence::kClose, 2, "") + std::string("ok");
  const std::string in_pieces = target::ResponseHead(200, target::Persistence::kImplied, 20, "");
  EXPECT_TRUE(Knows({plain}));
  EXPECT_TRUE(Knows({plain, plain, plain}));
  EXPECT_TRUE(Knows({error}));
  EXPECT_TRUE(Knows({in_pieces}));
  EXPECT_FALSE(Knows({kNginx, kNginx}));
  EXPECT_TRUE(Knows({kNginx, plain}));
}

}  // namespace
}  // namespace squall
