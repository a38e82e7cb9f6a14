#include "controller/json_error.h"

#include <string>

#include <nlohmann/json.hpp>

namespace squall {
namespace {

using Json = nlohmann::json;

class ErrorFinder final : public nlohmann::json_sax<Json> {
 public:
  size_t position() const { return position_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t position, const std::string&, const Json::exception&) override {
    position_ = position;
    return false;
  }

 private:
  size_t position_ = 0;
};

}  // namespace

size_t JsonErrorAt(std::string_view text) {
  ErrorFinder finder;
  Json::sax_parse(text, &finder);
  return finder.position();
}

}  // namespace squall
