// Stack::list: what is there, asked of every service. It knows the prefix of the stack's names and nothing else, so it
// also finds what the list of resources does not.
#include <algorithm>
#include <set>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "pipeline/notification_rule.h"
#include "pipeline/stack.h"

namespace pipeline {
namespace {

using Steps = std::vector<Step>;

template <class T>
std::vector<T> elements(std::optional<std::vector<T>> list) {
  return std::move(list).value_or(std::vector<T>());
}

// Moves a request to the page that the token names; false if there is none.
bool turn_page(std::optional<std::string>& request, const std::optional<std::string>& answer) {
  request = answer;
  return !answer.value_or("").empty();
}

base::Result<void> list_functions(const Site& site, Steps& found) {
  aws::lambda::ListFunctionsRequest list;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.lambda.list_functions(context, list));
    for (const auto& function : elements(page.functions))
      if (function.function_name.value_or("").starts_with(site.name("")))
        found.push_back({"function", *function.function_name, function.runtime.value_or("")});
    if (!turn_page(list.marker, page.next_marker)) break;
  }
  aws::lambda::ListEventSourceMappingsRequest mappings;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.lambda.list_event_source_mappings(context, mappings));
    for (const auto& mapping : elements(page.event_source_mappings)) {
      const std::string function = mapping.function_arn.value_or("");
      const std::string source = mapping.event_source_arn.value_or("");
      if (function.find(":function:" + site.name("")) == std::string::npos) continue;
      const std::string target = function.substr(function.find(":function:") + std::string_view(":function:").size());
      found.push_back({"mapping", source.substr(source.rfind(':') + 1) + " -> " + target, mapping.state.value_or("")});
    }
    if (!turn_page(mappings.marker, page.next_marker)) break;
  }
  return {};
}

base::Result<void> list_queues(const Site& site, Steps& found) {
  aws::sqs::ListQueuesRequest list;
  list.queue_name_prefix = site.name("");
  list.max_results = 1000;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.sqs.list_queues(context, list));
    for (const std::string& url : elements(page.queue_urls))
      found.push_back({"queue", url.substr(url.rfind('/') + 1), ""});
    if (!turn_page(list.next_token, page.next_token)) break;
  }
  return {};
}

base::Result<void> list_topics(const Site& site, Steps& found) {
  const std::string prefix = site.topic_arn(site.name(""));
  std::set<std::string> topics;
  aws::sns::ListTopicsInput list;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.sns.list_topics(context, list));
    for (const auto& topic : elements(page.topics)) {
      const std::string arn = topic.topic_arn.value_or("");
      if (!arn.starts_with(prefix)) continue;
      topics.insert(arn);
      found.push_back({"topic", arn.substr(arn.rfind(':') + 1), ""});
    }
    if (!turn_page(list.next_token, page.next_token)) break;
  }
  aws::sns::ListSubscriptionsInput subscriptions;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.sns.list_subscriptions(context, subscriptions));
    for (const auto& each : elements(page.subscriptions)) {
      const std::string topic = each.topic_arn.value_or("");
      // SNS lists those of a deleted topic for some days more.
      if (!topic.starts_with(prefix) || !topics.contains(topic)) continue;
      const bool confirmed = each.subscription_arn.value_or("").starts_with("arn:");
      found.push_back({"subscription",
                       topic.substr(topic.rfind(':') + 1) + " -> " + shown_address(each.endpoint.value_or("")),
                       confirmed ? each.protocol.value_or("") : "waits for confirmation"});
    }
    if (!turn_page(subscriptions.next_token, page.next_token)) break;
  }
  return {};
}

base::Result<void> list_log_groups(const Site& site, Steps& found) {
  aws::logs::DescribeLogGroupsRequest list;
  list.log_group_name_prefix = "/aws/lambda/" + site.name("");
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.logs.describe_log_groups(context, list));
    for (const auto& group : elements(page.log_groups))
      found.push_back({"log group", group.log_group_name.value_or(""), ""});
    if (!turn_page(list.next_token, page.next_token)) break;
  }
  return {};
}

base::Result<void> list_tables(const Site& site, Steps& found) {
  aws::dynamodb::ListTablesInput list;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.dynamodb.list_tables(context, list));
    for (const std::string& table : elements(page.table_names))
      if (table.starts_with(site.name(""))) found.push_back({"table", table, ""});
    if (!turn_page(list.exclusive_start_table_name, page.last_evaluated_table_name)) break;
  }
  return {};
}

base::Result<void> list_roles(const Site& site, Steps& found) {
  aws::iam::ListRolesRequest list;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.iam.list_roles(context, list));
    for (const auto& role : elements(page.roles))
      if (role.role_name.value_or("").starts_with(site.name(""))) found.push_back({"role", *role.role_name, ""});
    if (!turn_page(list.marker, page.marker)) break;
  }
  return {};
}

base::Result<void> list_buckets(const Site& site, const std::string& bucket, Steps& found) {
  aws::Context context = site.call();
  TRY_ASSIGN(const auto buckets, site.services.s3.list_buckets(context, {}));
  for (const auto& each : elements(buckets.buckets))
    if (each.name == bucket) found.push_back({"bucket", bucket, ""});
  return {};
}

base::Result<void> list_alarms(const Site& site, Steps& found) {
  aws::cloudwatch::DescribeAlarmsInput list;
  list.alarm_name_prefix = site.name("");
  list.alarm_types = {"MetricAlarm", "CompositeAlarm"};
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.cloudwatch.describe_alarms(context, list));
    for (const auto& alarm : elements(page.metric_alarms))
      found.push_back({"alarm", alarm.alarm_name.value_or(""), alarm.state_value.value_or("")});
    for (const auto& alarm : elements(page.composite_alarms))
      found.push_back({"alarm", alarm.alarm_name.value_or(""), alarm.state_value.value_or("")});
    if (!turn_page(list.next_token, page.next_token)) break;
  }
  return {};
}

// Takes out what is of other stacks. Each has a table of orders from its first step to its last.
void leave_to_others(const Site& site, Steps& found) {
  constexpr std::string_view kOrders = "-orders";
  std::vector<std::string> prefixes;
  for (const Step& step : found) {
    if (step.kind == "table" && step.name.ends_with(kOrders) && step.name != site.name("orders"))
      prefixes.push_back(step.name.substr(0, step.name.size() - kOrders.size() + 1));
  }
  std::erase_if(found, [&](const Step& step) {
    constexpr std::string_view kGroups = "/aws/lambda/";
    std::string_view name = step.name;
    if (name.starts_with(kGroups)) name.remove_prefix(kGroups.size());
    return std::ranges::any_of(prefixes, [&](const std::string& prefix) { return name.starts_with(prefix); });
  });
}

}  // namespace

base::Result<std::vector<Step>> Stack::list() {
  Steps found;
  TRY(list_functions(site_, found));
  TRY(list_queues(site_, found));
  TRY(list_topics(site_, found));
  TRY(list_log_groups(site_, found));
  TRY(list_tables(site_, found));
  TRY(list_buckets(site_, config().bucket, found));
  TRY(list_roles(site_, found));
  TRY(list_alarms(site_, found));
  leave_to_others(site_, found);
  return found;
}

}  // namespace pipeline
