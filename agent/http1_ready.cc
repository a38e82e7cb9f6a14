#include "agent/http1_ready.h"

namespace squall {

void Http1Ready::Keep(uint64_t entry, const Http1Exchange& exchange) {
  const size_t size = exchange.bytes.size();
  if (size > kBlockBytes) return;
  if (size > kBlockBytes - used_) {
    if (blocks_.size() == kMostBytes / kBlockBytes) return;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    used_ = 0;
  }
  char* const bytes = blocks_.back().get() + used_;
  exchange.bytes.copy(bytes, size);
  used_ += size;
  entries_[entry] = {bytes, size, exchange.origin};
}

}  // namespace squall
