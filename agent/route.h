// The addresses of one host and port, and whose turn it is.
//
// They come with the plan or from the resolver. Belongs to the loop's thread, and stays where it is
// for as long as its Routes (agent/routes.h), which make it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "agent/endpoint.h"
#include "agent/policy.h"
#include "agent/resolver.h"
#include "common/clock.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class Routes;

class Route {
 public:
  // Is told, once, when a lookup that it waits for has ended.
  class Waiter {
   public:
    virtual void OnRoute() noexcept = 0;

   protected:
    ~Waiter() = default;
  };

  enum class State {
    kReady,    // Next() may be called
    kPending,  // being looked up: Wait()
    kFailed,   // there is no address; error() says why
  };

  // An address that could not be connected to is passed over for so long.
  static constexpr Nanos kAvoidTime = kSecond;

  // Addresses that are known and never change; none: `error` says why.
  Route(Routes& routes, Place place, std::vector<Endpoint> addresses, std::string error);
  // Those of the place's name, which is looked up when it is first looked at.
  Route(Routes& routes, Place place);
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  // Begins a lookup where one is needed. Where the addresses have only grown old, they are used
  // until there are newer ones; a name without any is asked for again after
  // Resolver::kRetryInterval, and has failed until then.
  State Look();
  // While it is pending.
  void Wait(Waiter& waiter);
  void StopWaiting(Waiter& waiter);
  // "no-such-host.invalid: Name or service not known".
  const std::string& error() const { return error_; }
  // Of what fails for it: the name has no address, or one that the agent's policy denies. A name is
  // as good as the worst of its addresses.
  v1::FailureKind failure() const {
    return denied_ ? v1::FAILURE_KIND_POLICY : v1::FAILURE_KIND_RESOLVE;
  }

  // How many addresses: as many tries has a connection. 0 again when one comes that is denied.
  uint32_t size() const { return static_cast<uint32_t>(current_.size()); }
  // The next address in turn, while it is ready. It stays where it is, but for `uses`, which is for
  // Routes::Source().
  const Endpoint& Next();
  // The address for one of the worker's connections, counted from 0: the same each time, unless it
  // is avoided.
  const Endpoint& Share(uint32_t connection);
  // No connection to it could be made: others are preferred for a while, if there are any.
  void Avoid(const Endpoint& endpoint);
  // Rises with each refresh that changed the addresses: connections made before are to be closed
  // when they are idle.
  uint32_t generation() const { return generation_; }

 private:
  friend class Routes;

  struct Known {
    Endpoint endpoint;
    Nanos avoided_until = 0;
  };

  void Ask(Nanos not_before);
  void Take(const Resolver::Answer& answer);
  void Use(const std::vector<Endpoint>& addresses);
  bool IsDenied(const std::vector<Endpoint>& addresses);
  Known* Find(const Endpoint& endpoint);
  Known& Remember(const Endpoint& endpoint);
  bool IsAvoided(uint64_t turn, Nanos now) const;
  const Endpoint& Deal(uint64_t turn);
  void TellWaiters();

  Routes& routes_;
  const Place place_;
  const std::string name_;  // empty: nothing to look up
  std::string error_;
  bool denied_ = false;  // by the policy, with all its addresses
  bool asked_ = false;
  Nanos answered_at_ = 0;
  uint64_t turn_;
  uint32_t generation_ = 0;
  std::deque<Known> known_;      // all so far
  std::vector<Known*> current_;  // in turns
  Nanos avoiding_until_ = 0;     // 0: none is avoided, and the clock need not be asked
  std::vector<Waiter*> waiters_;
  std::vector<Waiter*> being_told_;  // null: told, or waits no more
};

}  // namespace squall
