#include "engine/sqs/move_task.h"

#include <atomic>
#include <functional>
#include <future>

#include "aws/cloudwatch/cloudwatch.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

// A queue "q" with the dead-letter queue "dlq", in which `count` messages of it lie.
struct MoveBed : TestBed {
  std::string queue, dead;
  explicit MoveBed(int count, const std::string& suffix = "") {
    const Texts fifo = suffix.empty() ? Texts() : Texts{{"FifoQueue", "true"}};
    dead = create("dlq" + suffix, fifo);
    Texts attributes = fifo;
    attributes["RedrivePolicy"] = redrive("dlq" + suffix, 1);
    queue = create("q" + suffix, std::move(attributes));
    for (int i = 0; i < count; ++i) {
      const std::string body = "m" + std::to_string(i);
      if (suffix.empty()) {
        send(queue, body);
      } else {
        send_fifo(queue, body, "g");
      }
    }
    while (!receive(queue, 10, 0).empty()) {
    }
  }
  StartMessageMoveTaskRequest request(const std::string& source, std::optional<std::string> destination = {},
                                      std::optional<int> rate = {}) {
    return {arn(source), destination ? std::optional(arn(*destination)) : std::nullopt, rate};
  }
  std::string start_task(StartMessageMoveTaskRequest in) {
    return *ok(&SqsService::start_message_move_task, std::move(in)).task_handle;
  }
  std::vector<ListMessageMoveTasksResultEntry> tasks(const std::string& source = "dlq") {
    return *ok(&SqsService::list_message_move_tasks, ListMessageMoveTasksRequest{arn(source), 10}).results;
  }
  // Lets the background work do what is due now, then starts anew.
  void run() {
    sqs->start();
    env.clock.await_waiters(3);
    restart();
  }
};

TEST(MoveTask, BringsMessagesBack) {
  MoveBed bed(2);
  EXPECT_EQ(bed.counts(bed.queue), "0/0/0");
  ASSERT_EQ(bed.counts(bed.dead), "2/0/0");
  bed.env.clock.advance(minutes(1));
  const std::string handle = bed.start_task(bed.request("dlq"));
  const auto name = parse_move_task_handle(handle);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->source_arn, TestBed::arn("dlq"));
  EXPECT_EQ(bed.tasks()[0].task_handle, handle);
  EXPECT_EQ(bed.tasks()[0].status, "RUNNING");
  EXPECT_EQ(bed.tasks()[0].approximate_number_of_messages_to_move, 2);
  EXPECT_EQ(bed.error(&SqsService::start_message_move_task, bed.request("dlq")),
            "InvalidParameterValueException: There is already a task running. Only one active task is allowed for a "
            "source queue arn at a given time.");
  bed.run();
  bed.env.clock.advance(seconds(1));
  bed.run();
  EXPECT_EQ(bed.counts(bed.dead), "0/0/0");
  const auto messages = bed.receive(bed.queue);
  ASSERT_EQ(messages.size(), 2u);
  Texts attributes = *messages[0].attributes;
  EXPECT_EQ(attributes["ApproximateReceiveCount"], "1");
  EXPECT_EQ(attributes["SentTimestamp"], "1700000060000");
  EXPECT_FALSE(attributes.contains("DeadLetterQueueSourceArn"));
  const auto task = bed.tasks().at(0);
  EXPECT_EQ(task.status, "COMPLETED");
  EXPECT_EQ(task.approximate_number_of_messages_moved, 2);
  EXPECT_FALSE(task.task_handle || task.destination_arn || task.failure_reason);
  EXPECT_EQ(task.started_timestamp, 1'700'000'060'000);
  EXPECT_EQ(bed.error(&SqsService::cancel_message_move_task, CancelMessageMoveTaskRequest{handle}),
            "UnsupportedOperation: Only active tasks can be cancelled.");
}

// A memory store that does something whenever a value is read.
class WatchedStore final : public store::KvStore {
 public:
  explicit WatchedStore(std::function<void()> on_get) : on_get_(std::move(on_get)) {}
  std::optional<std::string> get(std::string_view key) override {
    on_get_();
    return memory_->get(key);
  }
  std::unique_ptr<store::Cursor> scan(std::string_view begin, std::string_view end, Direction direction) override {
    return memory_->scan(begin, end, direction);
  }
  store::CommitSequence write(const store::WriteBatch& batch) override { return memory_->write(batch); }
  store::CommitSequence last_written() override { return memory_->last_written(); }
  store::CommitSequence durable() override { return memory_->durable(); }
  void wait_durable(store::CommitSequence sequence) override { memory_->wait_durable(sequence); }
  void when_durable(store::CommitSequence sequence, std::function<void()> done) override {
    memory_->when_durable(sequence, std::move(done));
  }

