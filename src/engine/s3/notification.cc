#include "engine/s3/notification.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/http/message.h"
#include "aws/s3/errors.h"
#include "aws/s3/s3.h"
#include "aws/validate.h"
#include "base/encoding.h"
#include "engine/arn.h"
#include "engine/record.h"
#include "engine/s3/bucket_record.h"
#include "engine/s3/limits.h"
#include "runtime/json_text.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

// Events that can be asked for. Those of POST uploads and delete markers never happen here, as on a bucket that has no
// such traffic.
constexpr std::array<std::string_view, 8> kEvents = {"s3:ObjectCreated:*",
                                                     "s3:ObjectCreated:Put",
                                                     "s3:ObjectCreated:Post",
                                                     "s3:ObjectCreated:Copy",
                                                     "s3:ObjectCreated:CompleteMultipartUpload",
                                                     "s3:ObjectRemoved:*",
                                                     "s3:ObjectRemoved:Delete",
                                                     "s3:ObjectRemoved:DeleteMarkerCreated"};
// Events of features that this engine does not have.
constexpr std::array<std::string_view, 7> kForeignEvents = {
    "s3:ReducedRedundancyLostObject", "s3:ObjectRestore:",     "s3:Replication:",  "s3:LifecycleTransition",
    "s3:LifecycleExpiration:",        "s3:IntelligentTiering", "s3:ObjectTagging:"};

base::AwsError invalid_argument(std::string message, std::string_view name, std::string_view value) {
  auto error = errors::invalid_argument(std::move(message));
  error.fields = {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}};
  return error;
}

// "s3:ObjectCreated:*" covers "s3:ObjectCreated:Put" and itself.
bool covers(std::string_view pattern, std::string_view event) {
  if (pattern.ends_with('*')) return event.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == event;
}

base::Result<void> check_events(const std::vector<std::string>& events) {
  if (events.empty())
    return base::fail(errors::malformed_xml(
        "The XML you provided was not well-formed or did not validate against our published schema"));
  for (const std::string& event : events) {
    if (std::ranges::find(kEvents, event) != kEvents.end()) continue;
    if (std::ranges::any_of(kForeignEvents, [&](std::string_view f) { return event.starts_with(f); }) ||
        event.starts_with("s3:ObjectAcl:"))
      return base::fail(aws::unsupported_parameter(aws::s3::kService, event));
    return base::fail(invalid_argument("The event is not supported for notifications", "Event", event));
  }
  return {};
}

base::Result<void> read_filter(const aws::s3::NotificationConfigurationFilter& filter, NotificationRule& rule) {
  if (!filter.key || !filter.key->filter_rules) return {};
  for (const aws::s3::FilterRule& in : *filter.key->filter_rules) {
    const std::string name = in.name.value_or("");
    const std::string value = in.value.value_or("");
    const bool prefix = aws::http::equal_ignoring_case(name, "prefix");
    if (!prefix && !aws::http::equal_ignoring_case(name, "suffix")) {
      return base::fail(invalid_argument("filter rule name must be either prefix or suffix", "FilterRule.Name", name));
    }
    std::optional<std::string>& slot = prefix ? rule.prefix : rule.suffix;
    if (slot) {
      return base::fail(invalid_argument(
          fmt::format("Cannot specify more than one {} rule in a filter.", prefix ? "prefix" : "suffix"),
          "FilterRule.Name", name));
    }
    if (value.size() > kFilterValueBytesMax) {
      return base::fail(invalid_argument("Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
                                         "FilterRule.Value", value));
    }
    slot = value;
  }
  return {};
}

base::Result<void> check_arn(const NotificationRule& rule, std::string_view bucket_region) {
  using Target = NotificationRule::Target;
  const std::string_view service = rule.target == Target::lambda  ? "lambda"
                                   : rule.target == Target::queue ? "sqs"
                                                                  : "sns";
  // As the element is called in the document.
  const std::string_view name = rule.target == Target::lambda  ? "CloudFunction"
                                : rule.target == Target::queue ? "Queue"
                                                               : "Topic";
  const auto arn = Arn::parse(rule.arn);
  if (!arn || arn->service != service || arn->region.empty() || arn->account.empty())
    return base::fail(invalid_argument("The ARN could not be parsed", name, rule.arn));
  if (arn->region == bucket_region) return {};
  return base::fail(invalid_argument(
      "The notification destination service region is not valid for the bucket location constraint", name, rule.arn));
}

