// Which resources an operation touches, as ARNs, for the policy evaluator: the `iam_resource` template of the
// operation's description, filled from its decoded input. Pure, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/context.h"
#include "aws/shape.h"

namespace aws {

// The template's placeholders: {region} and {account} of the context; {Member} the text of an input member, or each of
// a list of texts; {A|B} the first of the two that is there; {Member:last} what follows its last '/' (a queue's name in
// its URL); {Member:function} the function's name in a name, partial ARN or ARN; {Member:log_group} the group's name in
// a name or ARN; {Member:path} the member, or "/" if it is absent; {Member:keys} one ARN for each key of a map;
// {Member:index}, which comes last, "/index/" and the member, or nothing. A member that is itself an ARN replaces the
// whole template if it is the only one in it (but for {Member:index}) and ends it, unless it is a {Member:function} or
// {Member:log_group}. An absent member becomes '*'.
std::vector<std::string> resource_arns(const OperationDesc& operation, const void* in, const Context& context);

// What a request needs to be allowed: the action on all of the resources.
struct Access {
  std::string action;
  std::vector<std::string> resources;
};
// iam_action on resource_arns(), unless the action is a template: {Member:partiql_verb} means what the PartiQL
// statement in that member does to the table {Member:partiql_table} and index that it names. Nothing for a statement in
// which no table can be found, which the service refuses (it reads it in the same way), and for operations without an
// action, whose service asks by itself (BatchExecuteStatement for each statement, DeleteObjects for each key).
std::optional<Access> access_of(const OperationDesc& operation, const void* in, const Context& context);

}  // namespace aws
