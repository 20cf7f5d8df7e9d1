#include <thread>

#include "base/encoding.h"
#include "engine/sns/envelope.h"
#include "engine/sns/keys.h"
#include "engine/sns/test_bed.h"
#include "engine/sns/test_signature.h"

namespace engine::sns {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

MessageAttributeValue text_value(std::string text) {
  return {"String", std::move(text), {}};
}

TEST(Delivery, TheSigningKeyIsMadeInTheBackgroundAtTheStart) {
  TestBed bed;
  bed.sns->start();
  while (!bed.store->get(keys::kSigningKey)) std::this_thread::yield();
  const std::string made = *bed.store->get(keys::kSigningKey);
  bed.restart();
  bed.sns->start();
  bed.restart();
  EXPECT_EQ(bed.store->get(keys::kSigningKey), made);

  TestBed stopped;
  stopped.sns->start();
  stopped.restart();  // does not wait for a key that nobody needs any more, and one that is wanted later is made then
  const std::string arn = stopped.topic("t");
  stopped.queue("q");
  stopped.subscribe(arn, "sqs", TestBed::queue_arn("q"));
  stopped.publish(arn, "m");
  stopped.deliver();
  EXPECT_EQ(stopped.receive("q").size(), 1U);
  EXPECT_TRUE(stopped.store->get(keys::kSigningKey).has_value());
}

TEST(Publish, Refusals) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto error = [&](auto change) {
    PublishInput in = TestBed::message(arn, "m");
    change(in);
    return bed.error(&SnsService::publish, std::move(in));
  };
  EXPECT_EQ(error([](auto& in) { in.message = ""; }), "InvalidParameter: Invalid parameter: Empty message");
  EXPECT_EQ(error([](auto& in) { in.message = std::string(kMessageBytesMax + 1, 'x'); }),
            "InvalidParameter: Invalid parameter: Message too long");
  for (const char* subject : {"", "a\nb", "a\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xc3"})
    EXPECT_EQ(error([&](auto& in) { in.subject = subject; }), "InvalidParameter: Invalid parameter: Subject")
        << subject;
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  for (const std::string& subject : {std::string(100, 'x'), umlauts, std::string(" x"), std::string("Größe 漢字 🚀")})
    EXPECT_EQ(error([&](auto& in) { in.subject = subject; }), "no error") << subject;
  for (const std::string& subject : {std::string(101, 'x'), umlauts + "ä"})
    EXPECT_EQ(error([&](auto& in) { in.subject = subject; }), "InvalidParameter: Invalid parameter: Subject");
  EXPECT_EQ(error([](auto& in) { in.message_structure = "json"; }),
            "InvalidParameter: Invalid parameter: Message Structure - JSON message body failed to parse");
  EXPECT_EQ(error([](auto& in) {
              in.message_structure = "json";
              in.message = R"({"default": 1})";
            }),
            "InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body");
  EXPECT_EQ(error([](auto& in) { in.message_attributes = {{"a^", text_value("x")}}; }),
            "ParameterValueInvalid: Invalid non-alphanumeric character '#x5E' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots.");
  EXPECT_EQ(
      error([](auto& in) { in.message_attributes = {{"a", text_value("")}}; }),
      "ParameterValueInvalid: The message attribute 'a' must contain non-empty message attribute value for message "
      "attribute type 'String'.");
  EXPECT_EQ(
      error([](auto& in) { in.message_attributes = {{"a", MessageAttributeValue{{}, "x", {}}}}; }),
      "ValidationError: 1 validation error detected: Value null at 'messageAttributes.a.member.dataType' failed to "
      "satisfy constraint: Member must not be null");
  EXPECT_EQ(error([](auto& in) { in.topic_arn.reset(); }),
            "InvalidParameter: Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter");
  EXPECT_EQ(error([](auto& in) { in.message_attributes = {{std::string(257, 'a'), text_value("x")}}; }),
            "ParameterValueInvalid: Length of message attribute name must be less than 256 bytes.");
  EXPECT_EQ(error([](auto& in) { in.message_attributes = {{"a..b", text_value("x")}}; }),
            "ParameterValueInvalid: Message attribute name can not have successive '.' character.");
  EXPECT_EQ(error([](auto& in) { in.message_attributes = {{"a", MessageAttributeValue{"String.", "x", {}}}}; }),
            "ParameterValueInvalid: The message attribute 'a' has an invalid message attribute type, the set of "
            "supported type prefixes is Binary, Number, and String.");
}

