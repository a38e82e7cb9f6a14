#include "controller/access_log_list.h"

#include <functional>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "common/list_index.h"
#include "common/list_line.h"
#include "common/protocol.h"
#include "common/url.h"
#include "controller/logged_request.h"
#include "controller/replay_window.h"

namespace squall {
namespace {

absl::Status Wrong(const absl::Status& status) {
  return absl::InvalidArgumentError(fmt::format("1: {}", std::string(status.message())));
}

class AccessLogList final : public ListRewriter {
 public:
  AccessLogList(std::string_view base_url, bool replay)
      : no_base_(base_url.empty()), base_(JoinableBase(base_url)), replay_(replay) {}

 private:
  absl::Status Line(std::string_view line, std::string& out) override {
    absl::StatusOr<LoggedRequest> request = ParseLoggedRequest(line);
    if (!request.ok()) return request.status();
    if (no_base_) {
      return Wrong(absl::InvalidArgumentError(
          "the log has paths alone: give the URL that they are to be joined to by -u"));
    }
    if (!base_.ok()) return Wrong(base_.status());
    if (absl::Status status = CheckTime(*request); !status.ok()) return status;
    if (!IsSendable(*request)) {
      v1::ListRemarks& remarks = mutable_remarks();
      remarks.set_skipped_lines(remarks.skipped_lines() + 1);
      if (remarks.first_skipped_line() == 0) remarks.set_first_skipped_line(this->line());
      return absl::OkStatus();
    }
    text_.assign(request->method).append(" ").append(request->target);
    if (!replay_) {
      out.append(text_).append("\n");
      return absl::OkStatus();
    }
    const absl::Status added = window_.Add(request->unix_us, request->whole_seconds, text_, out);
    return added.ok() ? added : Wrong(added);
  }

  absl::Status End(std::string& out) override {
    if (methods_.empty() && remarks().skipped_lines() > 0) {
      return absl::InvalidArgumentError("none of its lines names a request that can be sent");
    }
    window_.Finish(out);
    mutable_remarks().set_whole_seconds(replay_ && whole_seconds_.value_or(false));
    return absl::OkStatus();
  }

  // What is strange is let pass, as it came to a server, but not any number of different methods.
  bool IsSendable(const LoggedRequest& request) {
    if (request.method.empty() || request.method.size() > kMaxListedMethod ||
        base_->size() + request.target.size() > kMaxUrlBytes) {
      return false;
    }
    if (methods_.find(request.method) != methods_.end()) return true;
    if (methods_.size() == static_cast<size_t>(kMaxListedRequests)) return false;
    methods_.emplace(request.method);
    return true;
  }

  // Where some times had fractions and others not, a second could not be spread.
  absl::Status CheckTime(const LoggedRequest& request) {
    if (!replay_) return absl::OkStatus();
    if (!whole_seconds_) whole_seconds_ = request.whole_seconds;
    if (*whole_seconds_ == request.whole_seconds) return absl::OkStatus();
    return Wrong(absl::InvalidArgumentError(
        *whole_seconds_ ? "its time has a fraction of a second, which those before have not"
                        : "its time has no fraction of a second, which those before have"));
  }

  const bool no_base_;
  const absl::StatusOr<std::string_view> base_;  // borrowed
  const bool replay_;
  std::optional<bool> whole_seconds_;
  std::set<std::string, std::less<>> methods_;
  ReplayWindow window_;
  std::string text_;
};

}  // namespace

std::unique_ptr<ListRewriter> MakeAccessLogList(std::string_view base_url, bool replay) {
  return std::make_unique<AccessLogList>(base_url, replay);
}

}  // namespace squall
