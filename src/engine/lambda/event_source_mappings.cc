#include "engine/lambda/event_source_mappings.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "aws/lambda/errors.h"
#include "engine/arn.h"
#include "engine/internal_call.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_checks.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"

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

EventSourceMappings::EventSourceMappings(store::KvStore& store, base::Env& env, aws::sqs::Sqs& sqs,
                                         MappedFunctions& functions, std::function<void(std::string_view)> lenient)
    : store_(store),
      env_(env),
      sqs_(sqs),
      functions_(functions),
      lenient_(std::move(lenient)),
      janitor_wanted_(env.executor.make_condition()) {
  const std::string prefix = store::KeyWriter(keys::kMappingTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    auto record = MappingRecord::decode(cursor->value());
    store::require_intact(record.has_value(), "a row of Lambda");
    mappings_.emplace(std::string(cursor->key()), Mapping{std::move(*record), nullptr});
  }
}

EventSourceMappings::~EventSourceMappings() {
  request_stop();
  stop();
}

void EventSourceMappings::start() {
  janitor_ = env_.executor.spawn("lambda-janitor", [this] { janitor(); });
  const std::lock_guard lock(mutex_);
  started_ = true;
  for (auto& [key, mapping] : mappings_) start_poller(mapping);
}

void EventSourceMappings::request_stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (auto& [key, mapping] : mappings_) retire_poller(mapping);
  janitor_wanted_->notify_all();
}

void EventSourceMappings::stop() {
  janitor_.reset();
  std::vector<std::unique_ptr<QueuePoller>> pollers;
  {
    const std::lock_guard lock(mutex_);
    pollers.swap(retired_pollers_);
  }
}

// Ends the pollers of mappings that were changed or deleted, which takes up to a poll of the queue, and starts those
// that the system had no thread for.
void EventSourceMappings::janitor() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (retired_pollers_.empty()) {
      const base::Timestamp next = lacks_threads_ ? env_.clock.now() + kThreadRetryInterval : base::kTimestampMax;
      env_.executor.wait_until(lock, *janitor_wanted_, next);
      if (!std::exchange(lacks_threads_, false)) continue;
      for (auto& [key, mapping] : mappings_)
        if (mapping.poller != nullptr && !mapping.poller->start()) lacks_threads_ = true;
      continue;
    }
    auto ended = std::exchange(retired_pollers_, {});
    lock.unlock();
    ended.clear();
    lock.lock();
  }
}

base::Result<EventSourceMappings::Mappings::iterator> EventSourceMappings::find(
    const aws::Context& context, const std::optional<std::string>& uuid) {
  const auto found = mappings_.find(keys::mapping(context.account, context.region, uuid.value_or("")));
  if (found == mappings_.end()) return base::fail(no_such_mapping());
  return found;
}

base::Result<int32_t> EventSourceMappings::set_function(MappingRecord& record, const aws::Context& context,
                                                        const std::optional<std::string>& name,
                                                        const std::string& operation) {
  TRY_ASSIGN(FunctionName resolved, resolve_function_name(context, name, {}, "lambda:" + operation));
  record.names_latest = resolved.qualifier == "$LATEST";
  if (record.names_latest) resolved.qualifier.clear();
  record.function_name = resolved.name;
  record.qualifier = resolved.qualifier;
  const auto timeout_seconds = functions_.mapped_timeout_seconds(record);
  if (!timeout_seconds) return base::fail(invalid_parameter("Function does not exist"));
  return *timeout_seconds;
}

base::Result<void> EventSourceMappings::check_queue(const aws::Context& context, const std::string& queue_arn,
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
  const std::string reason = "Queue visibility timeout: " + std::to_string(visibility) +
                             " seconds is less than Function timeout: " + std::to_string(timeout_seconds) + " seconds";
  if (!lenient_) return base::fail(invalid_parameter(reason));
  lenient_("a mapping of " + queue_arn + ": " + reason);
  return {};
}

base::Result<void> EventSourceMappings::check_role(const MappingRecord& record) {
  const auto lacks = functions_.mapped_role_lacks(record);
  if (!lacks) return {};
  return base::fail(invalid_parameter("The provided execution role does not have permissions to call " +
                                      std::string(lacks->substr(lacks->find(':') + 1)) + " on SQS"));
}

