// till quarantine list, show, discard.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/encoding.h"
#include "cli/exit_code.h"
#include "cli/order_commands.h"
#include "cli/output.h"
#include "cli/row_text.h"
#include "cli/table_text.h"
#include "os/local_time.h"
#include "pipeline/json_edit.h"

namespace cli {
namespace {

namespace quarantine = pipeline::quarantine;

// What the table shows.
constexpr std::array<std::string_view, 6> kColumns{quarantine::kBodySha256, quarantine::kQuarantinedAt,
                                                   quarantine::kReason,     quarantine::kState,
                                                   quarantine::kSource,     quarantine::kMessage};

std::string text_at(const pipeline::Item& row, std::string_view attribute) {
  return cell_text(pipeline::text_of(row, attribute), SIZE_MAX);
}

std::string newest_key(const pipeline::Item& row) {
  return time_key(time_at(row, quarantine::kQuarantinedAt).value_or(base::Timestamp()));
}

// The pointer that a message begins with, and what stands there. With a conflict the record itself is not at fault.
std::string fault_of(const pipeline::Item& row) {
  const std::string_view message = pipeline::text_of(row, quarantine::kMessage);
  const std::string_view body = pipeline::text_of(row, quarantine::kBody);
  const bool is_conflict = pipeline::text_of(row, quarantine::kReason) == pipeline::reason::kDuplicateConflict;
  if (!message.starts_with('/') || is_conflict) return "";
  const auto path = pipeline::FieldPath::parse(message.substr(0, message.find(' ')));
  if (!path.has_value()) return "";
  const auto value = pipeline::is_json(body) ? pipeline::json_at(body, *path)
                                             : std::expected<std::string_view, std::string>(std::unexpected(""));
  constexpr std::size_t kShown = 200;
  return path->pointer() + (value.has_value() ? " = " + cell_text(*value, kShown) : "");
}

// Of a record: its lines, without what would move the cursor.
void print_record(std::string_view title, const std::string& record) {
  print_line(title);
  const std::string text = pipeline::is_json(record) ? pipeline::json_indented(record) : record;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.size(), text.find('\n', begin));
    print_line(cell_text(std::string_view(text).substr(begin, end - begin), SIZE_MAX));
    begin = end + 1;
  }
}

void print_found(const pipeline::Item& row) {
  const auto at = [&](std::string_view attribute) {
    return fmt::format("{} ({})", local_or_empty(time_at(row, attribute)), os::zone_text());
  };
  const std::string_view source = pipeline::text_of(row, quarantine::kSource);
  print_line("id        " + text_at(row, quarantine::kBodySha256));
  print_line("since     " + at(quarantine::kQuarantinedAt));
  print_line("reason    " + text_at(row, quarantine::kReason));
  print_line("message   " + text_at(row, quarantine::kMessage));
  if (const std::string fault = fault_of(row); !fault.empty()) print_line("fault at  " + fault);
  print_line("source    " + text_at(row, quarantine::kSource));
  if (source.starts_with("u-"))
    print_line(fmt::format("upload    `till uploads show {}`", source.substr(0, source.find('#'))));
  print_line("state     " + state_of(row) +
             (row.contains(quarantine::kState) ? " since " + at(quarantine::kChangedAt) : ""));
  print_line(fmt::format("bytes     {}", text_at(row, quarantine::kBodyBytes)));
  if (const auto* body = row.find(quarantine::kBody); body != nullptr) {
    const std::string& kept = body->is_b() ? body->b() : body->s();
    const auto whole = static_cast<std::size_t>(pipeline::number_of(row, quarantine::kBodyBytes).value_or(0));
    print_record(fmt::format("record{}{}:", kept.size() < whole ? fmt::format(", its first {} bytes", kept.size()) : "",
                             body->is_b() ? ", which is no text, in base64" : ""),
                 body->is_b() ? base::base64_encode(kept) : kept);
  }
  if (row.contains(quarantine::kFixedBody))
    print_record("fixed to:", std::string(pipeline::text_of(row, quarantine::kFixedBody)));
}

// What a question to the user is about.
struct Chosen {
  std::vector<pipeline::Item> rows;  // without their records
  std::map<std::string, uint64_t> reasons;
};

