#include "target/counts.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace squall::target {
namespace {

// An answer that was cleared away may be taken back afterwards, which must not wrap around.
uint64_t Since(uint64_t now, uint64_t then) { return now > then ? now - then : 0; }

// Of sums modulo 2^64, where a request that left just before may have been taken for one in flight.
uint64_t SinceModulo(uint64_t now, uint64_t then) {
  const uint64_t difference = now - then;
  return difference < uint64_t{1} << 63 ? difference : 0;
}

std::string DrawId() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string HistoryToJson(const std::vector<FlightHistory::Point>& history) {
  nlohmann::ordered_json points = nlohmann::ordered_json::array();
  for (const FlightHistory::Point& point : history) {
    points.push_back({point.at, point.request_ns, point.count, point.most});
  }
  return points.dump();
}

}  // namespace

std::string CountsToJson(const Counts& counts) {
  nlohmann::ordered_json statuses = nlohmann::ordered_json::object();
  for (const auto& [status, count] : counts.statuses) statuses[std::to_string(status)] = count;
  nlohmann::ordered_json clients = nlohmann::ordered_json::array();
  for (const ClientCounts& client : counts.clients) {
    clients.push_back({{"address", client.address},
                       {"requests", client.requests},
                       {"first_request_ns", client.first_request}});
  }
  const nlohmann::ordered_json json = {
      {"requests", counts.requests},
      {"responses", counts.responses},
      {"in_flight", counts.in_flight},
      {"peak_in_flight", counts.peak_in_flight},
      {"in_flight_ns", counts.in_flight_ns},
      {"now_ns", counts.now},
      {"counted_since_ns", counts.counted_since},
      {"connections", counts.connections},
      {"open_connections", counts.open_connections},
      {"peak_connections", counts.peak_connections},
      {"statuses", statuses},
      {"bytes_received", counts.bytes_received},
      {"bytes_sent", counts.bytes_sent},
      {"clients", clients},
      {"server_id", counts.server_id},
      {"history_since_ns", counts.history_since},
      {"history_interval_ns", FlightHistory::kInterval},
  };
  std::string text = json.dump(2);
  text.resize(text.rfind('\n'));  // the last one is a line of its own
  return fmt::format("{},\n  \"history\": {}\n}}\n", text, HistoryToJson(counts.history));
}

std::string CountsToText(const Counts& counts) {
  std::string text =
      fmt::format("requests     {}\nresponses    {}\n", counts.requests, counts.responses);
  for (const auto& [status, count] : counts.statuses) {
    text += fmt::format("  {}        {}\n", status, count);
  }
  text += fmt::format("in flight    peak {}\n", counts.peak_in_flight);
  text += fmt::format("connections  {}, peak {}\n", counts.connections, counts.peak_connections);
  text +=
      fmt::format("bytes        {} received, {} sent\n", counts.bytes_received, counts.bytes_sent);
  return text;
}

Tally::Tally(const Responses& responses, int threads)
    : responses_(responses),
      threads_(static_cast<size_t>(threads)),
      flight_(threads),
      clients_(threads),
      server_id_(DrawId()) {}

Tally::Ticket Tally::ConnectionOpened() {
  MutexLock lock(mutex_);
  ++connections_;
  ++open_connections_;
  return clears_;
}

void Tally::ConnectionProved() {
  MutexLock lock(mutex_);
  ++proved_connections_;
  peak_connections_ = std::max(peak_connections_, proved_connections_);
}

void Tally::ConnectionWithdrawn(Ticket ticket) {
  MutexLock lock(mutex_);
  if (ticket == clears_) --connections_;
  --open_connections_;
}

void Tally::ConnectionClosed() {
  MutexLock lock(mutex_);
  --open_connections_;
  --proved_connections_;
}

Tally::Sums Tally::AllThreads() const {
  Sums sums;
  for (const ThreadCounters& thread : threads_) {
    sums.requests += thread.requests.value();
    sums.bytes_received += thread.bytes_received.value();
    sums.bytes_sent += thread.bytes_sent.value();
    for (size_t answer = 0; answer < kAnswers; ++answer) {
      sums.responses[answer] += thread.responses[answer].value();
    }
  }
  return sums;
}

Counts Tally::Read() const {
  MutexLock lock(mutex_);
  const Sums sums = AllThreads();
  Counts counts;
  counts.requests = Since(sums.requests, cleared_at_.requests);
  counts.bytes_received = Since(sums.bytes_received, cleared_at_.bytes_received);
  counts.bytes_sent = Since(sums.bytes_sent, cleared_at_.bytes_sent);
  for (size_t answer = 0; answer < kAnswers; ++answer) {
    const uint64_t count = Since(sums.responses[answer], cleared_at_.responses[answer]);
    if (count == 0) continue;
    counts.responses += count;
    counts.statuses[responses_.status(static_cast<Answer>(answer))] += count;
  }
  counts.in_flight = flight_.count();
  counts.peak_in_flight = flight_.peak();
  const Flight::Sum sum = flight_.Read();
  counts.in_flight_ns = SinceModulo(sum.request_ns, flight_cleared_at_);
  counts.now = sum.now;
  counts.counted_since = counted_since_;
  counts.history_since = std::max(FlightHistory::Reaches(sum.now), counted_since_);
  for (FlightHistory::Point point : flight_.history().Read(sum.now)) {
    if (point.at < counts.history_since) continue;
    // One that has begun since the sum was read is for the next time.
    if (point.at > sum.now) break;
    // One that just left may still have been taken for one in flight.
    point.request_ns =
        std::min(SinceModulo(point.request_ns, flight_cleared_at_), counts.in_flight_ns);
    counts.history.push_back(point);
  }
  counts.server_id = server_id_;
  counts.connections = connections_;
  counts.open_connections = open_connections_;
  counts.peak_connections = peak_connections_;
  counts.clients = clients_.Read();
  return counts;
}

void Tally::Clear() {
  MutexLock lock(mutex_);
  cleared_at_ = AllThreads();
  clients_.Clear();
  ++clears_;
  connections_ = 0;
  peak_connections_ = proved_connections_;
  request_number_.store(0);
  const Flight::Sum sum = flight_.Read();
  flight_cleared_at_ = sum.request_ns;
  counted_since_ = sum.now;
  flight_.RestartPeak();
}

}  // namespace squall::target
