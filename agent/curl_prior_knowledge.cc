#include "agent/curl_prior_knowledge.h"

#include "absl/strings/match.h"

namespace squall {
namespace {

bool IsBroken() {
  constexpr unsigned kFirst = 0x075800;  // 7.88.0
  constexpr unsigned kFixed = 0x080000;  // 8.0.0
  static const unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;
  return version >= kFirst && version < kFixed;
}

long Connects(CURL* easy) {
  long connects = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  return connects;
}

}  // namespace

CurlPriorKnowledge::CurlPriorKnowledge(CURL* easy, bool wanted)
    : easy_(easy), needed_(wanted && IsBroken()) {}

void CurlPriorKnowledge::Begin() {
  if (!needed_) return;
  connects_ = 0;
  ForbidReuse(false);
  Ask(!expects_connection_);
}

CurlPriorKnowledge::Verdict CurlPriorKnowledge::BeforeSending(bool may_begin_anew) {
  if (!needed_) return Verdict::kSend;
  const long connects = Connects(easy_);
  const bool fresh = connects > connects_;
  connects_ = connects;
  if (OverTls() || fresh == switching_) return Verdict::kSend;
  if (!may_begin_anew) return Verdict::kRefuse;
  // A connection that nothing has been said on would look like one that speaks HTTP/2.
  if (fresh) ForbidReuse(true);
  return Verdict::kAnew;
}

void CurlPriorKnowledge::Turn() {
  connects_ = 0;
  ForbidReuse(false);
  Ask(!switching_);
}

void CurlPriorKnowledge::BeginFresh() {
  if (!needed_) return;
  connects_ = 0;
  ForbidReuse(false);
  Ask(true);
}

void CurlPriorKnowledge::BeforeRedirect() {
  // What follows cannot ask in another way, so it must get a fresh connection as this one did.
  if (needed_ && switching_ && !OverTls()) ForbidReuse(true);
}

void CurlPriorKnowledge::Ask(bool switching) {
  if (switching == switching_) return;
  switching_ = switching;
  curl_easy_setopt(
      easy_, CURLOPT_HTTP_VERSION,
      switching ? long{CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE} : long{CURL_HTTP_VERSION_2_0});
}

void CurlPriorKnowledge::ForbidReuse(bool forbid) {
  if (forbid == reuse_forbidden_) return;
  reuse_forbidden_ = forbid;
  curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, forbid ? 1L : 0L);
}

bool CurlPriorKnowledge::OverTls() const {
  const char* url = nullptr;  // of the current hop
  curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_URL, &url);
  return url != nullptr && absl::StartsWithIgnoreCase(url, "https:");
}

}  // namespace squall
