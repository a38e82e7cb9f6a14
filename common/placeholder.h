// What stands at a placeholder of a template, for request n.
//
// A pure function of the placeholder, a key of its own, and what the request brings: its number,
// its row, the time. Writing a value allocates nothing and asks the system for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/feeder.h"
#include "common/zipf.h"

namespace squall {

// What the values of one request are made of.
struct TemplateInput {
  uint64_t n = 0;
  FeederRow row = {};    // where there is a feeder
  int64_t unix_ms = 0;   // wall clock; where a placeholder uses the time
  uint32_t request = 0;  // which of the plan's it is
};

struct Placeholder {
  enum class Kind : uint8_t {
    kSequence,  // n
    kInteger,
    kZipf,
    kUuid,  // version 4 (RFC 9562, 5.4)
    kHex,
    kPick,
    kRfc3339,
    kUnix,
    kUnixMs,
    kColumn,
  };

  Kind kind = Kind::kSequence;
  bool percent_encoded = false;  // columns
  uint32_t size = 0;             // digits of kHex; place of a column among the feeder's
  int64_t lowest = 0;            // kInteger
  uint64_t values = 0;           // kInteger, kPick: how many there are; 0: 2^64
  Zipf zipf = {};
  std::vector<std::string> words = {};  // kPick

  bool uses_time() const;
  // Bytes that its value may have at most, but for a column's.
  size_t Bound() const;
  // The same for a column's, as it is in one row.
  size_t Bound(const FeederRow& row) const;
  // Writes the value, behind which it returns. `to` has room for as much as Bound() says.
  char* Write(uint64_t key, const TemplateInput& input, char* to) const;
};

// Writes `text` with everything percent-encoded but the unreserved characters (RFC 3986, 2.3) and
// "/"; returns behind it. `to` has room for three times as much.
char* WritePercentEncoded(std::string_view text, char* to);

}  // namespace squall
