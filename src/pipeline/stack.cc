#include "pipeline/stack.h"

#include <algorithm>
#include <ranges>
#include <set>

#include "aws/rules/function_environment.h"
#include "base/check.h"
#include "pipeline/policies.h"
#include "pipeline/rows.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

constexpr int32_t kProcessTimeoutSeconds = 10;  // unless the definition says otherwise
constexpr int32_t kSweepTimeoutSeconds = 10;
constexpr std::size_t kDrillSuffixLength = 8;
constexpr std::string_view kAtLeast = "GreaterThanOrEqualToThreshold";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr int64_t kDeadLetterRetentionSeconds = 14 * 86'400;
constexpr int32_t kQuarantinePeriodSeconds = 300;
constexpr int32_t kNotificationPeriodSeconds = 300;  // a debt is looked at every 90 s
constexpr std::string_view kThresholdVariable = "TILL_LARGE_ORDER_THRESHOLD";

// The failure with the resource's name in front, so that a person knows what was being worked on.
std::unexpected<base::AwsError> failed(const Resource& resource, base::AwsError error) {
  const std::string_view text = error.message.empty() ? std::string_view("no details") : error.message;
  if (error.code == kInterrupted) return base::fail(std::move(error));
  error.message = resource.kind() + " " + resource.name() + ": " + std::string(text);
  return base::fail(std::move(error));
}

std::string subject(const Resource& resource) {
  return resource.kind() + " " + resource.name();
}

const Property* find(const Properties& properties, std::string_view name) {
  const auto found = std::ranges::find(properties, name, &Property::name);
  return found == properties.end() ? nullptr : &*found;
}

std::string_view done(Action action) {
  switch (action) {
    case Action::leave:
      return "unchanged";
    case Action::create:
      return "created";
    case Action::change:
      return "changed";
    case Action::replace:
      return "replaced";
    case Action::remove:
      return "deleted";
  }
  return "";
}

base::Result<void> carry_out(Resource& resource, Action action) {
  switch (action) {
    case Action::leave:
      return {};
    case Action::create:
      return resource.create();
    case Action::change:
      return resource.change();
    case Action::replace:
      TRY(resource.remove());
      return resource.create();
    case Action::remove:
      return resource.remove();
  }
  return {};
}

void put_stage(const Stage& stage, FunctionSpec& spec) {
  if (stage.code.has_value()) spec.runtime = stage.runtime;
  if (stage.code.has_value()) spec.handler = stage.handler;
  spec.timeout_seconds = stage.timeout_seconds.value_or(spec.timeout_seconds);
  spec.memory_size_mb = stage.memory_size_mb.value_or(spec.memory_size_mb);
  for (const auto& [name, value] : stage.environment) spec.environment[name] = value;
}

}  // namespace

std::string StackOptions::architecture_of(std::string_view function) const {
  const auto own = stage_architectures.find(function);
  if (own != stage_architectures.end()) return own->second;
  return architecture.empty() ? std::string(function_architecture()) : architecture;
}

base::Result<PlannedStep> compare(Resource& resource) {
  PlannedStep step{.kind = resource.kind(), .name = resource.name()};
  const auto described = resource.describe();
  if (!described.has_value() && !is_absent(described.error())) return failed(resource, described.error());
  if (!described.has_value() || !described->has_value()) {
    step.action = Action::create;
    return step;
  }
  for (const Property& wanted : resource.wanted()) {
    const Property* actual = find(**described, wanted.name);
    if (actual != nullptr && actual->value == wanted.value) continue;
    step.differences.push_back({wanted.name, actual == nullptr ? "none" : actual->value, wanted.value});
    if (wanted.fixed) step.action = Action::replace;
    if (step.action == Action::leave) step.action = Action::change;
  }
  step.loses_data = step.action == Action::replace && resource.holds_data();
  return step;
}

bool undoes_hand(const PlannedStep& step) {
  const auto differs = [&](std::string_view property, std::string_view actual) {
    return std::ranges::any_of(step.differences, [&](const Difference& each) {
      return each.property == property && (actual.empty() || each.actual == actual);
    });
  };
  return step.kind == "function" && differs(kCodeOrigin, kByHand) && differs("code", "");
}

