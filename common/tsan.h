// Tells thread sanitizer of an order between threads that it cannot see, because the library that
// makes it (gRPC) is not instrumented. Without the sanitizer both do nothing.
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SQUALL_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define SQUALL_TSAN 1
#endif

#ifdef SQUALL_TSAN
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace squall {

// What was done before HappensBefore(address) is seen after HappensAfter(address).
inline void HappensBefore([[maybe_unused]] void* address) {
#ifdef SQUALL_TSAN
  __tsan_release(address);
#endif
}
inline void HappensAfter([[maybe_unused]] void* address) {
#ifdef SQUALL_TSAN
  __tsan_acquire(address);
#endif
}

// For the length of one reaction of a gRPC reactor: gRPC runs it after the one before.
class InReaction {
 public:
  explicit InReaction(void* reactor) : reactor_(reactor) { HappensAfter(reactor_); }
  ~InReaction() { HappensBefore(reactor_); }
  InReaction(const InReaction&) = delete;
  InReaction& operator=(const InReaction&) = delete;

 private:
  void* const reactor_;
};

}  // namespace squall
