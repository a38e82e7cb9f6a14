// Which URLs of the list were requested, for people: rows of the totals.
#pragma once

#include "controller/result.h"
#include "controller/text_table.h"

namespace squall {

// None if there is no list. The table has three columns.
void AddCoverage(const RunResult& result, TextTable& table);

}  // namespace squall
