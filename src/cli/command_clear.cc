// till orders clear.
#include <fmt/format.h>

#include <algorithm>

#include "aws/dynamodb/dynamodb.h"
#include "cli/exit_code.h"
#include "cli/order_commands.h"
#include "cli/output.h"
#include "cli/stack_contents.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

// Deletes the rows with these keys, at most 25. What DynamoDB leaves unprocessed is sent again, later each time.
base::Result<void> delete_rows(const pipeline::Site& site, const std::string& table, std::vector<pipeline::Item> keys) {
  constexpr int kAttemptsMax = 12;  // the last pause is 40 seconds
  std::vector<aws::dynamodb::WriteRequest> left;
  for (pipeline::Item& key : keys) left.emplace_back().delete_request.emplace().key = std::move(key);
  for (int attempt = 0; !left.empty(); ++attempt) {
    if (attempt == kAttemptsMax)
      return base::fail({.code = "Throttled", .message = "rows are left unprocessed again and again"});
    if (attempt > 0) pause(site.env, std::chrono::milliseconds(10) * (1 << attempt));
    aws::dynamodb::BatchWriteItemInput write;
    write.request_items.emplace()[table] = left;
    aws::Context context = site.call();
    TRY_ASSIGN(auto written, site.services.dynamodb.batch_write_item(context, std::move(write)));
    left.clear();
    if (written.unprocessed_items.has_value())
      if (auto* unprocessed = written.unprocessed_items->find(table)) left = std::move(*unprocessed);
  }
  return {};
}

// Answers how many rows there were.
base::Result<uint64_t> clear_table(const pipeline::Site& site, const std::string& table, std::string_view key) {
  constexpr std::size_t kBatchMax = 25;
  aws::dynamodb::ScanInput scan;
  scan.table_name = table;
  scan.projection_expression = "#key";
  scan.expression_attribute_names.emplace()["#key"] = key;
  uint64_t count = 0;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.dynamodb.scan(context, scan));
    const auto rows = page.items.value_or(std::vector<pipeline::Item>());
    for (std::size_t begin = 0; begin < rows.size(); begin += kBatchMax) {
      const auto from = rows.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto to = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), begin + kBatchMax));
      TRY(delete_rows(site, table, {from, to}));
    }
    count += rows.size();
    if (!page.last_evaluated_key.has_value()) return count;
    scan.exclusive_start_key = page.last_evaluated_key;
  }
}

// Shows what would go, and asks. kOk: it may.
int ask_to_clear(Session& session, const pipeline::PipelineConfig& config) {
  const pipeline::Site& site = session.stack().site();
  const auto orders = rows_in(site, config.orders_table);
  if (!orders.has_value()) return print_failure_of("table", config.orders_table, orders.error());
  const auto quarantined = rows_in(site, config.quarantine_table);
  if (!quarantined.has_value()) return print_failure_of("table", config.quarantine_table, quarantined.error());
  print_error(fmt::format("orders clear removes every row of two tables, {}:", session.where()));
  print_error(fmt::format("  {:<28} {} orders", config.orders_table, text_of(*orders)));
  print_error(fmt::format("  {:<28} {} quarantined", config.quarantine_table, text_of(*quarantined)));
  return ask_to_remove("orders clear", "Remove all of them?");
}

}  // namespace

int orders_clear(const GlobalOptions& global, bool yes) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const pipeline::PipelineConfig config = session->stack().config();
  const pipeline::Site& site = session->stack().site();
  if (!yes) exit_code = ask_to_clear(*session, config);
  if (exit_code != kOk) return exit_code;
  const auto orders = clear_table(site, config.orders_table, pipeline::orders::kTransactionId);
  if (!orders.has_value()) return print_failure_of("table", config.orders_table, orders.error());
  const auto quarantined = clear_table(site, config.quarantine_table, pipeline::quarantine::kBodySha256);
  if (!quarantined.has_value()) return print_failure_of("table", config.quarantine_table, quarantined.error());
  print_line(global.json ? fmt::format("{{\"orders\":{},\"quarantined\":{}}}", *orders, *quarantined)
                         : fmt::format("deleted {} orders and {} quarantined ones", *orders, *quarantined));
  return kOk;
}

}  // namespace cli
