// What the process' heap does with memory that is free. Nothing, where the allocator is not
// glibc's.
//
// Any thread.
#pragma once

namespace squall {

// A snapshot takes some 100 kB for a moment, at the end of the heap: it need not go back to the
// system each time.
void KeepFreeMemory();

// Gives all of it back to the system, now. Each arena is locked in turn meanwhile.
void ReturnFreeMemory();

}  // namespace squall
