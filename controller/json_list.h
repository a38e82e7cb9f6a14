// JSON lines as a list of requests: an object in each line, with vegeta's keys
//
//     {"method": "PUT", "url": "/items/7", "header": {"Accept": ["*/*"]}, "body": "e30="}
//
// (https://github.com/tsenart/vegeta#json-format), of which `url` alone is needed. The body is in
// base64; a header may have one value or an array of them.
#pragma once

#include <memory>
#include <string_view>

#include "controller/list_rewriter.h"

namespace squall {

// `base_url`, which is borrowed: what a URL that begins with '/' is joined to. `method`: of lines
// that have none.
std::unique_ptr<ListRewriter> MakeJsonList(std::string_view base_url, std::string_view method);

}  // namespace squall
