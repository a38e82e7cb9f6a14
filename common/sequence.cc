#include "common/sequence.h"

#include <algorithm>
#include <bit>

#include "absl/numeric/int128.h"
#include "common/check.h"
#include "common/draw.h"

namespace squall {
namespace {

// Bits of the smallest domain that holds all entries.
int Bits(uint64_t entries) { return static_cast<int>(std::bit_width(entries - 1)); }

// A few rounds mix large domains; small ones, where a round has only a handful of functions to
// choose from, need many until every pair of places gets every pair of entries equally often.
constexpr int kSmallBits = 11;
size_t Rounds(int bits, size_t few, size_t most) { return bits <= kSmallBits ? most : few; }

}  // namespace

Sequence::Sequence(v1::Order order, uint64_t seed, uint64_t entries)
    : order_(order),
      key_(Mix(seed)),
      entries_(entries),
      rounds_(Rounds(Bits(entries), kFewRounds, kMostRounds)),
      shift_(std::max((Bits(entries) + 1) / 2, 1)),
      mask_(Bits(entries) == 0 ? 0 : UINT64_MAX >> (64 - Bits(entries))) {
  SQUALL_CHECK(entries >= 1);
  SQUALL_CHECK(order == v1::ORDER_SEQUENTIAL || order == v1::ORDER_SHUFFLED ||
               order == v1::ORDER_RANDOM);
}

uint64_t Sequence::Index(uint64_t n) const {
  if (order_ == v1::ORDER_SEQUENTIAL) return n % entries_;
  if (order_ == v1::ORDER_SHUFFLED) return Permute(n % entries_, KeysOf(n / entries_));
  // The draw as a fraction of 2^64, times entries: no division, and no entry is favoured by more
  // than entries / 2^64.
  return absl::Uint128High64(absl::uint128(Draw(key_, n)) * entries_);
}

// Apart from the first step, in which keys are not worth registers: most walks end there.
uint64_t Sequence::WalkOn(uint64_t value, const RoundKeys& keys) const {
  do {
    value = PermuteDomain(value, keys);
  } while (value >= entries_);
  return value;
}

Sequence::RoundKeys Sequence::KeysOf(uint64_t pass) const {
  RoundKeys keys;
  uint64_t key = Draw(key_, pass);
  for (size_t round = 0; round < rounds_; ++round) {
    keys[round] = {key, key >> 7 | 1};
    key = std::rotl(key * kGolden, 32);
  }
  return keys;
}

}  // namespace squall
