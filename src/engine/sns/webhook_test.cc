#include "engine/sns/webhook.h"

#include "base/encoding.h"
#include "engine/sns/delivery_policy.h"
#include "engine/sns/test_bed.h"
#include "engine/sns/test_signature.h"

namespace engine::sns {
namespace {

using std::chrono::seconds;

std::string header(const aws::http::Request& request, std::string_view name) {
  return std::string(request.headers.get(name));
}

// Confirms the newest request for confirmation as a webhook does, by its SubscribeURL.
std::string confirm(TestBed& bed, const std::string& topic_arn) {
  bed.deliver();
  aws::Context nobody = bed.nobody();
  const auto out = bed.sns->confirm_subscription(
      nobody, ConfirmSubscriptionInput{topic_arn, member(bed.web.requests.back().body, "Token"), {}});
  EXPECT_TRUE(out) << out.error().message;
  bed.web.requests.clear();
  return out ? *out->subscription_arn : "";
}

std::string web_subscription(TestBed& bed, const std::string& topic_arn, Texts attributes = {}) {
  bed.subscribe(topic_arn, "http", "http://hook.example/in", std::move(attributes));
  return confirm(bed, topic_arn);
}

std::string dead_letters(TestBed& bed) {
  bed.queue("dlq");
  return R"({"deadLetterTargetArn":")" + TestBed::queue_arn("dlq") + "\"}";
}

TEST(Webhook, IsAskedFirst) {
  TestBed bed;
  const std::string arn = bed.topic("t", {{"SignatureVersion", "2"}});
  EXPECT_EQ(bed.subscribe(arn, "https", "https://hook.example:8443?a=b"), "pending confirmation");
  bed.publish(arn, "too early");
  bed.deliver();
  ASSERT_EQ(bed.web.requests.size(), 1u);
  const aws::http::Request& request = bed.web.requests[0];
  EXPECT_EQ(bed.web.hosts[0], "hook.example:8443");
  EXPECT_EQ(request.method + " " + request.target, "POST /?a=b");
  EXPECT_EQ(header(request, "x-amz-sns-message-type"), "SubscriptionConfirmation");
  EXPECT_EQ(header(request, "x-amz-sns-topic-arn"), arn);
  EXPECT_EQ(header(request, "x-amz-sns-subscription-arn"), "");
  EXPECT_EQ(header(request, "Content-Type"), "text/plain; charset=UTF-8");
  EXPECT_EQ(header(request, "User-Agent"), "Amazon Simple Notification Service Agent");
  const std::string& body = request.body;
  const std::string id = member(body, "MessageId");
  EXPECT_EQ(header(request, "x-amz-sns-message-id"), id);
  const std::string token = member(body, "Token");
  const std::string url = "http://localhost:4566/?Action=ConfirmSubscription&TopicArn=" + arn + "&Token=" + token;
  EXPECT_EQ(member(body, "SubscribeURL"), url);
  EXPECT_EQ(member(body, "Message"), "You have chosen to subscribe to the topic " + arn +
                                         ".\nTo confirm the subscription, visit the SubscribeURL included in this "
                                         "message.");
  EXPECT_EQ(member(body, "UnsubscribeURL"), "none");
  const std::string certificate_url = member(body, "SigningCertURL");
  const auto certificate = bed.sns->certificate_pem(certificate_url.substr(certificate_url.rfind('/') + 1));
  ASSERT_TRUE(certificate);
  const std::string text = "Message\n" + member(body, "Message") + "\nMessageId\n" + id + "\nSubscribeURL\n" + url +
                           "\nTimestamp\n2023-11-14T22:13:20.000Z\nToken\n" + token + "\nTopicArn\n" + arn +
                           "\nType\nSubscriptionConfirmation\n";
  EXPECT_TRUE(verifies(*certificate, text, *base::base64_decode(member(body, "Signature")), "2"));
}

TEST(Webhook, GetsNotificationsOnceItAgreed) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const std::string subscription = web_subscription(bed, arn);
  EXPECT_TRUE(subscription.starts_with(arn + ":"));
  Texts all =
      *bed.ok(&SnsService::get_subscription_attributes, GetSubscriptionAttributesInput{subscription}).attributes;
  EXPECT_EQ(all["PendingConfirmation"], "false");
  EXPECT_EQ(all["ConfirmationWasAuthenticated"], "false");
  const std::string id = bed.publish(arn, "hello");
  bed.deliver();
  ASSERT_EQ(bed.web.requests.size(), 1u);
  const aws::http::Request& request = bed.web.requests[0];
  EXPECT_EQ(header(request, "x-amz-sns-message-type"), "Notification");
  EXPECT_EQ(header(request, "x-amz-sns-message-id"), id);
  EXPECT_EQ(header(request, "x-amz-sns-subscription-arn"), subscription);
  EXPECT_EQ(header(request, "x-amz-sns-rawdelivery"), "");
  EXPECT_EQ(member(request.body, "Message"), "hello");
  EXPECT_EQ(member(request.body, "Type"), "Notification");
  bed.ok(&SnsService::set_subscription_attributes,
         SetSubscriptionAttributesInput{subscription, "RawMessageDelivery", "true"});
  bed.ok(&SnsService::set_subscription_attributes,
         SetSubscriptionAttributesInput{subscription, "DeliveryPolicy",
                                        R"({"requestPolicy":{"headerContentType":"application/json"}})"});
  bed.publish(arn, "{}");
  bed.deliver();
  ASSERT_EQ(bed.web.requests.size(), 2u);
  EXPECT_EQ(bed.web.requests[1].body, "{}");
  EXPECT_EQ(header(bed.web.requests[1], "x-amz-sns-rawdelivery"), "true");
  EXPECT_EQ(header(bed.web.requests[1], "Content-Type"), "application/json");
}

