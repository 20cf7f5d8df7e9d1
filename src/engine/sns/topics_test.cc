#include "engine/sns/keys.h"
#include "engine/sns/test_bed.h"

namespace engine::sns {
namespace {

TEST(Topics, CreationIsIdempotent) {
  TestBed bed;
  EXPECT_EQ(bed.topic("t", {{"DisplayName", "d"}}), TestBed::arn("t"));
  EXPECT_EQ(bed.topic("t"), TestBed::arn("t"));
  EXPECT_EQ(bed.error(&SnsService::create_topic, CreateTopicInput{"t", Texts{{"DisplayName", "e"}}, {}}),
            "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes");
  EXPECT_EQ(bed.error(&SnsService::create_topic, CreateTopicInput{"t", {}, std::vector<Tag>{{"k", "v"}}}),
            "InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags");
  EXPECT_EQ(bed.error(&SnsService::create_topic, CreateTopicInput{"a b", {}, {}}),
            "InvalidParameter: Invalid parameter: Topic Name");
  EXPECT_EQ(bed.error(&SnsService::create_topic, CreateTopicInput{"t.fifo", Texts{{"FifoTopic", "true"}}, {}}),
            "InvalidParameter: Invalid parameter: Attributes Reason: FifoTopic=true is not supported by this engine");
  EXPECT_EQ(bed.error(&SnsService::create_topic, CreateTopicInput{"k", Texts{{"KmsMasterKeyId", "alias/x"}}, {}}),
            "InvalidParameter: Invalid parameter: Attributes KmsMasterKeyId Reason: it is not supported here");
  EXPECT_EQ(bed.topic("f", {{"FifoTopic", "false"}}), TestBed::arn("f"));
}

TEST(Topics, HintsAreTakenAndShown) {
  TestBed bed;
  const std::string arn = bed.topic("t", {{"KmsMasterKeyId", "alias/aws/sns"}, {"TracingConfig", "Active"}});
  bed.restart();
  Texts all = *bed.ok(&SnsService::get_topic_attributes, GetTopicAttributesInput{arn}).attributes;
  EXPECT_EQ(all["KmsMasterKeyId"], "alias/aws/sns");
  EXPECT_EQ(all["TracingConfig"], "Active");
  const auto set = [&](const std::string& name, const std::string& value) {
    return bed.error(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, name, value});
  };
  EXPECT_EQ(set("KmsMasterKeyId", ""), "no error");
  EXPECT_EQ(set("TracingConfig", "PassThrough"), "no error");
  EXPECT_EQ(set("TracingConfig", "Sometimes"), "InvalidParameter: Invalid parameter: TracingConfig");
  EXPECT_EQ(set("KmsMasterKeyId", "alias/mine"),
            "InvalidParameter: Invalid parameter: Attributes KmsMasterKeyId Reason: it is not supported here");
  EXPECT_EQ(set("FifoTopic", "false"), "InvalidParameter: Invalid parameter: AttributeName");
  all = *bed.ok(&SnsService::get_topic_attributes, GetTopicAttributesInput{arn}).attributes;
  EXPECT_FALSE(all.contains("KmsMasterKeyId"));
  EXPECT_EQ(all["TracingConfig"], "PassThrough");
}

// What infrastructure tools ask on every refresh.
TEST(Topics, WhatIsNotThereIsAnsweredAtItsDefault) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  EXPECT_EQ(bed.ok(&SnsService::get_data_protection_policy, {arn}).data_protection_policy, "");
  EXPECT_EQ(bed.error(&SnsService::get_data_protection_policy, {TestBed::arn("u")}), "NotFound: Topic does not exist");
  EXPECT_EQ(*bed.ok(&SnsService::get_sms_attributes, {}).attributes, (Texts{{"MonthlySpendLimit", "1"}}));
  EXPECT_TRUE(bed.ok(&SnsService::get_sms_attributes, {{{"DefaultSenderID"}}}).attributes->empty());
  EXPECT_EQ(bed.ok(&SnsService::get_sms_sandbox_account_status, {}).is_in_sandbox, true);
  EXPECT_TRUE(bed.ok(&SnsService::list_origination_numbers, {}).phone_numbers->empty());
  EXPECT_TRUE(bed.ok(&SnsService::list_phone_numbers_opted_out, {}).phone_numbers->empty());
  EXPECT_TRUE(bed.ok(&SnsService::list_platform_applications, {}).platform_applications->empty());
  EXPECT_TRUE(bed.ok(&SnsService::list_sms_sandbox_phone_numbers, {}).phone_numbers->empty());
  const std::string no_application = "NotFound: PlatformApplication does not exist";
  EXPECT_EQ(bed.error(&SnsService::get_platform_application_attributes, {"arn"}), no_application);
  EXPECT_EQ(bed.error(&SnsService::list_endpoints_by_platform_application, {"arn", {}}), no_application);
  EXPECT_EQ(bed.error(&SnsService::get_endpoint_attributes, {"arn"}), "NotFound: Endpoint does not exist");
  EXPECT_EQ(bed.ok(&SnsService::check_if_phone_number_is_opted_out, {"+15550100"}).is_opted_out, false);
  EXPECT_EQ(bed.error(&SnsService::check_if_phone_number_is_opted_out, {"home"}).substr(0, 17), "InvalidParameter:");
}

