// A new index fills in steps while its table serves.
#include <gtest/gtest.h>

#include <thread>

#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/test_bed.h"

namespace engine::dynamodb {
namespace {

class IndexFillTest : public DynamoDbTest {
 protected:
  static constexpr int kItems = 10 * static_cast<int>(kFillPageRows);

  // A table with kItems items whose g is "x", and the wish for an index on g.
  void begin(int items = kItems) {
    create("tab", true);
    for (int r = 0; r < items; ++r) ASSERT_TRUE(put("tab", {{"p", S("a")}, {"r", N(r)}, {"g", S("x")}}));
    const auto out = service->update_table(context, update_with_index());
    ASSERT_TRUE(out) << out.error().message;
    const auto& index = out->table_description->global_secondary_indexes->at(0);
    EXPECT_EQ(index.index_status, "CREATING");
    EXPECT_EQ(index.backfilling, false);
  }
  static wire::UpdateTableInput update_with_index(const std::string& name = "byg") {
    wire::UpdateTableInput in;
    in.table_name = "tab";
    in.attribute_definitions = {definition("g", "S")};
    auto& index = in.global_secondary_index_updates.emplace().emplace_back().create.emplace();
    index.index_name = name;
    index.key_schema = {key_element("g", "HASH")};
    index.projection.emplace().projection_type = "ALL";
    return in;
  }
  base::Result<wire::UpdateTableOutput> drop_index() {
    wire::UpdateTableInput in;
    in.table_name = "tab";
    in.global_secondary_index_updates.emplace().emplace_back().delete_.emplace().index_name = "byg";
    return service->update_table(context, in);
  }
  base::Result<wire::QueryOutput> query(const std::string& g) {
    auto in = query_input("g = :g", {{":g", S(g)}});
    in.index_name = "byg";
    in.select = "COUNT";
    return service->query(context, in);
  }
  wire::GlobalSecondaryIndexDescription index() { return describe_table("tab").global_secondary_indexes->at(0); }
  int fill() {
    int steps = 0;
    while (service->fill_step()) ++steps;
    return steps;
  }
  void remove(int r) {
    wire::DeleteItemInput in;
    in.table_name = "tab";
    in.key = Item{{"p", S("a")}, {"r", N(r)}};
    ASSERT_TRUE(service->delete_item(context, in));
  }
};

TEST_F(IndexFillTest, FillsInStepsAndAnswersNoReadsUntilThen) {
  begin();
  EXPECT_EQ(index().index_status, "CREATING");
  EXPECT_EQ(index().backfilling, true);
  EXPECT_EQ(index().item_count, kFillPageRows) << "the call itself fills one page";
  EXPECT_EQ(query("x").error().message, "Cannot read from backfilling global secondary index: byg");
  EXPECT_TRUE(get("tab", {{"p", S("a")}, {"r", N(1)}})) << "the table serves";
  EXPECT_EQ(service->update_table(context, update_with_index("other")).error().code, "LimitExceededException");
  EXPECT_GE(fill(), 8) << "a step per page";
  EXPECT_EQ(index().index_status, "ACTIVE");
  EXPECT_FALSE(index().backfilling);
  EXPECT_EQ(query("x")->count, kItems);
  EXPECT_EQ(index().item_count, kItems);
}

TEST_F(IndexFillTest, ASmallTablesIndexIsThereAtOnce) {
  begin(20);
  EXPECT_EQ(index().index_status, "ACTIVE");
  EXPECT_EQ(query("x")->count, 20);
}

TEST_F(IndexFillTest, WritesDuringTheFillAreIndexedOnce) {
  begin();
  const auto change_some = [&](int from) {
    for (int r = from; r < kItems; r += 8) {
      ASSERT_TRUE(update("tab", {{"p", S("a")}, {"r", N(r)}}, "SET g = :y", {{":y", S("y")}}));
      ASSERT_TRUE(update("tab", {{"p", S("a")}, {"r", N(r + 1)}}, "REMOVE g", {}));
      remove(r + 2);
      ASSERT_TRUE(put("tab", {{"p", S("new")}, {"r", N(r)}, {"g", S("y")}}));
    }
  };
  change_some(0);  // both sides of how far the fill has come
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(service->fill_step());
  change_some(4);
  fill();
  const int changed = kItems / 4;
  EXPECT_EQ(query("x")->count, kItems - 3 * changed);
  EXPECT_EQ(query("y")->count, 2 * changed);
  EXPECT_EQ(index().item_count, kItems - changed);
  EXPECT_EQ(describe_table("tab").item_count, kItems);
}

TEST_F(IndexFillTest, PartiqlAndBatchesDuringTheFillAreIndexedOnce) {
  begin();
  wire::BatchExecuteStatementInput in;
  for (int r = 0; r < 8; ++r) {
    if (!in.statements) in.statements.emplace();
    in.statements->emplace_back().statement = "UPDATE tab SET g = 'y' WHERE p = 'a' AND r = " + std::to_string(r * 37);
  }
  ASSERT_TRUE(service->batch_execute_statement(context, in));
  wire::BatchWriteItemInput batch;
  auto& list = batch.request_items.emplace()["tab"];
  for (int r = 0; r < 8; ++r)
    list.emplace_back().put_request.emplace().item = Item{{"p", S("a")}, {"r", N(r * 37 + 1)}, {"g", S("y")}};
  ASSERT_TRUE(service->batch_write_item(context, batch));
  fill();
  EXPECT_EQ(query("y")->count, 16);
  EXPECT_EQ(index().item_count, kItems);
}

TEST_F(IndexFillTest, GoesOnAfterARestart) {
  begin();
  ASSERT_TRUE(service->fill_step());
  restart();
  EXPECT_EQ(index().index_status, "CREATING");
  EXPECT_EQ(index().item_count, 2 * kFillPageRows);
  EXPECT_EQ(fill(), 7) << "it does not begin again";
  restart();
  EXPECT_EQ(query("x")->count, kItems);
}

TEST_F(IndexFillTest, TheIndexOrTheTableMayGoMeanwhile) {
  begin();
  ASSERT_TRUE(service->fill_step());
  ASSERT_TRUE(drop_index());
  EXPECT_FALSE(describe_table("tab").global_secondary_indexes);
  EXPECT_FALSE(service->fill_step());
  ASSERT_TRUE(service->update_table(context, update_with_index()));
  wire::DeleteTableInput gone;
  gone.table_name = "tab";
  ASSERT_TRUE(service->delete_table(context, gone));
  EXPECT_FALSE(service->fill_step());
  EXPECT_FALSE(store->scan("dynamodb/fill", "dynamodb/fill~")->valid()) << "nothing is left";
  EXPECT_FALSE(store->scan("dynamodb/row", "dynamodb/row~")->valid());
}

TEST_F(IndexFillTest, TheBackgroundDoesIt) {
  begin();
  service->start();
  while (index().index_status != "ACTIVE") std::this_thread::yield();
  service->stop();
  EXPECT_EQ(query("x")->count, kItems);
}

}  // namespace
}  // namespace engine::dynamodb
