// The origins (scheme, host and port) that a plan's URLs lead to.
//
// Belongs to one worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/routes.h"

namespace squall {

struct Http1Origin {
  uint32_t number;   // 0, 1, 2, … in the order of their first use
  std::string name;  // as its URLs begin: "https://user@host:8443"
  bool https;
  std::string host;  // for TLS: without brackets
  Route& route;

  // A URL without a fragment begins with this origin, and with no longer one.
  bool IsOf(std::string_view url) const {
    if (!url.starts_with(name)) return false;
    const char next = url.size() == name.size() ? '/' : url[name.size()];
    return next == '/' || next == '?';
  }
};

class Http1Origins {
 public:
  // They outlive it.
  explicit Http1Origins(Routes& routes) : routes_(routes) {}

  // The origin of a URL, and in `target` what is behind it (as in UrlParts). Allocates only for an
  // origin that is new. Origins stay where they are.
  Http1Origin& Find(std::string_view url, std::string_view& target);

 private:
  Routes& routes_;
  std::unordered_map<std::string_view, std::unique_ptr<Http1Origin>> origins_;  // keys: their names
  Http1Origin* last_ = nullptr;  // lists tend to have one
};

}  // namespace squall