TEST(Topics, AttributesAndErrors) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  bed.ok(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, "DisplayName", "d"});
  bed.restart();
  Texts all = *bed.ok(&SnsService::get_topic_attributes, GetTopicAttributesInput{arn}).attributes;
  EXPECT_EQ(all["DisplayName"], "d");
  EXPECT_EQ(all["Owner"], "123456789012");
  EXPECT_EQ(all["SubscriptionsConfirmed"], "0");
  EXPECT_NE(all["Policy"].find("\"AWS:SourceOwner\":\"123456789012\""), std::string::npos);
  EXPECT_FALSE(all.contains("FifoTopic"));
  const auto error = [&](const std::string& text) {
    return bed.error(&SnsService::get_topic_attributes, GetTopicAttributesInput{text});
  };
  EXPECT_EQ(error("x"),
            "InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1");
  EXPECT_EQ(error(TestBed::arn("u")), "NotFound: Topic does not exist");
  EXPECT_EQ(error("arn:aws:sns:us-east-1:123456789012:t"), "InvalidParameter: Invalid parameter: TopicArn");
  EXPECT_EQ(bed.error(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, "Nonsense", "d"}),
            "InvalidParameter: Invalid parameter: AttributeName");
}

TEST(Topics, ForeignAttributesAreTakenOnlyIfTheySayNothing) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto error = [&](const std::string& name, const std::string& value) {
    return bed.error(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, name, value});
  };
  for (const char* name :
       {"FifoThroughputScope", "SQSSuccessFeedbackRoleArn", "LambdaSuccessFeedbackSampleRate", "ArchivePolicy"}) {
    EXPECT_EQ(error(name, ""), "no error");
    EXPECT_EQ(error(name, "false"), "InvalidParameter: Invalid parameter: Attributes " + std::string(name) +
                                        " Reason: it is not supported here");
  }
  EXPECT_EQ(error("ContentBasedDeduplication", "false"), "no error");
  EXPECT_EQ(error("BeginningArchiveTime", ""), "InvalidParameter: Invalid parameter: AttributeName");
}

TEST(Topics, Permissions) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto add = [&](const std::string& label, const std::string& account, const std::string& action) {
    return bed.error(&SnsService::add_permission, AddPermissionInput{arn, label, std::vector<std::string>{account},
                                                                     std::vector<std::string>{action}});
  };
  const auto policy = [&] {
    return (*bed.ok(&SnsService::get_topic_attributes, GetTopicAttributesInput{arn}).attributes)["Policy"];
  };
  const std::string before = policy();
  EXPECT_EQ(add("l", "111122223333", "Publish"), "no error");
  EXPECT_NE(policy().find(R"({"Sid":"l","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},)"
                          R"("Action":"SNS:Publish","Resource":")" +
                          arn + "\"}"),
            std::string::npos)
      << policy();
  aws::Context alarm = bed.context();
  alarm.principal = {aws::Principal::Kind::service, alarm.account, "cloudwatch.amazonaws.com", ""};
  EXPECT_TRUE(bed.sns->publish(alarm, TestBed::message(arn, "m"))) << "the default statement still stands";
  EXPECT_EQ(add("l", "111122223333", "Publish"), "InvalidParameter: Invalid parameter: Statement already exists");
  EXPECT_EQ(add("m", "111122223333", "Fly"),
            "InvalidParameter: Invalid parameter: Policy statement action out of service scope!");
  EXPECT_EQ(add("m", "x", "Publish"), "InvalidParameter: Invalid parameter: AWSAccountId");
  bed.ok(&SnsService::remove_permission, RemovePermissionInput{arn, "l"});
  bed.ok(&SnsService::remove_permission, RemovePermissionInput{arn, "l"});
  bed.restart();
  EXPECT_EQ(policy(), before);
}