 private:
  const std::function<void()> on_get_;
  std::unique_ptr<store::KvStore> memory_ = store::make_memory_store();
};

// Whatever the size of a message, other operations go on while it is read: neither the directory nor the queues are
// locked. The operations run on another thread, so a lock that is held shows as a failure and not as a hang.
TEST(MoveTask, HoldsNoLockWhileItReads) {
  MoveBed bed(0);
  std::function<void()> on_get = [] {};
  bed.sqs.reset();
  bed.store = std::make_unique<WatchedStore>([&] { std::exchange(on_get, [] {})(); });
  bed.sqs = std::make_unique<SqsService>(*bed.store, bed.env.env, bed.options);
  bed.dead = bed.create("dlq");
  bed.queue = bed.create("q", {{"RedrivePolicy", bed.redrive("dlq", 1)}});
  bed.send(bed.queue, "a");
  while (!bed.receive(bed.queue, 10, 0).empty()) {
  }
  ASSERT_EQ(bed.counts(bed.dead), "1/0/0");
  bed.start_task(bed.request("dlq"));
  std::atomic<bool> in_time = false;
  std::future<std::string> others;
  on_get = [&] {
    others = std::async(std::launch::async, [&] { return bed.counts(bed.dead) + " " + bed.counts(bed.queue); });
    in_time = others.wait_for(seconds(10)) == std::future_status::ready;
  };
  bed.sqs->start();
  bed.env.clock.await_waiters(3);
  EXPECT_TRUE(in_time);
  EXPECT_EQ(others.get(), "1/0/0 0/0/0");
  EXPECT_EQ(bed.counts(bed.queue), "1/0/0");
}

TEST(MoveTask, LosesNothingToAConsumerThatIsFaster) {
  MoveBed bed(0);
  std::function<void()> on_get = [] {};
  bed.sqs.reset();
  bed.store = std::make_unique<WatchedStore>([&] { std::exchange(on_get, [] {})(); });
  bed.sqs = std::make_unique<SqsService>(*bed.store, bed.env.env, bed.options);
  bed.dead = bed.create("dlq");
  bed.queue = bed.create("q", {{"RedrivePolicy", bed.redrive("dlq", 1)}});
  for (const char* body : {"a", "b"}) bed.send(bed.queue, body);
  while (!bed.receive(bed.queue, 10, 0).empty()) {
  }
  bed.start_task(bed.request("dlq"));
  on_get = [&] { EXPECT_EQ(bed.bodies(bed.dead, 1), "a"); };
  bed.sqs->start();
  bed.env.clock.await_waiters(3);
  EXPECT_EQ(bed.counts(bed.dead), "0/0/1");
  EXPECT_EQ(bed.bodies(bed.queue), "b");
}

TEST(MoveTask, CanBeCancelled) {
  MoveBed bed(5);
  bed.create("other");
  const std::string handle = bed.start_task(bed.request("dlq", "other", 1));
  bed.run();
  EXPECT_EQ(bed.counts("other"), "1/0/0");
  const auto cancelled = bed.ok(&SqsService::cancel_message_move_task, CancelMessageMoveTaskRequest{handle});
  EXPECT_EQ(cancelled.approximate_number_of_messages_moved, 1);
  bed.env.clock.advance(seconds(5));
  bed.restart();
  bed.run();
  EXPECT_EQ(bed.counts(bed.dead), "4/0/0");
  const auto task = bed.tasks().at(0);
  EXPECT_EQ(task.status, "CANCELLED");
  EXPECT_EQ(task.approximate_number_of_messages_to_move, 5);
  EXPECT_EQ(task.destination_arn, TestBed::arn("other"));
  EXPECT_EQ(task.max_number_of_messages_per_second, 1);
}

TEST(MoveTask, KeepsToItsRate) {
  MoveBed bed(4);
  bed.start_task(bed.request("dlq", {}, 1));
  bed.sqs->start();
  bed.env.clock.await_waiters(3);
  const auto pass = [&](milliseconds by) { bed.env.clock.advance_in_steps(by, [] { return false; }); };
  for (int moved = 1; moved <= 4; ++moved) {
    EXPECT_EQ(bed.counts(bed.queue), std::to_string(moved) + "/0/0");
    pass(milliseconds(999));
    EXPECT_EQ(bed.counts(bed.queue), std::to_string(moved) + "/0/0");
    pass(milliseconds(1));
  }
  EXPECT_EQ(bed.tasks()[0].status, "COMPLETED");
}

