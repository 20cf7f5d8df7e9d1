// Templates of CloudFormation, and of SAM, where functions and their mappings are one resource.
#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "base/encoding.h"
#include "pipeline/notification_rule.h"
#include "pipeline/template.h"
#include "pipeline/template_parts.h"

namespace pipeline {
namespace {

using Json = TemplateJson;

constexpr std::string_view kCodeBucket = "CodeBucket";

Json reference_to(std::string_view id) {
  return {{"Ref", id}};
}
Json attribute_of(std::string_view id, std::string_view attribute) {
  return {{"Fn::GetAtt", Json::array({id, attribute})}};
}
Json arn_of(std::string_view id) {
  return attribute_of(id, "Arn");
}

// A text that arrives as it is. A place of Fn::Sub stands in pieces: linters take "${AWS::Region}" for one that was
// forgotten, and Fn::Sub without places for one too many.
Json verbatim(const std::string& value) {
  Json pieces = Json::array();
  std::size_t begin = 0;
  for (std::size_t at = value.find("${"); at != std::string::npos; at = value.find("${", begin)) {
    pieces.push_back(value.substr(begin, at + 1 - begin));
    begin = at + 1;
  }
  if (pieces.empty()) return value;
  pieces.push_back(value.substr(begin));
  return {{"Fn::Join", Json::array({"", std::move(pieces)})}};
}

class Writer {
 public:
  Writer(const Stack& stack, bool is_sam) : stack_(stack), site_(stack.site()), is_sam_(is_sam) {
    for (const auto& resource : stack.resources()) name(resource->spec());
  }

  Json write() {
    for (const auto& resource : stack_.resources()) add(*resource);
    Json out{{"AWSTemplateFormatVersion", "2010-09-09"}};
    if (is_sam_) out["Transform"] = "AWS::Serverless-2016-10-31";
    out["Description"] = "Tillstream, the pipeline \"" + site_.stack + "\", as `till export` has written it.";
    if (!parameters().empty()) out["Parameters"] = parameters();
    out["Resources"] = std::move(resources_);
    out["Outputs"] = outputs();
    return out;
  }

 private:
  [[nodiscard]] std::string short_name(std::string_view full) const {
    return in_camel_case(name_in_stack(site_, full));
  }

  // Its logical ID: what it is called in the stack, and its kind. Where more than one has a name in common (rules "a-1"
  // and "a1") the others' have a hash. Empty if it is part of another.
  [[nodiscard]] std::string id_of(const ResourceSpec& spec) const {
    return std::visit(
        EachKind{[&](const TableSpec& of) { return short_name(of.name) + "Table"; },
                 [&](const QueueSpec& of) { return short_name(of.name) + "Queue"; },
                 [&](const TopicSpec& of) { return short_name(of.name) + "Topic"; },
                 [&](const SubscriptionSpec& of) {
                   return short_name(of.topic) + "Subscription" +
                          short_hash(of.topic + " " + of.protocol + " " + shown_address(of.endpoint));
                 },
                 [&](const BucketSpec&) { return std::string("Bucket"); },
                 [&](const NotificationSpec&) { return std::string(); },
                 [&](const RoleSpec& of) { return short_name(of.name) + "Role"; },
                 [&](const LogGroupSpec& of) { return short_name(of.name) + "LogGroup"; },
                 [&](const FunctionSpec& of) { return short_name(of.name) + "Function"; },
                 [&](const PermissionSpec& of) { return in_camel_case(of.statement_id) + "Permission"; },
                 [&](const FunctionUrlSpec& of) { return short_name(of.function) + "Url"; },
                 [&](const MappingSpec& of) { return short_name(of.queue) + "To" + short_name(of.function); },
                 [&](const AlarmSpec& of) { return short_name(of.name) + "Alarm"; }},
        spec.of);
  }

