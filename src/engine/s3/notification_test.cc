// Event notifications: configuration, and delivery through the outbox to fakes of Lambda, SQS and SNS.
#include <gtest/gtest.h>

#include <thread>

#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/test_service.h"

namespace engine::s3 {
namespace {

constexpr const char* kFunction = "arn:aws:lambda:us-east-1:000000000000:function:f";
constexpr const char* kQueue = "arn:aws:sqs:us-east-1:000000000000:q";
constexpr const char* kTopic = "arn:aws:sns:us-east-1:000000000000:t";

struct NotificationTest : TestService {
  static aws::s3::PutBucketNotificationConfigurationRequest request() {
    aws::s3::PutBucketNotificationConfigurationRequest in;
    in.bucket = "bucket";
    in.notification_configuration.emplace();
    return in;
  }
  static void add_function(aws::s3::PutBucketNotificationConfigurationRequest& in, std::string event,
                           std::string prefix = "", std::string suffix = "") {
    auto& list = in.notification_configuration->lambda_function_configurations;
    if (!list) list.emplace();
    auto& rule = list->emplace_back();
    rule.lambda_function_arn = kFunction;
    rule.events = {std::move(event)};
    if (prefix.empty() && suffix.empty()) return;
    auto& filters = rule.filter.emplace().key.emplace().filter_rules.emplace();
    if (!prefix.empty()) filters.push_back({.name = "prefix", .value = prefix});
    if (!suffix.empty()) filters.push_back({.name = "SUFFIX", .value = suffix});
  }
  base::Result<aws::s3::PutBucketNotificationConfigurationResponse> configure(
      aws::s3::PutBucketNotificationConfigurationRequest in) {
    return call(&S3Service::put_bucket_notification_configuration, std::move(in));
  }
  // Waits until every entry of the outbox is gone.
  void await_empty_outbox() {
    while (rows(keys::kOutboxTable) > 0) std::this_thread::yield();
  }
};

TEST_F(NotificationTest, DeliversRecords) {
  create_bucket();
  auto in = request();
  add_function(in, "s3:ObjectCreated:*", "in/", ".json");
  auto& queue = in.notification_configuration->queue_configurations.emplace().emplace_back();
  queue.queue_arn = kQueue;
  queue.id = "removed";
  queue.events = {{"s3:ObjectRemoved:*"}};
  auto& topic = in.notification_configuration->topic_configurations.emplace().emplace_back();
  topic.topic_arn = kTopic;
  topic.events = {{"s3:ObjectCreated:Copy"}};
  in.notification_configuration->topic_configurations->front().filter.emplace().key.emplace().filter_rules = {
      {{.name = "prefix", .value = "copy"}}};
  ASSERT_EQ(code_of(configure(in)), "");
  auto calls = targets.await_calls(3);
  EXPECT_EQ(calls[0].type, "DryRun");
  EXPECT_EQ(calls[0].source_arn, "arn:aws:s3:::bucket");
  EXPECT_EQ(calls[0].principal, "s3.amazonaws.com");
  EXPECT_NE(calls[1].payload.find("\"Event\":\"s3:TestEvent\""), std::string::npos);

  restart();  // rules and entries of the outbox outlive a process
  put("in/a b.json", "hello");
  put("in/other", "x");
  restart();
  s3->start();
  calls = targets.await_calls(4);
  EXPECT_EQ(calls[3].type, "Event");
  EXPECT_EQ(calls[3].target, kFunction);
  const std::string& record = calls[3].payload;
  EXPECT_TRUE(record.starts_with(
      "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"us-east-1\",\"eventTime\":"
      "\"2023-11-14T22:13:20.000Z\",\"eventName\":\"ObjectCreated:Put\","))
      << record;
  EXPECT_NE(record.find("\"object\":{\"key\":\"in/a+b.json\",\"size\":5,\"eTag\":\"5d41402abc4b2a76b9719d911017c592\","
                        "\"sequencer\":\"00"),
            std::string::npos)
      << record;
  ASSERT_TRUE(remove("in/a b.json"));
  ASSERT_TRUE(remove("never there"));
  calls = targets.await_calls(5);
  EXPECT_EQ(calls[4].target, "https://sqs.us-east-1.amazonaws.com/000000000000/q");
  EXPECT_NE(calls[4].payload.find("\"eventName\":\"ObjectRemoved:Delete\""), std::string::npos);
  EXPECT_NE(calls[4].payload.find("\"configurationId\":\"removed\""), std::string::npos);
  EXPECT_EQ(calls[4].payload.find("\"size\""), std::string::npos);
  aws::s3::CopyObjectRequest copy;
  copy.bucket = "bucket";
  copy.key = "copy";
  copy.copy_source = "bucket/in/other";
  ASSERT_TRUE(call(&S3Service::copy_object, copy));
  calls = targets.await_calls(6);
  EXPECT_EQ(calls[5].target, kTopic);
  await_empty_outbox();
  EXPECT_EQ(targets.call_count(), 6U);
}

TEST_F(NotificationTest, ShowsWhatWasConfigured) {
  create_bucket();
  auto in = request();
  add_function(in, "s3:ObjectCreated:Put", "in/", ".json");
  ASSERT_TRUE(configure(in));
  aws::s3::GetBucketNotificationConfigurationRequest get;
  get.bucket = "bucket";
  const auto out = call(&S3Service::get_bucket_notification_configuration, get);
  const auto& rule = out->lambda_function_configurations->front();
  EXPECT_EQ(rule.id->size(), 36U);
  EXPECT_EQ(rule.filter->key->filter_rules->at(0).name, "Prefix");
  EXPECT_EQ(rule.filter->key->filter_rules->at(1).name, "Suffix");
  in = request();
  in.notification_configuration->event_bridge_configuration.emplace();  // taken, and there is nobody to tell
  ASSERT_TRUE(configure(in));
  restart();
  EXPECT_TRUE(call(&S3Service::get_bucket_notification_configuration, get)->event_bridge_configuration);
  ASSERT_TRUE(configure(request()));
  EXPECT_EQ(*call(&S3Service::get_bucket_notification_configuration, get), aws::s3::NotificationConfiguration());
}

TEST_F(NotificationTest, RefusesWrongConfigurations) {
  create_bucket();
  const auto refused = [&](auto fill) {
    auto in = request();
    fill(in);
    const auto out = configure(in);
    return out ? "" : out.error().code + ": " + out.error().message;
  };
  EXPECT_EQ(refused([](auto& in) { add_function(in, "s3:Nothing"); }),
            "InvalidArgument: The event is not supported for notifications");
  EXPECT_TRUE(refused([](auto& in) { add_function(in, "s3:ObjectTagging:*"); }).starts_with("NotImplemented"));
  EXPECT_EQ(refused([](auto& in) {
              add_function(in, "s3:ObjectCreated:*");
              in.notification_configuration->lambda_function_configurations->front().lambda_function_arn = kQueue;
            }),
            "InvalidArgument: The ARN could not be parsed");
  auto not_a_queue = request();
  auto& queue = not_a_queue.notification_configuration->queue_configurations.emplace().emplace_back();
  queue.events = {"s3:ObjectCreated:*"};
  queue.queue_arn = "queue";
  EXPECT_EQ(configure(not_a_queue).error().fields.front().second, "Queue");
  const std::string ambiguous =
      "InvalidArgument: Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the "
      "prefixes are overlapping for the same event type.";
  EXPECT_EQ(refused([](auto& in) {
              add_function(in, "s3:ObjectCreated:*", "a");
              add_function(in, "s3:ObjectCreated:Put", "ab", "z");
            }),
            ambiguous);
  EXPECT_EQ(refused([](auto& in) {
              add_function(in, "s3:ObjectCreated:*", "a");
              add_function(in, "s3:ObjectCreated:*", "b");
            }),
            "");
  targets.answer = [](const FakeTargets::Call&) -> base::Result<void> {
    base::AwsError error;
    error.code = "AccessDeniedException";
    error.http_status = 403;
    return base::fail(error);
  };
  auto in = request();
  add_function(in, "s3:ObjectCreated:*", "c");
  const auto out = configure(in);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message, "Unable to validate the following destination configurations");
  EXPECT_EQ(out.error().fields.back().second, std::string("Not authorized to invoke function [") + kFunction + "]");
  in.skip_destination_validation = true;
  EXPECT_TRUE(configure(in));
}

TEST_F(NotificationTest, RetriesAndGivesUp) {
  create_bucket();
  auto in = request();
  add_function(in, "s3:ObjectCreated:*");
  ASSERT_TRUE(configure(in));
  targets.answer = [](const FakeTargets::Call&) -> base::Result<void> {
    base::AwsError error;
    error.code = "ResourceNotFoundException";
    error.http_status = 404;
    return base::fail(error);
  };
  s3->start();
  put("k", "");
  std::size_t expected = 1;
  for (uint64_t attempt = 1; attempt <= kRefusedAttemptsMax; ++attempt) {
    targets.await_calls(++expected);
    manual.clock.await_waiters(kDeliveriesAtOnce);
    manual.clock.advance(kRetryDelayMax);
  }
  await_empty_outbox();
  EXPECT_EQ(targets.call_count(), 1 + kRefusedAttemptsMax);

  targets.answer = [](const FakeTargets::Call&) -> base::Result<void> {
    base::AwsError error;
    error.code = "ServiceException";
    error.http_status = 500;
    error.fault = base::Fault::receiver;
    return base::fail(error);
  };
  put("k", "");
  for (uint64_t attempt = 0; attempt < kRefusedAttemptsMax + 3; ++attempt) {  // goes on where a refusal would end
    targets.await_calls(++expected);
    manual.clock.await_waiters(kDeliveriesAtOnce);
    manual.clock.advance(kRetryDelayMax);
  }
  targets.await_calls(++expected);
  manual.clock.await_waiters(kDeliveriesAtOnce);
  manual.clock.advance(kRetryAgeMax);
  await_empty_outbox();
}

}  // namespace
}  // namespace engine::s3
