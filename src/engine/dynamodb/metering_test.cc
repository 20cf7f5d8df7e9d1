// Provisioned throughput and the metrics of AWS/DynamoDB, through the service's interface.
#include <gtest/gtest.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "base/manual/manual_env.h"
#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/test_values.h"
#include "engine/service_metrics.h"
#include "store/memory/memory_store.h"

namespace engine::dynamodb {
namespace {

constexpr const char* kExceeded =
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API.";

class MeteringTest : public ::testing::Test {
 protected:
  MeteringTest() {
    context.now = env.clock.now();
    context.account = "123456789012";
    context.region = "eu-west-1";
  }
  // A table with the key p and, if wanted, a global index on g; 0 units: on demand.
  void create(int64_t units, int64_t index_units = 0) {
    wire::CreateTableInput in;
    in.table_name = "tab";
    in.billing_mode = units == 0 ? "PAY_PER_REQUEST" : "PROVISIONED";
    if (units > 0) in.provisioned_throughput = throughput(units);
    in.attribute_definitions.emplace().emplace_back().attribute_name = "p";
    in.attribute_definitions->back().attribute_type = "S";
    in.key_schema.emplace().emplace_back().attribute_name = "p";
    in.key_schema->back().key_type = "HASH";
    if (index_units > 0) {
      in.attribute_definitions->emplace_back(in.attribute_definitions->back()).attribute_name = "g";
      auto& index = in.global_secondary_indexes.emplace().emplace_back();
      index.index_name = "byg";
      index.key_schema.emplace().push_back(in.key_schema->back());
      index.key_schema->back().attribute_name = "g";
      index.projection.emplace().projection_type = "ALL";
      index.provisioned_throughput = throughput(index_units);
    }
    const auto made = service.create_table(context, std::move(in));
    ASSERT_TRUE(made) << made.error().message;
  }
  // The same with the burst of the table and the index used up and one second gone since.
  void create_used_up(int units, int index_units = 0) {
    create(units, index_units);
    const int burst = static_cast<int>(kBurstSeconds);
    int indexed = 0;
    for (; indexed < index_units * burst; ++indexed)
      (void)put({{"p", S("u" + std::to_string(indexed))}, {"g", S("g")}});
    for (int i = indexed; i < units * burst; ++i) EXPECT_EQ(put(0), "");
    EXPECT_EQ(put(0), kExceeded);
    EXPECT_EQ(gets(units * burst, true), units * burst);
    wait(std::chrono::seconds(1));
    (void)taken();
  }
  static wire::ProvisionedThroughput throughput(int64_t units) {
    wire::ProvisionedThroughput t;
    t.read_capacity_units = units;
    t.write_capacity_units = units;
    return t;
  }
  void wait(std::chrono::seconds seconds) { context.now += seconds; }
  std::string put(Item item) {
    wire::PutItemInput in;
    in.table_name = "tab";
    in.item = std::move(item);
    const auto out = service.put_item(context, std::move(in));
    return out ? "" : out.error().message;
  }
  std::string put(int i) { return put({{"p", S(std::to_string(i))}}); }
  // How many of `tries` puts get through now.
  int puts(int tries) {
    int done = 0;
    for (int i = 0; i < tries; ++i) done += put(i).empty();
    return done;
  }
  int gets(int tries, bool consistent) {
    int done = 0;
    for (int i = 0; i < tries; ++i) {
      wire::GetItemInput in;
      in.table_name = "tab";
      in.key = Item{{"p", S("x")}};
      in.consistent_read = consistent;
      done += service.get_item(context, std::move(in)).has_value();
    }
    return done;
  }
  // "Metric dims = count x sum" of every series, sorted.
  std::map<std::string, std::pair<double, double>> taken() {
    std::map<std::string, std::pair<double, double>> out;
    for (const auto& put : metrics.take()) {
      EXPECT_EQ(put.name_space, "AWS/DynamoDB");
      for (const auto& datum : put.data) {
        std::string key = *datum.metric_name;
        if (datum.dimensions)
          for (const auto& d : *datum.dimensions) key += " " + *d.value;
        for (std::size_t i = 0; i < datum.values->size(); ++i) {
          const double weight = datum.counts ? (*datum.counts)[i] : 1;
          out[key].first += weight;
          out[key].second += weight * (*datum.values)[i];
        }
      }
    }
    return out;
  }

