// Templates of Terraform.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/encoding.h"
#include "pipeline/notification_rule.h"
#include "pipeline/template.h"
#include "pipeline/template_parts.h"

namespace pipeline {
namespace {

using Json = TemplateJson;

// The first with max_message_size of 1 MiB, and the first that can say that a function is invoked through its URL.
constexpr std::string_view kProvider = ">= 6.8";
constexpr std::string_view kProviderWithIntake = ">= 6.29";
constexpr std::string_view kPolicyType = "aws_iam_role_policy";
constexpr std::string_view kGroupType = "aws_cloudwatch_log_group";
constexpr std::string_view kPermissionType = "aws_lambda_permission";

// A text of Terraform in which nothing is a template.
std::string literal(std::string text) {
  return replace_all(replace_all(std::move(text), "${", "$${"), "%{", "%%{");
}

std::string value_of(const TemplateSecret& secret) {
  return "${var." + terraform_name(secret) + "}";
}

Json list(Json only) {
  Json out = Json::array();
  out.push_back(std::move(only));
  return out;
}

class Writer {
 public:
  explicit Writer(const Stack& stack) : stack_(stack), site_(stack.site()) {
    for (const auto& resource : stack.resources()) name(resource->spec());
  }

  Json write() {
    for (const auto& resource : stack_.resources()) {
      tags_ = resource->tags();
      holds_data_ = resource->holds_data();
      std::visit([this](const auto& of) { translate(of); }, resource->spec().of);
    }
    Json out{{"//", "Tillstream, the pipeline \"" + site_.stack + "\", as `till export` has written it."}};
    const std::string_view version = has_intake() ? kProviderWithIntake : kProvider;
    out["terraform"] = {{"required_version", ">= 1.5"},
                        {"required_providers", {{"aws", {{"source", "hashicorp/aws"}, {"version", version}}}}}};
    for (const TemplateSecret& secret : template_secrets(stack_))
      out["variable"][terraform_name(secret)] = {
          {"type", "string"}, {"sensitive", true}, {"description", literal(secret.what)}};
    out["data"] = {{"aws_caller_identity", {{"current", Json::object()}}},
                   {"aws_region", {{"current", Json::object()}}}};
    out["locals"] = {{"account", "${data.aws_caller_identity.current.account_id}"},
                     {"region", "${data.aws_region.current.region}"}};
    out["resource"] = std::move(resources_);
    out["output"] = outputs();
    return out;
  }

 private:
  [[nodiscard]] bool has_intake() const { return stack_.options().intake.has_value(); }
  [[nodiscard]] std::string short_name(std::string_view full) const {
    return in_snake_case(name_in_stack(site_, full));
  }
  // What others say of it to mean it: Terraform makes it before them.
  void name(const ResourceSpec& spec) {
    const auto attribute = [&](std::string_view type, const std::string& id, std::string_view what) {
      return "${" + std::string(type) + "." + id + "." + std::string(what) + "}";
    };
    if (const auto* topic = std::get_if<TopicSpec>(&spec.of))
      meant_[site_.topic_arn(topic->name)] = attribute("aws_sns_topic", short_name(topic->name), "arn");
    if (const auto* table = std::get_if<TableSpec>(&spec.of))
      meant_[site_.arn("dynamodb", "table/" + table->name)] =
          attribute("aws_dynamodb_table", short_name(table->name), "arn");
    if (const auto* queue = std::get_if<QueueSpec>(&spec.of)) {
      meant_[site_.arn("sqs", queue->name)] = attribute("aws_sqs_queue", short_name(queue->name), "arn");
      meant_[site_.queue_url(queue->name)] = attribute("aws_sqs_queue", short_name(queue->name), "url");
    }
    if (const auto* role = std::get_if<RoleSpec>(&spec.of))
      meant_[site_.arn("iam", "role/" + role->name)] = attribute("aws_iam_role", short_name(role->name), "arn");
    if (const auto* function = std::get_if<FunctionSpec>(&spec.of))
      meant_[site_.arn("lambda", "function:" + function->name)] =
          attribute("aws_lambda_function", short_name(function->name), "arn");
    if (const auto* bucket = std::get_if<BucketSpec>(&spec.of))
      meant_["arn:aws:s3:::" + bucket->name] = attribute("aws_s3_bucket", "orders", "arn");
  }

  [[nodiscard]] std::string text(const std::string& value) const {
    if (const auto found = meant_.find(value); found != meant_.end()) return found->second;
    return with_places(literal(value), "${local.account}", "${local.region}");
  }
  // A JSON document as a text, as the provider wants its policies.
  [[nodiscard]] std::string document(std::string_view json) const {
    const Json out =
        with_texts(parse_template_json(json), [this](const std::string& value) { return Json(text(value)); });
    return out.dump();
  }
  [[nodiscard]] std::string function_arn(const std::string& name) const {
    return text(site_.arn("lambda", "function:" + name));
  }

