#include "pipeline/record_shape.h"

#include <gtest/gtest.h>

#include "pipeline/definition.h"
#include "pipeline/transaction.h"

namespace pipeline {
namespace {

TEST(RecordShape, ItsRecordsAreTheOrdersByTheMapping) {
  const std::string_view definitions[] = {
      "[order]\nid = 'id'\namount = 'total'\n",
      "[order]\nid = '/order/no'\namount = '/order/totals/gross'\ncurrency = '/cur'\nitem = '/lines/0/title'\n"
      "customer = '/lines/0/who'\noccurred_at = '/at'\nversion = '/at'\ncurrencies = ['JPY', 'EUR']\n",
      "[order]\nid = '{/channel}-{/number}'\namount = '/cents'\namount_units = 'minor'\ndefault_currency = 'EUR'\n",
      "[order]\nid = 'id'\namount = 'total'\namount_style = 'comma'\nitem = 'a\"b'\nitem_required = true\n",
  };
  const SyntheticOrder order{.id = "g1-7", .item = "desk \"lamp\"", .cents = 123'405};
  SyntheticOrder bad = order;
  bad.is_bad = true;
  for (const std::string_view toml : definitions) {
    const auto definition = read_definition(toml);
    ASSERT_TRUE(definition.has_value()) << toml << definition.error().front().message;
    const RecordShape shape(definition->mapping);
    const TransactionReader reader(definition->mapping);
    const auto read = reader.read(shape.record(order));
    ASSERT_TRUE(read.has_value()) << shape.record(order) << read.error().message;
    EXPECT_EQ(read->transaction_id.substr(0, order.id.size()), order.id);
    EXPECT_EQ(read->amount.to_string(), "1234.05") << toml;
    EXPECT_EQ(read->item, definition->mapping.item.empty() ? "" : order.item) << toml;
    EXPECT_FALSE(reader.read(shape.record(bad)).has_value()) << toml;
  }
}

}  // namespace
}  // namespace pipeline