TEST(Publish, BatchIsRefusedForOneBadMessage) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto entry = [](const std::string& id, const std::string& text) {
    PublishBatchRequestEntry out;
    out.id = id;
    out.message = text;
    return out;
  };
  bed.queue("q");
  bed.subscribe(arn, "sqs", TestBed::queue_arn("q"));
  const auto whole = [&](std::vector<PublishBatchRequestEntry> entries) {
    return bed.error(&SnsService::publish_batch, PublishBatchInput{arn, std::move(entries)});
  };
  auto bad = entry("b", "m");
  bad.message_attributes = {{"k", text_value("")}};
  EXPECT_EQ(whole({entry("a", "m"), bad}),
            "ParameterValueInvalid: The message attribute 'k' must contain non-empty message attribute value for "
            "message attribute type 'String'.");
  bad.message_attributes = {{"k", MessageAttributeValue{{}, "x", {}}}};
  EXPECT_EQ(whole({entry("a", "m"), bad}),
            "ValidationError: 1 validation error detected: Value null at "
            "'publishBatchRequestEntries.2.member.messageAttributes.k.member.dataType' failed to satisfy constraint: "
            "Member must not be null");
  EXPECT_EQ(whole({entry("a", "m"), entry("b", "")}), "InvalidParameter: Invalid parameter: Empty message");
  EXPECT_EQ(
      whole({entry("a!", "m")}),
      "InvalidBatchEntryId: The Id of a batch entry in the batch request contains an impermissible character: a!");
  EXPECT_EQ(whole({entry(std::string(81, 'a'), "m")}),
            "InvalidBatchEntryId: The Id of a batch entry in the batch request is too long: " + std::string(81, 'a'));
  bed.deliver();
  EXPECT_TRUE(bed.receive("q").empty());
  const auto out =
      bed.ok(&SnsService::publish_batch, PublishBatchInput{arn, std::vector{entry("a", "m"), entry("b", "n")}});
  EXPECT_EQ(out.successful->size(), 2u);
  EXPECT_TRUE(out.failed->empty());
  const auto error = [&](std::vector<PublishBatchRequestEntry> entries) {
    const std::string text = whole(std::move(entries));
    return text.substr(0, text.find(':'));
  };
  EXPECT_EQ(error({}), "EmptyBatchRequest");
  EXPECT_EQ(error({entry("a", "m"), entry("a", "m")}), "BatchEntryIdsNotDistinct");
  EXPECT_EQ(error({entry("a b", "m")}), "InvalidBatchEntryId");
  EXPECT_EQ(error(std::vector(11, entry("a", "m"))), "TooManyEntriesInBatchRequest");
  EXPECT_EQ(error({entry("a", std::string(200'000, 'x')), entry("b", std::string(70'000, 'x'))}),
            "BatchRequestTooLong");
}

