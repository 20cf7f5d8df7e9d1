#include "engine/lambda/instance_starter.h"

#include <algorithm>
#include <utility>

#include "engine/internal_call.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/platform_log.h"

namespace engine::lambda {
namespace {

// "2024/01/31/[$LATEST]"; in a log group that functions may share, with the function's name before the version.
std::string log_stream_prefix(base::Timestamp now, const FunctionRecord& record) {
  const std::string date = base::format_iso8601_seconds(now);  // 2024-01-31T...
  const std::string name = record.log_group == "/aws/lambda/" + record.name ? "" : record.name;
  return date.substr(0, 4) + "/" + date.substr(5, 2) + "/" + date.substr(8, 2) + "/" + name + "[" + record.version +
         "]";
}

}  // namespace

std::string InstanceStarter::endpoint() {
  const std::lock_guard lock(mutex_);
  return endpoint_;
}

void InstanceStarter::set_endpoint(std::string url) {
  const std::lock_guard lock(mutex_);
  endpoint_ = std::move(url);
}

base::Result<aws::sts::Credentials> InstanceStarter::credentials_for(Runnable& runnable) {
  const base::Timestamp now = env_.clock.now();
  {
    const std::lock_guard lock(runnable.credentials_mutex);
    if (runnable.credentials &&
        runnable.credentials->expiration.value_or(base::kTimestampMax) - kCredentialsReuseMin > now) {
      return *runnable.credentials;
    }
  }
  const FunctionRecord& record = *runnable.record;
  aws::Context context = service_call(env_, record.account, record.region, "lambda.amazonaws.com", record.arn());
  aws::sts::AssumeRoleRequest assume;
  assume.role_arn = record.role;
  assume.role_session_name = role_session_name(record.name);
  assume.duration_seconds = kRoleSessionSeconds;
  TRY_ASSIGN(const auto assumed, sts_.assume_role(context, std::move(assume)));
  const std::lock_guard lock(runnable.credentials_mutex);
  runnable.credentials = assumed.credentials.value_or(aws::sts::Credentials());
  return *runnable.credentials;
}

// Item 19. User variables come first; the reserved ones cannot be among them.
InstanceStarter::Environment InstanceStarter::environment_of(const FunctionRecord& record,
                                                             const aws::sts::Credentials& credentials,
                                                             const std::string& directory) {
  Environment out = record.environment.value_or(FunctionRecord::Pairs());
  const auto user_value = [&](std::string_view variable) -> const std::string* {
    if (!record.environment) return nullptr;
    const auto found = std::ranges::find(*record.environment, variable, &std::pair<std::string, std::string>::first);
    return found == record.environment->end() ? nullptr : &found->second;
  };
  const auto add = [&](const char* variable, std::string value) { out.emplace_back(variable, std::move(value)); };
  const auto add_default = [&](const char* variable, std::string value) {
    if (!user_value(variable)) add(variable, std::move(value));
  };
  // In front of what the user's own variable says.
  const auto add_path = [&](const char* variable) {
    std::string value = directory;
    if (const std::string* given = user_value(variable)) value.append(":").append(*given);
    std::erase_if(out, [&](const auto& pair) { return pair.first == variable; });
    add(variable, std::move(value));
  };
  add("AWS_LAMBDA_FUNCTION_NAME", record.name);
  add("AWS_LAMBDA_FUNCTION_VERSION", record.version);
  add("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(record.memory_size_mb));
  add("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  add("AWS_LAMBDA_LOG_GROUP_NAME", record.log_group);
  add_default("AWS_LAMBDA_LOG_FORMAT", record.logs_json() ? "JSON" : "Text");
  if (record.logs_json()) add_default("AWS_LAMBDA_LOG_LEVEL", record.application_log_level);
  add("AWS_REGION", record.region);
  add("AWS_DEFAULT_REGION", record.region);
  add("_HANDLER", record.handler);
  add("LAMBDA_TASK_ROOT", directory);
  add("LAMBDA_RUNTIME_DIR", "/var/runtime");
  add_default("PWD", directory);
  // Nobody listens for segments; libraries that send some need an address nevertheless.
  add_default("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
  add_default("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000");
  add_default("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1");
  add_default("_AWS_XRAY_DAEMON_PORT", "2000");
  add("AWS_ACCESS_KEY_ID", credentials.access_key_id.value_or(""));
  add("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.value_or(""));
  add("AWS_SESSION_TOKEN", credentials.session_token.value_or(""));
  add_default("TZ", ":UTC");
  // As on AWS, with the code where it is here. The first ones are the loader's own on most machines, or not there.
  add_default("LD_LIBRARY_PATH", "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:" + directory + ":" +
                                     directory + "/lib:/opt/lib");
  add_default("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin");
  if (!record.runtime.starts_with("provided")) {
    add("AWS_EXECUTION_ENV", "AWS_Lambda_" + record.runtime);
    add_default("LANG", "en_US.UTF-8");
    add_path(record.runtime.starts_with("python") ? "PYTHONPATH" : "NODE_PATH");
  }
  const std::lock_guard lock(mutex_);
  if (!endpoint_.empty()) add_default("AWS_ENDPOINT_URL", endpoint_);
  return out;
}

InstancePool::Started InstanceStarter::start(const std::shared_ptr<Runnable>& runnable) {
  const FunctionRecord& record = *runnable->record;
  if (auto staged = runnable->code->stage_once(); !staged) {
    return std::unexpected(StartFailure{{"Runtime.CodeUnavailable", staged.error().message}, nullptr});
  }
  auto credentials = credentials_for(*runnable);
  if (!credentials) {
    return std::unexpected(
        StartFailure{{"Runtime.RoleNotAssumable",
                      "The role defined for the function cannot be assumed by Lambda. " + credentials.error().message},
                     nullptr});
  }
  runtime::FunctionSpec spec;
  spec.function_arn = record.arn();
  spec.function_name = record.name;
  spec.version = record.version;
  spec.handler = record.handler;
  spec.runtime = record.runtime;
  spec.code_directory = runnable->code->directory();
  spec.timeout = std::chrono::seconds(record.timeout_seconds);
  spec.memory_size_mb = record.memory_size_mb;
  spec.ephemeral_storage_size_mb = record.ephemeral_storage_mb;
  spec.log_stream_prefix = log_stream_prefix(env_.clock.now(), record);
  spec.environment = environment_of(record, *credentials, spec.code_directory);

  auto instance = std::make_unique<Instance>();
  instance->runnable = runnable;
  instance->credentials_expire = credentials->expiration.value_or(base::kTimestampMax);
  instance->log = std::make_shared<LogStream>(logs_, record.account, record.region, record.log_group,
                                              record.logs_json() ? record.application_log_level : "");
  for (std::string& event : init_start_events(record, env_.clock.now())) instance->log->append(std::move(event));
  auto running = host_.start(spec, *instance->log);
  if (!running) {
    // What did not become an instance has a log stream nevertheless, where its user looks for the reason.
    instance->log->set_name(spec.log_stream_prefix + base::random_string(env_.random, 32, "0123456789abcdef"));
    return std::unexpected(StartFailure{std::move(running).error(), std::move(instance->log)});
  }
  instance->running = std::move(*running);
  instance->log->set_name(spec.log_stream_prefix + instance->running->instance_id());
  return instance;
}

}  // namespace engine::lambda
