#include <algorithm>
#include <charconv>
#include <utility>

#include "aws/lambda/errors.h"
#include "engine/arn.h"
#include "engine/internal_call.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_checks.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

namespace {

base::AwsError no_such_mapping() {
  return not_found("The resource you requested does not exist.");
}

// Items 24 and 25.
base::Result<void> check_batching(const MappingRecord& record) {
  TRY(check_between(record.batch_size, 1, kBatchSizeMax, "batchSize"));
  TRY(check_between(record.batching_window_seconds, 0, kBatchingWindowSecondsMax, "maximumBatchingWindowInSeconds"));
  TRY(check_between(record.maximum_concurrency, kMappingConcurrencyMin, kMappingConcurrencyMax,
                    "scalingConfig.maximumConcurrency"));
  const bool fifo = record.queue_arn.ends_with(".fifo");
  if (fifo && record.batching_window_seconds != 0) {
    return base::fail(invalid_parameter("Batching window is not supported for FIFO queues."));
  }
  if (fifo && record.batch_size > kBatchSizeWithoutWindowMax) {
    return base::fail(invalid_parameter("Maximum batch size is 10 for FIFO queues."));
  }
  if (record.batch_size > kBatchSizeWithoutWindowMax && record.batching_window_seconds == 0) {
    return base::fail(invalid_parameter(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"));
  }
  return {};
}

base::Result<void> set_response_types(MappingRecord& record, const std::optional<std::vector<std::string>>& types) {
  if (!types) return {};
  for (const std::string& type : *types) {
    if (type == "ReportBatchItemFailures") continue;
    return base::fail(invalid_parameter("Unknown function response type " + type));
  }
  record.reports_item_failures = !types->empty();
  return {};
}

}  // namespace

base::Result<LambdaService::Mappings::iterator> LambdaService::find_mapping(const aws::Context& context,
                                                                            const std::optional<std::string>& uuid) {
  const auto found = mappings_.find(keys::mapping(context.account, context.region, uuid.value_or("")));
  if (found == mappings_.end()) return base::fail(no_such_mapping());
  return found;
}

base::Result<void> LambdaService::check_queue(const aws::Context& context, const std::string& queue_arn,
                                              int32_t timeout_seconds) {
  const auto arn = Arn::parse(queue_arn);
  if (!arn || arn->service != "sqs") return base::fail(invalid_parameter("Unrecognized event source."));
  if (arn->region != context.region) {
    return base::fail(invalid_parameter("The event source must be in the region of the function, " + context.region));
  }
  aws::sqs::GetQueueAttributesRequest get;
  get.queue_url = "/" + arn->account + "/" + arn->resource;
  get.attribute_names.emplace().push_back("VisibilityTimeout");
  aws::Context call = account_call(env_, context.account, context.region);
  const auto queue = sqs_.get_queue_attributes(call, std::move(get));
  if (!queue) {
    const std::string& code = queue.error().query_code.empty() ? queue.error().code : queue.error().query_code;
    return base::fail(invalid_parameter("Error occurred while ReceiveMessage. SQS Error Code: " + code +
                                        ". SQS Error Message: " + queue.error().message));
  }
  int32_t visibility = 0;
  const std::string* text = queue->attributes ? queue->attributes->find("VisibilityTimeout") : nullptr;
  if (text) std::from_chars(text->data(), text->data() + text->size(), visibility);
  if (visibility >= timeout_seconds) return {};
  return base::fail(invalid_parameter("Queue visibility timeout: " + std::to_string(visibility) +
                                      " seconds is less than Function timeout: " + std::to_string(timeout_seconds) +
                                      " seconds"));
}

base::Result<EventSourceMappingConfiguration> LambdaService::create_event_source_mapping(
    aws::Context& context, CreateEventSourceMappingRequest in) {
  MappingRecord record;
  record.queue_arn = in.event_source_arn.value_or("");
  if (const auto arn = Arn::parse(record.queue_arn); !arn || arn->service != "sqs") {
    return base::fail(invalid_parameter("Unrecognized event source."));
  }
  TRY_ASSIGN(record.function_name, resolve(context, in.function_name, std::nullopt, "lambda:CreateEventSourceMapping"));
  auto function = find(context, record.function_name, std::nullopt, "lambda:CreateEventSourceMapping");
  if (!function) return base::fail(invalid_parameter("Function does not exist"));
  record.account = context.account;
  record.region = context.region;
  record.batch_size = in.batch_size.value_or(kBatchSizeDefault);
  record.batching_window_seconds = in.maximum_batching_window_in_seconds.value_or(0);
  if (in.scaling_config) record.maximum_concurrency = in.scaling_config->maximum_concurrency;
  record.enabled = in.enabled.value_or(true);
  record.last_modified = context.now;
  TRY(set_response_types(record, in.function_response_types));
  TRY(check_batching(record));
  TRY(check_queue(context, record.queue_arn, function->record->timeout_seconds));
  record.uuid = base::make_uuid(env_.random);

  const std::lock_guard lock(mutex_);
  const std::string prefix = keys::scope(keys::kMappingTable, context.account, context.region);
  for (auto at = mappings_.lower_bound(prefix); at != mappings_.end() && at->first.starts_with(prefix); ++at) {
    const MappingRecord& other = at->second.record;
    if (other.queue_arn != record.queue_arn || other.function_name != record.function_name) continue;
    return base::fail(conflict("An event source mapping with SQS arn (\" " + record.queue_arn +
                               " \") and function (\" " + record.function_name +
                               " \") already exists. Please update or delete the existing mapping with UUID " +
                               other.uuid));
  }
  store::WriteBatch batch;
  batch.put(record.key(), record.encode());
  store_.write(batch);
  auto out = record.configuration("Creating");
  const std::string key = record.key();
  start_poller(mappings_.emplace(key, Mapping{std::move(record), nullptr}).first->second);
  return out;
}

base::Result<EventSourceMappingConfiguration> LambdaService::get_event_source_mapping(aws::Context& context,
                                                                                      GetEventSourceMappingRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_mapping(context, in.uuid));
  return found->second.record.configuration(found->second.record.settled_state());
}

base::Result<ListEventSourceMappingsResponse> LambdaService::list_event_source_mappings(
    aws::Context& context, ListEventSourceMappingsRequest in) {
  std::string name;
  if (in.function_name) {
    TRY_ASSIGN(name, resolve(context, in.function_name, std::nullopt, "lambda:ListEventSourceMappings"));
  }
  const auto count_max =
      static_cast<std::size_t>(std::clamp(in.max_items.value_or(kListMappingsMax), 1, kListMappingsMax));
  const std::string prefix = keys::scope(keys::kMappingTable, context.account, context.region);
  ListEventSourceMappingsResponse out;
  auto& listed = out.event_source_mappings.emplace();
  const std::lock_guard lock(mutex_);
  auto at = in.marker ? mappings_.upper_bound(keys::mapping(context.account, context.region, *in.marker))
                      : mappings_.lower_bound(prefix);
  for (; at != mappings_.end() && at->first.starts_with(prefix); ++at) {
    const MappingRecord& record = at->second.record;
    if (in.function_name && record.function_name != name) continue;
    if (in.event_source_arn && record.queue_arn != *in.event_source_arn) continue;
    if (listed.size() == count_max) {
      out.next_marker = listed.back().uuid;
      break;
    }
    listed.push_back(record.configuration(record.settled_state()));
  }
  return out;
}

base::Result<EventSourceMappingConfiguration> LambdaService::update_event_source_mapping(
    aws::Context& context, UpdateEventSourceMappingRequest in) {
  MappingRecord record;
  {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const auto found, find_mapping(context, in.uuid));
    record = found->second.record;
  }
  if (in.function_name) {
    TRY_ASSIGN(record.function_name,
               resolve(context, in.function_name, std::nullopt, "lambda:UpdateEventSourceMapping"));
  }
  auto function = find(context, record.function_name, std::nullopt, "lambda:UpdateEventSourceMapping");
  if (!function) return base::fail(invalid_parameter("Function does not exist"));
  if (in.batch_size) record.batch_size = *in.batch_size;
  if (in.maximum_batching_window_in_seconds) record.batching_window_seconds = *in.maximum_batching_window_in_seconds;
  if (in.scaling_config) record.maximum_concurrency = in.scaling_config->maximum_concurrency;
  if (in.enabled) record.enabled = *in.enabled;
  TRY(set_response_types(record, in.function_response_types));
  TRY(check_batching(record));
  TRY(check_queue(context, record.queue_arn, function->record->timeout_seconds));
  record.last_modified = context.now;
  record.state_transition_reason = "USER_INITIATED";

  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_mapping(context, in.uuid));
  store::WriteBatch batch;
  batch.put(found->first, record.encode());
  store_.write(batch);
  retire_poller(found->second);
  found->second.record = record;
  start_poller(found->second);
  return record.configuration("Updating");
}

