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
int Rounds(int bits) { return bits <= kSmallBits ? 20 : 5; }

}  // namespace

Sequence::Sequence(v1::Order order, uint64_t seed, uint64_t entries)
    : order_(order),
      key_(Mix(seed)),
      entries_(entries),
      rounds_(Rounds(Bits(entries))),
      shift_(std::max((Bits(entries) + 1) / 2, 1)),
      mask_(Bits(entries) == 0 ? 0 : UINT64_MAX >> (64 - Bits(entries))) {
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

// Adding without carry, multiplying by something odd and folding the upper half onto the lower one
// can all be undone modulo a power of two, so a round is a permutation of the domain whatever its
// key. Walking along the cycle until a value falls into [0, entries) permutes that range. (Black,
// Rogaway: "Ciphers with arbitrary finite domains", 2002.) The domain is less than twice the
// range, so fewer than two steps are expected.
uint64_t Sequence::Permute(uint64_t value, uint64_t pass) const {
  const uint64_t pass_key = Draw(key_, pass);
  do {
    uint64_t key = pass_key;
    for (int round = 0; round < rounds_; ++round) {
      value = ((value ^ key) * (key >> 7 | 1)) & mask_;
      value ^= value >> shift_;
      key = std::rotl(key * kGolden, 32);
    }
  } while (value >= entries_);
  return value;
}

}  // namespace squall
