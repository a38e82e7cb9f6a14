// What is known of a list's text, and where its entries are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "squall/v1/list.pb.h"

namespace squall {

// Every `stride`-th entry has its position noted: all of them while they are few, fewer and fewer
// then, so that there are never more than kMostPositions (8 MiB).
struct ListIndex {
  static constexpr size_t kMostPositions = size_t{1} << 20;

  // The next entry begins at `position`. Counts it.
  void Add(uint64_t position);

  v1::ListFacts facts;
  uint64_t stride = 1;
  std::vector<uint64_t> positions;
};

// As a message for a file, without the stamp; and back. DATA_LOSS: no index can be like this.
v1::ListIndex ToProto(const ListIndex& index);
absl::StatusOr<ListIndex> ListIndexFromProto(const v1::ListIndex& proto);

// Whether what is kept of a list can be true.
absl::Status CheckFacts(const v1::ListFacts& facts);

// `base_url` as lines that begin with '/' can be joined to it: without the slash at its end.
// INVALID_ARGUMENT: they cannot.
absl::StatusOr<std::string_view> JoinableBase(std::string_view base_url);

// Whether the lines of a list can be joined to `base_url`. INVALID_ARGUMENT with the first line
// that cannot; or the longest one, if it is too long then. `name` stands for the list.
absl::Status CheckJoined(const v1::ListFacts& facts, std::string_view name,
                         std::string_view base_url);

}  // namespace squall
