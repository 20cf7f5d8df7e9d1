#include "engine/iam/policy_shapes.h"

namespace engine::iam {

std::string version_id(uint64_t number) {
  return 'v' + std::to_string(number);
}

aws::iam::Policy policy_shape(const PolicyRecord& record, std::size_t attachments) {
  aws::iam::Policy out;
  out.policy_name = record.name;
  out.policy_id = record.id;
  out.arn = record.arn();
  out.path = record.path;
  out.default_version_id = version_id(record.default_version);
  out.attachment_count = static_cast<int32_t>(attachments);
  out.permissions_boundary_usage_count = 0;
  out.is_attachable = true;
  out.create_date = record.created_at;
  out.update_date = record.updated_at;
  return out;
}

aws::iam::Policy policy_shape(const AwsManagedPolicy& policy, std::size_t attachments) {
  aws::iam::Policy out;
  out.policy_name = policy.name;
  out.policy_id = policy.id();
  out.arn = policy.arn();
  out.path = policy.path;
  out.default_version_id = policy.version;
  out.attachment_count = static_cast<int32_t>(attachments);
  out.permissions_boundary_usage_count = 0;
  out.is_attachable = true;
  out.create_date = base::parse_iso8601(policy.created_at);
  out.update_date = base::parse_iso8601(policy.updated_at);
  return out;
}

aws::iam::PolicyVersion version_shape(const PolicyRecord& record, uint64_t number) {
  return {.document = std::nullopt,
          .version_id = version_id(number),
          .is_default_version = number == record.default_version,
          .create_date = record.versions.at(number).created_at};
}

aws::iam::PolicyVersion version_shape(const AwsManagedPolicy& policy) {
  return {.document = std::nullopt,
          .version_id = std::string(policy.version),
          .is_default_version = true,
          .create_date = base::parse_iso8601(policy.updated_at)};
}

aws::iam::AttachedPolicy attached_policy_shape(std::string_view arn) {
  return {.policy_name = std::string(arn.substr(arn.rfind('/') + 1)), .policy_arn = std::string(arn)};
}

}  // namespace engine::iam
