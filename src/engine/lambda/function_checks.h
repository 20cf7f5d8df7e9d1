// What requests about functions must satisfy beyond the model's constraints. Pure functions, safe from any thread.
// Texts: protocols.md 4.4 items 8, 9, 21.
#pragma once

#include <string>
#include <string_view>

#include "aws/lambda/shapes.h"
#include "base/result.h"
#include "engine/lambda/function_record.h"

namespace engine::lambda {

base::Result<void> check_runtime(std::string_view runtime);
base::Result<void> check_role(std::string_view role_arn, std::string_view account);
base::Result<void> check_zip_size(std::string_view zip);
// The architecture of a function: x86_64 unless it says otherwise. Only interpreters run code of another one.
base::Result<std::string> checked_architecture(const std::optional<std::vector<std::string>>& architectures,
                                               std::string_view runtime);
// A rule that AWS states as "Member must have value between ...".
base::Result<void> check_between(const std::optional<int32_t>& value, int32_t min, int32_t max,
                                 std::string_view member);
// Keys may not be reserved, all together may not be larger than 4 KB.
base::Result<FunctionRecord::Pairs> check_environment(const aws::Map<std::string>& variables);
// Only the modes that are honoured.
base::Result<void> check_snap_start(const std::optional<aws::lambda::SnapStart>& snap_start);
// Puts what is given in the place of what was; levels exist only with JSON, and are INFO then unless they are given.
base::Result<void> apply_logging(FunctionRecord& record, const std::optional<aws::lambda::LoggingConfig>& logging);
base::Result<void> check_tags(const FunctionRecord::Pairs& tags);
// One statement of a function's policy as AddPermission makes it.
base::Result<std::string> statement_json(const aws::lambda::AddPermissionRequest& in, std::string_view function_arn);

}  // namespace engine::lambda
