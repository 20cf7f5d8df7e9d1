#include "engine/cloudwatch/alarm_documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/rules/subject.h"
#include "engine/arn.h"
#include "engine/cloudwatch/alarm_text.h"
#include "engine/cloudwatch/datum.h"
#include "engine/cloudwatch/limits.h"
#include "engine/record.h"

namespace engine::cloudwatch {
namespace {

using aws::cloudwatch::MetricAlarm;
using aws::cloudwatch::MetricDataQuery;

constexpr std::size_t kSubjectMax = 100;  // SNS

enum ItemField : uint32_t { kName = 1, kType = 2, kItemType = 3, kSummary = 4, kDocument = 5, kTime = 6 };
enum ActionField : uint32_t {
  kArn = 1,
  kAccount = 2,
  kRegion = 3,
  kAlarmName = 4,
  kAlarmArn = 5,
  kAlarmType = 6,
  kSubject = 7,
  kMessage = 8,
  kStateUpdatedAt = 9,
};

std::string bracketed(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) out += (out.size() > 1 ? "," : "") + value;
  return out + ']';
}

// [{"value":"abc","name":"InstanceId"}]
std::string dimension_list(const Dimensions& dimensions) {
  std::vector<std::string> list;
  for (const auto& dimension : dimensions) {
    list.push_back(
        JsonObject().text("value", dimension.value.value_or("")).text("name", dimension.name.value_or("")).take());
  }
  return bracketed(list);
}

// {"InstanceId":"abc"}
std::string dimension_map(const Dimensions& dimensions) {
  JsonObject out;
  for (const auto& dimension : dimensions) out.text(dimension.name.value_or(""), dimension.value.value_or(""));
  return out.take();
}

// The queries of a metric math alarm. Notifications write keys and dimensions in another way than events.
std::string query_list(const std::vector<MetricDataQuery>& queries, bool for_topic) {
  const auto key = [&](std::string_view name) {
    std::string out(name);
    if (for_topic) out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out;
  };
  std::vector<std::string> list;
  for (const MetricDataQuery& query : queries) {
    JsonObject one;
    if (query.expression) one.text(key("expression"), *query.expression);
    one.text(key("id"), query.id.value_or(""));
    if (query.label) one.text(key("label"), *query.label);
    if (query.metric_stat) {
      const auto& stat = *query.metric_stat;
      const auto metric = stat.metric.value_or(aws::cloudwatch::Metric());
      const Dimensions dimensions = metric.dimensions.value_or(Dimensions());
      JsonObject named;
      named.text(key("namespace"), metric.namespace_.value_or(""));
      named.text(for_topic ? "MetricName" : "name", metric.metric_name.value_or(""));
      named.raw(key("dimensions"), for_topic ? dimension_list(dimensions) : dimension_map(dimensions));
      JsonObject wanted;
      wanted.raw(key("metric"), named.take()).integer(key("period"), stat.period.value_or(0));
      wanted.text(key("stat"), stat.stat.value_or(""));
      if (stat.unit) wanted.text(key("unit"), *stat.unit);
      one.raw(key("metricStat"), wanted.take());
    } else if (query.period) {
      one.integer(key("period"), *query.period);
    }
    one.boolean(key("returnData"), query.return_data.value_or(true));
    list.push_back(one.take());
  }
  return bracketed(list);
}

void add_metric_configuration(const Alarm& alarm, JsonObject& out) {
  const MetricAlarm& config = *alarm.metric();
  if (config.metrics) {
    out.raw("metrics", query_list(*config.metrics, false));
  } else {
    out.text("namespace", config.namespace_.value_or("")).text("metricName", config.metric_name.value_or(""));
    if (config.statistic) out.text("statistic", *config.statistic);
    if (config.extended_statistic) out.text("extendedStatistic", *config.extended_statistic);
    out.integer("period", config.period.value_or(0));
    if (config.unit) out.text("unit", *config.unit);
    out.raw("dimensions", dimension_list(config.dimensions.value_or(Dimensions())));
  }
  out.number("threshold", config.threshold.value_or(0));
  out.text("comparisonOperator", config.comparison_operator.value_or(""));
  out.integer("evaluationPeriods", config.evaluation_periods.value_or(0));
  if (config.datapoints_to_alarm) out.integer("datapointsToAlarm", *config.datapoints_to_alarm);
  if (config.treat_missing_data) out.text("treatMissingData", *config.treat_missing_data);
  if (config.evaluate_low_sample_count_percentile) {
    out.text("evaluateLowSampleCountPercentile", *config.evaluate_low_sample_count_percentile);
  }
}

std::string alarm_document(const Alarm& alarm) {
  JsonObject out;
  out.text("alarmName", alarm.name);
  if (alarm.description) out.text("alarmDescription", *alarm.description);
  out.text("alarmArn", alarm.arn).time("alarmConfigurationUpdatedTimestamp", alarm.configured_at);
  if (alarm.metric()) {
    add_metric_configuration(alarm, out);
  } else {
    out.text("alarmRule", alarm.composite()->alarm_rule.value_or(""));
  }
  out.text("stateValue", alarm.state.value).time("stateUpdatedTimestamp", alarm.state.updated_at);
  out.boolean("actionsEnabled", alarm.actions_enabled).texts("alarmActions", alarm.alarm_actions);
  out.texts("insufficientDataActions", alarm.insufficient_data_actions).texts("okactions", alarm.ok_actions);
  return out.take();
}

std::string state_document(const AlarmState& state, bool with_reason_data) {
  JsonObject out;
  out.text("stateValue", state.value).text("stateReason", state.reason);
  if (with_reason_data && !state.reason_data.empty()) out.raw("stateReasonData", state.reason_data);
  return out.take();
}

std::string upper_statistic(std::string_view name) {
  if (name == "SampleCount") return "SAMPLE_COUNT";
  std::string out(name);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::string trigger(const Alarm& alarm) {
  const MetricAlarm& config = *alarm.metric();
  JsonObject out;
  if (config.metrics) {
    out.integer("Period", alarm.period_seconds());
  } else {
    out.text("MetricName", config.metric_name.value_or("")).text("Namespace", config.namespace_.value_or(""));
    out.text("StatisticType", config.statistic ? "Statistic" : "ExtendedStatistic");
    if (config.statistic) out.text("Statistic", upper_statistic(*config.statistic));
    if (config.extended_statistic) out.text("ExtendedStatistic", *config.extended_statistic);
    out.raw("Unit", config.unit ? json_string(*config.unit) : "null");
    out.raw("Dimensions", dimension_list(config.dimensions.value_or(Dimensions())));
    out.integer("Period", config.period.value_or(0));
  }
  out.integer("EvaluationPeriods", config.evaluation_periods.value_or(0));
  if (config.datapoints_to_alarm) out.integer("DatapointsToAlarm", *config.datapoints_to_alarm);
  out.text("ComparisonOperator", config.comparison_operator.value_or(""));
  out.number("Threshold", config.threshold.value_or(0))
      .text("TreatMissingData", config.treat_missing_data.value_or(""));
  out.text("EvaluateLowSampleCountPercentile", config.evaluate_low_sample_count_percentile.value_or(""));
  if (config.metrics) out.raw("Metrics", query_list(*config.metrics, true));
  return out.take();
}

std::string triggering_children(const std::vector<AlarmRef>& triggers) {
  std::vector<std::string> list;
  for (const AlarmRef& trigger : triggers) {
    const std::string state =
        JsonObject().text("Value", trigger->state.value).time("Timestamp", trigger->state.updated_at).take();
    list.push_back(JsonObject().text("Arn", trigger->arn).raw("State", state).take());
  }
  return bracketed(list);
}

std::string topic_message(const Alarm& alarm, const AlarmState& old_state, const std::vector<AlarmRef>& triggers) {
  JsonObject out;
  out.text("AlarmName", alarm.name);
  out.raw("AlarmDescription", alarm.description ? json_string(*alarm.description) : "null");
  out.text("AWSAccountId", alarm.account).time("AlarmConfigurationUpdatedTimestamp", alarm.configured_at);
  out.text("NewStateValue", alarm.state.value).text("NewStateReason", alarm.state.reason);
  out.time("StateChangeTime", alarm.state.updated_at).text("Region", region_name(alarm.region));
  out.text("AlarmArn", alarm.arn).text("OldStateValue", old_state.value);
  out.boolean("ActionExecutedAfterMuteWindow", false).texts("OKActions", alarm.ok_actions);  // no mute rules here
  out.texts("AlarmActions", alarm.alarm_actions).texts("InsufficientDataActions", alarm.insufficient_data_actions);
  if (alarm.metric()) {
    out.raw("Trigger", trigger(alarm));
  } else {
    out.text("AlarmRule", alarm.composite()->alarm_rule.value_or(""));
    out.raw("TriggeringChildren", triggering_children(triggers));
  }
  return out.take();
}

std::string topic_subject(const Alarm& alarm) {
  const std::string frame = fmt::format("{}: \"\" in {}", alarm.state.value, region_name(alarm.region));
  const std::size_t room = kSubjectMax - frame.size();
  const std::string whole = aws::rules::as_subject(alarm.name, alarm.name.size());
  std::string name = aws::rules::as_subject(whole, room);
  if (name.size() < whole.size()) name = aws::rules::as_subject(whole, room - 3) + "...";
  return fmt::format("{}: \"{}\" in {}", alarm.state.value, name, region_name(alarm.region));
}

std::string event_state(const AlarmState& state) {
  JsonObject out;
  out.text("value", state.value).text("reason", state.reason);
  if (!state.reason_data.empty()) out.text("reasonData", state.reason_data);
  return out.time("timestamp", state.updated_at).take();
}

std::string event_metrics(const MetricAlarm& config, const std::string& metric_id) {
  if (config.metrics) return query_list(*config.metrics, false);
  JsonObject metric;
  metric.text("namespace", config.namespace_.value_or("")).text("name", config.metric_name.value_or(""));
  metric.raw("dimensions", dimension_map(config.dimensions.value_or(Dimensions())));
  JsonObject stat;
  stat.raw("metric", metric.take()).integer("period", config.period.value_or(0));
  stat.text("stat", config.statistic ? *config.statistic : config.extended_statistic.value_or(""));
  if (config.unit) stat.text("unit", *config.unit);
  JsonObject query;
  query.text("id", metric_id).raw("metricStat", stat.take()).boolean("returnData", true);
  return '[' + query.take() + ']';
}

std::string function_event(const Alarm& alarm, const AlarmState& old_state, const std::string& metric_id) {
  JsonObject configuration;
  if (alarm.description) configuration.text("description", *alarm.description);
  if (alarm.metric()) {
    configuration.raw("metrics", event_metrics(*alarm.metric(), metric_id));
  } else {
    configuration.text("alarmRule", alarm.composite()->alarm_rule.value_or(""));
  }
  JsonObject subject;
  subject.text("alarmName", alarm.name).raw("state", event_state(alarm.state));
  subject.raw("previousState", event_state(old_state)).raw("configuration", configuration.take());
  JsonObject out;
  out.text("source", "aws.cloudwatch").text("alarmArn", alarm.arn).text("accountId", alarm.account);
  out.time("time", alarm.state.updated_at).text("region", alarm.region).raw("alarmData", subject.take());
  return out.take();
}

}  // namespace

std::string HistoryItem::encode() const {
  return RecordWriter()
      .text(kName, alarm_name)
      .text(kType, alarm_type)
      .text(kItemType, item_type)
      .text(kSummary, summary)
      .text(kDocument, document)
      .time(kTime, time)
      .take();
}

std::optional<HistoryItem> HistoryItem::decode(std::string_view bytes) {
  HistoryItem out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kName:
        out.alarm_name = reader.text();
        break;
      case kType:
        out.alarm_type = reader.text();
        break;
      case kItemType:
        out.item_type = reader.text();
        break;
      case kSummary:
        out.summary = reader.text();
        break;
      case kDocument:
        out.document = reader.text();
        break;
      case kTime:
        out.time = reader.time();
        break;
      default:
        break;
    }
  }
  return reader.ok() && !out.alarm_name.empty() ? std::optional(std::move(out)) : std::nullopt;
}

