// till cost.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/cost_meter.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/table_text.h"
#include "cli/time_text.h"

namespace cli {
namespace {

using pipeline::Bill;
using pipeline::BillLine;

constexpr int kOrderDecimals = 9;
constexpr int kMonthDecimals = 4;
constexpr std::string_view kNotMeasured =
    "What `till run` reads and writes in the tables is in it. What is stored is what lies there now: it does not grow "
    "with the orders of the month. Not in it: the start of functions' instances (INIT), data that leaves AWS, "
    "point-in-time recovery, taxes. Functions that wait for services over a network take longer than on one machine.";

// With three decimals at most.
std::string quantity_text(pipeline::Exact millionths) {
  constexpr pipeline::Exact kRound = 1000;
  const pipeline::Exact thousandths = (millionths + kRound / 2) / kRound;
  return fmt::format("{}.{:03}", thousandths / 1000, static_cast<int>(thousandths % 1000));
}

// What an order costs is known if there was one.
std::string order_text(const Metered& metered, pipeline::Usd per_order) {
  return metered.orders == 0 ? "unknown" : per_order.text(kOrderDecimals);
}
std::string order_json(const Metered& metered, pipeline::Usd per_order) {
  return metered.orders == 0 ? "null" : per_order.text();
}

std::string line_json(const BillLine& line, const Metered& metered) {
  const pipeline::Price& price = *line.price;
  return fmt::format(
      "{{\"service\":{},\"unit\":{},\"price\":{},\"free_units\":{},\"source\":{},\"per_order\":{},\"month_units\":{},"
      "\"month_of_orders\":{},\"month_fixed\":{},\"month_free_tier\":{}}}",
      json_text(price.service), json_text(price.what), pipeline::Usd::of_picodollars(price.picodollars).text(),
      price.free_units, json_text(price.page), order_json(metered, line.per_order), quantity_text(line.month_quantity),
      line.month_of_orders.text(), line.month_fixed.text(), line.month_free.text());
}

void print_json(const Bill& bill, const Metered& metered, uint64_t orders_per_month, base::Timestamp since) {
  std::string lines;
  for (const BillLine& line : bill.lines) lines += (lines.empty() ? "" : ",") + line_json(line, metered);
  print_line(fmt::format(
      "{{\"currency\":\"USD\",\"region\":\"{}\",\"prices_as_of\":\"{}\",\"since\":{},\"orders_measured\":{},"
      "\"orders_per_month\":{},\"complete\":{},\"lines\":[{}],\"per_order\":{},\"month_of_orders\":{},"
      "\"month_fixed\":{},\"month\":{},\"month_free_tier\":{},\"month_after_free_tier\":{}}}",
      pipeline::kPricesRegion, pipeline::kPricesAsOf, json_time(since), metered.orders, orders_per_month,
      metered.is_complete, lines, order_json(metered, bill.per_order), bill.month_of_orders.text(),
      bill.month_fixed.text(), bill.month().text(), bill.month_free.text(), (bill.month() - bill.month_free).text()));
}

void print_bill(const Bill& bill, const Metered& metered, uint64_t orders_per_month, base::Timestamp since) {
  {
    Table table({{.heading = "service"},
                 {.heading = "what"},
                 {.heading = "an order, $", .to_the_right = true},
                 {.heading = "a month", .to_the_right = true},
                 {.heading = "orders, $", .to_the_right = true},
                 {.heading = "fixed, $", .to_the_right = true},
                 {.heading = "free tier, $", .to_the_right = true}},
                "nothing");
    for (const BillLine& line : bill.lines)
      table.add({std::string(line.price->service), std::string(line.price->what), order_text(metered, line.per_order),
                 quantity_text(line.month_quantity), line.month_of_orders.text(kMonthDecimals),
                 line.month_fixed.text(kMonthDecimals), line.month_free.text(kMonthDecimals)});
    table.add({"all", "", order_text(metered, bill.per_order), "", bill.month_of_orders.text(kMonthDecimals),
               bill.month_fixed.text(kMonthDecimals), bill.month_free.text(kMonthDecimals)});
  }
  if (metered.orders == 0) {
    print_line(
        fmt::format("No order has been worked on since {}, so what one costs is not known; with no order a month "
                    "costs ${}.",
                    base::format_iso8601_milliseconds(since), bill.month().text(2)));
  } else {
    print_line(fmt::format(
        "An order costs ${}, a month of {} orders ${}, of which ${} whether orders come or not and ${} for metrics, "
        "which are billed in hours with orders (here: every hour).",
        bill.per_order.text(kOrderDecimals), orders_per_month, bill.month().text(2), bill.month_fixed.text(2),
        bill.month_while_orders.text(2)));
    print_line(fmt::format("Measured: {} orders since {}. The last ten seconds (at AWS: minutes) may not be in it yet.",
                           metered.orders, base::format_iso8601_milliseconds(since)));
  }
  print_line(fmt::format("The free tier of an account that has nothing else takes ${} off.", bill.month_free.text(2)));
  print_line(
      fmt::format("Prices of AWS in {}, as of {}. {}", pipeline::kPricesRegion, pipeline::kPricesAsOf, kNotMeasured));
}

}  // namespace

int cost(const GlobalOptions& global, const CostOptions& options) {
  const auto age = parse_age(options.since);
  if (!age.has_value()) {
    print_error("--since: not an age such as 12h or 30d: " + options.since);
    return kUsage;
  }
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const base::Timestamp now = session->now();
  const base::Timestamp since = now - *age;
  const auto metered = meter(session->stack(), since, now);
  if (!metered.has_value() && metered.error().code == kImpossible) {
    print_error("cost: " + metered.error().message);
    return kFailed;
  }
  if (!metered.has_value()) return print_failure_of("stack", session->stack().options().name, metered.error());
  if (metered->orders == 0 && options.orders_per_month.value_or(0) > 0) {
    print_error(fmt::format(
        "cost: no order has been worked on in the last {}, so what one costs is not known; send "
        "some, such as `till generate 1000 | till run -`, or wait for what was worked on in the last ten seconds "
        "(at AWS: minutes)",
        options.since));
    return kFailed;
  }
  const uint64_t orders_per_month = options.orders_per_month.value_or(metered->orders);
  const Bill bill = pipeline::make_bill(metered->usages, metered->orders, orders_per_month);
  if (global.json) {
    print_json(bill, *metered, orders_per_month, since);
  } else {
    print_bill(bill, *metered, orders_per_month, since);
  }
  if (!metered->is_complete) print_error("the bucket has more objects than were counted, so its storage costs more");
  return kOk;
}

}  // namespace cli
