#include <utility>

#include "aws/lambda/errors.h"
#include "aws/s3/s3.h"
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

// What the reply to an update shows, although the function is ready by then (item 4).
FunctionConfiguration updated(const FunctionRecord& record, base::Random& random) {
  FunctionConfiguration out = updating_configuration_of(record);
  out.revision_id = base::make_uuid(random);
  return out;
}

// What the reply to a creation shows, likewise (item 1).
FunctionConfiguration created(const FunctionRecord& record, base::Random& random) {
  FunctionConfiguration out = pending_configuration_of(record);
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
  TRY(check_runtime(*in.runtime));
  TRY(check_role(*in.role, context.account));
  TRY_ASSIGN(record.architecture, checked_architecture(in.architectures, *in.runtime));
  TRY(check_snap_start(in.snap_start));
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
  record.account = context.account;
  record.region = context.region;
  record.runtime = *in.runtime;
  record.handler = *in.handler;
  record.role = *in.role;
  record.description = in.description.value_or("");
  if (in.dead_letter_config) record.dead_letter_arn = in.dead_letter_config->target_arn.value_or("");
  record.timeout_seconds = in.timeout.value_or(record.timeout_seconds);
  record.memory_size_mb = in.memory_size.value_or(record.memory_size_mb);
  if (in.ephemeral_storage) record.ephemeral_storage_mb = in.ephemeral_storage->size.value_or(kEphemeralStorageMbMin);
  TRY(apply_logging(record, in.logging_config));
  if (in.tracing_config) record.tracing_mode = in.tracing_config->mode.value_or(record.tracing_mode);
  record.last_modified = context.now;
  return record;
}

}  // namespace

base::Result<void> LambdaService::check_assumable(const FunctionRecord& record) {
  aws::Context context = service_call(env_, record.account, record.region, "lambda.amazonaws.com", record.arn());
  aws::sts::AssumeRoleRequest assume;
  assume.role_arn = record.role;
  assume.role_session_name = role_session_name(record.name);
  if (sts_.assume_role(context, std::move(assume))) return {};
  return base::fail(invalid_parameter("The role defined for the function cannot be assumed by Lambda."));
}

uint64_t LambdaService::stored_code_bytes(const Context& context) const {
  const std::string prefix = keys::scope(keys::kFunctionTable, context.account, context.region);
  uint64_t bytes = 0;
  for (auto at = functions_.lower_bound(prefix); at != functions_.end() && at->first.starts_with(prefix); ++at) {
    bytes += at->second.latest.record->code_size;
    for (const auto& [number, version] : at->second.versions) bytes += version.record->code_size;
  }
  return bytes;
}

base::Result<void> LambdaService::check_code_storage(const Context& context, uint64_t added_bytes) const {
  if (stored_code_bytes(context) + added_bytes <= kCodeStorageBytesMax) return {};
  return base::fail(
      errors::code_storage_exceeded_exception("Code storage limit exceeded.", {.type = "User", .message = {}}));
}

// Item 4.
base::Result<void> LambdaService::check_updatable(const FunctionEntry& entry, const Name& revision_id) {
  const FunctionRecord& record = *entry.latest.record;
  if (!entry.update.expired()) {
    return base::fail(conflict(
        "The operation cannot be performed at this time. An update is in progress for resource: " + record.arn()));
  }
  if (revision_id && *revision_id != record.revision_id) {
    return base::fail(revision_mismatch("GetFunction/GetAlias"));
  }
  return {};
}

base::Result<void> LambdaService::check_dead_letter(const FunctionRecord& record) {
  if (record.dead_letter_arn.empty()) return {};
  const SendAction action = send_action(record.dead_letter_arn);
  if (action.service != "SQS" && action.service != "SNS") {
    return base::fail(
        invalid_parameter("The target ARN of DeadLetterConfig must be that of an SQS queue or an SNS "
                          "topic: " +
                          record.dead_letter_arn));
  }
  if (destinations_.may_send(record.account, record.region, record.name, record.role, record.dead_letter_arn))
    return {};
  std::string message = "The provided execution role does not have permissions to call ";
  message.append(action.operation).append(" on ").append(action.service);
  return base::fail(invalid_parameter(std::move(message)));
}

