// PipelineConfig: where the pipeline's stages find what they work on. `till up` writes it into the environment of the
// functions (stack.h); a function's main reads it back. A value.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/decimal.h"

namespace pipeline {

// The pipeline's own metrics. Their dimension is the stack; OrdersQuarantined is there by stack and reason as well.
// Each is told by whoever settles the order, and once more if a message whose work was done comes again.
inline constexpr std::string_view kMetricNamespace = "Tillstream";
inline constexpr std::string_view kStackDimension = "Stack";
inline constexpr std::string_view kReasonDimension = "Reason";
inline constexpr std::string_view kUploadsFailed = "UploadsFailed";      // documents that could not be read as orders
inline constexpr std::string_view kOrdersProcessed = "OrdersProcessed";  // those that have an outcome, whichever
inline constexpr std::string_view kOrdersAccepted = "OrdersAccepted";
inline constexpr std::string_view kOrdersUpdated = "OrdersUpdated";  // a newer version has replaced an older one
inline constexpr std::string_view kOrdersQuarantined = "OrdersQuarantined";
// What the sweep function could not settle, of what it looked at, and how long ago the oldest of these orders was
// stored. Not the notify queue's ApproximateAgeOfOldestMessage: SQS leaves out messages that have come more than three
// times, which is what a debt does, and one that is put back begins anew.
inline constexpr std::string_view kNotificationsOwed = "NotificationsOwed";
inline constexpr std::string_view kOldestNotificationAge = "OldestNotificationAge";  // seconds

// What the senders of webhooks share with the intake function, which has it in this variable.
inline constexpr std::string_view kIntakeSecretVariable = "TILL_INTAKE_SECRET";

struct PipelineConfig {
  std::string bucket;
  std::string orders_table;
  std::string quarantine_table;
  std::string uploads_table;
  std::string queue_url;                // orders on their way to the process function
  std::string notify_queue_url;         // notifications that are still owed
  std::string topic_arn;                // large orders
  std::string rule_topic_prefix;        // with a rule's name behind it the ARN of its topic
  base::Decimal large_order_threshold;  // an order above it is notified
};

// The stack's name, which begins the names of its tables.
std::string_view stack_name(const PipelineConfig& config);

using Environment = std::vector<std::pair<std::string, std::string>>;

// The variables (TILL_...) that carry the config, and the way back. `get` answers nullopt for a variable that is not
// set; the error names the first one that is missing or malformed.
Environment to_environment(const PipelineConfig& config);
std::expected<PipelineConfig, std::string> from_environment(
    const std::function<std::optional<std::string>(std::string_view)>& get);

}  // namespace pipeline
