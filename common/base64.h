// Base64 (RFC 4648, 4) as it is read where nothing may be allocated. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace squall {

// Whole groups of four, with "=" where bytes are missing at the end.
bool IsBase64(std::string_view text);

// Bytes of what is base64.
size_t Base64Size(std::string_view text);

// Writes them, and returns behind them. What is no base64 makes other bytes, no more of them.
char* WriteBase64(std::string_view text, char* to);

}  // namespace squall
