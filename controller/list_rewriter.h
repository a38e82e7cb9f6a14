// Lists of other forms as the lines that agents are sent (common/list_line.h), as they come piece
// by piece.
//
// Everything in a line is checked here, so that nothing is wrong with what comes out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "squall/v1/list.pb.h"

namespace squall {

class ListRewriter {
 public:
  // Gets the lines that were made, some at a time. An error ends it.
  using Sink = std::function<absl::Status(std::string_view text)>;

  virtual ~ListRewriter() = default;

  // The next bytes. INVALID_ARGUMENT for the first bad line: "17:5: …", its number and column in
  // front.
  absl::Status Add(std::string_view bytes, const Sink& sink);
  // That was all. INVALID_ARGUMENT as well if there is nothing to be sent, without a number.
  absl::Status Finish(const Sink& sink);

  const v1::ListRemarks& remarks() const { return remarks_; }

 protected:
  // A line that is neither blank nor a comment, without its line break. An error's message begins
  // with the column, "5: …".
  virtual absl::Status Line(std::string_view line, std::string& out) = 0;
  virtual absl::Status End(std::string& /*out*/) { return absl::OkStatus(); }

  uint64_t line() const { return line_; }
  v1::ListRemarks& mutable_remarks() { return remarks_; }

 private:
  absl::Status Take(std::string_view line);

  std::string rest_;  // of a line that is not whole yet
  uint64_t line_ = 0;
  std::string out_;
  v1::ListRemarks remarks_;
};

// Null: lines of this format are sent as they are. `base_url`, which is borrowed: what paths are
// joined to. `method`: of lines that may have one and do not.
std::unique_ptr<ListRewriter> RewriterFor(v1::ListFormat format, std::string_view base_url,
                                          std::string_view method);

// What the first entry of a list seems to be. INVALID_ARGUMENT: a line of an access log, which is
// not guessed.
absl::StatusOr<v1::ListFormat> FormatOf(std::string_view entry);

}  // namespace squall
