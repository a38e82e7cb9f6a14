// An answer as response() of a script gets it: headers and body, kept as they come.
//
// Memory is reused. One thread's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace squall {

class ScriptAnswer {
 public:
  // Of a body; what is larger is not handed over.
  static constexpr size_t kMostBody = size_t{1} << 20;

  void Begin() {
    headers_.clear();
    text_.clear();
    body_.clear();
    too_large_ = false;
  }
  // What came was provisional.
  void ForgetHeaders() {
    headers_.clear();
    text_.clear();
  }
  void OnHeader(std::string_view name, std::string_view value) {
    headers_.push_back({name.size(), value.size()});
    text_.append(name).append(value);
  }
  void OnBody(std::string_view piece) {
    too_large_ |= piece.size() > kMostBody - body_.size();
    if (!too_large_) body_.append(piece);
  }

  // Calls `each(name, value)` in their order.
  template <typename Each>
  void ForEachHeader(Each&& each) const {
    std::string_view left = text_;
    for (const Sizes& sizes : headers_) {
      each(left.substr(0, sizes.name), left.substr(sizes.name, sizes.value));
      left.remove_prefix(sizes.name + sizes.value);
    }
  }
  std::string_view body() const { return body_; }
  bool too_large() const { return too_large_; }

 private:
  struct Sizes {
    size_t name;
    size_t value;
  };

  std::vector<Sizes> headers_;
  std::string text_;  // names and values, one behind the other
  std::string body_;
  bool too_large_ = false;
};

}  // namespace squall
