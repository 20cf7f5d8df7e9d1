#include "like_aws/call.h"

namespace like_aws {

std::string Call::text(std::string_view member_name) const {
  if (operation.input == nullptr || in == nullptr) return {};
  const aws::MemberDesc* member = operation.input->find(member_name);
  if (member == nullptr || member->unsupported() || member->type->kind != aws::Kind::string) return {};
  const auto* value = static_cast<const std::string*>(member->get(in));
  return value != nullptr ? *value : std::string();
}

bool is_unfinished(const base::AwsError& error) {
  return error.code == "Parked" || error.code == aws::kTooLongForIoThread;
}

}  // namespace like_aws
