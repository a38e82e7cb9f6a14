// What both ends of a control stream ask of gRPC, whoever dials.
#pragma once

#include <grpcpp/grpcpp.h>

#include "common/protocol.h"

namespace squall {

// How much may be on its way to this end of a stream, in bytes: a list gets through at this a round
// trip. gRPC would find that out by a ping for whatever comes, with an answer: more packets, and
// more waking up, than the snapshots of a fleet are themselves.
inline constexpr int kWindowBytes = 8 << 20;

// `set` is called with the name and the value of each.
template <typename Set>
void SetStreamArguments(Set set) {
  // gRPC would inflate whatever comes and look at its size afterwards. Neither side compresses by
  // it (common/packed_message.h): what comes compressed is left as it is, and is no message then.
  set(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0);
  set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  set(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
}

// A connection that is closed with bytes unsent leaves a thread of gRPC's behind that waits for up
// to 10 s (its backup poller), and gRPC's own end, with the last channel or server, would wait for
// that thread. This reference is never given back, so the process ends without it.
inline void KeepGrpc() { [[maybe_unused]] static const bool kept = (grpc_init(), true); }

// Of the one who dials: a connection of its own, with no back-off from an earlier attempt.
inline grpc::ChannelArguments DialArguments() {
  KeepGrpc();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  SetStreamArguments([&](const char* name, int value) { arguments.SetInt(name, value); });
  return arguments;
}

}  // namespace squall