base::Result<EventSourceMappingConfiguration> EventSourceMappings::create(aws::Context& context,
                                                                          CreateEventSourceMappingRequest in) {
  MappingRecord record;
  record.queue_arn = in.event_source_arn.value_or("");
  if (const auto arn = Arn::parse(record.queue_arn); !arn || arn->service != "sqs") {
    return base::fail(invalid_parameter("Unrecognized event source."));
  }
  record.account = context.account;
  record.region = context.region;
  TRY_ASSIGN(const int32_t timeout_seconds,
             set_function(record, context, in.function_name, "CreateEventSourceMapping"));
  record.batch_size = in.batch_size.value_or(kBatchSizeDefault);
  record.batching_window_seconds = in.maximum_batching_window_in_seconds.value_or(0);
  if (in.scaling_config) record.maximum_concurrency = in.scaling_config->maximum_concurrency;
  record.enabled = in.enabled.value_or(true);
  record.last_modified = context.now;
  TRY(set_response_types(record, in.function_response_types));
  TRY(check_batching(record));
  TRY(check_queue(context, record.queue_arn, timeout_seconds));
  TRY(check_role(record));
  record.uuid = base::make_uuid(env_.random);

  const std::lock_guard lock(mutex_);
  const std::string prefix = keys::scope(keys::kMappingTable, context.account, context.region);
  for (auto at = mappings_.lower_bound(prefix); at != mappings_.end() && at->first.starts_with(prefix); ++at) {
    const MappingRecord& other = at->second.record;
    if (other.queue_arn != record.queue_arn || other.function_name != record.function_name ||
        other.qualifier != record.qualifier) {
      continue;
    }
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

base::Result<EventSourceMappingConfiguration> EventSourceMappings::get(aws::Context& context,
                                                                       GetEventSourceMappingRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find(context, in.uuid));
  return found->second.record.configuration(found->second.record.settled_state());
}

base::Result<ListEventSourceMappingsResponse> EventSourceMappings::list(aws::Context& context,
                                                                        ListEventSourceMappingsRequest in) {
  FunctionName name;
  if (in.function_name) {
    TRY_ASSIGN(name, resolve_function_name(context, in.function_name, {}, "lambda:ListEventSourceMappings"));
    if (name.qualifier == "$LATEST") name.qualifier.clear();
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
    if (in.function_name && (record.function_name != name.name || record.qualifier != name.qualifier)) continue;
    if (in.event_source_arn && record.queue_arn != *in.event_source_arn) continue;
    if (listed.size() == count_max) {
      out.next_marker = listed.back().uuid;
      break;
    }
    listed.push_back(record.configuration(record.settled_state()));
  }
  return out;
}

base::Result<EventSourceMappingConfiguration> EventSourceMappings::update(aws::Context& context,
                                                                          UpdateEventSourceMappingRequest in) {
  MappingRecord record;
  {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const auto found, find(context, in.uuid));
    record = found->second.record;
  }
  const std::string before = record.encode();
  std::optional<std::string> function_name = record.function_name;
  if (!record.qualifier.empty()) function_name->append(":").append(record.qualifier);
  if (record.names_latest) function_name->append(":$LATEST");
  if (in.function_name) function_name = in.function_name;
  TRY_ASSIGN(const int32_t timeout_seconds, set_function(record, context, function_name, "UpdateEventSourceMapping"));
  if (in.batch_size) record.batch_size = *in.batch_size;
  if (in.maximum_batching_window_in_seconds) record.batching_window_seconds = *in.maximum_batching_window_in_seconds;
  if (in.scaling_config) record.maximum_concurrency = in.scaling_config->maximum_concurrency;
  if (in.enabled) record.enabled = *in.enabled;
  TRY(set_response_types(record, in.function_response_types));
  TRY(check_batching(record));
  TRY(check_queue(context, record.queue_arn, timeout_seconds));
  if (record.enabled) TRY(check_role(record));  // who loses a right must be able to stop polling
  record.last_modified = context.now;
  record.state_transition_reason = "USER_INITIATED";

  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find(context, in.uuid));
  if (found->second.record.encode() != before) {
    return base::fail(errors::resource_in_use_exception("Cannot update the event source mapping because it is in use.",
                                                        {.type = "User", .message = {}}));
  }
  store::WriteBatch batch;
  batch.put(found->first, record.encode());
  store_.write(batch);
  retire_poller(found->second);
  found->second.record = record;
  start_poller(found->second);
  return record.configuration("Updating");
}

base::Result<EventSourceMappingConfiguration> EventSourceMappings::remove(aws::Context& context,
                                                                          DeleteEventSourceMappingRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find(context, in.uuid));
  store::WriteBatch batch;
  batch.erase(found->first);
  store_.write(batch);
  retire_poller(found->second);
  auto out = found->second.record.configuration("Deleting");
  mappings_.erase(found);
  return out;
}

void EventSourceMappings::start_poller(Mapping& mapping) {
  if (!started_ || stopping_ || !mapping.record.enabled) return;
  const MappingRecord& record = mapping.record;
  mapping.poller = std::make_unique<QueuePoller>(
      store_, env_, sqs_, record,
      [this, record](std::string event) { return functions_.invoke_mapped(record, std::move(event)); },
      [this, key = record.key()](const std::string&, const std::string& reason) { disable(key, reason); });
  if (mapping.poller->start()) return;
  lacks_threads_ = true;
  janitor_wanted_->notify_all();
}

void EventSourceMappings::retire_poller(Mapping& mapping) {
  if (!mapping.poller) return;
  mapping.poller->request_stop();
  retired_pollers_.push_back(std::move(mapping.poller));
  janitor_wanted_->notify_all();
}

// Comes from one of the poller's own tasks, which the janitor therefore has to wait for.
void EventSourceMappings::disable(const std::string& key, const std::string& reason) {
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

}  // namespace engine::lambda