  void put(std::string_view type, const std::string& id, Json arguments) {
    Json& place = resources_[std::string(type)][id];
    CHECK(place.is_null() || place == arguments, "resources differ in their names");  // but an address may come twice
    place = std::move(arguments);
  }
  void put_tagged(std::string_view type, const std::string& id, Json arguments, const Tags& tags) {
    for (const auto& [key, value] : tags) arguments["tags"][literal(key)] = literal(value);
    if (holds_data_) arguments["lifecycle"] = {{"prevent_destroy", true}};
    put(type, id, std::move(arguments));
  }

  void translate(const TableSpec& of) {
    Json arguments{{"name", of.name},
                   {"billing_mode", of.capacity_units.has_value() ? "PROVISIONED" : "PAY_PER_REQUEST"},
                   {"hash_key", of.key},
                   {"attribute", list({{"name", of.key}, {"type", "S"}})},
                   {"point_in_time_recovery", {{"enabled", true}}}};
    if (of.capacity_units.has_value())
      for (const auto* direction : {"read_capacity", "write_capacity"}) arguments[direction] = *of.capacity_units;
    put_tagged("aws_dynamodb_table", short_name(of.name), std::move(arguments), tags_);
  }

  void translate(const QueueSpec& of) {
    const std::map<std::string_view, std::string_view> names{{"VisibilityTimeout", "visibility_timeout_seconds"},
                                                             {"MessageRetentionPeriod", "message_retention_seconds"},
                                                             {"DelaySeconds", "delay_seconds"},
                                                             {"MaximumMessageSize", "max_message_size"},
                                                             {"RedrivePolicy", "redrive_policy"}};
    Json arguments{{"name", of.name}};
    for (const auto& [name, value] : of.attributes) {
      const auto argument = names.find(name);
      CHECK(argument != names.end(), "each attribute that the stack's queues have has an argument");
      const Json parsed = parse_template_json(value);
      arguments[std::string(argument->second)] = parsed.is_number() ? parsed : Json(document(value));
    }
    arguments["sqs_managed_sse_enabled"] = true;
    put_tagged("aws_sqs_queue", short_name(of.name), std::move(arguments), tags_);
  }

  void translate(const TopicSpec& of) { put_tagged("aws_sns_topic", short_name(of.name), {{"name", of.name}}, tags_); }

  void translate(const SubscriptionSpec& of) {
    const auto secret = secret_of(site_, of);
    put("aws_sns_topic_subscription",
        short_name(of.topic) + "_" + short_hash(of.protocol + " " + shown_address(of.endpoint)),
        {{"topic_arn", text(site_.topic_arn(of.topic))},
         {"protocol", of.protocol},
         {"endpoint", secret.has_value() ? value_of(*secret) : literal(of.endpoint)}});
  }

  void translate(const BucketSpec& of) {
    const std::string bucket = "${aws_s3_bucket.orders.id}";
    put_tagged("aws_s3_bucket", "orders", {{"bucket", text(of.name)}}, stack_.options().settings.tags);
    put("aws_s3_bucket_server_side_encryption_configuration", "orders",
        {{"bucket", bucket}, {"rule", {{"apply_server_side_encryption_by_default", {{"sse_algorithm", "AES256"}}}}}});
    put("aws_s3_bucket_ownership_controls", "orders",
        {{"bucket", bucket}, {"rule", {{"object_ownership", "BucketOwnerEnforced"}}}});
    put("aws_s3_bucket_public_access_block", "orders",
        {{"bucket", bucket},
         {"block_public_acls", true},
         {"block_public_policy", true},
         {"ignore_public_acls", true},
         {"restrict_public_buckets", true}});
  }

  void translate(const NotificationSpec& of) {
    Json permissions = Json::array();
    for (const auto& resource : stack_.resources()) {
      const ResourceSpec spec = resource->spec();
      const auto* permission = std::get_if<PermissionSpec>(&spec.of);
      if (permission != nullptr && permission->bucket == of.bucket)
        permissions.push_back(std::string(kPermissionType) + "." + in_snake_case(permission->statement_id));
    }
    put("aws_s3_bucket_notification", "orders",
        {{"bucket", "${aws_s3_bucket.orders.id}"},
         {"lambda_function", list({{"id", of.id},
                                   {"lambda_function_arn", function_arn(of.function)},
                                   {"events", Json::array({of.events})}})},
         {"depends_on", std::move(permissions)}});
  }

  void translate(const RoleSpec& of) {
    const std::string id = short_name(of.name);
    put_tagged("aws_iam_role", id, {{"name", of.name}, {"assume_role_policy", document(of.trust_policy)}}, tags_);
    put(kPolicyType, id,
        {{"name", of.policy_name}, {"role", "${aws_iam_role." + id + ".name}"}, {"policy", document(of.policy)}});
  }

  void translate(const LogGroupSpec& of) {
    put_tagged(kGroupType, short_name(of.name), {{"name", of.name}, {"retention_in_days", of.retention_in_days}},
               tags_);
  }

