// Somebody who dials an agent's control port: what becomes of the first Hello.
#pragma once

#include <memory>
#include <string>

namespace squall {
class TlsFiles;
}

namespace squall::testing {

struct CallOutcome {
  bool heard = false;   // the agent's end has seen the Hello
  std::string answer;   // what came back: the name in a Welcome
  std::string refusal;  // why the two may not speak (WhyNotTogether); empty: nothing of that
};

// Says Hello{controller} to `address` ("host:port"), waits for an answer or the end, and leaves.
// Null files: without TLS.
CallOutcome Call(const std::string& address, std::shared_ptr<TlsFiles> files);

}  // namespace squall::testing
