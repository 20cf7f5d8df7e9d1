#include "engine/sqs/queue_attributes.h"

#include <algorithm>
#include <charconv>

#include "aws/auth/policy.h"
#include "aws/sqs/errors.h"
#include "engine/arn.h"
#include "engine/record.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;

base::AwsError invalid_value(std::string_view name) {
  return errors::invalid_attribute_value("Invalid value for the parameter " + std::string(name) + ".");
}

base::AwsError unknown_attribute(std::string_view name) {
  return errors::invalid_attribute_name("Unknown Attribute " + std::string(name) + ".");
}

base::AwsError only_for_fifo(std::string_view name) {
  return errors::invalid_attribute_name("You can specify the " + std::string(name) +
                                        " only when FifoQueue is set to true.");
}

struct NumberAttribute {
  std::string_view name;
  int32_t QueueAttributes::* member;
  int32_t min;
  int32_t max;
};
constexpr NumberAttribute kNumbers[] = {
    {"DelaySeconds", &QueueAttributes::delay_seconds, 0, kDelaySecondsMax},
    {"MaximumMessageSize", &QueueAttributes::maximum_message_size_bytes, kMaximumMessageSizeMin,
     static_cast<int32_t>(kMessageBytesMax)},
    {"MessageRetentionPeriod", &QueueAttributes::retention_seconds, kRetentionSecondsMin, kRetentionSecondsMax},
    {"ReceiveMessageWaitTimeSeconds", &QueueAttributes::wait_seconds, 0, kWaitSecondsMax},
    {"VisibilityTimeout", &QueueAttributes::visibility_seconds, 0, kVisibilitySecondsMax},
};

base::Result<int32_t> parse_number(std::string_view name, std::string_view text, int32_t min, int32_t max) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return base::fail(invalid_value(name));
  }
  return value;
}

base::Result<bool> parse_boolean(std::string_view name, std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (lower == "true") return true;
  if (lower == "false") return false;
  return base::fail(invalid_value(name));
}

std::string boolean_text(bool value) {
  return value ? "true" : "false";
}

base::Result<void> set_fifo_attribute(QueueAttributes& out, std::string_view name, const std::string& value) {
  if (name == "FifoQueue") {
    TRY_ASSIGN(const bool fifo, parse_boolean(name, value));
    if (!out.fifo) return base::fail(unknown_attribute(name));
    if (!fifo) {
      return base::fail(errors::invalid_attribute_value(
          "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."));
    }
  } else if (name == "ContentBasedDeduplication") {
    if (!out.fifo) return base::fail(unknown_attribute(name));
    TRY_ASSIGN(out.content_based_deduplication, parse_boolean(name, value));
  } else if (name == "DeduplicationScope") {
    if (!out.fifo) return base::fail(only_for_fifo(name));
    if (value != "queue" && value != "messageGroup") return base::fail(invalid_value(name));
    out.deduplication_scope = value;
  } else {
    if (!out.fifo) return base::fail(only_for_fifo(name));
    if (value != "perQueue" && value != "perMessageGroupId") return base::fail(invalid_value(name));
    out.fifo_throughput_limit = value;
  }
  return {};
}

// AWS's own key can be named by its alias and by the alias' ARN.
bool is_managed_key(std::string_view id) {
  constexpr std::string_view kAlias = "alias/aws/sqs";
  if (id == kAlias) return true;
  const auto arn = Arn::parse(id);
  return arn && arn->service == "kms" && arn->resource == kAlias;
}

// Nothing is encrypted here, with whatever key. AWS's own key is a hint, which is taken and shown; a key of the owner's
// is a promise and refused. Of the two types of encryption the queue has the one that was set last.
base::Result<void> set_kms(QueueAttributes& out, std::string_view name, const std::string& value,
                           const aws::Map<std::string>& changes) {
  if (name == "KmsMasterKeyId" && !value.empty()) {
    if (const std::string* managed = changes.find("SqsManagedSseEnabled"); managed != nullptr && *managed == "true") {
      return base::fail(
          errors::invalid_attribute_name("You can use one type of server-side encryption (SSE) at one time. You can "
                                         "either enable KMS SSE or SQS SSE."));
    }
    if (!is_managed_key(value)) {
      return base::fail(errors::invalid_attribute_value(
          "Invalid value for the parameter KmsMasterKeyId. Reason: Only alias/aws/sqs is taken here; nothing is "
          "encrypted with keys of KMS."));
    }
    out.managed_sse = false;
  }
  if (name == "KmsMasterKeyId") {
    out.kms_master_key_id = value;
  } else if (value.empty()) {
    out.kms_reuse_seconds = kKmsReuseSecondsDefault;
  } else {
    TRY_ASSIGN(out.kms_reuse_seconds, parse_number(name, value, kKmsReuseSecondsMin, kKmsReuseSecondsMax));
  }
  return {};
}

base::Result<void> set_json_attribute(QueueAttributes& out, std::string_view name, const std::string& value) {
  if (name == "Policy") {
    if (!value.empty() && !is_json_object(value)) return base::fail(invalid_value(name));
    out.policy = value;
  } else if (name == "RedrivePolicy") {
    out.redrive.reset();
    if (!value.empty()) {
      TRY_ASSIGN(out.redrive, parse_redrive_policy(value));
    }
    out.redrive_policy = value;
  } else {
    if (!value.empty()) TRY(parse_redrive_allow_policy(value));
    out.redrive_allow_policy = value;
  }
  return {};
}

