#include "server/absent_service.h"

#include <algorithm>
#include <array>

namespace server {
namespace {

// Of the services whose requests are known by their paths those that speak XML; all others speak JSON.
constexpr auto kXmlByPath = std::to_array<std::string_view>(
    {"cloudfront", "cloudsearch", "route53", "s3", "s3-object-lambda", "s3-outposts", "s3express"});

// The versions of query APIs that one service alone has, of those that are not here.
struct Version {
  std::string_view version;
  std::string_view service;
};
constexpr auto kVersions = std::to_array<Version>({{"2009-03-31", "elasticmapreduce"},
                                                   {"2009-04-15", "sdb"},
                                                   {"2010-05-15", "cloudformation"},
                                                   {"2011-01-01", "autoscaling"},
                                                   {"2012-06-01", "elasticloadbalancing"},
                                                   {"2012-12-01", "redshift"},
                                                   {"2013-01-01", "cloudsearch"},
                                                   {"2014-10-31", "rds"},
                                                   {"2015-02-02", "elasticache"},
                                                   {"2015-12-01", "elasticloadbalancing"},
                                                   {"2016-11-15", "ec2"}});

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

std::string_view service_of_host(std::string_view host) {
  host = host.substr(0, host.find(':'));
  const bool named =
      host.ends_with(".amazonaws.com") || host.ends_with(".localhost.localstack.cloud") || host.ends_with(".localhost");
  return named && !host.starts_with("localhost.") ? host.substr(0, host.find('.')) : std::string_view();
}

std::string_view service_of_version(std::string_view version) {
  const auto found = std::ranges::find(kVersions, version, &Version::version);
  return found == kVersions.end() ? std::string_view() : found->service;
}

const aws::ServiceDesc& absent_service(std::string_view signing_name) {
  return signing_name == "ec2" ? kEc2 : kNobody;
}

}  // namespace server
