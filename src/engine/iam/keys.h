// Every key that IAM keeps in the store. Names are found without regard to case, so keys hold them in lower case.
#pragma once

#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::iam::keys {

constexpr std::string_view kRoleTable = "iam/role";      // account, lower case name -> RoleRecord
constexpr std::string_view kPolicyTable = "iam/policy";  // account, lower case name -> PolicyRecord
constexpr std::string_view kReportTable = "iam/report";  // account -> when its credential report was made, ISO 8601

inline std::string role(std::string_view account, std::string_view lower_name) {
  return store::KeyWriter(kRoleTable).text(account).text(lower_name).take();
}
inline std::string policy(std::string_view account, std::string_view lower_name) {
  return store::KeyWriter(kPolicyTable).text(account).text(lower_name).take();
}

inline std::string credential_report(std::string_view account) {
  return store::KeyWriter(kReportTable).text(account).take();
}

}  // namespace engine::iam::keys
