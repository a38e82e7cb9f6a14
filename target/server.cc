#include "target/server.h"

#include <utility>

#include <fmt/format.h>

#include "target/loop_thread.h"

namespace squall::target {

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Options options) {
  absl::StatusOr<Listener> listener = Listen(options.listen);
  if (!listener.ok()) return listener.status();
  std::unique_ptr<RequestLog> log;
  if (!options.log.empty()) {
    absl::StatusOr<std::unique_ptr<RequestLog>> opened =
        RequestLog::Open(options.log, options.threads);
    if (!opened.ok()) return opened.status();
    log = *std::move(opened);
  }
  return std::unique_ptr<Server>(
      new Server(std::move(options), *std::move(listener), std::move(log)));
}

Server::Server(Options options, Listener listener, std::unique_ptr<RequestLog> log)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      responses_(options_),
      tally_(responses_, options_.threads),
      log_(std::move(log)) {
  if (options_.workers != 0) workers_.emplace(options_.workers);
  for (int index = 0; index < options_.threads; ++index) {
    threads_.push_back(std::make_unique<LoopThread>(
        index, Shared{options_, responses_, tally_, workers_ ? &*workers_ : nullptr, log_.get()},
        listener_.descriptor));
  }
}

Server::~Server() { Stop(); }

std::string Server::url() const {
  return fmt::format("http://{}:{}", listener_.host, listener_.port);
}

void Server::Stop() {
  threads_.clear();
  if (log_ != nullptr) log_->Flush();
}

bool Server::log_is_complete() const { return log_ == nullptr || log_->complete(); }

}  // namespace squall::target
