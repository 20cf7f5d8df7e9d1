// Functions and their log groups.
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "base/decimal.h"
#include "base/encoding.h"
#include "pipeline/stack.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

#if defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
#else
constexpr std::string_view kArchitecture = "x86_64";
#endif
constexpr std::string_view kSecretGood = "the secret";
constexpr std::string_view kSecretOther = "another secret";
// The tag that has the hash of the code that `till` has put there. It is written after the code, so that what was
// interrupted between the two is put right by the same `till`, which sees that the code is there.
constexpr std::string_view kCodeTag = "tillstream:code-sha256";
// A package of 133 bytes, in base64: a file `bootstrap` that fails.
constexpr std::string_view kPlaceholder =
    "UEsDBBQAAAAAAAAAIVijt17aEQAAABEAAAAJAAAAYm9vdHN0cmFwIyEvYmluL3NoCmV4aXQgMQpQSwECFAMUAAAAAAAAACFYo7de2hEAAAARAAAA"
    "CQAAAAAAAAAAAAAA7YEAAAAAYm9vdHN0cmFwUEsFBgAAAAABAAEANwAAADgAAAAAAA==";
constexpr std::string_view kReady = "ready";

// Lambda takes no other change before these have passed; "Inactive" is one that nobody has called for weeks
// (docs.aws.amazon.com/lambda/latest/dg/functions-states.html).
bool is_between_states(const aws::lambda::FunctionConfiguration& function) {
  return function.state == "Pending" || function.last_update_status == "InProgress";
}

// An update that has failed has left the function as it was before.
std::string state_of(const aws::lambda::FunctionConfiguration& function) {
  if (is_between_states(function)) return "between two states";
  return function.last_update_status == "Failed" ? "its last update has failed" : std::string(kReady);
}

class Function final : public Resource {
 public:
  Function(const Site& site, FunctionSpec spec)
      : Resource("function", spec.name),
        site_(site),
        spec_(std::move(spec)),
        code_sha256_(base::base64_encode(base::sha256(spec_.zip))),
        role_(site.arn("iam", "role/" + spec_.name)),
        log_group_("/aws/lambda/" + spec_.name) {}

  [[nodiscard]] ResourceSpec spec() const override { return {spec_}; }
  [[nodiscard]] Tags tags() const override { return {{std::string(kCodeTag), code_sha256_}}; }
  [[nodiscard]] Properties wanted() const override {
    Properties out{{"code", code_sha256_},
                   {std::string(kCodeOrigin), std::string(kByTill)},
                   {"architecture", spec_.architecture},
                   {"runtime", spec_.runtime},
                   {"handler", spec_.handler},
                   {"role", role_},
                   {"timeout", std::to_string(spec_.timeout_seconds) + " s"},
                   {"memory", std::to_string(spec_.memory_size_mb) + " MB"},
                   {"log group", log_group_},
                   {"may run", "yes"},
                   {"creation", "successful", /*fixed=*/true},
                   {"state", std::string(kReady)}};
    for (const auto& [key, value] : spec_.environment) out.push_back({key, value});
    for (const auto& [key, value] : spec_.defaults) out.push_back({key, "a number"});
    if (spec_.secret.has_value()) out.push_back({spec_.secret->variable, std::string(kSecretGood)});
    return out;
  }

  base::Result<std::optional<Properties>> describe() override {
    TRY_ASSIGN(const auto now, look());
    const std::vector<std::string> architectures = now.architectures.value_or(std::vector<std::string>());
    Properties out{{"code", now.code_sha256.value_or("")},
                   {"architecture", architectures.empty() ? "" : architectures.front()},
                   {"runtime", now.runtime.value_or("")},
                   {"handler", now.handler.value_or("")},
                   {"role", now.role.value_or("")},
                   {"timeout", std::to_string(now.timeout.value_or(0)) + " s"},
                   {"memory", std::to_string(now.memory_size.value_or(0)) + " MB"},
                   {"log group",
                    now.logging_config.has_value() ? now.logging_config->log_group.value_or(log_group_) : log_group_}};
    TRY_ASSIGN(const bool stopped, is_stopped());
    TRY_ASSIGN(const std::string origin, code_origin(now.code_sha256.value_or("")));
    out.push_back({std::string(kCodeOrigin), origin});
    out.push_back({"may run", stopped ? "no: its reserved concurrency is 0" : "yes"});
    out.push_back({"creation", now.state == "Failed" ? "failed" : "successful"});
    out.push_back({"state", state_of(now)});
    for (const auto& [key, value] : environment_of(now)) {
      if (spec_.secret.has_value() && key == spec_.secret->variable)
        out.push_back({key, std::string(spec_.secret->value.value_or(value) == value ? kSecretGood : kSecretOther)});
      else
        out.push_back({key, spec_.defaults.contains(key) && is_number(value) ? "a number" : value});
    }
    return out;
  }

