// TLS of the control streams, for gRPC: what it shows the other end, and whom it believes.
//
// gRPC only makes sure that the other end has the key of the certificate that it shows. Whether
// that is believed is decided here (common/x509_trust.h), on both sides, so that both can say why
// not: the one that dials while the connection is made, the one that listens before the first
// message of a stream (docs/adr/0006).
#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "absl/status/statusor.h"
#include "common/peer_record.h"

namespace squall {

class TlsFiles;

// The two ends of a control stream.
enum class Party { kAgent, kController };

// Of the one who listens: the certificate that is current is shown, and one asked for. It may be
// missing or wrong: see Admit().
std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(std::shared_ptr<TlsFiles> files);

// Who calls a server whose `files` these are: `caller` is awaited. UNAUTHENTICATED or
// PERMISSION_DENIED: why it is not let in, as a sentence for it.
absl::StatusOr<PeerIdentity> Admit(const grpc::ServerContextBase& context, TlsFiles& files,
                                   Party caller);

// Of one who dials, for one channel. Null files: there is no TLS. Who answers, or why that is not
// believed, is noted in `record` before the first message comes.
std::shared_ptr<grpc::ChannelCredentials> DialCredentials(const std::shared_ptr<TlsFiles>& files,
                                                          Party answerer,
                                                          std::shared_ptr<PeerRecord> record);

// For one who dialled `answerer`, in words that follow its name: what became of the stream, if that
// is about who may speak to whom. Empty: it is about something else.
std::string WhyNotTogether(const grpc::Status& status, const PeerRecord& record, Party answerer,
                           bool tls);

}  // namespace squall
