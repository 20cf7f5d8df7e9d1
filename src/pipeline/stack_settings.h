// StackSettings, AlarmSettings: what a definition says of the stack that its pipeline stands on, and of its alarms.
// Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pipeline {

struct StackSettings {
  std::optional<std::string> name;      // prefix of every resource
  std::optional<std::string> region;    // "eu-west-1"
  std::optional<std::string> endpoint;  // a URL, or "aws"
  std::optional<std::string> profile;   // of the AWS CLI's shared files: whose stack it is, on AWS
  // The package of the pipeline's functions, from the definition's directory; nullopt: the one that `till` carries.
  std::optional<std::string> functions_package;
  uint32_t functions_package_line = 0;                    // in the definition
  std::vector<std::pair<std::string, std::string>> tags;  // on every resource whose kind can have them
  int32_t log_retention_days = 30;
  int32_t maximum_concurrency = 16;  // process functions at once
  int32_t batch_size = 10;           // orders that one of them gets at once
  int32_t batch_window_seconds = 0;  // that a batch may wait for more orders
};

// Words of letters and a digit at the end, as ARNs have regions: "eu-west-1".
bool is_region_name(std::string_view name);
// The name begins those of all resources, of which buckets have the narrowest rules. For people it is `kStackNames`.
inline constexpr std::string_view kStackNames =
    "1 to 20 of a-z, 0-9 and -, which begin with a letter or a digit and not as names that S3 keeps for itself (xn--, "
    "sthree-, amzn-s3-demo-)";
bool is_stack_name(std::string_view name);

// Thresholds, each over a minute.
struct AlarmSettings {
  double errors = 1;          // of the process function: this many
  double duration_ms = 1000;  // of the process function on average: more than this
  double throttle = 0;        // refused writes to the orders table: more than this
  double dead_letters = 0;    // orders that were given up: more than this
  double uploads = 1;         // files that could not be read: this many
  // These look at five minutes.
  double quarantine_percent = 5;  // of the orders that have an outcome, refused: more than this
  // Of the oldest order that was given up: more than this, half of its retention. SQS counts the age from when it came
  // there and the retention from when it was first sent, up to four days earlier, so three days are left at least.
  double dead_letter_age_seconds = 604'800;
  double notification_age_seconds = 900;  // of the oldest order that is still to be notified: more than this
  // Who is told; if both are empty, those who hear of large orders.
  std::vector<std::string> emails;
  std::vector<std::string> webhooks;
};

}  // namespace pipeline
