#include <atomic>
#include <set>

#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

struct LongPoll : testing::Test {
  TestBed bed;
  std::string url = bed.create("q");
  std::atomic<int> received = -1;
  std::atomic<int> total = 0;
  std::string failure;
  // Receives on another thread, waiting up to 20 seconds of manual time, and returns when it sleeps.
  std::unique_ptr<base::Task> poll(std::size_t sleepers = 1, std::shared_ptr<aws::http::Hangup> gone = nullptr) {
    auto task = bed.env.executor.spawn("poll", [this, gone] {
      aws::Context context = bed.context();
      context.caller_gone = gone;
      ReceiveMessageRequest in;
      in.queue_url = url;
      in.wait_time_seconds = 20;
      const auto out = bed.sqs->receive_message(context, in);
      if (!out) failure = out.error().code;
      received = out && out->messages ? static_cast<int>(out->messages->size()) : 0;
      total += received;
    });
    if (sleepers > 0) bed.env.clock.await_waiters(sleepers);
    return task;
  }
};

TEST_F(LongPoll, EndsWithAMessage) {
  auto task = poll();
  bed.send(url, "x");
  task.reset();
  EXPECT_EQ(received, 1);
}

TEST_F(LongPoll, EndsWhenADelayedMessageIsDue) {
  bed.send(url, "x", 5);
  auto task = poll();
  bed.env.clock.advance(seconds(5));
  task.reset();
  EXPECT_EQ(received, 1);
}

TEST_F(LongPoll, EndsWhenVisibilityIsGivenBack) {
  bed.send(url, "x");
  const Message m = bed.receive(url).at(0);
  auto task = poll();
  bed.change(url, m, 0);
  task.reset();
  EXPECT_EQ(received, 1);
}

TEST_F(LongPoll, EndsEmptyAtItsTime) {
  auto task = poll();
  bed.env.clock.advance(seconds(20));
  task.reset();
  EXPECT_EQ(received, 0);
}

// Its message would be hidden from everybody until the visibility timeout.
TEST_F(LongPoll, TakesNothingForACallerThatHasGone) {
  const auto gone = std::make_shared<aws::http::Hangup>();
  auto abandoned = poll(1, gone);
  gone->hang_up();
  auto waiting = poll(2);
  bed.send(url, "x");
  waiting.reset();
  EXPECT_EQ(total, 1);
  abandoned.reset();
  EXPECT_EQ(total, 1);
}

TEST_F(LongPoll, EndsWithTheQueue) {
  auto task = poll();
  bed.ok(&SqsService::delete_queue, DeleteQueueRequest{url});
  task.reset();
  EXPECT_EQ(failure, "QueueDoesNotExist");
}

TEST_F(LongPoll, EndsWithTheService) {
  auto first = poll(1);
  auto second = poll(2);
  bed.sqs->stop();
  first.reset();
  second.reset();
  EXPECT_EQ(received, 0);
}

TEST_F(LongPoll, EndsWhenAFifoGroupIsUnlocked) {
  url = bed.create("q.fifo", {{"FifoQueue", "true"}});
  bed.send_fifo(url, "1", "g");
  bed.send_fifo(url, "2", "g");
  const Message m = bed.receive(url, 1).at(0);
  auto task = poll();
  bed.remove(url, m);
  task.reset();
  EXPECT_EQ(received, 1);
}

TEST_F(LongPoll, EndsWhenAMessageArrivesByRedrive) {
  const std::string source = bed.create("s", {{"RedrivePolicy", bed.redrive("q", 1)}});
  bed.send(source, "x");
  bed.receive(source, 1, 0);
  auto task = poll();
  bed.receive(source, 1);
  task.reset();
  EXPECT_EQ(received, 1);
}

// Senders, receivers that delete, two queues that are each other's dead-letter queue: nothing is lost, nothing is given
// to two receivers at once.
TEST(Concurrency, EveryMessageIsTakenOnce) {
  TestBed bed;
  const std::string a = bed.create("a");
  const std::string b = bed.create("b", {{"RedrivePolicy", bed.redrive("a", 1)}});
  bed.set(a, {{"RedrivePolicy", bed.redrive("b", 1)}});
  bed.sqs->start();
  constexpr std::size_t kSenders = 2;
  constexpr std::size_t kPerSender = 1'000;
  std::mutex mutex;
  std::multiset<std::string> taken;
  std::atomic<std::size_t> left = kSenders * kPerSender;
  {
    std::vector<std::unique_ptr<base::Task>> tasks;
    for (std::size_t s = 0; s < kSenders; ++s) {
      tasks.push_back(bed.env.executor.spawn("send", [&, s] {
        for (std::size_t i = 0; i < kPerSender; ++i) {
          bed.send(i % 2 == 0 ? a : b, std::to_string(s) + "-" + std::to_string(i));
        }
      }));
    }
    for (const std::string& url : {a, b, a, b}) {
      tasks.push_back(bed.env.executor.spawn("receive", [&, url] {
        while (left > 0) {
          for (const Message& m : bed.receive(url, 7)) {
            bed.remove(url, m);
            --left;
            const std::lock_guard lock(mutex);
            taken.insert(*m.body);
          }
        }
      }));
    }
  }
  EXPECT_EQ(taken.size(), kSenders * kPerSender);
  EXPECT_EQ(std::set(taken.begin(), taken.end()).size(), taken.size());
  EXPECT_EQ(bed.counts(a) + bed.counts(b), "0/0/00/0/0");
}

}  // namespace
}  // namespace engine::sqs
