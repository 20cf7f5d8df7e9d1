#include <algorithm>

#include "pipeline/notifier.h"
#include "pipeline/policies.h"
#include "pipeline/rows.h"
#include "pipeline/stack.h"
#include "pipeline/stack_function.h"

namespace pipeline {
namespace {

constexpr base::Duration kPollPause = std::chrono::milliseconds(20);
constexpr base::Duration kPollMax = std::chrono::seconds(60);

bool is_code(const base::AwsError& error, std::string_view code) {
  return error.code == code || error.query_code == code;
}

// The failure with the resource's name in front, so that a person knows what was being made.
std::unexpected<base::AwsError> failed(std::string_view kind, std::string_view name, base::AwsError error) {
  error.message = std::string(kind) + " " + std::string(name) + ": " + error.message;
  return base::fail(std::move(error));
}

}  // namespace

Stack::Stack(Services services, base::Env& env, StackOptions options)
    : services_(services), env_(env), options_(std::move(options)) {}

aws::Context Stack::call() const {
  aws::Context context = call_context(env_);
  context.account = options_.account;
  context.region = options_.region;
  context.principal = {aws::Principal::Kind::root, options_.account, "arn:aws:iam::" + options_.account + ":root",
                       options_.account};
  return context;
}

std::string Stack::arn(std::string_view service, std::string_view resource) const {
  const bool global = service == "iam";
  return "arn:aws:" + std::string(service) + ":" + (global ? "" : options_.region) + ":" + options_.account + ":" +
         std::string(resource);
}

std::string Stack::queue_url(std::string_view what) const {
  return "https://sqs." + options_.region + ".amazonaws.com/" + options_.account + "/" + name(what);
}

PipelineConfig Stack::config() const {
  return {.bucket = name(options_.account + "-" + options_.region),
          .orders_table = name("orders"),
          .quarantine_table = name("quarantine"),
          .uploads_table = name("uploads"),
          .queue_url = queue_url("orders"),
          .notify_queue_url = queue_url("notify"),
          .topic_arn = arn("sns", name("large-orders")),
          .large_order_threshold = options_.large_order_threshold};
}

// What each function is, beside its code: size, time, and exactly what it may touch.
std::vector<Stack::Function> Stack::functions() const {
  const PipelineConfig names = config();
  const auto table = [&](const std::string& t) { return arn("dynamodb", "table/" + t); };
  const auto queue = [&](std::string_view q) { return arn("sqs", name(q)); };
  const auto with_logs = [&](std::string_view what, std::vector<Grant> grants) {
    const std::string group = arn("logs", "log-group:/aws/lambda/" + name(what));
    grants.push_back({{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}, {group, group + ":*"}});
    return policy_document(grants);
  };
  const auto polls = [&](std::string_view q) {
    return Grant{{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, {queue(q)}};
  };
  const Grant notifies{{"sns:Publish"}, {names.topic_arn}};
  const std::string objects = "arn:aws:s3:::" + names.bucket + "/*";
  return {
      {"ingest", options_.ingest_zip, 900, 512,
       with_logs("ingest", {{{"s3:GetObject", "s3:PutObject"}, {objects}},
                            {{"sqs:SendMessage"}, {queue("orders")}},
                            {{"dynamodb:PutItem"}, {table(names.uploads_table), table(names.quarantine_table)}}})},
      {"process", options_.process_zip, 10, 256,
       with_logs("process", {polls("orders"),
                             {{"sqs:SendMessage"}, {queue("notify")}},
                             {{"dynamodb:PutItem", "dynamodb:UpdateItem"}, {table(names.orders_table)}},
                             {{"dynamodb:PutItem"}, {table(names.quarantine_table)}},
                             notifies})},
      {"sweep", options_.sweep_zip, 10, 128,
       with_logs("sweep", {polls("notify"),
                           {{"sqs:SendMessage"}, {queue("notify")}},
                           {{"dynamodb:GetItem", "dynamodb:UpdateItem"}, {table(names.orders_table)}},
                           notifies})},
  };
}

base::Result<void> Stack::wait_until(const std::string& what, const std::function<base::Result<bool>()>& ready) {
  const base::Timestamp end = env_.clock.now() + kPollMax;
  std::mutex mutex;
  const auto never = env_.executor.make_condition();
  while (true) {
    TRY_ASSIGN(const bool done, ready());
    if (done) return {};
    if (env_.clock.now() >= end) return base::fail({.code = "Timeout", .message = what + " did not become ready"});
    const base::Timestamp next = env_.clock.now() + kPollPause;
    std::unique_lock lock(mutex);
    while (env_.clock.now() < next) env_.executor.wait_until(lock, *never, next);
  }
}

base::Result<void> Stack::up(const Report& report) {
  TRY(up_tables(report));
  TRY(up_queues(report));
  TRY(up_topic(report));
  TRY(up_bucket(report));
  for (const Function& function : functions()) {
    TRY(up_role(report, function));
    TRY(up_function(report, function));
  }
  TRY(up_mapping(report, "orders", "process", options_.maximum_concurrency));
  TRY(up_mapping(report, "notify", "sweep", 2));
  return up_notification(report);
}

base::Result<void> Stack::up_tables(const Report& report) {
  const PipelineConfig names = config();
  const std::pair<std::string, std::string_view> tables[] = {{names.orders_table, orders::kTransactionId},
                                                             {names.quarantine_table, quarantine::kBodySha256},
                                                             {names.uploads_table, uploads::kUploadId}};
  for (const auto& [table, key] : tables) {
    aws::dynamodb::CreateTableInput create;
    create.table_name = table;
    create.billing_mode = "PAY_PER_REQUEST";
    create.attribute_definitions.emplace().push_back({std::string(key), "S"});
    create.key_schema.emplace().push_back({std::string(key), "HASH"});
    aws::Context context = call();
    const auto created = services_.dynamodb.create_table(context, std::move(create));
    if (!created.has_value() && !is_code(created.error(), "ResourceInUseException"))
      return failed("table", table, created.error());
    TRY(wait_for_table(table));
    report({"table", table, created.has_value() ? "created" : "unchanged"});
  }
  return {};
}

base::Result<void> Stack::wait_for_table(const std::string& table) {
  return wait_until("table " + table, [&]() -> base::Result<bool> {
    aws::dynamodb::DescribeTableInput describe;
    describe.table_name = table;
    aws::Context context = call();
    TRY_ASSIGN(const auto described, services_.dynamodb.describe_table(context, std::move(describe)));
    return described.table.has_value() && described.table->table_status == "ACTIVE";
  });
}

base::Result<void> Stack::up_queue(const Report& report, std::string_view what, aws::Map<std::string> attributes) {
  aws::sqs::GetQueueUrlRequest get;
  get.queue_name = name(what);
  aws::Context context = call();
  const auto found = services_.sqs.get_queue_url(context, std::move(get));
  if (found.has_value()) {
    aws::sqs::SetQueueAttributesRequest set;
    set.queue_url = found->queue_url;
    set.attributes = std::move(attributes);
    if (const auto done = services_.sqs.set_queue_attributes(context, std::move(set)); !done.has_value())
      return failed("queue", name(what), done.error());
    report({"queue", name(what), "unchanged"});
    return {};
  }
  aws::sqs::CreateQueueRequest create;
  create.queue_name = name(what);
  create.attributes = std::move(attributes);
  if (const auto created = services_.sqs.create_queue(context, std::move(create)); !created.has_value())
    return failed("queue", name(what), created.error());
  report({"queue", name(what), "created"});
  return {};
}

base::Result<void> Stack::up_queues(const Report& report) {
  const auto redrive = [&](std::string_view to, int receives) {
    return "{\"deadLetterTargetArn\":\"" + arn("sqs", name(to)) + "\",\"maxReceiveCount\":" + std::to_string(receives) +
           "}";
  };
  constexpr std::string_view kFourteenDays = "1209600";
  // Visibility is 9 times the function's timeout, so that a slow invocation is never overtaken by a redelivery.
  TRY(up_queue(report, "orders-dlq", {{"MessageRetentionPeriod", std::string(kFourteenDays)}}));
  TRY(up_queue(report, "orders", {{"VisibilityTimeout", "90"}, {"RedrivePolicy", redrive("orders-dlq", 8)}}));
  TRY(up_queue(report, "notify-dlq", {{"MessageRetentionPeriod", std::string(kFourteenDays)}}));
  return up_queue(report, "notify",
                  {{"VisibilityTimeout", "90"},
                   {"MessageRetentionPeriod", std::string(kFourteenDays)},
                   {"RedrivePolicy", redrive("notify-dlq", 1000)}});
}

base::Result<void> Stack::up_topic(const Report& report) {
  aws::sns::CreateTopicInput create;
  create.name = name("large-orders");
  aws::Context context = call();
  const auto created = services_.sns.create_topic(context, std::move(create));
  if (!created.has_value()) return failed("topic", name("large-orders"), created.error());
  report({"topic", name("large-orders"), "ready"});
  for (const std::string& email : options_.emails) {
    aws::sns::SubscribeInput subscribe;
    subscribe.topic_arn = created->topic_arn;
    subscribe.protocol = "email";
    subscribe.endpoint = email;
    const auto subscribed = services_.sns.subscribe(context, std::move(subscribe));
    if (!subscribed.has_value()) return failed("subscription", email, subscribed.error());
    report({"subscription", email, subscribed->subscription_arn.value_or("ready")});
  }
  return {};
}

base::Result<void> Stack::up_bucket(const Report& report) {
  const std::string bucket = config().bucket;
  aws::s3::HeadBucketRequest head;
  head.bucket = bucket;
  aws::Context context = call();
  if (services_.s3.head_bucket(context, std::move(head)).has_value()) {
    report({"bucket", bucket, "unchanged"});
    return {};
  }
  aws::s3::CreateBucketRequest create;
  create.bucket = bucket;
  if (options_.region != "us-east-1")
    create.create_bucket_configuration.emplace().location_constraint = options_.region;
  if (const auto created = services_.s3.create_bucket(context, std::move(create)); !created.has_value())
    return failed("bucket", bucket, created.error());
  report({"bucket", bucket, "created"});
  return {};
}

base::Result<void> Stack::up_role(const Report& report, const Function& function) {
  const std::string role = name(function.what);
  aws::iam::CreateRoleRequest create;
  create.role_name = role;
  create.assume_role_policy_document = lambda_trust_policy();
  aws::Context context = call();
  const auto created = services_.iam.create_role(context, std::move(create));
  if (!created.has_value() && !is_code(created.error(), "EntityAlreadyExists") &&
      !is_code(created.error(), "EntityAlreadyExistsException"))
    return failed("role", role, created.error());
  aws::iam::PutRolePolicyRequest policy;
  policy.role_name = role;
  policy.policy_name = "tillstream";
  policy.policy_document = function.policy;
  if (const auto put = services_.iam.put_role_policy(context, std::move(policy)); !put.has_value())
    return failed("role", role, put.error());
  report({"role", role, created.has_value() ? "created" : "unchanged"});
  return {};
}

base::Result<void> Stack::up_mapping(const Report& report, std::string_view queue, std::string_view function,
                                     std::optional<int32_t> maximum_concurrency) {
  const std::string label = name(queue) + " -> " + name(function);
  aws::lambda::ListEventSourceMappingsRequest list;
  list.event_source_arn = arn("sqs", name(queue));
  list.function_name = name(function);
  aws::Context context = call();
  const auto listed = services_.lambda.list_event_source_mappings(context, std::move(list));
  if (!listed.has_value()) return failed("mapping", label, listed.error());
  if (listed->event_source_mappings.has_value() && !listed->event_source_mappings->empty()) {
    report({"mapping", label, "unchanged"});
    return {};
  }
  aws::lambda::CreateEventSourceMappingRequest create;
  create.event_source_arn = arn("sqs", name(queue));
  create.function_name = name(function);
  create.batch_size = 10;
  create.function_response_types = {"ReportBatchItemFailures"};
  if (maximum_concurrency) create.scaling_config.emplace().maximum_concurrency = maximum_concurrency;
  if (const auto created = services_.lambda.create_event_source_mapping(context, std::move(create));
      !created.has_value())
    return failed("mapping", label, created.error());
  report({"mapping", label, "created"});
  return {};
}

base::Result<void> Stack::up_notification(const Report& report) {
  const std::string bucket = config().bucket;
  const std::string function = name("ingest");
  aws::lambda::AddPermissionRequest permission;
  permission.function_name = function;
  permission.statement_id = "s3-invokes-ingest";
  permission.action = "lambda:InvokeFunction";
  permission.principal = "s3.amazonaws.com";
  permission.source_arn = "arn:aws:s3:::" + bucket;
  permission.source_account = options_.account;
  aws::Context context = call();
  if (const auto added = services_.lambda.add_permission(context, std::move(permission));
      !added.has_value() && !is_code(added.error(), "ResourceConflictException"))
    return failed("permission", function, added.error());
  aws::s3::LambdaFunctionConfiguration target;
  target.id = "ingest";
  target.lambda_function_arn = arn("lambda", "function:" + function);
  target.events = {"s3:ObjectCreated:*"};
  aws::s3::PutBucketNotificationConfigurationRequest put;
  put.bucket = bucket;
  put.notification_configuration.emplace().lambda_function_configurations.emplace().push_back(std::move(target));
  if (const auto done = services_.s3.put_bucket_notification_configuration(context, std::move(put)); !done.has_value())
    return failed("notification", bucket, done.error());
  report({"notification", bucket + " -> " + function, "ready"});
  return {};
}

}  // namespace pipeline
