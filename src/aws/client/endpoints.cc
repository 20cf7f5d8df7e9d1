#include "aws/client/endpoints.h"

namespace aws::client {

http::Endpoint Endpoints::of(const ServiceDesc& service) const {
  if (const auto own = by_service.find(service.id); own != by_service.end()) return own->second;
  if (all.has_value()) return *all;
  return {.tls = true, .host = public_host(service.id, service.endpoint_prefix), .port = 443};
}

std::string Endpoints::public_host(std::string_view service_id, std::string_view endpoint_prefix) const {
  std::string host(endpoint_prefix);
  if (fips) host.append("-fips");
  const bool is_s3 = service_id == "s3";  // its dual stack is older than the domain api.aws
  if (is_s3 && dual_stack) host.append(".dualstack");
  if (service_id != "iam") host.append(".").append(region);
  if (service_id == "iam" && dual_stack) host.append(".global");
  return host.append(dual_stack && !is_s3 ? ".api.aws" : ".amazonaws.com");
}

}  // namespace aws::client
