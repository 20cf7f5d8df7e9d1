// How requests name functions: a name, a partial ARN (123456789012:function:f) or a full ARN, each with or without a
// qualifier. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/context.h"
#include "base/result.h"

namespace engine::lambda {

// The function's plain name. Fails if the ARN is of another region (404) or account (403), if the qualifiers in `text`
// and `qualifier` differ, and for every qualifier but $LATEST (404), since there are no versions and aliases here
// (protocols.md 4.4 items 5 and 6). `action` is for the error ("lambda:GetFunction").
base::Result<std::string> resolve_function_name(const aws::Context& context, const std::optional<std::string>& text,
                                                const std::optional<std::string>& qualifier, std::string_view action);

base::AwsError function_not_found(const aws::Context& context, std::string_view name, std::string_view qualifier = {});
// "User: ... is not authorized to perform: ... because no resource-based policy allows the ... action".
base::AwsError not_authorised(const aws::Context& context, std::string_view action, std::string_view resource_arn);

}  // namespace engine::lambda