  base::Result<void> create() override {
    aws::lambda::CreateFunctionRequest create;
    create.function_name = name();
    create.runtime = spec_.runtime;
    create.handler = spec_.handler;
    create.role = role_;
    create.code.emplace().zip_file = std::string(spec_.zip);
    create.architectures = {spec_.architecture};
    create.tags.emplace()[std::string(kCodeTag)] = code_sha256_;
    create.timeout = spec_.timeout_seconds;
    create.memory_size = spec_.memory_size_mb;
    auto& variables = create.environment.emplace().variables.emplace(spec_.environment);
    for (const auto& [key, value] : spec_.defaults) variables[key] = value;
    TRY(add_secret(variables));
    aws::Context context = site_.call();
    const auto created = site_.services.lambda.create_function(context, create);
    if (created.has_value()) return wait();
    if (!role_not_yet(created.error()).has_value()) return base::fail(created.error());
    return create_in_two(std::move(create));
  }

  base::Result<void> change() override {
    TRY_ASSIGN(const auto now, wait_for_function(site_, name()));
    aws::Context context = site_.call();
    if (now.code_sha256 != code_sha256_ || now.architectures != std::vector<std::string>{spec_.architecture}) {
      TRY(put_code());
    }
    TRY(note_code(site_, name(), code_sha256_));
    aws::Map<std::string> environment = spec_.defaults;
    for (const auto& [key, value] : environment_of(now))
      if (!spec_.defaults.contains(key) || is_number(value)) environment[key] = value;
    for (const auto& [key, value] : spec_.environment) environment[key] = value;
    TRY(add_secret(environment));
    aws::lambda::UpdateFunctionConfigurationRequest configuration;
    configuration.function_name = name();
    configuration.runtime = spec_.runtime;
    configuration.handler = spec_.handler;
    configuration.role = role_;
    configuration.timeout = spec_.timeout_seconds;
    configuration.memory_size = spec_.memory_size_mb;
    configuration.environment.emplace().variables = std::move(environment);
    if (now.logging_config.has_value() && now.logging_config->log_group.value_or(log_group_) != log_group_)
      configuration.logging_config.emplace().log_group = log_group_;
    TRY(site_.services.lambda.update_function_configuration(context, std::move(configuration)));
    TRY_ASSIGN(const bool stopped, is_stopped());
    if (stopped) {
      aws::lambda::DeleteFunctionConcurrencyRequest release;
      release.function_name = name();
      TRY(site_.services.lambda.delete_function_concurrency(context, std::move(release)));
    }
    return wait();
  }

  base::Result<void> remove() override {
    aws::lambda::DeleteFunctionRequest remove;
    remove.function_name = name();
    aws::Context context = site_.call();
    TRY(site_.services.lambda.delete_function(context, std::move(remove)));
    return {};
  }

 private:
  base::Result<aws::lambda::FunctionConfiguration> look() {
    aws::lambda::GetFunctionConfigurationRequest get;
    get.function_name = name();
    aws::Context context = site_.call();
    return site_.services.lambda.get_function_configuration(context, std::move(get));
  }

  // A function without the tag was made before there was one.
  base::Result<std::string> code_origin(std::string_view code_sha256) {
    aws::lambda::ListTagsRequest list;
    list.resource = site_.arn("lambda", "function:" + name());
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto listed, site_.services.lambda.list_tags(context, std::move(list)));
    const aws::Map<std::string> tags = listed.tags.value_or(aws::Map<std::string>());
    const std::string* noted = tags.find(kCodeTag);
    if (noted == nullptr) return "unknown";
    return std::string(*noted == code_sha256 ? kByTill : kByHand);
  }

  // A reserved concurrency above 0 is a choice, 0 stops the pipeline.
  base::Result<bool> is_stopped() {
    aws::lambda::GetFunctionConcurrencyRequest get;
    get.function_name = name();
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto got, site_.services.lambda.get_function_concurrency(context, std::move(get)));
    return got.reserved_concurrent_executions == 0;
  }

  // REQUIRES: `variables` has the secret that the function has, if it has one.
  base::Result<void> add_secret(aws::Map<std::string>& variables) const {
    if (!spec_.secret.has_value()) return {};
    const Secret& secret = *spec_.secret;
    if (secret.value.has_value()) variables[secret.variable] = *secret.value;
    if (variables.contains(secret.variable)) return {};
    return base::fail({.code = "SecretMissing",
                       .message = secret.whence + ", which has the secret for " + secret.variable + ", is not set"});
  }

  static bool is_number(const std::string& text) { return base::Decimal::parse(text).has_value(); }

  static aws::Map<std::string> environment_of(const aws::lambda::FunctionConfiguration& function) {
    if (!function.environment.has_value()) return {};
    return function.environment->variables.value_or(aws::Map<std::string>());
  }

  // A role is not known everywhere at once, and CreateFunction, which carries the code, is refused until it is. So as
  // not to send megabytes with every try, the tries make the function with a package of nothing, and the code follows
  // once. Nothing calls the function before it has that: what calls it is made after it. Should this be interrupted in
  // between, the next plan sees that the code differs, and who has put it there.
  base::Result<void> create_in_two(aws::lambda::CreateFunctionRequest create) {
    const std::string placeholder = base::base64_decode(kPlaceholder).value_or("");
    create.code->zip_file = placeholder;
    (*create.tags)[std::string(kCodeTag)] = base::base64_encode(base::sha256(placeholder));
    TRY(site_.patience.call(
        "CreateFunction",
        [&]() -> base::Result<void> {
          aws::Context context = site_.call();
          TRY(site_.services.lambda.create_function(context, create));
          return {};
        },
        role_not_yet));
    TRY(wait());
    TRY(put_code());
    return note_code(site_, name(), code_sha256_);
  }

  base::Result<void> put_code() {
    aws::lambda::UpdateFunctionCodeRequest code;
    code.function_name = name();
    code.zip_file = std::string(spec_.zip);
    code.architectures = {spec_.architecture};
    aws::Context context = site_.call();
    TRY(site_.services.lambda.update_function_code(context, std::move(code)));
    return wait();
  }

  base::Result<void> wait() {
    TRY_ASSIGN(const auto now, wait_for_function(site_, name()));
    if (now.state != "Failed" && now.last_update_status != "Failed") return {};
    const auto& why = now.state == "Failed" ? now.state_reason : now.last_update_status_reason;
    return base::fail({.code = "Failed", .message = why.value_or("Lambda could not carry out the change")});
  }

  const Site& site_;
  const FunctionSpec spec_;
  const std::string code_sha256_;
  const std::string role_;
  const std::string log_group_;
};

