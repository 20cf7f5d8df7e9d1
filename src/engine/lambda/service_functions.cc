#include <utility>

#include "aws/lambda/errors.h"
#include "base/encoding.h"
#include "engine/internal_call.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_checks.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"
#include "engine/record.h"

namespace engine::lambda {

using namespace aws::lambda;

namespace {

base::Result<void> check_sizes(const std::optional<int32_t>& timeout, const std::optional<int32_t>& memory,
                               const std::optional<EphemeralStorage>& storage) {
  TRY(check_between(timeout, 1, kTimeoutSecondsMax, "timeout"));
  TRY(check_between(memory, kMemoryMbMin, kMemoryMbMax, "memorySize"));
  return check_between(storage ? storage->size : std::nullopt, kEphemeralStorageMbMin, kEphemeralStorageMbMax,
                       "ephemeralStorage.size");
}

void take_code(FunctionRecord& record, std::string_view zip) {
  record.code_size = zip.size();
  record.code_sha256 = base::base64_encode(base::sha256(zip));
}

// What the reply to an update shows while the function is ready already (item 4).
FunctionConfiguration updating(const FunctionRecord& record, base::Random& random) {
  FunctionConfiguration out = configuration_of(record);
  out.last_update_status = "InProgress";
  out.last_update_status_reason = "The function is being created.";
  out.last_update_status_reason_code = "Creating";
  out.revision_id = base::make_uuid(random);
  return out;
}

base::Result<FunctionRecord> new_record(const aws::Context& context, const CreateFunctionRequest& in) {
  FunctionRecord record;
  if (in.package_type.value_or("Zip") != "Zip") {
    return base::fail(
        invalid_parameter("PackageType " + *in.package_type + " is not supported by this engine; use Zip"));
  }
  if (!in.runtime || !in.handler) {
    return base::fail(invalid_parameter(
        "Runtime and Handler are mandatory parameters for functions created with deployment packages."));
  }
  if (!in.role) return base::fail(errors::validation_exception("Role is required"));
  if (!in.code || !in.code->zip_file)
    return base::fail(invalid_parameter("Please provide a source for function code."));
  TRY(check_runtime(*in.runtime));
  TRY(check_role(*in.role, context.account));
  TRY(check_architectures(in.architectures));
  TRY(check_publish(in.publish));
  TRY(check_tracing(in.tracing_config));
  TRY(check_snap_start(in.snap_start));
  TRY(check_logging(in.logging_config));
  TRY(check_sizes(in.timeout, in.memory_size, in.ephemeral_storage));
  if (in.environment && in.environment->variables) {
    TRY_ASSIGN(record.environment, check_environment(*in.environment->variables));
  } else if (in.environment) {
    record.environment.emplace();
  }
  if (in.tags) {
    for (const auto& [tag, value] : *in.tags) record.tags.emplace_back(tag, value);
    TRY(check_tags(record.tags));
  }
  TRY(check_zip_size(*in.code->zip_file));
  record.account = context.account;
  record.region = context.region;
  record.runtime = *in.runtime;
  record.handler = *in.handler;
  record.role = *in.role;
  record.description = in.description.value_or("");
  record.timeout_seconds = in.timeout.value_or(record.timeout_seconds);
  record.memory_size_mb = in.memory_size.value_or(record.memory_size_mb);
  if (in.ephemeral_storage) record.ephemeral_storage_mb = in.ephemeral_storage->size.value_or(kEphemeralStorageMbMin);
  if (in.logging_config) record.log_group = in.logging_config->log_group.value_or("");
  record.last_modified = context.now;
  return record;
}

}  // namespace

base::Result<void> LambdaService::check_assumable(const std::string& account, const std::string& region,
                                                  const std::string& role, const std::string& function_arn,
                                                  const std::string& name) {
  aws::Context context = service_call(env_, account, region, "lambda.amazonaws.com", function_arn);
  aws::sts::AssumeRoleRequest assume;
  assume.role_arn = role;
  assume.role_session_name = name;
  if (sts_.assume_role(context, std::move(assume))) return {};
  return base::fail(invalid_parameter("The role defined for the function cannot be assumed by Lambda."));
}

base::Result<FunctionConfiguration> LambdaService::create_function(aws::Context& context, CreateFunctionRequest in) {
  TRY_ASSIGN(const std::string name, resolve(context, in.function_name, std::nullopt, "lambda:CreateFunction"));
  if (name.size() > kFunctionNameLengthMax) {
    return base::fail(errors::validation_exception(
        "1 validation error detected: Value '" + name +
        "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"));
  }
  TRY_ASSIGN(FunctionRecord record, new_record(context, in));
  record.name = name;
  if (record.log_group.empty()) record.log_group = "/aws/lambda/" + name;
  const std::string key = record.key();
  const auto exists = [&] { return conflict("Function already exist: " + name); };
  store::WriteBatch batch;
  {
    const std::lock_guard lock(mutex_);
    if (functions_.contains(key)) return base::fail(exists());
    uint64_t stored = in.code->zip_file->size();
    for (const auto& [other, function] : functions_) stored += function.record->code_size;
    if (stored > kCodeStorageBytesMax) {
      return base::fail(
          errors::code_storage_exceeded_exception("Code storage limit exceeded.", {.type = "User", .message = {}}));
    }
    record.id = take_id(batch);
    record.code_id = record.id;
  }
  TRY(check_assumable(record.account, record.region, record.role, record.arn(), name));
  auto code = std::make_shared<Code>(store_, host_, record.code_id, options_.code_directory);
  TRY(code->stage(*in.code->zip_file));
  take_code(record, *in.code->zip_file);
  record.revision_id = base::make_uuid(env_.random);

  FunctionConfiguration out = configuration_of(record);
  out.state = "Pending";
  out.state_reason = "The function is being created.";
  out.state_reason_code = "Creating";
  out.last_update_status.reset();
  out.revision_id = base::make_uuid(env_.random);
  Code::put(batch, record.code_id, *in.code->zip_file);
  logs_.set_group_alive(record.account, record.region, record.log_group, true);
  const std::lock_guard lock(mutex_);
  const auto [entry, added] = functions_.try_emplace(key);
  if (!added) return base::fail(exists());
  // Another creation may have taken a later id in between, and its row must not go back.
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
  replace_runnable(entry, std::move(record), std::move(code), std::move(batch));
  return out;
}

base::Result<DeleteFunctionResponse> LambdaService::delete_function(aws::Context& context, DeleteFunctionRequest in) {
  TRY_ASSIGN(const std::string name, resolve(context, in.function_name, std::nullopt, "lambda:DeleteFunction"));
  if (in.qualifier) {
    if (*in.qualifier == "$LATEST") {
      return base::fail(invalid_parameter("$LATEST version cannot be deleted without deleting the function."));
    }
    return base::fail(function_not_found(context, name, *in.qualifier));
  }
  std::string log_group;
  {
    Function gone;  // let go of without the lock: its last instance may end here
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const auto entry, find_entry(context, name));
    store::WriteBatch batch;
    batch.erase(entry->first);
    Code::erase(batch, entry->second.record->code_id);
    store_.write(batch);
    gone = std::move(entry->second);
    functions_.erase(entry);
    pool_.set_current(gone.record->id, nullptr);
    log_group = gone.record->log_group;
  }
  // What its invocations have logged is in Logs before the answer, so that deleting the group afterwards is the end.
  logs_.drain();
  if (log_group == "/aws/lambda/" + name) logs_.set_group_alive(context.account, context.region, log_group, false);
  DeleteFunctionResponse out;
  out.status_code = 204;
  return out;
}