TEST(MoveTask, FifoKeepsItsOrderAndIsNoDuplicate) {
  MoveBed bed(30, ".fifo");
  ASSERT_EQ(bed.counts(bed.dead), "30/0/0");
  bed.start_task(bed.request("dlq.fifo"));
  for (int i = 0; i < 3; ++i) {
    bed.run();
    bed.env.clock.advance(seconds(1));
  }
  EXPECT_EQ(bed.counts(bed.queue), "30/0/0");
  EXPECT_EQ(bed.bodies(bed.queue, 3), "m0,m1,m2");
  EXPECT_EQ(bed.tasks("dlq.fifo")[0].status, "COMPLETED");
}

TEST(MoveTask, FailsWhereAMessageHasNowhereToGo) {
  MoveBed bed(1);
  bed.send(bed.dead, "sent here");
  bed.start_task(bed.request("dlq"));
  bed.run();
  bed.env.clock.advance(seconds(1));
  bed.run();
  EXPECT_EQ(bed.tasks()[0].status, "FAILED");
  EXPECT_EQ(bed.tasks()[0].failure_reason, "CouldNotDetermineMessageSource");
  EXPECT_EQ(bed.tasks()[0].approximate_number_of_messages_moved, 1);
  bed.create("other");
  bed.start_task(bed.request("dlq", "other"));
  bed.ok(&SqsService::delete_queue, DeleteQueueRequest{"other"});
  bed.run();
  EXPECT_EQ(bed.tasks()[0].failure_reason, "AWS.SimpleQueueService.NonExistentQueue");
  EXPECT_EQ(bed.tasks().size(), 2u);
  for (std::size_t i = 0; i < 2 * kMoveTasksKept; ++i) {
    bed.env.clock.advance(seconds(1));
    bed.start_task(bed.request("dlq"));
    bed.run();
  }
  EXPECT_EQ(bed.tasks().size(), kMoveTasksKept);
  bed.ok(&SqsService::delete_queue, DeleteQueueRequest{bed.dead});
  bed.create("dlq");
  EXPECT_TRUE(bed.tasks().empty());
}

TEST(MoveTask, Refusals) {
  MoveBed bed(1);
  bed.create("f.fifo", {{"FifoQueue", "true"}});
  const auto error = [&](StartMessageMoveTaskRequest in) {
    return bed.error(&SqsService::start_message_move_task, std::move(in));
  };
  EXPECT_EQ(error(bed.request("none")),
            "ResourceNotFoundException: The resource that you specified for the SourceArn parameter doesn't exist.");
  EXPECT_EQ(error(bed.request("q")),
            "InvalidParameterValueException: Source queue must be configured as a Dead Letter Queue.");
  EXPECT_EQ(
      error(bed.request("dlq", "none")),
      "ResourceNotFoundException: The resource that you specified for the DestinationArn parameter doesn't exist.");
  EXPECT_EQ(error(bed.request("dlq", "dlq")).substr(0, 31), "InvalidParameterValueException:");
  EXPECT_EQ(error(bed.request("dlq", "f.fifo")).substr(0, 31), "InvalidParameterValueException:");
  EXPECT_EQ(error(bed.request("dlq", {}, 501)).substr(0, 31), "InvalidParameterValueException:");
  EXPECT_EQ(error({}), "MissingRequiredParameterException: The request must contain the parameter SourceArn.");
  const auto cancel = [&](const std::string& handle) {
    return bed.error(&SqsService::cancel_message_move_task, CancelMessageMoveTaskRequest{handle});
  };
  EXPECT_EQ(cancel("x"), "InvalidParameterValueException: Value for parameter TaskHandle is invalid.");
  MoveTask task;
  task.id = "i";
  task.source_arn = TestBed::arn("dlq");
  EXPECT_EQ(cancel(task.handle()), "ResourceNotFoundException: Task does not exist.");
}

