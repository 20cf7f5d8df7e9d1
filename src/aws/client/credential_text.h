// The JSON in which programs, containers, instances and SSO hand out credentials. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "aws/client/credentials.h"

namespace aws::client {

// {"AccessKeyId": ..., "SecretAccessKey": ..., "Token" or "SessionToken": ..., "Expiration": ISO 8601}. An error names
// `source`, and says what it says itself by Code and Message.
base::Result<ExpiringCredentials> parse_credentials(std::string_view json, std::string_view source);

// {"roleCredentials": {"accessKeyId": ..., "expiration": milliseconds}} of SSO's GetRoleCredentials.
base::Result<ExpiringCredentials> parse_role_credentials(std::string_view json, std::string_view source);

// A text or an integer that is a member of an object, as text; empty if it is not there, or the text is no object.
std::string member_of(std::string_view json, std::string_view name);

bool is_object(std::string_view json);

}  // namespace aws::client
