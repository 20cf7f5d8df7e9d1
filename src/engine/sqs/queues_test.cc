#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

TEST(Queues, FreshStandardQueueReportsTheDefaults) {
  TestBed bed;
  const std::string url = bed.create("orders");
  EXPECT_EQ(url, "http://localhost:4566/123456789012/orders");
  Texts all = bed.attributes(url);
  EXPECT_EQ(all.size(), 12u);
  EXPECT_EQ(all["MaximumMessageSize"], "1048576");
  EXPECT_EQ(all["MessageRetentionPeriod"], "345600");
  EXPECT_EQ(all["VisibilityTimeout"], "30");
  EXPECT_EQ(all["DelaySeconds"], "0");
  EXPECT_EQ(all["ReceiveMessageWaitTimeSeconds"], "0");
  EXPECT_EQ(all["SqsManagedSseEnabled"], "true");
  EXPECT_EQ(all["CreatedTimestamp"], "1700000000");
  EXPECT_EQ(all["LastModifiedTimestamp"], "1700000000");
  EXPECT_EQ(all["QueueArn"], TestBed::arn("orders"));
  EXPECT_EQ(bed.attributes(url, {"QueueArn"}).size(), 1u);
  EXPECT_EQ(bed.attributes(url, {}).size(), 0u);
  EXPECT_EQ(bed.error(&SqsService::get_queue_attributes, GetQueueAttributesRequest{url, {{"Nope"}}}),
            "InvalidAttributeName: Unknown Attribute Nope.");
}

TEST(Queues, FifoQueueAddsItsAttributesInLowerCase) {
  TestBed bed;
  Texts all = bed.attributes(bed.create("o.fifo", {{"FifoQueue", "True"}, {"ContentBasedDeduplication", "FALSE"}}));
  EXPECT_EQ(all.size(), 16u);
  EXPECT_EQ(all["FifoQueue"], "true");
  EXPECT_EQ(all["ContentBasedDeduplication"], "false");
  EXPECT_EQ(all["DeduplicationScope"], "queue");
  EXPECT_EQ(all["FifoThroughputLimit"], "perQueue");
}

