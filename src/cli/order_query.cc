#include "cli/order_query.h"

#include <fmt/format.h>

#include <array>
#include <expected>
#include <utility>

#include "base/decimal.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/row_text.h"
#include "pipeline/currency.h"

namespace cli {
namespace {

namespace orders = pipeline::orders;
using aws::dynamodb::AttributeValue;

// By the time that the order says, else by when it was stored.
void compare_time(RowFilter& filter, std::string_view comparison, AttributeValue moment) {
  const std::string occurred = filter.name(orders::kOccurredAt);
  const std::string value = filter.value(std::move(moment));
  filter.require(fmt::format("{0} {1} {2} OR (attribute_not_exists({0}) AND {3} {1} {2})", occurred, comparison, value,
                             filter.name(orders::kStoredAt)));
}

// Where what is sorted by is equal, by the id.
std::string sort_key(const pipeline::Item& row, std::string_view sort) {
  std::string key;
  if (sort == "amount") {
    const auto amount = base::Decimal::parse(pipeline::text_of(row, orders::kAmount));
    key = amount.has_value() ? amount->sortable_bytes() : "";
  } else if (sort == "time") {
    const auto time = time_of_order(row);
    key = time.has_value() ? time_key(*time) : "";
  }
  return key.append(pipeline::text_of(row, orders::kTransactionId));
}

// The error says for people which option is wrong, and why.
std::expected<RowFilter, std::string> filter_of(const OrderQuery& query, base::Timestamp now) {
  RowFilter filter;
  using Bound = std::array<std::string_view, 3>;
  for (const auto& [option, comparison, text] :
       {Bound{"--min-amount", ">=", query.amount_min}, Bound{"--max-amount", "<=", query.amount_max}}) {
    if (text.empty()) continue;
    const auto amount = base::Decimal::parse(text);
    if (!amount.has_value()) return std::unexpected(fmt::format("{}: not a decimal number: {}", option, text));
    filter.compare(orders::kAmount, comparison, AttributeValue::of_n(amount->to_string()));
  }
  for (const auto& [option, comparison, text] :
       {Bound{"--since", ">=", query.since}, Bound{"--until", "<", query.until}}) {
    if (text.empty()) continue;
    auto moment = moment_value(option, text, now);
    if (!moment.has_value()) return std::unexpected(std::move(moment).error());
    compare_time(filter, comparison, std::move(*moment));
  }
  if (!query.currency.empty())
    filter.compare(orders::kCurrency, "=", pipeline::text(pipeline::currency_code(query.currency)));
  if (!query.customer.empty()) filter.compare(orders::kCustomer, "=", pipeline::text(query.customer));
  if (!query.type.empty()) filter.compare(orders::kType, "=", pipeline::text(query.type));
  if (!query.item.empty()) filter.call("contains", orders::kItem, query.item);
  if (!query.id_prefix.empty()) filter.call("begins_with", orders::kTransactionId, query.id_prefix);
  if (!query.upload.empty()) filter.require_upload(query.upload);
  return filter;
}

}  // namespace

int open_orders(const GlobalOptions& global, const OrderQuery& query, OpenedOrders& opened) {
  int exit_code = kOk;
  opened.session = open_session(global, exit_code);
  if (opened.session == nullptr) return exit_code;
  auto filter = filter_of(query, opened.session->now());
  if (!filter.has_value()) {
    print_error(filter.error());
    return kUsage;
  }
  opened.filter = std::move(*filter);
  opened.table = opened.session->stack().config().orders_table;
  return kOk;
}

RowOrder order_of(const OrderQuery& query) {
  RowOrder out{.key = {}, .descending = query.descending, .limit = query.limit};
  if (!query.sort.empty()) out.key = [sort = query.sort](const pipeline::Item& row) { return sort_key(row, sort); };
  return out;
}

}  // namespace cli
