// What --tls and --revoked name, as it is by now: both files are read again when they change.
//
// Any thread. Whoever makes or is offered a connection asks for what is current; connections that
// there are go on with what they began with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/identity.h"
#include "common/mutex.h"
#include "common/x509_bundle.h"
#include "common/x509_trust.h"

namespace squall {

class TlsFiles {
 public:
  struct Material {
    Bundle bundle;
    X509Trust trust;
    uint64_t number = 0;  // rises with each change
  };

  // How old what is current may be.
  static constexpr Nanos kLookInterval = kSecond;

  // `revoked_path` may be empty. Errors begin with the flag and the file.
  static absl::StatusOr<std::shared_ptr<TlsFiles>> Open(std::string bundle_path,
                                                        std::string revoked_path);

  // Looks at the files if that was not done lately. Where they cannot be used now, what they held
  // before stays, and the log says so once.
  std::shared_ptr<const Material> Current();

  const PeerIdentity& identity() const { return identity_; }  // when they were opened

 private:
  // Tells a file's contents from earlier ones without reading them.
  struct Stamp {
    int64_t modified_ns = 0;
    int64_t changed_ns = 0;  // also its owner and mode
    int64_t size = 0;
    uint64_t inode = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct Stamps {
    Stamp bundle;
    Stamp revoked;
    friend bool operator==(const Stamps&, const Stamps&) = default;
  };

  TlsFiles(std::string bundle_path, std::string revoked_path)
      : bundle_path_(std::move(bundle_path)), revoked_path_(std::move(revoked_path)) {}

  static Stamp StampOf(const std::string& path);
  Stamps Look() const;
  absl::StatusOr<std::shared_ptr<const Material>> Read(uint64_t number) const;

  const std::string bundle_path_;
  const std::string revoked_path_;
  PeerIdentity identity_;

  Mutex mutex_;
  std::shared_ptr<const Material> current_ ABSL_GUARDED_BY(mutex_);
  Stamps stamps_ ABSL_GUARDED_BY(mutex_);  // of what was read last, usable or not
  Nanos look_at_ ABSL_GUARDED_BY(mutex_) = 0;
  // Looks are numbered; the one that told what is current.
  uint64_t numbered_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t settled_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace squall