bool overlap(const NotificationRule& a, const NotificationRule& b) {
  const std::string_view prefix_a = a.prefix ? *a.prefix : std::string_view();
  const std::string_view prefix_b = b.prefix ? *b.prefix : std::string_view();
  if (!prefix_a.starts_with(prefix_b) && !prefix_b.starts_with(prefix_a)) return false;
  const std::string_view suffix_a = a.suffix ? *a.suffix : std::string_view();
  const std::string_view suffix_b = b.suffix ? *b.suffix : std::string_view();
  if (!suffix_a.ends_with(suffix_b) && !suffix_b.ends_with(suffix_a)) return false;
  return std::ranges::any_of(a.events, [&](const std::string& e) {
    return std::ranges::any_of(b.events, [&](const std::string& f) { return covers(e, f) || covers(f, e); });
  });
}

base::Result<void> check_together(const NotificationRules& rules) {
  if (rules.size() > kNotificationsPerBucketMax)
    return base::fail(errors::invalid_argument("The maximum number of notification configurations is 100"));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (rules[i].id == rules[k].id)
        return base::fail(
            invalid_argument("Same ID used for multiple configurations. IDs must be unique", "Id", rules[i].id));
      if (overlap(rules[i], rules[k]))
        return base::fail(errors::invalid_argument(
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
            "overlapping for the same event type."));
    }
  }
  return {};
}

// `In` is one of the three shapes of a configuration, which differ in the name of the ARN.
template <class In>
base::Result<NotificationRule> read_rule(const In& in, NotificationRule::Target target,
                                         const std::optional<std::string>& arn, std::string_view bucket_region,
                                         base::Random& random) {
  NotificationRule rule;
  rule.target = target;
  rule.arn = arn.value_or("");
  rule.id = in.id && !in.id->empty() ? *in.id : base::make_uuid(random);
  if (rule.id.size() > kNotificationIdBytesMax)
    return base::fail(invalid_argument("ID length should not exceed allowed limit of 255", "Id", rule.id));
  if (in.events) rule.events = *in.events;
  TRY(check_events(rule.events));
  TRY(check_arn(rule, bucket_region));
  if (in.filter) TRY(read_filter(*in.filter, rule));
  return rule;
}

template <class Out>
Out show_rule(const NotificationRule& rule, std::optional<std::string> Out::* arn) {
  Out out;
  out.id = rule.id;
  out.*arn = rule.arn;
  out.events = rule.events;
  if (!rule.prefix && !rule.suffix) return out;
  auto& filters = out.filter.emplace().key.emplace().filter_rules.emplace();
  if (rule.prefix) filters.push_back({.name = "Prefix", .value = *rule.prefix});
  if (rule.suffix) filters.push_back({.name = "Suffix", .value = *rule.suffix});
  return out;
}

std::string json(std::string_view text) {
  std::string out;
  runtime::append_json_string(out, text);
  return out;
}

// As the codec answers it: the two ids of one request belong together.
std::string host_id(const aws::Context& context) {
  return base::base64_encode(base::sha256(context.request_id));
}

}  // namespace

bool NotificationRule::wants(std::string_view event, std::string_view key) const {
  if (prefix && !key.starts_with(*prefix)) return false;
  if (suffix && !key.ends_with(*suffix)) return false;
  const std::string name = fmt::format("s3:{}", event);
  return std::ranges::any_of(events, [&](const std::string& pattern) { return covers(pattern, name); });
}

std::string NotificationRule::encode() const {
  RecordWriter writer;
  writer.number(1, static_cast<uint64_t>(target)).text(2, id).text(3, arn);
  for (const std::string& event : events) writer.text(4, event);
  if (prefix) writer.text(5, *prefix);
  if (suffix) writer.text(6, *suffix);
  return writer.take();
}