  // What others say of it to mean it: CloudFormation makes it before them.
  void name(const ResourceSpec& spec) {
    const std::string id = id_of(spec);
    if (const auto* topic = std::get_if<TopicSpec>(&spec.of)) {
      const std::string own = topics_.contains(id) ? id + short_hash(topic->name) : id;
      topics_.insert(own);
      ids_[topic->name] = own;
      meant_[site_.topic_arn(topic->name)] = attribute_of(own, "TopicArn");
    }
    if (const auto* table = std::get_if<TableSpec>(&spec.of))
      meant_[site_.arn("dynamodb", "table/" + table->name)] = arn_of(id);
    if (const auto* queue = std::get_if<QueueSpec>(&spec.of)) {
      meant_[site_.arn("sqs", queue->name)] = arn_of(id);
      meant_[site_.queue_url(queue->name)] = reference_to(id);
    }
    if (const auto* role = std::get_if<RoleSpec>(&spec.of)) meant_[site_.arn("iam", "role/" + role->name)] = arn_of(id);
    if (const auto* function = std::get_if<FunctionSpec>(&spec.of))
      meant_[site_.arn("lambda", "function:" + function->name)] = arn_of(id);
  }

  [[nodiscard]] Json text(const std::string& value) const {
    if (const auto found = meant_.find(value); found != meant_.end()) return found->second;
    if (value == kAnyAccount) return reference_to("AWS::AccountId");
    if (value == kAnyRegion) return reference_to("AWS::Region");
    const bool has_place = value.find(kAnyAccount) != std::string::npos || value.find(kAnyRegion) != std::string::npos;
    if (!has_place) return verbatim(value);
    const std::string literal = replace_all(value, "${", "${!");
    return {{"Fn::Sub", with_places(literal, "${AWS::AccountId}", "${AWS::Region}")}};
  }
  [[nodiscard]] Json document(std::string_view json) const {
    return with_texts(parse_template_json(json), [this](const std::string& value) { return text(value); });
  }
  [[nodiscard]] Json function_arn(const std::string& name) const {
    return text(site_.arn("lambda", "function:" + name));
  }

  static Json list_of(const Tags& tags) {
    Json out = Json::array();
    for (const auto& [key, value] : tags) out.push_back({{"Key", verbatim(key)}, {"Value", verbatim(value)}});
    return out;
  }
  static Json map_of(const Tags& tags) {
    Json out = Json::object();
    for (const auto& [key, value] : tags) out[key] = verbatim(value);
    return out;
  }

  void add(const Resource& resource) {
    const ResourceSpec spec = resource.spec();
    Json made = std::visit([this](const auto& of) { return translate(of); }, spec.of);
    if (made.is_null()) return;
    const auto* bucket = std::get_if<BucketSpec>(&spec.of);
    const Tags tags = bucket == nullptr ? resource.tags() : stack_.options().settings.tags;
    Json& properties = made["Properties"];
    const bool is_map = is_sam_ && std::holds_alternative<FunctionSpec>(spec.of);
    if (!tags.empty()) properties["Tags"] = is_map ? map_of(tags) : list_of(tags);
    Json out{{"Type", made["Type"]}};
    if (made.contains("DependsOn")) out["DependsOn"] = made["DependsOn"];
    if (resource.holds_data()) {
      out["DeletionPolicy"] = "RetainExceptOnCreate";
      out["UpdateReplacePolicy"] = "Retain";
    }
    out["Properties"] = std::move(properties);
    const auto* topic = std::get_if<TopicSpec>(&spec.of);
    const std::string id = topic == nullptr ? id_of(spec) : ids_.at(topic->name);
    CHECK(!resources_.contains(id) || resources_[id] == out, "logical IDs differ");  // but an address may come twice
    resources_[id] = std::move(out);
  }

  // Type, Properties without tags, and DependsOn where no reference says it.
  static Json of_type(std::string_view type, Json properties) {
    return {{"Type", type}, {"Properties", std::move(properties)}};
  }

