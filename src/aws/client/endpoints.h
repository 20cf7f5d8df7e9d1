// Endpoints: where a client finds each service, at AWS or elsewhere. A value.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "aws/http/message.h"
#include "aws/shape.h"

namespace aws::client {

struct Endpoints {
  std::string region = "us-east-1";
  // One for every service (AWS_ENDPOINT_URL), and those of single services, by ServiceDesc::id, which win over it.
  std::optional<http::Endpoint> all = {};
  std::map<std::string, http::Endpoint, std::less<>> by_service = {};
  // Of AWS's public ones; neither says anything of the endpoints above.
  bool fips = false;
  bool dual_stack = false;

  [[nodiscard]] http::Endpoint of(const ServiceDesc& service) const;
  // The host of one of AWS's public endpoints, such as sqs-fips.eu-west-1.api.aws. Source: the services' endpoint rule
  // sets (endpoint-rule-set-1.json of botocore 1.43), partition `aws`.
  [[nodiscard]] std::string public_host(std::string_view service_id, std::string_view endpoint_prefix) const;
};

}  // namespace aws::client
