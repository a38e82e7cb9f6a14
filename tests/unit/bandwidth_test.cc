#include "controller/bandwidth.h"

#include <string>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr uint32_t kMiB = 1 << 20;

// What becomes of a line that carries so many bytes a second, with such a round trip.
struct Measured {
  double bytes_per_second = 0;
  uint64_t bytes = 0;
  uint32_t largest = 0;
  Nanos spent = 0;
  Nanos last = 0;  // for the largest piece
};

Measured Measure(double bytes_per_second, Nanos round_trip) {
  Bandwidth bandwidth;
  Measured measured;
  for (int pieces = 0; bandwidth.next() != 0; ++pieces) {
    if (pieces == 1000) return {};
    const uint32_t size = bandwidth.next();
    EXPECT_GT(size, measured.largest);
    const Nanos took = round_trip + static_cast<Nanos>(size / bytes_per_second * 1e9);
    measured.bytes += size;
    measured.largest = size;
    measured.spent += took;
    measured.last = took;
    bandwidth.Add(took, round_trip);
  }
  measured.bytes_per_second = bandwidth.bytes_per_second().value_or(0);
  return measured;
}

TEST(Bandwidth, NothingIsKnownBeforeTheFirstPiece) {
  EXPECT_FALSE(Bandwidth().bytes_per_second());
  EXPECT_EQ(Bandwidth().next(), 16u << 10);
}

TEST(Bandwidth, IsThatOfTheLineWhateverItIs) {
  for (const double speed : {50e3, 1e6, 12.5e6, 125e6, 1.25e9, 20e9}) {
    for (const Nanos round_trip : {Nanos{0}, kMillisecond / 10, 10 * kMillisecond}) {
      SCOPED_TRACE(std::to_string(speed) + " B/s, " + std::to_string(round_trip) + " ns");
      const Measured measured = Measure(speed, round_trip);
      EXPECT_LE(measured.bytes_per_second, speed * 1.01);
      // Where a round trip is most of the time, at most half of that is taken for it.
      if (round_trip < measured.last / 2) {
        EXPECT_GE(measured.bytes_per_second, speed * 0.99);
      } else {
        EXPECT_GE(measured.bytes_per_second,
                  1.99e9 * measured.largest / static_cast<double>(measured.last));
      }
      EXPECT_LE(measured.largest, 16 * kMiB);
      EXPECT_LE(measured.bytes, 32 * kMiB);
      EXPECT_LE(measured.spent, 800 * kMillisecond);
    }
  }
}

TEST(Bandwidth, OneLongPieceIsEnough) {
  Bandwidth bandwidth;
  bandwidth.Add(2 * kSecond, 0);
  EXPECT_EQ(bandwidth.next(), 0u);
  EXPECT_NEAR(*bandwidth.bytes_per_second(), (16 << 10) / 2.0, 1);
}

// As of a line that lets a burst through at once.
TEST(Bandwidth, APieceThatDoesNotGetThroughBoundsIt) {
  Bandwidth bandwidth;
  bandwidth.Cut(kSecond);
  EXPECT_FALSE(bandwidth.bytes_per_second());
  bandwidth.Add(kMillisecond, 0);
  bandwidth.Cut(kSecond / 2);
  EXPECT_NEAR(*bandwidth.bytes_per_second(), (64 << 10) * 2.0, 1);

  Bandwidth slow;
  slow.Add(100 * kMillisecond, 0);
  slow.Cut(kMillisecond);
  EXPECT_NEAR(*slow.bytes_per_second(), (16 << 10) * 10.0, 1) << "it has not had the time";
}

TEST(Bandwidth, ARoundTripThatIsTooLongCountsForHalf) {
  Bandwidth bandwidth;
  bandwidth.Add(kSecond, 3600 * kSecond);
  EXPECT_NEAR(*bandwidth.bytes_per_second(), (16 << 10) * 2.0, 1);
}

TEST(Bandwidth, TimesThatCannotBeAreNoEndlessSpeed) {
  for (const Nanos took : {Nanos{0}, Nanos{-5}, Nanos{1}}) {
    Bandwidth bandwidth;
    for (int pieces = 0; bandwidth.next() != 0 && pieces < 100; ++pieces) bandwidth.Add(took, -7);
    EXPECT_EQ(bandwidth.next(), 0u);
    EXPECT_LE(*bandwidth.bytes_per_second(), 16 * kMiB * 1e9);
  }
}

}  // namespace
}  // namespace squall
