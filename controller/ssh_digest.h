// By which the program's file is known on other machines.
#pragma once

#include <string>
#include <string_view>

namespace squall {

// SHA-256 (FIPS 180-4) in hexadecimal digits; empty if OpenSSL has none to give.
std::string Sha256(std::string_view bytes);

}  // namespace squall
