#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "engine/dynamodb/item_codec.h"
#include "engine/dynamodb/test_bed.h"
#include "store/key.h"

namespace engine::dynamodb {
namespace {

TEST_F(DynamoDbTest, TableLifeCycle) {
  const auto created = service->create_table(context, table_input("orders", false));
  ASSERT_TRUE(created);
  EXPECT_EQ(created->table_description->table_status, "CREATING");
  const auto again = service->create_table(context, table_input("orders", false));
  EXPECT_EQ(again.error().code, "ResourceInUseException");
  EXPECT_EQ(again.error().message, "Table already exists: orders");
  const auto described = describe_table("arn:aws:dynamodb:eu-west-1:123456789012:table/orders");
  EXPECT_EQ(described.table_status, "ACTIVE");
  EXPECT_EQ(described.table_arn, "arn:aws:dynamodb:eu-west-1:123456789012:table/orders");
  EXPECT_EQ(described.billing_mode_summary->billing_mode, "PAY_PER_REQUEST");
  EXPECT_EQ(described.warm_throughput->read_units_per_second, 12000);
  ASSERT_TRUE(put("orders", {{"p", S("a")}}));
  wire::UpdateTableInput protect;
  protect.table_name = "orders";
  protect.deletion_protection_enabled = true;
  ASSERT_TRUE(service->update_table(context, protect));
  wire::DeleteTableInput gone;
  gone.table_name = "orders";
  EXPECT_EQ(
      service->delete_table(context, gone).error().message,
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.");
  protect.deletion_protection_enabled = false;
  ASSERT_TRUE(service->update_table(context, protect));
  const auto deleted = service->delete_table(context, gone);
  EXPECT_EQ(deleted->table_description->table_status, "DELETING");
  EXPECT_FALSE(deleted->table_description->key_schema);
  EXPECT_EQ(service->delete_table(context, gone).error().message,
            "Requested resource not found: Table: orders not found");
  EXPECT_EQ(put("orders", {{"p", S("a")}}).error().message, "Requested resource not found");
  create("orders");  // starts empty
  EXPECT_EQ(get("orders", {{"p", S("a")}}), std::nullopt);
  EXPECT_EQ(describe_table("orders").item_count, 0);
}

TEST_F(DynamoDbTest, CreateTableErrors) {
  const std::string kBad = "One or more parameter values were invalid: ";
  const auto error = [&](auto change) {
    auto in = table_input("tab", true);
    change(in);
    const auto out = service->create_table(context, in);
    return out ? "" : out.error().message;
  };
  EXPECT_EQ(error([](auto& in) { in.billing_mode.reset(); }),
            kBad + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
  EXPECT_EQ(
      error([](auto& in) { in.provisioned_throughput.emplace(); }),
      kBad + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
  EXPECT_EQ(error([](auto& in) { in.attribute_definitions->push_back(definition("q", "S")); }),
            kBad +
                "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                "AttributeDefinitions");
  EXPECT_EQ(error([](auto& in) { in.key_schema->at(1).attribute_name = "x"; }),
            kBad +
                "Some index key attributes are not defined in AttributeDefinitions. Keys: [p, x], "
                "AttributeDefinitions: [p, r]");
  EXPECT_EQ(error([](auto& in) { in.key_schema->at(0).key_type = "RANGE"; }),
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  EXPECT_EQ(error([](auto& in) { in.local_secondary_indexes.emplace(); }),
            kBad + "List of LocalSecondaryIndexes is empty");
  const auto projecting = [&](std::vector<std::string> names) {
    auto in = indexed_input("INCLUDE");
    in.global_secondary_indexes->at(0).projection->non_key_attributes = std::move(names);
    const auto out = service->create_table(context, in);
    return out ? "" : out.error().message;
  };
  EXPECT_EQ(projecting({"a", "b", "a"}), kBad + "Duplicate value in attribute name: a");
  EXPECT_EQ(projecting({"a", "b"}), "");
  EXPECT_EQ(error([](auto& in) { in.stream_specification.emplace().stream_enabled = true; }),
            "Unsupported parameter: StreamSpecification.StreamEnabled=true (streams)");
}

TEST_F(DynamoDbTest, ConditionalPutReturnsTheOldItem) {
  create("tab");
  ASSERT_TRUE(put_new("tab", {{"p", S("t1")}, {"v", N("1.0")}}));
  const auto second = put_new("tab", {{"p", S("t1")}, {"v", N(2)}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "ConditionalCheckFailedException");
  EXPECT_EQ(second.error().message, "The conditional request failed");
  const auto* detail = aws::ShapeDetail::find<wire::ConditionalCheckFailedException>(second.error());
  ASSERT_NE(detail, nullptr);
  EXPECT_TRUE(same_item(*detail->item, {{"p", S("t1")}, {"v", N(1)}}));
  EXPECT_TRUE(same_item(*get("tab", {{"p", S("t1")}}), {{"p", S("t1")}, {"v", N(1)}}));
}

TEST_F(DynamoDbTest, OneOfManyConcurrentPutsWins) {
  create("tab");
  std::atomic<int> wins = 0;
  {
    std::vector<std::unique_ptr<base::Task>> tasks;
    for (int t = 0; t < 8; ++t)
      tasks.push_back(env.executor.spawn("put", [&, t] {
        for (int i = 0; i < 50; ++i)
          wins += put_new("tab", {{"p", S("k" + std::to_string(i))}, {"by", N(t)}}).has_value() ? 1 : 0;
        for (int i = 0; i < 50; ++i) EXPECT_TRUE(update("tab", {{"p", S("counter")}}, "ADD n :one", {{":one", N(1)}}));
      }));
  }
  EXPECT_EQ(wins, 50);
  EXPECT_EQ(get("tab", {{"p", S("counter")}})->find("n")->n(), "400");
  EXPECT_EQ(describe_table("tab").item_count, 51);
}

TEST_F(DynamoDbTest, UpdateReturnValuesAndErrors) {
  create("tab");
  const Item key = {{"p", S("a")}};
  EXPECT_TRUE(same_item(*update("tab", key, "SET m = :m, n = :n", {{":m", M({{"x", N(1)}})}, {":n", N(1)}})->attributes,
                        {{"p", S("a")}, {"m", M({{"x", N(1)}})}, {"n", N(1)}}));
  EXPECT_TRUE(same_item(*update("tab", key, "SET m.y = :n", {{":n", N(2)}}, "UPDATED_NEW")->attributes,
                        {{"m", M({{"y", N(2)}})}}));
  EXPECT_TRUE(
      same_item(*update("tab", key, "SET n = n + :n", {{":n", N(2)}}, "UPDATED_OLD")->attributes, {{"n", N(1)}}));
  EXPECT_FALSE(update("tab", key, "SET n = :n", {{":n", N(2)}}, "NONE")->attributes);
  EXPECT_EQ(update("tab", key, "SET p = :n", {{":n", S("b")}}).error().message,
            "One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key");
  EXPECT_EQ(update("tab", key, "SET big = :n", {{":n", S(std::string(409600, 'x'))}}).error().message,
            "Item size to update has exceeded the maximum allowed size");
  AttributeValue deep = N(1);
  for (int i = 0; i < 31; ++i) deep = L({deep});
  EXPECT_TRUE(update("tab", key, "SET deep = :n", {{":n", deep}}));
  EXPECT_EQ(update("tab", key, "SET m.deep = :n", {{":n", deep}}).error().message,
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
            "limit");
  EXPECT_EQ(update("tab", {{"p", N(1)}}, "SET n = :n", {{":n", N(2)}}).error().message,
            "The provided key element does not match the schema");
  EXPECT_EQ(put("tab", {{"p", S("a")}, {"big", S(std::string(409600, 'x'))}}).error().message,
            "Item size has exceeded the maximum allowed size");
}

TEST_F(DynamoDbTest, QueryRangesAndPages) {
  create("tab", true);
  for (int r : {3, -1, 20, 10, 0}) ASSERT_TRUE(put("tab", {{"p", S("a")}, {"r", N(r)}, {"odd", Bool(r % 2 != 0)}}));
  ASSERT_TRUE(put("tab", {{"p", S("b")}, {"r", N(7)}}));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"p = :p", "-1 0 3 10 20"},        {"p = :p AND r > :x", "10 20"},
      {"p = :p AND r >= :x", "3 10 20"}, {"p = :p AND r < :x", "-1 0"},
      {"p = :p AND r <= :x", "-1 0 3"},  {"p = :p AND :x = r", "3"},
      {"p = :p AND :x < r", "10 20"},    {"r BETWEEN :x AND :y AND p = :p", "3 10"}};
  for (const auto& [condition, expected] : cases) {
    Item values = {{":p", S("a")}};
    if (condition.find(":x") != std::string::npos) values[":x"] = N(3);
    if (condition.find(":y") != std::string::npos) values[":y"] = N(10);
    for (const bool forward : {true, false}) {
      for (int limit : {0, 1, 2}) {
        auto in = query_input(condition, values);
        in.scan_index_forward = forward;
        if (limit > 0) in.limit = limit;
        std::string seen = query_all(in).first;
        if (!forward) {
          std::vector<std::string> words;
          for (std::size_t at = 0; at < seen.size();) {
            const std::size_t space = std::min(seen.find(' ', at), seen.size());
            words.insert(words.begin(), seen.substr(at, space - at));
            at = space + 1;
          }
          seen.clear();
          for (const auto& word : words) seen += (seen.empty() ? "" : " ") + word;
        }
        EXPECT_EQ(seen, expected) << condition << " limit " << limit << (forward ? "" : " backward");
      }
    }
  }
  auto filtered = query_input("p = :p", {{":p", S("a")}, {":t", Bool(true)}});
  filtered.filter_expression = "odd = :t";
  filtered.limit = 5;
  const auto out = service->query(context, filtered);
  EXPECT_EQ(out->count, 2);
  EXPECT_EQ(out->scanned_count, 5);
  EXPECT_TRUE(out->last_evaluated_key);  // the limit stopped it, though nothing is left
}

TEST_F(DynamoDbTest, QueryErrors) {
  create("tab", true);
  const std::vector<std::tuple<std::string, Item, std::string>> cases = {
      {"r = :n", {{":n", N(1)}}, "Query condition missed key schema element: p"},
      {"p = :p AND q = :n", {{":p", S("a")}, {":n", N(1)}}, "Query condition missed key schema element: r"},
      {"p > :p", {{":p", S("a")}}, "Query key condition not supported"},
      {"p = :n",
       {{":n", N(1)}},
       "One or more parameter values were invalid: Condition parameter type does not match schema type"},
      {"p = :p OR r = :n", {{":p", S("a")}, {":n", N(1)}}, "Invalid operator used in KeyConditionExpression: OR"},
      {"p = :p AND p = :q",
       {{":p", S("a")}, {":q", S("b")}},
       "KeyConditionExpressions must only contain one condition per key"},
      {"p = :p AND contains(r, :n)",
       {{":p", S("a")}, {":n", N(1)}},
       "Invalid operator used in KeyConditionExpression: contains"},
  };
  for (const auto& [condition, values, error] : cases) {
    const auto out = service->query(context, query_input(condition, values));
    ASSERT_FALSE(out) << condition;
    EXPECT_EQ(out.error().message, error) << condition;
  }
  auto in = query_input("p = :p", {{":p", S("a")}, {":n", N(1)}});
  in.filter_expression = "r = :n";
  EXPECT_EQ(service->query(context, in).error().message,
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: r");
  in = query_input("p = :p", {{":p", S("a")}});
  in.exclusive_start_key = Item{{"p", S("b")}, {"r", N(1)}};
  EXPECT_EQ(service->query(context, in).error().message,
            "The provided starting key is outside query boundaries based on provided conditions");
}

TEST_F(DynamoDbTest, PagesEndAtOneMegabyteAndSegmentsPartition) {
  create("tab", true);
  for (int i = 0; i < 30; ++i)
    ASSERT_TRUE(put("tab", {{"p", S("p" + std::to_string(i))}, {"r", N(i)}, {"v", S(std::string(100'000, 'v'))}}));
  std::set<std::string> seen;
  int pages = 0;
  for (int segment = 0; segment < 3; ++segment) {
    wire::ScanInput in;
    in.table_name = "tab";
    in.segment = segment;
    in.total_segments = 3;
    in.return_consumed_capacity = "TOTAL";
    do {
      const auto out = service->scan(context, in);
      ASSERT_TRUE(out) << out.error().message;
      EXPECT_LE(out->items->size(), 11u);
      for (const Item& item : *out->items) EXPECT_TRUE(seen.insert(item.find("p")->s()).second);
      in.exclusive_start_key = out->last_evaluated_key;
      ++pages;
    } while (in.exclusive_start_key);
  }
  EXPECT_EQ(seen.size(), 30u);
  EXPECT_GE(pages, 3);
}

TEST_F(DynamoDbTest, WhatALocalIndexFetchesCountsForThePageAndTheUnits) {
  ASSERT_TRUE(service->create_table(context, indexed_input("KEYS_ONLY")));
  for (int r = 0; r < 30; ++r)
    ASSERT_TRUE(put("idx", {{"p", S("a")}, {"r", N(r)}, {"z", N(r)}, {"v", S(std::string(100'000, 'v'))}}));
  auto in = query_input("p = :p", {{":p", S("a")}}, "idx");
  in.index_name = "byz";
  in.select = "ALL_ATTRIBUTES";
  in.return_consumed_capacity = "INDEXES";
  const auto first = service->query(context, in);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->count, 11) << "25 units of 4 KB each, and 1 MB to a page";
  ASSERT_TRUE(first->last_evaluated_key);
  EXPECT_EQ(first->consumed_capacity->table->capacity_units, 11 * 12.5);
  EXPECT_EQ(query_all(in).second, 3);
  // Small items are rounded up one by one (Developer Guide, "Local secondary indexes", read capacity units).
  for (int r = 0; r < 4; ++r) ASSERT_TRUE(put("idx", {{"p", S("b")}, {"r", N(r)}, {"z", N(r)}, {"v", S("small")}}));
  in.expression_attribute_values = {{":p", S("b")}};
  EXPECT_EQ(service->query(context, in)->consumed_capacity->table->capacity_units, 2);
}

TEST_F(DynamoDbTest, ABatchGetAnswersAtMost16Megabytes) {
  create("tab", true);
  wire::BatchGetItemInput in;
  auto& keys = in.request_items.emplace()["tab"].keys.emplace();
  for (int r = 0; r < 45; ++r) {
    ASSERT_TRUE(put("tab", {{"p", S("a")}, {"r", N(r)}, {"v", S(std::string(400'000, 'v'))}}));
    keys.push_back({{"p", S("a")}, {"r", N(r)}});
  }
  const auto out = service->batch_get_item(context, in);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->responses->find("tab")->size(), 41u) << "42 would be 16.8 MB, 22784 bytes too much";
  EXPECT_EQ(out->unprocessed_keys->find("tab")->keys->size(), 4u);
}

TEST_F(DynamoDbTest, IndexesFollowTheItems) {
  ASSERT_TRUE(service->create_table(context, indexed_input("KEYS_ONLY")));
  const auto by_g = [&](const std::string& g) {
    auto in = query_input("g = :g", {{":g", S(g)}}, "idx");
    in.index_name = "byg";
    in.limit = 2;
    return query_all(in).first;
  };
  for (int r = 0; r < 6; ++r)
    ASSERT_TRUE(put(
        "idx", {{"p", S("a")}, {"r", N(r)}, {"g", S(r % 2 ? "odd" : "even")}, {"z", N(r < 4 ? 0 : -r)}, {"v", N(r)}}));
  ASSERT_TRUE(put("idx", {{"p", S("a")}, {"r", N(99)}}));  // in no index
  EXPECT_EQ(by_g("even"), "4 0 2");
  EXPECT_EQ(by_g("odd"), "5 1 3");
  ASSERT_TRUE(update("idx", {{"p", S("a")}, {"r", N(2)}}, "SET g = :g", {{":g", S("odd")}}));
  ASSERT_TRUE(update("idx", {{"p", S("a")}, {"r", N(4)}}, "REMOVE z", {}));
  EXPECT_EQ(by_g("even"), "0");
  EXPECT_EQ(by_g("odd"), "5 1 2 3");
  EXPECT_EQ(
      put("idx", {{"p", S("a")}, {"r", N(1)}, {"g", N(1)}}).error().message,
      "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: byg");
  const Item key = {{"p", S("a")}, {"r", N(1)}};
  const std::string update_of = "The update expression attempted to update the secondary index key ";
  EXPECT_EQ(
      update("idx", key, "SET g = :g", {{":g", N(1)}}).error().message,
      "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: byg");
  EXPECT_EQ(update("idx", key, "SET g = v", {}).error().message, update_of + "to unsupported type");
  EXPECT_EQ(update("idx", key, "SET g = :g", {{":g", S(std::string(2049, 'x'))}}).error().message,
            update_of + "beyond allowed size limits");
  EXPECT_EQ(
      update("idx", key, "SET g = :g", {{":g", S("")}}).error().message,
      "One or more parameter values are not valid. The update expression attempted to update a secondary index key to "
      "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.");
  restart();
  const auto table = describe_table("idx");
  EXPECT_EQ(table.item_count, 7);
  EXPECT_EQ(table.global_secondary_indexes->at(0).item_count, 5);
  EXPECT_EQ(table.local_secondary_indexes->at(0).item_count, 5);

  auto local = query_input("p = :p AND z < :z", {{":p", S("a")}, {":z", N(0)}}, "idx");
  local.index_name = "byz";
  local.select = "ALL_ATTRIBUTES";  // fetched from the table
  const auto out = service->query(context, local);
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_EQ(out->count, 1);
  EXPECT_NE(out->items->at(0).find("v"), nullptr);
  auto global = query_input("g = :g", {{":g", S("odd")}}, "idx");
  global.index_name = "byg";
  global.consistent_read = true;
  EXPECT_EQ(service->query(context, global).error().message,
            "Consistent reads are not supported on global secondary indexes");
  global.consistent_read.reset();
  global.projection_expression = "v";
  EXPECT_FALSE(service->query(context, global));
}

TEST_F(DynamoDbTest, UpdateTableAddsAndRemovesIndexes) {
  create("idx", true);
  for (int r = 0; r < 1200; ++r) ASSERT_TRUE(put("idx", {{"p", S("a")}, {"r", N(r)}, {"g", S("x")}}));
  int violations = 0;  // items that cannot be in the index
  for (const AttributeValue& g : {S(""), N(1), S(std::string(2049, 'x'))})
    ASSERT_TRUE(put("idx", {{"p", S("violation")}, {"r", N(++violations)}, {"g", g}}));
  wire::UpdateTableInput in;
  in.table_name = "idx";
  in.attribute_definitions = {definition("g", "S")};
  auto& create_index = in.global_secondary_index_updates.emplace().emplace_back().create.emplace();
  create_index.index_name = "byg";
  create_index.key_schema = {key_element("g", "HASH")};
  create_index.projection.emplace().projection_type = "ALL";
  ASSERT_TRUE(service->update_table(context, in));
  while (service->fill_step()) continue;
  EXPECT_EQ(describe_table("idx").global_secondary_indexes->at(0).item_count, 1200);
  restart();
  auto query = query_input("g = :g", {{":g", S("x")}}, "idx");
  query.index_name = "byg";
  query.select = "COUNT";
  EXPECT_EQ(service->query(context, query)->count, 1200);
  wire::UpdateTableInput remove;
  remove.table_name = "idx";
  remove.global_secondary_index_updates.emplace().emplace_back().delete_.emplace().index_name = "byg";
  ASSERT_TRUE(service->update_table(context, remove));
  EXPECT_EQ(service->query(context, query).error().message, "The table does not have the specified index: byg");
  EXPECT_EQ(describe_table("idx").attribute_definitions->size(), 2u);
}

TEST_F(DynamoDbTest, UpdateTableErrors) {
  const std::string kBad = "One or more parameter values were invalid: ";
  ASSERT_TRUE(service->create_table(context, indexed_input("ALL")));
  wire::UpdateTableInput in;
  in.table_name = "idx";
  in.billing_mode = "PROVISIONED";
  in.provisioned_throughput = {.read_capacity_units = 5, .write_capacity_units = 5};
  EXPECT_EQ(service->update_table(context, in).error().message,
            kBad + "ProvisionedThroughput must be specified for index: byg");
  EXPECT_EQ(describe_table("idx").billing_mode_summary->billing_mode, "PAY_PER_REQUEST") << "nothing has changed";
  auto& update = in.global_secondary_index_updates.emplace().emplace_back().update.emplace();
  update.index_name = "byg";
  update.provisioned_throughput = {.read_capacity_units = 1, .write_capacity_units = 1};
  in.global_secondary_index_updates->push_back(in.global_secondary_index_updates->front());
  EXPECT_EQ(service->update_table(context, in).error().message,
            kBad + "Only one global secondary index update per index is allowed simultaneously. Index: byg");
  in.global_secondary_index_updates->pop_back();
  ASSERT_TRUE(service->update_table(context, in));
  ASSERT_TRUE(put("idx", {{"p", S("a")}, {"r", N(1)}, {"g", S("x")}, {"z", N(1)}}));
  in.table_name = "arn:aws:dynamodb:eu-west-1:123456789012:table/idx/index/byg";
  EXPECT_EQ(service->update_table(context, in).error().code, "ValidationException");
}

TEST_F(DynamoDbTest, DamageEndsTheProcess) {
  create("tab");
  ASSERT_TRUE(put("tab", {{"p", S("a")}}));
  const auto damage = [&](std::string_view kind, const std::string& value) {
    const std::string prefix = store::KeyWriter(kind).take();
    store::WriteBatch batch;
    batch.put(std::string(store->scan(prefix, store::prefix_end(prefix))->key()), value);
    store->write(batch);
  };
  const auto stops = ::testing::ExitedWithCode(store::kFatalExitCode);
  EXPECT_EXIT((damage("dynamodb/row", "\xff"), get("tab", {{"p", S("a")}})), stops,
              "^store: an item of DynamoDB is damaged");
  EXPECT_EXIT((damage("dynamodb/row", encode_item({{"q", S("a")}}, 2)), get("tab", {{"p", S("a")}})), stops,
              "an item of DynamoDB");
  EXPECT_EXIT((damage("dynamodb/count", "\xff"), restart()), stops, "the size of a DynamoDB table");
  EXPECT_EXIT((damage("dynamodb/table", "\xff"), restart()), stops, "the definition of a DynamoDB table");
}

TEST_F(DynamoDbTest, ConsumedCapacity) {
  create("tab");
  wire::PutItemInput put_in;
  put_in.table_name = "tab";
  put_in.item = Item{{"p", S("a")}, {"v", S(std::string(9000, 'v'))}};
  put_in.return_consumed_capacity = "TOTAL";
  EXPECT_EQ(service->put_item(context, put_in)->consumed_capacity->capacity_units, 9);
  wire::GetItemInput get_in;
  get_in.table_name = "tab";
  get_in.key = Item{{"p", S("a")}};
  get_in.return_consumed_capacity = "INDEXES";
  EXPECT_EQ(service->get_item(context, get_in)->consumed_capacity->table->capacity_units, 1.5);
  get_in.consistent_read = true;
  EXPECT_EQ(service->get_item(context, get_in)->consumed_capacity->capacity_units, 3);
  get_in.key = Item{{"p", S("none")}};
  EXPECT_EQ(service->get_item(context, get_in)->consumed_capacity->capacity_units, 1);
}

TEST_F(DynamoDbTest, Batches) {
  create("tab");
  wire::BatchWriteItemInput write;
  auto& list = (*(write.request_items.emplace(), write.request_items))["tab"];
  for (int i = 0; i < 25; ++i) list.emplace_back().put_request.emplace().item = Item{{"p", S(std::to_string(i))}};
  auto too_many = write;
  (*too_many.request_items)["tab"].emplace_back().put_request.emplace().item = Item{{"p", S("x")}};
  EXPECT_EQ(service->batch_write_item(context, too_many).error().message,
            "Too many items requested for the BatchWriteItem call");
  auto twice = write;
  (*twice.request_items)["tab"][0].put_request->item = Item{{"p", S("1")}};
  EXPECT_EQ(service->batch_write_item(context, twice).error().message,
            "Provided list of item keys contains duplicates");
  EXPECT_EQ(describe_table("tab").item_count, 0);
  const auto written = service->batch_write_item(context, write);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_TRUE(written->unprocessed_items->empty());
  wire::BatchGetItemInput read;
  auto& keys = (*(read.request_items.emplace(), read.request_items))["tab"].keys.emplace();
  keys = {Item{{"p", S("3")}}, Item{{"p", S("none")}}};
  EXPECT_EQ(service->batch_get_item(context, read)->responses->find("tab")->size(), 1u);
  keys.push_back(Item{{"p", S("3")}});
  EXPECT_EQ(service->batch_get_item(context, read).error().message, "Provided list of item keys contains duplicates");
}

TEST_F(DynamoDbTest, ListTablesPages) {
  for (const char* name : {"ccc", "aaa", "bbb"}) create(name);
  wire::ListTablesInput in;
  in.limit = 2;
  const auto first = service->list_tables(context, in);
  EXPECT_EQ(*first->table_names, (std::vector<std::string>{"aaa", "bbb"}));
  in.exclusive_start_table_name = first->last_evaluated_table_name;
  const auto second = service->list_tables(context, in);
  EXPECT_EQ(*second->table_names, (std::vector<std::string>{"ccc"}));
  EXPECT_FALSE(second->last_evaluated_table_name);
  context.region = "us-east-1";
  EXPECT_TRUE(service->list_tables(context, {})->table_names->empty());
}

TEST_F(DynamoDbTest, RandomOperationsAgreeWithAMap) {
  ASSERT_TRUE(service->create_table(context, indexed_input("ALL")));
  std::map<std::pair<std::string, int>, Item> model;
  for (int step = 0; step < 4000; ++step) {
    const std::string p = "p" + std::to_string(base::random_below(env.random, 5));
    const int r = static_cast<int>(base::random_below(env.random, 12)) - 6;
    const Item key = {{"p", S(p)}, {"r", N(r)}};
    switch (base::random_below(env.random, 5)) {
      case 0: {
        Item item = key;
        if (base::random_below(env.random, 2)) item["g"] = S("g" + std::to_string(base::random_below(env.random, 3)));
        if (base::random_below(env.random, 2)) item["z"] = N(static_cast<int>(base::random_below(env.random, 9)));
        ASSERT_TRUE(put("idx", item));
        model[{p, r}] = item;
        break;
      }
      case 1: {
        ASSERT_TRUE(update("idx", key, "ADD z :one", {{":one", N(1)}}));
        Item& item = model.try_emplace({p, r}, key).first->second;
        const int z = item.contains("z") ? std::stoi(item.find("z")->n()) : 0;
        item["z"] = N(z + 1);
        break;
      }
      case 2: {
        wire::DeleteItemInput in;
        in.table_name = "idx";
        in.key = key;
        ASSERT_TRUE(service->delete_item(context, in));
        model.erase({p, r});
        break;
      }
      case 3: {
        const auto found = get("idx", key);
        const auto expected = model.find({p, r});
        ASSERT_EQ(found.has_value(), expected != model.end());
        ASSERT_TRUE(!found || same_item(*found, expected->second));
        break;
      }
      default:
        if (step % 97 == 0) restart();
    }
  }
  int64_t bytes = 0;
  int64_t indexed = 0;
  for (const auto& [key, item] : model) {
    bytes += static_cast<int64_t>(item_size(item));
    indexed += item.contains("g") && item.contains("z") ? 1 : 0;
  }
  const auto table = describe_table("idx");
  EXPECT_EQ(table.item_count, static_cast<int64_t>(model.size()));
  EXPECT_EQ(table.table_size_bytes, bytes);
  EXPECT_EQ(table.global_secondary_indexes->at(0).item_count, indexed);
  wire::ScanInput scan;
  scan.table_name = "idx";
  scan.index_name = "byg";
  EXPECT_EQ(service->scan(context, scan)->count, indexed);
}

}  // namespace
}  // namespace engine::dynamodb
