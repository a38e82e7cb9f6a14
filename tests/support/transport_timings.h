// What every transport must tell of the parts of a request.
#pragma once

#include "tests/support/transport_runner.h"

namespace squall::testing {

// The parts of fresh and reused connections follow each other, and sum to the service time.
void RunTimingsOfParts(TransportFactory factory);

// Where parts would not sum to the service time, none are told.
void RunTimingsOfResent(TransportFactory factory);

}  // namespace squall::testing
