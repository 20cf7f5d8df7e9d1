#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

struct Fifo : testing::Test {
  TestBed bed;
  std::string url = bed.create("q.fifo", {{"FifoQueue", "true"}});
};

TEST_F(Fifo, FillsFromOneGroupAndLocksIt) {
  for (const char* body : {"a1", "b1", "a2", "b2", "a3"}) bed.send_fifo(url, body, std::string(1, body[0]));
  const auto first = bed.receive(url, 2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(*first[0].body + *first[1].body, "a1a2");
  EXPECT_EQ(first[0].attributes->find("SequenceNumber")->size(), 20u);
  EXPECT_LT(*first[0].attributes->find("SequenceNumber"), *first[1].attributes->find("SequenceNumber"));
  EXPECT_EQ(bed.counts(url), "3/0/2");  // a locked message is not "not visible" (item 29)
  EXPECT_EQ(bed.bodies(url), "b1,b2");
  bed.remove(url, first[0]);
  EXPECT_EQ(bed.bodies(url), "");  // a partial delete does not unlock
  bed.remove(url, first[1]);
  EXPECT_EQ(bed.bodies(url), "a3");
}

TEST_F(Fifo, TakesSeveralGroupsInOneCall) {
  for (const char* body : {"a1", "b1", "a2", "c1"}) bed.send_fifo(url, body, std::string(1, body[0]));
  EXPECT_EQ(bed.bodies(url), "a1,a2,b1,c1");
}

TEST_F(Fifo, ExtendedMessageHidesTheLaterOnesOfItsGroup) {
  for (const char* body : {"1", "2", "3"}) bed.send_fifo(url, body, "g");
  const auto messages = bed.receive(url, 10, 10);
  bed.change(url, messages.at(1), 60);
  bed.env.clock.advance(seconds(10));
  EXPECT_EQ(bed.bodies(url, 10, 100), "1");
}

TEST_F(Fifo, DeleteNeedsTheNewestHandleInTime) {
  bed.send_fifo(url, "1", "g");
  const Message late = bed.receive(url, 1, 10).at(0);
  bed.env.clock.advance(seconds(10));
  EXPECT_EQ(bed.error(&SqsService::delete_message, DeleteMessageRequest{url, late.receipt_handle}),
            "InvalidParameterValueException: Value " + *late.receipt_handle +
                " for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.");
  const Message extended = bed.receive(url, 1, 10).at(0);
  bed.change(url, extended, 30);
  bed.env.clock.advance(seconds(20));
  bed.remove(url, extended);
  bed.remove(url, extended);  // gone is gone
  EXPECT_EQ(bed.counts(url), "0/0/0");
}

// A caller whose answer was lost asks again (Spring does with every receive).
TEST_F(Fifo, ReceiveRequestAttemptIdGetsTheSameAgain) {
  for (const char* body : {"1", "2", "3"}) bed.send_fifo(url, body, "g");
  const auto receive = [&](const std::string& queue, const std::string& attempt) {
    ReceiveMessageRequest in;
    in.queue_url = queue;
    in.max_number_of_messages = 2;
    in.visibility_timeout = 30;
    in.receive_request_attempt_id = attempt;
    in.message_system_attribute_names = {"ApproximateReceiveCount"};
    return bed.ok(&SqsService::receive_message, std::move(in)).messages.value_or(std::vector<Message>());
  };
  const auto first = receive(url, "a");
  ASSERT_EQ(first.size(), 2u);
  EXPECT_TRUE(receive(url, "b").empty());  // the group is locked
  bed.env.clock.advance(seconds(29));
  EXPECT_EQ(receive(url, "a"), first);
  bed.env.clock.advance(seconds(29));  // its visibility began anew
  EXPECT_EQ(receive(url, "a"), first);
  bed.remove(url, first[0]);
  EXPECT_TRUE(receive(url, "a").empty());
  bed.env.clock.advance(seconds(30));
  const auto second = receive(url, "a");
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[0].body, "2");
  EXPECT_NE(second[0].receipt_handle, first[1].receipt_handle);
  ReceiveMessageRequest bad;
  bad.queue_url = url;
  bad.receive_request_attempt_id = std::string(129, 'a');
  EXPECT_TRUE(bed.error(&SqsService::receive_message, bad).ends_with("1 to 128 in length."));
  const std::string standard = bed.create("standard");
  bed.send(standard, "x");
  EXPECT_EQ(receive(standard, "a").size(), 1u);
  EXPECT_TRUE(receive(standard, "a").empty());
}

