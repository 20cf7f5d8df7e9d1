// till orders export, till orders report.
#include <fmt/format.h>

#include <array>
#include <functional>
#include <optional>

#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/order_commands.h"
#include "cli/order_report.h"
#include "cli/output.h"
#include "cli/row_text.h"
#include "os/new_file.h"
#include "os/standard_streams.h"

namespace cli {
namespace {

namespace orders = pipeline::orders;

constexpr std::string_view kCsv = "csv";
constexpr std::array<std::string_view, 10> kColumns{
    orders::kTransactionId, orders::kAmount,     orders::kCurrency, orders::kItem,        orders::kCustomer,
    orders::kType,          orders::kOccurredAt, orders::kStoredAt, orders::kNotifyState, orders::kSource};

bool is_plain_number(std::string_view text) {
  return base::Decimal::parse(text).has_value();
}

// A cell of RFC 4180.
std::string csv_cell(std::string text, bool safe) {
  if (safe && text.find_first_of("=+-@\t\r") == 0 && !is_plain_number(text)) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

std::string csv_row(const pipeline::Item& row, bool safe) {
  std::string out;
  for (const std::string_view column : kColumns) {
    const bool is_time = column == orders::kOccurredAt || column == orders::kStoredAt;
    const auto time = is_time ? time_at(row, column) : std::nullopt;
    const std::string text =
        time.has_value() ? base::format_iso8601_milliseconds(*time) : std::string(pipeline::text_of(row, column));
    out += (column == kColumns.front() ? "" : ",") + csv_cell(text, safe);
  }
  return out + "\r\n";
}

std::string csv_heading() {
  std::string out;
  for (const std::string_view column : kColumns) out.append(out.empty() ? "" : ",").append(column);
  return out + "\r\n";
}

// Where the text goes: a new file, or stdout.
class Sink {
 public:
  // The error is for people.
  static std::expected<Sink, std::string> open(const std::string& path) {
    Sink sink;
    if (path.empty()) return sink;
    auto file = os::NewFile::make(path);
    if (!file.has_value()) return std::unexpected(std::move(file).error());
    sink.file_.emplace(std::move(*file));
    return sink;
  }
  // False: the file cannot be written (error()), or nobody takes what goes to stdout.
  bool write(std::string_view text) {
    if (!file_.has_value()) return print_text(text);
    buffer_.append(text);
    return buffer_.size() < kBufferBytes || flush();
  }
  // The file gets its name.
  bool finish() {
    if (!file_.has_value()) return true;
    if (!flush()) return false;
    const auto done = file_->commit();
    if (!done.has_value()) error_ = done.error();
    return done.has_value();
  }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  static constexpr std::size_t kBufferBytes = 1 << 16;
  bool flush() {
    const auto written = file_->write(buffer_);
    buffer_.clear();
    if (!written.has_value()) error_ = written.error();
    return written.has_value();
  }
  std::optional<os::NewFile> file_;
  std::string buffer_;
  std::string error_;
};

std::string format_of(const ExportOptions& options) {
  if (!options.format.empty()) return options.format;
  return options.output.ends_with(".csv") ? std::string(kCsv) : "ndjson";
}

}  // namespace

int orders_export(const GlobalOptions& global, const ExportOptions& options) {
  const bool csv = format_of(options) == kCsv;
  if (global.json && options.output.empty()) {
    print_error("orders export: --json tells of a file that --output names; --format ndjson prints the orders as JSON");
    return kUsage;
  }
  OpenedOrders opened;
  if (const int code = open_orders(global, options.query, opened); code != kOk) return code;
  const auto scan = csv ? opened.filter.scan(opened.table, kColumns) : opened.filter.scan(opened.table);
  auto sink = Sink::open(options.output);
  if (!sink.has_value()) {
    print_error("orders export: " + sink.error());
    return kFailed;
  }
  Interruption interruption(opened.session->env());
  uint64_t count = 0;
  bool writable = !csv || sink->write(csv_heading());
  const auto read = for_each_row_in_order(
      opened.session->stack().site(), scan, order_of(options.query),
      [&](const pipeline::Item& row) -> base::Result<bool> {
        writable = writable && sink->write(csv ? csv_row(row, options.safe) : row_json(row) + "\n");
        count += writable;
        return writable && !interruption.requested();
      });
  if (!read.has_value()) return print_failure_of("table", opened.table, read.error());
  if (interruption.requested()) {
    print_error("orders export: interrupted");
    return kInterrupted;
  }
  if (!sink->error().empty() || (writable && !sink->finish())) {
    print_error("orders export: " + sink->error());
    return kFailed;
  }
  if (options.output.empty()) return kOk;
  print_line(global.json ? fmt::format("{{\"file\":{},\"orders\":{}}}", json_text(options.output), count)
                         : fmt::format("{}: {} orders", options.output, count));
  return kOk;
}

int orders_report(const GlobalOptions& global, const ReportOptions& options) {
  constexpr int kColumnsUnknown = 80;
  OpenedOrders opened;
  if (const int code = open_orders(global, options.query, opened); code != kOk) return code;
  OrderReport report(options.by == "day" ? OrderReport::By::day : OrderReport::By::month,
                     opened.session->definition().mapping);
  const auto read = for_each_row(opened.session->stack().site(), opened.filter.scan(opened.table, OrderReport::kNeeds),
                                 [&](pipeline::Item& row) -> base::Result<bool> {
                                   report.add(row);
                                   return true;
                                 });
  if (!read.has_value()) return print_failure_of("table", opened.table, read.error());
  if (global.json) {
    print_line(report.json());
    return kOk;
  }
  report.print();
  if (options.chart) report.print_chart(os::output_columns().value_or(kColumnsUnknown));
  return kOk;
}

}  // namespace cli
