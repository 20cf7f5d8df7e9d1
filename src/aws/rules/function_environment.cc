#include "aws/rules/function_environment.h"

#include <algorithm>
#include <array>

#include "aws/codec/json_shape.h"

namespace aws::rules {
namespace {

constexpr std::array<std::string_view, 18> kReservedVariables = {"_HANDLER",
                                                                 "_X_AMZN_TRACE_ID",
                                                                 "AWS_DEFAULT_REGION",
                                                                 "AWS_REGION",
                                                                 "AWS_EXECUTION_ENV",
                                                                 "AWS_LAMBDA_FUNCTION_NAME",
                                                                 "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                                 "AWS_LAMBDA_FUNCTION_VERSION",
                                                                 "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                                 "AWS_LAMBDA_LOG_GROUP_NAME",
                                                                 "AWS_LAMBDA_LOG_STREAM_NAME",
                                                                 "AWS_ACCESS_KEY",
                                                                 "AWS_ACCESS_KEY_ID",
                                                                 "AWS_SECRET_ACCESS_KEY",
                                                                 "AWS_SESSION_TOKEN",
                                                                 "AWS_LAMBDA_RUNTIME_API",
                                                                 "LAMBDA_TASK_ROOT",
                                                                 "LAMBDA_RUNTIME_DIR"};

}  // namespace

bool is_reserved_variable(std::string_view name) {
  return std::ranges::find(kReservedVariables, name) != kReservedVariables.end();
}

std::string environment_text(const Map<std::string>& variables) {
  std::string out = "{";
  for (const auto& [name, value] : variables) {
    if (out.size() > 1) out += ", ";
    codec::write_json_string(name, out);
    out += ':';
    codec::write_json_string(value, out);
  }
  return out + '}';
}

}  // namespace aws::rules
