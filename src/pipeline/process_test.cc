// The process and sweep functions over the engine's real DynamoDB and SQS, with faults injected at every call.
#include "pipeline/process.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "aws/dynamodb/caller.h"
#include "aws/forwarder.h"
#include "aws/sns/caller.h"
#include "aws/sqs/caller.h"
#include "base/encoding.h"
#include "base/manual/manual_env.h"
#include "engine/dynamodb/service.h"
#include "engine/sqs/service.h"
#include "pipeline/sweep.h"
#include "store/memory/memory_store.h"

namespace pipeline {
namespace {

using std::chrono::seconds;

base::AwsError unavailable() {
  return {.code = "ServiceUnavailable", .http_status = 503, .fault = base::Fault::receiver};
}

// A topic that remembers what was published.
class Topic final : public aws::Dispatcher {
 public:
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc& operation, aws::Context&, void* in,
                              void* out) override {
    EXPECT_EQ(operation.name, "Publish");
    if (refuse.has_value()) return base::fail(*refuse);
    const auto& input = *static_cast<aws::sns::PublishInput*>(in);
    ++published[*input.message_attributes->find("event_id")->string_value];
    last_message = *input.message;
    static_cast<aws::sns::PublishResponse*>(out)->message_id = "m";
    return {};
  }
  std::optional<base::AwsError> refuse;
  std::map<std::string, int> published;  // by event id
  std::string last_message;
};

class ProcessTest : public testing::Test {
 protected:
  // Decides about each call of the functions: fail before it, lose its answer, or neither.
  enum class Fault { none, before, after };
  std::function<Fault(std::string_view operation)> fault_ = [](std::string_view) { return Fault::none; };

  bool hide_old_rows_ = false;      // a refused INSERT does not show what is there
  bool no_partiql_ = false;         // the endpoint does not know BatchExecuteStatement
  bool refuse_statements_ = false;  // the role may not
  std::map<std::string, int> calls_;

