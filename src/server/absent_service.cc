#include "server/absent_service.h"

#include <algorithm>
#include <array>

namespace server {
namespace {

// Of the services whose requests are known by their paths those that speak XML; all others speak JSON.
constexpr auto kXmlByPath = std::to_array<std::string_view>(
    {"cloudfront", "cloudsearch", "route53", "s3", "s3-object-lambda", "s3-outposts", "s3express"});

constexpr aws::ServiceDesc describe(std::string_view id) {
  return {.id = id,
          .service_id = id,
          .signing_name = {},
          .endpoint_prefix = {},
          .api_version = {},
          .target_prefix = {},
          .xml_namespace = "http://webservices.amazon.com/AWSFault/2005-15-09",  // AWS's, where it knows no service
          .error_namespace = {},
          .validation_code = "ValidationError",
          .unsupported_code = "InvalidParameterValue",
          .unsupported_status = 400,
          .protocols = {},
          .query_compatible = false,
          .operations = {}};
}
constexpr aws::ServiceDesc kNobody = describe("nobody");
constexpr aws::ServiceDesc kEc2 = describe("ec2");  // whose XML has a form of its own

}  // namespace

aws::Protocol protocol_of_paths(std::string_view signing_name) {
  const bool xml = std::ranges::find(kXmlByPath, signing_name) != kXmlByPath.end();
  return xml ? aws::Protocol::query : aws::Protocol::rest_json;  // errors look like those of the query protocol
}

const aws::ServiceDesc& absent_service(std::string_view signing_name) {
  return signing_name == "ec2" ? kEc2 : kNobody;
}

}  // namespace server