// Items 8 and 10.
base::Result<std::string> LambdaService::package_of(Context& context, Name& zip_file, const Name& bucket,
                                                    const Name& key) {
  if (zip_file) {
    if (bucket || key) {
      return base::fail(
          invalid_parameter("Please do not provide other FunctionCode parameters when providing a ZipFile."));
    }
    TRY(check_zip_size(*zip_file));
    return std::move(*zip_file);
  }
  if (!bucket || !key) return base::fail(invalid_parameter("Please provide a source for function code."));
  if (s3_ == nullptr) return base::fail(invalid_parameter("There is no S3 here to take function code from."));
  if (options_.role_may && context.principal.kind == aws::Principal::Kind::role &&
      !options_.role_may(context, "s3:GetObject", "arn:aws:s3:::" + *bucket + "/" + *key)) {
    return base::fail(errors::access_denied_exception(
        "Your access has been denied by S3, please make sure your request credentials have permission to GetObject "
        "for " +
        *bucket + "/" + *key + ". S3 Error Code: AccessDenied. S3 Error Message: Access Denied"));
  }
  aws::s3::GetObjectRequest get;
  get.bucket = *bucket;
  get.key = *key;
  aws::Context call = account_call(env_, context.account, context.region);
  auto object = s3_->get_object(call, std::move(get));
  if (!object) {
    return base::fail(invalid_parameter("Error occurred while GetObject. S3 Error Code: " + object.error().code +
                                        ". S3 Error Message: " + object.error().message));
  }
  if (!object->body || object->body->size() == 0) return base::fail(check_zip_size({}).error());
  if (object->body->size() > kUnzippedCodeBytesMax) {
    return base::fail(invalid_parameter("Unzipped size must be smaller than 262144000 bytes"));
  }
  return object->body->take();
}

base::Result<FunctionConfiguration> LambdaService::create_function(aws::Context& context, CreateFunctionRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:CreateFunction"));
  if (name.size() > kFunctionNameLengthMax) {
    return base::fail(invalid_parameter(
        "1 validation error detected: Value '" + name +
        "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"));
  }
  TRY_ASSIGN(FunctionRecord record, new_record(context, in));
  record.name = name;
  if (record.log_group.empty()) record.log_group = "/aws/lambda/" + name;
  if (!in.code) return base::fail(invalid_parameter("Please provide a source for function code."));
  TRY_ASSIGN(const std::string zip, package_of(context, in.code->zip_file, in.code->s3_bucket, in.code->s3_key));
  const std::string key = record.key();
  const auto exists = [&] { return conflict("Function already exist: " + name); };
  store::WriteBatch batch;
  {
    const std::lock_guard lock(mutex_);
    if (functions_.contains(key)) return base::fail(exists());
    TRY(check_code_storage(context, zip.size()));
    record.id = take_id(batch);
    record.code_id = record.id;
  }
  TRY(check_assumable(record));
  TRY(check_dead_letter(record));
  auto code = code_of(record.code_id);
  TRY(code->stage(zip));
  take_code(record, zip);
  record.revision_id = base::make_uuid(env_.random);
  Code::Draft draft(store_, record.code_id, zip);
  logs_.set_group_alive(record.account, record.region, record.log_group, true);

  const std::lock_guard lock(mutex_);
  const auto [found, added] = functions_.try_emplace(key);
  if (!added) return base::fail(exists());
  // Another creation may have taken a later id in between, and its row must not go back.
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
  FunctionConfiguration out = created(record, env_.random);
  FunctionEntry& entry = found->second;
  replace_runnable(entry, std::move(record), std::move(code), batch);
  if (in.publish.value_or(false)) out.version = publish(entry, {}, context.now, batch)->version;
  store_.write(batch);
  draft.keep();
  return out;
}

