// The list of URLs or requests that a user names: a file, a pipe or standard input, plain or
// compressed by gzip or zstd. What agents are sent is its text as it is, or, of some formats, what
// is made of it (controller/list_rewriter.h).
//
// Read once, in blocks, when every line is checked; later only the parts that agents want are. A
// file that has not changed since it was read by an earlier run is not read at all. What cannot be
// read twice, or is not sent as it is, goes into a temporary file without a name. Not mapped: a
// user's file may become shorter at any time. Owned and used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/file_descriptor.h"
#include "common/list_scan.h"
#include "squall/v1/list.pb.h"

namespace squall {

class ListFile {
 public:
  // Of what a pipe or standard input may bring, in bytes of text.
  static constexpr uint64_t kMostPiped = uint64_t{256} << 20;

  // `path` "-": standard input. `base_url` and `check` as in ListScan; a list with placeholders is
  // read each time. `known`: the folder of KnownLists. `format`: unspecified, it is found.
  // `method`: of lines of JSON that have none.
  // INVALID_ARGUMENT for a bad line, with its number; other errors begin with the path.
  static absl::StatusOr<std::shared_ptr<ListFile>> Open(
      const std::string& path, const std::string& base_url, const std::string& known,
      const LineCheck& check = nullptr, v1::ListFormat format = v1::LIST_FORMAT_UNSPECIFIED,
      const std::string& method = "GET");

  // Of the text that agents are sent.
  const v1::ListFacts& facts() const { return known_.facts(); }
  // As it was asked for or found.
  v1::ListFormat format() const { return known_.format(); }
  const v1::ListRemarks& remarks() const { return known_.remarks(); }
  // As messages have it, safe to print.
  const std::string& name() const { return name_; }

  // What Read() would do first, and may take long: unpacks, or makes anew, what is known.
  absl::Status Unpack();

  // Bytes of the text, `size` of them from `offset` on: there are as many. FAILED_PRECONDITION: the
  // file is not the one any more that was read.
  absl::StatusOr<std::string> Read(uint64_t offset, size_t size);

 private:
  using Take = std::function<absl::Status(std::string_view text)>;

  ListFile(std::string name, std::string base_url, std::string method)
      : name_(std::move(name)), base_url_(std::move(base_url)), method_(std::move(method)) {}

  absl::Status Look(const std::string& path, const std::string& known, const LineCheck& check);
  absl::Status Scan(const LineCheck& check);
  absl::Status FindFormat(std::string_view text, bool all);
  absl::Status ReadText(const Take& take);
  absl::Status OfList(const absl::Status& status) const;
  absl::Status ReadAll(const Take& take);
  absl::Status Spool(std::string_view text);
  absl::Status CheckUnchanged() const;
  absl::Status SystemError() const;

  const std::string name_;
  const std::string base_url_;
  const std::string method_;
  FileDescriptor file_;
  bool can_be_read_again_ = false;  // a file, not a pipe
  bool is_packed_ = false;
  v1::KnownList known_;  // its stamp: of such a file
  // The text, where it is not in the file itself.
  FileDescriptor spool_;
  uint64_t spooled_ = 0;
};

}  // namespace squall