TEST_F(Fifo, DeduplicatesForFiveMinutesAcrossDeleteAndRestart) {
  const auto first = bed.send_fifo(url, "body", "g", "id");
  bed.remove(url, bed.receive(url).at(0));
  bed.env.clock.advance(minutes(5) - milliseconds(1));
  bed.restart();
  const auto again = bed.send_fifo(url, "other", "other-group", "id");
  EXPECT_EQ(again.message_id, first.message_id);
  EXPECT_EQ(again.sequence_number, first.sequence_number);
  EXPECT_NE(again.md5_of_message_body, first.md5_of_message_body);
  EXPECT_EQ(bed.counts(url), "0/0/0");
  bed.env.clock.advance(milliseconds(1));
  const auto next = bed.send_fifo(url, "other", "g", "id");
  EXPECT_GT(next.sequence_number, first.sequence_number);
  EXPECT_EQ(bed.counts(url), "1/0/0");
  bed.ok(&SqsService::purge_queue, PurgeQueueRequest{url});
  bed.send_fifo(url, "other", "g", "id");
  EXPECT_EQ(bed.counts(url), "1/0/0");
}

TEST_F(Fifo, ScopeIsThatOfTheCreation) {
  const std::string grouped = bed.create(
      "r.fifo", {{"FifoQueue", "true"}, {"DeduplicationScope", "messageGroup"}, {"ContentBasedDeduplication", "true"}});
  bed.set(grouped, {{"DeduplicationScope", "queue"}});
  bed.set(url, {{"DeduplicationScope", "messageGroup"}});
  for (const char* group : {"a", "b", "a"}) {
    bed.send_fifo(grouped, "same", group);
    bed.send_fifo(url, "same", group);
  }
  EXPECT_EQ(bed.counts(grouped), "2/0/0");
  EXPECT_EQ(bed.counts(url), "1/0/0");
}

TEST_F(Fifo, QueueDelayAppliesToMessagesAlreadySent) {
  bed.set(url, {{"DelaySeconds", "100"}});
  bed.send_fifo(url, "1", "g");
  EXPECT_EQ(bed.counts(url), "0/1/0");
  bed.env.clock.advance(seconds(10));
  bed.set(url, {{"DelaySeconds", "20"}});
  EXPECT_EQ(bed.bodies(url), "");
  bed.env.clock.advance(seconds(10));
  EXPECT_EQ(bed.bodies(url), "1");
}

TEST_F(Fifo, OrderAndLocksSurviveARestart) {
  for (const char* body : {"a1", "a2", "a3", "b1"}) bed.send_fifo(url, body, std::string(1, body[0]));
  bed.receive(url, 2, 30);
  bed.restart();
  EXPECT_EQ(bed.counts(url), "2/0/2");
  EXPECT_EQ(bed.bodies(url, 10, 100), "b1");
  bed.env.clock.advance(seconds(30));
  EXPECT_EQ(bed.bodies(url), "a1,a2,a3");
}

TEST_F(Fifo, ManyGroupsComeAndGo) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 50; ++i) bed.send_fifo(url, std::to_string(round * 100 + i), "g" + std::to_string(i % 7));
    std::size_t deleted = 0;
    for (auto messages = bed.receive(url); !messages.empty(); messages = bed.receive(url)) {
      for (const Message& m : messages) bed.remove(url, m);
      deleted += messages.size();
    }
    EXPECT_EQ(deleted, 50u);
  }
}

TEST_F(Fifo, DeadLetterQueueKeepsTheGroup) {
  const std::string dlq = bed.create("dlq.fifo", {{"FifoQueue", "true"}});
  bed.set(url, {{"RedrivePolicy", bed.redrive("dlq.fifo", 1)}});
  bed.send_fifo(url, "1", "g");
  bed.send_fifo(url, "2", "g");
  EXPECT_EQ(bed.bodies(url, 1, 0), "1");
  EXPECT_EQ(bed.bodies(url), "2");  // 1 is moved out of its way
  const Message moved = bed.receive(dlq).at(0);
  EXPECT_EQ(*moved.attributes->find("MessageGroupId"), "g");
  EXPECT_EQ(*moved.attributes->find("DeadLetterQueueSourceArn"), TestBed::arn("q.fifo"));
}

}  // namespace
}  // namespace engine::sqs
