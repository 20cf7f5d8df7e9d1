// The sections [stack] and [alarms] of the definition file.
#include <fmt/format.h>

#include <algorithm>

#include "aws/pattern.h"
#include "aws/rules/bucket_name.h"
#include "pipeline/definition_section.h"

namespace pipeline {
namespace {

// What CloudWatch Logs takes for PutRetentionPolicy.
constexpr std::array<int32_t, 22> kRetentionDays{1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                                 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
// Bounds of event source mappings of standard queues.
constexpr int32_t kConcurrencyMin = 2;
constexpr int32_t kConcurrencyMax = 1000;
constexpr int32_t kBatchMax = 10'000;
constexpr int32_t kBatchMaxWithoutWindow = 10;
constexpr int32_t kWindowMax = 300;
// Bounds of tags that all services share.
constexpr std::size_t kTagsMax = 40;  // of 50, so that others have room
constexpr std::size_t kTagKeyMax = 128;
constexpr std::size_t kTagValueMax = 256;

std::string in_lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// What IAM, the strictest, takes of both names and values.
bool is_tag_text(std::string_view text) {
  static const auto pattern = aws::Pattern::compile(R"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)");
  return pattern.has_value() && pattern->matches(text);
}

void check_tags(DefinitionSection& section, const StackSettings& stack) {
  if (stack.tags.size() > kTagsMax) section.fault_at("tags", fmt::format("has more than {} tags", kTagsMax));
  std::set<std::string> names;
  for (const auto& [name, value] : stack.tags) {
    const bool good = !name.empty() && name.size() <= kTagKeyMax && value.size() <= kTagValueMax && is_tag_text(name) &&
                      is_tag_text(value);
    if (!good)
      section.fault_at("tags", fmt::format("has \"{}\": a name has 1 to {} bytes, a value has up to {}, of letters, "
                                           "digits, spaces and _.:/=+-@",
                                           name, kTagKeyMax, kTagValueMax));
    const std::string lower = in_lower_case(name);
    for (const auto& [prefix, owner] : {std::pair("aws:", "AWS"), std::pair("tillstream:", "till")})
      if (lower.starts_with(prefix))
        section.fault_at("tags", fmt::format("has \"{}\": names that begin with {} are {}'s own", name, prefix, owner));
    if (!names.insert(lower).second)
      section.fault_at("tags", fmt::format("has \"{}\" twice: for IAM capital and small letters are the same", name));
  }
}

void read_log_retention(DefinitionSection& section, StackSettings& stack) {
  stack.log_retention_days =
      section.whole_number("log_retention_days", 1, kRetentionDays.back(), stack.log_retention_days);
  if (std::ranges::find(kRetentionDays, stack.log_retention_days) == kRetentionDays.end())
    section.fault_at("log_retention_days", fmt::format("can be {}", fmt::join(kRetentionDays, ", ")));
}

void read_batches(DefinitionSection& section, StackSettings& stack) {
  stack.maximum_concurrency =
      section.whole_number("maximum_concurrency", kConcurrencyMin, kConcurrencyMax, stack.maximum_concurrency);
  stack.batch_size = section.whole_number("batch_size", 1, kBatchMax, stack.batch_size);
  stack.batch_window_seconds = section.whole_number("batch_window", 0, kWindowMax, stack.batch_window_seconds);
  if (stack.batch_size > kBatchMaxWithoutWindow && stack.batch_window_seconds < 1)
    section.fault_at("batch_size", fmt::format("is more than {}, which needs a `batch_window` of 1 second or more",
                                               kBatchMaxWithoutWindow));
}

}  // namespace

bool is_stack_name(std::string_view name) {
  constexpr std::size_t kLengthMax = 20;
  return !name.empty() && name.size() <= kLengthMax &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos &&
         aws::rules::is_bucket_name(std::string(name) + "-000000000000-us-east-1");  // as Stack calls the bucket
}

bool is_region_name(std::string_view name) {
  const std::size_t last = name.rfind('-');
  if (last == std::string_view::npos || last + 2 != name.size() || name[last + 1] < '0' || name[last + 1] > '9')
    return false;
  const std::string_view words = name.substr(0, last);
  return words.find('-') != std::string_view::npos && words.front() != '-' && words.back() != '-' &&
         words.find("--") == std::string_view::npos &&
         words.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos;
}

StackSettings read_stack(DefinitionSection& section) {
  StackSettings stack;
  stack.name = section.text("name");
  if (stack.name.has_value() && !is_stack_name(*stack.name))
    section.fault_at("name", fmt::format("must be {}", kStackNames));
  stack.region = section.text("region");
  if (stack.region.has_value() && !is_region_name(*stack.region))
    section.fault_at("region", "is no region, such as \"eu-west-1\"");
  stack.endpoint = section.text("endpoint");
  if (stack.endpoint.has_value() && *stack.endpoint != "aws" && !is_webhook_url(*stack.endpoint))
    section.fault_at("endpoint", "must be a URL that begins with http:// or https://, or \"aws\"");
  else if (stack.endpoint.has_value() && stack.endpoint->contains('@'))
    section.fault_at("endpoint", "must not have a user or a password: credentials sign what is sent there");
  stack.profile = section.text("profile");
  if (stack.profile == "") section.fault_at("profile", "is empty: it names a profile of the AWS CLI");
  stack.functions_package = section.text("functions_package");
  stack.functions_package_line = section.line_of("functions_package");
  if (stack.functions_package == "") section.fault_at("functions_package", "is empty: it names a zip archive");
  stack.tags = section.named_texts("tags");
  check_tags(section, stack);
  read_log_retention(section, stack);
  read_batches(section, stack);
  return stack;
}

AlarmSettings read_alarms(DefinitionSection& section) {
  AlarmSettings alarms;
  for (const auto& [key, value] :
       {std::pair("errors", &alarms.errors), std::pair("duration_ms", &alarms.duration_ms),
        std::pair("throttle", &alarms.throttle), std::pair("dead_letters", &alarms.dead_letters),
        std::pair("uploads", &alarms.uploads), std::pair("quarantine_percent", &alarms.quarantine_percent),
        std::pair("dead_letter_age_seconds", &alarms.dead_letter_age_seconds),
        std::pair("notification_age_seconds", &alarms.notification_age_seconds)})
    *value = section.amount(key, *value);
  // These two are reached, the others exceeded.
  for (const auto& [key, value] : {std::pair("errors", alarms.errors), std::pair("uploads", alarms.uploads)})
    if (section.has(key) && value == 0)
      section.fault_at(key, "is 0, which every minute reaches: 1 is the first that tells of something");
  if (alarms.quarantine_percent >= 100)
    section.fault_at("quarantine_percent", "is 100 or more, which is never exceeded");
  alarms.emails = section.texts("emails");
  alarms.webhooks = section.texts("webhooks");
  check_addresses(section, alarms.emails, alarms.webhooks);
  return alarms;
}

}  // namespace pipeline
