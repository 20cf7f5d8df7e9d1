#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

constexpr const char* kFunctionArn = "arn:aws:lambda:eu-west-1:123456789012:function:f";

InvokeOutcome told_failure() {
  InvokeOutcome out;
  out.kind = OutcomeKind::function_error;
  out.payload = R"({"errorMessage":"as told","errorType":"E"})";
  out.delivered = true;
  return out;
}

TestBed& with_queues(TestBed& bed) {
  for (const char* queue : {"dlq", "lost", "done"}) bed.create_queue(queue);
  return bed;
}

CreateFunctionRequest with_dead_letters(const std::string& target) {
  CreateFunctionRequest in = TestBed::function("f");
  in.dead_letter_config.emplace().target_arn = target;
  return in;
}

PutFunctionEventInvokeConfigRequest config(std::optional<int32_t> retries, const std::string& on_success,
                                           const std::string& on_failure) {
  PutFunctionEventInvokeConfigRequest in;
  in.function_name = "f";
  in.maximum_retry_attempts = retries;
  auto& destinations = in.destination_config.emplace();
  if (!on_success.empty()) destinations.on_success.emplace().destination = on_success;
  if (!on_failure.empty()) destinations.on_failure.emplace().destination = on_failure;
  return in;
}

std::string cut(std::string text, const std::string& begin, const std::string& end) {
  const std::size_t at = text.find(begin);
  if (at == std::string::npos) return text;
  const std::size_t from = at + begin.size();
  return text.erase(from, text.find(end, from) - from);
}

bool idle(TestBed& bed) {
  return TestBed::eventually([&] { return bed.lambda->async_pending() == 0; });
}

TEST(Async, FailuresGoToTheDestinationAndTheDeadLetterQueue) {
  TestBed bed;
  with_queues(bed);
  bed.ok(&LambdaService::create_function, with_dead_letters(TestBed::queue_arn("dlq")));
  EXPECT_EQ(bed.configuration("f").dead_letter_config->target_arn, TestBed::queue_arn("dlq"));
  bed.ok(&LambdaService::put_function_event_invoke_config,
         config(0, TestBed::queue_arn("done"), TestBed::queue_arn("lost")));
  bed.restart();
  bed.set_body([](const auto&, const auto&) { return told_failure(); });
  bed.invoke("f", R"({"order":1})", "Event");
  ASSERT_TRUE(idle(bed));
  const auto letters = bed.receive("dlq");
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].body, R"({"order":1})");
  const auto& attributes = *letters[0].message_attributes;
  EXPECT_EQ(attributes.find("ErrorCode")->string_value, "200");
  EXPECT_EQ(attributes.find("ErrorCode")->data_type, "Number");
  EXPECT_EQ(attributes.find("ErrorMessage")->string_value, "as told");
  const std::string id = *attributes.find("RequestID")->string_value;
  const auto records = bed.receive("lost");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(*records[0].body,
            R"({"version":"1.0","timestamp":"2023-11-14T22:13:20.000Z","requestContext":{"requestId":")" + id +
                R"(","functionArn":")" + kFunctionArn +
                R"(:$LATEST","condition":"RetriesExhausted","approximateInvokeCount":1},"requestPayload":{"order":1},)"
                R"("responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},)"
                R"("responsePayload":{"errorMessage":"as told","errorType":"E"}})");
  EXPECT_TRUE(bed.receive("done").empty());
  EXPECT_EQ(bed.sum("AsyncEventsReceived FunctionName=f"), 1);
  EXPECT_EQ(bed.sum("AsyncEventsDropped FunctionName=f"), 1);
  EXPECT_EQ(bed.sum("DeadLetterErrors"), 0);
}

TEST(Async, SuccessGoesToAnotherFunctionOrTopic) {
  TestBed bed;
  bed.create("f");
  bed.create("next");
  std::atomic<bool> seen = false;
  bed.set_body([&](const auto& spec, const auto& request) {
    InvokeOutcome out;
    out.payload = "no json";
    if (spec.function_name == "next") {
      seen = cut(request.payload, R"("requestId":")", "\"")
                 .find(R"("condition":"Success","approximateInvokeCount":1},)"
                       R"("requestPayload":{},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},)"
                       R"("responsePayload":"no json"})") != std::string::npos;
    }
    return out;
  });
  bed.ok(&LambdaService::put_function_event_invoke_config,
         config({}, "arn:aws:lambda:eu-west-1:123456789012:function:next", ""));
  bed.invoke("f", "{}", "Event");
  ASSERT_TRUE(idle(bed));
  EXPECT_TRUE(seen);
  UpdateFunctionEventInvokeConfigRequest update;
  update.function_name = "f";
  update.destination_config.emplace().on_success.emplace().destination = "arn:aws:sns:eu-west-1:123456789012:t";
  bed.ok(&LambdaService::update_function_event_invoke_config, update);
  bed.invoke("f", "{}", "Event");
  ASSERT_TRUE(idle(bed));
  ASSERT_EQ(bed.sns_calls.published.size(), 1U);
  EXPECT_EQ(bed.sns_calls.published[0].topic_arn, "arn:aws:sns:eu-west-1:123456789012:t");
}

