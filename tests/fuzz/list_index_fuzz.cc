// An index as it is found in an agent's folder, of a text that has nothing to do with it.
//
// Properties: what is taken for an index has its positions within the size that it tells, and finds
// a URL that may be taken to pieces for every entry, whatever the text is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/list_index.h"
#include "common/url.h"
#include "common/url_list.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

constexpr uint64_t kMostLooked = 64;

v1::ListIndex LikelyIndex(FuzzedDataProvider& data, uint64_t size) {
  v1::ListIndex proto;
  proto.mutable_facts()->set_sha256(std::string(32, 'x'));
  proto.mutable_facts()->set_size_bytes(size);
  proto.mutable_facts()->set_entries(data.ConsumeIntegralInRange<uint64_t>(0, size));
  proto.mutable_facts()->add_origins("http://a:80");
  proto.set_stride(data.ConsumeIntegralInRange<uint64_t>(0, 5));
  const int positions = data.ConsumeIntegralInRange(0, 40);
  for (int i = 0; i < positions; ++i) {
    proto.add_distances(data.ConsumeIntegralInRange<uint64_t>(0, 9));
  }
  return proto;
}

void TestIndex(FuzzedDataProvider& data) {
  const bool likely = data.ConsumeBool();
  const std::string text = data.ConsumeRandomLengthString();
  v1::ListIndex proto;
  if (likely) {
    proto = LikelyIndex(data, text.size());
  } else if (!proto.ParseFromString(data.ConsumeRemainingBytesAsString())) {
    return;
  }
  absl::StatusOr<ListIndex> index = ListIndexFromProto(proto);
  if (!index.ok()) {
    SQUALL_CHECK(absl::IsDataLoss(index.status()));
    return;
  }
  if (index->facts.size_bytes() != text.size()) return;  // which is looked at before
  const auto owner = std::make_shared<const std::string>(text);
  ListText listed;
  listed.owner = owner;
  listed.text = *owner;
  listed.index = *std::move(index);
  const auto list = UrlList::Make(std::move(listed), "list", "http://h");
  if (!list.ok()) return CheckRefusal(list.status());  // too long, joined
  std::string url;
  for (uint64_t i = 0; i < std::min(list->size(), kMostLooked); ++i) {
    list->Get(i, url);
    SQUALL_CHECK(!url.empty() && url.size() <= kMaxUrlBytes);
    const UrlParts parts = SplitUrl(url);
    SQUALL_CHECK(parts.origin.size() <= url.size());
  }
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestIndex(data);
  return 0;
}
