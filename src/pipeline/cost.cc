#include "pipeline/cost.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace pipeline {
namespace {

constexpr int kDecimals = 12;
constexpr std::string_view kLambda = "https://aws.amazon.com/lambda/pricing/";
constexpr std::string_view kSqs = "https://aws.amazon.com/sqs/pricing/";
constexpr std::string_view kDynamoDb = "https://aws.amazon.com/dynamodb/pricing/on-demand/";
constexpr std::string_view kS3 = "https://aws.amazon.com/s3/pricing/";
constexpr std::string_view kSns = "https://aws.amazon.com/sns/pricing/";
constexpr std::string_view kCloudWatch = "https://aws.amazon.com/cloudwatch/pricing/";

constexpr int64_t kMicrodollar = 1'000'000;  // in picodollars
constexpr int64_t kDollar = kMicrodollar * 1'000'000;
constexpr int64_t kPerMillion = kDollar / 1'000'000;  // of a price of a dollar for a million

// Of us-east-1. Lambda and CloudWatch are the always free tier; credits of new accounts are none of it.
constexpr std::array kPrices{
    Price{PriceItem::lambda_requests, "Lambda", "requests", kPerMillion / 5, 1'000'000, kLambda},
    Price{PriceItem::lambda_time_x86, "Lambda", "GB-seconds (x86)", 16'666'700, 400'000, kLambda},
    Price{PriceItem::lambda_time_arm, "Lambda", "GB-seconds (arm64)", 13'333'400, 400'000, kLambda},
    Price{PriceItem::sqs_requests, "SQS", "requests of 64 KiB", kPerMillion * 2 / 5, 1'000'000, kSqs},
    Price{PriceItem::write_units, "DynamoDB", "write request units", kPerMillion * 5 / 8, 0, kDynamoDb},
    Price{PriceItem::read_units, "DynamoDB", "read request units", kPerMillion / 8, 0, kDynamoDb},
    Price{PriceItem::table_storage, "DynamoDB", "GB stored", kDollar / 4, 25, kDynamoDb},
    Price{PriceItem::s3_writes, "S3", "PUT requests", kDollar / 200'000, 0, kS3},
    Price{PriceItem::s3_reads, "S3", "GET requests", kDollar / 2'500'000, 0, kS3},
    Price{PriceItem::s3_storage, "S3", "GB stored", kDollar / 1000 * 23, 0, kS3},
    Price{PriceItem::sns_publishes, "SNS", "publishes of 64 KiB", kPerMillion / 2, 1'000'000, kSns},
    Price{PriceItem::sns_http, "SNS", "HTTP deliveries", kPerMillion * 3 / 5, 100'000, kSns},
    Price{PriceItem::sns_emails, "SNS", "e-mails", kPerMillion * 20, 1000, kSns},
    Price{PriceItem::log_bytes, "CloudWatch Logs", "GB taken in", kDollar / 2, 5, kCloudWatch},
    Price{PriceItem::log_storage, "CloudWatch Logs", "GB stored", kDollar / 100 * 3, 0, kCloudWatch},
    Price{PriceItem::metrics, "CloudWatch", "metrics", kDollar / 10 * 3, 10, kCloudWatch},
    Price{PriceItem::alarms, "CloudWatch", "metrics of alarms", kDollar / 10, 10, kCloudWatch},
};

// By whole units and the rest of one, since the product of all of it may not fit.
Usd price_of(const Price& price, Exact quantity) {
  return Usd::of_picodollars(quantity / kMillionths * price.picodollars +
                             quantity % kMillionths * price.picodollars / kMillionths);
}

}  // namespace

std::string Usd::text() const {
  std::string out = text(kDecimals);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

std::string Usd::text(int decimals) const {
  CHECK(decimals >= 0 && decimals <= kDecimals, "picodollars have twelve decimals");
  Exact unit = 1;
  for (int i = decimals; i < kDecimals; ++i) unit *= 10;
  const bool is_negative = picodollars_ < 0;
  Exact rounded = ((is_negative ? -picodollars_ : picodollars_) + unit / 2) / unit;
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rounded % 10)));
    rounded /= 10;
  } while (rounded != 0);
  const auto wanted = static_cast<std::size_t>(decimals) + 1;
  if (digits.size() < wanted) digits.insert(0, wanted - digits.size(), '0');
  if (decimals > 0) digits.insert(digits.size() - static_cast<std::size_t>(decimals), 1, '.');
  return (is_negative ? "-" : "") + digits;
}

std::span<const Price> price_list() {
  return kPrices;
}

Bill make_bill(const std::vector<Usage>& usages, uint64_t orders_measured, uint64_t orders_per_month) {
  CHECK(orders_per_month <= kOrdersMax && orders_measured <= kOrdersMax, "so many orders fit");
  Bill bill;
  for (const Price& price : kPrices) {
    Exact by_orders = 0;
    Exact while_orders = 0;
    Exact by_month = 0;
    for (const Usage& usage : usages) {
      if (usage.item != price.item) continue;
      by_orders += usage.by_orders;
      while_orders += usage.while_orders;
      by_month += usage.by_month;
    }
    if (orders_measured == 0) by_orders = 0;
    if (orders_measured == 0 || orders_per_month == 0) while_orders = 0;
    if (by_orders == 0 && while_orders == 0 && by_month == 0) continue;
    const Exact of_orders = orders_measured == 0 ? 0 : by_orders * orders_per_month / orders_measured;
    BillLine line{.price = &price, .month_quantity = of_orders + while_orders + by_month};
    if (orders_measured > 0)
      line.per_order = Usd::of_picodollars(by_orders * price.picodollars / kMillionths / orders_measured);
    line.month_while_orders = price_of(price, while_orders);
    line.month_of_orders = price_of(price, of_orders) + line.month_while_orders;
    line.month_fixed = price_of(price, by_month);
    const Exact free = static_cast<Exact>(price.free_units) * kMillionths;
    line.month_free = price_of(price, std::min(free, line.month_quantity));
    bill.per_order = bill.per_order + line.per_order;
    bill.month_of_orders = bill.month_of_orders + line.month_of_orders;
    bill.month_while_orders = bill.month_while_orders + line.month_while_orders;
    bill.month_fixed = bill.month_fixed + line.month_fixed;
    bill.month_free = bill.month_free + line.month_free;
    bill.lines.push_back(line);
  }
  return bill;
}

double billed_requests(double calls, double bytes) {
  constexpr double kChunkBytes = 65'536;
  return std::max(calls, std::ceil(bytes / kChunkBytes));
}

}  // namespace pipeline