TEST(Queues, CreateRefuses) {
  TestBed bed;
  bed.create("target.fifo", {{"FifoQueue", "true"}});
  const std::string bad_name =
      "InvalidParameterValueException: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in "
      "length";
  const std::string size = "InvalidAttributeValue: Invalid value for the parameter ";
  struct Case {
    std::string name;
    Texts attributes;
    std::string error;  // how it begins
  } cases[] = {
      {"", {}, bad_name},
      {"a/b", {}, bad_name},
      {std::string(81, 'a'), {}, bad_name},
      {"x.fifo", {}, bad_name},
      {"x", {{"FifoQueue", "true"}}, "InvalidParameterValueException: The name of a FIFO queue can only include"},
      {std::string(76, 'a') + ".fifo", {{"FifoQueue", "true"}}, "InvalidParameterValueException: The name of a FIFO"},
      {"x", {{"FifoQueue", "false"}}, "InvalidAttributeName: Unknown Attribute FifoQueue."},
      {"x.fifo", {{"FifoQueue", "false"}}, size + "FifoQueue. Reason: Modifying queue type is not supported."},
      {"x", {{"Nope", "1"}}, "InvalidAttributeName: Unknown Attribute Nope."},
      {"x",
       {{"DeduplicationScope", "queue"}},
       "InvalidAttributeName: You can specify the DeduplicationScope only when FifoQueue is set to true."},
      {"x", {{"VisibilityTimeout", "43201"}}, size + "VisibilityTimeout."},
      {"x", {{"VisibilityTimeout", ""}}, size + "VisibilityTimeout."},
      {"x", {{"DelaySeconds", "901"}}, size + "DelaySeconds."},
      {"x", {{"MessageRetentionPeriod", "59"}}, size + "MessageRetentionPeriod."},
      {"x", {{"MaximumMessageSize", "1023"}}, size + "MaximumMessageSize."},
      {"x", {{"ReceiveMessageWaitTimeSeconds", "21"}}, size + "ReceiveMessageWaitTimeSeconds."},
      {"x", {{"Policy", "[]"}}, size + "Policy."},
      {"x",
       {{"Policy", R"({"Statement":[{"Effect":"Maybe","Principal":"*","Action":"*","Resource":"*"}]})"}},
       size + "Policy."},
      {"x",
       {{"Policy", R"({"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*",)"
                   R"("Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]})"}},
       size + "Policy. Reason: Unsupported condition key: aws:sourceip"},
      {"x", {{"KmsMasterKeyId", "alias/mine"}}, size + "KmsMasterKeyId. Reason: Only alias/aws/sqs is taken here"},
      {"x", {{"KmsDataKeyReusePeriodSeconds", "59"}}, size + "KmsDataKeyReusePeriodSeconds."},
      {"x", {{"KmsMasterKeyId", "k"}, {"SqsManagedSseEnabled", "true"}}, "InvalidAttributeName: You can use one type"},
      {"x",
       {{"RedrivePolicy", "\"{}\""}},
       "InvalidParameterValueException: Value \"{}\" for parameter RedrivePolicy is invalid. Reason: Redrive policy is "
       "not a valid JSON map."},
      {"x", {{"RedrivePolicy", R"({"maxReceiveCount":1})"}}, "InvalidParameterValueException: Value {\"maxReceive"},
      {"x", {{"RedrivePolicy", bed.redrive("absent", 3)}}, "InvalidParameterValueException: Value {\"dead"},
      {"x", {{"RedrivePolicy", bed.redrive("target.fifo", 3)}}, "InvalidParameterValueException: Value {\"dead"},
      {"x", {{"RedrivePolicy", bed.redrive("target", 1001)}}, "InvalidParameterValueException: Value {\"dead"},
      {"x", {{"RedriveAllowPolicy", R"({"redrivePermission":"byQueue"})"}}, "InvalidParameterValueException: Value {"},
      {"x.fifo",
       {{"FifoQueue", "true"}, {"FifoThroughputLimit", "perMessageGroupId"}},
       "InvalidAttributeValue: The per"},
  };
  for (const Case& c : cases) {
    const std::string error = bed.error(&SqsService::create_queue, CreateQueueRequest{c.name, c.attributes, {}});
    EXPECT_TRUE(error.starts_with(c.error)) << c.name << ": " << error << "\nexpected: " << c.error;
  }
  EXPECT_EQ(bed.ok(&SqsService::list_queues, ListQueuesRequest()).queue_urls->size(), 1u);
}

TEST(Queues, CreateIsIdempotentForEqualCurrentValues) {
  TestBed bed;
  const std::string url = bed.create("q", {{"DelaySeconds", "5"}});
  EXPECT_EQ(bed.create("q"), url);
  EXPECT_EQ(bed.create("q", {{"DelaySeconds", "5"}, {"VisibilityTimeout", "30"}}), url);
  bed.set(url, {{"DelaySeconds", "7"}});
  EXPECT_EQ(bed.create("q", {{"DelaySeconds", "7"}}), url);
  EXPECT_EQ(bed.error(&SqsService::create_queue, CreateQueueRequest{"q", Texts{{"DelaySeconds", "5"}}, {}}),
            "QueueNameExists: A queue already exists with the same name and a different value for attribute "
            "DelaySeconds");
}

TEST(Queues, KeyOfAwsIsTakenAsAHint) {
  TestBed bed;
  const std::string url = bed.create("q", {{"KmsMasterKeyId", "alias/aws/sqs"}});
  EXPECT_EQ(bed.create("q", {{"KmsMasterKeyId", "alias/aws/sqs"}}), url);
  bed.restart();
  Texts all = bed.attributes(url);
  EXPECT_EQ(all["KmsMasterKeyId"], "alias/aws/sqs");
  EXPECT_EQ(all["KmsDataKeyReusePeriodSeconds"], "300");
  EXPECT_EQ(all["SqsManagedSseEnabled"], "false");
  bed.set(url, {{"KmsMasterKeyId", ""}});
  all = bed.attributes(url);
  EXPECT_FALSE(all.contains("KmsMasterKeyId") || all.contains("KmsDataKeyReusePeriodSeconds"));
  EXPECT_EQ(all["SqsManagedSseEnabled"], "false");
  const std::string arn = "arn:aws:kms:eu-west-1:123456789012:alias/aws/sqs";
  bed.set(url, {{"KmsMasterKeyId", arn}, {"KmsDataKeyReusePeriodSeconds", "60"}});
  EXPECT_EQ(bed.attributes(url)["KmsMasterKeyId"], arn);
  EXPECT_EQ(bed.attributes(url)["KmsDataKeyReusePeriodSeconds"], "60");
  bed.set(url, {{"SqsManagedSseEnabled", "true"}});
  all = bed.attributes(url);
  EXPECT_EQ(all["SqsManagedSseEnabled"], "true");
  EXPECT_FALSE(all.contains("KmsMasterKeyId"));
}

