// What the user is told when a command line does not parse.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace squall {

// One line for what is wrong, with a near flag or command if there is one, and one for where to
// read on. `app` is the root that threw `error`.
std::string UsageMessage(const CLI::App& app, const CLI::ParseError& error);

// Prints the help that was asked for on standard output, or the message on standard error.
// Returns the exit code: 0 or 2.
int ReportUsageError(const CLI::App& app, const CLI::ParseError& error);

}  // namespace squall
