// An access log as a list of requests: METHOD and path of each line, and its time to send it again
// by.
#pragma once

#include <memory>
#include <string_view>

#include "controller/list_rewriter.h"

namespace squall {

// `base_url`, which is borrowed: what paths are joined to. Lines that name no request are left out,
// and counted in the remarks.
std::unique_ptr<ListRewriter> MakeAccessLogList(std::string_view base_url, bool replay);

}  // namespace squall
