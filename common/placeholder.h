// What stands at a placeholder of a template, for request n.
//
// A pure function of the placeholder, a key of its own, and what the request brings: its number,
// its row, the time. Writing a value allocates nothing and asks the system for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "common/draw.h"
#include "common/feeder.h"
#include "common/write_before.h"
#include "common/zipf.h"

namespace squall {

// What the values of one request are made of.
struct TemplateInput {
  uint64_t n = 0;
  FeederRow row = {};                  // where there is a feeder
  int64_t unix_ms = 0;                 // wall clock; where a placeholder uses the time
  uint32_t request = 0;                // which of the plan's it is
  std::string_view fields = {};        // of its line in a list (common/list_line.h)
  uint64_t draw_state = DrawState(n);  // what all draws for n have in common

  void SetNumber(uint64_t number) {
    n = number;
    draw_state = DrawState(number);
  }
  // draw.h's, of number n.
  uint64_t Draw(uint64_t key) const { return Mix(key + draw_state); }
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
    kField,  // of a list's line, which has it in base64
  };

  Kind kind = Kind::kSequence;
  bool percent_encoded = false;  // columns
  uint32_t size = 0;    // digits of kHex; place of a column among the feeder's, or of a field
  int64_t lowest = 0;   // kInteger
  uint64_t values = 0;  // kInteger, kPick: how many there are; 0: 2^64
  Zipf zipf = {};
  std::vector<std::string> words = {};  // kPick

  bool uses_time() const;
  // Its length is another one in each request, whatever it is.
  bool varies() const { return kind == Kind::kColumn || kind == Kind::kField; }
  // Bytes that its value may have at most, but for one that varies.
  size_t Bound() const;
  // The same for one that varies, as it is in this request.
  size_t Bound(const TemplateInput& input) const;
  // Writes the value so that it ends at `end`, in front of which there is room for as much as
  // Bound() says and kWriteSlack bytes; returns its beginning.
  char* WriteBefore(uint64_t key, const TemplateInput& input, char* end) const;
};

// A number below `values`, none favoured by more than values / 2^64.
inline uint64_t DrawBelow(uint64_t values, uint64_t draw) {
  return absl::Uint128High64(absl::uint128(draw) * values);
}

// Writes `text` with everything percent-encoded but the unreserved characters (RFC 3986, 2.3) and
// "/" so that it ends at `end`; returns its beginning. There is room for three times as much.
char* WritePercentEncodedBefore(std::string_view text, char* end);

}  // namespace squall
