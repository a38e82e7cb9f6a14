#include "common/gate_guests.h"

#include <fcntl.h>
#include <unistd.h>

#include <sys/socket.h>

namespace squall {

GateGuests::~GateGuests() {
  MutexLock lock(mutex_);
  for (const auto& [peer, guest] : guests_) close(guest.fd);
}

bool GateGuests::Add(const Peer& peer, int fd, Nanos now, std::string& closed) {
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return false;
  MutexLock lock(mutex_);
  // The name of one that is gone already.
  if (const auto before = guests_.find(peer.name); before != guests_.end()) Remove(before);
  const auto of_host = hosts_.find(peer.host);
  if (of_host != hosts_.end() && of_host->second >= limits_.most_of_one_host) {
    CloseOldest(peer.host, closed);
  } else if (strangers_ >= limits_.most_strangers) {
    CloseOldest("", closed);
  }
  ++hosts_[peer.host];
  ++strangers_;
  const auto added = guests_.emplace(peer.name, Guest{peer.host, own, kForever, true}).first;
  SetTime(added, now + limits_.strange);
  return true;
}

void GateGuests::CloseOldest(const std::string& host, std::string& closed) {
  for (const auto& [time, peer] : times_) {
    const auto guest = guests_.find(peer);
    if (!guest->second.stranger || (!host.empty() && guest->second.host != host)) continue;
    closed = peer;
    shutdown(guest->second.fd, SHUT_RDWR);
    return Remove(guest);
  }
}

void GateGuests::Known(const std::string& peer) {
  MutexLock lock(mutex_);
  const auto found = guests_.find(peer);
  if (found == guests_.end() || !found->second.stranger) return;
  NoStranger(found->second);
  SetTime(found, kForever);
  if (!limits_.until_gone) Remove(found);
}

void GateGuests::Gone(const std::string& peer, Nanos now) {
  MutexLock lock(mutex_);
  const auto found = guests_.find(peer);
  if (found == guests_.end()) return;
  NoStranger(found->second);
  SetTime(found, now + limits_.parting);
}

bool GateGuests::empty() const {
  MutexLock lock(mutex_);
  return guests_.empty();
}

Nanos GateGuests::NextTime() const {
  MutexLock lock(mutex_);
  return times_.empty() ? kForever : times_.begin()->first;
}

std::vector<std::string> GateGuests::ShutDown(Nanos now) {
  std::vector<std::string> strangers;
  MutexLock lock(mutex_);
  while (!times_.empty() && times_.begin()->first <= now) {
    const auto guest = guests_.find(times_.begin()->second);
    // One whose connection is over already had only its place left.
    char byte = 0;
    const bool is_over = recv(guest->second.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    if (guest->second.stranger && !is_over) strangers.push_back(guest->first);
    shutdown(guest->second.fd, SHUT_RDWR);
    Remove(guest);
  }
  return strangers;
}

void GateGuests::SetTime(Guests::iterator guest, Nanos until) {
  times_.erase({guest->second.until, guest->first});
  guest->second.until = until;
  if (until != kForever) times_.emplace(until, guest->first);
}

void GateGuests::NoStranger(Guest& guest) {
  if (!guest.stranger) return;
  guest.stranger = false;
  --strangers_;
  const auto host = hosts_.find(guest.host);
  if (--host->second == 0) hosts_.erase(host);
}

void GateGuests::Remove(Guests::iterator guest) {
  NoStranger(guest->second);
  SetTime(guest, kForever);
  close(guest->second.fd);
  guests_.erase(guest);
}

}  // namespace squall
