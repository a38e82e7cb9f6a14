#include "agent/rests.h"

#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(Rests, EndInTheirOrder) {
  Rests rests;
  EXPECT_EQ(rests.next(), kForever);
  for (const Nanos end : {5, 1, 4, 1, 3}) rests.Add(end);
  std::vector<Nanos> ends;
  while (rests.count() != 0) {
    ends.push_back(rests.next());
    rests.Remove();
  }
  EXPECT_EQ(ends, (std::vector<Nanos>{1, 1, 3, 4, 5}));
  EXPECT_EQ(rests.next(), kForever);
}

}  // namespace
}  // namespace squall
