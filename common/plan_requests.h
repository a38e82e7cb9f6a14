// The requests of a plan, whether it has one, several with names, or those of a list's words.
//
// What is known by a request's index is in the plan's order; one that is alone has index 0. Those
// of a list have no URLs: their lines have.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "squall/v1/plan.pb.h"

namespace squall {

size_t CountRequests(const v1::Plan& plan);  // at least 1
const v1::Request& RequestOf(const v1::Plan& plan, size_t index);
const v1::Checks& ChecksOf(const v1::Plan& plan, size_t index);

// All of them, borrowed from the plan; the second with the one in front that a list's are made of.
std::vector<const v1::Request*> RequestsOf(const v1::Plan& plan);
std::vector<v1::Request*> MutableRequestsOf(v1::Plan& plan);

// Where the plan has a request, for messages: "request", "mix[2].request",
// "urls.requests[1].request".
std::string RequestField(const v1::Plan& plan, size_t index);

}  // namespace squall
