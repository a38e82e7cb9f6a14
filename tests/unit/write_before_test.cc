#include "common/write_before.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

// What `write` puts in front of the end of a room, with something behind it that must stay.
template <typename Write>
std::string Written(size_t most, Write write) {
  std::string room(kWriteSlack + most, '.');
  room += '|';
  char* const end = room.data() + kWriteSlack + most;
  const char* begin = write(end);
  EXPECT_EQ(*end, '|');
  EXPECT_GE(begin, room.data() + kWriteSlack);
  const std::string_view untouched(room.data(),
                                   static_cast<size_t>(begin - kWriteSlack - room.data()));
  EXPECT_EQ(untouched.find_first_not_of('.'), std::string_view::npos);
  return std::string(begin, static_cast<const char*>(end));
}

std::string Number(uint64_t number) {
  return Written(kLongestNumber, [&](char* end) { return WriteNumberBefore(number, end); });
}

TEST(WriteBefore, Numbers) {
  for (uint64_t number = 0; number < 20'000; ++number) {
    ASSERT_EQ(Number(number), std::to_string(number));
  }
  uint64_t power = 1;
  for (int digits = 0; digits < 20; ++digits, power *= 10) {
    for (const uint64_t number : {power - 1, power, power + 1, 2 * power + 7}) {
      EXPECT_EQ(Number(number), std::to_string(number));
    }
  }
  for (int bit = 0; bit < 64; ++bit) {
    const uint64_t number = std::numeric_limits<uint64_t>::max() >> bit;
    EXPECT_EQ(Number(number), std::to_string(number));
  }
}

TEST(WriteBefore, HexadecimalDigits) {
  const auto hex = [](uint64_t number) {
    return Written(kHexAtOnce, [&](char* end) { return WriteHexBefore(number, end); });
  };
  EXPECT_EQ(hex(0), "0000000000000000");
  EXPECT_EQ(hex(0x0123456789abcdef), "0123456789abcdef");
  EXPECT_EQ(hex(0xfedcba9876543210), "fedcba9876543210");
  EXPECT_EQ(hex(std::numeric_limits<uint64_t>::max()), "ffffffffffffffff");
}

TEST(WriteBefore, Texts) {
  for (const std::string text : {"", "a", "abcdefghijklmnopqrstuvwxyz"}) {
    EXPECT_EQ(Written(text.size(), [&](char* end) { return WriteTextBefore(text, end); }), text);
  }
}

}  // namespace
}  // namespace squall
