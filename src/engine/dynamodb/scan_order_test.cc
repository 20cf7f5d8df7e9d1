// The order of a Scan is that of the MD5 of the partition keys, as AWS's results show; tables of before keep theirs.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/test_bed.h"

namespace engine::dynamodb {
namespace {

class ScanOrderTest : public DynamoDbTest {
 protected:
  // The attribute `name` of all items, in the order of the scan in pages of `limit`.
  std::vector<std::string> scanned(const std::string& table, const std::string& name, int limit,
                                   std::optional<std::string> index = {}, int segments = 0, int segment = 0) {
    std::vector<std::string> seen;
    wire::ScanInput in;
    in.table_name = table;
    in.limit = limit;
    in.index_name = std::move(index);
    if (segments > 0) {
      in.segment = segment;
      in.total_segments = segments;
    }
    do {
      const auto out = service->scan(context, in);
      EXPECT_TRUE(out) << out.error().message;
      if (!out) return seen;
      for (const Item& item : *out->items) {
        const AttributeValue& value = *item.find(name);
        seen.push_back(value.is_n() ? value.n() : value.s());
      }
      in.exclusive_start_key = out->last_evaluated_key;
    } while (in.exclusive_start_key);
    return seen;
  }
  using Texts = std::vector<std::string>;
};

TEST_F(ScanOrderTest, StringsByTheirDigest) {
  create("tab");
  for (const char* p : {"a", "b", "c", "C", "B", "A"}) ASSERT_TRUE(put("tab", {{"p", S(p)}}));
  for (const int limit : {1, 2, 100}) EXPECT_EQ(scanned("tab", "p", limit), (Texts{"A", "B", "b", "C", "c", "a"}));
  Texts by_segments;
  for (int segment = 0; segment < 4; ++segment)
    for (const std::string& p : scanned("tab", "p", 1, {}, 4, segment)) by_segments.push_back(p);
  EXPECT_EQ(by_segments, (Texts{"A", "B", "b", "C", "c", "a"})) << "segments are ranges of the same order";
  restart();
  EXPECT_EQ(scanned("tab", "p", 3), (Texts{"A", "B", "b", "C", "c", "a"}));
}

TEST_F(ScanOrderTest, NumbersByAwssBytes) {
  auto in = table_input("tab", false);
  in.attribute_definitions->at(0).attribute_type = "N";
  ASSERT_TRUE(service->create_table(context, in));
  for (const char* p : {"0", "1", "2", "-1", "10", "100", "0.5", "-12.25", "1e6"})
    ASSERT_TRUE(put("tab", {{"p", N(std::string(p))}}));
  EXPECT_EQ(scanned("tab", "p", 2), (Texts{"-1", "1000000", "10", "2", "100", "-12.25", "0.5", "1", "0"}));
  EXPECT_TRUE(get("tab", {{"p", N(std::string("1.00e6"))}})) << "equal numbers are one key";
}

TEST_F(ScanOrderTest, IndexesByTheirOwnKeys) {
  ASSERT_TRUE(service->create_table(context, indexed_input("ALL")));
  int r = 0;
  for (const char* g : {"c", "a", "B", "A"})
    ASSERT_TRUE(put("idx", {{"p", S("p" + std::to_string(r))}, {"r", N(r)}, {"g", S(g)}, {"z", N(r++)}}));
  EXPECT_EQ(scanned("idx", "g", 1, "byg"), (Texts{"A", "B", "c", "a"}));
}

// A store of an older version: its tables do not say by what they are ordered.
TEST_F(ScanOrderTest, ATableOfBeforeKeepsItsOrderAndItsItems) {
  create("tab");
  const std::string key = table_key(context.account, context.region, "tab");
  Table table;
  ASSERT_TRUE(table.decode(*store->get(key)));
  table.schema.order = ScanOrder::fnv;
  store::WriteBatch batch;
  batch.put(key, table.encode());
  store->write(batch);
  restart();
  std::set<std::string> keys;
  for (int i = 0; i < 40; ++i) {
    keys.insert("k" + std::to_string(i));
    ASSERT_TRUE(put("tab", {{"p", S("k" + std::to_string(i))}, {"g", S(i % 2 ? "odd" : "even")}}));
  }
  const Texts before = scanned("tab", "p", 7);
  EXPECT_FALSE(
      std::ranges::is_sorted(before, {}, [](const std::string& p) { return scan_position(ScanOrder::md5, S(p)); }));
  EXPECT_TRUE(
      std::ranges::is_sorted(before, {}, [](const std::string& p) { return scan_position(ScanOrder::fnv, S(p)); }));
  wire::UpdateTableInput add;
  add.table_name = "tab";
  add.attribute_definitions = {definition("g", "S")};
  auto& index = add.global_secondary_index_updates.emplace().emplace_back().create.emplace();
  index.index_name = "byg";
  index.key_schema = {key_element("g", "HASH")};
  index.projection.emplace().projection_type = "ALL";
  ASSERT_TRUE(service->update_table(context, add));
  while (service->fill_step()) continue;
  restart();
  EXPECT_EQ(scanned("tab", "p", 3), before);
  for (const std::string& p : keys) EXPECT_TRUE(get("tab", {{"p", S(p)}})) << p;
  auto query = query_input("g = :g", {{":g", S("odd")}});
  query.index_name = "byg";
  EXPECT_EQ(service->query(context, query)->count, 20);
  EXPECT_EQ(describe_table("tab").item_count, 40);
}

}  // namespace
}  // namespace engine::dynamodb
