#include "engine/service_metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "aws/cloudwatch/caller.h"
#include "base/manual/manual_env.h"

namespace engine {
namespace {

using Puts = std::vector<aws::cloudwatch::PutMetricDataInput>;

class Receiver final : public aws::Dispatcher {
 public:
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc& operation, aws::Context& context,
                              void* in, void*) override {
    EXPECT_EQ(operation.name, "PutMetricData");
    EXPECT_EQ(context.account, "000000000000");
    EXPECT_EQ(context.principal.kind, aws::Principal::Kind::service);  // nobody else may put into "AWS/..."
    const std::lock_guard lock(mutex_);
    puts_.push_back(*static_cast<aws::cloudwatch::PutMetricDataInput*>(in));
    changed_.notify_all();
    return {};
  }
  Puts take(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return puts_.size() >= count; });
    return std::exchange(puts_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Puts puts_;
};

MetricName errors_of(std::string_view function) {
  return {"000000000000", "us-east-1", "AWS/Lambda", "Errors", {{"FunctionName", function}}};
}

TEST(ServiceMetrics, GathersByMinuteAndPutsOnFlush) {
  base::ManualEnv env;
  Receiver receiver;
  aws::cloudwatch::CloudWatchCaller cloudwatch(receiver);
  ServiceMetrics metrics(env.env);
  const base::Timestamp now = env.clock.now();
  metrics.add(errors_of("f"), 1, now);
  metrics.flush();  // nobody to put to yet: nothing is lost
  metrics.add(errors_of("f"), 1, now);
  metrics.add(errors_of("f"), 0, now + std::chrono::minutes(1));
  metrics.start(cloudwatch, {});
  metrics.flush();
  const Puts puts = receiver.take(1);
  ASSERT_EQ(puts.size(), 1u);
  EXPECT_EQ(puts[0].namespace_, "AWS/Lambda");
  ASSERT_EQ(puts[0].metric_data->size(), 2u);
  const auto& first = puts[0].metric_data->front();
  EXPECT_EQ(first.values, std::vector<double>{1});
  EXPECT_EQ(first.counts, std::vector<double>{2});
  EXPECT_EQ(first.unit, "Count");
  EXPECT_EQ(first.dimensions->front().value, "f");
  EXPECT_EQ(base::to_epoch_seconds(*first.timestamp), base::to_epoch_seconds(now) / 60 * 60);
}

TEST(ServiceMetrics, ADatumHasAtMost150Values) {
  base::ManualEnv env;
  ServiceMetrics metrics(env.env);
  const auto series = metrics.series(errors_of("f"));
  for (int i = 0; i < 301; ++i) series->add(i % 300, env.clock.now());
  const auto puts = metrics.take();
  ASSERT_EQ(puts.size(), 1u);
  ASSERT_EQ(puts[0].data.size(), 3u);
  double count = 0;
  for (const auto& datum : puts[0].data) {
    EXPECT_LE(datum.values->size(), 150u);
    for (const double weight : *datum.counts) count += weight;
  }
  EXPECT_EQ(count, 301);
  EXPECT_TRUE(metrics.take().empty());
}

TEST(ServiceMetrics, PutsWithinTenSecondsAndSleepsWithoutValues) {
  base::ManualEnv env;
  Receiver receiver;
  aws::cloudwatch::CloudWatchCaller cloudwatch(receiver);
  ServiceMetrics metrics(env.env);
  metrics.start(cloudwatch, {});
  env.clock.await_waiters(1);
  const auto series = metrics.series(errors_of("f"));
  // The clock starts 20 seconds into a minute.
  EXPECT_EQ(env.clock.advance_in_steps(std::chrono::seconds(5), [] { return false; }), 1u);
  series->add(1, env.clock.now());
  EXPECT_EQ(env.clock.advance_in_steps(std::chrono::seconds(10), [] { return false; }), 1u);
  EXPECT_EQ(receiver.take(1).size(), 1u);
  // One step for each of 60 minutes, and the last to the end.
  EXPECT_EQ(env.clock.advance_in_steps(std::chrono::hours(1), [] { return false; }), 61u);
}

// Whoever flushes while another one does waits for it, as a task that waits and without a lock: the values it asks for
// may be those that the other has taken, and CloudWatch may take locks of its own meanwhile.
TEST(ServiceMetrics, FlushesTakeTurnsWithoutALock) {
  struct Slow final : aws::Dispatcher {
    base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context&, void*,
                                void*) override {
      began.set_value();
      end.get_future().wait();
      ended = true;
      return {};
    }
    std::promise<void> began;
    std::promise<void> end;
    std::atomic<bool> ended = false;
  } slow;
  base::ManualEnv env;
  aws::cloudwatch::CloudWatchCaller cloudwatch(slow);
  ServiceMetrics metrics(env.env);
  metrics.start(cloudwatch, {});
  env.clock.await_waiters(1);
  metrics.add(errors_of("f"), 1, env.clock.now());
  const auto first = env.executor.spawn("first", [&] { metrics.flush(); });
  slow.began.get_future().wait();
  std::atomic<bool> saw_all = false;
  const auto second = env.executor.spawn("second", [&] {
    metrics.flush();
    saw_all = slow.ended.load();
  });
  env.clock.await_waiters(2);  // the metrics' own task, and the second caller
  metrics.add(errors_of("g"), 1, env.clock.now());
  static_cast<void>(metrics.take());
  slow.end.set_value();
  while (!saw_all) std::this_thread::yield();
}

TEST(ServiceMetrics, SamplesEachMinuteAndPutsTheRestAtTheEnd) {
  base::ManualEnv env;
  Receiver receiver;
  aws::cloudwatch::CloudWatchCaller cloudwatch(receiver);
  ServiceMetrics metrics(env.env);
  metrics.start(cloudwatch, [&](base::Timestamp now) { metrics.add(errors_of("sampled"), 5, now); });
  env.clock.await_waiters(1);
  env.clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(receiver.take(1)[0].metric_data->front().values, std::vector<double>{5});
  metrics.add(errors_of("last"), 1, env.clock.now());
  metrics.stop();
  EXPECT_EQ(receiver.take(1)[0].metric_data->front().dimensions->front().value, "last");
}

}  // namespace
}  // namespace engine