base::Result<DeleteFunctionResponse> LambdaService::delete_function(aws::Context& context, DeleteFunctionRequest in) {
  TRY_ASSIGN(const FunctionName name,
             resolve_function_name(context, in.function_name, in.qualifier, "lambda:DeleteFunction"));
  if (!name.qualifier.empty()) return delete_version(context, name);
  std::string log_group;
  {
    FunctionEntry gone;  // let go of without the lock: its last instance may end here
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const auto found, find_entry(context, name.name));
    const FunctionRecord& latest = *found->second.latest.record;
    store::WriteBatch batch;
    batch.erase(found->first);
    for (const auto table :
         {keys::kVersionTable, keys::kAliasTable, keys::kEventInvokeTable, keys::kFunctionUrlTable}) {
      const std::string prefix = keys::of_function(table, latest.account, latest.region, latest.name);
      batch.erase_range(prefix, store::prefix_end(prefix));
    }
    Code::erase(batch, latest.code_id);
    for (const auto& [number, version] : found->second.versions) Code::erase(batch, version.record->code_id);
    store_.write(batch);
    log_group = latest.log_group;
    pool_.remove_current(latest.id, latest.version);
    for (const auto& [number, version] : found->second.versions) {
      pool_.remove_current(latest.id, version.record->version);
    }
    for (const auto& [alias, url] : found->second.urls) url_owners_.erase(url.url_id);
    invoker_.forget_metrics(latest);
    gone = std::move(found->second);
    functions_.erase(found);
  }
  // What its invocations have logged is in Logs before the answer, so that deleting the group afterwards is the end.
  logs_.drain();
  if (log_group == "/aws/lambda/" + name.name) logs_.set_group_alive(context.account, context.region, log_group, false);
  DeleteFunctionResponse out;
  out.status_code = 204;
  return out;
}

base::Result<DeleteFunctionResponse> LambdaService::delete_version(aws::Context& context, const FunctionName& name) {
  if (name.qualifier == "$LATEST") {
    return base::fail(invalid_parameter("$LATEST version cannot be deleted without deleting the function."));
  }
  if (!is_version_number(name.qualifier)) {
    return base::fail(invalid_parameter("Deletion of aliases is not currently supported."));
  }
  DeleteFunctionResponse out;
  out.status_code = 204;
  FunctionEntry::Version gone;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name.name));
  FunctionEntry& entry = found->second;
  const FunctionEntry::Version* version = entry.find_version(name.qualifier);
  if (version == nullptr) return out;
  gone = *version;
  for (const auto& [alias_name, alias] : entry.aliases) {
    if (alias->version != gone.record->version && alias->additional_version != gone.record->version) continue;
    return base::fail(conflict("Version " + gone.record->version + " cannot be deleted because the alias " +
                               alias->arn() + " refers to it."));
  }
  store::WriteBatch batch;
  batch.erase(gone.record->key());
  batch.erase(keys::event_invoke(context.account, context.region, name.name, gone.record->version));
  entry.versions.erase(*version_number(gone.record->version));
  entry.event_invoke.erase(gone.record->version);
  const uint64_t code_id = gone.record->code_id;
  if (code_id != entry.latest.record->code_id && !entry.uses_code(code_id)) Code::erase(batch, code_id);
  store_.write(batch);
  pool_.remove_current(gone.record->id, gone.record->version);
  invoker_.forget_metrics_of_version(*gone.record);
  return out;
}