TEST(Delivery, EnvelopeToQueueIsSigned) {
  for (const std::string version : {"1", "2"}) {
    TestBed bed;
    const std::string arn = bed.topic("t", {{"SignatureVersion", version}});
    bed.queue("q");
    const std::string subscription = bed.subscribe(arn, "sqs", TestBed::queue_arn("q"));
    PublishInput in = TestBed::message(arn, "hello \"you\"\n");
    in.subject = "s";
    in.message_attributes = {{"k", text_value("v")}, {"b", MessageAttributeValue{"Binary", {}, "\x01"}}};
    const std::string id = *bed.ok(&SnsService::publish, in).message_id;
    bed.deliver();
    const auto messages = bed.receive("q");
    ASSERT_EQ(messages.size(), 1u);
    const std::string& body = *messages[0].body;
    EXPECT_TRUE(body.starts_with("{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"" + id + "\"")) << body;
    EXPECT_EQ(member(body, "Message"), "hello \"you\"\n");
    EXPECT_EQ(member(body, "Subject"), "s");
    EXPECT_EQ(member(body, "Timestamp"), "2023-11-14T22:13:20.000Z");
    EXPECT_EQ(member(body, "UnsubscribeURL"),
              "http://localhost:4566/?Action=Unsubscribe&SubscriptionArn=" + subscription);
    EXPECT_NE(body.find(R"("b" : {"Type":"Binary","Value":"AQ=="})"), body.npos) << body;
    const std::string url = member(body, "SigningCertURL");
    const auto certificate = bed.sns->certificate_pem(url.substr(url.rfind('/') + 1));
    ASSERT_TRUE(certificate);
    const std::string text = "Message\nhello \"you\"\n\nMessageId\n" + id +
                             "\nSubject\ns\nTimestamp\n2023-11-14T22:13:20.000Z\nTopicArn\n" + arn +
                             "\nType\nNotification\n";
    const auto signature = base::base64_decode(member(body, "Signature"));
    ASSERT_TRUE(signature);
    EXPECT_TRUE(verifies(*certificate, text, *signature, version));
    EXPECT_FALSE(verifies(*certificate, text + "x", *signature, version));
  }
}

// X-Amzn-Trace-Id of the publish becomes the message's AWSTraceHeader.
TEST(Delivery, TraceHeaderGoesAlong) {
  TestBed bed;
  const std::string arn = bed.topic("t", {{"TracingConfig", "Active"}});
  bed.queue("q");
  bed.subscribe(arn, "sqs", TestBed::queue_arn("q"));
  aws::Context call = bed.context();
  call.trace_header = "Root=1-5759e988-bd862e3fe1be46a994272793";
  ASSERT_TRUE(bed.sns->publish(call, TestBed::message(arn, "m")));
  bed.deliver();
  aws::Context receiver = bed.context();
  aws::sqs::ReceiveMessageRequest in;
  in.queue_url = "q";
  in.message_system_attribute_names = {"AWSTraceHeader"};
  const auto out = bed.sqs.receive_message(receiver, in);
  ASSERT_TRUE(out && out->messages);
  EXPECT_EQ(*out->messages->at(0).attributes->find("AWSTraceHeader"), call.trace_header);
}

TEST(Delivery, RawAndFiltered) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  bed.queue("raw");
  bed.queue("big");
  bed.subscribe(arn, "sqs", TestBed::queue_arn("raw"), {{"RawMessageDelivery", "true"}});
  bed.subscribe(arn, "sqs", TestBed::queue_arn("big"),
                {{"FilterPolicy", R"({"total":[{"numeric":[">=",100]}]})"}, {"FilterPolicyScope", "MessageBody"}});
  bed.publish(arn, R"({"total":99.99})", {{"k", text_value("v")}});
  bed.publish(arn, R"({"total":100})");
  bed.deliver();
  auto raw = bed.receive("raw");
  ASSERT_EQ(raw.size(), 2u);
  std::ranges::sort(raw, std::greater(), &aws::sqs::Message::body);  // a standard topic promises no order
  EXPECT_EQ(*raw[0].body, R"({"total":99.99})");
  ASSERT_TRUE(raw[0].message_attributes.has_value());
  EXPECT_EQ(raw[0].message_attributes->find("k")->string_value, "v");
  const auto big = bed.receive("big");
  ASSERT_EQ(big.size(), 1u);
  EXPECT_EQ(member(*big[0].body, "Message"), R"({"total":100})");
}

TEST(Delivery, ToFunction) {
  TestBed bed;
  const std::string arn = bed.topic("t", {{"SignatureVersion", "2"}});
  const std::string function = "arn:aws:lambda:eu-west-1:123456789012:function:f";
  const std::string subscription = bed.subscribe(arn, "lambda", function);
  PublishInput in = TestBed::message(arn, R"({"default":"d","lambda":"for lambda"})");
  in.message_structure = "json";
  bed.ok(&SnsService::publish, in);
  bed.deliver();
  ASSERT_EQ(bed.noted.payloads.size(), 1u);
  EXPECT_EQ(bed.noted.calls[0], "sns.amazonaws.com " + arn);
  const std::string& event = bed.noted.payloads[0];
  EXPECT_TRUE(
      event.starts_with(R"({"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":")" +
                        subscription + R"(","Sns":{"Type":"Notification","MessageId":")"))
      << event;
  EXPECT_NE(event.find(R"("SignatureVersion":"1")"), event.npos) << event;
  EXPECT_NE(event.find(R"("Subject":null,"Message":"for lambda")"), event.npos);
  EXPECT_TRUE(event.ends_with(R"("MessageAttributes":{}}}]})"));
}