TEST(Webhook, MayEndItWithoutASignature) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto unsubscribe = [&](const std::string& subscription) {
    aws::Context nobody = bed.nobody();
    const auto out = bed.sns->unsubscribe(nobody, UnsubscribeInput{subscription});
    return out ? "ok" : out.error().query_code;
  };
  const std::string open = web_subscription(bed, arn);
  EXPECT_EQ(unsubscribe(open), "ok");
  EXPECT_TRUE(bed.ok(&SnsService::list_subscriptions, ListSubscriptionsInput{}).subscriptions->empty());
  const std::string queue = bed.subscribe(arn, "sqs", TestBed::queue_arn("q"));
  EXPECT_EQ(unsubscribe(queue), "AuthorizationError");
  bed.subscribe(arn, "http", "http://hook.example/");
  bed.deliver();
  const std::string token = member(bed.web.requests.back().body, "Token");
  const auto confirmed = bed.ok(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn, token, "true"});
  EXPECT_EQ(unsubscribe(*confirmed.subscription_arn), "AuthorizationError");
  bed.restart();
  EXPECT_EQ(unsubscribe(*confirmed.subscription_arn), "AuthorizationError");
  bed.ok(&SnsService::unsubscribe, UnsubscribeInput{*confirmed.subscription_arn});
  EXPECT_EQ(bed.error(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn, token, "maybe"}),
            "InvalidParameter: Invalid parameter: AuthenticateOnUnsubscribe");
}

