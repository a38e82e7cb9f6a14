// A small result with something of everything, for tests of reports.
#pragma once

#include "controller/result.h"

namespace squall {

// 2,000 requests from a list by two agents of three, in 4 s. Number n took 1 ms + (n mod 1000) µs
// and is answered with 200, but for 0 and 1 (404), 2 (503), 3 to 5 (timeout).
RunResult ExampleResult();

}  // namespace squall
