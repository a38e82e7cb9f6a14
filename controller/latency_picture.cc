#include "controller/latency_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

constexpr size_t kMostEdges = 10;

// Where the values lie: all of them from min to max, all but a few from low to high.
struct Spread {
  uint64_t min, low, high, max;
};

// Adds `edge` to rising edges that are to reach from the last one up to `low` to the first one
// above `high`, as far as there are values on both sides of it.
void AddEdge(const Spread& spread, uint64_t edge, std::vector<uint64_t>& edges) {
  if (edge <= spread.min || edge > spread.max) return;
  if (edge <= spread.low) edges.clear();
  if (edges.empty() || edges.back() <= spread.high) edges.push_back(edge);
}

// Of all multiples of 1, 2 or 5 times a power of ten that a reader of three digits can tell apart,
// the smallest that leaves few enough edges.
std::vector<uint64_t> EvenEdges(const Spread& spread) {
  uint64_t power = 1;
  while (spread.high / power >= 1000) power *= 10;
  for (;; power *= 10) {
    for (const uint64_t factor : {1u, 2u, 5u}) {
      const uint64_t step = power * factor;
      std::vector<uint64_t> edges;
      for (uint64_t edge = spread.low / step * step; edge <= spread.high + step; edge += step) {
        AddEdge(spread, edge, edges);
      }
      if (edges.size() <= kMostEdges) return edges;
    }
  }
}

// The preferred numbers of IEC 60063, in tenths: rounded, but each about the same multiple of the
// one before, so that no row stands out only for being wider. The most that leave few enough edges.
std::vector<uint64_t> GrowingEdges(const Spread& spread) {
  static const std::array<std::vector<uint64_t>, 5> kSeries = {{
      {10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82},
      {10, 15, 22, 33, 47, 68},
      {10, 22, 47},
      {10, 33},
      {10},
  }};
  std::vector<uint64_t> edges;
  for (const auto& series : kSeries) {
    edges.clear();
    for (uint64_t power = 1; power <= 100'000'000'000'000'000; power *= 10) {
      for (const uint64_t tenths : series) AddEdge(spread, power * tenths, edges);
    }
    if (edges.size() <= kMostEdges) return edges;
  }
  // More than ten powers of ten: the lowest share a row.
  edges.erase(edges.begin(), edges.end() - kMostEdges);
  return edges;
}

std::string Bar(double share, bool utf8) {
  constexpr double kLength = 40;
  if (!utf8)
    return std::string(static_cast<size_t>(std::max(1.0, std::round(share * kLength))), '#');
  static constexpr std::array<std::string_view, 8> kParts = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<size_t>(std::max(1.0, std::round(share * kLength * 8)));
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  return bar.append(kParts[eighths % 8]);
}

}  // namespace

std::vector<PictureRow> PictureRows(const Histogram& histogram) {
  if (histogram.count() == 0) return {};
  const Spread spread = {histogram.min(), histogram.Quantile(0.01), histogram.Quantile(0.99),
                         histogram.max()};
  std::vector<PictureRow> rows = {{spread.min, spread.max, 0}};
  for (const uint64_t edge :
       spread.high / 4 < spread.low ? EvenEdges(spread) : GrowingEdges(spread)) {
    rows.back().to = edge;
    rows.push_back({edge, spread.max, 0});
  }
  auto row = rows.begin();
  for (const Histogram::Bucket& bucket : histogram.Buckets()) {
    const uint64_t middle = bucket.lowest + (bucket.highest - bucket.lowest) / 2;
    while (row + 1 != rows.end() && middle >= row->to) ++row;
    row->count += bucket.count;
  }
  return rows;
}

std::string LatencyPicture(const Histogram& histogram, const TextStyle& style, size_t indent) {
  const std::vector<PictureRow> rows = PictureRows(histogram);
  uint64_t most = 0;
  for (const PictureRow& row : rows) most = std::max(most, row.count);
  using Align = TextTable::Align;
  using Cell = TextTable::Cell;
  TextTable table(
      {Align::kRight, Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kLeft});
  const auto time = [&style](uint64_t nanos) {
    return FormatDuration(static_cast<double>(nanos), style.utf8);
  };
  for (const PictureRow& row : rows) {
    const double share = static_cast<double>(row.count) / static_cast<double>(most);
    table.AddRow({&row == &rows.front() ? "min" : time(row.from),
                  Cell(style.utf8 ? "–" : "-", Colour::kDim),
                  &row == &rows.back() ? "max" : time(row.to), FormatCount(row.count),
                  Cell(FormatShare(row.count, histogram.count()), Colour::kDim),
                  Cell(row.count == 0 ? "" : Bar(share, style.utf8), Colour::kCyan)});
  }
  return table.ToString(style, indent);
}

}  // namespace squall
