#include "common/mapped_file.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <unistd.h>
#include <utility>

#include <sys/mman.h>

#include "common/check.h"

namespace squall {
namespace {

// What a signal handler can look at: where files are mapped. More than a process ever has at a
// time.
struct Range {
  std::atomic<uintptr_t> begin{0};  // 0: free
  std::atomic<uintptr_t> end{0};
  std::atomic<std::atomic<bool>*> failed{nullptr};
};
std::array<Range, 64> ranges;
static_assert(std::atomic<bool>::is_always_lock_free &&
              std::atomic<uintptr_t>::is_always_lock_free);
std::atomic<uintptr_t> page_bytes{0};

// The page that could not be read becomes one of zeros. mmap() is a bare system call.
void OnBusError(int signal, siginfo_t* info, void* /*context*/) noexcept {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  for (const Range& range : ranges) {
    const uintptr_t begin = range.begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin || address >= range.end.load(std::memory_order_acquire)) {
      continue;
    }
    const uintptr_t page = address & ~(page_bytes.load(std::memory_order_relaxed) - 1);
    const int error = errno;
    if (mmap(reinterpret_cast<void*>(page), page_bytes.load(std::memory_order_relaxed), PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
      break;
    }
    errno = error;
    range.failed.load(std::memory_order_relaxed)->store(true, std::memory_order_relaxed);
    return;
  }
  // Nobody's: as if there were no handler.
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  sigaction(signal, &usual, nullptr);
}

void HandleBusErrors() {
  static const bool handled = [] {
    page_bytes = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action {};
    action.sa_sigaction = OnBusError;
    action.sa_flags = SA_SIGINFO;
    return sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  SQUALL_CHECK(handled);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::Map(int fd, size_t size, Flag failed) {
  HandleBusErrors();
  void* const data = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
  // What is read with a page, in case that it is wanted next, is in the way where not all can stay.
  const auto memory = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes.load();
  if (size > memory / 2) posix_madvise(data, size, POSIX_MADV_RANDOM);
  const auto begin = reinterpret_cast<uintptr_t>(data);
  for (Range& range : ranges) {
    uintptr_t free = 0;
    // Nobody reads there before the end is known.
    if (!range.begin.compare_exchange_strong(free, begin)) continue;
    range.failed.store(failed.get(), std::memory_order_relaxed);
    range.end.store(begin + size, std::memory_order_release);
    return std::unique_ptr<MappedFile>(
        new MappedFile(static_cast<const char*>(data), size, std::move(failed)));
  }
  munmap(data, size);
  return absl::ResourceExhaustedError("too many mapped files");
}

MappedFile::~MappedFile() {
  for (Range& range : ranges) {
    if (range.begin.load() != reinterpret_cast<uintptr_t>(data_)) continue;
    range.end.store(0, std::memory_order_release);
    range.begin.store(0, std::memory_order_release);
  }
  munmap(const_cast<char*>(data_), size_);
}

}  // namespace squall
