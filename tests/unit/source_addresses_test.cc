#include "agent/source_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::ElementsAre;

TEST(SourceAddresses, ThoseOfThisMachineAreKept) {
  v1::Transport transport;
  // The middle one is kept for documentation: no machine has it (RFC 5737).
  for (const char* address : {"127.0.0.1", "198.51.100.1", "fe80::1%no-such-zone"}) {
    transport.add_source_addresses(address);
  }
  EXPECT_TRUE(KeepLocalSources(transport).ok());
  EXPECT_THAT(transport.source_addresses(), ElementsAre("127.0.0.1"));
}

TEST(SourceAddresses, NoneIsNeeded) {
  v1::Transport transport;
  EXPECT_TRUE(KeepLocalSources(transport).ok());
}

TEST(SourceAddresses, OneMustBeOfThisMachine) {
  v1::Transport transport;
  transport.add_source_addresses("198.51.100.1");
  transport.add_source_addresses("203.0.113.1");
  const absl::Status status = KeepLocalSources(transport);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              ::testing::StartsWith(
                  "none of the source addresses is its own: 198.51.100.1, 203.0.113.1: add one"));
}

}  // namespace
}  // namespace squall
