#include "agent/json_walk.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace squall {
namespace {

using Json = nlohmann::json;

// Takes the parser's events; each says whether to go on. What it knows of the way down is only as
// deep as paths are: no deeper text can hold a wish.
class Walker {
 public:
  explicit Walker(std::vector<JsonWalk::Wish>& wishes) : wishes_(wishes) {}

  size_t error_at() const { return error_at_; }

  bool null() { return Scalar(JsonScalar()); }
  bool boolean(bool value) { return Scalar(value); }
  bool number_integer(Json::number_integer_t value) { return Scalar(int64_t{value}); }
  bool number_unsigned(Json::number_unsigned_t value) { return Scalar(uint64_t{value}); }
  bool number_float(Json::number_float_t value, const std::string&) { return Scalar(value); }
  bool string(std::string& value) {
    OnValue([&value](const JsonScalar& expected) {
      const auto* text = std::get_if<std::string>(&expected);
      return text != nullptr && *text == value;
    });
    return true;
  }
  bool binary(Json::binary_t&) { return true; }  // not in texts

  bool start_object(size_t) { return Down(false); }
  bool end_object() { return Up(); }
  bool start_array(size_t) { return Down(true); }
  bool end_array() { return Up(); }

  bool key(std::string& name) {
    Step([&name](const auto& step) {
      const auto* wanted = std::get_if<std::string>(&step);
      return wanted != nullptr && *wanted == name;
    });
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    error_at_ = position;
    return false;
  }

 private:
  struct Level {
    bool is_array = false;
    uint64_t next = 0;  // index
  };

  bool Scalar(const JsonScalar& value) {
    OnValue([&value](const JsonScalar& expected) { return AreSame(expected, value); });
    return true;
  }

  bool Down(bool is_array) {
    OnValue([](const JsonScalar&) { return false; });
    if (depth_ < levels_.size()) levels_[depth_] = {is_array};
    ++depth_;
    return true;
  }

  bool Up() {
    --depth_;
    for (JsonWalk::Wish& wish : wishes_) wish.matched = std::min(wish.matched, depth_);
    return true;
  }

  // The way goes on to another child of where it was: whose steps lead there, too?
  template <typename Fits>
  void Step(Fits fits) {
    for (JsonWalk::Wish& wish : wishes_) {
      if (wish.matched + 1 < depth_ || depth_ > wish.path.size()) continue;
      wish.matched = fits(wish.path[depth_ - 1]) ? depth_ : depth_ - 1;
    }
  }

  template <typename IsExpected>
  void OnValue(IsExpected is_expected) {
    if (depth_ > levels_.size()) return;
    if (depth_ > 0 && levels_[depth_ - 1].is_array) {
      const uint64_t index = levels_[depth_ - 1].next++;
      Step([index](const auto& step) {
        const auto* wanted = std::get_if<uint64_t>(&step);
        return wanted != nullptr && *wanted == index;
      });
    }
    for (JsonWalk::Wish& wish : wishes_) {
      if (wish.matched != depth_ || wish.path.size() != depth_) continue;
      wish.found = true;
      if (wish.value && is_expected(*wish.value)) wish.holds = true;
    }
  }

  std::vector<JsonWalk::Wish>& wishes_;
  std::array<Level, kMaxJsonSteps> levels_;
  size_t depth_ = 0;
  size_t error_at_ = 0;
};

}  // namespace

bool JsonWalk::Walk(std::string_view text) {
  for (Wish& wish : wishes_) {
    wish.found = wish.holds = false;
    wish.matched = 0;
  }
  // The parser takes one for the end.
  if (const size_t zero = text.find('\0'); zero != std::string_view::npos) {
    error_at_ = zero;
    return false;
  }
  Walker walker(wishes_);
  const bool whole = Json::sax_parse(text.begin(), text.end(), &walker);
  error_at_ = walker.error_at();
  for (Wish& wish : wishes_) {
    if (!wish.value) wish.holds = wish.found;
  }
  return whole;
}

}  // namespace squall
