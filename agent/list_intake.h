// Gets the list of one run: from the cache, or from the controller and into it.
//
// A thread of its own reads, checks and writes, so that the session answers meanwhile. Owned and
// called by the session's thread; what is to be said goes to `events` from its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "absl/status/statusor.h"
#include "agent/list_cache.h"
#include "common/clock.h"
#include "common/mailbox.h"
#include "common/url_list.h"
#include "squall/v1/control.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class ListIntake {
 public:
  // The last event is the list, or why there is none: FAILED_PRECONDITION, the controller broke the
  // protocol; INVALID_ARGUMENT, the list is bad, or is not the one that was announced; another: it
  // cannot be kept here.
  using Event = std::variant<v1::ListWanted, absl::StatusOr<ListText>>;

  // `cache` is used by this alone until its end. `events` must not block.
  ListIntake(ListCache& cache, const v1::UrlList& urls, std::string base_url,
             std::function<void(Event)> events);
  // What has come is kept: the next one goes on from there.
  ~ListIntake();

  // False: nobody asked for it.
  bool Take(v1::DataChunk chunk);

 private:
  absl::StatusOr<ListText> Work();
  absl::StatusOr<ListText> Receive();
  absl::Status Fill(ListCache::Part& part, ListScan& scan);
  absl::Status TakeChunk(const v1::DataChunk& chunk, ListCache::Part& part, ListScan& scan);
  void Want(uint64_t from, uint64_t until);
  bool KeepOn();

  ListCache& cache_;
  const v1::UrlList urls_;
  const std::string base_url_;
  const std::function<void(Event)> events_;
  Mailbox<std::optional<v1::DataChunk>> chunks_;  // nothing: give up
  std::atomic<bool> quit_{false};
  std::atomic<uint64_t> wanted_{0};  // bytes that were asked for, all in all
  uint64_t taken_ = 0;               // bytes that came, compressed or not; the session's
  uint64_t from_ = 0;
  uint64_t until_ = 0;
  Nanos said_at_ = 0;
  std::thread thread_;  // last: it uses the others
};

}  // namespace squall
