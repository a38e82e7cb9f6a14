// Numbers that both ends of the control protocol agree on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace squall {

// Rises with every change that the other side would misunderstand.
inline constexpr uint32_t kProtocolVersion = 7;

// Largest message that either side takes, in bytes: a plan with its body, or a snapshot.
inline constexpr int kMaxMessageBytes = 32 << 20;

// How much of a list or feeder goes into one DataChunk or FeederChunk at most, in bytes of its
// text.
inline constexpr size_t kChunkBytes = 1 << 20;

// How much of a list an agent lets be on its way, in bytes: it has it in memory.
inline constexpr uint64_t kListWindow = 8 * kChunkBytes;

// Largest list that is taken, in bytes.
inline constexpr uint64_t kMaxListBytes = uint64_t{1} << 40;

// Largest feeder that is taken, in bytes: it is held in memory on every agent.
inline constexpr uint64_t kMaxFeederBytes = uint64_t{1} << 30;

// Most lines with placeholders that a list may have, and its largest size then, in bytes: all of it
// is gone through before each run. And how many different placeholders there may be: they are held
// in memory.
inline constexpr uint64_t kMaxPlaceholderLines = 1'000'000;
inline constexpr uint64_t kMaxPlaceholderListBytes = uint64_t{1} << 30;
inline constexpr size_t kMaxLinePlaceholders = 100'000;

// Most origins that a list may lead to: they are held in memory.
inline constexpr size_t kMostOrigins = 100'000;

// Largest body that placeholders may make, and most that files and variables may add to a plan, in
// bytes.
inline constexpr size_t kMaxBodyBytes = size_t{16} << 20;
inline constexpr size_t kMaxInsertedBytes = size_t{8} << 20;

// Named requests of a plan: how many there are at most, how long a name is in bytes, and how many
// numbers a cycle of them has, which are held in memory.
inline constexpr int kMaxNamedRequests = 64;
inline constexpr size_t kMaxRequestName = 64;
inline constexpr uint32_t kMaxCycle = 10'000;

// How many steps of users are told by their names; what the others come to is told together, by
// this one.
inline constexpr size_t kMaxSteps = 64;
inline constexpr std::string_view kOtherSteps = "(other)";

// Largest script of a plan, and its arguments together, in bytes.
inline constexpr size_t kMaxScriptBytes = size_t{1} << 20;
inline constexpr size_t kMaxScriptArguments = size_t{64} << 10;

// Words that the lines of a list may have in front of their URLs, how long one is in bytes, and how
// long a method is in it.
inline constexpr int kMaxListedRequests = 64;
inline constexpr size_t kMaxListedWord = 4096;
inline constexpr size_t kMaxListedMethod = 64;

// Longest value of a header that a list or placeholders may make, in bytes: servers take less.
inline constexpr size_t kMaxHeaderBytes = 65'535;

// Most requests of one run.
inline constexpr uint64_t kMaxRequests = uint64_t{1} << 62;

// More cores than any machine has: an agent that says so lies.
inline constexpr uint32_t kMaxCores = 1 << 16;

// Most requests in flight of one run.
inline constexpr uint32_t kMaxConcurrency = 1'000'000;

// Most requests in flight on one connection: HTTP/2 numbers streams in 31 bits.
inline constexpr uint32_t kMaxStreams = (uint32_t{1} << 31) - 1;

// Highest arrival rate of a plan, in 1e-9 requests a second (10^9 requests a second).
inline constexpr uint64_t kMaxRateNano = 1'000'000'000'000'000'000;

// How many times as fast as a list says its requests may be sent, in 1e-9: a thousandth, and a
// thousand times.
inline constexpr uint64_t kLowestSpeedNano = 1'000'000;
inline constexpr uint64_t kHighestSpeedNano = 1'000'000'000'000;

// Files that an agent has open besides its connections: libraries', loops', the controller's.
inline constexpr uint64_t kOtherFiles = 64;

// Longest duration of a phase, in nanoseconds (10,000 hours).
inline constexpr int64_t kMaxDurationNs = int64_t{10'000} * 3'600 * 1'000'000'000;

// Most phases of one run.
inline constexpr int kMaxPhases = 16;

// Longest timeout, in nanoseconds (24 hours).
inline constexpr int64_t kMaxTimeoutNs = int64_t{24} * 3'600 * 1'000'000'000;

}  // namespace squall
