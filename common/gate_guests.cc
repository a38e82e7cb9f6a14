#include "common/gate_guests.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <unistd.h>

#include <sys/socket.h>

#include "common/received_bytes.h"

namespace squall {
namespace {

// However long somebody takes to close what was shut down, it is not waited for any longer.
constexpr Nanos kMostHeld = 60 * kSecond;
// How often it is looked whether it is closed, and how much strangers have said.
constexpr Nanos kLookInterval = 20 * kMillisecond;

}  // namespace

GateGuests::~GateGuests() {
  MutexLock lock(mutex_);
  for (const auto& [peer, guest] : guests_) close(guest.own_fd);
}

absl::Status GateGuests::Add(const Peer& peer, int fd, Nanos now, std::string& closed) {
  MutexLock lock(mutex_);
  // The name of one that is gone already.
  if (const auto before = guests_.find(peer.name); before != guests_.end()) Remove(before);
  const auto of_host = hosts_.find(peer.host);
  const Counts counts = of_host == hosts_.end() ? Counts{} : of_host->second;
  if (counts.shut >= limits_.most_of_one_host || all_.shut >= limits_.most_strangers) {
    return absl::ResourceExhaustedError("many others came, and there is much to do for them yet");
  }
  const bool host_is_full = counts.strangers >= limits_.most_of_one_host;
  if (host_is_full || all_.strangers >= limits_.most_strangers) {
    ShutOldest(host_is_full ? peer.host : "", now, closed);
  }
  const int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own_fd < 0) return absl::ResourceExhaustedError(std::strerror(errno));
  const auto added = guests_.emplace(peer.name, Guest{peer.host, own_fd, HeldSocket(fd)}).first;
  Count(added->second, 1);
  SetTime(added, now + limits_.strange);
  return absl::OkStatus();
}

void GateGuests::ShutOldest(const std::string& host, Nanos now, std::string& closed) {
  for (const auto& [time, peer] : times_) {
    const auto guest = guests_.find(peer);
    if (guest->second.state != State::kStranger) continue;
    if (!host.empty() && guest->second.host != host) continue;
    closed = peer;
    return Shut(guest, now);
  }
}

void GateGuests::Known(const std::string& peer) {
  MutexLock lock(mutex_);
  const auto found = guests_.find(peer);
  if (found == guests_.end() || found->second.state != State::kStranger) return;
  SetState(found->second, State::kKnown);
  SetTime(found, kForever);
  if (!limits_.until_gone) Remove(found);
}

void GateGuests::Gone(const std::string& peer, Nanos now) {
  MutexLock lock(mutex_);
  const auto found = guests_.find(peer);
  if (found == guests_.end() || found->second.state == State::kShut) return;
  SetState(found->second, State::kKnown);
  SetTime(found, now + limits_.parting);
}

GateGuests::Call GateGuests::Called(const std::string& peer, Nanos now) {
  MutexLock lock(mutex_);
  const auto found = guests_.find(peer);
  if (found == guests_.end()) return Call::kAllowed;
  // Of what was said before it was shut down.
  if (found->second.state == State::kShut) return Call::kAfterTooMany;
  if (++found->second.calls <= limits_.most_calls) return Call::kAllowed;
  Shut(found, now);
  return Call::kTooMany;
}

bool GateGuests::empty() const {
  MutexLock lock(mutex_);
  return guests_.empty();
}

Nanos GateGuests::NextTime() const {
  MutexLock lock(mutex_);
  if (times_.empty()) return kForever;
  const bool look = all_.strangers > 0 || all_.shut > 0;
  return look ? std::min(times_.begin()->first, looked_ + kLookInterval) : times_.begin()->first;
}

std::vector<GateGuests::Refused> GateGuests::ShutDown(Nanos now) {
  std::vector<Refused> strangers;
  MutexLock lock(mutex_);
  if (now >= looked_ + kLookInterval) {
    looked_ = now;
    RemoveClosed();
    strangers = ShutTalkers(now);
  }
  while (!times_.empty() && times_.begin()->first <= now) {
    const auto guest = guests_.find(times_.begin()->second);
    if (guest->second.state == State::kShut) {
      Remove(guest);
      continue;
    }
    // One whose connection is over already had only its place left.
    char byte = 0;
    const bool is_over = recv(guest->second.own_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    if (guest->second.state == State::kStranger && !is_over) {
      strangers.push_back({guest->first, "it has not shown who it is for too long"});
    }
    Shut(guest, now);
  }
  return strangers;
}

std::vector<GateGuests::Refused> GateGuests::ShutTalkers(Nanos now) {
  std::vector<Refused> talkers;
  if (all_.strangers == 0) return talkers;
  for (auto guest = guests_.begin(); guest != guests_.end(); ++guest) {
    if (guest->second.state != State::kStranger) continue;
    if (ReceivedBytes(guest->second.own_fd) <= limits_.most_strange_bytes) continue;
    talkers.push_back({guest->first, "it said much, and not who it is"});
    Shut(guest, now);
  }
  return talkers;
}

void GateGuests::RemoveClosed() {
  if (all_.shut == 0) return;
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    const auto next = std::next(guest);
    if (guest->second.state == State::kShut && !guest->second.held.IsHeld()) Remove(guest);
    guest = next;
  }
}

void GateGuests::Shut(Guests::iterator guest, Nanos now) {
  shutdown(guest->second.own_fd, SHUT_RDWR);
  SetState(guest->second, State::kShut);
  SetTime(guest, now + kMostHeld);
}

void GateGuests::SetTime(Guests::iterator guest, Nanos until) {
  times_.erase({guest->second.until, guest->first});
  guest->second.until = until;
  if (until != kForever) times_.emplace(until, guest->first);
}

void GateGuests::SetState(Guest& guest, State state) {
  Count(guest, -1);
  guest.state = state;
  Count(guest, 1);
}

void GateGuests::Count(const Guest& guest, int by) {
  if (guest.state == State::kKnown) return;
  const auto host = hosts_.try_emplace(guest.host).first;
  for (Counts* counts : {&all_, &host->second}) {
    (guest.state == State::kStranger ? counts->strangers : counts->shut) += static_cast<size_t>(by);
  }
  if (host->second.strangers == 0 && host->second.shut == 0) hosts_.erase(host);
}

void GateGuests::Remove(Guests::iterator guest) {
  Count(guest->second, -1);
  SetTime(guest, kForever);
  close(guest->second.own_fd);
  guests_.erase(guest);
}

}  // namespace squall