  [[nodiscard]] Json translate(const TableSpec& of) const {
    Json properties{{"TableName", of.name},
                    {"AttributeDefinitions", {{{"AttributeName", of.key}, {"AttributeType", "S"}}}},
                    {"KeySchema", {{{"AttributeName", of.key}, {"KeyType", "HASH"}}}},
                    {"BillingMode", of.capacity_units.has_value() ? "PROVISIONED" : "PAY_PER_REQUEST"},
                    {"PointInTimeRecoverySpecification", {{"PointInTimeRecoveryEnabled", true}}}};
    if (of.capacity_units.has_value())
      properties["ProvisionedThroughput"] = {{"ReadCapacityUnits", *of.capacity_units},
                                             {"WriteCapacityUnits", *of.capacity_units}};
    return of_type("AWS::DynamoDB::Table", std::move(properties));
  }

  [[nodiscard]] Json translate(const QueueSpec& of) const {
    Json properties{{"QueueName", of.name}};
    for (const auto& [name, value] : of.attributes) {
      CHECK(name != "Policy", "the policy of a queue is a resource of its own for CloudFormation");
      properties[name] = document(value);
    }
    properties["SqsManagedSseEnabled"] = true;
    return of_type("AWS::SQS::Queue", std::move(properties));
  }

  [[nodiscard]] Json translate(const TopicSpec& of) const {
    return of_type("AWS::SNS::Topic", {{"TopicName", of.name}});
  }

  [[nodiscard]] Json translate(const SubscriptionSpec& of) const {
    const auto secret = secret_of(site_, of);
    return of_type("AWS::SNS::Subscription",
                   {{"TopicArn", text(site_.topic_arn(of.topic))},
                    {"Protocol", of.protocol},
                    {"Endpoint", secret.has_value() ? reference_to(cloudformation_name(*secret)) : text(of.endpoint)}});
  }

  // With its notification, before which S3 must be allowed to call the function. The bucket's name says who may be
  // called, so that nothing needs the bucket to be there first.
  [[nodiscard]] Json translate(const BucketSpec& of) const {
    Json called = Json::array();
    Json permissions = Json::array();
    for (const auto& resource : stack_.resources()) {
      const ResourceSpec spec = resource->spec();
      const auto* notification = std::get_if<NotificationSpec>(&spec.of);
      if (notification != nullptr && notification->bucket == of.name)
        called.push_back({{"Event", notification->events}, {"Function", function_arn(notification->function)}});
      const auto* permission = std::get_if<PermissionSpec>(&spec.of);
      if (permission != nullptr && permission->bucket == of.name) permissions.push_back(id_of(spec));
    }
    Json out = of_type(
        "AWS::S3::Bucket",
        {{"BucketName", text(of.name)},
         {"BucketEncryption",
          {{"ServerSideEncryptionConfiguration", {{{"ServerSideEncryptionByDefault", {{"SSEAlgorithm", "AES256"}}}}}}}},
         {"OwnershipControls", {{"Rules", {{{"ObjectOwnership", "BucketOwnerEnforced"}}}}}},
         {"PublicAccessBlockConfiguration",
          {{"BlockPublicAcls", true},
           {"BlockPublicPolicy", true},
           {"IgnorePublicAcls", true},
           {"RestrictPublicBuckets", true}}},
         {"NotificationConfiguration", {{"LambdaConfigurations", std::move(called)}}}});
    out["DependsOn"] = std::move(permissions);
    return out;
  }
  [[nodiscard]] Json translate(const NotificationSpec&) const { return nullptr; }

  [[nodiscard]] Json translate(const RoleSpec& of) const {
    return of_type("AWS::IAM::Role",
                   {{"RoleName", of.name},
                    {"AssumeRolePolicyDocument", document(of.trust_policy)},
                    {"Policies", {{{"PolicyName", of.policy_name}, {"PolicyDocument", document(of.policy)}}}}});
  }

