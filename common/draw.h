// Pseudorandom numbers as a pure function of a key and a counter, the same on every machine.
//
// Not for secrets. Each user makes keys of its own of the plan's seed, so that what one draws says
// nothing about what another does.
#pragma once

#include <cstdint>

namespace squall {

// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", 2014; constants: David Stafford's Mix13): every bit depends on every other.
constexpr uint64_t Mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio, odd

// The state of SplitMix64 seeded with 0 as it makes the draw of number `counter`: what several keys
// have in common.
constexpr uint64_t DrawState(uint64_t counter) { return (counter + 1) * kGolden; }

// The draw of number `counter` from SplitMix64 seeded with `key`.
constexpr uint64_t Draw(uint64_t key, uint64_t counter) { return Mix(key + DrawState(counter)); }

}  // namespace squall
