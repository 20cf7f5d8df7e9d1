// The CORS of a function URL: what pages of other origins may ask, and the headers that tell their browser so. Pure
// functions, safe from any thread. Rules: API reference, "Cors"; Fetch standard, "CORS protocol".
#pragma once

#include <optional>

#include "aws/http/message.h"
#include "aws/lambda/shapes.h"

namespace engine::lambda {

// The answer to a browser's preflight, which does not reach the function; nullopt: `request` is none, or the URL has no
// CORS, so that the function answers it. A preflight for what is not allowed is answered without the headers.
std::optional<aws::http::Response> preflight(const std::optional<aws::lambda::Cors>& cors,
                                             const aws::http::Request& request);

// Adds the headers of an actual request's answer, if its Origin is allowed. Beside those that the function has made of
// its own, as AWS does: a function that answers CORS itself must not have its URL do it too.
void add_cors_headers(const std::optional<aws::lambda::Cors>& cors, const aws::http::Request& request,
                      aws::http::Response& response);

}  // namespace engine::lambda
