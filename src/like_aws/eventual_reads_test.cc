#include "like_aws/eventual_reads.h"

#include <gtest/gtest.h>

#include "aws/dynamodb/caller.h"
#include "engine/dynamodb/service.h"
#include "like_aws/partial_batches.h"
#include "like_aws/test_bed.h"
#include "store/memory/memory_store.h"

namespace like_aws {
namespace {

namespace api = aws::dynamodb;
using Item = aws::Map<api::AttributeValue>;
using std::chrono::milliseconds;

class EventualReadsTest : public testing::Test {
 protected:
  EventualReadsTest() {
    aws::Context context = root_call(env_);
    api::CreateTableInput in;
    in.table_name = "items";
    in.billing_mode = "PAY_PER_REQUEST";
    in.key_schema.emplace().push_back({.attribute_name = "k", .key_type = "HASH"});
    in.attribute_definitions.emplace().push_back({.attribute_name = "k", .attribute_type = "S"});
    EXPECT_TRUE(dynamodb_.create_table(context, in).has_value());
  }
  void put(int value) {
    aws::Context context = root_call(env_);
    api::PutItemInput in;
    in.table_name = "items";
    in.item = Item{{"k", api::AttributeValue::of_s("a")}, {"v", api::AttributeValue::of_n(std::to_string(value))}};
    const auto out = behind_->put_item(context, in);
    ASSERT_TRUE(out.has_value());
    EXPECT_FALSE(out->attributes.has_value()) << "nobody has asked for the old item";
  }
  // The value, or -1 if there is no item.
  int get(bool strong) {
    aws::Context context = root_call(env_);
    api::GetItemInput in;
    in.table_name = "items";
    in.key = Item{{"k", api::AttributeValue::of_s("a")}};
    in.consistent_read = strong;
    const auto out = behind_->get_item(context, in);
    EXPECT_TRUE(out.has_value());
    return out->item ? std::stoi(out->item->find("v")->n()) : -1;
  }
  std::size_t scan(bool strong) {
    aws::Context context = root_call(env_);
    api::ScanInput in;
    in.table_name = "items";
    in.consistent_read = strong;
    const auto out = behind_->scan(context, in);
    EXPECT_EQ(static_cast<std::size_t>(out->count.value_or(-1)), out->items->size());
    return out->items->size();
  }

  base::ManualEnv env_;
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  engine::dynamodb::DynamoDbService dynamodb_{*store_, env_.env};
  Told told_;
  Conditions conditions_{env_.env, 4, told_.tell()};
  EventualReads reads_{conditions_, dynamodb_};
  Behind<api::DynamoDb, api::DynamoDbCaller> behind_{dynamodb_, reads_};
};

TEST_F(EventualReadsTest, WeakReadsShowTheLastSecondStrongOnesTheItem) {
  int weak_now = 0, weak_before = 0;
  for (int i = 0; i < 200; ++i) {
    put(i);
    EXPECT_EQ(get(true), i);
    const int weak = get(false);
    weak_now += weak == i;
    weak_before += weak == i - 1;
    env_.clock.advance(milliseconds(100));
  }
  EXPECT_EQ(weak_now + weak_before, 200);
  EXPECT_NEAR(weak_before, 60, 25);
  EXPECT_EQ(told_.count("StaleRead"), static_cast<std::size_t>(weak_before));
  env_.clock.advance(milliseconds(1000));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(get(false), 199) << "a second is over";
}

TEST_F(EventualReadsTest, AScanMayLackWhatIsNewForASecond) {
  put(1);
  int without = 0;
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(scan(true), 1u);
    without += scan(false) == 0;
  }
  EXPECT_NEAR(without, 18, 12);
  env_.clock.advance(milliseconds(1000));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(scan(false), 1u);
}

TEST_F(EventualReadsTest, ADeletedItemMayStillBeRead) {
  put(1);
  env_.clock.advance(milliseconds(2000));
  aws::Context context = root_call(env_);
  api::DeleteItemInput in;
  in.table_name = "items";
  in.key = Item{{"k", api::AttributeValue::of_s("a")}};
  in.return_values = "ALL_OLD";
  const auto out = behind_->delete_item(context, in);
  ASSERT_TRUE(out.has_value());
  EXPECT_TRUE(out->attributes.has_value()) << "the caller has asked for it";
  int still = 0;
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(get(true), -1);
    still += get(false) == 1;
  }
  EXPECT_GT(still, 3);
}

TEST_F(EventualReadsTest, WhatABatchDoesNotDoItNames) {
  PartialBatches partial(conditions_);
  Behind<api::DynamoDb, api::DynamoDbCaller> batches(dynamodb_, partial);
  std::size_t written = 0;
  for (int call = 0; call < 200; ++call) {
    aws::Context context = root_call(env_);
    api::BatchWriteItemInput in;
    auto& writes = in.request_items.emplace()["items"];
    for (int i = 0; i < 5; ++i)
      writes.emplace_back().put_request.emplace().item =
          Item{{"k", api::AttributeValue::of_s(std::to_string(call * 5 + i))}};
    const auto out = batches->batch_write_item(context, in);
    ASSERT_TRUE(out.has_value());
    const auto* left = out->unprocessed_items ? out->unprocessed_items->find("items") : nullptr;
    const std::size_t failed = left != nullptr ? left->size() : 0;
    EXPECT_LT(failed, 5u);
    written += 5 - failed;
  }
  EXPECT_EQ(scan(true), written);
  EXPECT_LT(written, 1000u);
  EXPECT_NEAR(static_cast<double>(told_.count("PartialBatch")), 200 * kPartialBatchRate, 11);
}

}  // namespace
}  // namespace like_aws
