// till tx get, till tx list, till generate.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "pipeline/generate.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

// A row as plain JSON: strings as text, numbers as they are.
std::string row_json(const pipeline::Item& row) {
  std::string out = "{";
  for (const auto& [name, value] : row) {
    if (out.size() > 1) out.push_back(',');
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
  if (!got.has_value()) return print_failure("tx get", got.error());
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
    if (!page.has_value()) return print_failure("tx list", page.error());
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

int generate(uint64_t orders, uint64_t seed, bool array) {
  pipeline::OrderGenerator generator({.seed = seed});
  if (array) std::fputs("[\n", stdout);
  for (uint64_t i = 0; i < orders; ++i) {
    const std::string line = generator.next() + (array && i + 1 < orders ? ",\n" : "\n");
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) {
      print_error("the output is closed");
      return kFailed;
    }
  }
  if (array) std::fputs("]\n", stdout);
  return std::fflush(stdout) == 0 ? kOk : kFailed;
}

}  // namespace cli
