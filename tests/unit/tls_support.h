// A client's stream and a server's end, for tests: a context of the one, and how both go on.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "agent/tls_stream.h"
#include "tests/support/certificates.h"
#include "tests/support/tls_server.h"

namespace squall::testing {

using Status = TlsStream::Status;

template <typename Case>
std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

inline TlsContext ContextOf(const v1::Transport& transport) {
  absl::StatusOr<TlsContext> context = TlsContext::Make(transport);
  EXPECT_TRUE(context.ok()) << context.status();
  return *std::move(context);
}

inline TlsContext Trusting(const std::string& authority_pem) {
  v1::Transport transport;
  transport.set_ca_pem(authority_pem);
  return ContextOf(transport);
}

// Both ends, until the client's handshake has ended or neither has anything to say. The server
// speaks in pieces of `most` bytes.
inline Status Shake(TlsStream& client, TlsServerEnd& server, size_t most = TlsServerEnd::kAll) {
  while (true) {
    const Status status = client.Handshake();
    const bool waits = status == Status::kWantRead || status == Status::kWantWrite;
    if (!server.Turn(most) && waits) return status;
    if (!waits) return status;
  }
}

// Reads as long as there is more at once; why that has ended. `heard` gets what came.
inline TlsStream::Io Drain(TlsStream& client, std::string& heard, size_t buffer_size = 16384) {
  std::string buffer(buffer_size, '\0');
  while (true) {
    const TlsStream::Io io = client.Read(buffer.data(), buffer.size());
    heard.append(buffer, 0, io.bytes);
    if (!io.more) return io;
  }
}

// A server for a.test and 127.0.0.1, and a client that trusts it.
class TlsPair {
 public:
  explicit TlsPair(int version = 0)
      : authority("authority"),
        server(TlsServerOptions{authority.Issue("DNS:a.test,IP:127.0.0.1"), version}),
        context(Trusting(authority.Pem())) {
    Connect();
  }

  // Another connection in place of the one that was.
  void Connect(const std::string& origin = "a.test:443") {
    client.reset();
    end = std::make_unique<TlsServerEnd>(server);
    client = std::make_unique<TlsStream>(context, sessions, end->client(), "a.test", origin);
  }

  // Until it is established and all sessions have come.
  void Establish() {
    ASSERT_EQ(Shake(*client, *end), Status::kDone) << client->error();
    end->Turn();
    std::string heard;
    EXPECT_EQ(Drain(*client, heard).status, Status::kWantRead) << client->error();
    EXPECT_TRUE(end->established());
  }

  const Authority authority;
  const TlsServer server;
  const TlsContext context;
  TlsSessions sessions;
  std::unique_ptr<TlsServerEnd> end;
  std::unique_ptr<TlsStream> client;
};

}  // namespace squall::testing