TEST(Webhook, ThatEndsItByTheLinkCanRestoreIt) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const std::string subscription = web_subscription(bed, arn);
  const auto shown = [&](const std::string& name) {
    return (*bed.ok(&SnsService::get_topic_attributes, GetTopicAttributesInput{arn}).attributes)[name];
  };
  const auto unsubscribe = [&] {
    aws::Context nobody = bed.nobody();
    ASSERT_TRUE(bed.sns->unsubscribe(nobody, UnsubscribeInput{subscription}));
  };
  bed.publish(arn, "on its way");
  unsubscribe();
  unsubscribe();  // once more says nothing
  bed.publish(arn, "not any more");
  bed.deliver();
  ASSERT_EQ(bed.web.requests.size(), 1u);
  const aws::http::Request request = bed.web.requests[0];
  EXPECT_EQ(header(request, "x-amz-sns-message-type"), "UnsubscribeConfirmation");
  EXPECT_EQ(header(request, "x-amz-sns-subscription-arn"), subscription);
  EXPECT_EQ(member(request.body, "Type"), "UnsubscribeConfirmation");
  EXPECT_TRUE(
      member(request.body, "Message").starts_with("You have chosen to deactivate subscription " + subscription));
  EXPECT_TRUE(member(request.body, "SubscribeURL").ends_with("&Token=" + member(request.body, "Token")));
  EXPECT_EQ(shown("SubscriptionsDeleted") + shown("SubscriptionsConfirmed") + shown("SubscriptionsPending"), "100");
  EXPECT_TRUE(bed.ok(&SnsService::list_subscriptions, ListSubscriptionsInput{}).subscriptions->empty());
  EXPECT_TRUE(
      bed.ok(&SnsService::list_subscriptions_by_topic, ListSubscriptionsByTopicInput{arn, {}}).subscriptions->empty());
  EXPECT_EQ(bed.error(&SnsService::get_subscription_attributes, GetSubscriptionAttributesInput{subscription}),
            "NotFound: Subscription does not exist");
  EXPECT_EQ(confirm(bed, arn), subscription);
  bed.publish(arn, "again");
  bed.deliver();
  EXPECT_EQ(member(bed.web.requests.at(0).body, "Message"), "again");
  // The owner's call ends it for good, and so do two days.
  unsubscribe();
  bed.deliver();
  const std::string token = member(bed.web.requests.back().body, "Token");
  bed.env.clock.advance(kTokenLife + seconds(1));
  EXPECT_EQ(bed.error(&SnsService::confirm_subscription, ConfirmSubscriptionInput{arn, token, {}}),
            "InvalidParameter: Invalid parameter: Token Reason: the token has expired");
  const std::string other = web_subscription(bed, arn);
  EXPECT_EQ(shown("SubscriptionsDeleted"), "0");
  bed.ok(&SnsService::unsubscribe, UnsubscribeInput{other});
  bed.deliver();
  EXPECT_TRUE(bed.web.requests.empty());
}

TEST(Webhook, IsTriedAgainAsItsPolicySays) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  web_subscription(bed, arn, {{"RedrivePolicy", dead_letters(bed)}, {"RawMessageDelivery", "true"}});
  bed.web.statuses = {500, 0, 429, 503};  // the first, and the three retries of the default policy
  bed.publish(arn, "m");
  for (std::size_t attempt = 1; attempt <= 4; ++attempt) {
    bed.deliver();
    EXPECT_EQ(bed.web.requests.size(), attempt);
    EXPECT_EQ(bed.receive("dlq").size(), attempt == 4 ? 1u : 0u);
    bed.env.clock.advance(seconds(19));
    bed.deliver();
    EXPECT_EQ(bed.web.requests.size(), attempt) << "before its time";
    bed.env.clock.advance(seconds(1));
  }
}

TEST(Webhook, RefusesForGood) {
  for (const int status : {301, 400, 404, 410}) {
    TestBed bed;
    const std::string arn = bed.topic("t");
    web_subscription(bed, arn, {{"RedrivePolicy", dead_letters(bed)}});
    bed.web.statuses = {status};
    bed.publish(arn, "m");
    bed.deliver();
    EXPECT_EQ(bed.receive("dlq").size(), 1u) << status;
    bed.env.clock.advance(seconds(60));
    bed.deliver();
    EXPECT_EQ(bed.web.requests.size(), 1u) << status;
  }
}

