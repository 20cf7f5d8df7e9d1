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
    const auto& input = *static_cast<aws::sns::PublishInput*>(in);
    if (refuse.has_value() && input.topic_arn->ends_with(refused_topic)) return base::fail(*refuse);
    ++published[*input.message_attributes->find("event_id")->string_value];
    last_message = *input.message;
    last_subject = *input.subject;
    last_topic = *input.topic_arn;
    static_cast<aws::sns::PublishResponse*>(out)->message_id = "m";
    return {};
  }
  std::optional<base::AwsError> refuse;
  std::string refused_topic;             // empty: every topic
  std::map<std::string, int> published;  // by event id
  std::string last_message, last_subject, last_topic;
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
    config_.rule_topic_prefix = "arn:aws:sns:us-east-1:000000000000:rule-";
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
    Process process(dynamodb_caller_, sns_caller_, sqs_caller_, env_.env, config_, definition_);
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
    Sweep function(dynamodb_caller_, sns_caller_, sqs_caller_, env_.env, config_, definition_.rules);
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
  Definition definition_;
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

// --- Amended orders: `version` in the definition.

class VersionsTest : public ProcessTest {
 protected:
  VersionsTest() {
    definition_ = read_definition(R"(
[order]
id = "/id"
amount = "/amount"
version = "/updated_at"
)")
                      .value();
  }
  static std::string amended(const std::string& id, const std::string& amount, const std::string& version) {
    return R"({"id":")" + id + R"(","amount":)" + amount + R"(,"updated_at":)" + version + "}";
  }
  std::string stored(const std::string& id, std::string_view attribute) {
    return std::string(text_of(*row("orders", orders::kTransactionId, id), attribute));
  }
};

TEST_F(VersionsTest, ANewerOneReplacesAnOlderOneWhichThenComesToNothing) {
  EXPECT_EQ(handle({{"m1", amended("a", "10", R"("2024-01-02T00:00:00Z")")}}).counts.stored, 1u);
  EXPECT_EQ(handle({{"m2", amended("a", "20", R"("2024-01-02T02:00:00+01:00")")}}).counts.updated, 1u);
  EXPECT_EQ(stored("a", orders::kAmount), "20");
  EXPECT_EQ(stored("a", orders::kUpdates), "1");
  EXPECT_EQ(stored("a", orders::kVersion), "1704157200");
  EXPECT_EQ(handle({{"m3", amended("a", "15", R"("2024-01-02T00:30:00Z")")}}).counts.superseded, 1u);
  EXPECT_EQ(handle({{"m1", amended("a", "10", R"("2024-01-02T00:00:00Z")")}}).counts.superseded, 1u);
  // The repeated delivery of what is there, the same from elsewhere, and other content under the same version.
  EXPECT_EQ(handle({{"m2", amended("a", "20", R"("2024-01-02T02:00:00+01:00")")}}).counts.updated, 1u);
  EXPECT_EQ(handle({{"m4", amended("a", "20", R"("2024-01-02T02:00:00+01:00")")}}).counts.duplicate, 1u);
  EXPECT_EQ(handle({{"m5", amended("a", "21", R"("2024-01-02T01:00:00Z")")}}).counts.quarantined, 1u);
  EXPECT_EQ(stored("a", orders::kAmount), "20");
}

TEST_F(VersionsTest, NumbersAreComparedAsNumbersAndARowOfBeforeIsOlderThanAny) {
  definition_.mapping.version.clear();
  handle({{"m1", amended("a", "10", "10")}});
  definition_.mapping.version.push_back(FieldTemplate::parse("/updated_at").value());
  EXPECT_EQ(handle({{"m2", amended("a", "11", "9")}}).counts.updated, 1u);
  EXPECT_EQ(handle({{"m3", amended("a", "12", "10")}}).counts.updated, 1u);
  EXPECT_EQ(handle({{"m4", amended("a", "13", "9.5")}}).counts.superseded, 1u);
  EXPECT_EQ(handle({{"m5", R"({"id":"a","amount":1})"}, {"m6", amended("b", "1", R"("soon")")}}).counts.quarantined,
            2u);
  EXPECT_EQ(stored("a", orders::kAmount), "12");
}

TEST_F(VersionsTest, AllOfThemInOneBatch) {
  const auto counts =
      handle({{"m1", amended("a", "1", "1")}, {"m3", amended("a", "3", "3")}, {"m2", amended("a", "2", "2")}}).counts;
  EXPECT_EQ(counts.stored + counts.updated + counts.superseded, 3u);
  EXPECT_EQ(stored("a", orders::kAmount), "3");
}

