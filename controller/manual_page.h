// Manual pages, made of the same words as the help. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controller/command_tree.h"

namespace squall {

// "squall-fleet-check", of "squall fleet check".
std::string PageName(const Command& command);

// The page in section 1, in the man macros of roff (man(7), groff_man(7)).
std::string ManualPage(const Command& root, const Command& command, std::string_view version);

}  // namespace squall