TEST(Topics, DeletionTakesSubscriptionsAlong) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const std::string subscription = bed.subscribe(arn, "sqs", TestBed::queue_arn("q"));
  bed.ok(&SnsService::delete_topic, DeleteTopicInput{arn});
  bed.ok(&SnsService::delete_topic, DeleteTopicInput{arn});
  bed.ok(&SnsService::unsubscribe, UnsubscribeInput{subscription});
  const auto wrong = [&](std::optional<std::string> id) {
    return bed.error(&SnsService::unsubscribe, UnsubscribeInput{std::move(id)});
  };
  EXPECT_EQ(wrong(arn), "InvalidParameter: Invalid parameter: SubscriptionId");
  EXPECT_EQ(wrong("x"),
            "InvalidParameter: Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1");
  EXPECT_EQ(wrong({}), "InvalidParameter: Invalid parameter: SubscriptionArn Reason: no value for required parameter");
  EXPECT_EQ(bed.error(&SnsService::delete_topic, DeleteTopicInput{"x"}).substr(0, 17), "InvalidParameter:");
  EXPECT_EQ(bed.error(&SnsService::get_subscription_attributes, GetSubscriptionAttributesInput{subscription}),
            "NotFound: Subscription does not exist");
  bed.topic("t");
  bed.restart();
  EXPECT_TRUE(bed.ok(&SnsService::list_subscriptions, ListSubscriptionsInput{}).subscriptions->empty());
}

TEST(Topics, Tags) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto tag = [&](std::vector<Tag> tags) {
    return bed.error(&SnsService::tag_resource, TagResourceRequest{arn, std::move(tags)});
  };
  EXPECT_EQ(tag({{"b", "1"}, {"a", "2"}}), "no error");
  EXPECT_EQ(tag({{"x", "1"}, {"x", "2"}}), "InvalidParameter: Invalid parameter: Duplicated keys are not allowed.");
  bed.ok(&SnsService::untag_resource, UntagResourceRequest{arn, std::vector<std::string>{"b"}});
  bed.restart();
  const auto tags = bed.ok(&SnsService::list_tags_for_resource, ListTagsForResourceRequest{arn}).tags;
  EXPECT_EQ(*tags, (std::vector<Tag>{{"a", "2"}}));
  EXPECT_EQ(bed.error(&SnsService::list_tags_for_resource, ListTagsForResourceRequest{TestBed::arn("u")}),
            "ResourceNotFound: Resource does not exist");
}

TEST(Topics, PoliciesThatAreNotUnderstoodAreRefused) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  for (const char* policy :
       {"{", "{}", R"({"Statement":[{"Effect":"Maybe","Principal":"*","Action":"*","Resource":"*"}]})"})
    EXPECT_EQ(bed.error(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, "Policy", policy}),
              "InvalidParameter: Invalid parameter: Policy Error: null");
  const char* undecidable = R"({"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*",)"
                            R"("Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]})";
  EXPECT_EQ(bed.error(&SnsService::set_topic_attributes, SetTopicAttributesInput{arn, "Policy", undecidable}),
            "InvalidParameter: Invalid parameter: Policy Error: Unsupported condition key: aws:sourceip");
}

TEST(Topics, DamageInTheStoreStopsTheEngine) {
  for (const std::string& key : {keys::topic("123456789012", "eu-west-1", "t"), keys::subscription(1, "u"),
                                 std::string(keys::kNextIdKey), std::string(keys::kSigningKey)}) {
    TestBed bed;
    bed.queue("q");
    const std::string arn = bed.topic("t");
    bed.subscribe(arn, "sqs", TestBed::queue_arn("q"));
    store::WriteBatch batch;
    batch.put(key, "\xff");
    bed.store->write(batch);
    EXPECT_EXIT(
        {
          bed.restart();
          bed.sns->certificate_pem("SimpleNotificationService-x.pem");
        },
        testing::ExitedWithCode(store::kFatalExitCode), "store: .* of SNS is damaged");
  }
}