  [[nodiscard]] Json translate(const LogGroupSpec& of) const {
    return of_type("AWS::Logs::LogGroup", {{"LogGroupName", of.name}, {"RetentionInDays", of.retention_in_days}});
  }

  [[nodiscard]] Json translate(const FunctionSpec& of) const {
    Json variables = Json::object();
    for (const auto* part : {&of.environment, &of.defaults})
      for (const auto& [name, value] : *part) variables[name] = text(value);
    if (of.secret.has_value()) variables[of.secret->variable] = reference_to(cloudformation_name(intake_secret()));
    Json properties{{"FunctionName", of.name}};
    if (is_sam_)
      properties["CodeUri"] = "./" + package_file(of.zip);
    else
      properties["Code"] = {{"S3Bucket", reference_to(kCodeBucket)}, {"S3Key", package_file(of.zip)}};
    properties.update(Json{{"Runtime", of.runtime},
                           {"Handler", of.handler},
                           {"Architectures", {of.architecture}},
                           {"Role", text(site_.arn("iam", "role/" + of.name))},
                           {"Timeout", of.timeout_seconds},
                           {"MemorySize", of.memory_size_mb},
                           {"Environment", {{"Variables", std::move(variables)}}}});
    if (is_sam_) {
      const Json events = events_of(of.name);
      if (!events.empty()) properties["Events"] = events;
    }
    Json out = of_type(is_sam_ ? "AWS::Serverless::Function" : "AWS::Lambda::Function", std::move(properties));
    out["DependsOn"] = id_of({LogGroupSpec{"/aws/lambda/" + of.name, 0}});
    return out;
  }

  [[nodiscard]] Json translate(const PermissionSpec& of) const {
    Json properties{{"Action", of.action},
                    {"FunctionName", function_arn(of.function)},
                    {"Principal", of.service.empty() ? "*" : of.service}};
    if (!of.bucket.empty()) {
      properties["SourceArn"] = text("arn:aws:s3:::" + of.bucket);
      properties["SourceAccount"] = text(site_.account);
    } else if (of.is_for_url()) {
      properties["FunctionUrlAuthType"] = "NONE";
    } else {
      properties["InvokedViaFunctionUrl"] = true;
    }
    return of_type("AWS::Lambda::Permission", std::move(properties));
  }

  [[nodiscard]] Json translate(const FunctionUrlSpec& of) const {
    return of_type(
        "AWS::Lambda::Url",
        {{"TargetFunctionArn", function_arn(of.function)}, {"AuthType", of.auth_type}, {"InvokeMode", of.invoke_mode}});
  }

  static Json polling(const MappingSpec& of) {
    return {{"BatchSize", of.batch_size},
            {"MaximumBatchingWindowInSeconds", of.batch_window_seconds},
            {"FunctionResponseTypes", {kMappingResponseType}},
            {"ScalingConfig", {{"MaximumConcurrency", of.maximum_concurrency}}},
            {"Enabled", true}};
  }
  [[nodiscard]] Json translate(const MappingSpec& of) const {
    if (is_sam_) return nullptr;  // an event of its function
    Json properties{{"EventSourceArn", text(site_.arn("sqs", of.queue))}, {"FunctionName", function_arn(of.function)}};
    properties.update(polling(of));
    return of_type("AWS::Lambda::EventSourceMapping", std::move(properties));
  }
  [[nodiscard]] Json events_of(const std::string& function) const {
    Json out = Json::object();
    for (const auto& resource : stack_.resources()) {
      const ResourceSpec spec = resource->spec();
      const auto* mapping = std::get_if<MappingSpec>(&spec.of);
      if (mapping == nullptr || mapping->function != function) continue;
      Json properties{{"Queue", text(site_.arn("sqs", mapping->queue))}};
      properties.update(polling(*mapping));
      out[short_name(mapping->queue)] = {{"Type", "SQS"}, {"Properties", std::move(properties)}};
    }
    return out;
  }

