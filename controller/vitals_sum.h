// Vitals of several intervals as those of the time from the first to the last, and as JSON.
//
// Pure.
#pragma once

#include <google/protobuf/message.h>
#include <nlohmann/json_fwd.hpp>

#include "squall/v1/metrics.pb.h"

namespace squall {

// `next` follows: counts and times add up, shares are means over the time, the best round trip and
// the greatest rate are kept, and all else is as it was last. What one does not know is as the
// other knows it.
void AddVitals(const v1::Vitals& next, v1::Vitals& sum);

// False for what no agent can see: times that run backwards, negative ones, shares that are none.
bool AreVitals(const v1::Vitals& vitals);

// The fields of a message that has only numbers and texts, by their names; null: absent.
nlohmann::ordered_json FieldsJson(const google::protobuf::Message& message);

}  // namespace squall