// AWS takes such a policy (validated 2024-08-20).
TEST(Queues, RedrivePolicyMayNameTheQueueItself) {
  TestBed bed;
  const std::string url = bed.create("q");
  bed.set(url, {{"RedrivePolicy", bed.redrive("q", 1)}});
  EXPECT_EQ(bed.attributes(url)["RedrivePolicy"], bed.redrive("q", 1));
  bed.send(url, "a");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bed.bodies(url, 10, 0), "a");
  const std::string made = bed.create("own", {{"RedrivePolicy", bed.redrive("own", 1)}});
  EXPECT_EQ(bed.create("own", {{"RedrivePolicy", bed.redrive("own", 1)}}), made);
  bed.send(made, "b");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bed.bodies(made, 10, 0), "b");
  const Texts closed{{"RedrivePolicy", bed.redrive("shut", 1)},
                     {"RedriveAllowPolicy", R"({"redrivePermission":"denyAll"})"}};
  EXPECT_TRUE(bed.error(&SqsService::create_queue, CreateQueueRequest{"shut", closed, {}}).contains("does not allow"));
}

TEST(Queues, SetAttributes) {
  TestBed bed;
  bed.create("dlq");
  const std::string url = bed.create("q");
  bed.env.clock.advance(seconds(10));
  const std::string policy = policy_named("s");
  bed.set(url, {{"RedrivePolicy", bed.redrive("dlq", 3)}, {"Policy", policy}, {"SqsManagedSseEnabled", "False"}});
  Texts all = bed.attributes(url);
  EXPECT_EQ(all["RedrivePolicy"], bed.redrive("dlq", 3));  // kept as sent
  EXPECT_EQ(all["Policy"], policy);
  EXPECT_EQ(all["SqsManagedSseEnabled"], "false");
  EXPECT_EQ(all["LastModifiedTimestamp"], "1700000010");
  bed.set(url,
          {{"RedrivePolicy", ""}, {"Policy", ""}, {"KmsMasterKeyId", ""}, {"KmsDataKeyReusePeriodSeconds", "300"}});
  all = bed.attributes(url);
  EXPECT_FALSE(all.contains("RedrivePolicy") || all.contains("Policy") || all.contains("KmsMasterKeyId"));
  // A failed call changes nothing.
  EXPECT_EQ(bed.error(&SqsService::set_queue_attributes,
                      SetQueueAttributesRequest{url, Texts{{"DelaySeconds", "9"}, {"FifoQueue", "true"}}}),
            "InvalidAttributeName: Unknown Attribute FifoQueue.");
  EXPECT_EQ(bed.attributes(url)["DelaySeconds"], "0");
}

TEST(Queues, RedriveAllowPolicyIsAskedWhenASourceIsSet) {
  TestBed bed;
  const std::string dlq = bed.create("dlq", {{"RedriveAllowPolicy", R"({"redrivePermission":"denyAll"})"}});
  const std::string url = bed.create("q");
  const auto set = [&] {
    return bed.error(&SqsService::set_queue_attributes,
                     SetQueueAttributesRequest{url, Texts{{"RedrivePolicy", bed.redrive("dlq", 1)}}});
  };
  EXPECT_NE(set(), "no error");
  bed.set(dlq, {{"RedriveAllowPolicy",
                 R"({"redrivePermission":"byQueue","sourceQueueArns":[")" + TestBed::arn("q") + "\"]}"}});
  EXPECT_EQ(set(), "no error");
  EXPECT_EQ(
      *bed.ok(&SqsService::list_dead_letter_source_queues, ListDeadLetterSourceQueuesRequest{dlq, {}, {}}).queue_urls,
      std::vector{url});
}

