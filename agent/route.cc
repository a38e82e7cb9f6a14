#include "agent/route.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "agent/routes.h"

namespace squall {

Route::Route(Routes& routes, Place place, std::vector<Endpoint> addresses, std::string error)
    : routes_(routes),
      place_(std::move(place)),
      error_(std::move(error)),
      turn_(routes.first_turn_) {
  Use(addresses);
}

Route::Route(Routes& routes, Place place)
    : routes_(routes), place_(std::move(place)), name_(place_.to_host), turn_(routes.first_turn_) {}

Route::State Route::Look() {
  const Nanos refresh = routes_.transport_.dns_refresh_ns();
  const bool for_good = denied_ && refresh == 0;  // the answer would be the same
  if (!name_.empty() && !asked_ && !for_good) {
    if (current_.empty()) {
      const Nanos now = routes_.network_.resolver.Now();
      const bool failed = !error_.empty() && now - answered_at_ < Resolver::kRetryInterval;
      if (!failed) Ask(refresh == 0 ? 0 : now - refresh);
    } else if (refresh != 0) {
      const Nanos now = routes_.network_.resolver.Now();
      if (now - answered_at_ > refresh) Ask(now - refresh);
    }
  }
  if (!current_.empty()) return State::kReady;
  return asked_ ? State::kPending : State::kFailed;
}

void Route::Ask(Nanos not_before) {
  if (const Resolver::AnswerPtr answer = routes_.Ask(*this, name_, not_before)) {
    Take(*answer);
  } else {
    asked_ = true;
  }
}

void Route::Take(const Resolver::Answer& answer) {
  asked_ = false;
  answered_at_ = answer.at;
  error_ = answer.error;
  std::vector<Endpoint> addresses;
  for (const Endpoint& address : answer.addresses)
    addresses.push_back(WithPort(address, place_.to_port));
  Use(addresses);
}

// No addresses, and the ones before stay; a denied one, and none is left.
void Route::Use(const std::vector<Endpoint>& addresses) {
  if (IsDenied(addresses)) {
    if (!current_.empty()) ++generation_;
    return current_.clear();
  }
  std::vector<Known*> usable;
  for (const Endpoint& address : addresses) {
    if (routes_.MaySendTo(address.family())) usable.push_back(&Remember(address));
  }
  if (usable.empty() && !addresses.empty()) {
    error_ = fmt::format(
        "{}: no address that can be sent to from a --source-address: IPv4 and IPv6 do "
        "not mix",
        name_.empty() ? HostOf(addresses.front()) : name_);
  }
  if (usable.empty() || usable == current_) return;
  if (!current_.empty()) ++generation_;
  current_ = std::move(usable);
}

bool Route::IsDenied(const std::vector<Endpoint>& addresses) {
  denied_ = false;
  for (const Endpoint& address : addresses) {
    const absl::Status status = routes_.policy().CheckAddress(place_, address);
    if (status.ok()) continue;
    denied_ = true;
    error_ = std::string(status.message());
    return true;
  }
  return false;
}

// The table's numbers do not tell addresses apart: they run out.
Route::Known* Route::Find(const Endpoint& endpoint) {
  for (Known& one : known_) {
    if (CompareAddresses(one.endpoint, endpoint) == 0) return &one;
  }
  return nullptr;
}

Route::Known& Route::Remember(const Endpoint& endpoint) {
  if (Known* known = Find(endpoint)) return *known;
  Known& known = known_.emplace_back(Known{endpoint});
  known.endpoint.number = routes_.network_.addresses.Number(DisplayOf(endpoint));
  return known;
}

const Endpoint& Route::Next() {
  const Nanos now = avoiding_until_ == 0 ? 0 : routes_.network_.resolver.Now();
  if (now >= avoiding_until_) avoiding_until_ = 0;
  for (size_t skip = 0; skip < current_.size(); ++skip) {
    if (!IsAvoided(turn_ + skip, now)) {
      turn_ += skip;
      break;
    }
  }
  return Deal(turn_++);
}

const Endpoint& Route::Share(uint32_t connection) {
  const uint64_t turn = uint64_t{routes_.first_turn_} + connection;
  const Nanos now = avoiding_until_ == 0 ? 0 : routes_.network_.resolver.Now();
  return IsAvoided(turn, now) ? Next() : Deal(turn);
}

bool Route::IsAvoided(uint64_t turn, Nanos now) const {
  return avoiding_until_ != 0 && now < current_[turn % current_.size()]->avoided_until;
}

const Endpoint& Route::Deal(uint64_t turn) {
  Endpoint& endpoint = current_[turn % current_.size()]->endpoint;
  endpoint.uses = static_cast<uint32_t>(turn / current_.size());
  return endpoint;
}

void Route::Avoid(const Endpoint& endpoint) {
  Known* known = Find(endpoint);
  if (known == nullptr) return;
  avoiding_until_ = routes_.network_.resolver.Now() + kAvoidTime;
  known->avoided_until = avoiding_until_;
}

void Route::Wait(Waiter& waiter) { waiters_.push_back(&waiter); }

void Route::StopWaiting(Waiter& waiter) {
  std::erase(waiters_, &waiter);
  std::replace(being_told_.begin(), being_told_.end(), &waiter, static_cast<Waiter*>(nullptr));
}

// Whoever is told may let others stop waiting, or wait anew.
void Route::TellWaiters() {
  being_told_ = std::exchange(waiters_, {});
  for (size_t i = 0; i < being_told_.size(); ++i) {
    if (Waiter* waiter = std::exchange(being_told_[i], nullptr)) waiter->OnRoute();
  }
  being_told_.clear();
}

}  // namespace squall
