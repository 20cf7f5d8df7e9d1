#include "engine/lambda/mapping_record.h"

#include "engine/arn.h"
#include "engine/lambda/keys.h"
#include "engine/record.h"

namespace engine::lambda {
namespace {

enum Field : uint32_t {
  kUuid = 1,
  kAccount = 2,
  kRegion = 3,
  kFunctionName = 4,
  kQueueArn = 5,
  kBatchSize = 6,
  kWindowSeconds = 7,
  kMaximumConcurrency = 8,
  kReportsItemFailures = 9,
  kEnabled = 10,
  kReason = 11,
  kLastModified = 12,
  kQualifier = 13,
  kNamesLatest = 14,
};

}  // namespace

std::string MappingRecord::key() const {
  return keys::mapping(account, region, uuid);
}

std::string MappingRecord::encode() const {
  RecordWriter writer;
  writer.text(kUuid, uuid).text(kAccount, account).text(kRegion, region).text(kFunctionName, function_name);
  writer.text(kQueueArn, queue_arn).number(kBatchSize, static_cast<uint64_t>(batch_size));
  writer.number(kWindowSeconds, static_cast<uint64_t>(batching_window_seconds));
  if (maximum_concurrency) writer.number(kMaximumConcurrency, static_cast<uint64_t>(*maximum_concurrency));
  writer.number(kReportsItemFailures, reports_item_failures ? 1 : 0).number(kEnabled, enabled ? 1 : 0);
  writer.text(kReason, state_transition_reason);
  writer.time(kLastModified, last_modified).text(kQualifier, qualifier);
  if (names_latest) writer.number(kNamesLatest, 1);
  return writer.take();
}

std::optional<MappingRecord> MappingRecord::decode(std::string_view bytes) {
  MappingRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    const auto small = static_cast<int32_t>(reader.number());
    switch (reader.field()) {
      case kUuid:
        out.uuid = reader.text();
        break;
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kFunctionName:
        out.function_name = reader.text();
        break;
      case kQueueArn:
        out.queue_arn = reader.text();
        break;
      case kBatchSize:
        out.batch_size = small;
        break;
      case kWindowSeconds:
        out.batching_window_seconds = small;
        break;
      case kMaximumConcurrency:
        out.maximum_concurrency = small;
        break;
      case kReportsItemFailures:
        out.reports_item_failures = small != 0;
        break;
      case kEnabled:
        out.enabled = small != 0;
        break;
      case kReason:
        out.state_transition_reason = reader.text();
        break;
      case kLastModified:
        out.last_modified = reader.time();
        break;
      case kQualifier:
        out.qualifier = reader.text();
        break;
      case kNamesLatest:
        out.names_latest = small != 0;
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

aws::lambda::EventSourceMappingConfiguration MappingRecord::configuration(std::string_view state) const {
  aws::lambda::EventSourceMappingConfiguration out;
  out.uuid = uuid;
  out.batch_size = batch_size;
  out.maximum_batching_window_in_seconds = batching_window_seconds;
  out.event_source_arn = queue_arn;
  std::string function = "function:" + function_name;
  if (names_latest || !qualifier.empty()) function += ":" + (names_latest ? "$LATEST" : qualifier);
  out.function_arn = make_arn("lambda", region, account, function);
  out.last_modified = last_modified;
  out.state = std::string(state);
  out.state_transition_reason = state_transition_reason;
  out.function_response_types.emplace();
  if (reports_item_failures) out.function_response_types->push_back("ReportBatchItemFailures");
  if (maximum_concurrency) out.scaling_config.emplace().maximum_concurrency = maximum_concurrency;
  out.event_source_mapping_arn = make_arn("lambda", region, account, "event-source-mapping:" + uuid);
  return out;
}

}  // namespace engine::lambda
