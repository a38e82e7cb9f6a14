// A server is asked for its counts over HTTP: by a GET without any header of the plan's, over a
// connection that is kept for the next one, to where the plan's connections go.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/network.h"
#include "agent/server_watch.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Where a question goes: host and port as libcurl's CURLOPT_CONNECT_TO takes them, or empty: to
// those of the URL. Nothing: nobody is to be asked now.
using WhereToAsk = std::function<std::optional<std::string>()>;

// `plan` is borrowed for the call, `network` outlives the question: its policy is held against
// every address that it connects to. `where` is asked for each question, from the watch's thread.
// An http or https URL that has been checked.
std::unique_ptr<ServerWatch::Question> MakeCurlQuestion(const v1::Plan& plan,
                                                        const Network& network,
                                                        const std::string& url, WhereToAsk where);

}  // namespace squall
