#include "agent/address_table.h"

#include <string>

#include <gtest/gtest.h>

#include "common/metrics.h"

namespace squall {
namespace {

TEST(AddressTable, NumbersInOrderOfFirstUse) {
  AddressTable table;
  EXPECT_EQ(table.Number("[::1]:80"), 0u);
  EXPECT_EQ(table.Number("127.0.0.1:80"), 1u);
  EXPECT_EQ(table.Number("[::1]:80"), 0u);
  EXPECT_EQ(table.Names(), (std::vector<std::string>{"[::1]:80", "127.0.0.1:80"}));
}

TEST(AddressTable, KeepsWhatASnapshotMayHave) {
  AddressTable table;
  for (size_t i = 0; i < Metrics::kMaxAddresses - 1; ++i) {
    EXPECT_EQ(table.Number(std::to_string(i)), i);
  }
  const uint32_t others = Metrics::kMaxAddresses - 1;
  EXPECT_EQ(table.Number("one more"), others);
  EXPECT_EQ(table.Number("and another"), others);
  EXPECT_EQ(table.Number("0"), 0u);
  EXPECT_EQ(table.Names().size(), Metrics::kMaxAddresses);
  EXPECT_EQ(table.Names().back(), AddressTable::kOthers);
}

TEST(AddressTable, CutsNames) {
  AddressTable table;
  EXPECT_EQ(table.Number(std::string(1000, 'a')), table.Number(std::string(1001, 'a')));
  EXPECT_EQ(table.Names()[0], std::string(Metrics::kMaxAddressBytes, 'a'));
}

}  // namespace
}  // namespace squall
