#include "common/packed_message.h"

#include <cstdint>
#include <string>
#include <vector>
#include <zlib.h>

#include <gtest/gtest.h>

#include "common/protocol.h"

namespace squall {
namespace {

v1::AgentMessage SnapshotMessage(int runs) {
  v1::AgentMessage message;
  message.mutable_snapshot()->set_sequence(7);
  v1::Runs* held = message.mutable_snapshot()->mutable_held();
  for (int i = 0; i < runs; ++i) {
    held->add_gaps(static_cast<uint64_t>(i * i % 97));
    held->add_counts(1);
  }
  return message;
}

std::string Zlib(const std::string& plain) {
  std::string zlib(compressBound(plain.size()), '\0');
  uLongf size = zlib.size();
  compress(reinterpret_cast<Bytef*>(zlib.data()), &size,
           reinterpret_cast<const Bytef*>(plain.data()), plain.size());
  zlib.resize(size);
  return zlib;
}

v1::AgentMessage PackedMessage(const std::string& zlib, uint64_t bytes) {
  v1::AgentMessage message;
  message.mutable_packed()->set_zlib(zlib);
  message.mutable_packed()->set_bytes(static_cast<uint32_t>(bytes));
  return message;
}

TEST(PackedMessage, ALongSnapshotIsPackedAndComesOutAsItWas) {
  const v1::AgentMessage before = SnapshotMessage(5000);
  v1::AgentMessage message = Pack(before);
  ASSERT_TRUE(message.has_packed());
  EXPECT_EQ(message.packed().bytes(), before.ByteSizeLong());
  EXPECT_LT(message.ByteSizeLong(), before.ByteSizeLong() / 4);
  Unpack(message);
  EXPECT_EQ(message.SerializeAsString(), before.SerializeAsString());
}

TEST(PackedMessage, OthersGoAsTheyAre) {
  v1::AgentMessage pong;
  pong.mutable_pong()->set_padding(std::string(100'000, '\0'));
  for (const v1::AgentMessage& message : {SnapshotMessage(10), pong, v1::AgentMessage()}) {
    EXPECT_EQ(Pack(message).SerializeAsString(), message.SerializeAsString());
    v1::AgentMessage heard = message;
    Unpack(heard);
    EXPECT_EQ(heard.SerializeAsString(), message.SerializeAsString());
  }
}

TEST(PackedMessage, WhatIsNotWhatItSaysStaysAsItIs) {
  const std::string plain = SnapshotMessage(5000).SerializeAsString();
  const std::string zlib = Zlib(plain);
  const std::string twice = Pack(SnapshotMessage(5000)).SerializeAsString();
  std::string damaged = zlib;
  damaged[damaged.size() / 2] ^= 1;
  struct Case {
    const char* what;
    v1::AgentMessage message;
  };
  const std::vector<Case> cases = {
      {"longer than it says", PackedMessage(zlib, plain.size() - 1)},
      {"shorter than it says", PackedMessage(zlib, plain.size() + 1)},
      {"a bomb", PackedMessage(Zlib(std::string(size_t{64} << 20, '\0')), 1 << 20)},
      {"a bomb that says so", PackedMessage(Zlib(std::string(kMaxMessageBytes + 1, '\0')),
                                            uint64_t{kMaxMessageBytes} + 1)},
      {"as long as there are numbers", PackedMessage(zlib, UINT32_MAX)},
      {"damaged", PackedMessage(damaged, plain.size())},
      {"cut off", PackedMessage(zlib.substr(0, zlib.size() - 3), plain.size())},
      {"nothing", PackedMessage("", 0)},
      {"no message", PackedMessage(Zlib(std::string(5000, '\xff')), 5000)},
      {"packed twice", PackedMessage(Zlib(twice), twice.size())},
  };
  for (const Case& bad : cases) {
    v1::AgentMessage message = bad.message;
    Unpack(message);
    EXPECT_EQ(message.SerializeAsString(), bad.message.SerializeAsString()) << bad.what;
  }
}

}  // namespace
}  // namespace squall
