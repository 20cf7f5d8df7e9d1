#include "engine/iam/document_check.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <vector>

#include "aws/iam/errors.h"

namespace engine::iam {
namespace {

using simdjson::dom::element;

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

base::Result<void> check_resource(std::string_view resource) {
  if (resource == "*") return {};
  const std::string text(resource);
  const std::vector<std::string_view> parts = parts_of(resource);
  const auto part = [&](std::size_t i) { return i < parts.size() ? parts[i] : std::string_view("*"); };
  if (parts.size() > 1 && std::ranges::find(kPartitions, parts[1]) == kPartitions.end()) {
    std::string shown = "arn:" + std::string(parts[1]);
    for (std::size_t i = 2; i < 6; ++i) shown.append(":").append(parts.size() == 3 && part(i).empty() ? "*" : part(i));
    return refuse("Partition \"" + std::string(parts[1]) + "\" is not valid for resource \"" + shown + "\".");
  }
  if (parts.size() < 3 || parts[2].find_first_of("*?") != std::string_view::npos)
    return refuse("Resource vendor must be fully qualified and cannot contain regexes.");
  if (parts[2].empty() || (parts.size() < 6 && resource.find("::") != std::string_view::npos))
    return refuse("The policy failed legacy parsing");
  const bool has_region = parts.size() > 3 && !parts[3].empty();
  if (parts[2] == "iam") {
    if (has_region) return refuse("IAM resource " + text + " cannot contain region information.");
    if (parts.size() == 6) return check_iam_path(parts[5]);
  }
  if (parts[2] == "s3" && has_region && !part(5).starts_with("accesspoint/"))
    return refuse("Resource " + text + " can not contain region information.");
  return {};
}

base::Result<void> check_resources_of(element statement) {
  for (const std::string_view key : {"Resource", "NotResource"}) {
    element value;
    if (statement.at_key(key).get(value) != simdjson::SUCCESS) continue;
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) TRY(check_resource(text));
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) continue;
    for (const element each : list) {
      if (each.get(text) == simdjson::SUCCESS) TRY(check_resource(text));
    }
  }
  return {};
}

}  // namespace

base::Result<void> check_version(std::string_view document) {
  simdjson::dom::parser parser;
  std::string_view version;
  if (parser.parse(document.data(), document.size()).at_key("Version").get(version) == simdjson::SUCCESS &&
      version == "2012-10-17")
    return {};
  return refuse("Policy document must be version 2012-10-17 or greater.");
}

base::Result<void> check_resources(std::string_view document) {
  simdjson::dom::parser parser;
  element statements;
  if (parser.parse(document.data(), document.size()).at_key("Statement").get(statements) != simdjson::SUCCESS)
    return {};
  simdjson::dom::array list;
  if (statements.get(list) != simdjson::SUCCESS) return check_resources_of(statements);
  for (const element statement : list) TRY(check_resources_of(statement));
  return {};
}

}  // namespace engine::iam