  base::ManualEnv env;
  ServiceMetrics metrics{env.env};
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  DynamoDbOptions options() {
    DynamoDbOptions o;
    o.metrics = &metrics;
    return o;
  }
  DynamoDbService service{*store, env.env, options()};
  aws::Context context;
};

TEST_F(MeteringTest, ANewTableHasFiveMinutesAndSavesNoMore) {
  create(5);
  EXPECT_EQ(puts(2000), 1500);
  EXPECT_EQ(gets(4000, false), 3000) << "reads have a bucket of their own";
  const auto refused = [&] {
    wire::PutItemInput in;
    in.table_name = "tab";
    in.item = Item{{"p", S("x")}};
    return service.put_item(context, std::move(in));
  }();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "ProvisionedThroughputExceededException");
  EXPECT_EQ(refused.error().message, kExceeded);
  EXPECT_EQ(refused.error().http_status, 400);
  wait(std::chrono::seconds(2));
  EXPECT_EQ(puts(100), 10);
  wait(std::chrono::hours(1));
  EXPECT_EQ(puts(2000), 1500);
  EXPECT_EQ(gets(4000, false), 3000);
  wait(std::chrono::seconds(1));
  EXPECT_EQ(gets(20, true), 5);
}

TEST_F(MeteringTest, ThrottlingCanBeSwitchedOff) {
  DynamoDbOptions off = options();
  off.throttle = false;
  create(1, 1);
  DynamoDbService unthrottled(*store, env.env, off);  // of the table that the other has made
  wire::PutItemInput in;
  in.table_name = "tab";
  for (int i = 0; i < 1000; ++i) {
    in.item = Item{{"p", S(std::to_string(i))}, {"g", S("g")}};
    ASSERT_TRUE(unthrottled.put_item(context, in));
  }
}

TEST_F(MeteringTest, LargeItemsAndFailedConditionsCostWhatTheyCost) {
  create_used_up(5);
  EXPECT_EQ(put({{"p", S("big")}, {"x", S(std::string(20 * 1024 - 10, 'x'))}}), "") << "20 units, 15 of them owed";
  wait(std::chrono::seconds(3));
  EXPECT_EQ(put(1), kExceeded);
  wait(std::chrono::seconds(1));
  wire::PutItemInput in;
  in.table_name = "tab";
  in.item = Item{{"p", S("big")}};
  in.condition_expression = "attribute_not_exists(p)";
  EXPECT_EQ(service.put_item(context, in).error().code, "ConditionalCheckFailedException");
  wait(std::chrono::seconds(3));
  EXPECT_EQ(puts(10), 0) << "20 units for the item that is there, 15 of them owed";
  wait(std::chrono::seconds(1));
  EXPECT_EQ(puts(10), 5);
}

// The server does such a call again from its beginning.
TEST_F(MeteringTest, AnItemTooLargeForAnIoThreadCostsNothingThere) {
  create_used_up(100);
  ASSERT_EQ(put({{"p", S("x")}, {"fill", S(std::string(kQuickItemBytesMax, 'f'))}}), "");  // 33 units
  context.on_io_thread = true;
  for (int i = 0; i < 1000; ++i) {
    wire::PutItemInput in;
    in.table_name = "tab";
    in.item = Item{{"p", S("x")}};
    ASSERT_EQ(service.put_item(context, std::move(in)).error().code, aws::kTooLongForIoThread);
    ASSERT_EQ(gets(1, true), 0);
  }
  EXPECT_EQ(puts(1), 1) << "of small items nothing is said";
  context.on_io_thread = false;
  EXPECT_EQ(gets(1, true), 1) << "and it is still there";
  EXPECT_EQ(puts(1000), 66);
}

TEST_F(MeteringTest, UpdateTableChangesTheRate) {
  create_used_up(5);
  EXPECT_EQ(puts(10), 5);
  wire::UpdateTableInput update;
  update.table_name = "tab";
  update.provisioned_throughput = throughput(50);
  ASSERT_TRUE(service.update_table(context, update));
  wait(std::chrono::seconds(1));
  EXPECT_EQ(puts(100), 5) << "the second before the change counts at the old rate";
  wait(std::chrono::seconds(1));
  EXPECT_EQ(puts(100), 50);
  update.provisioned_throughput.reset();
  update.billing_mode = "PAY_PER_REQUEST";
  ASSERT_TRUE(service.update_table(context, update));
  EXPECT_EQ(puts(1000), 1000);
}

TEST_F(MeteringTest, AFullIndexHoldsUpWritesThatConcernIt) {
  create_used_up(10, 2);
  const auto put_indexed = [&](int i) { return put({{"p", S(std::to_string(i))}, {"g", S("g")}}); };
  EXPECT_EQ(put_indexed(1) + put_indexed(2), "");
  EXPECT_TRUE(put_indexed(3).starts_with("The level of configured provisioned throughput for one or more global"));
  EXPECT_EQ(put(4), "");
  const auto update = [&](const std::string& p, const std::string& name) {
    wire::UpdateItemInput in;
    in.table_name = "tab";
    in.key = Item{{"p", S(p)}};
    in.update_expression = "SET " + name + " = :v";
    in.expression_attribute_values = Item{{":v", S("v")}};
    const auto out = service.update_item(context, std::move(in));
    return out ? "" : out.error().message;
  };
  EXPECT_EQ(update("4", "v"), "") << "an item that is not in the index";
  EXPECT_FALSE(update("4", "g").empty());
  EXPECT_FALSE(update("1", "v").empty()) << "the index has all attributes";
  EXPECT_FALSE(put({{"p", S("1")}}).empty()) << "the entry of the old item would have to go";
  EXPECT_EQ(put_indexed(2), "") << "an entry that stays as it is";
  wire::DeleteItemInput remove;
  remove.table_name = "tab";
  remove.key = Item{{"p", S("4")}};
  EXPECT_TRUE(service.delete_item(context, remove));
  remove.key = Item{{"p", S("1")}};
  EXPECT_FALSE(service.delete_item(context, remove));
}

TEST_F(MeteringTest, BatchesHandBackWhatDoesNotFit) {
  create_used_up(5);
  wire::BatchWriteItemInput write;
  auto& list = write.request_items.emplace()["tab"];
  for (int i = 0; i < 8; ++i) list.emplace_back().put_request.emplace().item = Item{{"p", S(std::to_string(i))}};
  const auto written = service.batch_write_item(context, write);
  ASSERT_TRUE(written);
  ASSERT_EQ(written->unprocessed_items->at(0).second.size(), 3u);
  EXPECT_EQ(written->unprocessed_items->at(0).second[0].put_request->item->find("p")->s(), "5");
  EXPECT_EQ(service.batch_write_item(context, write).error().code, "ProvisionedThroughputExceededException");
  wire::BatchGetItemInput get;
  auto& keys = get.request_items.emplace()["tab"].keys.emplace();
  for (int i = 0; i < 12; ++i) keys.push_back(Item{{"p", S(std::to_string(i))}});
  const auto got = service.batch_get_item(context, get);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->unprocessed_keys->at(0).second.keys->size(), 2u);
  EXPECT_FALSE(service.batch_get_item(context, get));
  wait(std::chrono::seconds(1));
  wire::BatchExecuteStatementInput statements;
  for (int i = 0; i < 7; ++i) {
    auto& s =
        statements.statements ? statements.statements->emplace_back() : statements.statements.emplace().emplace_back();
    s.statement = "INSERT INTO tab VALUE {'p': ?}";
    s.parameters = {S("n" + std::to_string(i))};
  }
  const auto executed = service.batch_execute_statement(context, statements);
  ASSERT_TRUE(executed);
  int throttled = 0;
  for (const auto& r : *executed->responses) throttled += r.error && *r.error->code == "ProvisionedThroughputExceeded";
  EXPECT_EQ(throttled, 2);
}

