// GetBucketNotificationConfiguration, PutBucketNotificationConfiguration, and the delivery of events.
#include <fmt/format.h>

#include <algorithm>

#include "aws/s3/errors.h"
#include "engine/arn.h"
#include "engine/internal_call.h"
#include "engine/record.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"
#include "engine/s3/service.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

constexpr std::string_view kPrincipal = "s3.amazonaws.com";

// An outbox entry: everything a delivery needs, so that it does not depend on a bucket that may be gone by then.
enum Field : uint32_t {
  kTarget = 1,
  kArn = 2,
  kDocument = 3,
  kBucket = 4,
  kAccount = 5,
  kRegion = 6,
  kTraceHeader = 7
};

bool is_lasting(const base::AwsError& error) {
  return error.fault == base::Fault::sender && error.http_status != 429 &&
         error.code.find("Throttl") == std::string::npos && error.code != "TooManyRequestsException";
}

std::string queue_url(const Arn& arn) {
  return fmt::format("https://sqs.{}.amazonaws.com/{}/{}", arn.region, arn.account, arn.resource);
}

base::AwsError bad_destination(std::string_view name, std::string_view value) {
  auto error = errors::invalid_argument("Unable to validate the following destination configurations");
  error.fields = {{"ArgumentName1", std::string(name)}, {"ArgumentValue1", std::string(value)}};
  return error;
}

bool says_missing(const base::AwsError& error) {
  return error.http_status == 404 || error.code == "QueueDoesNotExist" || error.code == "NotFoundException" ||
         error.code == "NotFound" || error.code == "ResourceNotFoundException";
}

base::AwsError bad_destination(const NotificationRule& rule, const base::AwsError& cause) {
  using Target = NotificationRule::Target;
  if (rule.target == Target::lambda) {
    if (says_missing(cause)) return bad_destination(rule.arn, "The destination Lambda does not exist");
    return bad_destination(rule.arn + ", null", fmt::format("Not authorized to invoke function [{}]", rule.arn));
  }
  const std::string_view word = rule.target == Target::queue ? "queue" : "topic";
  if (says_missing(cause)) return bad_destination(rule.arn, fmt::format("The destination {} does not exist", word));
  return bad_destination(
      rule.arn,
      fmt::format("Permissions on the destination {} do not allow S3 to publish notifications from this bucket", word));
}

}  // namespace

base::Result<aws::s3::NotificationConfiguration> S3Service::get_bucket_notification_configuration(
    aws::Context& context, aws::s3::GetBucketNotificationConfigurationRequest in) {
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::NotificationConfiguration out = show_notification_rules(bucket->notifications);
  if (bucket->event_bridge) out.event_bridge_configuration.emplace();
  return out;
}

base::Result<aws::s3::PutBucketNotificationConfigurationResponse> S3Service::put_bucket_notification_configuration(
    aws::Context& context, aws::s3::PutBucketNotificationConfigurationRequest in) {
  if (!in.notification_configuration) return base::fail(malformed_xml());
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  TRY_ASSIGN(NotificationRules rules,
             read_notification_rules(*in.notification_configuration, bucket->region, env_.random));
  if (!in.skip_destination_validation.value_or(false)) TRY(check_destinations(context, *bucket, rules));

  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const BucketRef current, find_bucket(context, in.bucket, in.expected_bucket_owner));
  BucketRecord changed = *current;
  changed.notifications = std::move(rules);
  changed.event_bridge = in.notification_configuration->event_bridge_configuration.has_value();
  Change change;
  change.batch.put(keys::bucket(changed.name), changed.encode());
  commit(std::move(change));
  buckets_.find(current->name)->second = std::make_shared<const BucketRecord>(std::move(changed));
  return {};
}

