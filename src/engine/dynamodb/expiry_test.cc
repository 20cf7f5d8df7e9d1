// Time to live, through the service's interface.
#include <gtest/gtest.h>

#include "base/manual/manual_env.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/test_values.h"
#include "store/memory/memory_store.h"

namespace engine::dynamodb {
namespace {

class ExpiryTest : public ::testing::Test {
 protected:
  ExpiryTest() {
    context.now = env.clock.now();
    context.account = "123456789012";
    context.region = "eu-west-1";
    wire::CreateTableInput in;
    in.table_name = "tab";
    in.billing_mode = "PAY_PER_REQUEST";
    in.attribute_definitions.emplace().emplace_back().attribute_name = "p";
    in.attribute_definitions->back().attribute_type = "S";
    in.key_schema.emplace().emplace_back().attribute_name = "p";
    in.key_schema->back().key_type = "HASH";
    EXPECT_TRUE(service->create_table(context, std::move(in)));
  }
  void put(std::string key, std::optional<AttributeValue> until) {
    wire::PutItemInput in;
    in.table_name = "tab";
    in.item = Item{{"p", S(std::move(key))}};
    if (until) in.item->append("until") = std::move(*until);
    ASSERT_TRUE(service->put_item(context, std::move(in)));
  }
  AttributeValue from_now(int64_t seconds) { return N(std::to_string(base::to_epoch_seconds(context.now) + seconds)); }
  std::string set(bool enabled, std::string attribute) {
    wire::UpdateTimeToLiveInput in;
    in.table_name = "tab";
    in.time_to_live_specification.emplace().enabled = enabled;
    in.time_to_live_specification->attribute_name = std::move(attribute);
    const auto out = service->update_time_to_live(context, std::move(in));
    return out ? "" : out.error().message;
  }
  std::string status() {
    wire::DescribeTimeToLiveInput in;
    in.table_name = "tab";
    const auto out = service->describe_time_to_live(context, std::move(in));
    return *out->time_to_live_description->time_to_live_status + " " +
           out->time_to_live_description->attribute_name.value_or("-");
  }
  int64_t items() {
    wire::DescribeTableInput in;
    in.table_name = "tab";
    return *service->describe_table(context, std::move(in))->table->item_count;
  }
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  std::unique_ptr<DynamoDbService> service = std::make_unique<DynamoDbService>(*store, env.env);
  aws::Context context;
};

TEST_F(ExpiryTest, OnlyWhatHasExpiredGoes) {
  put("past", from_now(-1));
  put("now", from_now(0));
  put("fraction", N("1.5"));
  put("future", from_now(60));
  put("text", S("1"));
  put("ancient", from_now(-6 * 365 * 24 * 3600));
  put("none", std::nullopt);
  EXPECT_EQ(service->sweep_expired(context.now), 0u) << "not enabled";
  EXPECT_EQ(set(true, "until"), "");
  EXPECT_EQ(service->sweep_expired(context.now), 2u);
  EXPECT_EQ(items(), 5);
  EXPECT_EQ(service->sweep_expired(context.now + std::chrono::seconds(60)), 1u);
  for (int i = 0; i < 1200; ++i) put("many" + std::to_string(i), from_now(i % 2 == 0 ? -5 : 500));
  EXPECT_EQ(service->sweep_expired(context.now), 600u) << "more than a page";
}

TEST_F(ExpiryTest, TheSwitchIsKept) {
  EXPECT_EQ(status(), "DISABLED -");
  EXPECT_EQ(set(false, "until"), "TimeToLive is already disabled");
  EXPECT_EQ(set(true, "until"), "");
  EXPECT_EQ(status(), "ENABLED until");
  EXPECT_EQ(set(true, "until"), "TimeToLive is already enabled");
  EXPECT_EQ(set(false, "other"), "TimeToLive is active on a different AttributeName: current AttributeName is until");
  service = std::make_unique<DynamoDbService>(*store, env.env);
  EXPECT_EQ(status(), "ENABLED until");
  EXPECT_EQ(set(false, "until"), "");
  EXPECT_EQ(status(), "DISABLED -");
  EXPECT_FALSE(set(true, "").empty());
}

}  // namespace
}  // namespace engine::dynamodb
