// The event that a function gets for a request to its URL: payload format 2.0 (Developer Guide, "Invoking Lambda
// function URLs"). Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/context.h"
#include "aws/http/message.h"
#include "engine/lambda/function_url_record.h"
#include "engine/lambda/url_address.h"

namespace engine::lambda {

// `context`: of the call; its principal is who has signed it, and counts only where the URL wants a signature.
// `access_key_id` is the signer's. The body goes as text if its type says text (text/*, JSON, XML, JavaScript) and it
// is UTF-8, otherwise as base64.
std::string url_event(const FunctionUrlRecord& url, const UrlTarget& target, const aws::http::Request& request,
                      const aws::Context& context, std::string_view access_key_id);

}  // namespace engine::lambda
