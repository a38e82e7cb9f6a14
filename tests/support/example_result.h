// A small result with something of everything, for tests of reports.
#pragma once

#include "controller/result.h"

namespace squall {

// 2,000 requests from a list by two agents of three, in 4 s. Number n took 1 ms + (n mod 1000) µs
// and is answered with 200, but for 0 and 1 (404), 2 (503), 3 to 5 (timeout). Each agent opened all
// its connections with its first request, to an address of its own.
RunResult ExampleResult();

// The same at a rate: number n was sent (n mod 10) * 100 µs after it was due.
RunResult ExampleOpenLoopResult();
// The first one, of two named requests in place of a list: three of four are "list", the others
// "view".
RunResult ExampleMixResult();
// The first one, of users in place of a list: before what it took, each logged in, which took 1 ms.
// Three of the other requests, "item", waited for a connection.
RunResult ExampleUsersResult();

}  // namespace squall