TEST(Queues, EveryFormOfUrlFindsTheQueue) {
  TestBed bed;
  bed.create("q");
  for (const std::string url :
       {"https://sqs.us-east-2.amazonaws.com/123456789012/q", "https://eu-west-1.queue.amazonaws.com/123456789012/q",
        "http://host:1/123456789012/q", "http://h/queue/eu-west-1/123456789012/q", "/123456789012/q", "q"}) {
    EXPECT_EQ(bed.attributes(url).size(), 12u) << url;
  }
  const std::string missing = "QueueDoesNotExist: The specified queue does not exist.";
  for (const std::string no_url : {"http://host", "http://host/", "/", "a/b/"}) {
    EXPECT_EQ(bed.error(&SqsService::purge_queue, PurgeQueueRequest{no_url}), missing) << no_url;
  }
  EXPECT_EQ(bed.error(&SqsService::purge_queue, PurgeQueueRequest{"http://h/999999999999/q"}), missing);
  EXPECT_EQ(bed.error(&SqsService::purge_queue, PurgeQueueRequest{"other"}), missing);
  EXPECT_EQ(bed.error(&SqsService::get_queue_url, GetQueueUrlRequest{"other", {}}), missing);
  EXPECT_EQ(bed.error(&SqsService::purge_queue, PurgeQueueRequest{}),
            "MissingRequiredParameterException: The request must contain the parameter QueueUrl.");
  EXPECT_EQ(bed.ok(&SqsService::get_queue_url, GetQueueUrlRequest{"q", "123456789012"}).queue_url,
            "http://localhost:4566/123456789012/q");
}

TEST(Queues, ListsByPrefixAndPage) {
  TestBed bed;
  EXPECT_FALSE(bed.ok(&SqsService::list_queues, ListQueuesRequest()).queue_urls.has_value());
  for (const char* name : {"a", "b1", "b2", "b3", "c"}) bed.create(name);
  const auto page1 = bed.ok(&SqsService::list_queues, ListQueuesRequest{"b", {}, 2});
  ASSERT_EQ(page1.queue_urls->size(), 2u);
  EXPECT_TRUE(page1.queue_urls->back().ends_with("/b2"));
  const auto page2 = bed.ok(&SqsService::list_queues, ListQueuesRequest{"b", page1.next_token, 2});
  ASSERT_EQ(page2.queue_urls->size(), 1u);
  EXPECT_TRUE(page2.queue_urls->front().ends_with("/b3"));
  EXPECT_FALSE(page2.next_token.has_value());
  for (const char* token : {"!", "AAAA"})
    EXPECT_EQ(bed.error(&SqsService::list_queues, ListQueuesRequest{{}, token, 2}),
              "InvalidParameterValueException: Value " + std::string(token) +
                  " for parameter NextToken is invalid. Reason: The token is not valid.");
  EXPECT_NE(bed.error(&SqsService::list_queues, ListQueuesRequest{{}, {}, 0}), "no error");
}

TEST(Queues, Tags) {
  TestBed bed;
  const std::string url =
      *bed.ok(&SqsService::create_queue, CreateQueueRequest{"q", {}, Texts{{"team", "a"}}}).queue_url;
  bed.ok(&SqsService::tag_queue, TagQueueRequest{url, Texts{{"team", "b"}, {"env", ""}}});
  EXPECT_EQ(*bed.ok(&SqsService::list_queue_tags, ListQueueTagsRequest{url}).tags, (Texts{{"team", "b"}, {"env", ""}}));
  Texts many;
  for (int i = 0; i < 49; ++i) many["k" + std::to_string(i)] = "v";
  EXPECT_EQ(bed.error(&SqsService::tag_queue, TagQueueRequest{url, many}),
            "InvalidParameterValueException: Too many tags added for queue q.");
  bed.ok(&SqsService::untag_queue, UntagQueueRequest{url, {{"team", "env", "absent"}}});
  EXPECT_FALSE(bed.ok(&SqsService::list_queue_tags, ListQueueTagsRequest{url}).tags.has_value());
}