aws::cloudwatch::AlarmHistoryItem show_history_item(HistoryItem item) {
  aws::cloudwatch::AlarmHistoryItem out;
  out.alarm_name = std::move(item.alarm_name);
  out.alarm_type = std::move(item.alarm_type);
  out.timestamp = item.time;
  out.history_item_type = std::move(item.item_type);
  std::size_t length = std::min(item.summary.size(), kHistorySummaryMax);
  const auto inside_character = [&] { return (static_cast<unsigned char>(item.summary[length]) & 0xC0) == 0x80; };
  while (length > 0 && length < item.summary.size() && inside_character()) --length;
  out.history_summary = item.summary.substr(0, length);
  out.history_data = std::move(item.document);
  return out;
}

HistoryItem configuration_item(const Alarm& alarm, AlarmChange change, base::Timestamp now) {
  struct Words {
    std::string_view type, member, summary;
  };
  constexpr Words kWords[] = {{"Create", "createdAlarm", "created"},
                              {"Update", "updatedAlarm", "updated"},
                              {"Delete", "deletedAlarm", "deleted"}};
  const Words& words = kWords[static_cast<std::size_t>(change)];
  JsonObject document;
  document.text("version", "1.0").text("type", words.type).raw(words.member, alarm_document(alarm));
  return {.alarm_name = alarm.name,
          .alarm_type = std::string(alarm.type()),
          .item_type = "ConfigurationUpdate",
          .summary = fmt::format("Alarm \"{}\" {}", alarm.name, words.summary),
          .document = document.take(),
          .time = now};
}

