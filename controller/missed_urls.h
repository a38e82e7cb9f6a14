// The file of --coverage: the entries of a list that were not requested.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace squall {

// One a line, as they stand in `list_text` and in its order. `reached` is by entry; empty: all are,
// and the file has nothing in it. False, with a message on standard error, if it could not be
// written whole.
bool WriteMissedUrls(const std::string& path, std::string_view list_text,
                     const std::vector<bool>& reached);

}  // namespace squall
