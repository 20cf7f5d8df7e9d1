// Which resources an operation touches, as ARNs, for the policy evaluator: the `iam_resource` template of the
// operation's description, filled from its decoded input. Pure, safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "aws/context.h"
#include "aws/shape.h"

namespace aws {

// The template's placeholders: {region} and {account} of the context; {Member} the text of an input member;
// {Member:last} what follows its last '/' (a queue's name in its URL); {Member:function} the function's name in a
// name, partial ARN or ARN; {Member:keys} one ARN for each key of a map. A member that is itself an ARN replaces the
// whole template, unless it is a {Member:function}. An absent member becomes '*'.
std::vector<std::string> resource_arns(const OperationDesc& operation, const void* in, const Context& context);

}  // namespace aws
