// Router: which operation of which service a request asks for, and in which protocol. It looks at the signals in the
// order of protocols.md 1.6 (smithy-protocol, X-Amz-Target, form Action, path) and knows services only by their
// descriptions. What it refuses it refuses in words and in the protocol of the request; of a service that is not here
// (CloudFormation, EC2) it says so. Immutable after construction, safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/body_spool.h"
#include "aws/codec/codec.h"
#include "aws/http/message.h"
#include "aws/shape.h"

namespace aws::codec {
class UriMatcher;
}

namespace server {

// An implementation of a service, put on the port. `service` points to the service's abstract class and outlives it.
struct Mount {
  const aws::ServiceDesc* desc;
  void* service;
  // Operations that also serve requests without any signature, because what they are asked with is a secret itself
  // (SNS's ConfirmSubscription). They find a principal without an account in their context.
  std::vector<std::string_view> unsigned_operations = {};
  std::size_t body_bytes_max = 70'167'211;  // requests with a larger body are refused by `too_large`
  // Where large bodies of operations with a streaming payload go while they arrive, and how large those may be; without
  // one they are held like all others. Outlives the server.
  aws::BodySpool* spool = nullptr;
  uint64_t spooled_bytes_max = 0;
  // The service's own words for a body of `bytes`; without it, a plain RequestEntityTooLargeException.
  std::function<base::AwsError(const aws::OperationDesc& operation, uint64_t bytes)> too_large = {};

  [[nodiscard]] bool serves_unsigned(std::string_view operation) const;
};

struct Route {
  const Mount* mount;
  const aws::OperationDesc* operation;
  aws::Protocol protocol;
  aws::codec::UriLabels labels;
};

struct RouteError {
  const aws::ServiceDesc* service;  // whose codec the answer should use; it has no operations if it is nobody's
  aws::Protocol protocol;
  base::AwsError error;
};

class Router {
 public:
  explicit Router(std::vector<Mount> mounts);
  ~Router();
  // The mount that the credential scope names, for heads that do not say more; nullptr if there is none.
  [[nodiscard]] const Mount* by_scope(const aws::http::Request& request) const;
  [[nodiscard]] std::expected<Route, RouteError> route(const aws::http::Request& request) const;
  [[nodiscard]] const std::vector<Mount>& mounts() const { return mounts_; }

 private:
  using Found = std::expected<Route, RouteError>;
  [[nodiscard]] Found by_smithy_protocol(const aws::http::Request& request, std::string_view name) const;
  [[nodiscard]] Found by_target(const aws::http::Request& request, std::string_view target) const;
  [[nodiscard]] Found by_action(const aws::http::Request& request, std::string_view form, std::string_view action,
                                std::string_view scope) const;
  [[nodiscard]] Found by_path(const aws::http::Request& request, std::string_view scope) const;
  // The mount that requests with this scope are signed for, or nullptr.
  [[nodiscard]] const Mount* signed_for(std::string_view scope) const;
  // For a request that is no mount's: `error`, or that `service` is not here.
  [[nodiscard]] Found nobody(std::string_view service, aws::Protocol protocol, base::AwsError error) const;

  const std::vector<Mount> mounts_;
  std::vector<std::unique_ptr<aws::codec::UriMatcher>> matchers_;  // one per mount, null unless it is a REST service
};

// The service part of the credential scope ("sqs"), from the Authorization header or X-Amz-Credential; empty if the
// request is not signed.
std::string_view scope_service(const aws::http::Request& request);

}  // namespace server