  void SetUp() override {
    config_.orders_table = "orders";
    config_.quarantine_table = "quarantine";
    config_.uploads_table = "uploads";
    config_.topic_arn = "arn:aws:sns:us-east-1:000000000000:large";
    config_.large_order_threshold = base::Decimal::from_integer(50'000);
    context_.account = "000000000000";
    context_.region = "us-east-1";
    context_.endpoint = "http://localhost";
    context_.principal = {aws::Principal::Kind::root, context_.account, "arn:aws:iam::000000000000:root",
                          context_.account};
    make_table("orders", orders::kTransactionId);
    make_table("quarantine", quarantine::kBodySha256);
    aws::sqs::CreateQueueRequest create;
    create.queue_name = "notify";
    config_.notify_queue_url = *sqs_.create_queue(context_, create)->queue_url;
  }

  void make_table(const std::string& name, std::string_view key) {
    aws::dynamodb::CreateTableInput create;
    create.table_name = name;
    create.billing_mode = "PAY_PER_REQUEST";
    create.attribute_definitions.emplace().push_back({std::string(key), "S"});
    create.key_schema.emplace().push_back({std::string(key), "HASH"});
    ASSERT_TRUE(dynamodb_.create_table(context_, create).has_value());
  }

  // The functions' side of the services: the calls get an account and region, and may fail.
  class Faulty final : public aws::Dispatcher {
   public:
    Faulty(ProcessTest& test, aws::Dispatcher& target) : test_(test), target_(target) {}
    base::Result<void> dispatch(const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                                aws::Context& context, void* in, void* out) override {
      const Fault fault = test_.fault_(operation.name);
      if (fault == Fault::before) return base::fail(unavailable());
      if (test_.no_partiql_ && operation.name == "BatchExecuteStatement")
        return base::fail(base::AwsError{.code = "UnknownOperationException", .message = "what?"});
      if (test_.refuse_statements_ && operation.name == "BatchExecuteStatement") {
        const auto& statements = *static_cast<aws::dynamodb::BatchExecuteStatementInput*>(in)->statements;
        auto& responses = static_cast<aws::dynamodb::BatchExecuteStatementOutput*>(out)->responses;
        responses.emplace(statements.size());
        for (auto& each : *responses) each.error.emplace().code = "AccessDenied";
        return {};
      }
      context = test_.context_;
      context.now = test_.env_.clock.now();
      const auto result = target_.dispatch(service, operation, context, in, out);
      ++test_.calls_[std::string(operation.name)];
      if (operation.name == "BatchExecuteStatement" && test_.hide_old_rows_ && result.has_value()) {
        for (auto& each : *static_cast<aws::dynamodb::BatchExecuteStatementOutput*>(out)->responses)
          if (each.error.has_value()) each.error->item.reset();
      }
      if (fault == Fault::after) return base::fail(unavailable());
      return result;
    }

   private:
    ProcessTest& test_;
    aws::Dispatcher& target_;
  };

  static std::string event(const std::vector<std::pair<std::string, std::string>>& messages) {
    std::string out = "{\"Records\":[";
    for (const auto& [id, body] : messages) {
      if (out.back() == '}') out += ",";
      std::string escaped;
      for (const char c : body) escaped += c == '"' ? std::string("\\\"") : c == '\\' ? "\\\\" : std::string(1, c);
      out += "{\"messageId\":\"" + id + "\",\"receiptHandle\":\"r\",\"body\":\"" + escaped + "\"}";
    }
    return out + "]}";
  }
  static std::string order(const std::string& id, const std::string& amount) {
    return R"({"transaction_id":")" + id + R"(","amount":)" + amount + R"(,"item":"x"})";
  }

  Process::Answer handle(const std::vector<std::pair<std::string, std::string>>& messages) {
    Process process(dynamodb_caller_, sns_caller_, sqs_caller_, env_.env, config_);
    return process.handle(event(messages), env_.clock.now() + seconds(10)).value();
  }

  // Works off the notify queue as the sweep function's mapping would. Answers how many messages there were.
  std::size_t sweep() {
    aws::sqs::ReceiveMessageRequest receive;
    receive.queue_url = config_.notify_queue_url;
    receive.max_number_of_messages = 10;
    context_.now = env_.clock.now();
    const auto got = sqs_.receive_message(context_, receive).value();
    if (!got.messages.has_value()) return 0;
    std::vector<std::pair<std::string, std::string>> messages;
    for (const auto& m : *got.messages) messages.emplace_back(*m.message_id, *m.body);
    Sweep function(dynamodb_caller_, sns_caller_, sqs_caller_, env_.env, config_);
    const auto answer = function.handle(event(messages), env_.clock.now() + seconds(10)).value();
    for (const auto& m : *got.messages) {
      if (answer.payload.find(*m.message_id) != std::string::npos) continue;
      aws::sqs::DeleteMessageRequest remove;
      remove.queue_url = config_.notify_queue_url;
      remove.receipt_handle = m.receipt_handle;
      EXPECT_TRUE(sqs_.delete_message(context_, remove).has_value());
    }
    return messages.size();
  }

  std::optional<Item> row(const std::string& table, std::string_view key, const std::string& value) {
    aws::dynamodb::GetItemInput get;
    get.table_name = table;
    get.key.emplace()[key] = text(value);
    return dynamodb_.get_item(context_, get)->item;
  }
  std::string notify_state(const std::string& id) {
    const auto found = row("orders", orders::kTransactionId, id);
    return found.has_value() ? std::string(text_of(*found, orders::kNotifyState)) : "no row";
  }

  base::ManualEnv env_;
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  engine::dynamodb::DynamoDbService dynamodb_{*store_, env_.env};
  engine::sqs::SqsService sqs_{*store_, env_.env};
  aws::Context context_;
  PipelineConfig config_;
  Topic topic_;
  aws::Forwarder to_dynamodb_{static_cast<aws::dynamodb::DynamoDb*>(&dynamodb_)};
  aws::Forwarder to_sqs_{static_cast<aws::sqs::Sqs*>(&sqs_)};
  Faulty faulty_dynamodb_{*this, to_dynamodb_};
  Faulty faulty_sqs_{*this, to_sqs_};
  Faulty faulty_sns_{*this, topic_};
  aws::dynamodb::DynamoDbCaller dynamodb_caller_{faulty_dynamodb_};
  aws::sqs::SqsCaller sqs_caller_{faulty_sqs_};
  aws::sns::SnsCaller sns_caller_{faulty_sns_};
};

TEST_F(ProcessTest, RefusingAgainWhatIsBeingSentPutsTheRowBack) {
  handle({{"m1", "nonsense"}});
  const std::string id = base::hex_encode(base::sha256("nonsense"));
  const auto put_state = [&](std::string_view state) {
    Item changed = *row("quarantine", quarantine::kBodySha256, id);
    changed[quarantine::kState] = text(state);
    changed[quarantine::kQuarantinedAt] = number(0);
    aws::dynamodb::PutItemInput put;
    put.table_name = "quarantine";
    put.item = std::move(changed);
    ASSERT_TRUE(dynamodb_.put_item(context_, put).has_value());
  };
  const auto after_a_delivery = [&](std::string_view state) {
    put_state(state);
    EXPECT_EQ(handle({{"m1", "nonsense"}}).counts.quarantined, 1u);
    return *row("quarantine", quarantine::kBodySha256, id);
  };
  const Item waits = after_a_delivery(quarantine::kSending);
  EXPECT_FALSE(waits.contains(quarantine::kState));
  EXPECT_NE(number_of(waits, quarantine::kQuarantinedAt), 0) << "which tells who sends it that the row is another";
  for (const std::string_view done : {quarantine::kDiscarded, quarantine::kFixed})
    EXPECT_EQ(text_of(after_a_delivery(done), quarantine::kState), done) << "a repeated delivery changes nothing";
}

TEST_F(ProcessTest, StoresNotifiesAndQuarantines) {
  const auto answer = handle(
      {{"m1", order("a", "12.50")}, {"m2", order("b", "50000.01")}, {"m3", order("c", "0")}, {"m4", "nonsense"}});
  EXPECT_EQ(answer.payload, R"({"batchItemFailures":[]})");
  EXPECT_EQ(answer.counts.stored, 2u);
  EXPECT_EQ(answer.counts.quarantined, 2u);
  EXPECT_EQ(answer.counts.notified, 1u);
  const auto stored = row("orders", orders::kTransactionId, "a");
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(text_of(*stored, orders::kAmount), "12.5");
  EXPECT_EQ(notify_state("a"), "");
  EXPECT_EQ(notify_state("b"), "SENT");
  EXPECT_EQ(topic_.last_message,
            R"({"event_id":"b","transaction_id":"b","amount":50000.01,"item":"x","threshold":50000})");
}

TEST_F(ProcessTest, ExactlyTheThresholdIsNotLarge) {
  handle({{"m", order("a", "50000.00")}});
  EXPECT_TRUE(topic_.published.empty());
}

TEST_F(ProcessTest, SecondOrderOfAnIdIsADuplicateOrAConflict) {
  handle({{"m1", order("a", "1")}});
  auto again = handle({{"m2", order("a", "1.0")}});
  EXPECT_EQ(again.counts.duplicate, 1u);
  again = handle({{"m3", order("a", "2")}});
  EXPECT_EQ(again.counts.quarantined, 1u);
  EXPECT_EQ(text_of(*row("orders", orders::kTransactionId, "a"), orders::kAmount), "1");
  // The same message again is no duplicate: its row is there because of it.
  again = handle({{"m1", order("a", "1")}});
  EXPECT_EQ(again.counts.stored, 1u);
}

TEST_F(ProcessTest, ABatchIsOneCallFor25Rows) {
  std::vector<std::pair<std::string, std::string>> batch;
  for (int i = 0; i < 60; ++i) batch.emplace_back("m" + std::to_string(i), order("o" + std::to_string(i), "1"));
  EXPECT_EQ(handle(batch).counts.stored, 60u);
  EXPECT_EQ(calls_["BatchExecuteStatement"], 3);
  EXPECT_EQ(calls_["PutItem"], 0);
  EXPECT_EQ(text_of(*row("orders", orders::kTransactionId, "o59"), orders::kSource), "message#m59");
}

TEST_F(ProcessTest, ABatchMayNameAnIdTwiceAndKnownIds) {
  handle({{"m1", order("a", "1")}});
  for (const bool hidden : {false, true}) {
    hide_old_rows_ = hidden;
    const std::string fresh = hidden ? "c" : "b";
    const auto counts = handle({{"m2", order("a", "1.0")},      // a duplicate
                                {"m3", order("a", "7")},        // a conflict
                                {"m4", order(fresh, "90000")},  // new and large
                                {"m5", order(fresh, "90000")},  // the same once more
                                {"m1", order("a", "1")}})       // a repeated delivery
                            .counts;
    EXPECT_EQ(counts.duplicate, 2u);
    EXPECT_EQ(counts.quarantined, 1u);
    EXPECT_EQ(counts.stored, 2u);
    EXPECT_EQ(counts.notified, 1u);
    EXPECT_EQ(topic_.published[fresh], 1);
  }
}

// An endpoint may lack PartiQL, and a role made for an earlier version may only put.
TEST_F(ProcessTest, WithoutPartiqlTheRowsArePutOneByOne) {
  no_partiql_ = true;
  EXPECT_EQ(handle({{"m1", order("a", "1")}, {"m2", order("b", "1")}}).counts.stored, 2u);
  EXPECT_EQ(calls_["PutItem"], 2);
  no_partiql_ = false;
  refuse_statements_ = true;
  EXPECT_EQ(handle({{"m3", order("c", "1")}, {"m4", order("d", "1")}}).counts.stored, 2u);
  EXPECT_EQ(calls_["PutItem"], 4);
}

TEST_F(ProcessTest, ARowThatIsTooLargeIsQuarantinedAndTheOthersStored) {
  const std::string large = R"({"transaction_id":"big","amount":1,"item":")" + std::string(410'000, 'x') + "\"}";
  const auto counts = handle({{"m1", order("a", "1")}, {"m2", large}, {"m3", order("b", "1")}}).counts;
  EXPECT_EQ(counts.stored, 2u);
  EXPECT_EQ(counts.quarantined, 1u);
}

TEST_F(ProcessTest, InfrastructureFaultsGoBackToTheQueue) {
  fault_ = [](std::string_view) { return Fault::before; };
  const auto answer = handle({{"m1", order("a", "1")}, {"m2", "nonsense"}});
  EXPECT_EQ(answer.payload, R"({"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]})");
  EXPECT_EQ(answer.counts.retried, 2u);
}

