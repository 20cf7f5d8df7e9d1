// How requests name functions: a name, a partial ARN (123456789012:function:f) or a full ARN, each with or without a
// qualifier. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/context.h"
#include "base/result.h"

namespace engine::lambda {

struct FunctionName {
  std::string name;
  std::string qualifier;  // "$LATEST", a version or an alias; empty: none given
};

// Fails if the ARN is of another region (404) or account (403), and if the qualifiers in `text` and `qualifier` differ
// (protocols.md 4.4 items 5 and 6). Says nothing about existence. `action` is for the error ("lambda:GetFunction").
base::Result<FunctionName> resolve_function_name(const aws::Context& context, const std::optional<std::string>& text,
                                                 const std::optional<std::string>& qualifier, std::string_view action);
// The account that `text` names; the caller's if it names none.
std::string account_in(const aws::Context& context, const std::optional<std::string>& text);
// For operations on a function as a whole: fails for any qualifier but $LATEST, too (404).
base::Result<std::string> resolve_whole_function(const aws::Context& context, const std::optional<std::string>& text,
                                                 std::string_view action);

// Under which the function's role is assumed: the function's name, made long enough for STS.
std::string role_session_name(const std::string& function_name);

base::AwsError function_not_found(const aws::Context& context, std::string_view name, std::string_view qualifier = {});
// "User: ... is not authorized to perform: ... because no resource-based policy allows the ... action".
base::AwsError not_authorised(const aws::Context& context, std::string_view action, std::string_view resource_arn);

}  // namespace engine::lambda