TEST(Webhook, IsToldUserAndPasswordWhenItAsks) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto shown = [&] {
    return *bed.ok(&SnsService::list_subscriptions_by_topic, ListSubscriptionsByTopicInput{arn, {}})
                .subscriptions->at(0)
                .endpoint;
  };
  bed.web.statuses = {401};
  bed.subscribe(arn, "http", "http://shop:a%3ab@hook.example/in");
  EXPECT_EQ(shown(), "http://shop:****@hook.example/in");
  bed.deliver();
  ASSERT_EQ(bed.web.requests.size(), 2u);
  EXPECT_EQ(bed.web.hosts[1], "hook.example");
  EXPECT_EQ(header(bed.web.requests[0], "Authorization"), "");
  EXPECT_EQ(header(bed.web.requests[1], "Authorization"), "Basic " + base::base64_encode("shop:a:b"));
  EXPECT_EQ(bed.web.requests[1].body, bed.web.requests[0].body);
  const std::string subscription = confirm(bed, arn);
  const Texts all =
      *bed.ok(&SnsService::get_subscription_attributes, GetSubscriptionAttributesInput{subscription}).attributes;
  EXPECT_EQ(*all.find("Endpoint"), shown());
  // Refused by who has been told, and by who asks in another way.
  for (const char* challenge : {"Basic realm=\"hooks\"", "Basic", "Digest realm=\"hooks\""}) {
    bed.web.requests.clear();
    bed.web.challenge = challenge;
    bed.web.statuses = {401, 401};
    bed.publish(arn, "m");
    bed.deliver();
    EXPECT_EQ(bed.web.requests.size(), bed.web.challenge == "Basic realm=\"hooks\"" ? 2u : 1u) << challenge;
    bed.web.statuses.clear();
    bed.env.clock.advance(seconds(60));
    bed.deliver();
    EXPECT_EQ(header(bed.web.requests.back(), "x-amz-sns-message-type"), "Notification");
  }
}

TEST(Webhook, ThatHangsHoldsUpNeitherOthersNorTheEnd) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const Texts no_retries = {{"DeliveryPolicy", R"({"healthyRetryPolicy":{"numRetries":0}})"}};
  for (const char* url : {"http://a.example/", "http://b.example/1", "http://b.example/2"}) {
    bed.subscribe(arn, "http", url, no_retries);
    confirm(bed, arn);
  }
  constexpr std::ptrdiff_t kMessages = 10;
  for (int i = 0; i < kMessages; ++i) bed.publish(arn, "m");
  bed.web.hosts.clear();
  bed.web.hanging = "b.example";
  bed.web.cancelled = false;  // as it is after a restart of the process
  bed.sns->start();
  bed.web.await_requests("a.example", kMessages);
  bed.web.await_requests("b.example", kWebDeliveriesPerHost);
  bed.restart();  // cancels what hangs
  EXPECT_EQ(std::ranges::count(bed.web.hosts, "a.example"), kMessages);
  EXPECT_EQ(std::ranges::count(bed.web.hosts, "b.example"), std::ptrdiff_t{kWebDeliveriesPerHost});
  bed.web.hosts.clear();
  bed.web.hanging.clear();
  bed.sns->start();
  bed.web.await_requests("b.example", 2 * kMessages);  // none was counted as a failed attempt
  bed.restart();
  bed.deliver();
  EXPECT_EQ(std::ranges::count(bed.web.hosts, "b.example"), 2 * kMessages);
}

TEST(HostSlots, ArePassedOnInTurn) {
  const auto ticket = [](uint64_t id) { return Outbox::Ticket(base::Timestamp(), id); };
  HostSlots slots(1);
  EXPECT_TRUE(slots.enter("a", ticket(1)));
  EXPECT_FALSE(slots.enter("a", ticket(2)));
  EXPECT_FALSE(slots.enter("a", ticket(3)));
  EXPECT_TRUE(slots.enter("b", ticket(4)));
  EXPECT_EQ(slots.leave("a"), ticket(2));
  EXPECT_FALSE(slots.enter("a", ticket(5)));
  EXPECT_EQ(slots.passed_on(ticket(3)), std::nullopt);
  EXPECT_EQ(slots.passed_on(ticket(2)), "a");
  EXPECT_EQ(slots.passed_on(ticket(2)), std::nullopt);
  EXPECT_EQ(slots.leave("a"), ticket(3));
  EXPECT_EQ(slots.leave("a"), ticket(5));
  EXPECT_EQ(slots.leave("a"), std::nullopt);
  EXPECT_TRUE(slots.enter("a", ticket(6)));
}