HistoryItem state_item(const Alarm& alarm, const AlarmState& old_state) {
  const auto document = [&](bool with_old_data, bool with_new_data) {
    JsonObject out;
    out.text("version", "1.0").raw("oldState", state_document(old_state, with_old_data));
    return out.raw("newState", state_document(alarm.state, with_new_data)).take();
  };
  std::string chosen = document(true, true);
  if (chosen.size() > kHistoryDataMax) chosen = document(false, true);
  if (chosen.size() > kHistoryDataMax) chosen = document(false, false);
  return {.alarm_name = alarm.name,
          .alarm_type = std::string(alarm.type()),
          .item_type = "StateUpdate",
          .summary = fmt::format("Alarm updated from {} to {}", old_state.value, alarm.state.value),
          .document = std::move(chosen),
          .time = alarm.state.updated_at};
}

bool AlarmAction::is_topic() const {
  const auto parsed = Arn::parse(arn);
  return parsed && parsed->service == "sns";
}

std::string AlarmAction::encode() const {
  return RecordWriter()
      .text(kArn, arn)
      .text(kAccount, account)
      .text(kRegion, region)
      .text(kAlarmName, alarm_name)
      .text(kAlarmArn, alarm_arn)
      .text(kAlarmType, alarm_type)
      .text(kSubject, subject)
      .text(kMessage, message)
      .time(kStateUpdatedAt, state_updated_at)
      .take();
}

