// When the entries of an agent's list are due, as their lines say.
#pragma once

#include "common/list_times.h"
#include "common/url_list.h"

namespace squall {

class EntryTimes final : public ListedTimes {
 public:
  // The list is timed, and outlives it.
  explicit EntryTimes(const UrlList& list) : list_(list) {}

  uint64_t At(uint64_t n) const override { return n < list_.size() ? list_.TimeOf(n) : UINT64_MAX; }
  uint64_t CountBefore(uint64_t us, uint64_t near) const override;

 private:
  const UrlList& list_;
};

}  // namespace squall
