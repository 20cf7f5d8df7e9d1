// Cost: what a stack costs on AWS, from what was metered and AWS's published prices. Money is exact: whole numbers of
// 10^-12 dollars. Pure functions and values; safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

__extension__ using Exact = __int128;

class Usd {
 public:
  Usd() = default;
  static Usd of_picodollars(Exact picodollars) { return Usd(picodollars); }
  // "0.000000625"; with `decimals` (0 to 12) rounded to so many, half up.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string text(int decimals) const;

  friend Usd operator+(Usd a, Usd b) { return Usd(a.picodollars_ + b.picodollars_); }
  friend Usd operator-(Usd a, Usd b) { return Usd(a.picodollars_ - b.picodollars_); }
  friend bool operator==(Usd, Usd) = default;

 private:
  explicit Usd(Exact picodollars) : picodollars_(picodollars) {}
  Exact picodollars_ = 0;
};

enum class PriceItem : uint8_t {
  lambda_requests,
  lambda_time_x86,
  lambda_time_arm,
  sqs_requests,
  write_units,
  read_units,
  table_storage,
  s3_writes,
  s3_reads,
  s3_storage,
  sns_publishes,
  sns_http,
  sns_emails,
  log_bytes,
  log_storage,
  metrics,
  alarms,
};

struct Price {
  PriceItem item;
  std::string_view service;
  std::string_view what;  // a unit of it
  int64_t picodollars;    // of one unit
  int64_t free_units;     // a month, of the whole account and for ever
  std::string_view page;  // of AWS
};
inline constexpr std::string_view kPricesRegion = "us-east-1";
inline constexpr std::string_view kPricesAsOf = "2026-06";
// One for each PriceItem, in its order. The first step where the price falls with the volume.
std::span<const Price> price_list();

// Quantities are in millionths of a unit.
inline constexpr int64_t kMillionths = 1'000'000;
inline constexpr uint64_t kOrdersMax = 1'000'000'000'000;
struct Usage {
  PriceItem item;
  Exact by_orders = 0;     // while the measured orders were worked on
  Exact while_orders = 0;  // a month in which orders come every hour, however many
  Exact by_month = 0;      // whether orders come or not
};

struct BillLine {
  const Price* price = nullptr;
  Exact month_quantity = 0;  // millionths
  Usd per_order = {};
  Usd month_of_orders = {};
  Usd month_while_orders = {};  // a part of month_of_orders, which is not by the order
  Usd month_fixed = {};
  Usd month_free = {};  // what the free tier takes off, if nothing else of the account uses it
};
struct Bill {
  std::vector<BillLine> lines;  // those that cost something, in the order of the price list
  Usd per_order;
  Usd month_of_orders;
  Usd month_while_orders;
  Usd month_fixed;
  Usd month_free;
  [[nodiscard]] Usd month() const { return month_of_orders + month_fixed; }
};
// `orders_measured` of 0: what orders cost is not known, and not in the bill. REQUIRES: both up to kOrdersMax, no
// usage is negative or costs more than 10^12 dollars, and there are not more than a hundred of them.
Bill make_bill(const std::vector<Usage>& usages, uint64_t orders_measured, uint64_t orders_per_month);

// Requests that SQS and SNS bill for `calls` that carried `bytes` in all: each 64 KiB of one call is one.
double billed_requests(double calls, double bytes);

}  // namespace pipeline
