#include "engine/lambda/function_record.h"

#include <charconv>

#include "base/encoding.h"
#include "engine/arn.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/record.h"

namespace engine::lambda {
namespace {

enum Field : uint32_t {
  kId = 1,
  kAccount = 2,
  kRegion = 3,
  kName = 4,
  kRuntime = 5,
  kRole = 6,
  kHandler = 7,
  kDescription = 8,
  kTimeoutSeconds = 9,
  kMemoryMb = 10,
  kEphemeralStorageMb = 11,
  kHasEnvironment = 12,
  kVariable = 13,  // repeated: 1 name, 2 value
  kLogGroup = 14,
  kCodeId = 15,
  kCodeSize = 16,
  kCodeSha256 = 17,
  kLastModified = 18,
  kRevisionId = 19,
  kReservedConcurrency = 20,
  kStatement = 21,  // repeated: 1 sid, 2 JSON
  kPolicyRevisionId = 22,
  kTag = 23,  // repeated: 1 key, 2 value
  kVersion = 24,
  kDeadLetterArn = 25,
  kLastPublished = 26,
  kArchitectureName = 27,
  kLogFormat = 28,
  kApplicationLogLevel = 29,
  kSystemLogLevel = 30,
  kTracingMode = 31,
  kPublishedDescription = 32,
};

bool read_text(FunctionRecord& out, const RecordReader& reader) {
  switch (reader.field()) {
    case kAccount:
      out.account = reader.text();
      break;
    case kRegion:
      out.region = reader.text();
      break;
    case kName:
      out.name = reader.text();
      break;
    case kRuntime:
      out.runtime = reader.text();
      break;
    case kRole:
      out.role = reader.text();
      break;
    case kHandler:
      out.handler = reader.text();
      break;
    case kDescription:
      out.description = reader.text();
      break;
    case kLogGroup:
      out.log_group = reader.text();
      break;
    case kCodeSha256:
      out.code_sha256 = reader.text();
      break;
    case kRevisionId:
      out.revision_id = reader.text();
      break;
    case kPolicyRevisionId:
      out.policy.revision_id = reader.text();
      break;
    case kVersion:
      out.version = reader.text();
      break;
    case kArchitectureName:
      out.architecture = reader.text();
      break;
    case kDeadLetterArn:
      out.dead_letter_arn = reader.text();
      break;
    case kLogFormat:
      out.log_format = reader.text();
      break;
    case kApplicationLogLevel:
      out.application_log_level = reader.text();
      break;
    case kSystemLogLevel:
      out.system_log_level = reader.text();
      break;
    case kTracingMode:
      out.tracing_mode = reader.text();
      break;
    case kPublishedDescription:
      out.published_description = reader.text();
      break;
    default:
      return false;
  }
  return true;
}

// "2024-01-01T00:00:00.000+0000", the only place where AWS writes time like this.
std::string last_modified_text(base::Timestamp t) {
  std::string text = base::format_iso8601_milliseconds(t);
  text.pop_back();
  return text + "+0000";
}

}  // namespace

std::string FunctionRecord::arn() const {
  return make_arn("lambda", region, account, "function:" + name);
}

std::string FunctionRecord::qualified_arn() const {
  return arn() + ":" + version;
}

std::string FunctionRecord::key() const {
  if (is_latest()) return keys::function(account, region, name);
  uint64_t number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return keys::version(account, region, name, number);
}

std::string ResourcePolicy::json() const {
  if (statements.empty()) return {};
  std::string out = R"({"Version":"2012-10-17","Id":"default","Statement":[)";
  for (const PolicyStatement& statement : statements) {
    if (&statement != &statements.front()) out += ',';
    out += statement.json;
  }
  return out + "]}";
}

bool FunctionRecord::was_published_from(const FunctionRecord& latest) const {
  return code_sha256 == latest.code_sha256 && runtime == latest.runtime && architecture == latest.architecture &&
         role == latest.role && handler == latest.handler && timeout_seconds == latest.timeout_seconds &&
         memory_size_mb == latest.memory_size_mb && ephemeral_storage_mb == latest.ephemeral_storage_mb &&
         environment == latest.environment && log_group == latest.log_group && log_format == latest.log_format &&
         application_log_level == latest.application_log_level && system_log_level == latest.system_log_level &&
         tracing_mode == latest.tracing_mode && dead_letter_arn == latest.dead_letter_arn &&
         published_description == latest.description;
}

std::string FunctionRecord::encode() const {
  RecordWriter writer;
  writer.number(kId, id).text(kAccount, account).text(kRegion, region).text(kName, name);
  writer.text(kRuntime, runtime).text(kRole, role).text(kHandler, handler).text(kDescription, description);
  writer.number(kTimeoutSeconds, static_cast<uint64_t>(timeout_seconds));
  writer.number(kMemoryMb, static_cast<uint64_t>(memory_size_mb));
  writer.number(kEphemeralStorageMb, static_cast<uint64_t>(ephemeral_storage_mb));
  writer.text(kLogGroup, log_group);
  writer.number(kCodeId, code_id).number(kCodeSize, code_size).text(kCodeSha256, code_sha256);
  writer.time(kLastModified, last_modified);
  writer.text(kRevisionId, revision_id).text(kPolicyRevisionId, policy.revision_id);
  writer.text(kVersion, version).text(kDeadLetterArn, dead_letter_arn).number(kLastPublished, last_published);
  writer.text(kArchitectureName, architecture).text(kLogFormat, log_format);
  writer.text(kApplicationLogLevel, application_log_level).text(kSystemLogLevel, system_log_level);
  writer.text(kTracingMode, tracing_mode).text(kPublishedDescription, published_description);
  if (reserved_concurrency) writer.number(kReservedConcurrency, static_cast<uint64_t>(*reserved_concurrency));
  if (environment) {
    writer.number(kHasEnvironment, 1);
    for (const auto& [variable, value] : *environment) writer.pair(kVariable, variable, value);
  }
  for (const PolicyStatement& statement : policy.statements) writer.pair(kStatement, statement.sid, statement.json);
  for (const auto& [tag, value] : tags) writer.pair(kTag, tag, value);
  return writer.take();
}

std::optional<FunctionRecord> FunctionRecord::decode(std::string_view bytes) {
  FunctionRecord out;
  out.architecture = kArchitecture;  // of records that were written before it was kept
  RecordReader reader(bytes);
  while (reader.next()) {
    if (read_text(out, reader)) continue;
    const auto small = static_cast<int32_t>(reader.number());
    switch (reader.field()) {
      case kId:
        out.id = reader.number();
        break;
      case kTimeoutSeconds:
        out.timeout_seconds = small;
        break;
      case kMemoryMb:
        out.memory_size_mb = small;
        break;
      case kEphemeralStorageMb:
        out.ephemeral_storage_mb = small;
        break;
      case kCodeId:
        out.code_id = reader.number();
        break;
      case kCodeSize:
        out.code_size = reader.number();
        break;
      case kLastModified:
        out.last_modified = reader.time();
        break;
      case kLastPublished:
        out.last_published = reader.number();
        break;
      case kReservedConcurrency:
        out.reserved_concurrency = small;
        break;
      case kHasEnvironment:
        if (!out.environment) out.environment.emplace();
        break;
      case kVariable:
        if (!out.environment) out.environment.emplace();
        out.environment->push_back(reader.pair());
        break;
      case kStatement: {
        auto [sid, json] = reader.pair();
        out.policy.statements.push_back({std::move(sid), std::move(json)});
        break;
      }
      case kTag:
        out.tags.push_back(reader.pair());
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

aws::lambda::FunctionConfiguration list_entry_of(const FunctionRecord& record) {
  aws::lambda::FunctionConfiguration out;
  out.function_name = record.name;
  out.function_arn = record.is_latest() ? record.arn() : record.qualified_arn();
  out.runtime = record.runtime;
  out.role = record.role;
  out.handler = record.handler;
  out.code_size = static_cast<int64_t>(record.code_size);
  out.description = record.description;
  out.timeout = record.timeout_seconds;
  out.memory_size = record.memory_size_mb;
  out.last_modified = last_modified_text(record.last_modified);
  out.code_sha256 = record.code_sha256;
  out.version = record.version;
  if (record.environment) {
    auto& variables = out.environment.emplace().variables.emplace();
    for (const auto& [variable, value] : *record.environment) variables.append(variable) = value;
  }
  if (!record.dead_letter_arn.empty()) out.dead_letter_config.emplace().target_arn = record.dead_letter_arn;
  out.tracing_config.emplace().mode = record.tracing_mode;
  out.revision_id = record.revision_id;
  out.package_type = "Zip";
  out.architectures = {record.architecture};
  out.ephemeral_storage.emplace().size = record.ephemeral_storage_mb;
  out.snap_start.emplace().apply_on = "None";
  out.snap_start->optimization_status = "Off";
  out.logging_config.emplace().log_format = record.log_format;
  if (record.logs_json()) {
    out.logging_config->application_log_level = record.application_log_level;
    out.logging_config->system_log_level = record.system_log_level;
  }
  out.logging_config->log_group = record.log_group;
  return out;
}

std::string runtime_version_arn(const FunctionRecord& record) {
  return "arn:aws:lambda:" + record.region + "::runtime:" + base::hex_encode(base::sha256(record.runtime));
}

aws::lambda::FunctionConfiguration configuration_of(const FunctionRecord& record) {
  aws::lambda::FunctionConfiguration out = list_entry_of(record);
  out.state = "Active";
  out.last_update_status = "Successful";
  out.runtime_version_config.emplace().runtime_version_arn = runtime_version_arn(record);
  return out;
}

aws::lambda::FunctionConfiguration pending_configuration_of(const FunctionRecord& record) {
  aws::lambda::FunctionConfiguration out = configuration_of(record);
  out.state = "Pending";
  out.state_reason = "The function is being created.";
  out.state_reason_code = "Creating";
  out.last_update_status.reset();
  return out;
}

aws::lambda::FunctionConfiguration updating_configuration_of(const FunctionRecord& record) {
  aws::lambda::FunctionConfiguration out = configuration_of(record);
  out.last_update_status = "InProgress";
  out.last_update_status_reason = "The function is being created.";
  out.last_update_status_reason_code = "Creating";
  return out;
}

}  // namespace engine::lambda
