// The errors of Lambda in the words that several operations share. Pure functions, safe from any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace engine::lambda {

// Each fills in the Type member that AWS sends with the error.
base::AwsError invalid_parameter(std::string message);
base::AwsError not_found(std::string message);
base::AwsError conflict(std::string message);
base::AwsError service_failure(std::string message);
base::AwsError stopping();  // the engine is
base::AwsError invalid_content(std::string message);
base::AwsError request_too_large(std::string message);
base::AwsError revision_mismatch(std::string_view operations);  // "GetFunction/GetAlias"
// Item 16: 429 with `reason`, for example "ReservedFunctionConcurrentInvocationLimitExceeded".
base::AwsError throttled(std::string_view reason);
bool is_throttle(const base::AwsError& error);

}  // namespace engine::lambda
