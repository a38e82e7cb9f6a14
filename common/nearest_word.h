// What was probably meant by a word that is none.
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace squall {

// The word that was most likely meant, or nothing: a beginning of it, or a few slips of the finger.
std::string NearestWord(std::string_view typed, const std::vector<std::string>& words);

}  // namespace squall
