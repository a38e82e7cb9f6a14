// Looks in JSON texts for what is expected at some places, without making a tree of them.
//
// Made once and used for one text after the other, by one thread. The parser underneath
// (nlohmann's, by events) takes a little memory for each text, however long that is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/json_path.h"

namespace squall {

class JsonWalk {
 public:
  struct Wish {
    JsonPath path;
    std::optional<JsonScalar> value;  // nothing: whatever is there
    bool found = false;               // something is there …
    bool holds = false;               // … and it is this value. With a name twice, either will do
    size_t matched = 0;               // so many steps lead to where the walk is
  };

  explicit JsonWalk(std::vector<Wish> wishes) : wishes_(std::move(wishes)) {}

  // Says of each wish what came of it. False if `text` is not JSON, or not all of it: error_at() is
  // then the byte (counted from 1) after which that is clear.
  bool Walk(std::string_view text);

  const std::vector<Wish>& wishes() const { return wishes_; }
  size_t error_at() const { return error_at_; }

 private:
  std::vector<Wish> wishes_;
  size_t error_at_ = 0;
};

}  // namespace squall
