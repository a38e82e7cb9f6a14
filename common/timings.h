// What the service times of whole responses are made of: of one request, and of many.
//
// The parts follow each other and sum to the service time. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/histogram.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// Of one request. Nanoseconds; negative: there was no such part. The first three only with a
// connection opened for the request; the last two together, or nothing is known of the request (as
// where redirects were followed).
struct Timings {
  Nanos resolve = -1;
  Nanos connect = -1;
  Nanos tls = -1;
  Nanos first_byte = -1;  // from a usable connection to the first byte of the answer
  Nanos transfer = -1;    // from there to the last byte

  // Until the connection was usable.
  Nanos connecting() const {
    return std::max<Nanos>(resolve, 0) + std::max<Nanos>(connect, 0) + std::max<Nanos>(tls, 0);
  }
};

// Of many. Merges exactly.
struct TimingHistograms {
  // `fresh`: on a connection opened for the request.
  void Add(const Timings& timings, bool fresh) {
    if (timings.first_byte < 0 || timings.transfer < 0) return;
    Record(timings.first_byte, fresh ? first_byte_fresh : first_byte_reused);
    Record(timings.transfer, fresh ? transfer_fresh : transfer_reused);
    if (!fresh) return;
    Record(timings.resolve, resolve);
    Record(timings.connect, connect);
    Record(timings.tls, tls);
  }

  void Merge(const TimingHistograms& other);
  void Clear();  // keeps memory

  v1::Timings ToProto() const;
  // INVALID_ARGUMENT if Add() could not have counted so of `requests` requests, of which `fresh` at
  // most opened a connection.
  static absl::Status CheckCounts(const v1::Timings& proto, uint64_t requests, uint64_t fresh);

  Histogram resolve;
  Histogram connect;
  Histogram tls;
  Histogram first_byte_fresh;
  Histogram first_byte_reused;
  Histogram transfer_fresh;
  Histogram transfer_reused;

 private:
  static void Record(Nanos part, Histogram& histogram) {
    if (part >= 0) histogram.Record(static_cast<uint64_t>(part));
  }
};

}  // namespace squall
