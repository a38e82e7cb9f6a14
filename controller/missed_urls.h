// The file of --coverage: the entries of a list that were not requested.
#pragma once

#include <string>
#include <vector>

#include "controller/list_file.h"

namespace squall {

// One a line, as they stand in the list and in its order. `reached` is by entry; empty: all are,
// and the file has nothing in it. False, with a message on standard error, if it could not be
// written whole.
bool WriteMissedUrls(const std::string& path, ListFile& list, const std::vector<bool>& reached);

}  // namespace squall
