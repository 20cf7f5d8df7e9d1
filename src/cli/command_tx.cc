// till tx get, till tx list, till tx clear, till generate.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "aws/dynamodb/dynamodb.h"
#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/stack_contents.h"
#include "pipeline/generate.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

// A row as plain JSON: strings as text, numbers as they are, bytes (an order that is no text) in base64 under a name
// that says so.
std::string row_json(const pipeline::Item& row) {
  std::string out = "{";
  for (const auto& [name, value] : row) {
    if (out.size() > 1) out.push_back(',');
    if (value.is_b()) {
      out += json_text(name + "_base64") + ":" + json_text(base::base64_encode(value.b()));
      continue;
    }
    out += json_text(name) + ":";
    out += value.is_n() ? value.n() : json_text(pipeline::text_of(row, name));
  }
  return out + "}";
}

void print_row(const pipeline::Item& row) {
  for (const auto& [name, value] : row) print_line(fmt::format("{:<16} {}", name, pipeline::text_of(row, name)));
}

std::string one_line(const pipeline::Item& row, bool quarantined) {
  namespace orders = pipeline::orders;
  namespace quarantine = pipeline::quarantine;
  if (quarantined) {
    return fmt::format("{:<20} {}  {}", pipeline::text_of(row, quarantine::kReason),
                       pipeline::text_of(row, quarantine::kSource), pipeline::text_of(row, quarantine::kMessage));
  }
  return fmt::format("{:<24} {:>14} {:<8} {}", pipeline::text_of(row, orders::kTransactionId),
                     pipeline::text_of(row, orders::kAmount), pipeline::text_of(row, orders::kNotifyState),
                     pipeline::text_of(row, orders::kItem));
}

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
  print_error(fmt::format("tx clear removes every row of two tables, {}:", session.where()));
  print_error(fmt::format("  {:<28} {} orders", config.orders_table, text_of(*orders)));
  print_error(fmt::format("  {:<28} {} quarantined", config.quarantine_table, text_of(*quarantined)));
  return ask_to_remove("tx clear", "Remove all of them?");
}

}  // namespace

int tx_get(const GlobalOptions& global, const std::string& transaction_id) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  aws::dynamodb::GetItemInput get;
  get.table_name = session->stack().config().orders_table;
  get.key.emplace()[pipeline::orders::kTransactionId] = pipeline::text(transaction_id);
  get.consistent_read = true;
  aws::Context context;
  const auto got = session->services().dynamodb.get_item(context, std::move(get));
  if (!got.has_value()) return print_failure_of("table", session->stack().config().orders_table, got.error());
  if (!got->item.has_value()) {
    print_error("no order with transaction_id " + transaction_id);
    return kFailed;
  }
  if (global.json) {
    print_line(row_json(*got->item));
  } else {
    print_row(*got->item);
  }
  return kOk;
}

int tx_list(const GlobalOptions& global, bool quarantined, uint64_t rows_max) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const pipeline::PipelineConfig config = session->stack().config();
  aws::dynamodb::ScanInput scan;
  scan.table_name = quarantined ? config.quarantine_table : config.orders_table;
  std::string list;
  for (uint64_t shown = 0; shown < rows_max;) {
    aws::Context context;
    const auto page = session->services().dynamodb.scan(context, scan);
    if (!page.has_value()) return print_failure_of("table", *scan.table_name, page.error());
    for (const pipeline::Item& row : page->items.value_or(std::vector<pipeline::Item>())) {
      if (shown++ == rows_max) break;
      if (global.json) {
        list += (list.empty() ? "" : ",") + row_json(row);
      } else {
        print_line(one_line(row, quarantined));
      }
    }
    if (!page->last_evaluated_key.has_value()) break;
    scan.exclusive_start_key = page->last_evaluated_key;
  }
  if (global.json) print_line("{\"rows\":[" + list + "]}");
  return kOk;
}

int tx_clear(const GlobalOptions& global, bool yes) {
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

int generate(uint64_t orders, uint64_t seed, bool array) {
  pipeline::OrderGenerator generator({.seed = seed});
  if (array) std::fputs("[\n", stdout);
  for (uint64_t i = 0; i < orders; ++i) {
    const std::string line = generator.next() + (array && i + 1 < orders ? ",\n" : "\n");
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) break;
  }
  if (array) std::fputs("]\n", stdout);
  return kOk;
}

}  // namespace cli
