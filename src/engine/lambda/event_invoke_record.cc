#include "engine/lambda/event_invoke_record.h"

#include "engine/arn.h"
#include "engine/lambda/keys.h"
#include "engine/record.h"

namespace engine::lambda {
namespace {

enum Field : uint32_t {
  kAccount = 1,
  kRegion = 2,
  kFunctionName = 3,
  kQualifier = 4,
  kRetriesMax = 5,
  kAgeSecondsMax = 6,
  kOnSuccess = 7,
  kOnFailure = 8,
  kLastModified = 9,
};

}  // namespace

std::string EventInvokeRecord::key() const {
  return keys::event_invoke(account, region, function_name, qualifier);
}

std::string EventInvokeRecord::function_arn() const {
  return make_arn("lambda", region, account, "function:" + function_name + ":" + qualifier);
}

aws::lambda::FunctionEventInvokeConfig EventInvokeRecord::configuration() const {
  aws::lambda::FunctionEventInvokeConfig out;
  out.last_modified = last_modified;
  out.function_arn = function_arn();
  out.maximum_retry_attempts = retries_max;
  out.maximum_event_age_in_seconds = age_seconds_max;
  auto& destinations = out.destination_config.emplace();
  destinations.on_success.emplace();
  destinations.on_failure.emplace();
  if (!on_success.empty()) destinations.on_success->destination = on_success;
  if (!on_failure.empty()) destinations.on_failure->destination = on_failure;
  return out;
}

std::string EventInvokeRecord::encode() const {
  RecordWriter writer;
  writer.text(kAccount, account).text(kRegion, region).text(kFunctionName, function_name).text(kQualifier, qualifier);
  if (retries_max) writer.number(kRetriesMax, static_cast<uint64_t>(*retries_max));
  if (age_seconds_max) writer.number(kAgeSecondsMax, static_cast<uint64_t>(*age_seconds_max));
  writer.text(kOnSuccess, on_success).text(kOnFailure, on_failure).time(kLastModified, last_modified);
  return writer.take();
}

std::optional<EventInvokeRecord> EventInvokeRecord::decode(std::string_view bytes) {
  EventInvokeRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kFunctionName:
        out.function_name = reader.text();
        break;
      case kQualifier:
        out.qualifier = reader.text();
        break;
      case kRetriesMax:
        out.retries_max = static_cast<int32_t>(reader.number());
        break;
      case kAgeSecondsMax:
        out.age_seconds_max = static_cast<int32_t>(reader.number());
        break;
      case kOnSuccess:
        out.on_success = reader.text();
        break;
      case kOnFailure:
        out.on_failure = reader.text();
        break;
      case kLastModified:
        out.last_modified = reader.time();
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace engine::lambda
