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
// whole template if it is the only one in it and ends it, unless it is a {Member:function}. An absent member becomes
// '*'.
std::vector<std::string> resource_arns(const OperationDesc& operation, const void* in, const Context& context);

// What a request needs to be allowed: each action on all of its resources.
struct Access {
  std::string action;
  std::vector<std::string> resources;
  bool operator==(const Access&) const = default;
};
// One access, of iam_action to resource_arns(), unless the action itself is a template: {A.B:partiql_verb} makes an
// access of each PartiQL statement at that path of members, to the table {A.B:partiql_table} and index that it names.
// Statements in which no table can be found need nothing: the service refuses them (it reads them in the same way).
std::vector<Access> accesses(const OperationDesc& operation, const void* in, const Context& context);

}  // namespace aws
