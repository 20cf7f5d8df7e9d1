// PolicyStatements: the access policy of a queue or topic as AddPermission and RemovePermission change it, one
// statement at a time, leaving the rest of the JSON text as it is. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine {

// The statement that AddPermission writes: accounts (12 digits) may do `actions` ("SQS:SendMessage") on `resource_arn`.
std::string permission_statement(std::string_view sid, const std::vector<std::string>& accounts,
                                 const std::vector<std::string>& actions, std::string_view resource_arn);

bool has_statement(std::string_view policy_json, std::string_view sid);
// `policy_json` with one statement more; an empty policy becomes one with `id` and just that statement.
std::string with_statement(std::string_view policy_json, std::string_view id, std::string_view statement);
// Without the statement called `sid`: nullopt if there is none; an empty text if it was the last one.
std::optional<std::string> without_statement(std::string_view policy_json, std::string_view sid);

}  // namespace engine