base::Result<EventSourceMappingConfiguration> LambdaService::delete_event_source_mapping(
    aws::Context& context, DeleteEventSourceMappingRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_mapping(context, in.uuid));
  store::WriteBatch batch;
  batch.erase(found->first);
  store_.write(batch);
  retire_poller(found->second);
  auto out = found->second.record.configuration("Deleting");
  mappings_.erase(found);
  return out;
}

void LambdaService::start_poller(Mapping& mapping) {
  if (!started_ || stopping_ || !mapping.record.enabled) return;
  const MappingRecord& record = mapping.record;
  const std::string function_key = keys::function(record.account, record.region, record.function_name);
  mapping.poller = std::make_unique<QueuePoller>(
      store_, env_, sqs_, record,
      [this, function_key](std::string event) { return invoke_for_mapping(function_key, std::move(event)); },
      [this, key = record.key()](const std::string&, const std::string& reason) { disable_mapping(key, reason); });
  mapping.poller->start();
}

void LambdaService::retire_poller(Mapping& mapping) {
  if (!mapping.poller) return;
  mapping.poller->request_stop();
  retired_pollers_.push_back(std::move(mapping.poller));
  janitor_wanted_->notify_all();
}

// Comes from one of the poller's own tasks, which the janitor therefore has to wait for.
void LambdaService::disable_mapping(const std::string& key, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  const auto found = mappings_.find(key);
  if (found == mappings_.end() || stopping_) return;
  MappingRecord& record = found->second.record;
  record.enabled = false;
  record.state_transition_reason = reason;
  record.last_modified = env_.clock.now();
  store::WriteBatch batch;
  batch.put(found->first, record.encode());
  store_.write(batch);
  retire_poller(found->second);
}

QueuePoller::Answer LambdaService::invoke_for_mapping(const std::string& function_key, std::string event) {
  Function function;
  {
    const std::lock_guard lock(mutex_);
    const auto found = functions_.find(function_key);
    if (found == functions_.end()) return {false, {}, "The function does not exist any more."};
    function = found->second;
  }
  runtime::InvokeRequest request;
  request.request_id = base::make_uuid(env_.random);
  request.payload = std::move(event);
  auto finished = run(function, std::move(request));
  if (!finished) return {};
  return {finished->outcome.kind == runtime::OutcomeKind::ok, std::move(finished->outcome.payload), {}};
}

}  // namespace engine::lambda
