// The errors that several operations of CloudWatch Logs answer with. Pure functions. Texts: protocols.md 4.7.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/logs/errors.h"
#include "engine/logs/limits.h"

namespace engine::logs {

inline std::unexpected<base::AwsError> invalid_parameter(std::string message) {
  return base::fail(aws::logs::errors::invalid_parameter_exception(std::move(message)));
}
// `member` as the model spells it, for in-process callers: the server has checked what clients send.
inline std::unexpected<base::AwsError> missing(std::string_view member) {
  return invalid_parameter("1 validation error detected: Value null at '" + std::string(member) +
                           "' failed to satisfy constraint: Member must not be null");
}
// Of a group's or stream's name with more than kNameLengthMax characters, whatever is asked of it.
inline std::unexpected<base::AwsError> name_too_long() {
  return invalid_parameter("Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
}
// Of a name or the beginning of one, if it is given.
inline base::Result<void> check_length(const std::optional<std::string>& name) {
  if (name && name->size() > kNameLengthMax) return name_too_long();
  return {};
}
inline std::unexpected<base::AwsError> bad_token() {
  return invalid_parameter("The specified nextToken is invalid.");
}
inline std::unexpected<base::AwsError> group_not_found() {
  return base::fail(aws::logs::errors::resource_not_found_exception("The specified log group does not exist."));
}
inline std::unexpected<base::AwsError> stream_not_found() {
  return base::fail(aws::logs::errors::resource_not_found_exception("The specified log stream does not exist."));
}

}  // namespace engine::logs
