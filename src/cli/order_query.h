// OrderQuery: which of the stored orders a command is about, as `till orders list|export|report` are told. Used from
// one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "cli/row_order.h"
#include "cli/row_scan.h"
#include "cli/session.h"

namespace cli {

struct OrderQuery {
  // As they were typed; empty: any. `since` is the first moment, `until` the first one that is not meant any more.
  std::string amount_min, amount_max, currency, since, until;
  std::string item;  // a part of it
  std::string customer, type, upload;
  std::string id_prefix;
  std::string sort;  // amount, time, id; empty: no order
  bool descending = false;
  uint64_t limit = UINT64_MAX;
};

struct OpenedOrders {
  std::unique_ptr<Session> session;
  std::string table;
  RowFilter filter;
};
// Opens the session and says what the service is to look for. kOk, or the user has been told why not.
int open_orders(const GlobalOptions& global, const OrderQuery& query, OpenedOrders& opened);

RowOrder order_of(const OrderQuery& query);

}  // namespace cli
