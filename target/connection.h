// One client's connection to the target.
//
// It takes a request at a time: further bytes wait until the last answer is written, so pipelined
// requests are answered in order and a client that does not read is not read from. An answer is
// sent straight away; only if the socket takes less than all of it, or the answer is to be delayed,
// does the connection turn to the event loop for that. While it waits for requests its read watcher
// stays as it is, so a request on a kept connection costs one recv and one send.
//
// Lives on one LoopThread and is called from its loop alone.
#pragma once

#include <cstddef>
#include <ev.h>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "target/counts.h"
#include "target/listener.h"
#include "target/options.h"
#include "target/request_log.h"
#include "target/request_parser.h"
#include "target/responses.h"
#include "target/workers.h"

namespace squall::target {

class Connection;

// What the threads of one server share. Belongs to the server.
struct Shared {
  const Options& options;
  const Responses& responses;
  Tally& tally;
  Workers* workers;  // null: any number of requests is worked on at a time
  RequestLog* log;   // null: none is written
};

// What the connections of one thread share. Belongs to that thread.
struct LoopContext : Shared {
  Workers::Loop loop_to_wake() const { return {loop, turn}; }

  struct ev_loop* loop;
  ev_async* turn;  // sent when the turn of one of the connections may have come
  int thread;      // counted from 0
  ThreadCounters& counters;
  std::mt19937_64 random;    // draws the jitter
  std::vector<char> buffer;  // where bytes are received
  // Owns them, by number of descriptor.
  std::vector<std::unique_ptr<Connection>> connections;
};

class Connection {
 public:
  // Takes requests from the next turn of the loop on. The context owns the connection and outlives
  // it; the connection removes itself from there when it is over.
  Connection(LoopContext& context, Accepted accepted);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // A worker has its request now.
  void OnTurn() noexcept;

 private:
  enum class State {
    kReading,    // waits for (the rest of) a request
    kDelaying,   // has a request, which waits for a worker or whose answer is not due yet
    kWriting,    // the socket did not take all that is to be sent
    kLingering,  // all is said, but the client may still be sending: see Linger()
    kClosed,     // to be removed
  };
  enum class Sending { kContinue, kAnswer, kStats };
  enum class Standing { kUnproved, kCounted, kWithdrawn };

  static void OnReadable(struct ev_loop* loop, ev_io* watcher, int events) noexcept;
  static void OnWritable(struct ev_loop* loop, ev_io* watcher, int events) noexcept;
  static void OnTimer(struct ev_loop* loop, ev_timer* watcher, int events) noexcept;

  void Read();
  // Goes through `input` until it is used up or an answer has to wait; returns how much was used.
  size_t Take(std::string_view input);
  // Goes on with what had to wait.
  void TakeBacklog();

  void AnswerRequest();
  void Work();
  void EndWork();
  void Log(Answer answer);
  void AnswerMalformed();
  void AnswerStats();
  void BeginAnswer(Answer answer, bool keep_alive);
  // Counts the connection for or against, by what it asks for.
  void Prove(bool for_stats);
  Persistence PersistenceToState() const;

  void Write();
  void CountAsSent(size_t bytes);
  void TakeBack(size_t unsent_bytes);
  void AfterWrite();
  void Linger();

  // Ends every event: watches for what the state needs. May delete this.
  void Settle();

  LoopContext& context_;
  const Descriptor descriptor_;
  const Tally::Ticket ticket_;
  const std::string address_;             // the client's
  const std::shared_ptr<Client> client_;  // null if there are too many
  ev_io readable_;
  ev_io writable_;
  ev_timer timer_;
  State state_ = State::kReading;
  Standing standing_ = Standing::kUnproved;
  RequestParser parser_;
  // Received, but not looked at yet; the first backlog_used_ bytes are done with.
  std::string backlog_;
  size_t backlog_used_ = 0;
  uint64_t uncounted_bytes_ = 0;  // received for the request that is being read

  // The answer. What is left to be sent of it; borrowed from the responses or from stats_.
  std::string_view head_;
  std::string_view body_;
  Sending sending_ = Sending::kAnswer;
  Answer answer_ = Answer::kUsual;
  bool in_flight_ = false;
  Nanos left_at_ = 0;  // by the steady clock; if it is taken back, it was never away
  bool keep_alive_ = true;
  std::string stats_;
  // Where workers are limited.
  std::optional<Workers::Place> place_;  // in the row of those that wait
  bool has_worker_ = false;
};

}  // namespace squall::target
