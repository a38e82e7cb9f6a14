// What was found in lists' files that were read before, so that one that has not changed need not
// be read again.
//
// A file for each, in $XDG_CACHE_HOME/squall/lists (~/.cache/squall/lists), the 64 used last. Where
// that cannot be written, nothing is known, and nobody is told.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "squall/v1/list.pb.h"

namespace squall {

// Empty: there is none.
std::string KnownListsFolder();

class KnownLists {
 public:
  explicit KnownLists(std::string folder) : folder_(std::move(folder)) {}

  // As a file that was read in the format that is asked for. Nothing: it was not read before, has
  // changed since, or what was kept is damaged.
  std::optional<v1::KnownList> Find(const v1::FileStamp& stamp, v1::ListFormat asked) const;

  // Its stamp is that of the file before it was read, at `read_at`, and after that. A file that had
  // just been changed when it was read is not remembered: its times may not show the next change.
  void Keep(const v1::KnownList& known, absl::Time read_at) const;

 private:
  std::string PathOf(const v1::FileStamp& stamp, v1::ListFormat asked) const;

  const std::string folder_;
};

}  // namespace squall