Stack::Stack(Services services, base::Env& env, StackOptions options)
    : options_(std::move(options)),
      patience_(env, options_.wait_hooks),
      patient_(services, patience_),
      plain_site_{services, patience_, env, options_.name, options_.account, options_.region},
      site_{patient_.services(), patience_, env, options_.name, options_.account, options_.region} {
  add_tables();
  add_messaging();
  add_functions();
  add_intake();
  add_alarms();
  for (auto& resource : resources_) resource = with_tags(site_, std::move(resource), options_.settings.tags);
}

PipelineConfig Stack::config() const {
  return {.bucket = site_.name(options_.account + "-" + options_.region),
          .orders_table = site_.name("orders"),
          .quarantine_table = site_.name("quarantine"),
          .uploads_table = site_.name("uploads"),
          .queue_url = queue_url("orders"),
          .notify_queue_url = queue_url("notify"),
          .topic_arn = site_.topic_arn(site_.name("large-orders")),
          .rule_topic_prefix = site_.topic_arn(rule_topic_prefix()),
          .large_order_threshold = options_.large_order_threshold.value_or(base::Decimal::from_integer(50'000))};
}

void Stack::add_tables() {
  const PipelineConfig names = config();
  resources_.push_back(make_table(site_, {.name = names.orders_table, .key = std::string(orders::kTransactionId)}));
  resources_.push_back(
      make_table(site_, {.name = names.quarantine_table, .key = std::string(quarantine::kBodySha256)}));
  resources_.push_back(make_table(site_, {.name = names.uploads_table, .key = std::string(uploads::kUploadId)}));
}

void Stack::add_messaging() {
  const auto redrive = [&](std::string_view to, int receives) {
    return "{\"deadLetterTargetArn\":\"" + site_.arn("sqs", site_.name(to)) +
           "\",\"maxReceiveCount\":" + std::to_string(receives) + "}";
  };
  const auto add_queue = [&](std::string_view what, aws::Map<std::string> attributes) {
    resources_.push_back(make_queue(site_, site_.name(what), std::move(attributes)));
  };
  const std::string four_days = "345600";
  const std::string fourteen_days = std::to_string(kDeadLetterRetentionSeconds);
  const std::string largest_order = "1048576";  // what ingest sends, splitter.h
  // Visibility is 9 times the function's timeout and a batch's wait, so that a slow invocation is never overtaken by a
  // redelivery. AWS advises 6 times.
  const auto visibility = [&](std::string_view stage, int32_t timeout_seconds, int32_t window_seconds) {
    const Stage* own = find_stage(options_.stages, stage);
    if (own != nullptr) timeout_seconds = own->timeout_seconds.value_or(timeout_seconds);
    return std::to_string(9 * timeout_seconds + window_seconds);
  };
  add_queue("orders-dlq", {{"MessageRetentionPeriod", fourteen_days}, {"DelaySeconds", "0"}});
  add_queue("orders", {{"VisibilityTimeout",
                        visibility("process", kProcessTimeoutSeconds, options_.settings.batch_window_seconds)},
                       {"MessageRetentionPeriod", four_days},
                       {"DelaySeconds", "0"},
                       {"MaximumMessageSize", largest_order},
                       {"RedrivePolicy", redrive("orders-dlq", 8)}});
  add_queue("notify-dlq", {{"MessageRetentionPeriod", fourteen_days}, {"DelaySeconds", "0"}});
  add_queue("notify", {{"VisibilityTimeout", visibility("sweep", kSweepTimeoutSeconds, 0)},
                       {"MessageRetentionPeriod", fourteen_days},
                       {"DelaySeconds", "0"},
                       {"RedrivePolicy", redrive("notify-dlq", 1000)}});
  const auto add_topic = [&](const std::string& topic, const std::vector<std::string>& emails,
                             const std::vector<std::string>& webhooks) {
    resources_.push_back(make_topic(site_, topic));
    std::set<std::string, std::less<>> told;  // who is named twice is told once
    for (const std::string& email : emails)
      if (told.insert(email).second) resources_.push_back(make_subscription(site_, topic, "email", email));
    for (const std::string& url : webhooks)
      if (told.insert(url).second)
        resources_.push_back(make_subscription(site_, topic, url.substr(0, url.find(':')), url));
  };
  add_topic(site_.name("large-orders"), options_.emails, options_.webhooks);
  const AlarmSettings& alarms = options_.alarms;
  const bool have_own = !alarms.emails.empty() || !alarms.webhooks.empty();
  add_topic(alarms_topic(), have_own ? alarms.emails : options_.emails, have_own ? alarms.webhooks : options_.webhooks);
  for (const NotificationRule& rule : options_.rules) {
    const bool has_own = !rule.emails.empty() || !rule.webhooks.empty();
    add_topic(rule_topic_prefix() + rule.name, has_own ? rule.emails : options_.emails,
              has_own ? rule.webhooks : options_.webhooks);
  }
}

void Stack::add_function(std::string_view what, FunctionSpec spec, std::vector<Grant> grants,
                         Resources& resources) const {
  spec.name = site_.name(what);
  spec.zip = options_.zip_of(what);
  spec.architecture = options_.architecture_of(what);
  spec.handler = what;  // by which the bootstrap knows what it is
  for (auto& [key, value] : to_environment(config())) {
    const bool kept = key == kThresholdVariable && !options_.large_order_threshold.has_value();
    (kept ? spec.defaults : spec.environment).append(std::move(key)) = std::move(value);
  }
  spec.environment.append(std::string(kDefinitionVariable)) = options_.definition_id;
  const std::string group = "/aws/lambda/" + spec.name;
  const std::string group_arn = site_.arn("logs", "log-group:" + group);
  grants.push_back({{"logs:CreateLogStream", "logs:PutLogEvents"}, {group_arn, group_arn + ":*"}});
  if (const Stage* own = find_stage(options_.stages, what); own != nullptr) put_stage(*own, spec);
  resources.push_back(make_function_role(site_, spec.name, policy_document(grants)));
  resources.push_back(make_log_group(site_, group, options_.settings.log_retention_days));
  resources.push_back(make_function(site_, std::move(spec)));
}

std::optional<Stack::EnvironmentFault> Stack::environment_fault() const {
  for (const auto& resource : resources_) {
    const ResourceSpec spec = resource->spec();
    const auto* function = std::get_if<FunctionSpec>(&spec.of);
    if (function == nullptr) continue;
    aws::Map<std::string> variables = function->environment;
    for (const auto& [name, value] : function->defaults) variables[name] = value;
    if (function->secret.has_value()) variables[function->secret->variable] = function->secret->value.value_or("");
    const std::size_t bytes = aws::rules::environment_text(variables).size();
    if (bytes <= aws::rules::kEnvironmentBytesMax) continue;
    for (const std::string_view stage : {"ingest", "process", "sweep", "intake"})
      if (function->name == site_.name(stage)) return EnvironmentFault{stage, bytes};
  }
  return std::nullopt;
}

// The function that webhooks come to. Where the definition has none, one that is there goes: its door stands open.
void Stack::add_intake() {
  const PipelineConfig names = config();
  const bool wanted = options_.intake.has_value();
  Resources& resources = wanted ? resources_ : unwanted_;
  FunctionSpec spec{.timeout_seconds = 30, .memory_size_mb = 256};
  if (wanted && options_.intake->verify != IntakeSettings::Verify::nobody)
    spec.secret = Secret{std::string(kIntakeSecretVariable), options_.intake_secret,
                         "the environment variable " + options_.intake->secret_variable};
  add_function("intake", std::move(spec),
               {{{"sqs:SendMessage"}, {site_.arn("sqs", site_.name("orders"))}},
                {{"dynamodb:PutItem"}, {site_.arn("dynamodb", "table/" + names.quarantine_table)}}},
               resources);
  for (auto& permission : make_public(site_, site_.name("intake"))) resources.push_back(std::move(permission));
  resources.push_back(make_function_url(site_, site_.name("intake")));
}

// What each function is, beside its code: size, time, and exactly what it may touch.
void Stack::add_functions() {
  const PipelineConfig names = config();
  const auto table = [&](const std::string& t) { return site_.arn("dynamodb", "table/" + t); };
  const auto queue = [&](std::string_view q) { return site_.arn("sqs", site_.name(q)); };
  const auto polls = [&](std::string_view q) {
    return Grant{{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, {queue(q)}};
  };
  const Grant notifies{{"sns:Publish"}, {names.topic_arn, names.rule_topic_prefix + "*"}};
  const std::string objects = "arn:aws:s3:::" + names.bucket + "/*";
  resources_.push_back(make_bucket(site_, names.bucket));
  const auto add = [&](std::string_view what, int32_t timeout_seconds, int32_t memory_size_mb,
                       std::vector<Grant> grants) {
    FunctionSpec spec{.timeout_seconds = timeout_seconds, .memory_size_mb = memory_size_mb};
    add_function(what, std::move(spec), std::move(grants), resources_);
  };
  add("ingest", 900, 512,
      {{{"s3:GetObject", "s3:PutObject"}, {objects}},
       {{"sqs:SendMessage"}, {queue("orders")}},
       {{"dynamodb:PutItem"}, {table(names.uploads_table), table(names.quarantine_table)}}});
  add("process", kProcessTimeoutSeconds, 256,
      {polls("orders"),
       {{"sqs:SendMessage"}, {queue("notify")}},
       {{"dynamodb:PutItem", "dynamodb:PartiQLInsert", "dynamodb:UpdateItem"}, {table(names.orders_table)}},
       {{"dynamodb:PutItem"}, {table(names.quarantine_table)}},
       notifies});
  add("sweep", kSweepTimeoutSeconds, 128,
      {polls("notify"),
       {{"sqs:SendMessage"}, {queue("notify")}},
       {{"dynamodb:GetItem", "dynamodb:UpdateItem"}, {table(names.orders_table)}},
       notifies});
  const StackSettings& settings = options_.settings;
  resources_.push_back(make_mapping(site_, {.queue = site_.name("orders"),
                                            .function = site_.name("process"),
                                            .maximum_concurrency = settings.maximum_concurrency,
                                            .batch_size = settings.batch_size,
                                            .batch_window_seconds = settings.batch_window_seconds}));
  resources_.push_back(make_mapping(site_, {.queue = site_.name("notify"), .function = site_.name("sweep")}));
  resources_.push_back(make_permission(site_, site_.name("ingest"), names.bucket));
  resources_.push_back(make_notification(site_, names.bucket, site_.name("ingest")));
}

void Stack::add_alarms() {
  const auto add = [&](std::string_view what, AlarmSpec spec) {
    spec.name = site_.name(what);
    spec.topic_arn = site_.topic_arn(alarms_topic());
    resources_.push_back(make_alarm(site_, std::move(spec)));
  };
  const AlarmSettings& limits = options_.alarms;
  const auto failures = [&](std::string_view function, std::string metric_name, std::string description) {
    return AlarmSpec{.name = {},
                     .description = std::move(description),
                     .name_space = "AWS/Lambda",
                     .metric_name = std::move(metric_name),
                     .dimension = {"FunctionName", site_.name(function)},
                     .statistic = "Sum",
                     .comparison_operator = std::string(kAtLeast),
                     .threshold = limits.errors,
                     .topic_arn = {}};
  };
  const auto more = [&](std::string name_space, std::string_view metric_name,
                        std::pair<std::string, std::string> dimension, std::string statistic, double threshold,
                        std::string description) {
    return AlarmSpec{.name = {},
                     .description = std::move(description),
                     .name_space = std::move(name_space),
                     .metric_name = std::string(metric_name),
                     .dimension = std::move(dimension),
                     .statistic = std::move(statistic),
                     .comparison_operator = "GreaterThanThreshold",
                     .threshold = threshold,
                     .topic_arn = {}};
  };
  const std::string own(kMetricNamespace);
  const std::pair<std::string, std::string> stack{kStackDimension, options_.name};
  const std::pair<std::string, std::string> dead_letters{"QueueName", site_.name("orders-dlq")};
  // The original says "more than 1", which one failed invocation a minute never reaches (users.md 4.1).
  add("errors", failures("process", "Errors", "The process function failed."));
  add("ingest-errors", failures("ingest", "Errors", "The ingest function failed: see `till logs ingest`."));
  add("sweep-errors", failures("sweep", "Errors", "The sweep function failed: see `till logs sweep`."));
  add("duration", more("AWS/Lambda", "Duration", {"FunctionName", site_.name("process")}, "Average", limits.duration_ms,
                       "The process function takes long on average."));
  add("throttle", more("AWS/DynamoDB", "WriteThrottleEvents", {"TableName", site_.name("orders")}, "Sum",
                       limits.throttle, "Writes to the orders table are throttled."));
  add("dead-letters", more("AWS/SQS", "ApproximateNumberOfMessagesVisible", dead_letters, "Maximum",
                           limits.dead_letters, "Orders were given up: see `till dlq list`."));
  AlarmSpec age =
      more("AWS/SQS", "ApproximateAgeOfOldestMessage", dead_letters, "Maximum", limits.dead_letter_age_seconds,
           "Orders that were given up are soon lost for good: see `till dlq list`.");
  age.period_seconds = 300;
  add("dead-letter-age", std::move(age));
  AlarmSpec uploads = more(own, kUploadsFailed, stack, "Sum", limits.uploads,
                           "A file could not be read as orders: see `till uploads list --failed`.");
  uploads.comparison_operator = kAtLeast;
  add("uploads", std::move(uploads));
  AlarmSpec rate = more(own, kOrdersQuarantined, stack, "Sum", limits.quarantine_percent,
                        "Too many orders are refused: see `till quarantine list`.");
  rate.share_of = kOrdersProcessed;
  rate.period_seconds = kQuarantinePeriodSeconds;
  add("quarantine-rate", std::move(rate));
  AlarmSpec owed = more(own, kOldestNotificationAge, stack, "Maximum", limits.notification_age_seconds,
                        "Notifications of large orders do not get out: see `till logs sweep`.");
  owed.period_seconds = kNotificationPeriodSeconds;
  add("notification-age", std::move(owed));
}

std::string Stack::new_drill_name() const {
  return site_.name("drill-") + base::random_string(site_.env.random, kDrillSuffixLength, kHexDigits);
}

// Exactly that, so that a stack called <stack>-drill is safe from us.
bool Stack::is_drill_name(std::string_view name) const {
  const std::string prefix = site_.name("drill-");
  return name.starts_with(prefix) && name.size() == prefix.size() + kDrillSuffixLength &&
         name.find_first_not_of(kHexDigits, prefix.size()) == std::string_view::npos;
}

Resources Stack::drill_resources(const std::string& name, bool with_table) const {
  const std::string queue_arn = site_.arn("sqs", name);
  Resources out;
  out.push_back(
      make_queue(site_, name, {{"Policy", topic_to_queue_policy(site_.topic_arn(alarms_topic()), queue_arn)}}));
  out.push_back(make_subscription(site_, alarms_topic(), "sqs", queue_arn));
  if (!with_table) return out;
  out.push_back(make_table(site_, {.name = name, .key = "id", .capacity_units = 1, .scratch = true}));
  out.push_back(make_alarm(site_, {.name = name,
                                   .description = "As " + site_.name("throttle") + ", over the table of a drill.",
                                   .name_space = "AWS/DynamoDB",
                                   .metric_name = "WriteThrottleEvents",
                                   .dimension = {"TableName", name},
                                   .statistic = "Sum",
                                   .comparison_operator = "GreaterThanThreshold",
                                   .threshold = 0,
                                   .topic_arn = site_.topic_arn(alarms_topic())}));
  return out;
}

base::Result<Plan> Stack::plan() {
  Plan plan;
  for (const auto& resource : resources_) {
    patience_.begin(subject(*resource));
    TRY_ASSIGN(PlannedStep step, compare(*resource));
    plan.push_back(std::move(step));
  }
  for (const auto& resource : std::views::reverse(unwanted_)) {
    const auto found = resource->describe();
    if (!found.has_value() && !is_absent(found.error())) return failed(*resource, found.error());
    if (found.has_value() && found->has_value())
      plan.push_back({.kind = resource->kind(), .name = resource->name(), .action = Action::remove});
  }
  return plan;
}

base::Result<void> Stack::apply(const Plan& plan, const Report& report) {
  for (const PlannedStep& step : plan) {
    Resource& resource = resource_of(step);
    patience_.begin(subject(resource));
    TRY(patience_.check());
    if (auto result = carry_out(resource, step.action); !result.has_value()) return failed(resource, result.error());
    report({resource.kind(), resource.name(), std::string(done(step.action))});
  }
  return {};
}

Resource& Stack::resource_of(const PlannedStep& step) const {
  const auto is_meant = [&](const auto& resource) {
    return resource->kind() == step.kind && resource->name() == step.name;
  };
  for (const Resources* list : {&resources_, &unwanted_})
    if (const auto found = std::ranges::find_if(*list, is_meant); found != list->end()) return **found;
  CHECK(false, "a plan is carried out by the stack that made it");
}

base::Result<void> Stack::up(const Report& report) {
  TRY_ASSIGN(const Plan planned, plan());
  for (const PlannedStep& step : planned) {
    if (!step.loses_data) continue;
    return base::fail(
        {.code = "ReplacementNeeded",
         .message = step.kind + " " + step.name + " has another " + step.differences.front().property +
                    " and would have to be replaced, with everything in it; `till up --replace` does it"});
  }
  return apply(planned, report);
}

}  // namespace pipeline