  void translate(const FunctionSpec& of) {
    const std::string id = short_name(of.name);
    Json variables = Json::object();
    for (const auto* part : {&of.environment, &of.defaults})
      for (const auto& [name, value] : *part) variables[name] = text(value);
    if (of.secret.has_value()) variables[of.secret->variable] = value_of(intake_secret());
    put_tagged("aws_lambda_function", id,
               {{"function_name", of.name},
                {"filename", "${path.module}/" + package_file(of.zip)},
                {"source_code_hash", base::base64_encode(base::sha256(of.zip))},
                {"runtime", of.runtime},
                {"handler", of.handler},
                {"architectures", Json::array({of.architecture})},
                {"role", text(site_.arn("iam", "role/" + of.name))},
                {"timeout", of.timeout_seconds},
                {"memory_size", of.memory_size_mb},
                {"environment", {{"variables", std::move(variables)}}},
                {"depends_on", Json::array({std::string(kPolicyType) + "." + id, std::string(kGroupType) + "." + id})}},
               tags_);
  }

  void translate(const PermissionSpec& of) {
    Json arguments{{"statement_id", of.statement_id},
                   {"action", of.action},
                   {"function_name", function_arn(of.function)},
                   {"principal", of.service.empty() ? "*" : of.service}};
    if (!of.bucket.empty()) {
      arguments["source_arn"] = text("arn:aws:s3:::" + of.bucket);
      arguments["source_account"] = text(site_.account);
    } else if (of.is_for_url()) {
      arguments["function_url_auth_type"] = "NONE";
    } else {
      arguments["invoked_via_function_url"] = true;
    }
    put(kPermissionType, in_snake_case(of.statement_id), std::move(arguments));
  }

  void translate(const FunctionUrlSpec& of) {
    put("aws_lambda_function_url", short_name(of.function),
        {{"function_name", function_arn(of.function)},
         {"authorization_type", of.auth_type},
         {"invoke_mode", of.invoke_mode}});
  }

  void translate(const MappingSpec& of) {
    put("aws_lambda_event_source_mapping", short_name(of.queue) + "_to_" + short_name(of.function),
        {{"event_source_arn", text(site_.arn("sqs", of.queue))},
         {"function_name", function_arn(of.function)},
         {"batch_size", of.batch_size},
         {"maximum_batching_window_in_seconds", of.batch_window_seconds},
         {"function_response_types", Json::array({kMappingResponseType})},
         {"scaling_config", {{"maximum_concurrency", of.maximum_concurrency}}},
         {"enabled", true}});
  }

  void translate(const AlarmSpec& of) {
    const Json dimensions{{of.dimension.first, of.dimension.second}};
    Json arguments{{"alarm_name", of.name}, {"alarm_description", of.description}};
    if (of.share_of.empty()) {
      arguments.update(Json{{"namespace", of.name_space},
                            {"metric_name", of.metric_name},
                            {"dimensions", dimensions},
                            {"statistic", of.statistic},
                            {"period", of.period_seconds}});
    } else {
      const auto term = [&](std::string_view id, const std::string& metric) -> Json {
        return {{"id", id},
                {"metric",
                 {{"namespace", of.name_space},
                  {"metric_name", metric},
                  {"dimensions", dimensions},
                  {"period", of.period_seconds},
                  {"stat", of.statistic}}},
                {"return_data", false}};
      };
      arguments["metric_query"] = Json::array({Json{{"id", "percentage"},
                                                    {"expression", kPercentageExpression},
                                                    {"label", "percent"},
                                                    {"return_data", true}},
                                               term("part", of.metric_name), term("whole", of.share_of)});
    }
    arguments.update(Json{{"evaluation_periods", 1},
                          {"threshold", number(of.threshold)},
                          {"comparison_operator", of.comparison_operator},
                          {"treat_missing_data", kTreatMissingData},
                          {"actions_enabled", true},
                          {"alarm_actions", Json::array({text(of.topic_arn)})}});
    put_tagged("aws_cloudwatch_metric_alarm", short_name(of.name), std::move(arguments), tags_);
  }

  [[nodiscard]] Json outputs() const {
    Json out{{"bucket", {{"value", "${aws_s3_bucket.orders.id}"}}},
             {"orders_queue_url", {{"value", "${aws_sqs_queue.orders.url}"}}},
             {"orders_table", {{"value", "${aws_dynamodb_table.orders.name}"}}},
             {"alarms_topic", {{"value", "${aws_sns_topic.alarms.arn}"}}}};
    if (has_intake()) out["intake_url"] = {{"value", "${aws_lambda_function_url.intake.function_url}"}};
    return out;
  }

  const Stack& stack_;
  const Site& site_;
  std::map<std::string, std::string> meant_;  // ARNs and URLs, and how the template says them
  Tags tags_;                                 // of the resource that is translated
  bool holds_data_ = false;                   // the same
  Json resources_ = Json::object();
};

}  // namespace

std::string terraform_template(const Stack& stack) {
  return write_template_json(Writer(stack).write());
}

}  // namespace pipeline
