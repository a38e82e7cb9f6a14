#include "target/connection.h"

#include <cerrno>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

namespace squall::target {
namespace {

constexpr std::string_view kContinueResponse = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr ev_tstamp kLongestLingerSeconds = 1;

#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;  // the socket has SO_NOSIGPIPE
#endif

bool ShouldTryLater(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

iovec ToVector(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

// How many bytes the socket took; 0 if none for now, -1 if it is broken.
ssize_t Send(int descriptor, std::string_view head, std::string_view body) {
  iovec parts[] = {ToVector(head), ToVector(body)};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const ssize_t sent = sendmsg(descriptor, &message, kSendFlags);
  return sent < 0 && ShouldTryLater(errno) ? 0 : sent;
}

size_t TakeOff(std::string_view& text, size_t bytes) {
  const size_t taken = std::min(bytes, text.size());
  text.remove_prefix(taken);
  return taken;
}

}  // namespace

Connection::Connection(LoopContext& context, Accepted accepted)
    : context_(context),
      descriptor_(std::move(accepted.descriptor)),
      ticket_(context.tally.ConnectionOpened()),
      address_(std::move(accepted.client)),
      client_(context.tally.ClientAt(address_)),
      parser_(context.log != nullptr ? UrlsAre::kKept : UrlsAre::kCompared) {
  ev_io_init(&readable_, &Connection::OnReadable, descriptor_.number(), EV_READ);
  ev_io_init(&writable_, &Connection::OnWritable, descriptor_.number(), EV_WRITE);
  ev_timer_init(&timer_, &Connection::OnTimer, 0., 0.);
  readable_.data = writable_.data = timer_.data = this;
  ev_io_start(context_.loop, &readable_);
}

Connection::~Connection() {
  ev_io_stop(context_.loop, &readable_);
  ev_io_stop(context_.loop, &writable_);
  ev_timer_stop(context_.loop, &timer_);
  if (place_) context_.workers->LeaveRow(*place_);
  if (has_worker_) context_.workers->Release();
  if (in_flight_) context_.tally.flight().Leave(context_.thread, SteadyNow());
  if (standing_ == Standing::kUnproved && uncounted_bytes_ == 0) {
    context_.tally.ConnectionWithdrawn(ticket_);
  } else if (standing_ != Standing::kWithdrawn) {
    context_.counters.bytes_received.Add(uncounted_bytes_);
    if (standing_ == Standing::kUnproved) context_.tally.ConnectionProved();
    context_.tally.ConnectionClosed();
  }
}

void Connection::OnReadable(struct ev_loop*, ev_io* watcher, int) noexcept {
  auto* connection = static_cast<Connection*>(watcher->data);
  connection->Read();
  connection->Settle();
}

void Connection::OnWritable(struct ev_loop*, ev_io* watcher, int) noexcept {
  auto* connection = static_cast<Connection*>(watcher->data);
  connection->Write();
  connection->TakeBacklog();
  connection->Settle();
}

void Connection::OnTimer(struct ev_loop*, ev_timer* watcher, int) noexcept {
  auto* connection = static_cast<Connection*>(watcher->data);
  if (connection->state_ == State::kDelaying) {
    connection->EndWork();
    connection->TakeBacklog();
  } else {
    connection->state_ = State::kClosed;  // lingered long enough
  }
  connection->Settle();
}

void Connection::Settle() {
  if (state_ == State::kClosed) {
    context_.connections[static_cast<size_t>(descriptor_.number())].reset();
    return;
  }
  const bool reads = state_ == State::kReading || state_ == State::kLingering;
  if (reads && !ev_is_active(&readable_)) ev_io_start(context_.loop, &readable_);
  if (!reads && ev_is_active(&readable_)) ev_io_stop(context_.loop, &readable_);
  const bool writes = state_ == State::kWriting;
  if (writes && !ev_is_active(&writable_)) ev_io_start(context_.loop, &writable_);
  if (!writes && ev_is_active(&writable_)) ev_io_stop(context_.loop, &writable_);
}

void Connection::Read() {
  const ssize_t received =
      recv(descriptor_.number(), context_.buffer.data(), context_.buffer.size(), 0);
  if (received < 0 && ShouldTryLater(errno)) return;
  if (received <= 0) {
    state_ = State::kClosed;
    return;
  }
  if (state_ == State::kLingering) return;  // read only to be thrown away
  const std::string_view input(context_.buffer.data(), static_cast<size_t>(received));
  const size_t used = Take(input);
  backlog_.assign(input.substr(used));
  backlog_used_ = 0;
}

size_t Connection::Take(std::string_view input) {
  const size_t offered = input.size();
  while (state_ == State::kReading && !input.empty()) {
    const size_t before = input.size();
    const RequestParser::Step step = parser_.Parse(input);
    uncounted_bytes_ += before - input.size();
    switch (step) {
      case RequestParser::Step::kNeedsMore:
        break;
      case RequestParser::Step::kWantsContinue:
        sending_ = Sending::kContinue;
        head_ = kContinueResponse;
        body_ = {};
        Write();
        break;
      case RequestParser::Step::kRequest:
        AnswerRequest();
        break;
      case RequestParser::Step::kMalformed:
        AnswerMalformed();
        break;
    }
  }
  return offered - input.size();
}

void Connection::TakeBacklog() {
  backlog_used_ += Take(std::string_view(backlog_).substr(backlog_used_));
}

void Connection::Prove(bool for_stats) {
  if (standing_ == Standing::kUnproved && for_stats) {
    context_.tally.ConnectionWithdrawn(ticket_);
    standing_ = Standing::kWithdrawn;
  } else if (standing_ != Standing::kCounted && !for_stats) {
    if (standing_ == Standing::kWithdrawn) context_.tally.ConnectionOpened();
    context_.tally.ConnectionProved();
    standing_ = Standing::kCounted;
  }
}

Persistence Connection::PersistenceToState() const {
  if (!keep_alive_) return Persistence::kClose;
  return parser_.is_http_1_1() ? Persistence::kImplied : Persistence::kKeepAlive;
}

void Connection::AnswerRequest() {
  if (parser_.is_for_stats()) {
    AnswerStats();
    return;
  }
  const uint64_t fail_every = context_.options.fail_every;
  const bool fails = fail_every != 0 && context_.tally.NextRequestNumber() % fail_every == 0;
  const Answer answer = fails ? Answer::kMadeToFail : Answer::kUsual;
  // First the line, then the count: who reads a count finds its lines.
  if (context_.log != nullptr) Log(answer);
  BeginAnswer(answer, parser_.keep_alive());
  if (parser_.is_head()) body_ = {};

  if (context_.workers != nullptr) {
    place_ = context_.workers->Take(context_.loop_to_wake(), this);
    if (place_) {
      state_ = State::kDelaying;
      return;
    }
    has_worker_ = true;
  }
  Work();
}

void Connection::OnTurn() noexcept {
  place_.reset();
  has_worker_ = true;
  Work();
  TakeBacklog();
  Settle();
}

void Connection::Work() {
  absl::Duration delay = context_.options.delay;
  if (const absl::Duration jitter = context_.options.jitter; jitter > absl::ZeroDuration()) {
    delay += jitter * std::uniform_real_distribution<double>(0, 1)(context_.random);
  }
  if (delay <= absl::ZeroDuration()) {
    EndWork();
    return;
  }
  // The loop's own idea of now is when this turn began, from which the answer would come early.
  ev_now_update(context_.loop);
  ev_timer_set(&timer_, absl::ToDoubleSeconds(delay), 0.);
  ev_timer_start(context_.loop, &timer_);
  state_ = State::kDelaying;
}

// However long the client takes for the answer.
void Connection::EndWork() {
  if (has_worker_) context_.workers->Release();
  has_worker_ = false;
  Write();
}

void Connection::Log(Answer answer) {
  context_.log->Add(context_.thread, {.since_start = SteadyNow() - context_.tally.start(),
                                      .client = address_,
                                      .method = parser_.method(),
                                      .path = parser_.url(),
                                      .status = context_.responses.status(answer)});
}

void Connection::AnswerMalformed() {
  BeginAnswer(Answer::kMalformedRequest, false);
  Write();
}

void Connection::BeginAnswer(Answer answer, bool keep_alive) {
  Prove(false);
  context_.counters.requests.Add(1);
  if (client_ != nullptr) client_->CountRequest(context_.thread, context_.tally.start());
  context_.counters.bytes_received.Add(uncounted_bytes_);
  uncounted_bytes_ = 0;
  context_.tally.flight().Enter(context_.thread, SteadyNow());
  in_flight_ = true;
  keep_alive_ = keep_alive;
  sending_ = Sending::kAnswer;
  answer_ = answer;
  head_ = context_.responses.head(answer, PersistenceToState());
  body_ = context_.responses.body(answer);
}

void Connection::AnswerStats() {
  Prove(true);
  uncounted_bytes_ = 0;
  keep_alive_ = parser_.keep_alive();
  sending_ = Sending::kStats;

  int status = 200;
  std::string_view headers = "Content-Type: application/json\r\n";
  std::string body;
  if (parser_.is_get() || parser_.is_head()) {
    body = CountsToJson(context_.tally.Read());
    if (context_.log != nullptr) context_.log->Flush();
  } else if (parser_.is_delete()) {
    context_.tally.Clear();
    status = 204;
    headers = {};
  } else {
    status = 405;
    headers = "Allow: GET, HEAD, DELETE\r\n";
  }
  stats_ = ResponseHead(status, PersistenceToState(), body.size(), headers);
  if (!parser_.is_head()) stats_ += body;
  head_ = stats_;
  body_ = {};
  Write();
}

void Connection::Write() {
  const size_t left = head_.size() + body_.size();
  CountAsSent(left);
  const ssize_t result = Send(descriptor_.number(), head_, body_);
  const size_t sent = result < 0 ? 0 : static_cast<size_t>(result);
  if (sent == left) {
    AfterWrite();
    return;
  }
  TakeBack(left - sent);
  TakeOff(body_, sent - TakeOff(head_, sent));
  state_ = result < 0 ? State::kClosed : State::kWriting;
}

void Connection::CountAsSent(size_t bytes) {
  if (sending_ == Sending::kStats) return;
  context_.counters.bytes_sent.Add(bytes);
  if (sending_ == Sending::kContinue) return;
  context_.counters.responses[static_cast<size_t>(answer_)].Add(1);
  left_at_ = SteadyNow();
  context_.tally.flight().Leave(context_.thread, left_at_);
  in_flight_ = false;
}

void Connection::TakeBack(size_t unsent_bytes) {
  if (sending_ == Sending::kStats) return;
  context_.counters.bytes_sent.Subtract(unsent_bytes);
  if (sending_ == Sending::kContinue) return;
  context_.counters.responses[static_cast<size_t>(answer_)].Subtract(1);
  context_.tally.flight().Enter(context_.thread, left_at_);
  in_flight_ = true;
}

void Connection::AfterWrite() {
  if (sending_ == Sending::kContinue || keep_alive_) {
    state_ = State::kReading;
  } else if (sending_ == Sending::kAnswer && answer_ == Answer::kMalformedRequest) {
    Linger();
  } else {
    state_ = State::kClosed;
  }
}

// Closing while the client still sends makes the kernel answer with a reset, which may reach the
// client before it has read the answer (RFC 9112, 9.6). So: end our side, and read on for a while.
void Connection::Linger() {
  shutdown(descriptor_.number(), SHUT_WR);
  ev_timer_set(&timer_, kLongestLingerSeconds, 0.);
  ev_timer_start(context_.loop, &timer_);
  state_ = State::kLingering;
}

}  // namespace squall::target
