#include "controller/list_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "common/digest.h"
#include "common/file_stamp.h"
#include "common/protocol.h"
#include "common/url_list.h"
#include "common/values.h"
#include "controller/known_lists.h"
#include "controller/list_rewriter.h"
#include "controller/unpack.h"

namespace squall {
namespace {

constexpr size_t kBlock = size_t{1} << 20;
constexpr size_t kMagicBytes = 4;

bool IsRewritten(v1::ListFormat format) { return RewriterFor(format, "", "") != nullptr; }

// Of what agents are sent.
ListForm FormOf(v1::ListFormat format) {
  return {.requests = format != v1::LIST_FORMAT_URLS,
          .timed = format == v1::LIST_FORMAT_REPLAY,
          .fields = format == v1::LIST_FORMAT_JSON};
}

// A temporary file without a name. $TMPDIR, as of programs that are started by it, or /tmp.
absl::StatusOr<FileDescriptor> NamelessFile() {
  const char* const given = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/squall-list-XXXXXX", given == nullptr ? "/tmp" : given);
  FileDescriptor file(mkstemp(path.data()));
  if (!file.is_open()) return absl::ErrnoToStatus(errno, Quoted(path));
  unlink(path.c_str());
  fcntl(file.get(), F_SETFD, FD_CLOEXEC);
  return file;
}

}  // namespace

absl::StatusOr<std::shared_ptr<ListFile>> ListFile::Open(
    const std::string& path, const std::string& base_url, const std::string& known,
    const LineCheck& check, v1::ListFormat format, const std::string& method) {
  std::shared_ptr<ListFile> list(
      new ListFile(path == "-" ? "(standard input)" : Quoted(path), base_url, method));
  list->known_.set_asked(format);
  list->known_.set_format(format);
  if (absl::Status status = list->Look(path, known, check); !status.ok()) return status;
  return list;
}

absl::Status ListFile::Look(const std::string& path, const std::string& known,
                            const LineCheck& check) {
  file_ = FileDescriptor(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                     : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file_.is_open() || fstat(file_.get(), &info) != 0) return SystemError();
  can_be_read_again_ = S_ISREG(info.st_mode) && lseek(file_.get(), 0, SEEK_CUR) == 0;
  if (!can_be_read_again_) return Scan(check);

  const absl::Time read_at = absl::Now();
  const absl::StatusOr<v1::FileStamp> stamp = StampOf(file_.get());
  if (!stamp.ok()) return SystemError();
  *known_.mutable_stamp() = *stamp;
  std::string magic(kMagicBytes, '\0');
  const ssize_t got = pread(file_.get(), magic.data(), magic.size(), 0);
  if (got < 0) return SystemError();
  magic.resize(static_cast<size_t>(got));
  is_packed_ = UnpackerFor(magic) != nullptr;

  const KnownLists lists(known);
  std::optional<v1::KnownList> found = lists.Find(*stamp, known_.asked());
  const std::string& method = found ? found->remarks().default_method() : method_;
  if (found && (method.empty() || method == method_)) {
    known_ = *std::move(found);
    return CheckJoined(facts(), name_, base_url_);
  }
  absl::Status status = Scan(check);
  if (status.ok()) status = CheckUnchanged();
  if (status.ok() && facts().placeholder_lines() == 0) lists.Keep(known_, read_at);
  return status;
}

absl::Status ListFile::Scan(const LineCheck& check) {
  std::optional<ListScan> scan;  // its form is known when text comes
  absl::Status status = ReadText([&](std::string_view text) {
    if (!scan) scan.emplace(name_, base_url_, FormOf(format()), check);
    absl::Status added = scan->Add(text);
    const bool spools = is_packed_ || !can_be_read_again_ || IsRewritten(format());
    return added.ok() && spools ? Spool(text) : added;
  });
  if (!status.ok()) return status;
  if (!scan) scan.emplace(name_, base_url_, FormOf(format()), check);
  absl::StatusOr<ListIndex> index = scan->Finish();
  if (!index.ok()) return index.status();
  *known_.mutable_facts() = std::move(index->facts);
  return absl::OkStatus();
}

// From the first entry, which is in the first bytes: `all` of the text, or a block.
absl::Status ListFile::FindFormat(std::string_view text, bool all) {
  UrlListReader reader(text);
  const std::optional<std::string_view> entry = reader.Next();
  if (!entry) {
    // Nothing but comments so far: of that length, they are in front of URLs.
    if (all || text.size() >= kBlock) known_.set_format(v1::LIST_FORMAT_URLS);
    return absl::OkStatus();
  }
  const bool whole = all || text.find('\n', static_cast<size_t>(entry->data() - text.data())) !=
                                std::string_view::npos;
  if (!whole && text.size() < kBlock) return absl::OkStatus();
  const absl::StatusOr<v1::ListFormat> found = FormatOf(*entry);
  if (!found.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}:{}:1: {}", name_, reader.line(), std::string(found.status().message())));
  }
  known_.set_format(*found);
  return absl::OkStatus();
}

