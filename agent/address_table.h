// The addresses that the connections of a run go to, numbered from 0 in the order of their first
// use.
//
// One for all workers of a run, so that a number means the same to each. It does not grow for ever:
// what comes after kMaxAddresses - 1 of them is counted together. Thread-safe; looked at when a
// connection is opened, not for each request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/mutex.h"

namespace squall {

class AddressTable {
 public:
  // The name of all that found no room.
  static constexpr std::string_view kOthers = "other addresses";

  // The number of an address, written as reports show it ("192.0.2.1:80", "[::1]:80").
  uint32_t Number(const std::string& address);

  // All so far, by number.
  std::vector<std::string> Names() const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, uint32_t> numbers_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> names_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace squall