  [[nodiscard]] Json translate(const AlarmSpec& of) const {
    const Json dimensions{{{"Name", of.dimension.first}, {"Value", of.dimension.second}}};
    Json properties{{"AlarmName", of.name}, {"AlarmDescription", of.description}};
    if (of.share_of.empty()) {
      properties.update(Json{{"Namespace", of.name_space},
                             {"MetricName", of.metric_name},
                             {"Dimensions", dimensions},
                             {"Statistic", of.statistic},
                             {"Period", of.period_seconds}});
    } else {
      const auto term = [&](std::string_view id, const std::string& metric) -> Json {
        return {{"Id", id},
                {"MetricStat",
                 {{"Metric", {{"Namespace", of.name_space}, {"MetricName", metric}, {"Dimensions", dimensions}}},
                  {"Period", of.period_seconds},
                  {"Stat", of.statistic}}},
                {"ReturnData", false}};
      };
      properties["Metrics"] = Json::array(
          {Json{
               {"Id", "percentage"}, {"Expression", kPercentageExpression}, {"Label", "percent"}, {"ReturnData", true}},
           term("part", of.metric_name), term("whole", of.share_of)});
    }
    properties.update(Json{{"EvaluationPeriods", 1},
                           {"Threshold", number(of.threshold)},
                           {"ComparisonOperator", of.comparison_operator},
                           {"TreatMissingData", kTreatMissingData},
                           {"ActionsEnabled", true},
                           {"AlarmActions", Json::array({text(of.topic_arn)})}});
    return of_type("AWS::CloudWatch::Alarm", std::move(properties));
  }

  [[nodiscard]] Json parameters() const {
    Json out = Json::object();
    if (!is_sam_)
      out[kCodeBucket] = {{"Type", "String"},
                          {"Description", "The bucket, in this region, that the packages of the functions are in"}};
    for (const TemplateSecret& secret : template_secrets(stack_))
      out[cloudformation_name(secret)] = {
          {"Type", "String"}, {"NoEcho", true}, {"MinLength", 1}, {"Description", secret.what}};
    return out;
  }

  [[nodiscard]] Json outputs() const {
    Json out{
        {"Bucket", {{"Description", "Where files of orders go"}, {"Value", reference_to("Bucket")}}},
        {"OrdersQueueUrl", {{"Description", "Where single orders go"}, {"Value", reference_to("OrdersQueue")}}},
        {"OrdersTable", {{"Description", "Accepted orders"}, {"Value", reference_to("OrdersTable")}}},
        {"AlarmsTopic", {{"Description", "Who subscribes hears of alarms"}, {"Value", reference_to("AlarmsTopic")}}}};
    if (stack_.options().intake.has_value())
      out["IntakeUrl"] = {{"Description", "Where webhooks go"}, {"Value", attribute_of("IntakeUrl", "FunctionUrl")}};
    return out;
  }

  const Stack& stack_;
  const Site& site_;
  const bool is_sam_;
  std::map<std::string, Json> meant_;       // ARNs and URLs, and how the template says them
  std::map<std::string, std::string> ids_;  // of topics, whose names users choose
  std::set<std::string> topics_;
  Json resources_ = Json::object();
};

std::string written(const Stack& stack, bool is_sam, TemplateLanguage language) {
  const Json document = Writer(stack, is_sam).write();
  return language == TemplateLanguage::yaml ? write_template_yaml(document) : write_template_json(document);
}

}  // namespace

std::string cloudformation_template(const Stack& stack, TemplateLanguage language) {
  return written(stack, /*is_sam=*/false, language);
}

std::string sam_template(const Stack& stack, TemplateLanguage language) {
  return written(stack, /*is_sam=*/true, language);
}

}  // namespace pipeline
