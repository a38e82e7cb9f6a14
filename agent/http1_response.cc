#include "agent/http1_response.h"

#include <algorithm>
#include <cstring>

#include "common/values.h"

namespace squall {
namespace {

// More than any server means to send; without a limit a header could go on for ever.
constexpr uint32_t kMostHeaderBytes = 256 * 1024;

constexpr uint32_t kSwitchingProtocols = 101;

// Whatever the header says of its length (RFC 9112, 6.3).
bool HasNoBody(uint32_t status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

const http_parser_settings Http1Response::kSettings = [] {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_headers_complete = &OnHeadersComplete;
  settings.on_chunk_header = &OnChunkHeader;
  settings.on_body = &OnBody;
  settings.on_message_complete = &OnMessageComplete;
  return settings;
}();

const http_parser_settings Http1Response::kSettingsForHeaders = [] {
  http_parser_settings settings = kSettings;
  settings.on_header_field = &OnHeaderName;
  settings.on_header_value = &OnHeaderValue;
  return settings;
}();

void Http1Response::Take(Http1KnownHeader& known, AnswerChecks* checks, bool keeps) {
  known_ = &known;
  settings_ =
      keeps || (checks != nullptr && checks->of_headers()) ? &kSettingsForHeaders : &kSettings;
  check_ = checks_.Of(checks);
  kept_ = keeps ? std::make_unique<ScriptAnswer>() : nullptr;
}

void Http1Response::SetUp() noexcept { http_parser_set_max_header_size(kMostHeaderBytes); }

void Http1Response::BeginCheck() noexcept {
  if (check_ != nullptr) check_->Begin();
  if (kept_ != nullptr) kept_->Begin();
  header_name_.clear();
  header_value_.clear();
  in_header_value_ = false;
}

void Http1Response::Expect() {
  part_ = Part::kHeader;
  complete_ = false;
  if (check_ != nullptr) check_->ForgetHeaders();
  if (kept_ != nullptr) kept_->ForgetHeaders();
}

Http1Response::Progress Http1Response::Read(std::string_view& bytes) noexcept {
  if (begun_ || bytes.empty()) return Parse(bytes);
  begun_ = true;
  if (const Http1KnownHeader::Meaning* meaning = known_->Find(bytes, to_head_)) {
    status_ = meaning->status;
    keeps_alive_ = true;
    header_bytes_ = meaning->header_bytes;
    body_bytes_ = meaning->body_bytes;
    if (check_ != nullptr) {
      check_->TakeHeadersAsBefore();
      check_->OnBody(bytes.substr(header_bytes_, body_bytes_));
    }
    bytes.remove_prefix(header_bytes_ + body_bytes_);
    return Progress::kComplete;
  }
  http_parser_init(&parser_, HTTP_RESPONSE);
  parser_.data = this;
  Expect();
  const std::string_view answer = bytes;
  known_->See(answer);
  const Progress progress = Parse(bytes);
  if (Learnable(progress)) {
    known_->Learn(answer, {status_, to_head_, header_bytes_, body_bytes_});
  }
  return progress;
}

// Without chunks, all that comes before the body is the header. What is to be told of an answer
// beside what its header means is in one that is parsed, and so is what is kept.
bool Http1Response::Learnable(Progress progress) const {
  return progress == Progress::kComplete && part_ == Part::kHeader && keeps_alive_ &&
         sample_size_ == 0 && kept_ == nullptr && (check_ == nullptr || check_->HeadersHold());
}

// Most answers take one turn of the loop. The library is made to pause where the bytes of a chunked
// answer begin to count as another part, since it does not tell places otherwise.
Http1Response::Progress Http1Response::Parse(std::string_view& bytes) noexcept {
  while (!bytes.empty()) {  // to the library, no bytes are the end of the connection
    const uint64_t body_before = body_bytes_;
    const Part part = part_;
    const size_t used = http_parser_execute(&parser_, settings_, bytes.data(), bytes.size());
    bytes.remove_prefix(used);
    if (part != Part::kChunks) header_bytes_ += used - (body_bytes_ - body_before);
    if (header_bytes_ > kMostHeaderBytes) return Invalid("the answer's header is too large");

    const http_errno error = HTTP_PARSER_ERRNO(&parser_);
    if (error == HPE_OK) return Progress::kMore;
    if (error == HPE_CB_headers_complete) return Invalid("the answer's status is not expected");
    if (error != HPE_PAUSED) return Invalid(http_errno_description(error));
    http_parser_pause(&parser_, 0);
    if (!complete_) continue;
    if (part == Part::kTrailers) header_bytes_ -= std::min<uint64_t>(header_bytes_, 2);
    status_ = parser_.status_code;
    if (status_ >= Metrics::kMinStatus && status_ < 200) {
      Expect();  // provisional: the answer itself is still to come
      continue;
    }
    return Progress::kComplete;
  }
  return Progress::kMore;
}

bool Http1Response::Close() noexcept {
  if (!begun_) return false;
  http_parser_execute(&parser_, settings_, nullptr, 0);
  status_ = parser_.status_code;
  return complete_ && status_ >= 200;
}

void Http1Response::TellMore(Outcome& outcome) {
  if (check_ != nullptr) {
    outcome.judged = check_->Judge(status_);
    outcome.detail = check_->detail();
  } else {
    outcome.detail = {sample_->data(), sample_size_};
  }
}

Http1Response::Progress Http1Response::Invalid(std::string_view error) {
  error_ = error;
  return Progress::kInvalid;
}

Http1Response& Http1Response::Of(http_parser* parser) {
  return *static_cast<Http1Response*>(parser->data);
}

// Names and values come in pieces where the bytes do, and alternate.
int Http1Response::OnHeaderName(http_parser* parser, const char* bytes, size_t size) noexcept {
  Http1Response& self = Of(parser);
  if (self.in_header_value_) self.EndHeader();
  self.header_name_.append(bytes, size);
  return 0;
}

int Http1Response::OnHeaderValue(http_parser* parser, const char* bytes, size_t size) noexcept {
  Http1Response& self = Of(parser);
  self.in_header_value_ = true;
  self.header_value_.append(bytes, size);
  return 0;
}

// Trailers are no headers.
void Http1Response::EndHeader() {
  if (in_header_value_ && part_ == Part::kHeader) {
    const std::string_view value = TrimBlanks(header_value_);
    if (check_ != nullptr) check_->OnHeader(header_name_, value);
    if (kept_ != nullptr) kept_->OnHeader(header_name_, value);
  }
  header_name_.clear();
  header_value_.clear();
  in_header_value_ = false;
}

int Http1Response::OnHeadersComplete(http_parser* parser) noexcept {
  constexpr int kGoOn = 0;
  constexpr int kNoBody = 1;
  constexpr int kRefuse = -1;
  Http1Response& self = Of(parser);
  if (parser->status_code < Metrics::kMinStatus || parser->status_code >= Metrics::kStatuses ||
      parser->status_code == kSwitchingProtocols) {
    return kRefuse;
  }
  if (self.settings_ == &kSettingsForHeaders) self.EndHeader();
  if (self.to_head_ || HasNoBody(parser->status_code)) return kNoBody;
  if ((parser->flags & F_CHUNKED) != 0) {
    // The header's last byte is still to be read, and counts already.
    self.part_ = Part::kChunks;
    ++self.header_bytes_;
    http_parser_pause(parser, 1);
  }
  return kGoOn;
}

int Http1Response::OnChunkHeader(http_parser* parser) noexcept {
  if (parser->content_length == 0) {
    Of(parser).part_ = Part::kTrailers;
    http_parser_pause(parser, 1);
  }
  return 0;
}

int Http1Response::OnBody(http_parser* parser, const char* bytes, size_t size) noexcept {
  Http1Response& self = Of(parser);
  self.body_bytes_ += size;
  if (self.kept_ != nullptr) self.kept_->OnBody({bytes, size});
  if (self.check_ != nullptr) {
    self.check_->OnBody({bytes, size});
  } else if (parser->status_code >= Metrics::kMinFailedStatus) {
    if (self.sample_ == nullptr) self.sample_ = std::make_unique<decltype(sample_)::element_type>();
    const size_t more = std::min(size, self.sample_->size() - self.sample_size_);
    std::memcpy(self.sample_->data() + self.sample_size_, bytes, more);
    self.sample_size_ = static_cast<uint16_t>(self.sample_size_ + more);
  }
  return 0;
}

int Http1Response::OnMessageComplete(http_parser* parser) noexcept {
  Http1Response& self = Of(parser);
  self.complete_ = true;
  self.keeps_alive_ = http_should_keep_alive(parser) != 0;
  http_parser_pause(parser, 1);
  return 0;
}

}  // namespace squall