TEST_F(ProcessTest, NothingIsBegunShortBeforeTheDeadline) {
  Process process(dynamodb_caller_, sns_caller_, sqs_caller_, env_.env, config_);
  const auto answer = process.handle(event({{"m1", order("a", "1")}}), env_.clock.now() + seconds(3)).value();
  EXPECT_EQ(answer.counts.retried, 1u);
  EXPECT_EQ(notify_state("a"), "no row");
}

TEST_F(ProcessTest, AnUnreachableTopicIsOwedAndSwept) {
  fault_ = [](std::string_view operation) { return operation == "Publish" ? Fault::before : Fault::none; };
  EXPECT_EQ(handle({{"m1", order("a", "90000")}}).counts.stored, 1u);
  EXPECT_EQ(notify_state("a"), "PENDING");
  fault_ = [](std::string_view) { return Fault::none; };
  EXPECT_EQ(sweep(), 0u);  // not before the lease has run out
  env_.clock.advance(seconds(14));
  EXPECT_EQ(sweep(), 1u);
  EXPECT_EQ(notify_state("a"), "SENT");
  EXPECT_EQ(topic_.published["a"], 1);
}

TEST_F(ProcessTest, ATopicThatIsGoneFailsForGood) {
  topic_.refuse = base::AwsError{.code = "NotFoundException", .message = "Topic does not exist", .http_status = 404};
  EXPECT_EQ(handle({{"m1", order("a", "90000")}}).counts.stored, 1u);
  EXPECT_EQ(notify_state("a"), "FAILED");
}

