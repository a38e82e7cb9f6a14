// SHA-256 (FIPS 180-4): by which files are known on other machines.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace squall {

inline constexpr size_t kSha256Bytes = 32;

// Of what comes piece by piece.
class Sha256Sum {
 public:
  Sha256Sum();
  ~Sha256Sum();
  Sha256Sum(Sha256Sum&&) noexcept;
  Sha256Sum& operator=(Sha256Sum&&) noexcept;

  void Add(std::string_view bytes);
  // Of all that was added, as kSha256Bytes bytes; empty if OpenSSL has none to give. Once.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of a whole, as kSha256Bytes bytes, and in hexadecimal digits; empty if OpenSSL has none to give.
std::string Sha256Of(std::string_view bytes);
std::string Sha256(std::string_view bytes);

// Each byte as two digits.
std::string Hexadecimal(std::string_view bytes);

}  // namespace squall
