#include "common/sequence.h"

#include <bit>

#include "absl/numeric/int128.h"
#include "common/check.h"
#include "common/draw.h"

namespace squall {
namespace {

// Four rounds mix large domains; small ones, where a round has only a handful of functions to
// choose from, need eight until every pair of places gets every pair of entries
// equally often.
constexpr uint64_t kRounds = 8;

// Half the bits of the smallest domain with an even number of bits that holds all entries.
int HalfBits(uint64_t entries) { return (static_cast<int>(std::bit_width(entries - 1)) + 1) / 2; }

}  // namespace

Sequence::Sequence(v1::Order order, uint64_t seed, uint64_t entries)
    : order_(order), key_(Mix(seed)), entries_(entries), half_bits_(HalfBits(entries)) {
  SQUALL_CHECK(entries >= 1);
  SQUALL_CHECK(order == v1::ORDER_SEQUENTIAL || order == v1::ORDER_SHUFFLED ||
               order == v1::ORDER_RANDOM);
}

uint64_t Sequence::Index(uint64_t n) const {
  if (order_ == v1::ORDER_SEQUENTIAL) return n % entries_;
  if (order_ == v1::ORDER_SHUFFLED) return Permute(n % entries_, n / entries_);
  // The draw as a fraction of 2^64, times entries: no division, and no entry is favoured by more
  // than entries / 2^64.
  return absl::Uint128High64(absl::uint128(Draw(key_, n)) * entries_);
}

// A Feistel network is a permutation of its whole domain whatever its rounds do, so walking along
// its cycle until a value falls into [0, entries) permutes that range. (Black, Rogaway: "Ciphers
// with arbitrary finite domains", 2002.) The domain is less than four times the range, so fewer
// than four steps are expected (with 5 to 16 entries up to 13).
uint64_t Sequence::Permute(uint64_t value, uint64_t pass) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  const uint64_t pass_key = Draw(key_, pass);
  do {
    uint64_t left = value >> half_bits_;
    uint64_t right = value & mask;
    for (uint64_t round = 0; round < kRounds; ++round) {
      const uint64_t mixed = left ^ (Draw(pass_key + right, round) & mask);
      left = right;
      right = mixed;
    }
    value = left << half_bits_ | right;
  } while (value >= entries_);
  return value;
}

}  // namespace squall