class LogGroup final : public Resource {
 public:
  LogGroup(const Site& site, const std::string& name, int32_t retention_in_days)
      : Resource("log group", name), site_(site), retention_in_days_(retention_in_days) {}

  [[nodiscard]] ResourceSpec spec() const override { return {LogGroupSpec{name(), retention_in_days_}}; }
  [[nodiscard]] Properties wanted() const override {
    return {{"retention", std::to_string(retention_in_days_) + " days"}};
  }

  base::Result<std::optional<Properties>> describe() override {
    aws::logs::DescribeLogGroupsRequest describe;
    describe.log_group_name_prefix = name();
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto found, site_.services.logs.describe_log_groups(context, std::move(describe)));
    // Listed in the order of names, so the name itself comes before those it is a prefix of.
    for (const auto& group : found.log_groups.value_or(std::vector<aws::logs::LogGroup>())) {
      if (group.log_group_name != name()) continue;
      return Properties{{"retention", group.retention_in_days.has_value()
                                          ? std::to_string(*group.retention_in_days) + " days"
                                          : std::string("for ever")}};
    }
    return std::nullopt;
  }

  base::Result<void> create() override {
    aws::logs::CreateLogGroupRequest create;
    create.log_group_name = name();
    aws::Context context = site_.call();
    TRY(site_.services.logs.create_log_group(context, std::move(create)));
    return change();
  }

  base::Result<void> change() override {
    aws::logs::PutRetentionPolicyRequest put;
    put.log_group_name = name();
    put.retention_in_days = retention_in_days_;
    aws::Context context = site_.call();
    TRY(site_.services.logs.put_retention_policy(context, std::move(put)));
    return {};
  }

  base::Result<void> remove() override {
    aws::logs::DeleteLogGroupRequest remove;
    remove.log_group_name = name();
    aws::Context context = site_.call();
    TRY(site_.services.logs.delete_log_group(context, std::move(remove)));
    return {};
  }

 private:
  const Site& site_;
  const int32_t retention_in_days_;
};

}  // namespace

std::string_view function_architecture() {
  return kArchitecture;
}

std::unique_ptr<Resource> make_function(const Site& site, FunctionSpec spec) {
  return std::make_unique<Function>(site, std::move(spec));
}

base::Result<aws::lambda::FunctionConfiguration> wait_for_function(const Site& site, const std::string& function) {
  aws::lambda::FunctionConfiguration now;
  aws::lambda::GetFunctionConfigurationRequest get;
  get.function_name = function;
  TRY(site.patience.wait_until("the end of its creation or update", [&]() -> base::Result<bool> {
    TRY(site.patience.read("GetFunctionConfiguration", [&]() -> base::Result<void> {
      aws::Context context = site.call();
      TRY_ASSIGN(now, site.services.lambda.get_function_configuration(context, get));
      return {};
    }));
    return !is_between_states(now);
  }));
  return now;
}

base::Result<void> note_code(const Site& site, const std::string& function, const std::string& code_sha256) {
  aws::lambda::TagResourceRequest tag;
  tag.resource = site.arn("lambda", "function:" + function);
  tag.tags.emplace()[std::string(kCodeTag)] = code_sha256;
  aws::Context context = site.call();
  TRY(site.services.lambda.tag_resource(context, std::move(tag)));
  return {};
}

std::unique_ptr<Resource> make_log_group(const Site& site, const std::string& name, int32_t retention_in_days) {
  return std::make_unique<LogGroup>(site, name, retention_in_days);
}

}  // namespace pipeline