base::Result<FunctionConfiguration> LambdaService::update_function_code(aws::Context& context,
                                                                        UpdateFunctionCodeRequest in) {
  TRY_ASSIGN(const Function before, find(context, in.function_name, std::nullopt, "lambda:UpdateFunctionCode"));
  if (!in.zip_file) return base::fail(invalid_parameter("Please provide a source for function code."));
  TRY(check_publish(in.publish));
  TRY(check_architectures(in.architectures));
  TRY(check_zip_size(*in.zip_file));
  const auto stale = [&](const FunctionRecord& now) { return in.revision_id && *in.revision_id != now.revision_id; };
  if (stale(*before.record)) return base::fail(revision_mismatch("GetFunction/GetAlias"));
  store::WriteBatch batch;
  uint64_t code_id = 0;
  {
    const std::lock_guard lock(mutex_);
    code_id = take_id(batch);
  }
  auto code = std::make_shared<Code>(store_, host_, code_id, options_.code_directory);
  TRY(code->stage(*in.zip_file));
  Code::put(batch, code_id, *in.zip_file);

  Function replaced;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, before.record->name));
  if (stale(*entry->second.record)) return base::fail(revision_mismatch("GetFunction/GetAlias"));
  FunctionRecord record = *entry->second.record;
  Code::erase(batch, record.code_id);
  record.code_id = code_id;
  record.last_modified = context.now;
  take_code(record, *in.zip_file);
  if (in.dry_run.value_or(false)) return configuration_of(record);
  record.revision_id = base::make_uuid(env_.random);
  FunctionConfiguration out = updating(record, env_.random);
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
  replaced = entry->second;
  replace_runnable(entry, std::move(record), std::move(code), std::move(batch));
  return out;
}

base::Result<FunctionConfiguration> LambdaService::update_function_configuration(
    aws::Context& context, UpdateFunctionConfigurationRequest in) {
  TRY_ASSIGN(const Function before,
             find(context, in.function_name, std::nullopt, "lambda:UpdateFunctionConfiguration"));
  std::optional<FunctionRecord::Pairs> environment;
  if (in.runtime) TRY(check_runtime(*in.runtime));
  TRY(check_tracing(in.tracing_config));
  TRY(check_snap_start(in.snap_start));
  TRY(check_logging(in.logging_config));
  TRY(check_sizes(in.timeout, in.memory_size, in.ephemeral_storage));
  if (in.environment) {
    TRY_ASSIGN(environment, check_environment(in.environment->variables.value_or(aws::Map<std::string>())));
  }
  if (in.role) {
    TRY(check_role(*in.role, context.account));
    TRY(check_assumable(context.account, context.region, *in.role, before.record->arn(), before.record->name));
  }
  Function replaced;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, before.record->name));
  FunctionRecord record = *entry->second.record;
  if (in.revision_id && *in.revision_id != record.revision_id) {
    return base::fail(revision_mismatch("GetFunction/GetAlias"));
  }
  if (in.role) record.role = *in.role;
  if (in.handler) record.handler = *in.handler;
  if (in.description) record.description = *in.description;
  if (in.timeout) record.timeout_seconds = *in.timeout;
  if (in.memory_size) record.memory_size_mb = *in.memory_size;
  if (in.runtime) record.runtime = *in.runtime;
  if (environment) record.environment = std::move(environment);
  if (in.ephemeral_storage && in.ephemeral_storage->size) record.ephemeral_storage_mb = *in.ephemeral_storage->size;
  if (in.logging_config && in.logging_config->log_group) record.log_group = *in.logging_config->log_group;
  record.last_modified = context.now;
  record.revision_id = base::make_uuid(env_.random);
  FunctionConfiguration out = updating(record, env_.random);
  replaced = entry->second;
  replace_runnable(entry, std::move(record), replaced.runnable->code, {});
  return out;
}

}  // namespace engine::lambda
