#include "cli/order_commands.h"

#include <memory>

#include "cli/exit_code.h"

namespace cli {
namespace {

// What these command lines can say.
struct Arguments {
  const GlobalOptions& global;
  int& exit_code;
  std::string id = {};
  OrderQuery query = {};
  ExportOptions exported = {};
  ReportOptions report = {};
  QuarantineQuery chosen = {};
  std::vector<std::string> changes = {};
  uint64_t rows_max = 100;
  bool quarantined = false;
  bool with_done = false;
  bool dry_run = false;
  bool yes = false;
};
using Shared = std::shared_ptr<Arguments>;

constexpr const char* kMoment = "90s, 10m, 2h, 7d ago, a local date or time, or ISO 8601";

std::string whole_number(const std::string& text) {
  const bool good = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return good ? "" : "not a number of 0 or more: " + text;
}

std::string at_least_one(const std::string& text) {
  const bool good = whole_number(text).empty() && text.find_first_not_of('0') != std::string::npos;
  return good ? "" : "not a number of 1 or more: " + text;
}

void add_filters(CLI::App& command, OrderQuery& query) {
  command.add_option("--min-amount", query.amount_min, "Of at least this amount");
  command.add_option("--max-amount", query.amount_max, "Of at most this amount");
  command.add_option("--currency", query.currency, "In this currency");
  command.add_option("--since", query.since, std::string("Made at or after this time: ") + kMoment);
  command.add_option("--until", query.until,
                     "Made before this time; orders that tell no time count by when they were stored");
  command.add_option("--item", query.item, "With this in the item's name");
  command.add_option("--customer", query.customer, "Of this customer");
  command.add_option("--type", query.type, "Of this type, such as refund");
  command.add_option("--upload", query.upload, "That came with this upload (till uploads list)");
  command.add_option("--id", query.id_prefix, "With an id that begins so");
}

void add_order(CLI::App& command, OrderQuery& query, const std::string& limit) {
  command.add_option("--sort", query.sort, "amount, time or id (as the table has them)")
      ->check(CLI::IsMember({"amount", "time", "id"}));
  command.add_flag("--desc", query.descending, "The largest or latest first")->needs("--sort");
  command.add_option("--limit", query.limit, "At most this many (" + limit + ")")->check(at_least_one);
}

void add_get_and_clear(CLI::App& orders, const Shared& a) {
  CLI::App* get = orders.add_subcommand("get", "One accepted order");
  get->add_option("ID", a->id, "transaction_id")->required();
  get->callback([a] { a->exit_code = orders_get(a->global, a->id); });
  CLI::App* clear = orders.add_subcommand("clear", "Delete every order and every rejected one");
  clear->add_flag("--yes", a->yes, "Do not ask");
  clear->callback([a] { a->exit_code = orders_clear(a->global, a->yes); });
}

void add_tx(CLI::App& app, const Shared& a) {
  CLI::App* tx = app.add_subcommand("tx", "What `orders` was called before");
  tx->require_subcommand(1);
  add_get_and_clear(*tx, a);
  CLI::App* list = tx->add_subcommand("list", "Orders in no particular order");
  list->add_flag("--quarantine", a->quarantined, "The rejected ones, with their reasons");
  list->add_option("--max", a->rows_max, "At most this many (100)")->check(whole_number);
  list->callback([a] { a->exit_code = tx_list(a->global, a->quarantined, a->rows_max); });
}

void add_orders(CLI::App& app, const Shared& a) {
  constexpr uint64_t kListed = 100;
  CLI::App* orders = app.add_subcommand("orders", "The accepted orders: find, export, report");
  orders->require_subcommand(1);
  add_get_and_clear(*orders, a);
  a->query.limit = kListed;
  CLI::App* list = orders->add_subcommand("list", "Orders as a table");
  add_filters(*list, a->query);
  add_order(*list, a->query, std::to_string(kListed));
  list->callback([a] { a->exit_code = orders_list(a->global, a->query); });
  CLI::App* exported = orders->add_subcommand("export", "All of them as CSV or a JSON object a line");
  add_filters(*exported, a->exported.query);
  add_order(*exported, a->exported.query, "all");
  exported->add_option("--format", a->exported.format, "csv or ndjson (by the ending of FILE, else ndjson)")
      ->check(CLI::IsMember({"csv", "ndjson"}));
  exported->add_option("--output", a->exported.output, "A file that is not there yet (standard output)");
  exported->add_flag("--safe", a->exported.safe,
                     "In CSV, put ' before what a spreadsheet would run as a formula (= + - @ tab CR, but no number); "
                     "it stays in the text for everybody else");
  exported->callback([a] { a->exit_code = orders_export(a->global, a->exported); });
  CLI::App* report = orders->add_subcommand(
      "report", "Number, value and refunds per day and currency; averages are rounded half to even");
  add_filters(*report, a->report.query);
  report->add_option("--by", a->report.by, "day or month, by local time (day)")->check(CLI::IsMember({"day", "month"}));
  report->add_flag("--chart", a->report.chart, "Bars as well");
  report->callback([a] { a->exit_code = orders_report(a->global, a->report); });
}

// By what all commands over the quarantine choose.
void add_quarantine_filters(CLI::App& command, QuarantineQuery& query) {
  command.add_option("--reason", query.reason, "Refused for this reason, such as CURRENCY");
  command.add_option("--upload", query.upload, "That came with this upload (till uploads list)");
  command.add_option("--since", query.since, std::string("Refused at or after this time: ") + kMoment);
  command.add_option("--until", query.until, "Refused before this time");
}

void add_choice(CLI::App& command, QuarantineQuery& query) {
  add_quarantine_filters(command, query);
  CLI::Option* all = command.add_flag("--all", query.all, "All that wait");
  CLI::Option* ids = command.add_option("ID", query.ids, "The ids, or how they begin");
  for (const char* filter : {"--reason", "--upload", "--since", "--until"}) ids->excludes(command.get_option(filter));
  ids->excludes(all);
}

void add_quarantine(CLI::App& app, const Shared& a) {
  CLI::App* quarantine = app.add_subcommand("quarantine", "The rejected orders: look, mend, send again, give up");
  quarantine->require_subcommand(1);
  CLI::App* list = quarantine->add_subcommand("list", "Those that wait for somebody, the newest first");
  add_quarantine_filters(*list, a->chosen);
  list->add_flag("--all", a->with_done, "Also those that are fixed or discarded");
  list->add_option("--limit", a->rows_max, "At most this many (100)")->check(at_least_one);
  list->callback([a] { a->exit_code = quarantine_list(a->global, a->chosen, a->with_done, a->rows_max); });
  CLI::App* show = quarantine->add_subcommand("show", "One, with its record and what is wrong with it");
  show->add_option("ID", a->id, "Its id, or how that begins")->required();
  show->callback([a] { a->exit_code = quarantine_show(a->global, a->id); });
  CLI::App* fix = quarantine->add_subcommand("fix", "Change its record and send that, if it is an order then");
  fix->add_option("ID", a->id, "Its id, or how that begins")->required();
  fix->add_option("--set", a->changes,
                  "/pointer=value, where the value is JSON or else a text; may be repeated (opens VISUAL or EDITOR)")
      ->allow_extra_args(false);
  fix->callback([a] { a->exit_code = quarantine_fix(a->global, a->id, a->changes); });
  CLI::App* replay =
      quarantine->add_subcommand("replay", "Send records again as they are, after `till up` with another definition");
  add_choice(*replay, a->chosen);
  replay->add_flag("--dry-run", a->dry_run, "Only show what the definition would make of them");
  replay->callback([a] { a->exit_code = quarantine_replay(a->global, a->chosen, a->dry_run); });
  CLI::App* discard = quarantine->add_subcommand(
      "discard", "Give them up: their records go, and their uploads count them as discarded");
  add_choice(*discard, a->chosen);
  discard->add_flag("--yes", a->yes, "Do not ask");
  discard->callback([a] { a->exit_code = quarantine_discard(a->global, a->chosen, a->yes); });
}

}  // namespace

void add_order_commands(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  const Shared a(new Arguments{.global = global, .exit_code = exit_code});
  add_orders(app, a);
  add_quarantine(app, a);
  add_tx(app, a);
}

}  // namespace cli
