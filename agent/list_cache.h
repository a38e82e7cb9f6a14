// Lists of URLs as files, by the SHA-256 of their text: what outlives a run.
//
// HASH.list is a text that was whole, HASH.index what was found in it, HASH.part a text that has
// come in part. Hashes are ours to write, so no name leads out of the folder. Several agents may
// share a folder: whoever uses a file has it locked (flock), and what is locked is never removed.
// Damage is noticed when a list is opened: the text by its size and times, or by reading it again
// where these are not as they were (or the system was started anew), the index by a hash of its
// own.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "common/list_scan.h"
#include "common/url_list.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class ListCache {
 public:
  // So much is kept at most, in bytes, if nothing was asked for: or half of what is free, if that
  // is less.
  static constexpr uint64_t kMostBytes = uint64_t{20} << 30;

  // `folder` is made when it is needed. Empty, or if it cannot be: a private one in $TMPDIR or
  // /tmp, removed with this. `most_bytes` 0: as above.
  explicit ListCache(std::string folder, uint64_t most_bytes = 0);
  ~ListCache();

  // Called at least once a second while much is read; false: give up (CANCELLED).
  using KeepOn = std::function<bool()>;

  // The list, mapped. NOT_FOUND: it is not there, or was damaged and is removed. INVALID_ARGUMENT:
  // its lines do not go with `base_url`.
  absl::StatusOr<ListText> Open(const v1::UrlList& urls, const std::string& base_url,
                                const KeepOn& keep_on);

  // A text on its way.
  struct Part {
    FileDescriptor file;
    std::string path;
    uint64_t size = 0;  // has come already
    bool resumable = true;
  };
  // Makes room for all of it. RESOURCE_EXHAUSTED: there is none.
  absl::StatusOr<Part> Begin(const v1::UrlList& urls);
  // Goes through what has come. An error: it is no part of a list, and starts anew.
  absl::Status Reread(Part& part, ListScan& scan, const KeepOn& keep_on) const;
  absl::Status Append(Part& part, std::string_view bytes) const;
  // It is whole, and `index` its own.
  absl::StatusOr<ListText> Finish(Part part, ListIndex index) const;
  // It is of no use.
  static void Discard(const Part& part);

 private:
  absl::Status MakeFolder();
  absl::StatusOr<ListIndex> IndexOf(const v1::UrlList& urls, const std::string& base_url, int fd,
                                    const KeepOn& keep_on) const;
  std::string PathOf(std::string_view sha256, std::string_view kind) const;

  std::string folder_;
  const uint64_t most_bytes_;
  bool made_ = false;
  bool private_ = false;
};

}  // namespace squall