// Functions are asked with a dry run, which leaves no trace, before queues and topics get their test event.
base::Result<void> S3Service::check_destinations(const aws::Context& context, const BucketRecord& bucket,
                                                 const NotificationRules& rules) {
  using Target = NotificationRule::Target;
  for (const NotificationRule& rule : rules) {
    if (rule.target != Target::lambda) {
      if (rule.arn.ends_with(".fifo"))
        return base::fail(bad_destination(rule.arn, "FIFO destinations are not supported"));
      continue;
    }
    aws::Context call = service_call(env_, bucket.account, bucket.region, kPrincipal, bucket.arn());
    aws::lambda::InvocationRequest request;
    request.function_name = rule.arn;
    request.invocation_type = "DryRun";
    if (auto asked = lambda_.invoke(call, std::move(request)); !asked)
      return base::fail(bad_destination(rule, asked.error()));
  }
  const std::string document = test_event_document(bucket.name, context);
  for (const NotificationRule& rule : rules) {
    if (rule.target == Target::lambda) continue;
    if (auto sent = send(rule.target, rule.arn, bucket, document, context.trace_header); !sent)
      return base::fail(bad_destination(rule, sent.error()));
  }
  return {};
}

base::Result<void> S3Service::send(NotificationRule::Target target, const std::string& arn, const BucketRecord& bucket,
                                   const std::string& document, const std::string& trace_header) {
  using Target = NotificationRule::Target;
  aws::Context call = service_call(env_, bucket.account, bucket.region, kPrincipal, bucket.arn());
  call.trace_header = trace_header;
  switch (target) {
    case Target::lambda: {
      aws::lambda::InvocationRequest request;
      request.function_name = arn;
      request.invocation_type = "Event";
      request.payload = document;
      TRY(lambda_.invoke(call, std::move(request)));
      break;
    }
    case Target::queue: {
      const auto parsed = Arn::parse(arn);
      if (!parsed) break;  // was checked when it was configured
      aws::sqs::SendMessageRequest request;
      request.queue_url = queue_url(*parsed);
      request.message_body = document;
      TRY(sqs_.send_message(call, std::move(request)));
      break;
    }
    case Target::topic: {
      aws::sns::PublishInput request;
      request.topic_arn = arn;
      request.subject = "Amazon S3 Notification";
      request.message = document;
      TRY(sns_.publish(call, std::move(request)));
      break;
    }
  }
  return {};
}

void S3Service::notify(const aws::Context& context, const BucketRecord& bucket, const ObjectEvent& event,
                       Change& change) {
  for (const NotificationRule& rule : bucket.notifications) {
    if (!rule.wants(event.name, event.key)) continue;
    const std::string payload = RecordWriter()
                                    .number(kTarget, static_cast<uint64_t>(rule.target))
                                    .text(kArn, rule.arn)
                                    .text(kDocument, event_document(bucket, rule.id, context, event))
                                    .text(kBucket, bucket.name)
                                    .text(kAccount, bucket.account)
                                    .text(kRegion, bucket.region)
                                    .text(kTraceHeader, context.trace_header)
                                    .take();
    change.notifications.push_back(outbox_.add(change.batch, context.now, context.now, payload));
  }
}

std::optional<base::Timestamp> S3Service::deliver(const Outbox::Entry& entry) {
  uint64_t target = 0;
  std::string arn;
  std::string document;
  std::string trace_header;
  BucketRecord bucket;
  RecordReader reader(entry.payload);
  while (reader.next()) {
    switch (reader.field()) {
      case kTarget:
        target = reader.number();
        break;
      case kArn:
        arn = reader.text();
        break;
      case kDocument:
        document = reader.text();
        break;
      case kBucket:
        bucket.name = reader.text();
        break;
      case kAccount:
        bucket.account = reader.text();
        break;
      case kRegion:
        bucket.region = reader.text();
        break;
      case kTraceHeader:
        trace_header = reader.text();
        break;
      default:
        break;
    }
  }
  store::require_intact(reader.ok() && NotificationRule::is_target(target), "a notification of S3");
  const auto sent = send(static_cast<NotificationRule::Target>(target), arn, bucket, document, trace_header);
  if (sent) return std::nullopt;
  const base::Timestamp now = env_.clock.now();
  if (now - entry.created_at >= kRetryAgeMax) return std::nullopt;
  if (is_lasting(sent.error()) && entry.attempts + 1 >= kRefusedAttemptsMax) return std::nullopt;
  const auto doublings = std::min<uint64_t>(entry.attempts, 20);
  return now + std::min<base::Duration>(kRetryDelayFirst * (int64_t{1} << doublings), kRetryDelayMax);
}

}  // namespace engine::s3