// Calls `take` with all of the text that agents are sent, piece by piece.
absl::Status ListFile::ReadText(const Take& take) {
  std::unique_ptr<ListRewriter> rewriter;
  std::string head;  // in which the format is not found yet
  bool begun = false;
  const Take pass = [&](std::string_view text) {
    if (!std::exchange(begun, true)) rewriter = RewriterFor(format(), base_url_, method_);
    return rewriter == nullptr ? take(text) : OfList(rewriter->Add(text, take));
  };
  const auto look = [&](bool all) -> absl::Status {
    if (format() == v1::LIST_FORMAT_UNSPECIFIED) {
      if (absl::Status status = FindFormat(head, all); !status.ok()) return status;
    }
    if (format() == v1::LIST_FORMAT_UNSPECIFIED || head.empty()) return absl::OkStatus();
    return pass(std::exchange(head, {}));
  };
  absl::Status status = ReadAll([&](std::string_view text) -> absl::Status {
    if (format() != v1::LIST_FORMAT_UNSPECIFIED) return pass(text);
    head.append(text);
    return look(false);
  });
  if (status.ok()) status = look(true);
  if (!status.ok() || rewriter == nullptr) return status;
  status = OfList(rewriter->Finish(take));
  *known_.mutable_remarks() = rewriter->remarks();
  return status;
}

// What a rewriter says, or whoever took what it made.
absl::Status ListFile::OfList(const absl::Status& status) const {
  const std::string text(status.message());
  if (status.ok() || text.starts_with(name_)) return status;
  const bool of_line = absl::ascii_isdigit(static_cast<unsigned char>(text[0]));
  return {status.code(), fmt::format("{}:{}{}", name_, of_line ? "" : " ", text)};
}

// Calls `take` with all of the text, block by block.
absl::Status ListFile::ReadAll(const Take& take) {
  std::unique_ptr<Unpacker> unpacker;
  bool begun = false;
  uint64_t size = 0;
  const Take bounded = [&](std::string_view text) {
    size += text.size();
    if (!can_be_read_again_ && size > kMostPiped) {
      return absl::InvalidArgumentError(
          fmt::format("{}: more than {} MiB by a pipe: write them to a file, and name it", name_,
                      kMostPiped >> 20));
    }
    if (size > kMaxListBytes) {
      return absl::InvalidArgumentError(
          fmt::format("{}: larger than {} GiB", name_, kMaxListBytes >> 30));
    }
    return take(text);
  };
  std::string block(kBlock, '\0');
  size_t have = 0;
  while (true) {
    const ssize_t got = read(file_.get(), block.data() + have, block.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError();
    have += static_cast<size_t>(got);
    // A pipe brings little at a time.
    if (!begun && have < kMagicBytes && got != 0) continue;
    if (!std::exchange(begun, true)) unpacker = UnpackerFor({block.data(), have});
    const std::string_view bytes(block.data(), std::exchange(have, 0));
    absl::Status status = unpacker ? unpacker->Add(bytes, bounded) : bounded(bytes);
    if (status.ok() && got == 0 && unpacker) status = unpacker->Finish();
    if (!status.ok() || got == 0) {
      const std::string text(status.message());
      const bool ours = status.ok() || text.starts_with(name_);
      return ours ? status : absl::Status(status.code(), fmt::format("{}: {}", name_, text));
    }
  }
}

absl::Status ListFile::Spool(std::string_view text) {
  if (!spool_.is_open()) {
    absl::StatusOr<FileDescriptor> file = NamelessFile();
    if (!file.ok()) return file.status();
    spool_ = *std::move(file);
  }
  while (!text.empty()) {
    const ssize_t written =
        pwrite(spool_.get(), text.data(), text.size(), static_cast<off_t>(spooled_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return absl::ErrnoToStatus(
          errno, fmt::format("{}: cannot be kept in a temporary file ($TMPDIR)", name_));
    }
    spooled_ += static_cast<uint64_t>(written);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status ListFile::CheckUnchanged() const {
  const absl::StatusOr<v1::FileStamp> stamp = StampOf(file_.get());
  if (stamp.ok() && stamp->size_bytes() == known_.stamp().size_bytes() &&
      stamp->modified_ns() == known_.stamp().modified_ns()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      fmt::format("{}: has changed since it was read: run again when it is finished", name_));
}

absl::Status ListFile::Unpack() {
  if (!(is_packed_ || IsRewritten(format())) || spool_.is_open()) return absl::OkStatus();
  if (lseek(file_.get(), 0, SEEK_SET) != 0) return SystemError();
  Sha256Sum sum;
  absl::Status status = ReadText([&](std::string_view text) {
    sum.Add(text);
    return Spool(text);
  });
  if (status.ok()) status = CheckUnchanged();
  if (status.ok() && sum.Finish() != facts().sha256()) {
    status = absl::FailedPreconditionError(name_ + ": damaged");
  }
  if (!status.ok()) {
    spool_ = FileDescriptor();
    spooled_ = 0;
  }
  return status;
}

absl::StatusOr<std::string> ListFile::Read(uint64_t offset, size_t size) {
  if (absl::Status status = Unpack(); !status.ok()) return status;
  const bool spooled = spool_.is_open();
  if (!spooled) {
    if (absl::Status status = CheckUnchanged(); !status.ok()) return status;
  }
  std::string bytes(size, '\0');
  for (size_t have = 0; have < size;) {
    const ssize_t got = pread(spooled ? spool_.get() : file_.get(), bytes.data() + have,
                              size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError();
    if (got == 0) {
      return absl::FailedPreconditionError(
          fmt::format("{}: has become shorter since it was read: run again", name_));
    }
    have += static_cast<size_t>(got);
  }
  return bytes;
}

absl::Status ListFile::SystemError() const { return absl::ErrnoToStatus(errno, name_); }

}  // namespace squall
