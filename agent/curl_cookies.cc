#include "agent/curl_cookies.h"

#include "absl/strings/match.h"
#include "agent/curl_handles.h"

namespace squall {

void CurlCookies::OnHeader(std::string_view line) {
  constexpr std::string_view kName = "Set-Cookie:";
  const std::string_view name = line.substr(0, kName.size());
  if (absl::EqualsIgnoreCase(absl::string_view(name.data(), name.size()),
                             absl::string_view(kName.data(), kName.size()))) {
    ++set_;
  }
}

void CurlCookies::Bound(CURL* easy) {
  if (set_ <= kMost) return;
  set_ = 0;
  curl_slist* all = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_COOKIELIST, &all) != CURLE_OK) return;
  const CurlList list(all);
  size_t count = 0;
  for (const curl_slist* cookie = all; cookie != nullptr; cookie = cookie->next) ++count;
  if (count > kMost) curl_easy_setopt(easy, CURLOPT_COOKIELIST, "ALL");
}

}  // namespace squall