TEST(Delivery, RefusedGoesToDeadLetterQueueAtOnce) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  bed.queue("dlq");
  bed.subscribe(arn, "sqs", TestBed::queue_arn("gone"),
                {{"RedrivePolicy", R"({"deadLetterTargetArn":")" + TestBed::queue_arn("dlq") + "\"}"},
                 {"RawMessageDelivery", "true"}});
  bed.subscribe(arn, "sqs", TestBed::queue_arn("gone too"));
  bed.publish(arn, "m");
  bed.deliver();
  const auto messages = bed.receive("dlq");
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(*messages[0].body, "m");
}

TEST(Delivery, FailuresAreTriedAgainForAnHour) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  bed.queue("dlq");
  bed.subscribe(arn, "lambda", "arn:aws:lambda:eu-west-1:123456789012:function:f",
                {{"RedrivePolicy", R"({"deadLetterTargetArn":")" + TestBed::queue_arn("dlq") + "\"}"}});
  bed.noted.error = base::AwsError{.code = "ServiceException", .http_status = 500, .fault = base::Fault::receiver};
  bed.publish(arn, "m");
  bed.deliver();
  bed.env.clock.advance(seconds(1));
  bed.deliver();
  EXPECT_TRUE(bed.receive("dlq").empty());
  bed.noted.error.reset();
  bed.env.clock.advance(seconds(2));
  bed.deliver();
  EXPECT_EQ(bed.noted.payloads.size(), 1u);
  bed.noted.error = base::AwsError{.code = "TooManyRequestsException", .http_status = 429};
  bed.publish(arn, "m");
  bed.deliver();
  bed.env.clock.advance(hours(1));
  bed.deliver();
  const auto letters = bed.receive("dlq");
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(member(*letters[0].body, "Type"), "Notification");  // not the event of Lambda (recorded 2023-08-24)
}

TEST(Mail, IsSentOnceConfirmed) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  EXPECT_EQ(bed.subscribe(arn, "email", "a@b.example"), "pending confirmation");
  const auto listed = bed.ok(&SnsService::list_subscriptions_by_topic, ListSubscriptionsByTopicInput{arn, {}});
  EXPECT_EQ(listed.subscriptions->at(0).subscription_arn, "PendingConfirmation");
  bed.publish(arn, "too early");
  bed.deliver();
  ASSERT_EQ(bed.mailer.mails.size(), 1u);
  const std::string mail = bed.mailer.mails[0];
  EXPECT_TRUE(mail.starts_with("a@b.example|AWS Notification - Subscription Confirmation|")) << mail;
  const std::string token = mail.substr(mail.find("\nToken: ") + 8, 64);
  EXPECT_EQ(bed.error(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn, "a1", {}}),
            "InvalidParameter: Invalid parameter: Token");
  EXPECT_EQ(bed.error(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn, "x", {}}),
            "InvalidParameter: Invalid token");
  EXPECT_EQ(bed.error(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn + "-none", token, {}}),
            "InvalidParameter: Invalid parameter: Token");
  const auto confirmed = bed.ok(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn, token, {}});
  EXPECT_EQ(bed.subscribe(arn, "email", "a@b.example"), confirmed.subscription_arn);
  bed.publish(arn, "hello");
  bed.mailer.works = false;
  bed.deliver();
  bed.mailer.works = true;
  bed.env.clock.advance(seconds(1));
  bed.deliver();
  ASSERT_EQ(bed.mailer.mails.size(), 2u);
  EXPECT_TRUE(bed.mailer.mails[1].starts_with("a@b.example|AWS Notification Message|hello\n")) << bed.mailer.mails[1];
}

