// The commands over stored orders and over the quarantine, one function each (commands.h), and their command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/order_query.h"
#include "cli/quarantine.h"
#include "cli/session.h"

namespace cli {

int orders_get(const GlobalOptions& global, const std::string& transaction_id);
int orders_list(const GlobalOptions& global, const OrderQuery& query);
// Deletes every row of the orders and quarantine tables; asks on the terminal unless `yes`.
int orders_clear(const GlobalOptions& global, bool yes);

struct ExportOptions {
  OrderQuery query;
  std::string format;  // csv, ndjson; empty: by the ending of `output`, else ndjson
  std::string output;  // a file that is not there yet; empty: stdout
  bool safe = false;   // no cell of CSV begins a formula
};
int orders_export(const GlobalOptions& global, const ExportOptions& options);

struct ReportOptions {
  OrderQuery query;
  std::string by = "day";  // or month
  bool chart = false;
};
int orders_report(const GlobalOptions& global, const ReportOptions& options);

// Those that nobody has dealt with, the newest first; `with_done`: all.
int quarantine_list(const GlobalOptions& global, const QuarantineQuery& query, bool with_done, uint64_t limit);
int quarantine_show(const GlobalOptions& global, const std::string& id);
// Changes the record and sends it to the queue, if it is an order then; kCheckFailed if it is none. `changes` are
// POINTER=VALUE; none: an editor.
int quarantine_fix(const GlobalOptions& global, const std::string& id, const std::vector<std::string>& changes);
// Sends the records to the queue as they are; kCheckFailed if one of them cannot be sent.
int quarantine_replay(const GlobalOptions& global, const QuarantineQuery& query, bool dry_run);
int quarantine_discard(const GlobalOptions& global, const QuarantineQuery& query, bool yes);

// The words that older scripts have for the same.
int tx_list(const GlobalOptions& global, bool quarantined, uint64_t rows_max);

// Adds `orders`, `quarantine` and `tx`. What is referred to outlives the app.
void add_order_commands(CLI::App& app, const GlobalOptions& global, int& exit_code);

}  // namespace cli
