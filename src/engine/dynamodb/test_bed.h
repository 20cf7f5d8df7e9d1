// The fixture of this directory's tests through the service's interface: a service over a store in memory with a clock
// that stands still, and short ways to ask it. Used by tests only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/manual/manual_env.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/test_values.h"
#include "store/memory/memory_store.h"

namespace engine::dynamodb {

inline wire::KeySchemaElement key_element(std::string name, std::string type) {
  wire::KeySchemaElement e;
  e.attribute_name = std::move(name);
  e.key_type = std::move(type);
  return e;
}

inline wire::AttributeDefinition definition(std::string name, std::string type) {
  wire::AttributeDefinition d;
  d.attribute_name = std::move(name);
  d.attribute_type = std::move(type);
  return d;
}

class DynamoDbTest : public ::testing::Test {
 protected:
  DynamoDbTest() {
    context.now = env.clock.now();
    context.account = "123456789012";
    context.region = "eu-west-1";
    restart();
  }
  void restart() { service = std::make_unique<DynamoDbService>(*store, env.env); }

  static wire::CreateTableInput table_input(std::string name, bool with_range) {
    wire::CreateTableInput in;
    in.table_name = std::move(name);
    in.billing_mode = "PAY_PER_REQUEST";
    in.attribute_definitions = {definition("p", "S")};
    in.key_schema = {key_element("p", "HASH")};
    if (with_range) {
      in.attribute_definitions->push_back(definition("r", "N"));
      in.key_schema->push_back(key_element("r", "RANGE"));
    }
    return in;
  }
  void create(const std::string& name, bool with_range = false) {
    ASSERT_TRUE(service->create_table(context, table_input(name, with_range)));
  }
  // A table with a global index on g (S), z (N), and with a local index on z.
  wire::CreateTableInput indexed_input(const std::string& projection) {
    auto in = table_input("idx", true);
    in.attribute_definitions->push_back(definition("g", "S"));
    in.attribute_definitions->push_back(definition("z", "N"));
    auto& global = in.global_secondary_indexes.emplace().emplace_back();
    global.index_name = "byg";
    global.key_schema = {key_element("g", "HASH"), key_element("z", "RANGE")};
    global.projection.emplace().projection_type = projection;
    auto& local = in.local_secondary_indexes.emplace().emplace_back();
    local.index_name = "byz";
    local.key_schema = {key_element("p", "HASH"), key_element("z", "RANGE")};
    local.projection.emplace().projection_type = "KEYS_ONLY";
    return in;
  }
  base::Result<wire::PutItemOutput> put(const std::string& table, Item item) {
    wire::PutItemInput in;
    in.table_name = table;
    in.item = std::move(item);
    return service->put_item(context, std::move(in));
  }
  base::Result<wire::PutItemOutput> put_new(const std::string& table, Item item) {
    wire::PutItemInput in;
    in.table_name = table;
    in.item = std::move(item);
    in.condition_expression = "attribute_not_exists(p)";
    in.return_values_on_condition_check_failure = "ALL_OLD";
    return service->put_item(context, std::move(in));
  }
  std::optional<Item> get(const std::string& table, Item key) {
    wire::GetItemInput in;
    in.table_name = table;
    in.key = std::move(key);
    auto out = service->get_item(context, std::move(in));
    EXPECT_TRUE(out) << out.error().message;
    return out ? out->item : std::nullopt;
  }
  base::Result<wire::UpdateItemOutput> update(const std::string& table, Item key, std::string expression, Item values,
                                              std::string return_values = "ALL_NEW") {
    wire::UpdateItemInput in;
    in.table_name = table;
    in.key = std::move(key);
    in.update_expression = std::move(expression);
    if (!values.empty()) in.expression_attribute_values = std::move(values);
    in.return_values = std::move(return_values);
    return service->update_item(context, std::move(in));
  }
  wire::QueryInput query_input(const std::string& condition, Item values, const std::string& table = "tab") {
    wire::QueryInput in;
    in.table_name = table;
    in.key_condition_expression = condition;
    in.expression_attribute_values = std::move(values);
    return in;
  }
  // The r attributes of all pages, and how many pages there were.
  std::pair<std::string, int> query_all(wire::QueryInput in) {
    std::string seen;
    for (int pages = 1;; ++pages) {
      auto out = service->query(context, in);
      EXPECT_TRUE(out) << out.error().message;
      if (!out) return {seen, pages};
      for (const Item& item : *out->items) seen += (seen.empty() ? "" : " ") + item.find("r")->n();
      if (!out->last_evaluated_key) return {seen, pages};
      in.exclusive_start_key = out->last_evaluated_key;
    }
  }
  wire::TableDescription describe_table(const std::string& name) {
    wire::DescribeTableInput in;
    in.table_name = name;
    return *service->describe_table(context, in)->table;
  }

  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  aws::Context context;
  std::unique_ptr<DynamoDbService> service;
};

}  // namespace engine::dynamodb