TEST_F(ProcessTest, AnOrderWhoseDebtCannotBeQueuedComesAgain) {
  fault_ = [](std::string_view operation) {
    return operation == "Publish" || operation == "SendMessage" ? Fault::before : Fault::none;
  };
  EXPECT_EQ(handle({{"m1", order("a", "90000")}}).counts.retried, 1u);
}

// Whatever calls fail or lose their answers, and however often messages come: in the end every order has one row with
// the first content, every large one was published at least once, and nothing is owed.
TEST_F(ProcessTest, RandomFaultsLoseNothingAndStoreNothingTwice) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    base::SeededRandom random(seed);
    const auto chance = [&](uint64_t percent) { return base::random_below(random, 100) < percent; };
    std::vector<std::pair<std::string, std::string>> open;  // not acknowledged yet
    std::set<std::string> large;
    for (int i = 0; i < 12; ++i) {
      const std::string id = std::to_string(seed) + "-" + std::to_string(i);
      const bool is_large = chance(40);
      if (is_large) large.insert(id);
      open.emplace_back("m" + id, order(id, is_large ? "60000" : "10"));
    }
    const auto all = open;
    const uint64_t percent = base::random_below(random, 60);
    bool crashed = false;
    fault_ = [&](std::string_view) {
      crashed = crashed || chance(2);  // from here on nothing of this invocation happens
      if (crashed || chance(percent / 2)) return Fault::before;
      return chance(percent) ? Fault::after : Fault::none;
    };
    for (int round = 0; !open.empty() && round < 200; ++round) {
      if (round == 100) fault_ = [](std::string_view) { return Fault::none; };
      std::vector<std::pair<std::string, std::string>> batch;
      for (const auto& m : open) {
        if (batch.size() < 10 && chance(60)) batch.push_back(m);
      }
      if (chance(20)) batch.push_back(all[base::random_below(random, all.size())]);  // a repeated delivery
      crashed = false;
      const std::string answer = handle(batch).payload;
      std::erase_if(open, [&](const auto& m) {
        return std::ranges::find(batch, m) != batch.end() && answer.find("\"" + m.first + "\"") == std::string::npos;
      });
      env_.clock.advance(seconds(base::random_below(random, 20)));
      crashed = false;
      sweep();
    }
    fault_ = [](std::string_view) { return Fault::none; };
    ASSERT_TRUE(open.empty()) << "seed " << seed;
    for (int i = 0; i < 20; ++i) {
      env_.clock.advance(seconds(40));
      while (sweep() != 0) {
      }
    }
    for (const auto& [message, body] : all) {
      const std::string id = message.substr(1);
      EXPECT_EQ(notify_state(id), large.contains(id) ? "SENT" : "") << "seed " << seed << " order " << id;
      EXPECT_EQ(topic_.published.contains(id), large.contains(id)) << "seed " << seed << " order " << id;
    }
  }
}

}  // namespace
}  // namespace pipeline