int ask_to_discard(const Session& session, const Chosen& chosen) {
  constexpr std::size_t kShown = 20;
  constexpr std::size_t kMessageShown = 80;
  print_error(fmt::format("quarantine discard gives up {} orders, {}:", chosen.rows.size(), session.where()));
  for (const auto& [reason, count] : chosen.reasons) print_error(fmt::format("  {:<20} {}", reason, count));
  for (std::size_t i = 0; i < std::min(kShown, chosen.rows.size()); ++i)
    print_error(fmt::format("  {}  {}", short_id(chosen.rows[i]),
                            cell_text(pipeline::text_of(chosen.rows[i], quarantine::kMessage), kMessageShown)));
  if (chosen.rows.size() > kShown) print_error(fmt::format("  and {} more", chosen.rows.size() - kShown));
  return ask_to_remove("quarantine discard", "Discard them?");
}

}  // namespace

int quarantine_list(const GlobalOptions& global, const QuarantineQuery& query, bool with_done, uint64_t limit) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  auto filter = filter_of(query, session->now());
  if (!filter.has_value()) {
    print_error(filter.error());
    return kUsage;
  }
  if (!with_done) require_undone(*filter);
  const std::string name = session->stack().config().quarantine_table;
  std::string list;
  base::Result<bool> more = false;
  {
    Table table({{"ID"},
                 {"TIME (" + os::zone_text() + ")"},
                 {"REASON"},
                 {"STATE"},
                 {"SOURCE"},
                 {.heading = "MESSAGE", .columns_max = 80}},
                with_done ? "no order was refused" : "no order waits in quarantine");
    if (global.json) table.silence();
    more = for_each_row_in_order(
        session->stack().site(), global.json ? filter->scan(name) : filter->scan(name, kColumns),
        {.key = newest_key, .descending = true, .limit = limit}, [&](const pipeline::Item& row) -> base::Result<bool> {
          if (global.json)
            list += (list.empty() ? "" : ",") + row_json(row);
          else
            table.add({short_id(row), local_or_empty(time_at(row, quarantine::kQuarantinedAt)),
                       text_at(row, quarantine::kReason), state_of(row), text_at(row, quarantine::kSource),
                       text_at(row, quarantine::kMessage)});
          return !output_is_lost();
        });
  }
  if (!more.has_value()) return print_failure_of("table", name, more.error());
  if (global.json) print_line(fmt::format("{{\"quarantined\":[{}],\"complete\":{}}}", list, !*more));
  if (*more && !output_is_lost()) tell_of_more(limit, "the newest");
  return kOk;
}

int quarantine_show(const GlobalOptions& global, const std::string& id) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  pipeline::Item row;
  if (const int code = find_quarantined(*session, id, row); code != kOk) return code;
  if (global.json)
    print_line(row_json(row));
  else
    print_found(row);
  return kOk;
}

int quarantine_discard(const GlobalOptions& global, const QuarantineQuery& query, bool yes) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  Chosen chosen;
  exit_code = for_each_chosen(*session, query, [&](pipeline::Item& row) -> base::Result<bool> {
    if (is_claimed(*session, row)) {
      print_error(short_id(row) + " is left as it is: another command is sending it");
      return true;
    }
    pipeline::Item& kept = chosen.rows.emplace_back();
    for (const auto& [name, value] : row)
      if (name != quarantine::kBody) kept.append(name) = value;
    ++chosen.reasons[text_at(row, quarantine::kReason)];
    return true;
  });
  if (exit_code != kOk) return exit_code;
  if (!yes && !chosen.rows.empty()) exit_code = ask_to_discard(*session, chosen);
  if (exit_code != kOk) return exit_code;
  uint64_t discarded = 0;
  for (pipeline::Item& row : chosen.rows) {
    const auto done = set_state(*session, row, quarantine::kDiscarded);
    if (!done.has_value()) return print_failure("order " + short_id(row), done.error());
    discarded += *done;
    if (!*done) print_error(short_id(row) + " has changed meanwhile and is left as it is");
  }
  print_line(global.json ? fmt::format("{{\"discarded\":{}}}", discarded)
                         : fmt::format("{} orders are discarded", discarded));
  return kOk;
}

}  // namespace cli