TEST(Webhook, EndpointsAreChecked) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto error = [&](const std::string& protocol, const std::string& endpoint) {
    return bed.error(&SnsService::subscribe, TestBed::subscription(arn, protocol, endpoint));
  };
  EXPECT_EQ(error("http", "https://x"),
            "InvalidParameter: Invalid parameter: Endpoint must match the specified protocol");
  for (const char* url : {"http://", "http://a b", "http://x/#f", "http://x:0", "http://x/\r\n"})
    EXPECT_EQ(error("http", url), "InvalidParameter: Invalid parameter: Endpoint Reason: it is not a well-formed URL");
  EXPECT_EQ(error("http", "http://u:%zz@x/"),
            "InvalidParameter: Invalid parameter: Endpoint Reason: it is not a well-formed URL");
  EXPECT_EQ(error("http", "http://[::1]:8080/x?y=z"), "no error");
  bed.options.transport = nullptr;
  bed.restart();
  EXPECT_EQ(error("https", "https://x"),
            "InvalidParameter: Invalid parameter: Protocol https Reason: it is not supported here");
}

// The delays in seconds.
std::vector<int64_t> delays(const std::string& retry) {
  const auto policy = effective_policy("", R"({"healthyRetryPolicy":)" + retry + "}").retry;
  std::vector<int64_t> out;
  for (uint64_t i = 0; const auto delay = policy.delay(i); ++i) {
    out.push_back(std::chrono::floor<seconds>(*delay).count());
  }
  return out;
}

TEST(DeliveryPolicy, Phases) {
  using Seconds = std::vector<int64_t>;
  EXPECT_EQ(delays("{}"), (Seconds{20, 20, 20}));
  EXPECT_EQ(delays(R"({"numRetries":0})"), Seconds{});
  const std::string common = R"("minDelayTarget":2,"maxDelayTarget":32,"numRetries":9,"numNoDelayRetries":1,)"
                             R"("numMinDelayRetries":1,"numMaxDelayRetries":2,"backoffFunction":)";
  EXPECT_EQ(delays("{" + common + "\"linear\"}"), (Seconds{0, 2, 2, 9, 17, 24, 32, 32, 32}));
  EXPECT_EQ(delays("{" + common + "\"arithmetic\"}"), (Seconds{0, 2, 2, 5, 11, 20, 32, 32, 32}));
  EXPECT_EQ(delays("{" + common + "\"geometric\"}"), (Seconds{0, 2, 2, 4, 8, 16, 32, 32, 32}));
  EXPECT_EQ(delays("{" + common + "\"exponential\"}"), (Seconds{0, 2, 2, 4, 8, 16, 32, 32, 32}));
}

