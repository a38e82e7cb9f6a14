#include "common/timings.h"

#include <algorithm>
#include <array>

namespace squall {
namespace {

// A histogram, and the field that carries it.
struct Part {
  Histogram TimingHistograms::*histogram;
  v1::Histogram* (v1::Timings::*mutable_field)();
};

constexpr std::array<Part, 7> kParts = {{
    {&TimingHistograms::resolve, &v1::Timings::mutable_resolve},
    {&TimingHistograms::connect, &v1::Timings::mutable_connect},
    {&TimingHistograms::tls, &v1::Timings::mutable_tls},
    {&TimingHistograms::first_byte_fresh, &v1::Timings::mutable_first_byte_fresh},
    {&TimingHistograms::first_byte_reused, &v1::Timings::mutable_first_byte_reused},
    {&TimingHistograms::transfer_fresh, &v1::Timings::mutable_transfer_fresh},
    {&TimingHistograms::transfer_reused, &v1::Timings::mutable_transfer_reused},
}};

}  // namespace

void TimingHistograms::Merge(const TimingHistograms& other) {
  for (const Part& part : kParts) (this->*part.histogram).Merge(other.*part.histogram);
}

void TimingHistograms::Clear() {
  for (const Part& part : kParts) (this->*part.histogram).Clear();
}

v1::Timings TimingHistograms::ToProto() const {
  v1::Timings proto;
  for (const Part& part : kParts) {
    const Histogram& histogram = this->*part.histogram;
    if (histogram.count() > 0) *(proto.*part.mutable_field)() = histogram.ToProto();
  }
  return proto;
}

absl::Status TimingHistograms::CheckCounts(const v1::Timings& proto, uint64_t requests,
                                           uint64_t fresh) {
  const uint64_t opened = proto.first_byte_fresh().count();
  const uint64_t reused = proto.first_byte_reused().count();
  const bool counts_fit = opened <= std::min(requests, fresh) && reused <= requests - opened &&
                          proto.transfer_fresh().count() == opened &&
                          proto.transfer_reused().count() == reused &&
                          proto.resolve().count() <= opened && proto.connect().count() <= opened &&
                          proto.tls().count() <= opened;
  if (!counts_fit) return absl::InvalidArgumentError("timings: more of a part than requests");
  return absl::OkStatus();
}

}  // namespace squall