TEST(Async, EventsThatAreTooOldOrBlockedAreGivenUp) {
  TestBed bed([](LambdaOptions& options) { options.async_workers = 1; });
  with_queues(bed);
  bed.ok(&LambdaService::create_function, with_dead_letters(TestBed::queue_arn("dlq")));
  auto settings = config(2, "", TestBed::queue_arn("lost"));
  settings.maximum_event_age_in_seconds = 60;
  bed.ok(&LambdaService::put_function_event_invoke_config, settings);
  std::atomic<int> calls = 0;
  bed.set_body([&](const auto&, const auto&) {
    ++calls;
    return told_failure();
  });
  bed.invoke("f", "{}", "Event");
  ASSERT_TRUE(TestBed::eventually([&] { return calls == 1; }));
  bed.settle();
  bed.env.clock.advance(seconds(60));  // when it would be tried again
  ASSERT_TRUE(idle(bed));
  EXPECT_EQ(calls, 1);
  auto records = bed.receive("lost");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_NE(records[0].body->find(R"("condition":"EventAgeExceeded","approximateInvokeCount":1},"requestPayload":{}})"),
            std::string::npos)
      << *records[0].body;
  EXPECT_EQ(bed.receive("dlq").size(), 1U);
  bed.ok(&LambdaService::put_function_concurrency, {"f", 0});
  bed.invoke("f", "7", "Event");
  ASSERT_TRUE(idle(bed));
  EXPECT_EQ(calls, 1);
  records = bed.receive("lost");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_NE(records[0].body->find(R"("condition":"ZeroReservedConcurrency","approximateInvokeCount":0},)"),
            std::string::npos);
  const auto letters = bed.receive("dlq");
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].message_attributes->find("ErrorCode")->string_value, "429");
}

TEST(Async, WhatCannotBeDeliveredIsCounted) {
  TestBed bed;
  bed.ok(&LambdaService::create_function, with_dead_letters(TestBed::queue_arn("nowhere")));
  bed.ok(&LambdaService::put_function_event_invoke_config, config(0, "", TestBed::queue_arn("nowhere")));
  bed.set_body([](const auto&, const auto&) { return told_failure(); });
  bed.invoke("f", "{}", "Event");
  ASSERT_TRUE(idle(bed));
  EXPECT_EQ(bed.sum("DeadLetterErrors FunctionName=f"), 1);
  EXPECT_EQ(bed.sum("DestinationDeliveryFailures FunctionName=f"), 1);
}

TEST(Async, SettingsAreCheckedAndKept) {
  bool may = true;
  TestBed bed([&](LambdaOptions& options) {
    options.role_may = [&](const aws::Context& context, std::string_view, const std::string&) {
      EXPECT_EQ(context.principal.kind, aws::Principal::Kind::role);
      return may;
    };
  });
  bed.create("f");
  const auto refused = [&](auto in) { return bed.error(&LambdaService::put_function_event_invoke_config, in); };
  const std::string kRefused = "InvalidParameterValueException: ";
  EXPECT_EQ(refused(PutFunctionEventInvokeConfigRequest{"f", {}, {}, {}, {}}),
            kRefused + "You must specify at least one of error handling or destination setting.");
  EXPECT_EQ(refused(config({}, kFunctionArn, "")),
            kRefused + "You can't specify the function as a destination for itself.");
  EXPECT_EQ(refused(config({}, std::string(kFunctionArn) + "2", "")),
            kRefused + "The destination ARN " + kFunctionArn + "2 is invalid.");
  EXPECT_EQ(refused(config({}, "", "arn:aws:s3:::bucket")),
            kRefused +
                "The provided destination config DestinationConfig(onSuccess=null, "
                "onFailure=OnFailure(destination=arn:aws:s3:::bucket)) is invalid.");
  may = false;
  EXPECT_EQ(refused(config({}, TestBed::queue_arn("q"), "")),
            kRefused + "The function's execution role does not have permissions to call SendMessage on " +
                TestBed::queue_arn("q"));
  UpdateFunctionConfigurationRequest change;
  change.function_name = "f";
  change.dead_letter_config.emplace().target_arn = TestBed::queue_arn("q");
  EXPECT_EQ(bed.error(&LambdaService::update_function_configuration, change),
            kRefused + "The provided execution role does not have permissions to call SendMessage on SQS");
  may = true;
  bed.ok(&LambdaService::update_function_configuration, change);
  change.dead_letter_config->target_arn = "";
  bed.ok(&LambdaService::update_function_configuration, change);
  EXPECT_FALSE(bed.configuration("f").dead_letter_config.has_value());

  GetFunctionEventInvokeConfigRequest get;
  get.function_name = "f";
  EXPECT_EQ(bed.error(&LambdaService::get_function_event_invoke_config, get),
            "ResourceNotFoundException: The function " + std::string(kFunctionArn) +
                ":$LATEST doesn't have an EventInvokeConfig");
  bed.ok(&LambdaService::put_function_event_invoke_config, config(1, TestBed::queue_arn("q"), ""));
  UpdateFunctionEventInvokeConfigRequest update;
  update.function_name = "f";
  update.maximum_event_age_in_seconds = 100;
  bed.ok(&LambdaService::update_function_event_invoke_config, update);
  bed.restart();
  const auto kept = bed.ok(&LambdaService::get_function_event_invoke_config, get);
  EXPECT_EQ(kept.function_arn, std::string(kFunctionArn) + ":$LATEST");
  EXPECT_EQ(kept.maximum_retry_attempts, 1);
  EXPECT_EQ(kept.maximum_event_age_in_seconds, 100);
  EXPECT_EQ(kept.destination_config->on_success->destination, TestBed::queue_arn("q"));
  EXPECT_EQ(
      bed.ok(&LambdaService::list_function_event_invoke_configs, {"f", {}, {}}).function_event_invoke_configs->size(),
      1U);
  bed.ok(&LambdaService::delete_function_event_invoke_config, {"f", {}});
  EXPECT_NE(bed.error(&LambdaService::delete_function_event_invoke_config, {"f", {}}), "no error");
  EXPECT_EQ(bed.error(&LambdaService::get_function_event_invoke_config, {"g", {}}),
            "ResourceNotFoundException: The function doesn't exist.");
}

}  // namespace
}  // namespace engine::lambda
