#include "common/histogram.h"

#include <cmath>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "common/check.h"
#include "common/histogram_cells.h"

namespace squall {
namespace {

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("histogram: {}", what));
}

}  // namespace

Histogram::Histogram(const Histogram& other)
    : count_(other.count_), min_(other.min_), max_(other.max_), sum_(other.sum_) {
  for (uint32_t row = 0; row < kRows; ++row) {
    if (other.rows_[row] != nullptr) rows_[row] = std::make_unique<Row>(*other.rows_[row]);
  }
}

Histogram& Histogram::operator=(const Histogram& other) { return *this = Histogram(other); }

uint64_t Histogram::LowestOf(uint64_t index) {
  const auto row = static_cast<uint32_t>(index / kRowSize);
  const uint64_t place = index % kRowSize;
  return row == 0 ? place : (kRowSize + place) << ShiftOf(row);
}

uint64_t Histogram::HighestOf(uint64_t index) {
  return LowestOf(index) + (uint64_t{1} << ShiftOf(static_cast<uint32_t>(index / kRowSize))) - 1;
}

Histogram::Row& Histogram::AddRow(uint32_t row) {
  SQUALL_CHECK(row < kRows);
  if (rows_[row] == nullptr) rows_[row] = std::make_unique<Row>();
  return *rows_[row];
}

