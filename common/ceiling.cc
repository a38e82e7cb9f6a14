#include "common/ceiling.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include "common/protocol.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr double kMostPerSecond = 1e9;
constexpr uint32_t kMostThreads = 1 << 16;
constexpr size_t kLongestVersion = 64;
constexpr int64_t kYear10000 = 253'402'300'800;  // in seconds since the epoch
constexpr size_t kLongestText = 4096;

// What is wrong is told by one sentence, not by protobuf's log.
class Silence final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int /*line*/, int /*column*/, const std::string& /*message*/) override {}
};

}  // namespace

bool IsPlausible(const v1::Ceiling& ceiling) {
  return ceiling.requests_per_second() > 0 && ceiling.requests_per_second() <= kMostPerSecond &&
         ceiling.connections() > 0 && ceiling.connections() <= kMaxConcurrency &&
         ceiling.cores() > 0 && ceiling.cores() <= kMaxCores && ceiling.threads() > 0 &&
         ceiling.threads() <= kMostThreads && !ceiling.version().empty() &&
         ceiling.version().size() <= kLongestVersion && IsUtf8(ceiling.version()) &&
         (ceiling.transport() == v1::TRANSPORT_KIND_HTTP1 ||
          ceiling.transport() == v1::TRANSPORT_KIND_CURL) &&
         ceiling.measured_at() > 0 && ceiling.measured_at() < kYear10000;
}

std::string CeilingToText(const v1::Ceiling& ceiling) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(ceiling, &text);
  return text;
}

absl::StatusOr<v1::Ceiling> CeilingFromText(std::string_view text) {
  v1::Ceiling ceiling;
  Silence silence;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silence);
  // Without the end of its last line it was cut short.
  if (text.size() > kLongestText || !text.ends_with('\n') ||
      !parser.ParseFromString(std::string(text), &ceiling) || !IsPlausible(ceiling)) {
    return absl::InvalidArgumentError("is damaged: it holds no ceiling");
  }
  return ceiling;
}

}  // namespace squall
