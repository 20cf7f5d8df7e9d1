#include <algorithm>

#include "pipeline/stack.h"
#include "pipeline/stack_function.h"

namespace pipeline {
namespace {

// Codes of "it is not there", which is what down() wants.
bool is_absent(const base::AwsError& error) {
  return error.http_status == 404 || error.code == "QueueDoesNotExist" || error.code == "ResourceNotFoundException" ||
         error.code == "NoSuchEntityException" || error.code == "NoSuchBucket" || error.code == "NotFoundException";
}

constexpr std::string_view kQueues[] = {"orders", "orders-dlq", "notify", "notify-dlq"};
constexpr std::string_view kFunctions[] = {"ingest", "process", "sweep"};

// Reports one deletion; an absent resource is fine.
template <class T>
base::Result<void> settle(const Stack::Report& report, std::string_view kind, const std::string& name,
                          const base::Result<T>& result) {
  if (!result.has_value() && !is_absent(result.error())) return base::fail(result.error());
  report({std::string(kind), name, result.has_value() ? "deleted" : "absent"});
  return {};
}

}  // namespace

base::Result<void> Stack::down(const Report& report) {
  // Against the flow of the orders: first nothing new comes in, then nothing is worked on, then the rest goes.
  TRY(down_bucket(report));
  TRY(down_mappings(report));
  TRY(down_functions(report));
  return down_rest(report);
}

base::Result<void> Stack::down_mappings(const Report& report) {
  for (const std::string_view function : {"process", "sweep"}) {
    aws::lambda::ListEventSourceMappingsRequest list;
    list.function_name = name(function);
    aws::Context context = call();
    const auto listed = services_.lambda.list_event_source_mappings(context, std::move(list));
    if (!listed.has_value() && is_absent(listed.error())) continue;
    if (!listed.has_value()) return base::fail(listed.error());
    if (!listed->event_source_mappings.has_value()) continue;
    for (const auto& mapping : *listed->event_source_mappings) {
      aws::lambda::DeleteEventSourceMappingRequest remove;
      remove.uuid = mapping.uuid;
      TRY(settle(report, "mapping", mapping.uuid.value_or(""),
                 services_.lambda.delete_event_source_mapping(context, std::move(remove))));
    }
  }
  return {};
}

base::Result<void> Stack::down_functions(const Report& report) {
  for (const std::string_view what : kFunctions) {
    aws::Context context = call();
    aws::lambda::DeleteFunctionRequest remove;
    remove.function_name = name(what);
    TRY(settle(report, "function", name(what), services_.lambda.delete_function(context, std::move(remove))));
    TRY(down_role(report, name(what)));
    aws::logs::DeleteLogGroupRequest logs;
    logs.log_group_name = "/aws/lambda/" + name(what);
    TRY(settle(report, "log group", *logs.log_group_name, services_.logs.delete_log_group(context, logs)));
  }
  return {};
}

base::Result<void> Stack::down_role(const Report& report, const std::string& role) {
  aws::Context context = call();
  aws::iam::DeleteRolePolicyRequest policy;
  policy.role_name = role;
  policy.policy_name = "tillstream";
  const auto removed = services_.iam.delete_role_policy(context, std::move(policy));
  if (!removed.has_value() && !is_absent(removed.error())) return base::fail(removed.error());
  aws::iam::DeleteRoleRequest remove;
  remove.role_name = role;
  return settle(report, "role", role, services_.iam.delete_role(context, std::move(remove)));
}

base::Result<void> Stack::empty_bucket() {
  const std::string bucket = config().bucket;
  while (true) {
    aws::Context context = call();
    aws::s3::ListObjectsV2Request list;
    list.bucket = bucket;
    TRY_ASSIGN(const auto listed, services_.s3.list_objects_v2(context, std::move(list)));
    if (!listed.contents.has_value() || listed.contents->empty()) return {};
    aws::s3::DeleteObjectsRequest remove;
    remove.bucket = bucket;
    auto& objects = remove.delete_.emplace().objects.emplace();
    for (const auto& object : *listed.contents) objects.emplace_back().key = object.key;
    TRY(services_.s3.delete_objects(context, std::move(remove)));
  }
}

base::Result<void> Stack::down_bucket(const Report& report) {
  if (const auto emptied = empty_bucket(); !emptied.has_value() && !is_absent(emptied.error()))
    return base::fail(emptied.error());
  aws::Context context = call();
  aws::s3::DeleteBucketRequest remove;
  remove.bucket = config().bucket;
  return settle(report, "bucket", config().bucket, services_.s3.delete_bucket(context, std::move(remove)));
}

base::Result<void> Stack::down_rest(const Report& report) {
  aws::Context context = call();
  aws::sns::DeleteTopicInput topic;
  topic.topic_arn = config().topic_arn;
  TRY(settle(report, "topic", name("large-orders"), services_.sns.delete_topic(context, std::move(topic))));
  for (const std::string_view what : kQueues) {
    aws::sqs::DeleteQueueRequest queue;
    queue.queue_url = queue_url(what);
    TRY(settle(report, "queue", name(what), services_.sqs.delete_queue(context, std::move(queue))));
  }
  const PipelineConfig names = config();
  for (const std::string& table : {names.orders_table, names.quarantine_table, names.uploads_table}) {
    aws::dynamodb::DeleteTableInput remove;
    remove.table_name = table;
    TRY(settle(report, "table", table, services_.dynamodb.delete_table(context, std::move(remove))));
  }
  return {};
}

base::Result<std::vector<Step>> Stack::list() {
  std::vector<Step> found;
  TRY(list_mappings(found));
  TRY(list_messaging(found));
  TRY(list_rest(found));
  return found;
}

base::Result<void> Stack::list_mappings(std::vector<Step>& found) {
  aws::Context context = call();
  TRY_ASSIGN(const auto functions_now, services_.lambda.list_functions(context, {}));
  for (const auto& function : functions_now.functions.value_or(std::vector<aws::lambda::FunctionConfiguration>())) {
    if (function.function_name.value_or("").starts_with(name("")))
      found.push_back({"function", *function.function_name, function.runtime.value_or("")});
  }
  TRY_ASSIGN(const auto mappings, services_.lambda.list_event_source_mappings(context, {}));
  for (const auto& mapping :
       mappings.event_source_mappings.value_or(std::vector<aws::lambda::EventSourceMappingConfiguration>())) {
    if (mapping.function_arn.value_or("").find(":function:" + name("")) != std::string::npos)
      found.push_back({"mapping", mapping.event_source_arn.value_or("") + " -> " + *mapping.function_arn,
                       mapping.state.value_or("")});
  }
  return {};
}

base::Result<void> Stack::list_messaging(std::vector<Step>& found) {
  aws::Context context = call();
  aws::sqs::ListQueuesRequest queues;
  queues.queue_name_prefix = name("");
  TRY_ASSIGN(const auto listed, services_.sqs.list_queues(context, std::move(queues)));
  for (const std::string& url : listed.queue_urls.value_or(std::vector<std::string>()))
    found.push_back({"queue", url.substr(url.rfind('/') + 1), ""});
  TRY_ASSIGN(const auto topics, services_.sns.list_topics(context, {}));
  for (const auto& topic : topics.topics.value_or(std::vector<aws::sns::Topic>())) {
    if (topic.topic_arn.value_or("").find(":" + name("")) != std::string::npos)
      found.push_back({"topic", *topic.topic_arn, ""});
  }
  TRY_ASSIGN(const auto groups, services_.logs.describe_log_groups(context, {}));
  for (const auto& group : groups.log_groups.value_or(std::vector<aws::logs::LogGroup>())) {
    if (group.log_group_name.value_or("").starts_with("/aws/lambda/" + name("")))
      found.push_back({"log group", *group.log_group_name, ""});
  }
  return {};
}

base::Result<void> Stack::list_rest(std::vector<Step>& found) {
  aws::Context context = call();
  TRY_ASSIGN(const auto tables, services_.dynamodb.list_tables(context, {}));
  for (const std::string& table : tables.table_names.value_or(std::vector<std::string>())) {
    if (table.starts_with(name(""))) found.push_back({"table", table, ""});
  }
  TRY_ASSIGN(const auto buckets, services_.s3.list_buckets(context, {}));
  for (const auto& bucket : buckets.buckets.value_or(std::vector<aws::s3::Bucket>())) {
    if (bucket.name.value_or("") == config().bucket) found.push_back({"bucket", *bucket.name, ""});
  }
  TRY_ASSIGN(const auto roles, services_.iam.list_roles(context, {}));
  for (const auto& role : roles.roles.value_or(std::vector<aws::iam::Role>())) {
    if (role.role_name.value_or("").starts_with(name(""))) found.push_back({"role", *role.role_name, ""});
  }
  return {};
}

}  // namespace pipeline
