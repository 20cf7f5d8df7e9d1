#include <atomic>
#include <deque>
#include <set>
#include <thread>

#include "aws/parking.h"
#include "engine/sqs/test_bed.h"

namespace engine::sqs {
namespace {

constexpr std::size_t kServiceTasks = 3;  // of a started service: they sleep too

struct LongPoll : testing::Test {
  LongPoll() {
    bed.sqs->start();
    bed.env.clock.await_waiters(kServiceTasks);
  }
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
    if (sleepers > 0) bed.env.clock.await_waiters(kServiceTasks + sleepers);
    return task;
  }
  // Until the service has seen that somebody waits for what is due next, and sleeps again.
  void settle(std::size_t sleepers = 1) { bed.env.clock.await_waiters(kServiceTasks + sleepers); }
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
  settle();
  bed.env.clock.advance(seconds(5));
  task.reset();
  EXPECT_EQ(received, 1);
}

TEST_F(LongPoll, SeesADelayedMessageSentAfterItBegan) {
  auto task = poll();
  bed.send(url, "x", 1);
  bed.env.clock.advance(seconds(1));
  task.reset();
  EXPECT_EQ(received, 1);
}

TEST_F(LongPoll, SeesAVisibilityShortenedAfterItBegan) {
  bed.send(url, "x");
  const Message m = bed.receive(url).at(0);
  auto task = poll();
  bed.change(url, m, 1);
  bed.env.clock.advance(seconds(1));
  task.reset();
  EXPECT_EQ(received, 1);
}

// Both wait; the one that gets the message lets its visibility lapse.
TEST_F(LongPoll, SeesTheVisibilityOfAnotherReceiverLapse) {
  bed.set(url, {{"VisibilityTimeout", "2"}});
  auto first = poll(1);
  auto second = poll(2);
  bed.send(url, "x");
  while (total == 0) std::this_thread::yield();
  bed.env.clock.advance(seconds(2));
  first.reset();
  second.reset();
  EXPECT_EQ(total, 2);
}

TEST_F(LongPoll, SeesADelayShortenedAfterItBegan) {
  url = bed.create("q.fifo", {{"FifoQueue", "true"}, {"DelaySeconds", "900"}});
  bed.send_fifo(url, "1", "g");
  auto task = poll();
  bed.set(url, {{"DelaySeconds", "1"}});
  bed.env.clock.advance(seconds(1));
  task.reset();
  EXPECT_EQ(received, 1);
}

// What a server is to an operation: it runs the call again when it is woken.
struct ParkedCall final : aws::Parking {
  ParkedCall(TestBed& bed, std::string queue, std::deque<ParkedCall*>& woken)
      : bed_(bed), url_(std::move(queue)), woken_(woken) {}
  std::function<void()> waker() override {
    return [this] { woken_.push_back(this); };
  }
  // True if the call is answered.
  bool run() {
    aws::Context context = bed_.context();
    context.parking = this;
    ReceiveMessageRequest in;
    if (state == nullptr) in.queue_url = url_;
    in.wait_time_seconds = 20;
    out = bed_.sqs->receive_message(context, std::move(in));
    return !std::exchange(is_parked_, false);
  }
  base::Result<ReceiveMessageResult> out;

 private:
  TestBed& bed_;
  const std::string url_;
  std::deque<ParkedCall*>& woken_;
};

// None holds a thread, and a message wakes one of them, not all.
TEST(ParkedPolls, TenThousandWaitAtOnce) {
  TestBed bed;
  const std::string url = bed.create("q");
  std::deque<ParkedCall*> woken;
  std::vector<std::unique_ptr<ParkedCall>> calls;
  for (int i = 0; i < 10'000; ++i) {
    calls.push_back(std::make_unique<ParkedCall>(bed, url, woken));
    ASSERT_FALSE(calls.back()->run());
  }
  for (std::size_t i = 0; i < 3; ++i) {
    bed.send(url, "x");
    ASSERT_EQ(woken.size(), 1U);
    EXPECT_EQ(woken.front(), calls[i].get()) << "who waits longest is served first";
    EXPECT_TRUE(woken.front()->run());
    EXPECT_EQ(woken.front()->out->messages->size(), 1U);
    woken.clear();
  }
  bed.env.clock.advance(seconds(20));
  EXPECT_TRUE(calls.back()->run());
  EXPECT_FALSE(calls.back()->out->messages.has_value());
  bed.sqs->stop();  // while those that it wakes are there
}

// Moving given-up messages away is done in steps, between which others get their turn.
TEST(ParkedPolls, MoveToTheDeadLetterQueueInSteps) {
  TestBed bed;
  bed.create("dead");
  const std::string url = bed.create("q", {{"RedrivePolicy", bed.redrive("dead", 1)}});
  constexpr int kMessages = 300;
  for (int i = 0; i < kMessages; ++i) bed.send(url, "x");
  for (int i = 0; i < kMessages / 10; ++i) bed.receive(url, 10, 0);
  std::deque<ParkedCall*> woken;
  ParkedCall call(bed, url, woken);
  std::size_t runs = 0;
  do {
    woken.clear();
    EXPECT_FALSE(call.run());
    ++runs;
  } while (!woken.empty());
  EXPECT_GT(runs, 1U);
  EXPECT_EQ(bed.counts(url), "0/0/0");
  bed.sqs->stop();
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
TEST_F(LongPoll, EndsAtOnceForACallerThatHasGone) {
  const auto gone = std::make_shared<aws::http::Hangup>();
  auto abandoned = poll(1, gone);
  gone->hang_up();
  abandoned.reset();
  EXPECT_EQ(received, 0);
  auto waiting = poll(1);
  bed.send(url, "x");
  waiting.reset();
  EXPECT_EQ(total, 1);
}

TEST_F(LongPoll, TakesNothingForACallerThatHadGone) {
  const auto gone = std::make_shared<aws::http::Hangup>();
  gone->hang_up();
  bed.send(url, "x");
  poll(0, gone).reset();
  EXPECT_EQ(received, 0);
  poll(0).reset();
  EXPECT_EQ(received, 1);
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
