#include "like_aws/queue_life.h"

#include <algorithm>
#include <array>

#include "aws/sqs/errors.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

namespace api = aws::sqs;
using std::chrono::seconds;

constexpr std::string_view kNew = "queue new";
constexpr std::string_view kOldSettings = "queue settings old";
constexpr seconds kNewFor{1};
constexpr double kNotYetRate = 0.3;  // of calls while it is new
constexpr double kOldSettingsRate = 0.5;
constexpr seconds kOldSettingsMax{10};  // AWS: 60
constexpr double kOldCountersRate = 0.4;
constexpr seconds kOldCountersMax{5};      // AWS: about a minute
constexpr double kLateMessageRate = 0.05;  // of calls that send to a standard queue
constexpr std::size_t kShownMax = 10'000;  // queues

constexpr auto kCounters = std::to_array<std::string_view>(
    {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"});

}  // namespace

base::Result<void> QueueLife::create(Call& call, const CarryOut& carry_out) {
  const std::string name = call.text("QueueName");
  aws::Context context = call.context;
  api::GetQueueUrlRequest get;
  get.queue_name = name;
  const bool was_there = sqs_.get_queue_url(context, std::move(get)).has_value();
  auto result = carry_out();
  if (!result.has_value()) {
    if (result.error().code == "QueueDeletedRecently")
      conditions_.tell(call, "NameBlocked", result.error().code + ": " + name);
    return result;
  }
  if (was_there) return {};
  const std::string url = call.output<api::CreateQueueResult>().queue_url.value_or("");
  conditions_.delays.begin(kNew, queue_key(call.context.region, url), call.context.now, call.context.now + kNewFor);
  return {};
}

void QueueLife::delay_some(Call& call) {
  const std::string url = call.text("QueueUrl");
  if (url.ends_with(".fifo") || !conditions_.chance.happens(call, "late", kLateMessageRate)) return;
  aws::Context context = call.context;
  api::GetQueueAttributesRequest get;
  get.queue_url = url;
  get.attribute_names = {"DelaySeconds"};
  const auto got = sqs_.get_queue_attributes(context, std::move(get));
  const std::string* own = got && got->attributes ? got->attributes->find("DelaySeconds") : nullptr;
  if (own == nullptr || *own != "0") return;
  std::size_t late = 0;
  const auto delay = [&](std::optional<int32_t>& seconds_late) {
    if (seconds_late.value_or(0) != 0) return;
    seconds_late = 1;
    ++late;
  };
  if (call.is("SendMessage")) delay(call.input<api::SendMessageRequest>().delay_seconds);
  if (call.is("SendMessageBatch") && call.input<api::SendMessageBatchRequest>().entries) {
    for (auto& entry : *call.input<api::SendMessageBatchRequest>().entries) delay(entry.delay_seconds);
  }
  if (late > 0) conditions_.tell(call, "LateMessage", std::to_string(late) + " found only after a second");
}

base::Result<void> QueueLife::set_attributes(Call& call, const CarryOut& carry_out) {
  const auto& in = call.input<api::SetQueueAttributesRequest>();
  const std::string queue = queue_key(call.context.region, in.queue_url.value_or(""));
  std::vector<std::string> names;
  if (in.attributes)
    for (const auto& [name, value] : *in.attributes) names.push_back(name);
  aws::Context context = call.context;
  api::GetQueueAttributesRequest get;
  get.queue_url = in.queue_url;
  get.attribute_names = {"All"};
  const auto before = sqs_.get_queue_attributes(context, std::move(get));
  TRY(carry_out());
  if (!before || !before->attributes || !conditions_.chance.happens(call, "old settings", kOldSettingsRate)) return {};
  {
    const std::lock_guard lock(mutex_);
    const bool lags = conditions_.delayed(call, kOldSettings, queue);
    Attributes& old = old_[queue];
    if (!lags) old = {};
    for (const std::string& name : names) {
      const std::string* value = before->attributes->find(name);
      if (value != nullptr && !old.contains(name)) old[name] = *value;
    }
  }
  conditions_.delay(call, kOldSettings, queue, seconds(1), kOldSettingsMax);
  return {};
}

bool QueueLife::lag_counters(const Call& call, const std::string& queue, Attributes& attributes) {
  if (std::ranges::none_of(kCounters, [&](std::string_view name) { return attributes.contains(name); })) return false;
  const bool may_lag = conditions_.chance.happens(call, "old counters", kOldCountersRate);
  bool changed = false;
  const std::lock_guard lock(mutex_);
  const auto found = shown_.find(queue);
  if (may_lag && found != shown_.end() && found->second.at + kOldCountersMax > call.context.now) {
    for (const auto& [name, value] : found->second.counters) {
      std::string* now = attributes.find(name);
      if (now == nullptr || *now == value) continue;
      *now = value;
      changed = true;
    }
    return changed;
  }
  if (shown_.size() > kShownMax) shown_.clear();
  Shown& shown = shown_[queue];
  shown.at = call.context.now;
  for (const std::string_view name : kCounters)
    if (const std::string* value = attributes.find(name)) shown.counters[name] = *value;
  return false;
}

bool QueueLife::lag_settings(const Call& call, const std::string& queue, Attributes& attributes) {
  const bool lags = conditions_.delayed(call, kOldSettings, queue);
  bool changed = false;
  const std::lock_guard lock(mutex_);
  const auto found = old_.find(queue);
  if (found == old_.end()) return false;
  if (!lags) {
    old_.erase(found);
    return false;
  }
  for (const auto& [name, value] : found->second) {
    std::string* now = attributes.find(name);
    if (now == nullptr || *now == value) continue;
    *now = value;
    changed = true;
  }
  return changed;
}

base::Result<void> QueueLife::get_attributes(Call& call, const CarryOut& carry_out) {
  const std::string queue = queue_key(call.context.region, call.text("QueueUrl"));
  TRY(carry_out());
  auto& attributes = call.output<api::GetQueueAttributesResult>().attributes;
  if (!attributes) return {};
  if (lag_counters(call, queue, *attributes)) conditions_.tell(call, "LaggingCounter", queue);
  if (lag_settings(call, queue, *attributes)) conditions_.tell(call, "LaggingAttributes", queue);
  return {};
}

base::Result<void> QueueLife::around(Call& call, const CarryOut& carry_out) {
  if (call.is("CreateQueue")) return create(call, carry_out);
  const std::string named = call.text("QueueName");
  const std::string url = call.text("QueueUrl");
  const std::string queue =
      queue_key(call.context.region, named.empty() ? url : "/" + call.context.account + "/" + named);
  if (conditions_.delayed(call, kNew, queue) && conditions_.chance.happens(call, "not yet", kNotYetRate))
    return conditions_.refuse(call, "QueueNotYet",
                              api::errors::queue_does_not_exist("The specified queue does not exist."));
  if (call.is("SendMessage") || call.is("SendMessageBatch")) delay_some(call);
  if (call.is("SetQueueAttributes")) return set_attributes(call, carry_out);
  if (call.is("GetQueueAttributes")) return get_attributes(call, carry_out);
  if (!call.is("DeleteQueue")) return carry_out();
  TRY(carry_out());
  const std::lock_guard lock(mutex_);
  shown_.erase(queue);
  old_.erase(queue);
  return {};
}

}  // namespace like_aws
