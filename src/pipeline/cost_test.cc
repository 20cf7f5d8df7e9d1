#include "pipeline/cost.h"

#include <gtest/gtest.h>

namespace pipeline {
namespace {

TEST(Usd, IsWrittenExactlyAndRounded) {
  struct Case {
    Exact picodollars;
    std::string exact, cents;
  };
  const Case cases[] = {{0, "0", "0.00"},
                        {1, "0.000000000001", "0.00"},
                        {625'000, "0.000000625", "0.00"},
                        {4'999'999'999, "0.004999999999", "0.00"},
                        {5'000'000'000, "0.005", "0.01"},
                        {1'250'000'000'000, "1.25", "1.25"},
                        {-30'000'000'000'000, "-30", "-30.00"}};
  for (const Case& c : cases) {
    EXPECT_EQ(Usd::of_picodollars(c.picodollars).text(), c.exact);
    EXPECT_EQ(Usd::of_picodollars(c.picodollars).text(2), c.cents);
  }
}

TEST(PriceList, HasEachItemInItsOrder) {
  std::size_t index = 0;
  for (const Price& price : price_list()) EXPECT_EQ(static_cast<std::size_t>(price.item), index++) << price.what;
  EXPECT_EQ(index, static_cast<std::size_t>(PriceItem::alarms) + 1);
}

// What AWS's pages say: dollars for so many.
TEST(PriceList, IsThatOfThePages) {
  struct Case {
    PriceItem item;
    int64_t units;
    std::string dollars;
  };
  const Case cases[] = {{PriceItem::lambda_requests, 1'000'000, "0.2"},
                        {PriceItem::lambda_time_x86, 1, "0.0000166667"},
                        {PriceItem::lambda_time_arm, 1, "0.0000133334"},
                        {PriceItem::sqs_requests, 1'000'000, "0.4"},
                        {PriceItem::write_units, 1'000'000, "0.625"},
                        {PriceItem::read_units, 1'000'000, "0.125"},
                        {PriceItem::table_storage, 1, "0.25"},
                        {PriceItem::s3_writes, 1000, "0.005"},
                        {PriceItem::s3_reads, 1000, "0.0004"},
                        {PriceItem::s3_storage, 1, "0.023"},
                        {PriceItem::sns_publishes, 1'000'000, "0.5"},
                        {PriceItem::sns_http, 1'000'000, "0.6"},
                        {PriceItem::sns_emails, 100'000, "2"},
                        {PriceItem::log_bytes, 1, "0.5"},
                        {PriceItem::log_storage, 1, "0.03"},
                        {PriceItem::metrics, 1, "0.3"},
                        {PriceItem::alarms, 1, "0.1"}};
  for (const Case& c : cases) {
    const Bill bill = make_bill({{.item = c.item, .by_month = c.units * kMillionths}}, 0, 0);
    EXPECT_EQ(bill.month().text(), c.dollars);
  }
}

TEST(Bill, GrowsWithTheOrdersAndHasItsFixedPartAndItsFreeTierApart) {
  const std::vector<Usage> usages{
      {.item = PriceItem::write_units, .by_orders = 300 * kMillionths},
      {.item = PriceItem::sqs_requests, .by_orders = 40 * kMillionths},
      {.item = PriceItem::sqs_requests, .by_month = 1'296'000 * kMillionths},
      {.item = PriceItem::alarms, .by_month = 11 * kMillionths},
  };
  const Bill bill = make_bill(usages, /*orders_measured=*/100, /*orders_per_month=*/1'000'000);
  ASSERT_EQ(bill.lines.size(), 3U);
  EXPECT_EQ(bill.per_order.text(), "0.000002035");  // 3 write units, 0.4 requests
  EXPECT_EQ(bill.month_of_orders.text(), "2.035");  // 3 million, 0.4 million
  EXPECT_EQ(bill.month_fixed.text(), "1.6184");     // polls 0.5184, alarms 1.1
  EXPECT_EQ(bill.month_free.text(), "1.4");         // a million requests 0.4, ten alarms 1.0
  EXPECT_EQ(bill.lines.front().price->item, PriceItem::sqs_requests);
  EXPECT_TRUE(bill.lines.front().month_quantity == Exact{1'696'000} * kMillionths);
}

// CloudWatch bills a metric for the hours in which it comes.
TEST(Bill, HasWhatIsThereWhileOrdersComeWithThemAndNotByTheOrder) {
  const std::vector<Usage> usages{{.item = PriceItem::sqs_requests, .by_orders = 10 * kMillionths},
                                  {.item = PriceItem::metrics, .while_orders = 5 * kMillionths}};
  const Bill some = make_bill(usages, 10, 1'000'000);
  EXPECT_EQ(some.per_order.text(), "0.0000004");
  EXPECT_EQ(some.month_of_orders.text(), "1.9");
  EXPECT_EQ(some.month_while_orders.text(), "1.5");
  EXPECT_EQ(some.month_fixed.text(), "0");
  EXPECT_EQ(make_bill(usages, 10, 0).month().text(), "0");
  EXPECT_EQ(make_bill(usages, 0, 0).month().text(), "0");
}

TEST(Bill, HoldsTheMostThatThereCanBe) {
  std::vector<Usage> usages;
  constexpr int64_t kDollars = 1'000'000'000'000;
  constexpr int kUsages = 100;
  const Exact units = Exact{kDollars} * 1'000'000 / 20;  // a million e-mails cost 20 dollars
  for (int i = 0; i < kUsages; ++i) usages.push_back({.item = PriceItem::sns_emails, .by_orders = units * kMillionths});
  const Bill bill = make_bill(usages, 1, kOrdersMax);
  EXPECT_EQ(bill.month_of_orders.text(), "100000000000000000000000000");  // 100 times 10^12 dollars, 10^12 times
}

TEST(Bill, WithoutMeasuredOrdersHasTheFixedPartAlone) {
  const Bill bill = make_bill(
      {{.item = PriceItem::write_units, .by_orders = 5}, {.item = PriceItem::alarms, .by_month = kMillionths}}, 0, 7);
  EXPECT_EQ(bill.month().text(), "0.1");
  EXPECT_EQ(bill.per_order.text(), "0");
}

TEST(BilledRequests, AreOneForEach64KiBOfACall) {
  EXPECT_EQ(billed_requests(10, 9994), 10);
  EXPECT_EQ(billed_requests(1, 65'536), 1);
  EXPECT_EQ(billed_requests(1, 65'537), 2);
  EXPECT_EQ(billed_requests(0, 0), 0);
}

}  // namespace
}  // namespace pipeline
