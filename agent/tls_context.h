// What all TLS connections of a run have in common: whom they trust, and what they show servers.
#pragma once

#include "absl/status/statusor.h"
#include "agent/tls_handles.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Thread-safe once made: one is shared by all workers of a run, and outlives their streams.
class TlsContext {
 public:
  // INVALID_ARGUMENT names the flag whose certificates or key are wrong (--cacert, --cert, --key),
  // and what to do; FAILED_PRECONDITION says that this machine has no authorities where they are
  // needed.
  static absl::StatusOr<TlsContext> Make(const v1::Transport& transport);

  SSL_CTX* get() const { return context_.get(); }
  bool insecure() const { return insecure_; }

 private:
  TlsContext(TlsConnections context, bool insecure)
      : context_(std::move(context)), insecure_(insecure) {}

  TlsConnections context_;
  bool insecure_;
};

}  // namespace squall
