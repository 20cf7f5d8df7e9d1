// AWS's words and the order in which it looks, where they changed in 2026 or were wrong here.
#include <gtest/gtest.h>

#include "engine/dynamodb/test_bed.h"

namespace engine::dynamodb {
namespace {

class WordingTest : public DynamoDbTest {
 protected:
  template <class T>
  static std::string error(const base::Result<T>& result) {
    return result ? "" : result.error().message;
  }
  template <class T>
  static std::string code(const base::Result<T>& result) {
    return result ? "" : result.error().code;
  }
  static constexpr const char* kDetected = "1 validation error detected: ";
};

TEST_F(WordingTest, WritesOfOneItemDetectValidationErrors) {
  create("tab");
  const std::string detected = kDetected;
  const auto put_error = [&](auto change) {
    wire::PutItemInput in;
    in.table_name = "tab";
    in.item = Item{{"p", S("a")}};
    change(in);
    return error(service->put_item(context, in));
  };
  const std::string bad = "One or more parameter values were invalid: ";
  EXPECT_EQ(put_error([](auto& in) { (*in.item)["s"] = NS({}); }), detected + bad + "An number set  may not be empty");
  EXPECT_EQ(put_error([](auto& in) { (*in.item)["s"] = SS({}); }), detected + bad + "An string set  may not be empty");
  EXPECT_EQ(put_error([](auto& in) { (*in.item)["s"] = BS({}); }), detected + bad + "Binary sets should not be empty");
  EXPECT_EQ(put_error([](auto& in) { (*in.item)["s"] = SS({"x", "x"}); }),
            detected + bad + "Input collection [x, x] contains duplicates.");
  EXPECT_EQ(put_error([](auto& in) { in.return_values = "ALL_NEW"; }),
            detected + "ReturnValues can only be ALL_OLD or NONE");
  EXPECT_EQ(put_error([](auto& in) {
              in.condition_expression = "attribute_not_exists(p)";
              in.expression_attribute_names.emplace()["#x"] = "x";
            }),
            detected + "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}");
  EXPECT_EQ(put_error([](auto& in) {
              in.condition_expression = "attribute_not_exists(p)";
              in.expression_attribute_values = Item{{":x", N(1)}};
            }),
            detected + "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}");
  EXPECT_EQ(put_error([](auto& in) { in.condition_expression = "((attribute_not_exists(p)))"; }),
            detected + "Invalid ConditionExpression: The expression has redundant parentheses;");
  // These stay as they were.
  EXPECT_EQ(put_error([](auto& in) { in.expression_attribute_names.emplace()["#x"] = "x"; }),
            "ExpressionAttributeNames can only be specified when using expressions");
  EXPECT_EQ(put_error([](auto& in) { (*in.item)["n"] = N(std::string("x")); }),
            "The parameter cannot be converted to a numeric value: x");
  EXPECT_EQ(put_error([](auto& in) { in.item = Item{{"p", N(1)}}; }),
            bad + "Type mismatch for key p expected: S actual: N");
  wire::DeleteItemInput remove;
  remove.table_name = "tab";
  remove.key = Item{{"p", SS({})}};
  EXPECT_EQ(error(service->delete_item(context, remove)), detected + bad + "An string set  may not be empty");
  remove.key = Item{{"p", S("a")}};
  remove.condition_expression = "attribute_exists(p)";
  remove.expression_attribute_names.emplace()["#x"] = "x";
  EXPECT_EQ(error(service->delete_item(context, remove)),
            detected + "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}");
}

TEST_F(WordingTest, UpdatesDetectValidationErrors) {
  create("tab");
  const Item key = {{"p", S("a")}};
  const std::string invalid_update = std::string(kDetected) + "Invalid UpdateExpression: ";
  const Item n = {{":n", N(1)}};
  EXPECT_EQ(error(update("tab", key, "SET a = :n SET b = :n", n)),
            invalid_update + "The \"SET\" section can only be used once in an update expression;");
  EXPECT_EQ(error(update("tab", key, "SET a = :n, a.b = :n", n)),
            invalid_update +
                "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], "
                "path two: [a, b]");
  EXPECT_EQ(error(update("tab", key, "", {})), invalid_update + "The expression can not be empty;");
  wire::UpdateItemInput in;
  in.table_name = "tab";
  in.key = key;
  in.update_expression = "REMOVE a";
  in.expression_attribute_values.emplace();
  EXPECT_EQ(error(service->update_item(context, in)),
            std::string(kDetected) + "ExpressionAttributeValues must not be empty");
  EXPECT_EQ(
      error(update("tab", key, "SET a = :s", {{":s", SS({})}})),
      std::string(kDetected) +
          "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string "
          "set  may not be empty for key :s");
  EXPECT_EQ(error(update("tab", key, "SET a = :s", {{":s", AttributeValue::of_null_(false)}})),
            std::string(kDetected) +
                "One or more parameter values were invalid: Null attribute value types must have the value of true");
  EXPECT_EQ(error(update("tab", key, "SET x = list_append(list_append(:a, :b), :c)",
                         {{":a", L({})}, {":b", L({})}, {":c", L({})}})),
            invalid_update + "The function is not allowed to be used this way in an expression; function: list_append");
  EXPECT_EQ(
      error(update("tab", key, "SET x = list_append(if_not_exists(x, :a), :b)", {{":a", L({})}, {":b", L({N(1)})}})),
      "");
}

TEST_F(WordingTest, ReadsDoNotSayDetected) {
  create("tab", true);
  wire::GetItemInput get_in;
  get_in.table_name = "tab";
  get_in.key = Item{{"p", S("a")}, {"r", N(1)}};
  get_in.projection_expression = "a, a.b";
  EXPECT_TRUE(error(service->get_item(context, get_in)).starts_with("Invalid ProjectionExpression: Two document"));
  wire::ScanInput scan;
  scan.table_name = "tab";
  scan.select = "SPECIFIC_ATTRIBUTES";
  const std::string must =
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES";
  EXPECT_EQ(error(service->scan(context, scan)), must);
  auto query = query_input("p = :p", {{":p", S("a")}});
  query.select = "SPECIFIC_ATTRIBUTES";
  EXPECT_EQ(error(service->query(context, query)), kDetected + must);
  query.select = "COUNT";
  query.projection_expression = "a";
  EXPECT_EQ(error(service->query(context, query)),
            std::string(kDetected) + "Cannot specify the ProjectionExpression when choosing to get only the Count");
  EXPECT_TRUE(
      error(service->query(context, query_input("p = ", {{":p", S("a")}}))).starts_with("Invalid KeyConditionExp"));
}

TEST_F(WordingTest, LimitsAndStartKeys) {
  create("tab", true);
  create("flat");
  const std::string rest = " failed to satisfy constraint: Member must have value greater than or equal to 1";
  auto query = query_input("p = :p", {{":p", S("a")}});
  query.limit = 0;
  EXPECT_EQ(error(service->query(context, query)), std::string(kDetected) + "Value at 'Limit'" + rest);
  wire::ScanInput scan;
  scan.table_name = "tab";
  scan.limit = 0;
  EXPECT_EQ(error(service->scan(context, scan)), std::string(kDetected) + "Value '0' at 'limit'" + rest);
  ASSERT_TRUE(put("flat", {{"p", S("a")}}));
  auto flat = query_input("p = :p", {{":p", S("a")}}, "flat");
  flat.limit = 1;
  const auto one = service->query(context, flat);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->count, 1);
  EXPECT_FALSE(one->last_evaluated_key) << "or a paginator would send what is refused";
  flat.exclusive_start_key = Item{{"p", S("a")}};
  EXPECT_EQ(error(service->query(context, flat)), "The provided exclusive start key is invalid");
  wire::ScanInput segments;
  segments.table_name = "none";
  segments.segment = 3;
  segments.total_segments = 2;
  segments.filter_expression = "(";
  EXPECT_EQ(error(service->scan(context, segments)),
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 3 is not less "
            "than TotalSegments: 2");
}

TEST_F(WordingTest, TableNames) {
  const std::string rest = "' at 'tableName' failed to satisfy constraint: Member must ";
  const std::string long_name(256, 'a');
  const auto put_in = [&](const std::string& table) { return put(table, {{"p", S("a")}}); };
  EXPECT_EQ(code(put_in("a")), "ResourceNotFoundException") << "items may be asked for by any name";
  EXPECT_EQ(error(put_in(long_name)),
            std::string(kDetected) + "Value '" + long_name + rest + "have length less than or equal to 255");
  EXPECT_EQ(error(put_in("bad table")),
            std::string(kDetected) + "Value 'bad table" + rest + "satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  EXPECT_EQ(error(service->create_table(context, {})),
            "The parameter 'TableName' is required but was not present in the request");
  EXPECT_EQ(error(service->create_table(context, table_input("ab", false))),
            std::string(kDetected) + "Value 'ab" + rest + "have length greater than or equal to 3");
  auto three = table_input("tab", true);
  three.attribute_definitions->push_back(definition("x", "S"));
  three.key_schema->push_back(key_element("x", "RANGE"));
  EXPECT_EQ(error(service->create_table(context, three)),
            std::string(kDetected) +
                "Value '[KeySchemaElement(attributeName=p, keyType=HASH), KeySchemaElement(attributeName=r, "
                "keyType=RANGE), KeySchemaElement(attributeName=x, keyType=RANGE)]' at 'keySchema' failed to satisfy "
                "constraint: Member must have length less than or equal to 2");
}

TEST_F(WordingTest, BatchesCheckThemselvesFirst) {
  wire::BatchGetItemInput get_in;
  get_in.request_items.emplace();
  EXPECT_EQ(error(service->batch_get_item(context, get_in)), "The requestItems parameter is required for BatchGetItem");
  auto& keys = (*get_in.request_items)["none"].keys.emplace();
  keys = {Item{{"p", S("a")}, {"r", N(std::string("1.0"))}}, Item{{"r", N(1)}, {"p", S("a")}}};
  EXPECT_EQ(error(service->batch_get_item(context, get_in)), "Provided list of item keys contains duplicates");
  keys.pop_back();
  EXPECT_EQ(code(service->batch_get_item(context, get_in)), "ResourceNotFoundException");
  wire::BatchWriteItemInput write;
  write.request_items.emplace();
  EXPECT_EQ(error(service->batch_write_item(context, write)),
            "The requestItems parameter is required for BatchWriteItem");
}

TEST_F(WordingTest, UpdateTableChecksItselfFirst) {
  wire::UpdateTableInput in;
  in.table_name = "none";
  in.provisioned_throughput = {.read_capacity_units = 1'000'000'000'001, .write_capacity_units = 1};
  EXPECT_EQ(error(service->update_table(context, in)),
            "Given value 1000000000001 for ReadCapacityUnits is out of bounds");
  in.provisioned_throughput.reset();
  auto& update = in.global_secondary_index_updates.emplace().emplace_back().update.emplace();
  update.index_name = "abc";
  update.provisioned_throughput = {.read_capacity_units = 1, .write_capacity_units = 1};
  in.global_secondary_index_updates->push_back(in.global_secondary_index_updates->front());
  EXPECT_EQ(error(service->update_table(context, in)),
            "One or more parameter values were invalid: Only one global secondary index update per index is allowed "
            "simultaneously. Index: abc");
  in.global_secondary_index_updates->pop_back();
  EXPECT_EQ(code(service->update_table(context, in)), "ResourceNotFoundException");
  in.global_secondary_index_updates->at(0).update->provisioned_throughput->write_capacity_units = 1'000'000'000'001;
  EXPECT_EQ(error(service->update_table(context, in)),
            "Given value 1000000000001 for WriteCapacityUnits is out of bounds for index abc");
}

TEST_F(WordingTest, SelectsOfIndexes) {
  ASSERT_TRUE(service->create_table(context, indexed_input("ALL")));
  wire::ExecuteStatementInput in;
  in.statement = "SELECT * FROM \"idx\".\"none\" WHERE p = 'a'";
  EXPECT_EQ(error(service->execute_statement(context, in)), "The table does not have the specified index");
  in.statement = "SELECT * FROM \"idx\".\"byg\" WHERE g = 'a'";
  in.consistent_read = true;
  EXPECT_EQ(error(service->execute_statement(context, in)),
            "Strongly consistent read is not supported on Global Secondary Indexes");
}

}  // namespace
}  // namespace engine::dynamodb