TEST(Permissions, ChangeThePolicy) {
  TestBed bed;
  const std::string url = bed.create("q");
  const auto add = [&](const std::string& label, const std::string& account, const std::string& action) {
    AddPermissionRequest in;
    in.queue_url = url;
    in.label = label;
    in.aws_account_ids = {account};
    in.actions = {action};
    return bed.error(&SqsService::add_permission, std::move(in));
  };
  EXPECT_EQ(add("l", "111122223333", "SendMessage"), "no error");
  EXPECT_EQ(bed.attributes(url)["Policy"],
            R"({"Version":"2008-10-17","Id":"arn:aws:sqs:eu-west-1:123456789012:q/SQSDefaultPolicy","Statement":[)"
            R"({"Sid":"l","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},)"
            R"("Action":"SQS:SendMessage","Resource":"arn:aws:sqs:eu-west-1:123456789012:q"}]})");
  EXPECT_EQ(add("l", "111122223333", "SendMessage"),
            "InvalidParameterValueException: Value l for parameter Label is invalid. Reason: Already exists.");
  EXPECT_EQ(add("m", "111122223333", "CreateQueue"),
            "InvalidParameterValueException: Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only "
            "the queue owner is allowed to invoke this action.");
  EXPECT_EQ(add("m", "1", "SendMessage"),
            "InvalidParameterValueException: Value 1 for parameter PrincipalId is invalid. Reason: Unable to verify.");
  for (const char* action : {"PurgeQueue", "ListDeadLetterSourceQueues"})
    EXPECT_EQ(add(action, "111122223333", action), "no error");
  for (const char* label : {"PurgeQueue", "ListDeadLetterSourceQueues"})
    bed.ok(&SqsService::remove_permission, RemovePermissionRequest{url, label});
  bed.ok(&SqsService::remove_permission, RemovePermissionRequest{url, "l"});
  EXPECT_FALSE(bed.attributes(url).contains("Policy"));
  EXPECT_EQ(bed.error(&SqsService::remove_permission, RemovePermissionRequest{url, "l"}).substr(0, 31),
            "InvalidParameterValueException:");
}

TEST(Metrics, CountWhatHappens) {
  TestBed bed;
  const std::string url = bed.create("q");
  bed.receive(url);
  bed.send(url, "12");
  bed.send(url, "123", 5);
  SendMessageBatchRequest batch;
  batch.queue_url = url;
  batch.entries.emplace(3);
  for (int i = 0; i < 3; ++i) {
    batch.entries->at(i).id = std::to_string(i);
    batch.entries->at(i).message_body = "12";
  }
  bed.ok(&SqsService::send_message_batch, std::move(batch));
  bed.remove(url, bed.receive(url, 3).at(0));
  bed.env.clock.advance(seconds(2));
  bed.sqs->sample_metrics(bed.env.clock.now());
  std::map<std::string, std::string> seen;
  for (const ServiceMetrics::Put& put : bed.metrics.take()) {
    EXPECT_EQ(put.account + " " + put.region + " " + put.name_space, "123456789012 eu-west-1 AWS/SQS");
    for (const auto& datum : put.data) {
      EXPECT_EQ(*datum.dimensions->at(0).name + "=" + *datum.dimensions->at(0).value, "QueueName=q");
      std::string& text = seen[*datum.metric_name + " " + *datum.unit];
      for (std::size_t i = 0; i < datum.values->size(); ++i)
        text += std::to_string(int(datum.values->at(i))) + "x" + std::to_string(int(datum.counts->at(i))) + " ";
    }
  }
  const std::map<std::string, std::string> expected = {{"NumberOfEmptyReceives Count", "1x1 "},
                                                       {"NumberOfMessagesSent Count", "1x2 3x1 "},
                                                       {"SentMessageSize Bytes", "2x4 3x1 "},
                                                       {"NumberOfMessagesReceived Count", "3x1 "},
                                                       {"NumberOfMessagesDeleted Count", "1x1 "},
                                                       {"ApproximateNumberOfMessagesVisible Count", "1x1 "},
                                                       {"ApproximateNumberOfMessagesDelayed Count", "1x1 "},
                                                       {"ApproximateNumberOfMessagesNotVisible Count", "2x1 "},
                                                       {"ApproximateAgeOfOldestMessage Seconds", "2x1 "}};
  EXPECT_EQ(seen, expected);
}

TEST(Metrics, OfActiveQueuesOnly) {
  TestBed bed;
  const std::string url = bed.create("q");
  const auto sampled = [&](base::Duration later) {
    bed.metrics.take();
    bed.env.clock.advance(later);
    bed.sqs->sample_metrics(bed.env.clock.now());
    return !bed.metrics.take().empty();
  };
  EXPECT_TRUE(sampled(minutes(1)));
  EXPECT_FALSE(sampled(minutes(361)));
  bed.counts(url);  // any call
  EXPECT_TRUE(sampled(minutes(360)));
  EXPECT_FALSE(sampled(minutes(1)));
  bed.send(url, "x");
  EXPECT_TRUE(sampled(minutes(1)));
  EXPECT_TRUE(sampled(minutes(24 * 60))) << "it holds a message";
  bed.remove(url, bed.receive(url).at(0));
  EXPECT_FALSE(sampled(minutes(361)));
}

}  // namespace
}  // namespace engine::sqs
