#include "engine/sqs/keys.h"
#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

std::size_t rows(store::KvStore& store, std::string_view table) {
  const std::string prefix = store::KeyWriter(table).take();
  std::size_t count = 0;
  for (auto cursor = store.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) ++count;
  return count;
}

TEST(Restart, QueuesKeepTheirSettings) {
  TestBed bed;
  bed.create("dlq");
  const std::string url =
      *bed.ok(&SqsService::create_queue, CreateQueueRequest{"q",
                                                            Texts{{"DelaySeconds", "3"},
                                                                  {"RedrivePolicy", bed.redrive("dlq", 4)},
                                                                  {"SqsManagedSseEnabled", "false"},
                                                                  {"Policy", policy_named("s")}},
                                                            Texts{{"k", "v"}}})
           .queue_url;
  const std::string fifo = bed.create("q.fifo", {{"FifoQueue", "true"}, {"ContentBasedDeduplication", "true"}});
  const Texts before = bed.attributes(url);
  const Texts before_fifo = bed.attributes(fifo);
  bed.restart();
  EXPECT_EQ(bed.attributes(url), before);
  EXPECT_EQ(bed.attributes(fifo), before_fifo);
  EXPECT_EQ(*bed.ok(&SqsService::list_queue_tags, ListQueueTagsRequest{url}).tags, (Texts{{"k", "v"}}));
}

TEST(Restart, MessagesAreWhereTheyWere) {
  TestBed bed;
  const std::string url = bed.create("q");
  for (const char* body : {"deleted", "in flight", "extended", "back"}) bed.send(url, body);
  bed.send(url, "delayed", 50);
  const auto messages = bed.receive(url, 4, 30);
  bed.remove(url, messages.at(0));
  bed.change(url, messages.at(2), 40);
  bed.change(url, messages.at(3), 0);
  bed.env.clock.advance(seconds(10));
  bed.restart();
  EXPECT_EQ(bed.counts(url), "1/1/2");
  const Message back = bed.receive(url, 10, 1000).at(0);
  EXPECT_EQ(*back.body, "back");
  EXPECT_EQ(*back.attributes->find("ApproximateReceiveCount"), "2");
  EXPECT_EQ(*back.attributes->find("ApproximateFirstReceiveTimestamp"), "1700000000000");
  bed.env.clock.advance(seconds(20));
  const Message timed_out = bed.receive(url, 10, 1000).at(0);
  EXPECT_EQ(*timed_out.body, "in flight");
  EXPECT_EQ(*timed_out.attributes->find("ApproximateReceiveCount"), "2");
  bed.env.clock.advance(seconds(10));
  bed.restart();
  EXPECT_EQ(bed.bodies(url, 10, 1000), "extended");
  bed.env.clock.advance(seconds(10));
  EXPECT_EQ(bed.bodies(url, 10, 1000), "delayed");
}

TEST(Restart, HandlesStayValidAndNumbersAreNotUsedAgain) {
  TestBed bed;
  const std::string url = bed.create("q.fifo", {{"FifoQueue", "true"}});
  const auto first = bed.send_fifo(url, "1", "g");
  const Message old = bed.receive(url).at(0);
  bed.restart();
  bed.remove(url, old);
  bed.restart();
  const auto second = bed.send_fifo(url, "2", "g");
  EXPECT_GT(second.sequence_number, first.sequence_number);
  bed.remove(url, old);  // names a message that is gone, not the new one
  EXPECT_EQ(bed.counts(url), "1/0/0");
}

TEST(Restart, DamageInTheStoreStopsTheEngine) {
  for (const std::string_view table : {keys::kQueueTable, keys::kMessageTable, keys::kLeaseTable, keys::kDedupTable,
                                       keys::kMoveTaskTable, keys::kEpochKey}) {
    TestBed bed;
    bed.create("dlq.fifo", {{"FifoQueue", "true"}});
    const std::string url =
        bed.create("q.fifo", {{"FifoQueue", "true"}, {"RedrivePolicy", bed.redrive("dlq.fifo", 2)}});
    bed.send_fifo(url, "x", "g");
    bed.receive(url);
    bed.ok(&SqsService::start_message_move_task, StartMessageMoveTaskRequest{TestBed::arn("dlq.fifo"), {}, {}});
    const auto cursor = bed.store->scan(std::string(table.substr(0, table.find('\0'))), "");
    store::WriteBatch batch;
    batch.put(std::string(cursor->key()), "\xff");
    bed.store->write(batch);
    EXPECT_EXIT(bed.restart(), testing::ExitedWithCode(store::kFatalExitCode), "store: .* of SQS is damaged") << table;
  }
}

TEST(Restart, NothingIsLeftBehindInTheStore) {
  TestBed bed;
  const std::string url = bed.create("q");
  for (int i = 0; i < 30; ++i) bed.send(url, "x");
  for (int round = 0; round < 3; ++round) {
    while (!bed.receive(url, 7, round == 2 ? 30 : 0).empty() && round == 2) {
    }
  }
  bed.restart();
  EXPECT_EQ(bed.counts(url), "0/0/30");
  bed.env.clock.advance(seconds(30));
  for (auto messages = bed.receive(url); !messages.empty(); messages = bed.receive(url))
    for (const Message& m : messages) bed.remove(url, m);
  EXPECT_EQ(rows(*bed.store, keys::kMessageTable), 0u);
  EXPECT_EQ(rows(*bed.store, keys::kLeaseTable), 0u);
  bed.send_fifo(bed.create("q.fifo", {{"FifoQueue", "true"}}), "x", "g");
  bed.receive("q.fifo");
  bed.ok(&SqsService::delete_queue, DeleteQueueRequest{"q.fifo"});
  for (const auto table : {keys::kMessageTable, keys::kLeaseTable, keys::kDedupTable})
    EXPECT_EQ(rows(*bed.store, table), 0u);
}

}  // namespace
}  // namespace engine::sqs
