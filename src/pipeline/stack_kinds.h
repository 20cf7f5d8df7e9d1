// The kinds of resources a stack is made of, each in a file of its own (stack_tables.cc, ...). `site` outlives what is
// made. Names are full names; policies are JSON documents, compared as values and not as text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "pipeline/stack_resource.h"

namespace aws::lambda {
struct FunctionConfiguration;
}

namespace pipeline {

struct TableSpec {
  std::string name;
  std::string key;                             // its partition key, a string
  std::optional<int64_t> capacity_units = {};  // provisioned, for reads and writes each; nullopt: on demand
  bool scratch = false;                        // its rows are nobody's
};
struct QueueSpec {
  std::string name;
  aws::Map<std::string> attributes;  // SQS's names
};
struct TopicSpec {
  std::string name;
};
struct SubscriptionSpec {
  std::string topic;
  std::string protocol;  // SNS's: "email", "https", "sqs"
  std::string endpoint;
};
struct BucketSpec {
  std::string name;
};
struct NotificationSpec {
  std::string id;
  std::string bucket;
  std::string function;
  std::string events;
};
struct RoleSpec {
  std::string name;
  std::string trust_policy;
  std::string policy_name;
  std::string policy;
};
struct LogGroupSpec {
  std::string name;
  int32_t retention_in_days = 0;
};
struct PermissionSpec {
  std::string who;  // for people
  std::string function;
  std::string statement_id;
  std::string action;
  std::string service = {};  // empty: everybody
  std::string bucket = {};   // of S3

  // Everybody may use the URL; where this is false and there is no bucket, everybody who comes through it.
  [[nodiscard]] bool is_for_url() const { return action == "lambda:InvokeFunctionUrl"; }
};
struct FunctionUrlSpec {
  std::string function;
  std::string auth_type;
  std::string invoke_mode;
};
struct Secret {
  std::string variable;              // of the function
  std::optional<std::string> value;  // none: the function keeps what it has; one that has none cannot be made
  std::string whence;                // for people: where the value would have been found
};
// What the functions of this build run on: "x86_64" or "arm64".
std::string_view function_architecture();
struct FunctionSpec {
  std::string name = {};
  std::string_view zip = {};  // outlives the resource
  std::string architecture = std::string(function_architecture());
  std::string runtime = "provided.al2023";
  std::string handler = {};
  int32_t timeout_seconds = 0;
  int32_t memory_size_mb = 0;
  aws::Map<std::string> environment = {};  // variables beside these are left alone
  aws::Map<std::string> defaults = {};     // variables that a new function begins with; they may be any other number
  std::optional<Secret> secret = {};       // one more variable, whose value nobody is shown
};
struct MappingSpec {
  std::string queue;
  std::string function;
  int32_t maximum_concurrency = 2;
  int32_t batch_size = 10;
  int32_t batch_window_seconds = 0;
};
struct AlarmSpec {
  std::string name;
  std::string description;
  std::string name_space;
  std::string metric_name;
  std::pair<std::string, std::string> dimension;
  std::string statistic;
  std::string comparison_operator;
  double threshold = 0;
  std::string topic_arn;  // its action
  int32_t period_seconds = 60;
  // Another metric with the same namespace, dimension and statistic, of which `metric_name` counts a part: the
  // condition is on the percentage.
  std::string share_of = {};
};
// What a resource is made from. Whoever writes stacks down for other tools visits it, so that a new kind does not
// compile until each of them knows it.
struct ResourceSpec {
  std::variant<TableSpec, QueueSpec, TopicSpec, SubscriptionSpec, BucketSpec, NotificationSpec, RoleSpec, LogGroupSpec,
               FunctionSpec, PermissionSpec, FunctionUrlSpec, MappingSpec, AlarmSpec>
      of;
};

// Metric math for an alarm with `share_of`: the percentage `part` makes of `whole`.
inline constexpr std::string_view kPercentageExpression = "100 * part / whole";
// How a mapping's function tells which messages of a batch come again.
inline constexpr std::string_view kMappingResponseType = "ReportBatchItemFailures";
// What alarms make of a period without a value.
inline constexpr std::string_view kTreatMissingData = "notBreaching";

std::unique_ptr<Resource> make_table(const Site& site, TableSpec spec);
std::unique_ptr<Resource> make_queue(const Site& site, const std::string& name, aws::Map<std::string> attributes);
std::unique_ptr<Resource> make_topic(const Site& site, const std::string& name);
// `protocol` is SNS's ("email", "https", "sqs"). One that waits for its confirmation counts as there.
std::unique_ptr<Resource> make_subscription(const Site& site, const std::string& topic, const std::string& protocol,
                                            const std::string& endpoint);
// What SNS shows in the place of the ARN of one whose owner has to confirm it
// (docs.aws.amazon.com/sns/latest/api/API_Subscribe.html).
inline constexpr std::string_view kPendingSubscription = "PendingConfirmation";
std::unique_ptr<Resource> make_bucket(const Site& site, const std::string& name);
// Calls `function` for each object that is created in `bucket`.
std::unique_ptr<Resource> make_notification(const Site& site, const std::string& bucket, const std::string& function);
// A role that Lambda may assume and that may do what `policy` says and nothing else: other policies are drift.
std::unique_ptr<Resource> make_function_role(const Site& site, const std::string& name, const std::string& policy);
std::unique_ptr<Resource> make_log_group(const Site& site, const std::string& name, int32_t retention_in_days);
std::unique_ptr<Resource> make_function(const Site& site, FunctionSpec spec);
// Waits until Lambda takes changes of the function, one that exists, and answers what it is then.
base::Result<aws::lambda::FunctionConfiguration> wait_for_function(const Site& site, const std::string& function);
// Notes at the function that `till` has put the code of this hash (CodeSha256) there.
base::Result<void> note_code(const Site& site, const std::string& function, const std::string& code_sha256);
// Lets S3 invoke `function` for `bucket`.
std::unique_ptr<Resource> make_permission(const Site& site, const std::string& function, const std::string& bucket);
std::unique_ptr<Resource> make_function_url(const Site& site, const std::string& function);
// Lets everybody invoke `function` by its URL.
Resources make_public(const Site& site, const std::string& function);
std::unique_ptr<Resource> make_mapping(const Site& site, MappingSpec spec);
std::unique_ptr<Resource> make_alarm(const Site& site, AlarmSpec spec);

// `resource` with these tags beside those that others have put on it; as it came if there are none, or if its kind has
// none here.
std::unique_ptr<Resource> with_tags(const Site& site, std::unique_ptr<Resource> resource, const Tags& tags);

}  // namespace pipeline