base::Result<FunctionConfiguration> LambdaService::update_function_code(aws::Context& context,
                                                                        UpdateFunctionCodeRequest in) {
  TRY_ASSIGN(const std::string name, resolve_whole_function(context, in.function_name, "lambda:UpdateFunctionCode"));
  store::WriteBatch batch;
  uint64_t code_id = 0;
  std::string architecture;
  // Others are told that an update is under way until this one is over, however it ends.
  const std::shared_ptr<const void> update = std::make_shared<const int>(0);
  {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const auto found, find_entry(context, name));
    FunctionEntry& entry = found->second;
    TRY(check_updatable(entry, in.revision_id));
    architecture = entry.latest.record->architecture;
    if (in.architectures) {
      TRY_ASSIGN(architecture, checked_architecture(in.architectures, entry.latest.record->runtime));
    }
    code_id = take_id(batch);
    entry.update = update;
  }
  TRY_ASSIGN(const std::string zip, package_of(context, in.zip_file, in.s3_bucket, in.s3_key));
  auto code = code_of(code_id);
  TRY(code->stage(zip));
  FunctionRecord hashed;
  take_code(hashed, zip);
  std::optional<Code::Draft> draft;
  if (!in.dry_run.value_or(false)) draft.emplace(store_, code_id, zip);

  FunctionEntry::Version replaced;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  FunctionEntry& entry = found->second;
  TRY(check_code_storage(context, zip.size()));
  if (entry.update.lock() != update) return base::fail(function_not_found(context, name));  // it is another one now
  FunctionRecord record = *entry.latest.record;
  const uint64_t code_before = std::exchange(record.code_id, code_id);
  record.architecture = architecture;
  record.last_modified = context.now;
  record.code_size = hashed.code_size;
  record.code_sha256 = hashed.code_sha256;
  if (in.dry_run.value_or(false)) return configuration_of(record);
  record.revision_id = base::make_uuid(env_.random);
  FunctionConfiguration out = updated(record, env_.random);
  if (!entry.uses_code(code_before)) Code::erase(batch, code_before);
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
  replaced = entry.latest;
  replace_runnable(entry, std::move(record), std::move(code), batch);
  if (in.publish.value_or(false)) out = created(*publish(entry, {}, context.now, batch), env_.random);
  store_.write(batch);
  draft->keep();
  return out;
}

base::Result<FunctionConfiguration> LambdaService::update_function_configuration(
    aws::Context& context, UpdateFunctionConfigurationRequest in) {
  TRY_ASSIGN(const std::string name,
             resolve_whole_function(context, in.function_name, "lambda:UpdateFunctionConfiguration"));
  TRY_ASSIGN(const Function before, find(context, name, std::nullopt, "lambda:UpdateFunctionConfiguration"));
  std::optional<FunctionRecord::Pairs> environment;
  if (in.runtime) TRY(check_runtime(*in.runtime));
  TRY(check_snap_start(in.snap_start));
  TRY(check_sizes(in.timeout, in.memory_size, in.ephemeral_storage));
  if (in.environment) {
    TRY_ASSIGN(environment, check_environment(in.environment->variables.value_or(aws::Map<std::string>())));
  }
  FunctionRecord wanted = *before.record;
  if (in.role) {
    TRY(check_role(*in.role, context.account));
    wanted.role = *in.role;
    TRY(check_assumable(wanted));
  }
  if (in.dead_letter_config) {
    wanted.dead_letter_arn = in.dead_letter_config->target_arn.value_or("");
    TRY(check_dead_letter(wanted));
  }
  FunctionEntry::Version replaced;  // let go of without the lock
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_entry(context, name));
  FunctionEntry& entry = found->second;
  FunctionRecord record = *entry.latest.record;
  TRY(check_updatable(entry, in.revision_id));
  if (in.role) record.role = *in.role;
  if (in.handler) record.handler = *in.handler;
  if (in.description) record.description = *in.description;
  if (in.timeout) record.timeout_seconds = *in.timeout;
  if (in.memory_size) record.memory_size_mb = *in.memory_size;
  if (in.runtime) record.runtime = *in.runtime;
  if (environment) record.environment = std::move(environment);
  if (in.ephemeral_storage && in.ephemeral_storage->size) record.ephemeral_storage_mb = *in.ephemeral_storage->size;
  TRY(apply_logging(record, in.logging_config));
  if (in.tracing_config) record.tracing_mode = in.tracing_config->mode.value_or(record.tracing_mode);
  if (in.dead_letter_config) record.dead_letter_arn = wanted.dead_letter_arn;
  record.last_modified = context.now;
  record.revision_id = base::make_uuid(env_.random);
  FunctionConfiguration out = updated(record, env_.random);
  replaced = entry.latest;
  store::WriteBatch batch;
  replace_runnable(entry, std::move(record), replaced.runnable->code, batch);
  store_.write(batch);
  return out;
}

}  // namespace engine::lambda
