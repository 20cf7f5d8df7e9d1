// The JSON documents that alarms write: the items of their history, the message to an SNS topic and the event for a
// Lambda function (protocols.md 4.6 items 7 to 9; "Alarm events and EventBridge", CloudWatch user guide). Pure
// functions and values, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "base/time.h"
#include "engine/cloudwatch/alarm.h"

namespace engine::cloudwatch {

struct HistoryItem {
  std::string alarm_name;
  std::string alarm_type;
  std::string item_type;  // "ConfigurationUpdate", "StateUpdate", "Action"
  std::string summary;
  std::string document;  // HistoryData
  base::Timestamp time = {};

  [[nodiscard]] std::string encode() const;
  static std::optional<HistoryItem> decode(std::string_view bytes);  // nullopt: not an item
};
aws::cloudwatch::AlarmHistoryItem show_history_item(HistoryItem item);

enum class AlarmChange { create, update, remove };
HistoryItem configuration_item(const Alarm& alarm, AlarmChange change, base::Timestamp now);
// `alarm` is in its new state since then.
HistoryItem state_item(const Alarm& alarm, const AlarmState& old_state);

// What an action needs, made when the state changes and kept until it has been executed.
struct AlarmAction {
  std::string arn;  // of the topic or function
  std::string account;
  std::string region;
  std::string alarm_name;
  std::string alarm_arn;
  std::string alarm_type;
  std::string subject;  // for a topic
  std::string message;  // for a topic, or the event for a function
  base::Timestamp state_updated_at = {};

  [[nodiscard]] bool is_topic() const;
  [[nodiscard]] std::string encode() const;
  static std::optional<AlarmAction> decode(std::string_view bytes);  // nullopt: not an action
};
// `triggers` are the alarms that made a composite alarm change. `metric_id` names the metric in the event for a
// function, which AWS draws by chance.
AlarmAction make_action(const Alarm& alarm, const AlarmState& old_state, const std::vector<AlarmRef>& triggers,
                        const std::string& arn, const std::string& metric_id);
// `error` is empty if the action succeeded.
HistoryItem action_item(const AlarmAction& action, std::string_view error, base::Timestamp now);

}  // namespace engine::cloudwatch
