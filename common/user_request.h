// The text of a request that a user of a script makes: the headers that every request of squall
// has, those of the plan, the user's own, and its cookies.
//
// One at a time: its memory is used again. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "squall/v1/plan.pb.h"

namespace squall {

class UserRequestText {
 public:
  // Of a plan whose URL and headers are good.
  explicit UserRequestText(const v1::Plan& plan);

  // What a URL asks for there: it is a path ("/items?a=b"), or leads to the same origin as the
  // plan's URL. Empty: it is no such one, or none at all.
  std::string_view TargetOf(std::string_view url) const;
  // "http://127.0.0.1:8080".
  const std::string& origin() const { return origin_; }

  void Begin();
  // In place of a default of that name. Null, or what is wrong with it.
  const char* AddHeader(std::string_view name, std::string_view value);
  // Writes it over `bytes`. `body` null: there is none.
  void Write(std::string_view method, std::string_view target, std::string_view cookies,
             const std::string_view* body, std::string& bytes) const;

 private:
  struct Default {
    std::string name;
    std::string line;
    bool with_body = false;  // only where there is one
    bool replaced = false;
  };

  std::string origin_;
  std::vector<Default> defaults_;
  std::string own_;  // lines of headers
  bool own_cookie_ = false;
};

}  // namespace squall
