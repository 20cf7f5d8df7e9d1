#include "engine/lambda/function_name.h"

#include <algorithm>
#include <vector>

#include "aws/lambda/errors.h"
#include "engine/arn.h"
#include "engine/lambda/answers.h"

namespace engine::lambda {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos || parts.size() > 8) return parts;
    text.remove_prefix(colon + 1);
  }
}

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string role_session_name(const std::string& function_name) {
  return function_name.size() < 2 ? function_name + "-" : function_name;  // AssumeRole: 2 to 64 characters
}

base::AwsError function_not_found(const aws::Context& context, std::string_view name, std::string_view qualifier) {
  std::string resource = "function:" + std::string(name);
  if (!qualifier.empty()) resource.append(":").append(qualifier);
  return not_found("Function not found: " + make_arn("lambda", context.region, context.account, resource));
}

base::AwsError not_authorised(const aws::Context& context, std::string_view action, std::string_view resource_arn) {
  std::string message = "User: " + context.principal.arn + " is not authorized to perform: ";
  message.append(action).append(" on resource: ").append(resource_arn);
  message.append(" because no resource-based policy allows the ").append(action).append(" action");
  return aws::lambda::errors::access_denied_exception(std::move(message));
}

base::Result<FunctionName> resolve_function_name(const aws::Context& context, const std::optional<std::string>& text,
                                                 const std::optional<std::string>& qualifier, std::string_view action) {
  if (!text || text->empty()) return base::fail(aws::lambda::errors::validation_exception("FunctionName is required"));
  std::vector<std::string_view> parts = split(*text);
  std::string_view region = context.region;
  std::string_view account = context.account;
  std::size_t at = 0;
  if (parts[0] == "arn" && parts.size() >= 6) {
    region = parts[3];
    account = parts[4];
    at = 5;
  } else if (is_account(parts[0]) && parts.size() > 1) {
    account = parts[0];
    at = 1;
  }
  if (parts[at] == "function" && at + 1 < parts.size()) ++at;
  const std::string_view name = parts[at];
  std::string_view embedded = at + 1 < parts.size() ? parts[at + 1] : std::string_view();
  if (name.empty() || at + 2 < parts.size()) {
    return base::fail(invalid_parameter("Invalid function name: " + *text));
  }
  if (account != context.account) {
    return base::fail(
        not_authorised(context, action, make_arn("lambda", region, account, "function:" + std::string(name))));
  }
  if (region != context.region) {
    return base::fail(not_found("Functions from '" + std::string(region) + "' are not reachable in this region ('" +
                                context.region + "')"));
  }
  if (!embedded.empty() && qualifier && *qualifier != embedded) {
    return base::fail(
        invalid_parameter("The derived qualifier from the function name does not match the specified qualifier."));
  }
  if (embedded.empty() && qualifier) embedded = *qualifier;
  return FunctionName{std::string(name), std::string(embedded)};
}

std::string account_in(const aws::Context& context, const std::optional<std::string>& text) {
  if (!text) return context.account;
  const std::vector<std::string_view> parts = split(*text);
  if (parts[0] == "arn" && parts.size() >= 6 && is_account(parts[4])) return std::string(parts[4]);
  return is_account(parts[0]) && parts.size() > 1 ? std::string(parts[0]) : context.account;
}

base::Result<std::string> resolve_whole_function(const aws::Context& context, const std::optional<std::string>& text,
                                                 std::string_view action) {
  TRY_ASSIGN(FunctionName resolved, resolve_function_name(context, text, std::nullopt, action));
  if (!resolved.qualifier.empty() && resolved.qualifier != "$LATEST") {
    return base::fail(function_not_found(context, resolved.name, resolved.qualifier));
  }
  return std::move(resolved.name);
}

}  // namespace engine::lambda
