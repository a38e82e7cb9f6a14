// A histogram as a picture in text: a few rows between round numbers, with bars.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/histogram.h"
#include "controller/terminal.h"

namespace squall {

struct PictureRow {
  uint64_t from = 0;  // nanoseconds; up to `to`, which belongs to the next row
  uint64_t to = 0;
  uint64_t count = 0;
};

// At most 11 rows from min to max, without gaps; none if the histogram is empty. What lies between
// the 1st and the 99th percentile decides where they are cut: evenly if it spans less than four
// times its smallest value, otherwise by steps that grow in proportion. So a few outliers, which
// share the first and the last row, cannot squeeze everything else into one. A bucket of the
// histogram counts where its middle lies.
std::vector<PictureRow> PictureRows(const Histogram& histogram);

// A line for each row; bars are in proportion to counts, and whatever is not 0 has one.
std::string LatencyPicture(const Histogram& histogram, const TextStyle& style, size_t indent);

}  // namespace squall
