// UpdateItem where there is no item: what only takes away makes none.
#include <gtest/gtest.h>

#include "engine/dynamodb/test_bed.h"

namespace engine::dynamodb {
namespace {

using MissingItemTest = DynamoDbTest;

TEST_F(MissingItemTest, WhatOnlyRemovesMakesNoItem) {
  ASSERT_TRUE(service->create_table(context, indexed_input("ALL")));
  const Item key = {{"p", S("a")}, {"r", N(1)}};
  const std::vector<std::pair<std::string, Item>> cases = {
      {"REMOVE b", {}},
      {"REMOVE b, c[0], d.e", {}},
      {"REMOVE x.y", {}},
      {"REMOVE g, z", {}},
      {"DELETE b :s", {{":s", SS({"x"})}}},
      {"DELETE b.c :s", {{":s", SS({"x"})}}},
      {"REMOVE a DELETE b :s", {{":s", SS({"x"})}}},
  };
  for (const auto& [expression, values] : cases) {
    for (const char* wanted : {"NONE", "ALL_NEW", "ALL_OLD", "UPDATED_NEW", "UPDATED_OLD"}) {
      wire::UpdateItemInput in;
      in.table_name = "idx";
      in.key = key;
      in.update_expression = expression;
      if (!values.empty()) in.expression_attribute_values = values;
      in.condition_expression = "attribute_not_exists(p)";
      in.return_values = wanted;
      in.return_consumed_capacity = "INDEXES";
      const auto out = service->update_item(context, in);
      ASSERT_TRUE(out) << expression << ": " << out.error().message;
      EXPECT_FALSE(out->attributes) << expression << " " << wanted;
      EXPECT_EQ(out->consumed_capacity->capacity_units, 1) << expression;
      EXPECT_FALSE(out->consumed_capacity->global_secondary_indexes) << expression;
    }
    EXPECT_FALSE(get("idx", key)) << expression;
  }
  EXPECT_EQ(describe_table("idx").item_count, 0);
  EXPECT_EQ(describe_table("idx").table_size_bytes, 0);
  restart();
  EXPECT_EQ(describe_table("idx").item_count, 0);
}

TEST_F(MissingItemTest, AnythingElseMakesOne) {
  create("tab");
  const std::vector<std::pair<std::string, Item>> cases = {
      {"SET b = :n", {{":n", N(1)}}},
      {"ADD b :n", {{":n", N(1)}}},
      {"SET b = :n REMOVE c", {{":n", N(1)}}},
      {"ADD b :n DELETE c :s", {{":n", N(1)}, {":s", SS({"x"})}}},
  };
  int n = 0;
  for (const auto& [expression, values] : cases) {
    const Item key = {{"p", S("k" + std::to_string(n++))}};
    ASSERT_TRUE(update("tab", key, expression, values)) << expression;
    EXPECT_TRUE(get("tab", key)) << expression;
  }
  wire::UpdateItemInput bare;
  bare.table_name = "tab";
  bare.key = Item{{"p", S("bare")}};
  ASSERT_TRUE(service->update_item(context, bare));
  EXPECT_TRUE(get("tab", *bare.key)) << "without an expression the item is its key";
}

TEST_F(MissingItemTest, OfAnItemThatIsThereThePathMustBe) {
  create("tab");
  const Item key = {{"p", S("a")}};
  ASSERT_TRUE(put("tab", key));
  EXPECT_EQ(update("tab", key, "REMOVE x.y", {}).error().message,
            "The document path provided in the update expression is invalid for update");
  EXPECT_TRUE(update("tab", key, "REMOVE x", {}));
  EXPECT_EQ(update("tab", {{"p", S("none")}}, "SET x.y = :n", {{":n", N(1)}}).error().message,
            "The document path provided in the update expression is invalid for update");
  EXPECT_FALSE(get("tab", {{"p", S("none")}}));
}

TEST_F(MissingItemTest, ConditionsStillDecide) {
  create("tab");
  wire::UpdateItemInput in;
  in.table_name = "tab";
  in.key = Item{{"p", S("a")}};
  in.update_expression = "REMOVE b";
  in.condition_expression = "attribute_exists(p)";
  EXPECT_EQ(service->update_item(context, in).error().code, "ConditionalCheckFailedException");
  wire::ExecuteStatementInput statement;
  statement.statement = "UPDATE tab REMOVE b WHERE p = 'a'";
  EXPECT_EQ(service->execute_statement(context, statement).error().code, "ConditionalCheckFailedException");
  EXPECT_FALSE(get("tab", *in.key));
}

}  // namespace
}  // namespace engine::dynamodb
