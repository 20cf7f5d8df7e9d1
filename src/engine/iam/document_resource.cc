#include "engine/iam/document_resource.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "aws/iam/errors.h"

namespace engine::iam {
namespace {

constexpr auto kPartitions = std::to_array<std::string_view>(
    {"aws", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-us-gov", "*"});
constexpr auto kIamKinds = std::to_array<std::string_view>(
    {"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/",
     "sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"});

std::unexpected<base::AwsError> refuse(std::string message) {
  return base::fail(aws::iam::errors::malformed_policy_document_exception(std::move(message)));
}

// The parts between the first five colons, fewer if there are fewer.
std::vector<std::string_view> parts_of(std::string_view arn) {
  constexpr std::size_t kParts = 6;
  std::vector<std::string_view> out;
  while (out.size() + 1 < kParts && arn.find(':') != std::string_view::npos) {
    out.push_back(arn.substr(0, arn.find(':')));
    arn.remove_prefix(out.back().size() + 1);
  }
  out.push_back(arn);
  return out;
}

base::Result<void> check_iam_path(std::string_view path) {
  const auto begins = [&](std::string_view kind) { return path.starts_with(kind); };
  if (path == "*" || std::ranges::any_of(kIamKinds, begins)) return {};
  std::string message = "IAM resource path must either be \"*\" or start with ";
  for (const std::string_view kind : kIamKinds) message.append(kind == kIamKinds.front() ? "" : ", ").append(kind);
  return refuse(message + ".");
}

// Kinds of S3's resources that are in a region: Service Authorization Reference, "Resource types defined by Amazon S3".
constexpr auto kRegionalOfS3 =
    std::to_array<std::string_view>({"access-grants/", "accesspoint/", "job/", "storage-lens-group/", "storage-lens/"});

}  // namespace

base::Result<void> check_resource(std::string_view resource) {
  if (resource == "*") return {};
  const std::string text(resource);
  const std::vector<std::string_view> parts = parts_of(resource);
  const auto part = [&](std::size_t i) { return i < parts.size() ? parts[i] : std::string_view("*"); };
  if (parts.size() == 1) return refuse("Resource " + text + " must be in ARN format or \"*\".");
  if (std::ranges::find(kPartitions, parts[1]) == kPartitions.end()) {
    std::string shown = "arn:" + std::string(parts[1]);
    for (std::size_t i = 2; i < 6; ++i) shown.append(":").append(parts.size() == 3 && part(i).empty() ? "*" : part(i));
    return refuse("Partition \"" + std::string(parts[1]) + "\" is not valid for resource \"" + shown + "\".");
  }
  if (part(2).find_first_of("*?") != std::string_view::npos)
    return refuse("Resource vendor must be fully qualified and cannot contain regexes.");
  if (parts[2].empty() || (parts.size() < 6 && resource.find("::") != std::string_view::npos))
    return refuse("The policy failed legacy parsing");
  const bool has_region = !part(3).empty();
  if (parts[2] == "iam") {
    if (has_region) return refuse("IAM resource " + text + " cannot contain region information.");
    return check_iam_path(part(5));
  }
  const auto begins = [&](std::string_view kind) { return part(5).starts_with(kind); };
  if (parts[2] == "s3" && has_region && std::ranges::none_of(kRegionalOfS3, begins))
    return refuse("Resource " + text + " can not contain region information.");
  return {};
}

}  // namespace engine::iam