base::Result<void> set_attribute(QueueAttributes& out, std::string_view name, const std::string& value,
                                 const aws::Map<std::string>& changes) {
  for (const NumberAttribute& number : kNumbers) {
    if (number.name != name) continue;
    TRY_ASSIGN(out.*number.member, parse_number(name, value, number.min, number.max));
    return {};
  }
  if (name == "FifoQueue" || name == "ContentBasedDeduplication" || name == "DeduplicationScope" ||
      name == "FifoThroughputLimit") {
    return set_fifo_attribute(out, name, value);
  }
  if (name == "Policy" || name == "RedrivePolicy" || name == "RedriveAllowPolicy") {
    return set_json_attribute(out, name, value);
  }
  if (name == "KmsMasterKeyId" || name == "KmsDataKeyReusePeriodSeconds") return set_kms(out, name, value, changes);
  if (name == "SqsManagedSseEnabled") {
    TRY_ASSIGN(out.managed_sse, parse_boolean(name, value));
    if (out.managed_sse) out.kms_master_key_id.clear();
    return {};
  }
  return base::fail(unknown_attribute(name));
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

const std::vector<std::string_view>& settable_attribute_names() {
  static const std::vector<std::string_view> names = {"ContentBasedDeduplication",
                                                      "DeduplicationScope",
                                                      "DelaySeconds",
                                                      "FifoQueue",
                                                      "FifoThroughputLimit",
                                                      "KmsDataKeyReusePeriodSeconds",
                                                      "KmsMasterKeyId",
                                                      "MaximumMessageSize",
                                                      "MessageRetentionPeriod",
                                                      "Policy",
                                                      "ReceiveMessageWaitTimeSeconds",
                                                      "RedriveAllowPolicy",
                                                      "RedrivePolicy",
                                                      "SqsManagedSseEnabled",
                                                      "VisibilityTimeout"};
  return names;
}

std::optional<std::string> QueueAttributes::text(std::string_view name) const {
  for (const NumberAttribute& number : kNumbers)
    if (number.name == name) return std::to_string(this->*number.member);
  if (name == "SqsManagedSseEnabled") return boolean_text(managed_sse);
  if (name == "KmsMasterKeyId") return unless_empty(kms_master_key_id);
  if (name == "KmsDataKeyReusePeriodSeconds") {
    const bool shown = !kms_master_key_id.empty() || kms_reuse_seconds != kKmsReuseSecondsDefault;
    return shown ? std::optional(std::to_string(kms_reuse_seconds)) : std::nullopt;
  }
  if (name == "Policy") return unless_empty(policy);
  if (name == "RedrivePolicy") return unless_empty(redrive_policy);
  if (name == "RedriveAllowPolicy") return unless_empty(redrive_allow_policy);
  if (!fifo) return std::nullopt;
  if (name == "FifoQueue") return boolean_text(true);
  if (name == "ContentBasedDeduplication") return boolean_text(content_based_deduplication);
  if (name == "DeduplicationScope") return deduplication_scope;
  if (name == "FifoThroughputLimit") return fifo_throughput_limit;
  return std::nullopt;
}

base::Result<QueueAttributes> QueueAttributes::with(QueueAttributes current, const aws::Map<std::string>& changes) {
  for (const auto& [name, value] : changes) TRY(set_attribute(current, name, value, changes));
  if (current.fifo_throughput_limit == "perMessageGroupId" && current.deduplication_scope != "messageGroup") {
    return base::fail(errors::invalid_attribute_value(
        "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."));
  }
  return current;
}

base::Result<void> check_policy(const aws::Map<std::string>& changes) {
  const std::string* policy = changes.find("Policy");
  if (policy == nullptr || policy->empty()) return {};
  const auto parsed = aws::auth::Policy::parse(*policy, aws::auth::PolicyKind::resource);
  if (!parsed) return base::fail(invalid_value("Policy"));
  if (const auto key = parsed->undecidable_key()) {
    return base::fail(errors::invalid_attribute_value(
        "Invalid value for the parameter Policy. Reason: Unsupported condition key: " + *key));
  }
  return {};
}

// Stored as the texts of the attributes, the form that is stable for ever.
std::string QueueAttributes::encode() const {
  RecordWriter writer;
  writer.number(1, fifo ? 1 : 0);
  for (const std::string_view name : settable_attribute_names()) {
    const std::optional<std::string> value = text(name);
    if (value) writer.pair(2, name, *value);
  }
  return writer.take();
}

std::optional<QueueAttributes> QueueAttributes::decode(std::string_view bytes) {
  QueueAttributes current;
  aws::Map<std::string> changes;
  RecordReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == 1) current.fifo = reader.number() != 0;
    if (reader.field() != 2) continue;
    auto [name, value] = reader.pair();
    changes[name] = std::move(value);
  }
  if (!reader.ok()) return std::nullopt;
  auto decoded = with(std::move(current), changes);
  return decoded ? std::optional(std::move(*decoded)) : std::nullopt;
}

}  // namespace engine::sqs
