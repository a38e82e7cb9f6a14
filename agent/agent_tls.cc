#include "agent/agent_tls.h"

#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "absl/time/clock.h"
#include "common/tls_files.h"

namespace squall {
namespace {

template <typename... Arguments>
absl::Status Invalid(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Arguments>(arguments)...));
}

absl::StatusOr<std::shared_ptr<TlsFiles>> Open(const AgentTlsFlags& flags) {
  auto files = TlsFiles::Open(flags.bundle, flags.revoked);
  if (!files.ok()) return files;
  const PeerIdentity& identity = (*files)->identity();
  if (identity.role != Role::kAgent) {
    return Invalid(
        "--tls {}: the certificate \"{}\" is a controller's: use a bundle of squall "
        "certs agent",
        flags.bundle, identity.name);
  }
  const absl::Time not_after = (*files)->Current()->bundle.not_after;
  const auto date = absl::FormatTime("%Y-%m-%d", not_after, absl::UTCTimeZone());
  spdlog::info("event=certificates_read name=\"{}\" valid_until={}", identity.name, date);
  if (not_after < absl::Now()) {
    spdlog::error("event=expired name=\"{}\" since={} remedy=\"renew it: squall certs\"",
                  identity.name, date);
  }
  return files;
}

}  // namespace

absl::StatusOr<AgentTls> ResolveAgentTls(const AgentTlsFlags& flags, const Address& address,
                                         bool dials) {
  AgentTls tls;
  const bool has_tls = !flags.bundle.empty();
  if (!flags.revoked.empty() && !has_tls) {
    return Invalid("--revoked is about certificates: give --tls as well");
  }
  if (has_tls && flags.insecure) {
    return Invalid("--tls and --insecure exclude each other: remove one");
  }
  if (has_tls) {
    auto files = Open(flags);
    if (!files.ok()) return files.status();
    tls.files = *std::move(files);
    return tls;
  }
  if (IsOfThisMachine(address)) return tls;
  if (!flags.insecure) {
    return Invalid(
        "{} {}: whoever {} could command this agent: give --tls FILE (squall certs agent "
        "makes it), or --insecure to have it so",
        dials ? "--join" : "--listen", address.display,
        dials ? "answers there" : "reaches this address");
  }
  spdlog::warn("event=insecure address={} meaning=\"whoever {} can command this agent\"",
               address.display, dials ? "answers there" : "reaches it");
  tls.obeys_anybody = true;
  return tls;
}

}  // namespace squall
