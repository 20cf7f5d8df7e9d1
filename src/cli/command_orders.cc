// till orders get, till orders list, till tx list.
#include <fmt/format.h>

#include <array>

#include "aws/dynamodb/dynamodb.h"
#include "cli/exit_code.h"
#include "cli/order_commands.h"
#include "cli/output.h"
#include "cli/quarantine.h"
#include "cli/row_text.h"
#include "cli/table_text.h"
#include "os/local_time.h"

namespace cli {
namespace {

namespace orders = pipeline::orders;
namespace quarantine = pipeline::quarantine;

void print_row(const pipeline::Item& row) {
  for (const auto& [name, value] : row) {
    const bool is_time = name.ends_with("_at") || name == orders::kLeaseUntil;
    const auto time = is_time ? time_at(row, name) : std::nullopt;
    print_line(fmt::format("{:<16} {}{}", name, cell_text(pipeline::text_of(row, name), SIZE_MAX),
                           time.has_value() ? fmt::format("  {} ({})", os::local_text(*time), os::zone_text()) : ""));
  }
}

// What the table shows.
constexpr std::array<std::string_view, 9> kShown{orders::kTransactionId, orders::kAmount,     orders::kCurrency,
                                                 orders::kType,          orders::kOccurredAt, orders::kStoredAt,
                                                 orders::kNotifyState,   orders::kCustomer,   orders::kItem};

std::vector<std::string> cells_of(const pipeline::Item& row, const pipeline::Mapping& mapping) {
  const auto text = [&](std::string_view attribute) { return std::string(pipeline::text_of(row, attribute)); };
  const std::string currency = text(orders::kCurrency);
  return {text(orders::kTransactionId),
          local_or_empty(time_of_order(row)),
          money_text(text(orders::kAmount), minor_digits_of(currency, mapping)),
          currency,
          text(orders::kType),
          text(orders::kNotifyState),
          text(orders::kCustomer),
          text(orders::kItem)};
}

std::string one_line(const pipeline::Item& row, bool quarantined) {
  const auto text = [&](std::string_view attribute) { return cell_text(pipeline::text_of(row, attribute), SIZE_MAX); };
  if (quarantined)
    return fmt::format("{:<20} {}  {}", text(quarantine::kReason), text(quarantine::kSource),
                       text(quarantine::kMessage));
  return fmt::format("{:<24} {:>14} {:<8} {}", text(orders::kTransactionId), text(orders::kAmount),
                     text(orders::kNotifyState), text(orders::kItem));
}

}  // namespace

int orders_get(const GlobalOptions& global, const std::string& transaction_id) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  aws::dynamodb::GetItemInput get;
  get.table_name = session->stack().config().orders_table;
  get.key.emplace()[orders::kTransactionId] = pipeline::text(transaction_id);
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

int orders_list(const GlobalOptions& global, const OrderQuery& query) {
  OpenedOrders opened;
  if (const int code = open_orders(global, query, opened); code != kOk) return code;
  const auto scan = global.json ? opened.filter.scan(opened.table) : opened.filter.scan(opened.table, kShown);
  std::string list;
  base::Result<bool> more = false;
  {
    const pipeline::Mapping& mapping = opened.session->definition().mapping;
    Table table({{"ORDER"},
                 {"TIME (" + os::zone_text() + ")"},
                 {"AMOUNT", true},
                 {"CURRENCY"},
                 {"TYPE"},
                 {"NOTIFIED"},
                 {"CUSTOMER"},
                 {"ITEM"}},
                "no order matches");
    if (global.json) table.silence();
    more = for_each_row_in_order(opened.session->stack().site(), scan, order_of(query),
                                 [&](const pipeline::Item& row) -> base::Result<bool> {
                                   if (global.json)
                                     list += (list.empty() ? "" : ",") + row_json(row);
                                   else
                                     table.add(cells_of(row, mapping));
                                   return !output_is_lost();
                                 });
    if (!more.has_value()) table.silence();
  }
  if (!more.has_value()) return print_failure_of("table", opened.table, more.error());
  if (global.json) print_line(fmt::format("{{\"orders\":[{}],\"complete\":{}}}", list, !*more));
  if (*more && !output_is_lost()) tell_of_more(query.limit, query.sort.empty() ? "these" : "the first");
  return kOk;
}

int tx_list(const GlobalOptions& global, bool quarantined, uint64_t rows_max) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const pipeline::PipelineConfig config = session->stack().config();
  RowFilter filter;
  if (quarantined) require_undone(filter);
  const auto scan = filter.scan(quarantined ? config.quarantine_table : config.orders_table);
  std::string list;
  uint64_t shown = 0;
  const auto read = for_each_row(session->stack().site(), scan, [&](pipeline::Item& row) -> base::Result<bool> {
    if (shown++ == rows_max) return false;
    if (global.json)
      list += (list.empty() ? "" : ",") + row_json(row);
    else
      print_line(one_line(row, quarantined));
    return !output_is_lost();
  });
  if (!read.has_value()) return print_failure_of("table", *scan.table_name, read.error());
  if (global.json) print_line("{\"rows\":[" + list + "]}");
  return kOk;
}

}  // namespace cli
