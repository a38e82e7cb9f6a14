// Where the connections of one worker go: from the host and port of a URL to addresses.
//
// Names are looked up off the loop (agent/resolver.h), once for a run or anew when they have grown
// old. All their addresses are used in turns, so that connections spread evenly over them, over all
// workers and agents of the fleet; one that could not be connected to is passed over for a while,
// as long as there are others. The agent's policy is asked whenever addresses come. Belongs to the
// loop's thread.
#pragma once

#include <cstdint>
#include <ev.h>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/network.h"
#include "agent/route.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class Routes {
 public:
  // `network` and `loop` outlive it. `first_turn`: how many connections the agents before this one
  // have, and the workers before this one. The plan has been checked, and its source addresses are
  // this machine's.
  Routes(const v1::Transport& transport, Network& network, struct ev_loop* loop,
         uint32_t first_turn);
  ~Routes();
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  // The route of a URL's host (without brackets, upper and lower case alike) and port, with the
  // plan's diversions, resolutions and unix socket applied.
  Route& Find(std::string_view host, uint16_t port);

  // The address to send from to an endpoint that Route::Next() has just given, in turns over those
  // of its family. Null: the system's choice.
  const Endpoint* Source(const Endpoint& to) const;

 private:
  friend class Route;
  struct Inbox;

  struct Less {
    using is_transparent = void;
    using Key = std::pair<std::string_view, uint16_t>;
    bool operator()(const Key& a, const Key& b) const;
  };

  static void OnRefresh(struct ev_loop* loop, ev_timer* timer, int events) noexcept;

  std::unique_ptr<Route> Make(std::string_view host, uint16_t port);
  const std::vector<Endpoint>& SourcesTo(int family) const;

  // For Route.
  Resolver::AnswerPtr Ask(Route& route, const std::string& name, Nanos not_before);
  const Policy& policy() const { return network_.policy; }
  // Whether there is an address to send from, where the plan names some.
  bool MaySendTo(int family) const;

  const v1::Transport transport_;
  Network& network_;
  const uint32_t first_turn_;
  std::vector<Endpoint> sources_ipv4_;
  std::vector<Endpoint> sources_ipv6_;
  std::unique_ptr<Route> unix_socket_;  // where the plan has one
  std::map<std::pair<std::string, uint16_t>, std::unique_ptr<Route>, Less> routes_;
  const std::shared_ptr<Inbox> inbox_;  // with the resolver
  struct ev_loop* const loop_;
  // Looks at all routes: connections that are kept would never ask how old their addresses are.
  ev_timer refresh_;
};

}  // namespace squall
