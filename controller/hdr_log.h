// Histograms as lines of a log that the tools of HdrHistogram open.
//
// The log is text: comments, a line of column names, then a line for each interval: perhaps a tag,
// when it began and how long it was in seconds, its largest value (in ms where values are ns: what
// the tools write), and the histogram: base64 of a header and a zlib stream, in which is another
// header and the counts by rising index as ZigZag LEB128 numbers, a negative one for so many
// buckets without values. The format is that of https://github.com/HdrHistogram/HdrHistogram,
// version 1.3 (HistogramLogWriter), its encoding V2
// (AbstractHistogram.encodeIntoCompressedByteBuffer). Our buckets are theirs (common/histogram.h),
// so no count moves. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/clock.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// What stands above the lines. `title` is for people, in one line; lines count from `start`.
std::string HdrLogHead(std::string_view title, absl::Time start);

// With its line break. `tag`: empty, or what HdrLogTag() makes. `begin` ≤ `end` since the start.
// The histogram is one that Histogram::FromProto() takes.
std::string HdrLogLine(std::string_view tag, Nanos begin, Nanos end,
                       const v1::Histogram& histogram);

// A name as it may stand in a line: printable ASCII without blanks, commas and quotes, "_" for each
// other byte.
std::string HdrLogTag(std::string_view name);

// The column with the histogram alone.
std::string HdrEncoded(const v1::Histogram& histogram);

}  // namespace squall
