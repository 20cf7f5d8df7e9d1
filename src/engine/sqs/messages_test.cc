#include <functional>

#include "base/encoding.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

MessageAttributeValue text_attribute(std::string value, std::string type = "String") {
  MessageAttributeValue out;
  out.data_type = std::move(type);
  out.string_value = std::move(value);
  return out;
}

TEST(Send, AnswersDigestsAndReceiveGivesEverythingBack) {
  TestBed bed;
  const std::string url = bed.create("q");
  SendMessageRequest in;
  in.queue_url = url;
  in.message_body = "hello";
  MessageAttributeValue binary;
  binary.data_type = "Binary.png";
  binary.binary_value = std::string("\0\xff", 2);
  in.message_attributes = {{"n", text_attribute("1.5", "Number.float")}, {"bin", binary}, {"a.b", text_attribute("v")}};
  MessageSystemAttributeValue trace;
  trace.data_type = "String";
  trace.string_value = "Root=1-2";
  in.message_system_attributes = {{"AWSTraceHeader", trace}};
  in.message_group_id = "tenant";  // fair queues (item 16)
  const auto sent = bed.ok(&SqsService::send_message, in);
  EXPECT_EQ(sent.md5_of_message_body, "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(sent.md5_of_message_attributes->size(), 32u);
  EXPECT_EQ(sent.md5_of_message_system_attributes->size(), 32u);
  EXPECT_FALSE(sent.sequence_number.has_value());
  bed.env.clock.advance(milliseconds(1500));
  const auto messages = bed.receive(url);
  ASSERT_EQ(messages.size(), 1u);
  const Message& m = messages[0];
  EXPECT_EQ(m.message_id, sent.message_id);
  EXPECT_EQ(m.md5_of_body, sent.md5_of_message_body);
  EXPECT_EQ(m.md5_of_message_attributes, sent.md5_of_message_attributes);
  EXPECT_EQ(*m.message_attributes, *in.message_attributes);
  EXPECT_EQ(*m.attributes, (Texts{{"SenderId", "123456789012"},
                                  {"SentTimestamp", "1700000000000"},
                                  {"ApproximateReceiveCount", "1"},
                                  {"ApproximateFirstReceiveTimestamp", "1700000001500"},
                                  {"MessageGroupId", "tenant"},
                                  {"AWSTraceHeader", "Root=1-2"}}));
}

// The published example of AWS's SDK tests, by hand: name, type, 1, value, each with its length in front.
TEST(Send, AttributeDigestIsThatOfTheDocumentation) {
  TestBed bed;
  SendMessageRequest in;
  in.queue_url = bed.create("q");
  in.message_body = "b";
  in.message_attributes = {{"k", text_attribute("v")}};
  const std::string bytes("\0\0\0\x01k\0\0\0\x06String\x01\0\0\0\x01v", 21);
  EXPECT_EQ(bed.ok(&SqsService::send_message, in).md5_of_message_attributes, base::hex_encode(base::md5(bytes)));
}

TEST(Send, Refuses) {
  TestBed bed;
  const std::string standard = bed.create("q", {{"MaximumMessageSize", "1024"}});
  const std::string fifo = bed.create("q.fifo", {{"FifoQueue", "true"}});
  const std::string parameter = "InvalidParameterValueException: ";
  struct Case {
    std::string url;
    std::function<void(SendMessageRequest&)> change;
    std::string error;  // how it begins
  } cases[] = {
      {standard, [](auto& in) { in.message_body = ""; },
       "MissingRequiredParameterException: The request must contain the parameter MessageBody."},
      {standard, [](auto& in) { in.message_body = std::string(1025, 'x'); },
       parameter + "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
      {standard,
       [](auto& in) {
         in.message_body = std::string(1017, 'x');
         in.message_attributes = {{"k", text_attribute("v")}};
       },
       parameter + "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
      {standard, [](auto& in) { in.message_body = std::string("a\0b", 3); }, "InvalidMessageContents: Invalid char"},
      {standard, [](auto& in) { in.message_body = "\x1f"; }, "InvalidMessageContents: "},
      {standard, [](auto& in) { in.message_body = "\xef\xbf\xbf"; }, "InvalidMessageContents: "},
      {standard, [](auto& in) { in.message_body = "\xed\xa0\x80"; }, "InvalidMessageContents: "},
      {standard, [](auto& in) { in.delay_seconds = 901; },
       parameter + "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
      {standard, [](auto& in) { in.message_deduplication_id = "d"; },
       parameter + "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter"},
      {standard, [](auto& in) { in.message_attributes = {{"X", text_attribute("")}}; },
       parameter + "Message (user) attribute 'X' must contain a non-empty value of type 'String'."},
      {standard, [](auto& in) { in.message_attributes = {{"X", text_attribute("v", "Float")}}; },
       parameter + "The message attribute 'X' has an invalid message attribute type"},
      {standard, [](auto& in) { in.message_attributes = {{"X", text_attribute("v", "Number")}}; },
       parameter + "Can't cast the value of message (user) attribute 'X' to a number."},
      {standard, [](auto& in) { in.message_attributes = {{".X", text_attribute("v")}}; }, parameter + "Message (user)"},
      {standard, [](auto& in) { in.message_attributes = {{"aWs.x", text_attribute("v")}}; }, parameter + "Message (u"},
      {standard,
       [](auto& in) {
         in.message_attributes.emplace();
         for (int i = 0; i < 11; ++i) (*in.message_attributes)["a" + std::to_string(i)] = text_attribute("v");
       },
       parameter + "Number of message attributes [11] exceeds the allowed maximum [10]."},
      {standard, [](auto& in) { in.message_system_attributes = {{"Foo", {}}}; }, parameter + "Message system attr"},
      {fifo, [](auto&) {}, "MissingRequiredParameterException: The request must contain the parameter MessageGroupId."},
      {fifo, [](auto& in) { in.message_group_id = "g"; },
       parameter + "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                   "explicitly"},
      {fifo, [](auto& in) { in.message_group_id = "a b"; },
       parameter + "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include "
                   "alphanumeric and punctuation characters. 1 to 128 in length."},
      {fifo,
       [](auto& in) {
         in.message_group_id = "g";
         in.message_deduplication_id = "d";
         in.delay_seconds = 1;
       },
       parameter + "Value 1 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not "
                   "valid for this queue type."},
  };
  for (const Case& c : cases) {
    SendMessageRequest in;
    in.queue_url = c.url;
    in.message_body = "body";
    c.change(in);
    const std::string error = bed.error(&SqsService::send_message, in);
    EXPECT_TRUE(error.starts_with(c.error)) << error << "\nexpected: " << c.error;
  }
  EXPECT_EQ(bed.counts(standard) + bed.counts(fifo), "0/0/00/0/0");
}

TEST(Batch, ChecksInOrderAndFailsEntriesAlone) {
  TestBed bed;
  const std::string url = bed.create("q", {{"MaximumMessageSize", "1024"}});
  const auto batch = [&](std::vector<std::pair<std::string, std::string>> entries) {
    SendMessageBatchRequest in;
    in.queue_url = url;
    in.entries.emplace();
    for (auto& [id, body] : entries) {
      SendMessageBatchRequestEntry& entry = in.entries->emplace_back();
      entry.id = id;
      entry.message_body = body;
    }
    return in;
  };
  const auto error = [&](auto entries) { return bed.error(&SqsService::send_message_batch, batch(entries)); };
  using Entries = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(error(Entries{}),
            "EmptyBatchRequest: There should be at least one SendMessageBatchRequestEntry in the request.");
  EXPECT_EQ(error(Entries(20, {"a", "b"})),
            "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 20.");
  EXPECT_TRUE(error(Entries{{"a.b", "x"}, {"a.b", "x"}}).starts_with("InvalidBatchEntryId: "));
  EXPECT_EQ(error(Entries{{"a", "x"}, {"a", "x"}}), "BatchEntryIdsNotDistinct: Id a repeated.");
  EXPECT_EQ(error(Entries{{"a", std::string(kMessageBytesMax, 'x')}, {"b", "x"}}),
            "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.");
  const auto out = bed.ok(&SqsService::send_message_batch, batch({{"ok", "x"}, {"big", std::string(1025, 'x')}}));
  ASSERT_EQ(out.successful->size(), 1u);
  EXPECT_EQ(out.successful->at(0).id, "ok");
  ASSERT_EQ(out.failed->size(), 1u);
  EXPECT_EQ(out.failed->at(0), (BatchResultErrorEntry{"big", true, "InvalidParameterValue",
                                                      "One or more parameters cannot be validated. Reason: Message "
                                                      "must be shorter than 1024 bytes."}));
  EXPECT_FALSE(bed.ok(&SqsService::send_message_batch, batch({{"ok", "x"}})).failed.has_value());
  EXPECT_EQ(bed.counts(url), "2/0/0");
  const auto messages = bed.receive(url);
  DeleteMessageBatchRequest remove{url, {{{"1", messages.at(0).receipt_handle}, {"2", "garbage"}}}};
  const auto removed = bed.ok(&SqsService::delete_message_batch, remove);
  EXPECT_EQ(removed.successful->size(), 1u);
  EXPECT_EQ(removed.failed->at(0).code, "ReceiptHandleIsInvalid");
  ChangeMessageVisibilityBatchRequest change{
      url, {{{"1", messages.at(1).receipt_handle, 0}, {"2", messages[0].receipt_handle, 0}}}};
  const auto changed = bed.ok(&SqsService::change_message_visibility_batch, change);
  EXPECT_EQ(changed.successful->size(), 1u);
  EXPECT_EQ(changed.failed->at(0).code, "InvalidParameterValue");
  EXPECT_EQ(bed.counts(url), "1/0/0");
}

// AWS refuses the whole call, in which the other entries are sound (recorded 2024-04-30).
TEST(Batch, FifoEntryWithoutItsIdsRefusesTheCall) {
  TestBed bed;
  const std::string url = bed.create("q.fifo", {{"FifoQueue", "true"}});
  const auto error = [&](std::optional<std::string> group, std::optional<std::string> dedup) {
    SendMessageBatchRequest in;
    in.queue_url = url;
    in.entries.emplace(2);
    for (std::size_t i = 0; i < 2; ++i) {
      SendMessageBatchRequestEntry& entry = in.entries->at(i);
      entry.id = std::to_string(i);
      entry.message_body = "body";
      entry.message_group_id = i == 0 ? "g" : group;
      entry.message_deduplication_id = i == 0 ? "d" : dedup;
    }
    return bed.error(&SqsService::send_message_batch, std::move(in));
  };
  EXPECT_EQ(error({}, "e"), "InvalidParameterValueException: The request must contain the parameter MessageGroupId.");
  EXPECT_EQ(error("g", {}),
            "InvalidParameterValueException: The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly");
  EXPECT_EQ(bed.counts(url), "0/0/0");
  bed.set(url, {{"ContentBasedDeduplication", "true"}});
  EXPECT_EQ(error("g", {}), "no error");
  EXPECT_EQ(bed.counts(url), "2/0/0");
}

TEST(Receive, RefusesAndIsEmptyWithoutMessages) {
  TestBed bed;
  const std::string url = bed.create("q");
  const auto error = [&](auto change) {
    ReceiveMessageRequest in;
    in.queue_url = url;
    change(in);
    return bed.error(&SqsService::receive_message, in);
  };
  EXPECT_EQ(error([](auto& in) { in.max_number_of_messages = 11; }),
            "InvalidParameterValueException: Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be "
            "between 1 and 10, if provided.");
  EXPECT_EQ(error([](auto& in) { in.wait_time_seconds = 21; }),
            "InvalidParameterValueException: Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 "
            "and <= 20, if provided.");
  EXPECT_TRUE(error([](auto& in) { in.visibility_timeout = 43201; }).starts_with("InvalidParameterValueException: "));
  EXPECT_EQ(error([](auto& in) { in.attribute_names = {"Nope"}; }), "InvalidAttributeName: Unknown Attribute Nope.");
  EXPECT_FALSE(bed.ok(&SqsService::receive_message, ReceiveMessageRequest{url, {}, {}, {}, {}, {}, {}, {}}).messages);
}

TEST(Receive, AttributesOnRequestOnly) {
  TestBed bed;
  SendMessageRequest send;
  send.queue_url = bed.create("q", {{"VisibilityTimeout", "0"}});
  send.message_body = "b";
  send.message_attributes = {
      {"foo.a", text_attribute("1")}, {"foo.b", text_attribute("2")}, {"bar", text_attribute("3")}};
  bed.ok(&SqsService::send_message, send);
  struct Case {
    std::vector<std::string> names;
    std::size_t count;
  } cases[] = {{{}, 0},        {{"All"}, 3}, {{".*"}, 3}, {{"*"}, 3},
               {{"foo.*"}, 2}, {{"bar"}, 1}, {{"ba"}, 0}, {{"bar", "foo.a"}, 2}};
  for (const Case& c : cases) {
    ReceiveMessageRequest in;
    in.queue_url = send.queue_url;
    in.message_attribute_names = c.names;
    const Message m = bed.ok(&SqsService::receive_message, in).messages.value().at(0);
    EXPECT_EQ(m.message_attributes ? m.message_attributes->size() : 0, c.count);
    EXPECT_EQ(m.md5_of_message_attributes.has_value(), c.count > 0);
    EXPECT_FALSE(m.attributes.has_value());
  }
  ReceiveMessageRequest both;
  both.queue_url = send.queue_url;
  both.attribute_names = {"SenderId"};
  both.message_system_attribute_names = {"SentTimestamp"};
  EXPECT_EQ(bed.ok(&SqsService::receive_message, both).messages->at(0).attributes->size(), 2u);
}

TEST(Receive, VisibilityCountsAndHandles) {
  TestBed bed;
  const std::string url = bed.create("q");
  bed.send(url, "a");
  bed.send(url, "delayed", 10);
  EXPECT_EQ(bed.counts(url), "1/1/0");
  const Message first = bed.receive(url).at(0);
  EXPECT_EQ(bed.counts(url), "0/1/1");
  bed.env.clock.advance(seconds(10));
  EXPECT_EQ(bed.bodies(url, 10, 100), "delayed");
  bed.env.clock.advance(seconds(20) - milliseconds(1));
  EXPECT_EQ(bed.bodies(url), "");
  bed.env.clock.advance(milliseconds(1));
  const Message second = bed.receive(url).at(0);
  EXPECT_EQ(*second.attributes->find("ApproximateReceiveCount"), "2");
  EXPECT_EQ(*second.attributes->find("ApproximateFirstReceiveTimestamp"), "1700000000000");
  EXPECT_NE(first.receipt_handle, second.receipt_handle);
  bed.change(url, first, 0);  // any handle moves the deadline, and deletes
  EXPECT_EQ(bed.counts(url), "1/0/1");
  bed.change(url, second, 0);
  EXPECT_EQ(bed.counts(url), "1/0/1");
  bed.change(url, second, 5);  // after expiry, before it is received again
  EXPECT_EQ(bed.counts(url), "0/0/2");
  bed.remove(url, first);
  bed.remove(url, first);
  EXPECT_EQ(bed.counts(url), "0/0/1");
  EXPECT_TRUE(
      bed.error(&SqsService::change_message_visibility, ChangeMessageVisibilityRequest{url, second.receipt_handle, 0})
          .starts_with("InvalidParameterValueException: "));
  for (const std::string& garbage : {std::string("garbage"), std::string(40, 'A'), *first.receipt_handle + "A"}) {
    EXPECT_EQ(bed.error(&SqsService::delete_message, DeleteMessageRequest{url, garbage}),
              "ReceiptHandleIsInvalid: The input receipt handle \"" + garbage + "\" is not a valid receipt handle.");
  }
}

TEST(Receive, TotalVisibilityIsTwelveHours) {
  TestBed bed;
  const std::string url = bed.create("q");
  bed.send(url, "a");
  const Message m = bed.receive(url, 1, 60).at(0);
  bed.env.clock.advance(seconds(30));
  bed.change(url, m, 43170);
  EXPECT_TRUE(
      bed.error(&SqsService::change_message_visibility, ChangeMessageVisibilityRequest{url, m.receipt_handle, 43171})
          .ends_with("Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"));
}

TEST(Receive, ZeroVisibilityDoesNotRepeatWithinOneCall) {
  TestBed bed;
  const std::string url = bed.create("q");
  bed.send(url, "a");
  bed.send(url, "b");
  EXPECT_EQ(bed.bodies(url, 10, 0), "a,b");
  EXPECT_EQ(bed.bodies(url, 10, 0), "a,b");
  const std::string fifo = bed.create("q.fifo", {{"FifoQueue", "true"}});
  bed.send_fifo(fifo, "1", "A");
  bed.send_fifo(fifo, "2", "B");
  EXPECT_EQ(bed.bodies(fifo, 10, 0), "1,2");
  EXPECT_EQ(bed.bodies(fifo, 10, 0), "1,2");
}

TEST(Receive, OverLimit) {
  TestBed bed;
  const std::string url = bed.create("q");
  for (std::size_t i = 0; i <= kInFlightMax; ++i) bed.send(url, "x");
  std::size_t received = 0;
  while (received < kInFlightMax) received += bed.receive(url, 10, 43200).size();
  EXPECT_EQ(received, kInFlightMax);
  EXPECT_EQ(bed.error(&SqsService::receive_message, ReceiveMessageRequest{url, {}, {}, {}, {}, {}, {}, {}}),
            "OverLimit: Too many messages in flight for queue q.");
}

TEST(Retention, ExpiredMessagesVanish) {
  TestBed bed;
  const std::string url = bed.create("q", {{"MessageRetentionPeriod", "60"}});
  for (int i = 0; i < 250; ++i) bed.send(url, "x");
  bed.env.clock.advance(seconds(30));
  bed.send(url, "young");
  bed.env.clock.advance(seconds(30));
  EXPECT_EQ(bed.bodies(url), "young");
  // And in the background, from a queue nobody touches.
  bed.sqs->start();
  bed.env.clock.await_waiters(3);
  bed.env.clock.advance(minutes(1));
  while (bed.store->scan("sqs/message", "sqs/message\x01")->valid()) {
  }
  EXPECT_EQ(bed.counts(url), "0/0/0");
}

TEST(DeadLetter, MovesWhenAReceiveWouldExceedTheCount) {
  TestBed bed;
  const std::string dlq = bed.create("dlq", {{"MessageRetentionPeriod", "1000"}});
  const std::string url = bed.create("q", {{"RedrivePolicy", bed.redrive("dlq", 2)}, {"VisibilityTimeout", "1"}});
  const auto sent = bed.send(url, "poison");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(bed.bodies(url), "poison");
    bed.env.clock.advance(seconds(1));
  }
  EXPECT_EQ(bed.counts(url) + bed.counts(dlq), "1/0/00/0/0");
  EXPECT_EQ(bed.bodies(url), "");
  EXPECT_EQ(bed.counts(url) + bed.counts(dlq), "0/0/01/0/0");
  bed.restart();
  const Message moved = bed.receive(dlq).at(0);
  EXPECT_EQ(moved.message_id, sent.message_id);
  EXPECT_EQ(*moved.attributes->find("DeadLetterQueueSourceArn"), TestBed::arn("q"));
  EXPECT_EQ(*moved.attributes->find("SentTimestamp"), "1700000000000");
  EXPECT_EQ(*moved.attributes->find("ApproximateFirstReceiveTimestamp"), "1700000000000");
  EXPECT_EQ(*moved.attributes->find("ApproximateReceiveCount"), "3");
  bed.env.clock.advance(seconds(998));  // retention counts from the first send
  EXPECT_EQ(bed.counts(dlq), "0/0/0");
}

TEST(DeadLetter, OneReceiveMovesManyAndStillAnswers) {
  TestBed bed;
  bed.create("dlq");
  const std::string url = bed.create("q", {{"RedrivePolicy", bed.redrive("dlq", 1)}, {"VisibilityTimeout", "1"}});
  for (int i = 0; i < 250; ++i) bed.send(url, "x");
  for (int i = 0; i < 25; ++i) EXPECT_EQ(bed.receive(url).size(), 10u);
  bed.env.clock.advance(seconds(1));
  bed.send(url, "good");
  EXPECT_EQ(bed.bodies(url), "good");
  EXPECT_EQ(bed.counts("dlq"), "250/0/0");
}

}  // namespace
}  // namespace engine::sqs
