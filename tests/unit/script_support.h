// Plans with a script, for tests.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "common/script.h"
#include "squall/v1/plan.pb.h"

namespace squall::testing {

inline v1::Plan ScriptPlan(const std::string& text) {
  v1::Plan plan;
  plan.set_seed(7);
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url("http://127.0.0.1:8080/items?a=b");
  plan.add_phases()->set_measured(true);
  plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
  plan.mutable_script()->set_name("test.lua");
  plan.mutable_script()->set_text(text);
  for (const char* argument : {"one", "two"}) plan.mutable_script()->add_arguments(argument);
  return plan;
}

// Loaded, and through init().
inline absl::StatusOr<std::unique_ptr<Script>> Ready(const v1::Plan& plan,
                                                     Script::Print print = nullptr) {
  auto script = Script::Load(plan, 1, std::move(print));
  if (!script.ok()) return script.status();
  if (absl::Status status = (*script)->Init(); !status.ok()) return status;
  return script;
}

inline std::string RequestOf(Script& script, uint64_t n = 0) {
  std::string bytes;
  const absl::Status status = script.Request(n, bytes);
  EXPECT_TRUE(status.ok()) << status;
  return bytes;
}

}  // namespace squall::testing
