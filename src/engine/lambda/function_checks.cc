#include "engine/lambda/function_checks.h"

#include <algorithm>
#include <array>

#include "aws/codec/json_shape.h"
#include "aws/lambda/errors.h"
#include "aws/rules/function_environment.h"
#include "engine/arn.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/limits.h"
#include "engine/tags.h"

namespace engine::lambda {
namespace {

using aws::codec::write_json_string;
namespace errors = aws::lambda::errors;

constexpr std::array<std::string_view, 13> kRuntimes = {
    "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "python3.8",    "python3.9",      "python3.10",
    "python3.11", "python3.12", "python3.13", "python3.14", "provided.al2", "provided.al2023"};
// Taken by AWS, not run by this engine.
constexpr std::array<std::string_view, 13> kOtherRuntimes = {
    "nodejs16.x", "java8.al2", "java11",  "java17",  "java21",  "java25", "dotnet6",
    "dotnet8",    "dotnet10",  "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0"};
constexpr std::array<std::string_view, 21> kRetiredRuntimes = {
    "nodejs", "nodejs4.3",     "nodejs6.10",     "nodejs8.10", "nodejs10.x",    "nodejs12.x",    "nodejs14.x",
    "java8",  "python2.7",     "python3.6",      "python3.7",  "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1",
    "go1.x",  "dotnetcore3.1", "nodejs4.3-edge", "ruby2.5",    "ruby2.7",       "provided",      "dotnet5.0"};

bool contains(const auto& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

void key_value(std::string& out, std::string_view key, std::string_view value) {
  write_json_string(key, out);
  out += ':';
  write_json_string(value, out);
}

}  // namespace

base::Result<void> check_runtime(std::string_view runtime) {
  const std::string name(runtime);
  if (contains(kRuntimes, runtime)) return {};
  if (contains(kOtherRuntimes, runtime)) {
    return base::fail(invalid_parameter("The runtime " + name +
                                        " is not run by this engine. It runs python3.* and nodejs* from 18 on, "
                                        "and what is packaged for provided.al2023 with a bootstrap of its own."));
  }
  if (contains(kRetiredRuntimes, runtime)) {
    return base::fail(invalid_parameter("The runtime parameter of " + name +
                                        " is no longer supported for creating or updating AWS Lambda functions. We "
                                        "recommend you use a supported runtime while creating or updating functions."));
  }
  std::string message =
      "Value " + name + " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [";
  bool first = true;
  const auto append = [&](std::string_view known) {
    if (!first) message += ", ";
    message += known;
    first = false;
  };
  std::ranges::for_each(kOtherRuntimes, append);
  std::ranges::for_each(kRuntimes, append);
  return base::fail(invalid_parameter(message + "] or be a valid ARN"));
}

base::Result<void> check_role(std::string_view role_arn, std::string_view account) {
  const auto arn = Arn::parse(role_arn);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/") || arn->resource.size() == 5) {
    return base::fail(errors::validation_exception(
        "1 validation error detected: Value '" + std::string(role_arn) +
        "' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: "
        "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"));
  }
  if (arn->account != account) {
    return base::fail(errors::access_denied_exception("Cross-account pass role is not allowed."));
  }
  return {};
}

base::Result<void> check_zip_size(std::string_view zip) {
  if (zip.empty()) return base::fail(invalid_parameter("Uploaded file must be a non-empty zip"));
  if (zip.size() > kZippedBytesMax) {
    return base::fail(errors::request_entity_too_large_exception("Zipped size must be smaller than 52428800 bytes"));
  }
  return {};
}

base::Result<std::string> checked_architecture(const std::optional<std::vector<std::string>>& architectures,
                                               std::string_view runtime) {
  const bool interpreted = !runtime.starts_with("provided");
  if (!architectures) return std::string(interpreted ? "x86_64" : kArchitecture);
  if (architectures->size() != 1) {
    return base::fail(errors::validation_exception(
        "1 validation error detected: Value at 'architectures' failed to satisfy constraint: Member must have length "
        "equal to 1"));
  }
  const std::string& wanted = architectures->front();
  if (wanted == kArchitecture || (interpreted && (wanted == "x86_64" || wanted == "arm64"))) return wanted;
  return base::fail(invalid_parameter("This engine runs functions of the architecture " + std::string(kArchitecture) +
                                      ", that of its own machine, and not " + wanted));
}

base::Result<void> check_between(const std::optional<int32_t>& value, int32_t min, int32_t max,
                                 std::string_view member) {
  if (!value || (*value >= min && *value <= max)) return {};
  const bool low = *value < min;
  std::string message = "1 validation error detected: Value '" + std::to_string(*value) + "' at '";
  message.append(member).append("' failed to satisfy constraint: Member must have value ");
  message.append(low ? "greater" : "less").append(" than or equal to ").append(std::to_string(low ? min : max));
  return base::fail(errors::validation_exception(std::move(message)));
}

base::Result<FunctionRecord::Pairs> check_environment(const aws::Map<std::string>& variables) {
  FunctionRecord::Pairs out;
  std::string reserved;
  for (const auto& [variable, value] : variables) {
    if (aws::rules::is_reserved_variable(variable)) reserved.append(reserved.empty() ? "" : ", ").append(variable);
    if (variable.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return base::fail(invalid_parameter("The environment variable " + variable + " cannot be passed to a process"));
    }
    out.emplace_back(variable, value);
  }
  constexpr std::string_view kPrefix =
      "Lambda was unable to configure your environment variables because the environment variables you have provided ";
  if (!reserved.empty()) {
    return base::fail(invalid_parameter(std::string(kPrefix) +
                                        "contains reserved keys that are currently not supported for modification. "
                                        "Reserved keys used in this request: " +
                                        reserved));
  }
  const std::string measured = aws::rules::environment_text(variables);
  if (measured.size() > aws::rules::kEnvironmentBytesMax) {
    return base::fail(invalid_parameter(std::string(kPrefix) + "exceeded the 4KB limit. String measured: " + measured));
  }
  return out;
}

base::Result<void> check_snap_start(const std::optional<aws::lambda::SnapStart>& snap_start) {
  if (!snap_start || snap_start->apply_on.value_or("None") == "None") return {};
  return base::fail(
      invalid_parameter("SnapStart.ApplyOn " + *snap_start->apply_on + " is not supported by this engine; use None"));
}

base::Result<void> apply_logging(FunctionRecord& record, const std::optional<aws::lambda::LoggingConfig>& logging) {
  if (!logging) return {};
  record.log_format = logging->log_format.value_or(record.log_format);
  if (logging->log_group) record.log_group = *logging->log_group;
  if (!record.logs_json()) {
    if (logging->application_log_level || logging->system_log_level) {
      return base::fail(
          invalid_parameter("LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel "
                            "from your request or change the LogFormat to \"JSON\" and try again."));
    }
    record.application_log_level.clear();
    record.system_log_level.clear();
    return {};
  }
  for (const auto& [given, level] : {std::pair(&logging->application_log_level, &record.application_log_level),
                                     std::pair(&logging->system_log_level, &record.system_log_level)}) {
    if (level->empty()) *level = "INFO";
    if (*given) *level = **given;
  }
  return {};
}

base::Result<void> check_tags(const FunctionRecord::Pairs& tags) {
  aws::Map<std::string> map;
  for (const auto& [tag, value] : tags) map.append(tag) = value;
  const auto fault = find_tag_fault(map);
  if (!fault) return {};
  switch (fault->kind) {
    case TagFault::Kind::too_many:
      return base::fail(invalid_parameter("Number of tags exceeds resource tag limit."));
    case TagFault::Kind::key_length:
      return base::fail(invalid_parameter("The tag key " + fault->key + " must have 1 to 128 characters."));
    case TagFault::Kind::value_length:
      return base::fail(invalid_parameter("The value of the tag " + fault->key + " must have at most 256 characters."));
    case TagFault::Kind::reserved_key:
      break;
  }
  return base::fail(invalid_parameter("The tag key " + fault->key + " must not begin with aws:"));
}

namespace {

// Adds "operator":{"key":"value"} to the operators in `out`, each with its keys.
void write_condition(std::string& out, std::string_view op,
                     const std::vector<std::pair<std::string_view, std::string>>& keys) {
  if (keys.empty()) return;
  if (!out.empty()) out += ',';
  write_json_string(op, out);
  out += ":{";
  for (const auto& [key, value] : keys) {
    if (&key != &keys.front().first) out += ',';
    key_value(out, key, value);
  }
  out += '}';
}

void write_conditions(const aws::lambda::AddPermissionRequest& in, std::string& out) {
  std::vector<std::pair<std::string_view, std::string>> equal, like, yes;
  if (in.source_account) equal.emplace_back("AWS:SourceAccount", *in.source_account);
  if (in.function_url_auth_type) equal.emplace_back("lambda:FunctionUrlAuthType", *in.function_url_auth_type);
  if (in.source_arn) like.emplace_back("AWS:SourceArn", *in.source_arn);
  if (in.invoked_via_function_url) {
    yes.emplace_back("lambda:InvokedViaFunctionUrl", *in.invoked_via_function_url ? "true" : "false");
  }
  std::string conditions;
  write_condition(conditions, "StringEquals", equal);
  write_condition(conditions, "ArnLike", like);
  write_condition(conditions, "Bool", yes);
  if (!conditions.empty()) out += R"(,"Condition":{)" + conditions + '}';
}

}  // namespace

base::Result<std::string> statement_json(const aws::lambda::AddPermissionRequest& in, std::string_view function_arn) {
  const std::string principal = in.principal.value_or("");
  if (in.function_url_auth_type && in.action != "lambda:InvokeFunctionUrl") {
    return base::fail(invalid_parameter("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"));
  }
  std::string out = R"({"Sid":)";
  write_json_string(in.statement_id.value_or(""), out);
  out += R"(,"Effect":"Allow","Principal":)";
  const auto arn = Arn::parse(principal);
  const bool account =
      principal.size() == 12 && std::ranges::all_of(principal, [](char c) { return c >= '0' && c <= '9'; });
  if (principal == "*") {
    out += R"("*")";
  } else if (account || (arn && arn->service == "iam")) {
    out += '{';
    key_value(out, "AWS", account ? "arn:aws:iam::" + principal + ":root" : principal);
    out += '}';
  } else if (principal.ends_with(".amazonaws.com")) {
    out += '{';
    key_value(out, "Service", principal);
    out += '}';
  } else {
    return base::fail(
        invalid_parameter("The provided principal was invalid. Please check the principal and try again."));
  }
  out += ',';
  key_value(out, "Action", in.action.value_or(""));
  out += ',';
  key_value(out, "Resource", function_arn);
  write_conditions(in, out);
  return out + '}';
}

}  // namespace engine::lambda