std::optional<NotificationRule> NotificationRule::decode(std::string_view bytes) {
  NotificationRule out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        if (!is_target(reader.number())) return std::nullopt;
        out.target = static_cast<Target>(reader.number());
        break;
      case 2:
        out.id = reader.text();
        break;
      case 3:
        out.arn = reader.text();
        break;
      case 4:
        out.events.emplace_back(reader.text());
        break;
      case 5:
        out.prefix = reader.text();
        break;
      case 6:
        out.suffix = reader.text();
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

base::Result<NotificationRules> read_notification_rules(const aws::s3::NotificationConfiguration& in,
                                                        std::string_view bucket_region, base::Random& random) {
  using Target = NotificationRule::Target;
  NotificationRules rules;
  const auto read = [&](const auto& list, Target target, auto arn) -> base::Result<void> {
    if (!list) return {};
    for (const auto& one : *list) {
      TRY_ASSIGN(rules.emplace_back(), read_rule(one, target, one.*arn, bucket_region, random));
    }
    return {};
  };
  TRY(read(in.topic_configurations, Target::topic, &aws::s3::TopicConfiguration::topic_arn));
  TRY(read(in.queue_configurations, Target::queue, &aws::s3::QueueConfiguration::queue_arn));
  TRY(read(in.lambda_function_configurations, Target::lambda,
           &aws::s3::LambdaFunctionConfiguration::lambda_function_arn));
  TRY(check_together(rules));
  return rules;
}

aws::s3::NotificationConfiguration show_notification_rules(const NotificationRules& rules) {
  using Target = NotificationRule::Target;
  aws::s3::NotificationConfiguration out;
  const auto add = [](auto& list, auto one) {
    if (!list) list.emplace();
    list->push_back(std::move(one));
  };
  for (const NotificationRule& rule : rules) {
    switch (rule.target) {
      case Target::lambda:
        add(out.lambda_function_configurations,
            show_rule(rule, &aws::s3::LambdaFunctionConfiguration::lambda_function_arn));
        break;
      case Target::queue:
        add(out.queue_configurations, show_rule(rule, &aws::s3::QueueConfiguration::queue_arn));
        break;
      case Target::topic:
        add(out.topic_configurations, show_rule(rule, &aws::s3::TopicConfiguration::topic_arn));
        break;
    }
  }
  return out;
}

std::string event_document(const BucketRecord& bucket, std::string_view rule_id, const aws::Context& context,
                           const ObjectEvent& event) {
  std::string out = fmt::format(
      R"({{"Records":[{{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":{},"eventTime":"{}","eventName":"{}",)"
      R"("userIdentity":{{"principalId":{}}},"requestParameters":{{"sourceIPAddress":"127.0.0.1"}},)"
      R"("responseElements":{{"x-amz-request-id":{},"x-amz-id-2":"{}"}},)",
      json(bucket.region), base::format_iso8601_milliseconds(context.now), event.name,
      json("AWS:" + context.principal.user_id), json(context.request_id), host_id(context));
  out += fmt::format(
      R"("s3":{{"s3SchemaVersion":"1.0","configurationId":{},"bucket":{{"name":{},"ownerIdentity":{{"principalId":"{}"}},)"
      R"("arn":{}}},"object":{{"key":{})",
      json(rule_id), json(bucket.name), canonical_id(bucket.account), json(bucket.arn()),
      json(url_encode_key(event.key)));
  if (event.size) out += fmt::format(",\"size\":{}", *event.size);
  if (event.etag) out += fmt::format(",\"eTag\":{}", json(*event.etag));
  out += fmt::format(",\"sequencer\":\"{:018X}\"}}}}}}]}}", event.sequencer);
  return out;
}

std::string test_event_document(std::string_view bucket, const aws::Context& context) {
  return fmt::format(
      R"({{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"{}","Bucket":{},"RequestId":{},"HostId":"{}"}})",
      base::format_iso8601_milliseconds(context.now), json(bucket), json(context.request_id), host_id(context));
}

std::string url_encode_key(std::string_view key) {
  const std::string encoded = base::percent_encode(key, true);
  std::string out;
  out.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (std::string_view(encoded).substr(i, 3) == "%20") {
      out.push_back('+');
      i += 2;
    } else {
      out.push_back(encoded[i]);
    }
  }
  return out;
}

}  // namespace engine::s3
