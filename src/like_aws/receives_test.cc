#include "like_aws/receives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "aws/sqs/caller.h"
#include "engine/sqs/service.h"
#include "like_aws/test_bed.h"
#include "store/memory/memory_store.h"

namespace like_aws {
namespace {

namespace api = aws::sqs;
using std::chrono::seconds;

class ReceivesTest : public testing::Test {
 protected:
  std::string make_queue(const std::string& name) {
    aws::Context context = root_call(env_);
    api::CreateQueueRequest in;
    in.queue_name = name;
    if (name.ends_with(".fifo")) in.attributes = aws::Map<std::string>{{"FifoQueue", "true"}};
    return *sqs_.create_queue(context, in)->queue_url;
  }
  std::string send(const std::string& url, int number) {
    aws::Context context = root_call(env_);
    api::SendMessageRequest in;
    in.queue_url = url;
    in.message_body = std::to_string(number);
    if (url.ends_with(".fifo")) {
      in.message_group_id = "g";
      in.message_deduplication_id = in.message_body;
    }
    return *sqs_.send_message(context, in)->message_id;
  }
  std::vector<api::Message> receive(Behind<api::Sqs, api::SqsCaller>& sqs, const std::string& url, int count = 10) {
    aws::Context context = root_call(env_);
    api::ReceiveMessageRequest in;
    in.queue_url = url;
    in.max_number_of_messages = count;
    auto out = sqs->receive_message(context, in);
    EXPECT_TRUE(out.has_value()) << out.error().message;
    return out && out->messages ? std::move(*out->messages) : std::vector<api::Message>();
  }
  // How often each message comes, in the order of the first time.
  std::vector<std::string> drain(const std::string& url, uint64_t seed) {
    Conditions conditions(env_.env, seed, told_.tell());
    Receives receives(conditions, sqs_, std::make_shared<Repeats>());
    Behind<api::Sqs, api::SqsCaller> sqs(sqs_, receives);
    std::vector<std::string> out;
    for (int dry = 0; dry < 20; env_.clock.advance(std::chrono::milliseconds(400))) {
      const auto messages = receive(sqs, url);
      dry = messages.empty() ? dry + 1 : 0;
      EXPECT_LE(messages.size(), 10u);
      for (const auto& message : messages) {
        out.push_back(*message.body);
        aws::Context context = root_call(env_);
        api::DeleteMessageRequest gone;
        gone.queue_url = url;
        gone.receipt_handle = message.receipt_handle;
        EXPECT_TRUE(sqs_.delete_message(context, gone).has_value());
      }
    }
    return out;
  }

  base::ManualEnv env_;
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  engine::sqs::SqsService sqs_{*store_, env_.env};
  Told told_;
};

TEST_F(ReceivesTest, AStandardQueueLosesNothingAndRepeatsSome) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const std::string url = make_queue("q" + std::to_string(seed));
    for (int i = 0; i < 200; ++i) send(url, i);
    const auto came = drain(url, seed);
    EXPECT_EQ(std::set<std::string>(came.begin(), came.end()).size(), 200u);
  }
  EXPECT_GT(told_.count("DuplicateDelivery"), 5u);
  EXPECT_GT(told_.count("Reordering"), 5u);
  EXPECT_GT(told_.count("ShortReceive"), 5u);
  EXPECT_GT(told_.count("EmptyReceive"), 2u);
}

TEST_F(ReceivesTest, AFifoQueueKeepsItsOrderAndRepeatsNothing) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const std::string url = make_queue("q" + std::to_string(seed) + ".fifo");
    std::vector<std::string> sent;
    for (int i = 0; i < 100; ++i) {
      send(url, i);
      sent.push_back(std::to_string(i));
    }
    EXPECT_EQ(drain(url, seed), sent);
  }
  EXPECT_EQ(told_.count("DuplicateDelivery") + told_.count("Reordering"), 0u);
}

TEST_F(ReceivesTest, APurgedQueueDeliversNothingAgain) {
  const auto repeats = std::make_shared<Repeats>();
  const std::string key = "us-east-1/000000000000/q";
  repeats->add(key, {.asked = {}, .message = {}, .due = env_.clock.now()});
  Conditions conditions(env_.env, 1, {});
  Receives receives(conditions, sqs_, repeats);
  Behind<api::Sqs, api::SqsCaller> sqs(sqs_, receives);
  const std::string url = make_queue("q");
  aws::Context context = root_call(env_);
  ASSERT_TRUE(sqs->purge_queue(context, {.queue_url = url}).has_value());
  EXPECT_TRUE(repeats->take(key, {}, 10, env_.clock.now() + seconds(1)).empty());
}

TEST_F(ReceivesTest, ARepeatLooksAsItsRequestWantsOrWaitsForOneThatDoes) {
  Repeats repeats;
  api::ReceiveMessageRequest plain, with_all;
  with_all.message_attribute_names = {"All"};
  const base::Timestamp now = env_.clock.now();
  repeats.add("q", {.asked = plain, .message = {}, .due = now + seconds(2)});
  EXPECT_TRUE(repeats.take("q", plain, 10, now + seconds(1)).empty()) << "not due";
  EXPECT_TRUE(repeats.take("q", with_all, 10, now + seconds(2)).empty()) << "without what is asked for";
  EXPECT_TRUE(repeats.take("other", plain, 10, now + seconds(2)).empty());
  EXPECT_EQ(repeats.take("q", plain, 10, now + seconds(2)).size(), 1u);
  EXPECT_TRUE(repeats.take("q", plain, 10, now + seconds(2)).empty()) << "once";
  repeats.add("q", {.asked = plain, .message = {}, .due = now});
  EXPECT_TRUE(repeats.take("q", plain, 10, now + seconds(61)).empty()) << "too late";
}

TEST_F(ReceivesTest, ALongPollWaitsAndIsDecidedOnce) {
  const std::string url = make_queue("q");
  Conditions conditions(env_.env, 2, told_.tell());
  Receives receives(conditions, sqs_, std::make_shared<Repeats>());
  Behind<api::Sqs, api::SqsCaller> sqs(sqs_, receives);
  sqs_.start();
  for (int i = 0; i < 20; ++i) {
    std::optional<base::Result<api::ReceiveMessageResult>> answer;
    {
      const auto task = env_.executor.spawn("poll", [&] {
        aws::Context context = root_call(env_);
        answer = aws::run_parked(env_.executor, context, [&, first = true](aws::Context& c) mutable {
          api::ReceiveMessageRequest in;
          if (std::exchange(first, false)) {
            in.queue_url = url;
            in.wait_time_seconds = 20;
          }
          return sqs->receive_message(c, std::move(in));
        });
      });
      send(url, i);
    }
    ASSERT_TRUE(answer.has_value() && answer->has_value());
    const bool is_empty = !(*answer)->messages || (*answer)->messages->empty();
    if (!is_empty) {
      EXPECT_EQ((*answer)->messages->size(), 1u);
    }
  }
  EXPECT_LT(told_.count("EmptyReceive"), 5u);
  sqs_.stop();
}

}  // namespace
}  // namespace like_aws