TEST(Mail, OneThatIsNeverTakenOverCountsAsFailed) {
  TestBed bed;
  bed.options.auto_confirm_email = true;
  bed.restart();
  const std::string arn = bed.topic("t");
  bed.subscribe(arn, "email", "a@b.example");
  bed.mailer.works = false;
  bed.publish(arn, "hello");
  bed.deliver();
  EXPECT_EQ(bed.counted("NumberOfNotificationsFailed"), 0);
  bed.env.clock.advance(kGiveUpAfter);
  bed.deliver();
  EXPECT_EQ(bed.counted("NumberOfNotificationsFailed"), 1);
}

TEST(Mail, HasLinksToWhereTheEngineWillBe) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  bed.sns->set_endpoint("http://127.0.0.1:1", "https://till.example.com");
  bed.subscribe(arn, "email", "a@b.example");
  bed.deliver();
  const std::string mail = bed.mailer.mails.at(0);
  EXPECT_NE(mail.find("https://till.example.com/?Action=ConfirmSubscription&TopicArn=" + arn), mail.npos) << mail;
  EXPECT_EQ(mail.find("127.0.0.1"), mail.npos);
  EXPECT_EQ(bed.mailer.subscriptions.at(0), "") << "what becomes of a request counts nowhere";
}

TEST(Mail, OneThatWaitsIsConfirmedWhenMailsNoLongerLeave) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  EXPECT_EQ(bed.subscribe(arn, "email", "a@b.example"), "pending confirmation");
  bed.options.auto_confirm_email = true;
  bed.restart();
  const std::string subscription = bed.subscribe(arn, "email", "a@b.example");
  EXPECT_TRUE(subscription.starts_with(arn + ":")) << subscription;
  bed.publish(arn, "hello");
  bed.deliver();
  ASSERT_EQ(bed.mailer.mails.size(), 1u) << "the request is not wanted any more";
  EXPECT_TRUE(bed.mailer.mails[0].starts_with("a@b.example|AWS Notification Message|hello\n"));
  EXPECT_EQ(bed.mailer.subscriptions.at(0), subscription);
}

TEST(Mail, TokensExpireAndMayBeNeedless) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  bed.subscribe(arn, "email", "a@b.example");
  bed.deliver();
  const std::string mail = bed.mailer.mails.at(0);
  const std::string token = mail.substr(mail.find("\nToken: ") + 8, 64);
  bed.env.clock.advance(kTokenLife + seconds(1));
  EXPECT_EQ(bed.error(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn, token, {}}),
            "InvalidParameter: Invalid parameter: Token Reason: the token has expired");
  bed.options.auto_confirm_email = true;
  bed.restart();
  EXPECT_TRUE(bed.subscribe(arn, "email", "c@d.example").starts_with(arn + ":"));
  const auto listed = bed.ok(&SnsService::list_subscriptions_by_topic, ListSubscriptionsByTopicInput{arn, {}});
  EXPECT_EQ(listed.subscriptions->size(), 1u);  // the first one was never confirmed
  bed.options.mailer = nullptr;
  bed.restart();
  EXPECT_TRUE(bed.error(&SnsService::subscribe, TestBed::subscription(arn, "email", "e@f.example"))
                  .starts_with("InvalidParameter: Invalid parameter: Protocol email"));
}

TEST(Policy, DecidesForServicesAndOtherAccounts) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto publish = [&](std::string principal) {
    aws::Context context = bed.context();
    context.principal = {aws::Principal::Kind::service, context.account, principal, principal};
    const auto out = bed.sns->publish(context, TestBed::message(arn, "m"));
    return out ? "ok" : out.error().query_code;
  };
  EXPECT_EQ(publish("s3.amazonaws.com"), "AuthorizationError");
  EXPECT_EQ(publish("cloudwatch.amazonaws.com"), "ok");
  bed.ok(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, "Policy", policy_named("open")});
  EXPECT_EQ(publish("s3.amazonaws.com"), "ok");
  bed.ok(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, "Policy", policy_named("closed")});
  EXPECT_EQ(publish("cloudwatch.amazonaws.com"), "AuthorizationError");
}

}  // namespace
}  // namespace engine::sns
