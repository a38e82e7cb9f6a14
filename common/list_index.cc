#include "common/list_index.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/digest.h"
#include "common/list_line.h"
#include "common/list_times.h"
#include "common/protocol.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

absl::Status Impossible(std::string_view what) {
  return absl::DataLossError(fmt::format("no list's index: {}", what));
}

absl::Status AtLine(std::string_view name, uint64_t line, const absl::Status& status) {
  return absl::InvalidArgumentError(
      fmt::format("{}:{}: {}", name, line, std::string(status.message())));
}

}  // namespace

void ListIndex::Add(uint64_t position) {
  const uint64_t entry = facts.entries();
  facts.set_entries(entry + 1);
  if (entry % stride != 0) return;
  if (positions.size() == kMostPositions) {
    for (size_t i = 0; i < positions.size() / 2; ++i) positions[i] = positions[2 * i];
    positions.resize(positions.size() / 2);
    stride *= 2;
    if (entry % stride != 0) return;
  }
  positions.push_back(position);
}

v1::ListIndex ToProto(const ListIndex& index) {
  v1::ListIndex proto;
  *proto.mutable_facts() = index.facts;
  proto.set_stride(index.stride);
  proto.mutable_distances()->Reserve(static_cast<int>(index.positions.size()));
  uint64_t last = 0;
  for (const uint64_t position : index.positions) {
    proto.add_distances(position - last);
    last = position;
  }
  return proto;
}

absl::Status CheckFacts(const v1::ListFacts& facts) {
  if (facts.sha256().size() != kSha256Bytes) return Impossible("its SHA-256");
  if (facts.entries() == 0 || facts.entries() > facts.size_bytes() ||
      facts.size_bytes() > kMaxListBytes) {
    return Impossible("its size");
  }
  if (facts.longest_joined_bytes() > kMaxUrlBytes ||
      facts.placeholder_lines() > std::min(facts.entries(), kMaxPlaceholderLines)) {
    return Impossible("its lines");
  }
  const bool timed = facts.times().width_us() != 0;
  for (const std::string& word : facts.words()) {
    if (word.size() > kMaxListedWord || !ParseListWord(word).ok()) {
      return Impossible("its requests");
    }
  }
  if (facts.words_size() > kMaxListedRequests || (timed && facts.words().empty()) ||
      (timed && !AreListTimes(facts.times(), facts.entries()))) {
    return Impossible("its requests");
  }
  bool joined = false;
  for (const std::string& origin : facts.origins()) {
    if (origin.empty()) {
      joined = true;
    } else if (!CheckUrl(origin).ok()) {
      return Impossible("its origins");
    }
  }
  if (facts.origins().empty() || facts.origins_size() > static_cast<int>(kMostOrigins) + 1 ||
      joined != (facts.first_joined_line() != 0)) {
    return Impossible("its origins");
  }
  return absl::OkStatus();
}

absl::StatusOr<ListIndex> ListIndexFromProto(const v1::ListIndex& proto) {
  if (absl::Status status = CheckFacts(proto.facts()); !status.ok()) return status;
  ListIndex index;
  index.facts = proto.facts();
  index.stride = proto.stride();
  const uint64_t entries = index.facts.entries();
  if (index.stride == 0 ||
      static_cast<size_t>(proto.distances_size()) > ListIndex::kMostPositions ||
      static_cast<uint64_t>(proto.distances_size()) !=
          entries / index.stride + (entries % index.stride == 0 ? 0 : 1)) {
    return Impossible("its positions");
  }
  index.positions.reserve(static_cast<size_t>(proto.distances_size()));
  uint64_t position = 0;
  for (const uint64_t distance : proto.distances()) {
    const bool stands_still = distance == 0 && !index.positions.empty();
    if (stands_still || distance >= index.facts.size_bytes() - position) {
      return Impossible("its positions");
    }
    position += distance;
    index.positions.push_back(position);
  }
  return index;
}

absl::StatusOr<std::string_view> JoinableBase(std::string_view base_url) {
  if (base_url.empty()) {
    return absl::InvalidArgumentError(
        "the line begins with '/': give the URL that it is to be joined to by -u");
  }
  if (base_url.find_first_of("?#") != std::string_view::npos) {
    return absl::InvalidArgumentError(fmt::format(
        "the line begins with '/' but cannot be joined to {}: give a URL without ? and #",
        Quoted(base_url)));
  }
  if (absl::Status status = CheckUrl(base_url); !status.ok()) return status;
  if (base_url.ends_with('/')) base_url.remove_suffix(1);
  return base_url;
}

absl::Status CheckJoined(const v1::ListFacts& facts, std::string_view name,
                         std::string_view base_url) {
  if (facts.first_joined_line() == 0) return absl::OkStatus();
  const absl::StatusOr<std::string_view> base = JoinableBase(base_url);
  if (!base.ok()) return AtLine(name, facts.first_joined_line(), base.status());
  const uint64_t longest = base->size() + facts.longest_joined_bytes();
  if (longest <= kMaxUrlBytes) return absl::OkStatus();
  return AtLine(
      name, facts.longest_joined_line(),
      absl::InvalidArgumentError(fmt::format("joined to {}, {} bytes long: at most {} are possible",
                                             Quoted(*base), longest, kMaxUrlBytes)));
}

}  // namespace squall