TEST_F(MeteringTest, WhatHappensIsCounted) {
  create_used_up(3);
  EXPECT_EQ(puts(5), 3);
  EXPECT_EQ(gets(2, false), 2);
  wire::ScanInput scan;
  scan.table_name = "tab";
  ASSERT_TRUE(service.scan(context, scan));
  wire::PutItemInput bad;
  bad.table_name = "none";
  bad.item = Item{{"p", S("x")}};
  EXPECT_FALSE(service.put_item(context, bad));
  wait(std::chrono::seconds(10));
  wire::BatchExecuteStatementInput statements;
  statements.statements.emplace().emplace_back().statement = "UPDATE tab SET a = 1 WHERE p = 'none'";
  ASSERT_TRUE(service.batch_execute_statement(context, statements));
  const base::Timestamp five_minutes = base::from_epoch_seconds(base::to_epoch_seconds(context.now) / 300 * 300);
  service.sample_metrics(five_minutes + std::chrono::seconds(59));
  service.sample_metrics(five_minutes + std::chrono::minutes(1));  // nothing
  service.sample_metrics(five_minutes + std::chrono::minutes(4));
  auto seen = taken();
  using Pair = std::pair<double, double>;
  EXPECT_EQ(seen["ConsumedWriteCapacityUnits tab"], Pair(4, 4)) << "failed conditions consume too";
  EXPECT_EQ(seen["ConsumedReadCapacityUnits tab"], Pair(3, 1.5));
  EXPECT_EQ(seen["SuccessfulRequestLatency tab PutItem"].first, 3);
  EXPECT_EQ(seen["SuccessfulRequestLatency tab GetItem"].first, 2);
  EXPECT_EQ(seen["SuccessfulRequestLatency tab BatchExecuteStatement"].first, 1);
  EXPECT_EQ(seen["ReturnedItemCount tab Scan"], Pair(1, 3));
  EXPECT_EQ(seen["ThrottledRequests tab PutItem"], Pair(2, 2));
  EXPECT_EQ(seen["WriteThrottleEvents tab"], Pair(2, 2));
  EXPECT_EQ(seen["UserErrors"], Pair(1, 1));
  EXPECT_EQ(seen["ConditionalCheckFailedRequests tab"], Pair(1, 1));
  EXPECT_EQ(seen["ProvisionedReadCapacityUnits tab"], Pair(1, 3));
  EXPECT_EQ(seen.count("ReadThrottleEvents tab"), 0u) << "no zeros";
}

TEST_F(MeteringTest, IndexesHaveTheirOwnSeries) {
  create(0);
  EXPECT_EQ(puts(1000), 1000);
  wire::UpdateTableInput update;
  update.table_name = "tab";
  update.attribute_definitions.emplace().emplace_back().attribute_name = "g";
  update.attribute_definitions->back().attribute_type = "S";
  auto& index = update.global_secondary_index_updates.emplace().emplace_back().create.emplace();
  index.index_name = "byg";
  index.key_schema.emplace().emplace_back().attribute_name = "g";
  index.key_schema->back().key_type = "HASH";
  index.projection.emplace().projection_type = "ALL";
  const auto changed = service.update_table(context, update);
  ASSERT_TRUE(changed) << changed.error().message;
  (void)taken();
  EXPECT_EQ(put({{"p", S("i")}, {"g", S("g")}}), "");
  auto seen = taken();
  EXPECT_EQ(seen["ConsumedWriteCapacityUnits tab"].second, 1);
  EXPECT_EQ(seen["ConsumedWriteCapacityUnits tab byg"].second, 1);
}

}  // namespace
}  // namespace engine::dynamodb
