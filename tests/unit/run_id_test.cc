#include "common/run_id.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(RunId, IsKnownAgain) {
  const std::string id = NewRunId();
  EXPECT_TRUE(IsRunId(id)) << id;
}

TEST(RunId, NothingElseIsOne) {
  EXPECT_TRUE(IsRunId("20261124T023500Z-1a2b"));
  for (const char* text :
       {"", "-", "r-1", "20261124T023500Z-1a2", "20261124T023500Z-1a2bc", "20261124T023500Z-1A2B",
        "20261124T023500Z-1a2g", "2026112xT023500Z-1a2b", "20261124T023500Z\r\nX: y",
        "20261124t023500z-1a2b", "20261124T023500Z-1a2b/warmup"}) {
    EXPECT_FALSE(IsRunId(text)) << text;
  }
}

}  // namespace
}  // namespace squall