TEST(DeliveryPolicy, IsShownAndChecked) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto shown = [&](const std::string& name) {
    return (*bed.ok(&SnsService::get_topic_attributes, GetTopicAttributesInput{arn}).attributes)[name];
  };
  EXPECT_EQ(shown("EffectiveDeliveryPolicy"),
            R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,)"
            R"("numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},)"
            R"("disableSubscriptionOverrides":false,)"
            R"("defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}})");
  const std::string topic_policy =
      R"({"http":{"defaultHealthyRetryPolicy":{"numRetries":1},"disableSubscriptionOverrides":true}})";
  bed.ok(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, "DeliveryPolicy", topic_policy});
  EXPECT_EQ(shown("DeliveryPolicy"), topic_policy);
  const std::string subscription = web_subscription(bed, arn, {{"DeliveryPolicy", R"({"healthyRetryPolicy":{}})"}});
  Texts all =
      *bed.ok(&SnsService::get_subscription_attributes, GetSubscriptionAttributesInput{subscription}).attributes;
  EXPECT_NE(all["EffectiveDeliveryPolicy"].find("\"numRetries\":1,"), std::string::npos)
      << all["EffectiveDeliveryPolicy"];
  const auto error = [&](const std::string& policy) {
    return bed.error(&SnsService::set_subscription_attributes,
                     SetSubscriptionAttributesInput{subscription, "DeliveryPolicy", policy});
  };
  const std::string start = "InvalidParameter: Invalid parameter: DeliveryPolicy";
  EXPECT_EQ(error("x"), start + ": failed to parse JSON.");
  EXPECT_EQ(error(R"({"throttlePolicy":{"maxReceivesPerSecond":5}})"),
            start + " throttlePolicy Reason: it is not supported here");
  EXPECT_EQ(error(R"({"throttlePolicy":null,"guaranteed":false})"), "no error");
  EXPECT_EQ(error(R"({"healthyRetryPolicy":{"numRetries":101}})"),
            start + ": healthyRetryPolicy.numRetries must be a number between 0 and 100");
  EXPECT_EQ(error(R"({"healthyRetryPolicy":{"minDelayTarget":30}})"),
            start + ": healthyRetryPolicy.minDelayTarget must be less than or equal to maxDelayTarget");
  for (const char* bad : {R"({"healthyRetryPolicy":{"numMaxDelayRetries":4}})", R"({"healthyRetryPolicy":{"x":4}})",
                          R"({"healthyRetryPolicy":{"maxDelayTarget":3600,"numRetries":2,"numMaxDelayRetries":2}})",
                          R"({"healthyRetryPolicy":{"backoffFunction":"random"}})",
                          R"({"requestPolicy":{"headerContentType":"text/plain\r\nX: y"}})",
                          R"({"requestPolicy":{"headerContentType":"image/png"}})"})
    EXPECT_TRUE(error(bad).starts_with(start)) << bad;
  EXPECT_TRUE(bed.error(&SnsService::subscribe,
                        TestBed::subscription(arn, "sqs", TestBed::queue_arn("q"), {{"DeliveryPolicy", "{}"}}))
                  .starts_with("InvalidParameter: Invalid parameter: Attributes Reason: DeliveryPolicy"));
}

TEST(Metrics, CountWhatHappens) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  web_subscription(
      bed, arn,
      {{"RedrivePolicy", dead_letters(bed)}, {"DeliveryPolicy", R"({"healthyRetryPolicy":{"numRetries":1}})"}});
  bed.subscribe(arn, "sqs", TestBed::queue_arn("gone"), {{"FilterPolicy", R"({"k":["v"]})"}});
  bed.web.statuses = {500};
  bed.publish(arn, "12345");
  bed.publish(arn, "x", {{"k", MessageAttributeValue{"String", "other", {}}}});
  bed.publish(arn, "x", {{"k", MessageAttributeValue{"String", "v", {}}}});
  bed.deliver();
  bed.web.statuses = {404};
  bed.env.clock.advance(seconds(20));
  bed.deliver();
  std::map<std::string, double> sums;
  for (const ServiceMetrics::Put& put : bed.metrics.take()) {
    EXPECT_EQ(put.name_space, "AWS/SNS");
    for (const auto& datum : put.data) {
      EXPECT_EQ(*datum.dimensions->at(0).name + "=" + *datum.dimensions->at(0).value, "TopicName=t");
      for (std::size_t i = 0; i < datum.values->size(); ++i)
        sums[*datum.metric_name + " " + *datum.unit] += datum.values->at(i) * datum.counts->at(i);
    }
  }
  const std::map<std::string, double> expected = {
      {"NumberOfMessagesPublished Count", 3},
      {"PublishSize Bytes", 5 + (1 + 1 + 6 + 5) + (1 + 1 + 6 + 1)},
      {"NumberOfNotificationsDelivered Count", 2},
      {"NumberOfNotificationsFailed Count", 3},  // both attempts of one message at the web, and the missing queue
      {"NumberOfNotificationsRedrivenToDlq Count", 1},
      {"NumberOfNotificationsFilteredOut Count", 2},
      {"NumberOfNotificationsFilteredOut-NoMessageAttributes Count", 1},
      {"NumberOfNotificationsFilteredOut-MessageAttributes Count", 1}};
  EXPECT_EQ(sums, expected);
}

}  // namespace
}  // namespace engine::sns
