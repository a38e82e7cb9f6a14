// Names of runs: "20261124T023500Z-1a2b", the time in UTC and four random hexadecimal digits. They
// sort by time, are unlikely to come twice, and can stand in a header or a log as they are.
#pragma once

#include <string>
#include <string_view>

namespace squall {

// Of a run that begins now.
std::string NewRunId();

// Whether NewRunId() could have made it.
bool IsRunId(std::string_view text);
// Whether it can stand in a log as a run's name: up to 64 letters, digits and hyphens.
bool IsPlainRunId(std::string_view text);

}  // namespace squall