std::optional<AlarmAction> AlarmAction::decode(std::string_view bytes) {
  AlarmAction out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kArn:
        out.arn = reader.text();
        break;
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kAlarmName:
        out.alarm_name = reader.text();
        break;
      case kAlarmArn:
        out.alarm_arn = reader.text();
        break;
      case kAlarmType:
        out.alarm_type = reader.text();
        break;
      case kSubject:
        out.subject = reader.text();
        break;
      case kMessage:
        out.message = reader.text();
        break;
      case kStateUpdatedAt:
        out.state_updated_at = reader.time();
        break;
      default:
        break;
    }
  }
  return reader.ok() && !out.arn.empty() ? std::optional(std::move(out)) : std::nullopt;
}

AlarmAction make_action(const Alarm& alarm, const AlarmState& old_state, const std::vector<AlarmRef>& triggers,
                        const std::string& arn, const std::string& metric_id) {
  AlarmAction out{.arn = arn,
                  .account = alarm.account,
                  .region = alarm.region,
                  .alarm_name = alarm.name,
                  .alarm_arn = alarm.arn,
                  .alarm_type = std::string(alarm.type()),
                  .subject = {},
                  .message = {},
                  .state_updated_at = alarm.state.updated_at};
  const bool topic = out.is_topic();
  if (topic) out.subject = topic_subject(alarm);
  out.message = topic ? topic_message(alarm, old_state, triggers) : function_event(alarm, old_state, metric_id);
  return out;
}

HistoryItem action_item(const AlarmAction& action, std::string_view error, base::Timestamp now) {
  const auto document = [&](bool with_message) {
    JsonObject out;
    out.text("actionState", error.empty() ? "Succeeded" : "Failed");
    out.integer("stateUpdateTimestamp", base::to_epoch_milliseconds(action.state_updated_at));
    out.text("notificationResource", action.arn);
    if (with_message) {
      const std::string published = JsonObject().text("default", action.message).take();
      out.text("publishedMessage", action.is_topic() ? published : action.message);
    }
    if (!error.empty()) out.text("error", error);
    return out.take();
  };
  std::string chosen = document(true);
  if (chosen.size() > kHistoryDataMax) chosen = document(false);
  return {.alarm_name = action.alarm_name,
          .alarm_type = action.alarm_type,
          .item_type = "Action",
          .summary = error.empty()
                         ? fmt::format("Successfully executed action {}", action.arn)
                         : fmt::format("Failed to execute action {}. Received error: \"{}\"", action.arn, error),
          .document = std::move(chosen),
          .time = now};
}

}  // namespace engine::cloudwatch
