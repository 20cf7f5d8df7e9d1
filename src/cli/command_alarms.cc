// till alarms list, till alarms drill.
#include <fmt/format.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "cli/alarm_drill.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace cli {
namespace {

using aws::cloudwatch::MetricAlarm;

std::string alarm_json(const MetricAlarm& alarm) {
  return fmt::format("{{\"name\":{},\"state\":{},\"since\":{},\"reason\":{},\"description\":{}}}",
                     json_text(alarm.alarm_name.value_or("")), json_text(alarm.state_value.value_or("")),
                     json_time(alarm.state_transitioned_timestamp.has_value() ? alarm.state_transitioned_timestamp
                                                                              : alarm.state_updated_timestamp),
                     json_text(alarm.state_reason.value_or("")), json_text(alarm.alarm_description.value_or("")));
}

void print_alarm(const MetricAlarm& alarm) {
  const auto since = alarm.state_transitioned_timestamp.has_value() ? alarm.state_transitioned_timestamp
                                                                    : alarm.state_updated_timestamp;
  print_line(fmt::format("{:<28} {:<18} {}  {}", alarm.alarm_name.value_or(""), alarm.state_value.value_or(""),
                         since.has_value() ? base::format_iso8601_seconds(*since) : std::string("-"),
                         alarm.state_reason.value_or("")));
}

}  // namespace

int alarms_list(const GlobalOptions& global) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const pipeline::Site& site = session->stack().site();
  aws::cloudwatch::DescribeAlarmsInput describe;
  describe.alarm_name_prefix = site.name("");
  std::vector<MetricAlarm> alarms;
  while (true) {
    aws::Context context = site.call();
    auto page = site.services.cloudwatch.describe_alarms(context, describe);
    if (!page.has_value()) return print_failure("alarms of " + session->stack().options().name, page.error());
    for (auto& alarm : page->metric_alarms.value_or(std::vector<MetricAlarm>())) alarms.push_back(std::move(alarm));
    if (page->next_token.value_or("").empty()) break;
    describe.next_token = page->next_token;
  }
  std::string list;
  for (const MetricAlarm& alarm : alarms) {
    if (global.json) {
      list += (list.empty() ? "" : ",") + alarm_json(alarm);
    } else {
      print_alarm(alarm);
    }
  }
  if (global.json) print_line("{\"alarms\":[" + list + "]}");
  if (!alarms.empty()) return kOk;
  print_error("no alarms of the stack " + session->stack().options().name + ": `till up` makes them");
  return kFailed;
}

int alarms_drill(const GlobalOptions& global, const std::string& kind, int timeout_seconds) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  AlarmDrill drill(*session, global.json);
  return drill.run(kind == "error"      ? AlarmDrill::Kind::error
                   : kind == "duration" ? AlarmDrill::Kind::duration
                                        : AlarmDrill::Kind::throttle,
                   std::chrono::seconds(timeout_seconds));
}

}  // namespace cli