TEST(Subscriptions, Refusals) {
  TestBed bed;
  const std::string arn = bed.topic("t");
  const auto error = [&](const std::string& protocol, const std::string& endpoint, Texts attributes = {}) {
    return bed.error(&SnsService::subscribe, TestBed::subscription(arn, protocol, endpoint, std::move(attributes)));
  };
  const std::string queue = TestBed::queue_arn("q");
  EXPECT_EQ(error("sqs", "http://localhost/q"), "InvalidParameter: Invalid parameter: SQS endpoint ARN");
  EXPECT_EQ(bed.error(&SnsService::subscribe, TestBed::subscription(arn + "-none", "sqs", "http://localhost/q")),
            "NotFound: Topic does not exist");  // the topic comes first
  EXPECT_TRUE(error("sqs", queue + ".fifo").ends_with("FIFO SQS Queues can not be subscribed to standard SNS topics"));
  EXPECT_EQ(error("sms", "+15550100"),
            "InvalidParameter: Invalid parameter: Protocol sms Reason: it is not supported here");
  EXPECT_EQ(error("pigeon", "x"),
            "InvalidParameter: Invalid parameter: Amazon SNS does not support this protocol string: pigeon");
  EXPECT_EQ(error("email", "a b@c"), "InvalidParameter: Invalid parameter: Email address");
  EXPECT_EQ(
      error("sqs", queue, {{"RawMessageDelivery", "x"}}),
      "InvalidParameter: Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [x]. Must be true "
      "or false.");
  EXPECT_EQ(error("sqs", queue, {{"RedrivePolicy", "{"}}),
            "InvalidParameter: Invalid parameter: Attributes Reason: RedrivePolicy: failed to parse JSON.");
  EXPECT_EQ(error("sqs", queue, {{"FilterPolicy", "{"}}),
            "InvalidParameter: Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.");
}

TEST(Subscriptions, AttributesAndIdempotence) {
  TestBed bed;
  const std::string topic = bed.topic("t");
  const std::string queue = TestBed::queue_arn("q");
  const std::string arn = bed.subscribe(topic, "sqs", queue, {{"RawMessageDelivery", "true"}});
  EXPECT_TRUE(arn.starts_with(topic + ":"));
  EXPECT_EQ(bed.subscribe(topic, "sqs", queue), arn);
  EXPECT_EQ(
      bed.error(&SnsService::subscribe, TestBed::subscription(topic, "sqs", queue, {{"RawMessageDelivery", "false"}})),
      "InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists with different "
      "attributes");
  EXPECT_EQ(bed.error(&SnsService::set_subscription_attributes,
                      SetSubscriptionAttributesInput{arn, "RawMessageDelivery", "Yes"}),
            "InvalidParameter: Invalid parameter: RawMessageDelivery: Invalid value [Yes]. Must be true or false.");
  bed.ok(&SnsService::set_subscription_attributes, SetSubscriptionAttributesInput{arn, "RawMessageDelivery", "TrUe"});
  bed.ok(&SnsService::set_subscription_attributes,
         SetSubscriptionAttributesInput{arn, "FilterPolicy", R"({"a":["b"]})"});
  bed.restart();
  Texts all = *bed.ok(&SnsService::get_subscription_attributes, GetSubscriptionAttributesInput{arn}).attributes;
  EXPECT_EQ(all["RawMessageDelivery"], "true");
  EXPECT_EQ(all["PendingConfirmation"], "false");
  EXPECT_EQ(all["FilterPolicyScope"], "MessageAttributes");
  EXPECT_EQ(all["SubscriptionArn"], arn);
  bed.ok(&SnsService::set_subscription_attributes, SetSubscriptionAttributesInput{arn, "FilterPolicy", "{}"});
  all = *bed.ok(&SnsService::get_subscription_attributes, GetSubscriptionAttributesInput{arn}).attributes;
  EXPECT_FALSE(all.contains("FilterPolicy"));
  EXPECT_EQ(bed.error(&SnsService::set_subscription_attributes, SetSubscriptionAttributesInput{arn, "X", "y"}),
            "InvalidParameter: Invalid parameter: AttributeName");
}

TEST(Subscriptions, ListsPage) {
  TestBed bed;
  std::size_t made = 0;
  for (const char* name : {"a", "b", "c"}) {
    const std::string arn = bed.topic(name);
    for (int i = 0; i < 70; ++i, ++made) bed.subscribe(arn, "sqs", TestBed::queue_arn("q" + std::to_string(i)));
  }
  std::vector<std::string> seen;
  ListSubscriptionsInput in;
  for (int pages = 0; pages < 4; ++pages) {
    const auto page = bed.ok(&SnsService::list_subscriptions, in);
    for (const auto& subscription : *page.subscriptions) seen.push_back(*subscription.subscription_arn);
    in.next_token = page.next_token;
    if (!in.next_token) break;
  }
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::unique(seen).size(), 0u);
  EXPECT_EQ(seen.size(), made);
  in.next_token = "!";
  EXPECT_EQ(bed.error(&SnsService::list_subscriptions, in), "InvalidParameter: Invalid parameter: NextToken");
}

}  // namespace
}  // namespace engine::sns
