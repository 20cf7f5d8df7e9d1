// What comes back from a function URL: the function's answer as an HTTP response (payload format 2.0), and refusals as
// AWS words them. Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/http/message.h"
#include "base/result.h"

namespace engine::lambda {

// An object with a statusCode says what the response is: headers, cookies, body, isBase64Encoded. Any other JSON is the
// body of a 200 (of a string, what it holds). What is neither is internal_server_error().
aws::http::Response url_answer(const std::string& payload, std::string_view request_id);

// 502, for a function that has failed or answered what is no response.
aws::http::Response internal_server_error(std::string_view request_id);
// 403, of who may not; it does not tell why.
aws::http::Response forbidden(std::string_view request_id);
// 404: nobody has this URL.
aws::http::Response no_such_url(std::string_view request_id);
// 413.
aws::http::Response url_body_too_large(std::string_view request_id);
// An error of the service, as Invoke has it: a throttle, a wrong signature.
aws::http::Response url_refusal(const base::AwsError& error, std::string_view request_id);

}  // namespace engine::lambda
