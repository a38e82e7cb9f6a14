// Numbers as people read them: three significant digits and a unit, or all digits in groups of
// three.
#pragma once

#include <cstdint>
#include <string>

namespace squall {

// "835 ns", "1.24 ms", "12.4 s", "2 min 05 s", "3 h 20 min". `nanos` is 0 or more. Without `utf8`,
// microseconds are "us".
std::string FormatDuration(double nanos, bool utf8);

// "512 B", "1.24 MB". Powers of 1000, as network rates are given.
std::string FormatBytes(double bytes);

// "100,003".
std::string FormatCount(uint64_t count);

// "12,346", "834.2", "9.71": whole from 1,000 on, as digits beyond are noise.
std::string FormatRate(double per_second);

// "0.31 %". 0 and 100 are printed only if they are exact: one failure in a million is "<0.01 %",
// the rest ">99.99 %". Nothing of nothing is "-".
std::string FormatShare(uint64_t part, uint64_t whole);

}  // namespace squall
