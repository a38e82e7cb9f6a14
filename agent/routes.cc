#include "agent/routes.h"

#include <algorithm>
#include <ev.h>
#include <optional>

#include "absl/strings/ascii.h"
#include "agent/destination.h"
#include "common/mutex.h"

namespace squall {
namespace {

char Lower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

}  // namespace

// Answers on their way from the resolver's thread to the loop. It may outlive the routes, for which
// it is then closed.
struct Routes::Inbox {
  explicit Inbox(struct ev_loop* of_worker) : loop(of_worker) {
    ev_async_init(&arrived, [](struct ev_loop*, ev_async* watcher, int) noexcept {
      static_cast<Inbox*>(watcher->data)->HandOut();
    });
    arrived.data = this;
    ev_async_start(of_worker, &arrived);
  }

  void Put(Route& route, Resolver::AnswerPtr answer) {
    MutexLock lock(mutex);
    if (loop == nullptr) return;
    answers.emplace_back(&route, std::move(answer));
    // With the lock, so that the loop is still there. It does not block.
    ev_async_send(loop, &arrived);
  }

  void HandOut() {
    std::vector<std::pair<Route*, Resolver::AnswerPtr>> taken;
    {
      MutexLock lock(mutex);
      taken = std::exchange(answers, {});
    }
    for (const auto& [route, answer] : taken) {
      route->Take(*answer);
      route->TellWaiters();
    }
  }

  void Close() {
    MutexLock lock(mutex);
    ev_async_stop(loop, &arrived);
    loop = nullptr;
    answers.clear();
  }

  ev_async arrived;
  Mutex mutex;
  struct ev_loop* loop ABSL_GUARDED_BY(mutex);  // null: closed
  std::vector<std::pair<Route*, Resolver::AnswerPtr>> answers ABSL_GUARDED_BY(mutex);
};

Routes::Routes(const v1::Transport& transport, Network& network, struct ev_loop* loop,
               uint32_t first_turn)
    : transport_(transport),
      network_(network),
      first_turn_(first_turn),
      inbox_(std::make_shared<Inbox>(loop)),
      loop_(loop) {
  for (const std::string& text : transport_.source_addresses()) {
    const std::optional<Endpoint> source = NumericEndpoint(text);
    if (!source) continue;
    (source->family() == AF_INET6 ? sources_ipv6_ : sources_ipv4_).push_back(*source);
  }
  if (!transport_.unix_socket().empty()) {
    unix_socket_ = std::make_unique<Route>(
        *this, Place(), std::vector<Endpoint>{UnixEndpoint(transport_.unix_socket())}, "");
  }
  // Often enough for addresses to be no more than an eighth too old.
  const double seconds = static_cast<double>(transport_.dns_refresh_ns()) * 1e-9 / 8;
  ev_timer_init(&refresh_, &OnRefresh, seconds, seconds);
  refresh_.data = this;
  if (seconds > 0) ev_timer_start(loop_, &refresh_);
}

Routes::~Routes() {
  ev_timer_stop(loop_, &refresh_);
  inbox_->Close();
}

void Routes::OnRefresh(struct ev_loop*, ev_timer* timer, int) noexcept {
  for (const auto& [place, route] : static_cast<Routes*>(timer->data)->routes_) {
    if (route->size() != 0) route->Look();
  }
}

bool Routes::Less::operator()(const Key& a, const Key& b) const {
  if (a.second != b.second) return a.second < b.second;
  return std::lexicographical_compare(a.first.begin(), a.first.end(), b.first.begin(),
                                      b.first.end(),
                                      [](char x, char y) { return Lower(x) < Lower(y); });
}

Route& Routes::Find(std::string_view host, uint16_t port) {
  if (unix_socket_ != nullptr) return *unix_socket_;
  const Less::Key key(host, port);
  const auto known = routes_.find(key);
  if (known != routes_.end()) return *known->second;
  return *routes_.emplace(key, Make(host, port)).first->second;
}

std::unique_ptr<Route> Routes::Make(std::string_view host, uint16_t port) {
  Destination destination = DestinationOf(transport_, host, port);
  if (destination.addresses.empty() && destination.error.empty()) {
    return std::make_unique<Route>(*this, std::move(destination.place));
  }
  return std::make_unique<Route>(*this, std::move(destination.place),
                                 std::move(destination.addresses), std::move(destination.error));
}

const Endpoint* Routes::Source(const Endpoint& to) const {
  if (to.family() == AF_UNIX) return nullptr;
  const std::vector<Endpoint>& sources = SourcesTo(to.family());
  return sources.empty() ? nullptr : &sources[to.uses % sources.size()];
}

const std::vector<Endpoint>& Routes::SourcesTo(int family) const {
  return family == AF_INET6 ? sources_ipv6_ : sources_ipv4_;
}

bool Routes::MaySendTo(int family) const {
  const bool any = sources_ipv4_.empty() && sources_ipv6_.empty();
  return any || family == AF_UNIX || !SourcesTo(family).empty();
}

Resolver::AnswerPtr Routes::Ask(Route& route, const std::string& name, Nanos not_before) {
  return network_.resolver.Ask(name, not_before,
                               [inbox = inbox_, &route](Resolver::AnswerPtr answer) {
                                 inbox->Put(route, std::move(answer));
                               });
}

}  // namespace squall
