// AssumeRoleWithWebIdentity on the wire: the one call of STS that nobody signs, so that it does not go through Client.
// Pure functions. Source: AWS STS API Reference, "AssumeRoleWithWebIdentity".
#pragma once

#include <string_view>

#include "aws/client/credential_fetchers.h"
#include "aws/http/message.h"

namespace aws::client {

http::Request web_identity_request(const AssumedRole& role, std::string_view token);
// The error is STS's own, or says that the answer is none of its.
base::Result<ExpiringCredentials> parse_web_identity_answer(const http::Response& answer);

}  // namespace aws::client
