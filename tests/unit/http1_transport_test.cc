#include "agent/http1_transport.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/plan_check.h"
#include "tests/support/transport_cases.h"
#include "tests/support/transport_resend_cases.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {
namespace {

template <typename Case>
std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

// The rows that http1 is for.
template <typename Case>
std::vector<Case> ForHttp1(std::vector<Case> cases) {
  std::erase_if(cases, [](const Case& test) {
    v1::Plan plan = SimplePlan();
    if (test.change) test.change(plan);
    return !WhatNeedsCurl(plan).empty();
  });
  return cases;
}

class Http1ResponseCases : public ::testing::TestWithParam<ResponseCase> {};
TEST_P(Http1ResponseCases, HasItsOutcome) { RunResponseCase(GetParam(), &MakeHttp1Transport); }
INSTANTIATE_TEST_SUITE_P(All, Http1ResponseCases, ::testing::ValuesIn(ForHttp1(ResponseCases())),
                         NameOf<ResponseCase>);

class Http1RequestOnWire : public ::testing::TestWithParam<RequestCase> {};
TEST_P(Http1RequestOnWire, IsWhatThePlanSays) { RunRequestCase(GetParam(), &MakeHttp1Transport); }
INSTANTIATE_TEST_SUITE_P(All, Http1RequestOnWire, ::testing::ValuesIn(ForHttp1(RequestCases())),
                         NameOf<RequestCase>);

class Http1Resend : public ::testing::TestWithParam<ResendCase> {};
TEST_P(Http1Resend, FollowsTheRule) { RunResendCase(GetParam(), &MakeHttp1Transport); }
INSTANTIATE_TEST_SUITE_P(All, Http1Resend, ::testing::ValuesIn(ResendCases()), NameOf<ResendCase>);

TEST(Http1Transport, RefusesPlansThatNeedAnother) {
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_follow(true);
  class Ignore final : public Transport::Sink {
    void OnOutcome(uint32_t, Nanos, const Outcome&) noexcept override {}
    void OnBatch() noexcept override {}
    void OnConnecting(uint32_t) noexcept override {}
  } sink;
  Network network;
  EXPECT_EQ(MakeHttp1Transport({plan, network, nullptr, sink, 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace squall::testing