// An order is notified once, by the version that first became large; a debt goes over to the version that replaces it.
TEST_F(VersionsTest, ANotificationIsOwedOnceWhateverReplacesTheOrder) {
  handle({{"m1", amended("a", "10", "1")}});
  EXPECT_EQ(handle({{"m2", amended("a", "60000", "2")}}).counts.notified, 1u);
  EXPECT_EQ(handle({{"m3", amended("a", "70000", "3")}}).counts.notified, 0u);
  EXPECT_EQ(notify_state("a"), "SENT");
  EXPECT_EQ(topic_.published["a"], 1);
  fault_ = [](std::string_view operation) { return operation == "Publish" ? Fault::before : Fault::none; };
  handle({{"m4", amended("b", "60000", "1")}});
  fault_ = [](std::string_view) { return Fault::none; };
  EXPECT_EQ(handle({{"m5", amended("b", "5", "2")}}).counts.notified, 0u);  // the lease of the first still holds
  EXPECT_EQ(notify_state("b"), "PENDING");
  env_.clock.advance(seconds(14));
  while (sweep() != 0) {
  }
  EXPECT_EQ(notify_state("b"), "SENT");
  EXPECT_EQ(topic_.published["b"], 1);
}

// The machine of ARCHITECTURE.md ("The life of an order") with versions, against its model: whatever calls fail or lose
// their answers, in whatever order and however often the versions come, in the end the row is of the newest version,
// has replaced no version twice, and the order has been notified if any version that took effect was large.
TEST_F(VersionsTest, RandomFaultsAndOrdersOfArrivalEndInTheNewestVersion) {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    base::SeededRandom random(seed);
    const auto chance = [&](uint64_t percent) { return base::random_below(random, 100) < percent; };
    std::vector<std::pair<std::string, std::string>> open;
    std::map<std::string, std::pair<int, std::string>> newest;  // by id: version and amount
    std::set<std::string> always_large;                         // in every version
    std::set<std::string> never_large;
    for (int i = 0; i < 4; ++i) {
      const std::string id = std::to_string(seed) + "-" + std::to_string(i);
      const int versions = 1 + static_cast<int>(base::random_below(random, 4));
      int large = 0;
      for (int version = 1; version <= versions; ++version) {
        const bool is_large = chance(50);
        large += is_large ? 1 : 0;
        const std::string amount = std::to_string((is_large ? 60'000 : 10) + version);
        newest[id] = {version, amount};
        open.emplace_back("m" + id + "v" + std::to_string(version), amended(id, amount, std::to_string(version)));
      }
      if (large == versions) always_large.insert(id);
      if (large == 0) never_large.insert(id);
    }
    const auto all = open;
    const uint64_t percent = base::random_below(random, 60);
    bool crashed = false;
    fault_ = [&](std::string_view) {
      crashed = crashed || chance(3);
      if (crashed || chance(percent / 2)) return Fault::before;
      return chance(percent) ? Fault::after : Fault::none;
    };
    for (int round = 0; !open.empty() && round < 200; ++round) {
      if (round == 100) fault_ = [](std::string_view) { return Fault::none; };
      std::vector<std::pair<std::string, std::string>> batch;
      for (std::size_t i = open.size(); i > 1; --i) std::swap(open[i - 1], open[base::random_below(random, i)]);
      for (const auto& m : open)
        if (batch.size() < 10 && chance(60)) batch.push_back(m);
      if (chance(30)) batch.push_back(all[base::random_below(random, all.size())]);
      crashed = false;
      const auto answer = handle(batch);
      EXPECT_EQ(answer.counts.quarantined, 0u) << "seed " << seed;
      std::erase_if(open, [&](const auto& m) {
        return std::ranges::find(batch, m) != batch.end() &&
               answer.payload.find("\"" + m.first + "\"") == std::string::npos;
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
    for (const auto& [id, last] : newest) {
      const auto found = *row("orders", orders::kTransactionId, id);
      EXPECT_EQ(text_of(found, orders::kVersion), std::to_string(last.first)) << "seed " << seed << " order " << id;
      EXPECT_EQ(text_of(found, orders::kAmount), last.second) << "seed " << seed << " order " << id;
      EXPECT_LT(number_of(found, orders::kUpdates).value_or(0), last.first) << "seed " << seed << " order " << id;
      EXPECT_NE(notify_state(id), "PENDING") << "seed " << seed << " order " << id;
      const bool large_now = base::Decimal::parse(last.second).value() > config_.large_order_threshold;
      const bool published = topic_.published.contains(id);
      EXPECT_TRUE(published || !(always_large.contains(id) || large_now)) << "seed " << seed << " order " << id;
      EXPECT_FALSE(published && never_large.contains(id)) << "seed " << seed << " order " << id;
    }
  }
}

// --- Rules.

class RulesTest : public ProcessTest {
 protected:
  RulesTest() {
    definition_ = read_definition(R"toml(
[order]
id = "/id"
amount = "/amount"
currency = "/currency"
negative = "refund"
[[rules]]
name = "large-eur"
filter = '{"amount":[{"numeric":[">",100]}],"currency":["EUR"]}'
subject = "{transaction_id}: {amount} {currency}"
text = "{{{transaction_id}}} by {rule}"
[[rules]]
name = "large-jpy"
filter = '{"amount":[{"numeric":[">",10000]}],"currency":["JPY"]}'
[[rules]]
name = "any-eur"
filter = '{"currency":["EUR"]}'
[[rules]]
name = "refunds"
filter = '{"type":["refund"]}'
)toml")
                      .value();
  }
  static std::string order(const std::string& id, const std::string& amount, const std::string& currency) {
    return R"({"id":")" + id + R"(","amount":)" + amount + R"(,"currency":")" + currency + "\"}";
  }
};

TEST_F(RulesTest, EachRuleThatWantsAnOrderIsTold) {
  const auto counts = handle({{"m1", order("a", "200", "EUR")},
                              {"m2", order("b", "200", "JPY")},
                              {"m3", order("c", "20000", "JPY")},
                              {"m4", order("d", "-300", "EUR")}})
                          .counts;
  EXPECT_EQ(counts.stored, 4u);
  EXPECT_EQ(counts.notified, 3u);
  EXPECT_EQ(topic_.published,
            (std::map<std::string, int>{{"a/large-eur", 1}, {"a/any-eur", 1}, {"c/large-jpy", 1}, {"d/refunds", 1}}));
  EXPECT_EQ(topic_.last_topic, "arn:aws:sns:us-east-1:000000000000:rule-refunds");
  EXPECT_EQ(topic_.last_subject, "refunds: d");
  EXPECT_EQ(
      topic_.last_message,
      R"({"event_id":"d/refunds","rule":"refunds","transaction_id":"d","amount":-300,"currency":"EUR","type":"refund"})");
  EXPECT_EQ(notify_state("b"), "");
  definition_.rules.resize(1);
  handle({{"m5", order("e", "101", "EUR")}});
  EXPECT_EQ(topic_.last_subject, "e: 101 EUR");
  EXPECT_EQ(topic_.last_message, "{e} by large-eur");
  handle({{"m6", order("é 漢", "101", "EUR")}});
  EXPECT_EQ(topic_.last_subject, "é 漢: 101 EUR");
}

// Of three rules one cannot be told now and one never: the first is swept later, by itself.
TEST_F(RulesTest, WhatIsToldIsNotToldAgainWhenTheRestIsOwed) {
  int publications = 0;
  fault_ = [&](std::string_view operation) {
    return operation == "Publish" && ++publications == 1 ? Fault::before : Fault::none;
  };
  EXPECT_EQ(handle({{"m1", order("a", "200", "EUR")}}).counts.notified, 0u);
  EXPECT_EQ(notify_state("a"), "PENDING");
  EXPECT_EQ(topic_.published, (std::map<std::string, int>{{"a/any-eur", 1}}));
  env_.clock.advance(seconds(14));
  sweep();
  EXPECT_EQ(notify_state("a"), "SENT");
  EXPECT_EQ(topic_.published, (std::map<std::string, int>{{"a/any-eur", 1}, {"a/large-eur", 1}}));
}

TEST_F(RulesTest, ATopicThatIsGoneIsNamedAndTheOthersAreTold) {
  topic_.refuse = base::AwsError{.code = "NotFoundException", .message = "Topic does not exist", .http_status = 404};
  topic_.refused_topic = "rule-large-eur";
  handle({{"m1", order("a", "200", "EUR")}});
  EXPECT_EQ(notify_state("a"), "FAILED");
  const Item stored = *row("orders", orders::kTransactionId, "a");
  EXPECT_EQ(stored.find(orders::kNotifyRules)->ss(), std::vector<std::string>{"large-eur"});
  EXPECT_EQ(stored.find(orders::kNotifiedRules)->ss(), std::vector<std::string>{"any-eur"});
}

// A newer version owes what only it is wanted for.
TEST_F(RulesTest, ANewerVersionIsToldToTheRulesThatHaveNotHeardOfTheOrder) {
  definition_.mapping.version.push_back(FieldTemplate::parse("/v").value());
  const auto version = [&](const std::string& amount, const std::string& v) {
    std::string text = order("a", amount, "EUR");
    text.insert(text.size() - 1, ",\"v\":" + v);
    return text;
  };
  handle({{"m1", version("50", "1")}});
  EXPECT_EQ(topic_.published, (std::map<std::string, int>{{"a/any-eur", 1}}));
  handle({{"m2", version("150", "2")}});
  EXPECT_EQ(topic_.published, (std::map<std::string, int>{{"a/any-eur", 1}, {"a/large-eur", 1}}));
  handle({{"m3", version("40", "3")}});
  handle({{"m4", version("500", "4")}});
  EXPECT_EQ(topic_.published, (std::map<std::string, int>{{"a/any-eur", 1}, {"a/large-eur", 1}}));
  EXPECT_EQ(notify_state("a"), "SENT");
}

}  // namespace
}  // namespace pipeline
