// What every transport must make of what servers do, and must write on the wire: tables that any
// transport can be run through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "squall/v1/plan.pb.h"
#include "tests/support/raw_server.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {

using PlanChange = std::function<void(v1::Plan&)>;

// A body. A long one is made where it is asked for: every process of tests has these tables.
class CaseBody {
 public:
  CaseBody(const char* text = "") : text_(text) {}
  CaseBody(std::string text) : text_(std::move(text)) {}
  // As many times 'x'.
  explicit CaseBody(size_t length) : length_(length) {}

  std::string text() const { return text_ + std::string(length_, 'x'); }

 private:
  std::string text_;
  size_t length_ = 0;
};

// One request to a server with a script, and its outcome.
struct ResponseCase {
  std::string name;
  RawScript script;
  PlanChange change;  // to SimplePlan(); may be empty
  v1::FailureKind kind;
  uint32_t status = 0;
  // Header and body as HTTP sees them; absent where that is up to the transport.
  std::optional<uint64_t> bytes_received = {};
  std::string body = "";  // detail of an outcome without failure kind
  std::string url = "";   // instead of the server's
};
const std::vector<ResponseCase>& ResponseCases();
void RunResponseCase(const ResponseCase& test, TransportFactory factory);

// What a request looks like to the server.
struct RequestCase {
  std::string name;
  PlanChange change;
  std::string request_line;
  std::vector<std::string> headers;  // in any order; "$HOST" stands for the server's address
  CaseBody body = {};
};
const std::vector<RequestCase>& RequestCases();
void RunRequestCase(const RequestCase& test, TransportFactory factory);

// For names of parametrised tests.
inline void PrintTo(const ResponseCase& test, std::ostream* out) { *out << test.name; }
inline void PrintTo(const RequestCase& test, std::ostream* out) { *out << test.name; }

}  // namespace squall::testing
