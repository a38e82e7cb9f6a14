#include "tests/support/health_client.h"

#include <chrono>

#include <grpcpp/grpcpp.h>

#include "grpc/health/v1/health.grpc.pb.h"

namespace squall::testing {

std::string AskHealth(const std::string& address, const std::string& service, Nanos patience) {
  namespace health = grpc::health::v1;
  const auto stub =
      health::Health::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::nanoseconds(patience));
  health::HealthCheckRequest request;
  request.set_service(service);
  health::HealthCheckResponse response;
  const grpc::Status status = stub->Check(&context, request, &response);
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return health::HealthCheckResponse::ServingStatus_Name(response.status());
    case grpc::StatusCode::NOT_FOUND:
      return "NOT_FOUND";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    default:
      return status.error_message();
  }
}

}  // namespace squall::testing
