// A page of a Query or Scan ends by what it read and what it cost, whatever the filter lets through.
#include <gtest/gtest.h>

#include <set>

#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/test_bed.h"

namespace engine::dynamodb {
namespace {

class PageBudgetTest : public DynamoDbTest {
 protected:
  // How many rows each page of the scan read, and how many items there were in all.
  std::pair<std::vector<int>, int> pages(wire::ScanInput in) {
    std::pair<std::vector<int>, int> seen;
    while (true) {
      const auto out = service->scan(context, in);
      EXPECT_TRUE(out) << out.error().message;
      if (!out) return seen;
      seen.first.push_back(*out->scanned_count);
      seen.second += *out->count;
      if (!out->last_evaluated_key) return seen;
      in.exclusive_start_key = out->last_evaluated_key;
    }
  }
};

TEST_F(PageBudgetTest, AFilterThatMatchesNothingEndsThePageAfterOneMegabyte) {
  create("tab", true);
  for (int r = 0; r < 25; ++r)
    ASSERT_TRUE(put("tab", {{"p", S("a")}, {"r", N(r)}, {"v", S(std::string(100'000, 'v'))}}));
  wire::ScanInput in;
  in.table_name = "tab";
  in.filter_expression = "v = :none";
  in.expression_attribute_values = Item{{":none", S("none")}};
  EXPECT_EQ(pages(in), (std::pair<std::vector<int>, int>({11, 11, 3}, 0)));
  wire::ExecuteStatementInput select;
  select.statement = "SELECT * FROM tab WHERE v = 'none'";
  int statements = 0;
  do {
    const auto out = service->execute_statement(context, select);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_TRUE(out->items->empty());
    select.next_token = out->next_token;
    ++statements;
  } while (select.next_token);
  EXPECT_EQ(statements, 3);
}

TEST_F(PageBudgetTest, AnExpensiveFilterEndsThePageByItsWork) {
  create("tab", true);
  for (int r = 0; r < 300; ++r) ASSERT_TRUE(put("tab", {{"p", S("a")}, {"r", N(r)}}));
  wire::ScanInput in;
  in.table_name = "tab";
  in.filter_expression = "v = :none";
  for (int i = 1; i < 150; ++i) *in.filter_expression += " OR v = :none";
  in.expression_attribute_values = Item{{":none", S("none")}};
  // 150 comparisons of 2 operands and 149 ORs make 599 with the row itself.
  const int rows = static_cast<int>((kPageWorkMax + 598) / 599);
  EXPECT_EQ(pages(in), (std::pair<std::vector<int>, int>({rows, 300 - rows}, 0)));
}

// The page is read from a snapshot and without the table's lock, so the table may change and go meanwhile; here it does
// between the pages.
TEST_F(PageBudgetTest, ATableMayChangeBetweenPages) {
  ASSERT_TRUE(service->create_table(context, indexed_input("ALL")));
  for (int r = 0; r < 4; ++r) ASSERT_TRUE(put("idx", {{"p", S("a")}, {"r", N(r)}, {"g", S("g")}, {"z", N(r)}}));
  auto in = query_input("g = :g", {{":g", S("g")}}, "idx");
  in.index_name = "byg";
  in.limit = 2;
  const auto first = service->query(context, in);
  ASSERT_TRUE(first);
  wire::UpdateTableInput drop;
  drop.table_name = "idx";
  drop.global_secondary_index_updates.emplace().emplace_back().delete_.emplace().index_name = "byg";
  ASSERT_TRUE(service->update_table(context, drop));
  in.exclusive_start_key = first->last_evaluated_key;
  EXPECT_EQ(service->query(context, in).error().message, "The table does not have the specified index: byg");
}

TEST_F(PageBudgetTest, ScansBesideChangesOfTheTable) {
  ASSERT_TRUE(service->create_table(context, indexed_input("ALL")));
  for (int r = 0; r < 50; ++r) ASSERT_TRUE(put("idx", {{"p", S("a")}, {"r", N(r)}, {"g", S("g")}, {"z", N(r)}}));
  const auto changer = env.executor.spawn("change", [this] {
    aws::Context own = context;
    for (int i = 0; i < 50; ++i) {
      wire::UpdateTableInput drop;
      drop.table_name = "idx";
      drop.global_secondary_index_updates.emplace().emplace_back().delete_.emplace().index_name = "byg";
      EXPECT_TRUE(service->update_table(own, drop));
      wire::UpdateTableInput add;
      add.table_name = "idx";
      add.attribute_definitions = {definition("g", "S"), definition("z", "N")};
      auto& index = add.global_secondary_index_updates.emplace().emplace_back().create.emplace();
      index.index_name = "byg";
      index.key_schema = {key_element("g", "HASH"), key_element("z", "RANGE")};
      index.projection.emplace().projection_type = "ALL";
      EXPECT_TRUE(service->update_table(own, add));
      while (service->fill_step()) continue;
    }
  });
  for (int i = 0; i < 200; ++i) {
    wire::ScanInput scan;
    scan.table_name = "idx";
    scan.index_name = "byg";
    const auto out = service->scan(context, scan);
    if (out)
      EXPECT_LE(out->count, 50);
    else
      EXPECT_EQ(out.error().code, "ValidationException");
  }
}

}  // namespace
}  // namespace engine::dynamodb
