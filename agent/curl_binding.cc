#include "agent/curl_binding.h"

#include <cstring>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>

#include "agent/socket_calls.h"
#include "common/network_options.h"
#include "common/quiet_socket.h"
#include "common/url.h"

namespace squall {
namespace {

bool Same(const std::optional<Endpoint>& a, const std::optional<Endpoint>& b) {
  return a && b && SameEndpoint(*a, *b);
}

// Whether `url` is one of `origin`: "http://host:8080".
bool IsOf(std::string_view url, std::string_view origin) {
  return url.starts_with(origin) &&
         (url.size() == origin.size() || std::strchr("/?#", url[origin.size()]) != nullptr);
}

// With an element more; null if there is no memory.
CurlList With(CurlList list, const std::string& element) {
  curl_slist* longer = curl_slist_append(list.get(), element.c_str());
  if (longer == nullptr) return nullptr;
  (void)list.release();  // now the rest of `longer`
  return CurlList(longer);
}

// As the first two parts of an element of CURLOPT_CONNECT_TO, where libcurl knows no zones.
std::string PlaceOf(const std::string& url) {
  const UrlParts parts = SplitUrl(url);
  const std::string_view host = parts.host.substr(0, parts.host.find('%'));
  const bool ipv6 = host.find(':') != std::string_view::npos;
  return fmt::format("{}{}{}:{}", ipv6 ? "[" : "", host, ipv6 ? "]" : "", parts.port);
}

bool BindTo(curl_socket_t socket, const Endpoint& source) {
  ChoosePortsLate(socket);
  return bind(socket, source.get(), source.size) == 0;
}

}  // namespace

CurlBinding::CurlBinding(Shared& shared, CurlGroup& group, CURL* easy)
    : shared_(shared), group_(group), easy_(easy) {}

CURLcode CurlBinding::Prepare() {
  CURLcode result = curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &OnOpen);
  if (result == CURLE_OK) result = curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  if (result != CURLE_OK || !Follows()) return result;
  // For what redirects lead to.
  for (const v1::Resolution& resolution : shared_.transport.resolutions()) {
    resolve_ = With(std::move(resolve_), ToText(resolution));
    if (resolve_ == nullptr) return CURLE_OUT_OF_MEMORY;
  }
  return curl_easy_setopt(easy_, CURLOPT_RESOLVE, resolve_.get());
}

Route* CurlBinding::Find(const std::string& url) {
  denied_.clear();
  if (!shared_.transport.proxy().empty()) return nullptr;
  if (found_ == nullptr || !IsOf(url, origin_)) {
    const UrlParts parts = SplitUrl(url);
    found_ = &shared_.routes.Find(parts.host, parts.port);
    origin_ = parts.origin;
  }
  return found_;
}

CURLcode CurlBinding::Bind(Route& route) {
  opening_ = false;
  tries_left_ = route.size() - 1;
  return Choose(route);
}

CURLcode CurlBinding::Choose(Route& route) {
  const bool new_connection = shared_.transport.no_keepalive();
  if (new_connection) {
    group_.endpoint = route.Next();
  } else if (group_.route != &route || group_.generation != route.generation() ||
             !group_.endpoint) {
    group_.endpoint = route.Share(group_.connection);
  }
  group_.route = &route;
  group_.generation = route.generation();
  const bool told = route_ == &route && Same(endpoint_, group_.endpoint);
  route_ = &route;
  if (told) return CURLE_OK;
  endpoint_ = group_.endpoint;
  return Tell(*endpoint_);
}

CURLcode CurlBinding::Tell(const Endpoint& endpoint) {
  CurlList list;
  if (endpoint.family() != AF_UNIX) {
    // Where redirects may lead to other hosts, the place has to be named.
    const std::string place = Follows() ? PlaceOf(origin_) : ":";
    list = With(nullptr, fmt::format("{}:{}", place, DisplayOf(endpoint)));
    if (list == nullptr) return CURLE_OUT_OF_MEMORY;
    for (int i = 0; Follows() && i < shared_.transport.diversions_size(); ++i) {
      list = With(std::move(list), ToText(shared_.transport.diversions(i)));
      if (list == nullptr) return CURLE_OUT_OF_MEMORY;
    }
  }
  const CURLcode result = curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, list.get());
  connect_to_ = std::move(list);
  return result;
}

bool CurlBinding::MovesOn(CURLcode result) {
  if (route_ == nullptr || !CouldNotConnect(result)) return false;
  route_->Avoid(*endpoint_);
  if (Same(group_.endpoint, endpoint_)) group_.endpoint.reset();
  const bool more = tries_left_ != 0 && route_->size() != 0;
  if (result != CURLE_COULDNT_CONNECT || !more) return false;
  --tries_left_;
  return Choose(*route_) == CURLE_OK;
}

// Or not in time.
bool CurlBinding::CouldNotConnect(CURLcode result) const {
  if (result == CURLE_COULDNT_CONNECT) return !WasRedirected();
  if (result != CURLE_OPERATION_TIMEDOUT || !opening_) return false;
  curl_off_t connected = 0;
  curl_easy_getinfo(easy_, CURLINFO_CONNECT_TIME_T, &connected);
  return connected == 0 && !WasRedirected();
}

bool CurlBinding::WasRedirected() const {
  long redirects = 0;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_COUNT, &redirects);
  return redirects > 0;
}

uint32_t CurlBinding::AnsweredFrom() const {
  if (endpoint_ && !WasRedirected()) return endpoint_->number;
  const char* host = nullptr;
  long port = 0;
  curl_easy_getinfo(easy_, CURLINFO_PRIMARY_IP, &host);
  curl_easy_getinfo(easy_, CURLINFO_PRIMARY_PORT, &port);
  const std::optional<Endpoint> from = host == nullptr ? std::nullopt : NumericEndpoint(host);
  if (!from) return Outcome::kNoAddress;
  return shared_.network.addresses.Number(DisplayOf(WithPort(*from, static_cast<uint16_t>(port))));
}

curl_socket_t CurlBinding::OnOpen(void* self, curlsocktype, curl_sockaddr* address) noexcept {
  CurlBinding& binding = *static_cast<CurlBinding*>(self);
  binding.opening_ = true;
  Endpoint to = MakeEndpoint(&address->addr, address->addrlen);
  if (binding.route_ != nullptr && Same(binding.endpoint_, to)) {
    to = *binding.endpoint_;
  } else {
    const absl::Status allowed = binding.shared_.guard.CheckOpening(binding.easy_, to);
    if (!allowed.ok()) {
      binding.denied_ = std::string(allowed.message());
      return CURL_SOCKET_BAD;
    }
    binding.denied_.clear();  // of another address
    to.number = binding.shared_.network.addresses.Number(DisplayOf(to));
    to.uses = binding.group_.connection;
  }
  binding.shared_.sink.OnConnecting(to.number);
  const curl_socket_t opened = socket(address->family, address->socktype, address->protocol);
  if (opened < 0) return CURL_SOCKET_BAD;
  MakeQuiet(opened);
  const Endpoint* source = binding.shared_.routes.Source(to);
  if (source == nullptr || BindTo(opened, *source)) return opened;
  close(opened);
  return CURL_SOCKET_BAD;
}

}  // namespace squall
