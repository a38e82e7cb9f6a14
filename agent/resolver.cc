#include "agent/resolver.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <netdb.h>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "common/mutex.h"

namespace squall {
namespace {

// In one order on every agent, whichever the name server gave.
void Sort(std::vector<Endpoint>& addresses) {
  std::sort(addresses.begin(), addresses.end(),
            [](const Endpoint& a, const Endpoint& b) { return CompareAddresses(a, b) < 0; });
  const auto same = [](const Endpoint& a, const Endpoint& b) {
    return CompareAddresses(a, b) == 0;
  };
  addresses.erase(std::unique(addresses.begin(), addresses.end(), same), addresses.end());
}

}  // namespace

struct Resolver::Shared {
  Shared(Lookup given_lookup, Clock given_clock)
      : lookup(std::move(given_lookup)), clock(std::move(given_clock)) {}

  struct Name {
    AnswerPtr answer;               // the newest; null: none yet
    std::vector<Deliver> awaiting;  // if any, it is being looked up or will be
  };

  void Run();
  void LookUp(const std::string& host);

  const Lookup lookup;
  const Clock clock;
  Mutex mutex;
  CondVar changed;
  bool running ABSL_GUARDED_BY(mutex) = false;  // there is a thread
  bool ended ABSL_GUARDED_BY(mutex) = false;    // the resolver has gone
  std::map<std::string, Name> names ABSL_GUARDED_BY(mutex);
  std::deque<std::string> queue ABSL_GUARDED_BY(mutex);
};

Resolver::Resolver(Lookup lookup, Clock clock)
    : clock_(clock), shared_(std::make_shared<Shared>(std::move(lookup), std::move(clock))) {}

Resolver::~Resolver() {
  MutexLock lock(shared_->mutex);
  shared_->ended = true;
  shared_->changed.NotifyAll();
}

Resolver::AnswerPtr Resolver::Ask(const std::string& host, Nanos not_before, Deliver deliver) {
  const Nanos now = clock_();
  MutexLock lock(shared_->mutex);
  Shared::Name& name = shared_->names[host];
  if (name.answer != nullptr) {
    const bool found = !name.answer->addresses.empty();
    if (name.answer->at >= (found ? not_before : now - kRetryInterval + 1)) return name.answer;
  }
  name.awaiting.push_back(std::move(deliver));
  if (name.awaiting.size() > 1) return nullptr;
  shared_->queue.push_back(host);
  if (!std::exchange(shared_->running, true)) {
    std::thread([shared = shared_]() noexcept { shared->Run(); }).detach();
  }
  shared_->changed.NotifyAll();
  return nullptr;
}

void Resolver::Shared::Run() {
  while (true) {
    std::string host;
    {
      MutexLock lock(mutex);
      while (queue.empty() && !ended) changed.Wait(mutex);
      if (ended) return;
      host = std::move(queue.front());
      queue.pop_front();
    }
    LookUp(host);
  }
}

void Resolver::Shared::LookUp(const std::string& host) {
  absl::StatusOr<std::vector<Endpoint>> found = lookup(host);
  auto answer = std::make_shared<Answer>();
  if (found.ok()) {
    answer->addresses = *std::move(found);
    Sort(answer->addresses);
  }
  if (answer->addresses.empty()) {
    answer->error = fmt::format(
        "{}: {}", host, found.ok() ? "no addresses" : std::string(found.status().message()));
  }
  answer->at = clock();

  std::vector<Deliver> awaiting;
  {
    MutexLock lock(mutex);
    Name& name = names[host];
    if (answer->addresses.empty() && name.answer != nullptr) {
      answer->addresses = name.answer->addresses;
    }
    name.answer = answer;
    awaiting = std::exchange(name.awaiting, {});
  }
  for (const Deliver& deliver : awaiting) deliver(answer);
}

absl::StatusOr<std::vector<Endpoint>> Resolver::AskSystem(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // otherwise each address comes once for each type
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found)) {
    return absl::NotFoundError(error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error));
  }
  std::vector<Endpoint> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    addresses.push_back(MakeEndpoint(entry->ai_addr, entry->ai_addrlen));
  }
  freeaddrinfo(found);
  return addresses;
}

}  // namespace squall