TEST(Queues, DeletedNameCanBeUsedAgainAtOnceUnlessSwitchedOn) {
  TestBed bed;
  std::string url = bed.create("q");
  bed.send(url, "old");
  bed.ok(&SqsService::delete_queue, DeleteQueueRequest{url});
  EXPECT_EQ(bed.error(&SqsService::delete_queue, DeleteQueueRequest{url}),
            "QueueDoesNotExist: The specified queue does not exist.");
  url = bed.create("q");
  EXPECT_EQ(bed.counts(url), "0/0/0");
  bed.options.delay_recreation = true;
  bed.restart();
  bed.ok(&SqsService::delete_queue, DeleteQueueRequest{url});
  bed.env.clock.advance(seconds(59));
  EXPECT_EQ(bed.error(&SqsService::create_queue, CreateQueueRequest{"q", {}, {}}),
            "QueueDeletedRecently: You must wait 60 seconds after deleting a queue before you can create another with "
            "the same name.");
  bed.env.clock.advance(seconds(1));
  bed.create("q");
}

TEST(Queues, PurgeOnceAMinute) {
  TestBed bed;
  const std::string url = bed.create("q");
  bed.send(url, "a");
  bed.send(url, "b", 100);
  bed.receive(url, 1);
  bed.ok(&SqsService::purge_queue, PurgeQueueRequest{url});
  EXPECT_EQ(bed.counts(url), "0/0/0");
  bed.send(url, "c");
  bed.restart();
  EXPECT_EQ(bed.error(&SqsService::purge_queue, PurgeQueueRequest{url}),
            "PurgeQueueInProgress: Only one PurgeQueue operation on q is allowed every 60 seconds.");
  bed.env.clock.advance(seconds(60));
  bed.ok(&SqsService::purge_queue, PurgeQueueRequest{url});
  EXPECT_EQ(bed.counts(url), "0/0/0");
}

TEST(Queues, ServicesAndOtherAccountsNeedThePolicy) {
  TestBed bed;
  bed.options.allows = [](const std::string& policy, const aws::Context& context, std::string_view action,
                          std::string_view arn) {
    return policy == policy_named("s") && context.principal.arn == "sns.amazonaws.com" && action == "sqs:SendMessage" &&
           arn == TestBed::arn("q");
  };
  bed.restart();
  const std::string url = bed.create("q");
  aws::Context service = bed.context();
  service.principal = {aws::Principal::Kind::service, service.account, "sns.amazonaws.com", "sns.amazonaws.com"};
  const auto send = [&](aws::Context& context) {
    SendMessageRequest in;
    in.queue_url = url;
    in.message_body = "x";
    const auto out = bed.sqs->send_message(context, in);
    return out ? std::string("sent") : out.error().code;
  };
  EXPECT_EQ(send(service), "AccessDeniedException");
  bed.set(url, {{"Policy", policy_named("s")}});
  EXPECT_EQ(send(service), "sent");
  aws::Context other = bed.context();
  other.principal.account = "999999999999";
  EXPECT_EQ(send(other), "AccessDeniedException");
}

TEST(Queues, APolicyGivesAwayNothingThatIsTheOwners) {
  TestBed bed;
  bed.options.allows = [](const std::string&, const aws::Context&, std::string_view, std::string_view) { return true; };
  bed.restart();
  const std::string url = bed.create("q", {{"Policy", policy_named("s")}});
  aws::Context other = bed.context();
  other.principal.account = "999999999999";
  const auto call = [&](auto operation, auto in) {
    in.queue_url = url;
    const auto out = ((*bed.sqs).*operation)(other, std::move(in));
    return out ? std::string("done") : out.error().code;
  };
  EXPECT_EQ(call(&SqsService::get_queue_attributes, GetQueueAttributesRequest()), "done");
  EXPECT_EQ(call(&SqsService::purge_queue, PurgeQueueRequest()), "done");
  SetQueueAttributesRequest open;
  open.attributes.emplace()["Policy"] = policy_named("mine");
  EXPECT_EQ(call(&SqsService::set_queue_attributes, std::move(open)), "AccessDeniedException");
  TagQueueRequest tag;
  tag.tags.emplace()["a"] = "b";
  EXPECT_EQ(call(&SqsService::tag_queue, std::move(tag)), "AccessDeniedException");
  EXPECT_EQ(call(&SqsService::list_queue_tags, ListQueueTagsRequest()), "AccessDeniedException");
  EXPECT_EQ(call(&SqsService::delete_queue, DeleteQueueRequest()), "AccessDeniedException");
}

}  // namespace
}  // namespace engine::sqs