void Histogram::Merge(const Histogram& other) {
  for (uint32_t row = 0; row < kRows; ++row) {
    if (other.rows_[row] == nullptr) continue;
    Row& ours = AddRow(row);
    std::transform(ours.begin(), ours.end(), other.rows_[row]->begin(), ours.begin(),
                   std::plus<uint64_t>());
  }
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

bool Histogram::Contains(const Histogram& part) const {
  if (part.count_ == 0) return true;
  if (part.min_ < min_ || part.max_ > max_ || part.sum_ > sum_) return false;
  absl::uint128 least = 0;
  absl::uint128 greatest = 0;
  for (uint32_t row = 0; row < kRows; ++row) {
    if (rows_[row] == nullptr && part.rows_[row] == nullptr) continue;
    for (uint32_t place = 0; place < kRowSize; ++place) {
      const uint64_t whole = rows_[row] == nullptr ? 0 : (*rows_[row])[place];
      const uint64_t taken = part.rows_[row] == nullptr ? 0 : (*part.rows_[row])[place];
      if (taken > whole) return false;
      const uint64_t lowest = LowestOf(uint64_t{row} * kRowSize + place);
      least += absl::uint128(lowest) * (whole - taken);
      greatest += absl::uint128(lowest + (uint64_t{1} << ShiftOf(row)) - 1) * (whole - taken);
    }
  }
  return sum_ - part.sum_ >= least && sum_ - part.sum_ <= greatest;
}

Histogram Histogram::Without(const Histogram& part) const {
  SQUALL_CHECK(Contains(part));
  if (part.count_ == count_) return {};
  Histogram rest = *this;
  for (uint32_t row = 0; row < kRows; ++row) {
    if (part.rows_[row] == nullptr || rest.rows_[row] == nullptr) continue;
    Row& ours = *rest.rows_[row];
    std::transform(ours.begin(), ours.end(), part.rows_[row]->begin(), ours.begin(),
                   std::minus<uint64_t>());
  }
  rest.count_ -= part.count_;
  rest.sum_ -= part.sum_;

  // The largest can be no more than what the sum leaves if all others are as small as can be; the
  // smallest likewise.
  const std::vector<Bucket> buckets = rest.Buckets();
  rest.min_ = std::max(buckets.front().lowest, min_);
  rest.max_ = std::min(buckets.back().highest, max_);
  absl::uint128 least = 0;
  absl::uint128 greatest = 0;
  for (const Bucket& bucket : buckets) {
    least += absl::uint128(std::max(bucket.lowest, rest.min_)) * bucket.count;
    greatest += absl::uint128(std::min(bucket.highest, rest.max_)) * bucket.count;
  }
  const uint64_t last = std::max(buckets.back().lowest, rest.min_);
  const uint64_t first = std::min(buckets.front().highest, rest.max_);
  if (rest.sum_ >= least) {
    const absl::uint128 most = last + (rest.sum_ - least);
    if (most < rest.max_) rest.max_ = absl::Uint128Low64(most);
  }
  if (rest.sum_ <= greatest && greatest - rest.sum_ <= first) {
    rest.min_ = std::max(rest.min_, first - absl::Uint128Low64(greatest - rest.sum_));
  }
  return rest;
}

void Histogram::Clear() {
  for (auto& row : rows_) {
    if (row != nullptr) row->fill(0);
  }
  count_ = 0;
  min_ = UINT64_MAX;
  max_ = 0;
  sum_ = 0;
}

double Histogram::Mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

double Histogram::StandardDeviation() const {
  if (count_ == 0) return 0;
  // Around the mean of the middles, not of the values: equal values then deviate by 0.
  const std::vector<Bucket> buckets = Buckets();
  const auto middle = [](const Bucket& bucket) {
    return bucket.lowest + (bucket.highest - bucket.lowest + 1) / 2;
  };
  absl::uint128 sum = 0;
  for (const Bucket& bucket : buckets) sum += absl::uint128(middle(bucket)) * bucket.count;
  const double mean = static_cast<double>(sum) / static_cast<double>(count_);
  double squares = 0;
  for (const Bucket& bucket : buckets) {
    const double deviation = static_cast<double>(middle(bucket)) - mean;
    squares += deviation * deviation * static_cast<double>(bucket.count);
  }
  return std::sqrt(squares / static_cast<double>(count_));
}

uint64_t Histogram::Quantile(double fraction) const {
  if (fraction >= 1) return max();
  // A fraction such as 0.07 is stored a little too large, and would ask for the 8th of 100 values;
  // the next smaller one makes up for it.
  const double rank = std::ceil(std::nextafter(fraction, 0.0) * static_cast<double>(count_));
  uint64_t seen = 0;
  for (const Bucket& bucket : Buckets()) {
    seen += bucket.count;
    if (static_cast<double>(seen) >= rank) return std::clamp(bucket.highest, min(), max());
  }
  return max();
}

std::vector<Histogram::Bucket> Histogram::Buckets() const {
  std::vector<Bucket> buckets;
  ForEachBucket([&buckets](uint64_t index, uint64_t count) {
    buckets.push_back({LowestOf(index), HighestOf(index), count});
  });
  return buckets;
}

v1::Histogram Histogram::ToProto() const {
  v1::Histogram proto;
  proto.set_count(count_);
  proto.set_min_ns(min());
  proto.set_max_ns(max());
  proto.set_sum_high(absl::Uint128High64(sum_));
  proto.set_sum_low(absl::Uint128Low64(sum_));
  CellWriter cells(proto);
  ForEachBucket([&cells](uint64_t index, uint64_t count) { cells.Add(index, count); });
  return proto;
}

size_t Histogram::MostCells(const v1::Histogram& proto) {
  return std::min(proto.cells().size(), size_t{kRows} * kRowSize);
}

absl::StatusOr<DecodedHistogram> Histogram::Decode(const v1::Histogram& proto,
                                                   absl::Span<HistogramCell> room) {
  // The sum if all values are the lowest of their buckets, and by how much more it is if all are
  // the highest. 2^64 values below 2^63 cannot overflow.
  absl::uint128 least = 0;
  absl::uint128 more = 0;
  uint64_t counted = 0;
  HistogramCell* end = room.data();
  CellReader cells(proto.cells());
  while (cells.more()) {
    // One in whatever way it is written, and then the others of its row, by their places: most of
    // what comes is looked at here.
    uint64_t index = 0;
    uint64_t count = 0;
    if (!cells.Next(index, count) || index >= uint64_t{kRows} * kRowSize ||
        count > UINT64_MAX - counted) {
      return Malformed("a bucket that cannot be");
    }
    *end++ = {count, static_cast<uint32_t>(index)};
    const uint64_t row = index / kRowSize;
    uint64_t others = 0;
    uint64_t places = 0;
    cells.ForEachShort((row + 1) * kRowSize, [&](uint64_t place, uint32_t some) {
      *end++ = {some, static_cast<uint32_t>(place)};
      others += some;
      places += (place % kRowSize) * some;
    });
    if (others > UINT64_MAX - counted - count) return Malformed("more values than can be");
    const auto shift = static_cast<int>(ShiftOf(static_cast<uint32_t>(row)));
    const absl::uint128 all = absl::uint128(count) + others;
    least += absl::uint128(LowestOf(row * kRowSize)) * all +
             ((absl::uint128(index % kRowSize) * count + places) << shift);
    more += absl::uint128((uint64_t{1} << shift) - 1) * all;
    counted += count + others;
  }
  if (counted != proto.count()) return Malformed("count is not the sum of the buckets");

  const DecodedHistogram decoded = {
      .count = counted,
      .min = proto.min_ns(),
      .max = proto.max_ns(),
      .sum = absl::MakeUint128(proto.sum_high(), proto.sum_low()),
      .cells = {room.data(), static_cast<size_t>(end - room.data())},
  };
  const auto& [count, min, max, sum, buckets] = decoded;
  if (buckets.empty()) {
    if (min != 0 || max != 0 || sum != 0) return Malformed("values but no count");
    return decoded;
  }
  const auto& [first_count, first] = buckets.front();
  const auto& [last_count, last] = buckets.back();
  if (min > max || min < LowestOf(first) || min > HighestOf(first) || max < LowestOf(last) ||
      max > HighestOf(last)) {
    return Malformed("min or max outside its bucket");
  }
  // No value is below min or above max, and one is each of them; every sum between is possible.
  absl::uint128 greatest = least + more - absl::uint128(HighestOf(last) - max) * last_count;
  least += absl::uint128(min - LowestOf(first)) * first_count;
  least += max - std::max(LowestOf(last), min);
  greatest -= std::min(HighestOf(first), max) - min;
  if (sum < least || sum > greatest) return Malformed("sum outside its buckets");
  return decoded;
}

void Histogram::Merge(const DecodedHistogram& other) {
  if (other.cells.empty()) return;
  uint32_t row = kRows;
  Row* ours = nullptr;
  for (const auto& [count, index] : other.cells) {
    if (index / kRowSize != row) {
      row = index / kRowSize;
      ours = &AddRow(row);
    }
    (*ours)[index % kRowSize] += count;
  }
  count_ += other.count;
  sum_ += other.sum;
  min_ = std::min(min_, other.min);
  max_ = std::max(max_, other.max);
}

absl::StatusOr<Histogram> Histogram::FromProto(const v1::Histogram& proto) {
  std::vector<HistogramCell> room(MostCells(proto));
  const absl::StatusOr<DecodedHistogram> decoded = Decode(proto, absl::MakeSpan(room));
  if (!decoded.ok()) return decoded.status();
  Histogram histogram;
  histogram.Merge(*decoded);
  return histogram;
}

bool operator==(const Histogram& a, const Histogram& b) {
  return a.count_ == b.count_ && a.min() == b.min() && a.max_ == b.max_ && a.sum_ == b.sum_ &&
         a.Buckets() == b.Buckets();
}

}  // namespace squall
