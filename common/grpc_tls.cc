#include "common/grpc_tls.h"

#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "common/tls_files.h"

namespace squall {
namespace {

std::string_view NameOf(Party party) { return party == Party::kAgent ? "agent" : "controller"; }

// The certificate that was shown by `side`, which is to be a `party`.
absl::StatusOr<PeerIdentity> Believe(const std::string& pem, TlsFiles& files, TlsSide side,
                                     Party party) {
  absl::StatusOr<PeerIdentity> identity = files.Current()->trust.Judge(pem, side, absl::Now());
  if (!identity.ok()) return identity;
  const bool is_agent = identity->role == Role::kAgent;
  if (is_agent == (party == Party::kAgent)) return identity;
  return absl::PermissionDeniedError(
      fmt::format("the certificate \"{}\" is {}, not {}: use a bundle of squall certs {}",
                  identity->name, is_agent ? "an agent's" : "a controller's",
                  is_agent ? "a controller's" : "an agent's", NameOf(party)));
}

// gRPC's C++ interface knows no certificates that change; that below it does.
class ServerCredentials final : public grpc::ServerCredentials {
 public:
  explicit ServerCredentials(std::shared_ptr<TlsFiles> files)
      : files_(std::move(files)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY, &Fetch, this))) {}
  ~ServerCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  // Before each handshake, one at a time.
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    auto* credentials = static_cast<ServerCredentials*>(self);
    const auto current = credentials->files_->Current();
    if (current->number == credentials->shown_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    credentials->shown_ = current->number;
    const grpc_ssl_pem_key_cert_pair pair = {current->bundle.key_pem.c_str(),
                                             current->bundle.certificate_pem.c_str()};
    *config = grpc_ssl_server_certificate_config_create(current->bundle.authorities_pem.c_str(),
                                                        &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<TlsFiles> files_;
  uint64_t shown_ = 0;
  grpc_server_credentials* const credentials_;
};

class Verifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  Verifier(std::shared_ptr<TlsFiles> files, Party answerer, std::shared_ptr<PeerRecord> record)
      : files_(std::move(files)), answerer_(answerer), record_(std::move(record)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* result) override {
    const grpc::string_ref pem = request->peer_cert();
    absl::StatusOr<PeerIdentity> identity =
        Believe(std::string(pem.data(), pem.size()), *files_, TlsSide::kServer, answerer_);
    *result = identity.ok() ? grpc::Status::OK
                            : grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                                           std::string(identity.status().message()));
    record_->Note(std::move(identity));
    return true;  // at once
  }

  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::shared_ptr<TlsFiles> files_;
  const Party answerer_;
  const std::shared_ptr<PeerRecord> record_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(std::shared_ptr<TlsFiles> files) {
  return std::make_shared<ServerCredentials>(std::move(files));
}

absl::StatusOr<PeerIdentity> Admit(const grpc::ServerContextBase& context, TlsFiles& files,
                                   Party caller) {
  const auto shown = context.auth_context();
  const auto first = [&shown](const char* property) -> std::string {
    const std::vector<grpc::string_ref> values = shown->FindPropertyValues(property);
    return values.empty() ? "" : std::string(values.front().data(), values.front().size());
  };
  if (first(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME) != GRPC_SSL_TRANSPORT_SECURITY_TYPE) {
    return absl::UnauthenticatedError(fmt::format(
        "TLS is spoken here alone: give --tls FILE, a bundle of squall certs {}", NameOf(caller)));
  }
  const std::string pem = first(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.empty()) {
    return absl::UnauthenticatedError(fmt::format(
        "no certificate was shown: give --tls FILE, a bundle of squall certs {}", NameOf(caller)));
  }
  return Believe(pem, files, TlsSide::kClient, caller);
}

std::shared_ptr<grpc::ChannelCredentials> DialCredentials(const std::shared_ptr<TlsFiles>& files,
                                                          Party answerer,
                                                          std::shared_ptr<PeerRecord> record) {
  if (files == nullptr) return grpc::InsecureChannelCredentials();
  const Bundle& bundle = files->Current()->bundle;
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          bundle.authorities_pem, std::vector<grpc::experimental::IdentityKeyCertPair>{
                                      {bundle.key_pem, bundle.certificate_pem}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);  // the verifier does, and can say why not
  options.set_check_call_host(false);      // a role is what counts, and agents have no fixed names
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<Verifier>(files, answerer,
                                                                        std::move(record)));
  return grpc::experimental::TlsCredentials(options);
}

std::string WhyNotTogether(const grpc::Status& status, const PeerRecord& record, Party answerer,
                           bool tls) {
  if (const absl::Status failure = record.failure(); !failure.ok()) {
    return fmt::format("cannot be trusted: {}", std::string(failure.message()));
  }
  const bool refused = status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
                       status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
  if (refused) {
    return fmt::format("refuses this {}: {}",
                       NameOf(answerer == Party::kAgent ? Party::kController : Party::kAgent),
                       status.error_message());
  }
  if (tls && absl::StrContains(status.error_message(), "handshake failed")) {
    return fmt::format(
        "does not speak TLS: start it with --tls FILE, a bundle of squall certs {}, "
        "or leave --tls out here",
        NameOf(answerer));
  }
  return "";
}

}  // namespace squall
