// till quarantine replay, till quarantine fix.
#include <fmt/format.h>

#include "base/encoding.h"
#include "cli/definition_guard.h"
#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/order_commands.h"
#include "cli/output.h"
#include "cli/settle.h"
#include "os/environment.h"
#include "os/foreground.h"
#include "pipeline/json_edit.h"
#include "pipeline/record_splitter.h"
#include "pipeline/transaction.h"

namespace cli {
namespace {

namespace quarantine = pipeline::quarantine;

// What a row may hold, but for its other attributes: DynamoDB's limit is 400 KB.
constexpr std::size_t kTextsBytesMax = 380'000;

// What has become of the rows that were chosen.
struct Replayed {
  bool dry_run = false;
  bool json = false;
  uint64_t sent = 0;
  uint64_t refused = 0;  // would be, in a dry run
  uint64_t skipped = 0;
  std::string list = {};  // JSON

  void tell(const pipeline::Item& row, std::string_view outcome, const std::string& why) {
    if (json)
      list +=
          fmt::format("{}{{\"id\":{},\"outcome\":{},\"why\":{}}}", list.empty() ? "" : ",",
                      json_text(pipeline::text_of(row, quarantine::kBodySha256)), json_text(outcome), json_text(why));
    else if (dry_run)
      print_line(fmt::format("{}  {}: {}", short_id(row), outcome, why));
    else
      print_error(fmt::format("{} {}: {}", short_id(row), outcome, why));
  }
};

// What the session's definition says of the record.
void foretell(const pipeline::TransactionReader& reader, const pipeline::Item& row, const std::string& record,
              Replayed& replayed) {
  const auto order = reader.read(record);
  ++(order.has_value() ? replayed.sent : replayed.refused);
  if (!order.has_value())
    return replayed.tell(row, "refused", fmt::format("{}: {}", order.error().reason, order.error().message));
  const bool was_taken = pipeline::text_of(row, quarantine::kReason) == pipeline::reason::kDuplicateConflict;
  replayed.tell(row, "order", order->transaction_id + (was_taken ? ", unless that id is taken still" : ""));
}

std::string summary_of(const Replayed& replayed) {
  if (replayed.json)
    return fmt::format("{{\"dry_run\":{},\"{}\":{},\"refused\":{},\"skipped\":{},\"records\":[{}]}}", replayed.dry_run,
                       replayed.dry_run ? "orders" : "sent", replayed.sent, replayed.refused, replayed.skipped,
                       replayed.list);
  if (replayed.dry_run)
    return fmt::format("{} would be orders, {} would be refused again, {} cannot be sent; nothing was sent",
                       replayed.sent, replayed.refused, replayed.skipped);
  return fmt::format("{} sent again; what is refused again comes back to quarantine", replayed.sent);
}

// The record as the user wants it. kOk, or the user has been told.
int edited(const std::string& record, std::string& text) {
  std::string editor;
  for (const char* name : {"VISUAL", "EDITOR"})
    if (editor.empty()) editor = os::environment(name).value_or("");
  if (editor.empty()) {
    print_error("quarantine fix: there is no editor: set EDITOR, or say --set /pointer=value");
    return kUsage;
  }
  const std::string shown = (pipeline::is_json(record) ? pipeline::json_indented(record) : record) + "\n";
  auto written = os::edit(editor, shown);
  if (!written.has_value()) {
    print_error("quarantine fix: " + written.error());
    return kFailed;
  }
  if (*written == shown) {
    print_error("quarantine fix: nothing was changed, so nothing is sent; `till quarantine replay` sends it as it is");
    return kFailed;
  }
  text = std::move(*written);
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return kOk;
}

// The same by POINTER=VALUE.
int changed(const std::string& record, const std::vector<std::string>& changes, std::string& text) {
  if (!pipeline::is_json(record)) {
    print_error(
        "quarantine fix: the record is no JSON, in which --set could change anything; without it an editor opens");
    return kFailed;
  }
  text = record;
  for (const std::string& change : changes) {
    const std::size_t at = change.find('=');
    const auto path = pipeline::FieldPath::parse(std::string_view(change).substr(0, at));
    if (at == std::string::npos || !path.has_value()) {
      print_error(fmt::format("--set: not /pointer=value: {}{}", change, path.has_value() ? "" : ": " + path.error()));
      return kUsage;
    }
    const std::string value = change.substr(at + 1);
    auto set = pipeline::json_set(text, *path, pipeline::is_json(value) ? value : json_text(value));
    if (!set.has_value()) {
      print_error(fmt::format("--set {}: {}", change, set.error()));
      return kFailed;
    }
    text = std::move(*set);
  }
  return kOk;
}

// Why this text cannot be sent in the record's place, for people; empty if it can.
std::string objection(const pipeline::Item& row, const std::string& text,
                      const std::expected<pipeline::Transaction, pipeline::Rejection>& order) {
  if (!order.has_value())
    return fmt::format("it would be refused still: {}: {}", order.error().reason, order.error().message);
  if (text.size() > pipeline::kOrderBytesMax) return "it is larger than a message may be";
  const std::size_t old = pipeline::text_of(row, quarantine::kBody).size();
  if (old + text.size() > kTextsBytesMax)
    return "the record and what it is to be are larger together than a row may be; mend it in its document";
  return "";
}

// Sends another text in the row's place. The row is claimed first: of two who mend the same order one is told. A crash
// in between leaves it SENDING, and to mend it once more does no harm, because the source says that it is the same
// order.
base::Result<bool> send_instead(Session& session, pipeline::Item& row, const std::string& text) {
  TRY_ASSIGN(const bool claimed, set_state(session, row, quarantine::kSending, text));
  if (!claimed) return false;
  TRY(send_order(session, row, text));
  return set_state(session, row, quarantine::kFixed);
}

// Sends `text` in the row's place.
int send_fixed(Session& session, const GlobalOptions& global, pipeline::Item& row, const std::string& text,
               const pipeline::Transaction& order) {
  const bool as_it_was = text == pipeline::text_of(row, quarantine::kBody);
  const auto done = as_it_was ? send_again(session, row, text) : send_instead(session, row, text);
  if (!done.has_value()) return print_failure("order " + short_id(row), done.error());
  if (!*done) {
    print_error(short_id(row) + " was changed by somebody else at the same time; look at it again");
    return kFailed;
  }
  print_line(global.json ? fmt::format("{{\"id\":{},\"transaction_id\":{}}}",
                                       json_text(pipeline::text_of(row, quarantine::kBodySha256)),
                                       json_text(order.transaction_id))
                         : fmt::format("{} is on its way as order {}", short_id(row), order.transaction_id));
  Interruption interruption(session.env());
  return settle_orders(session, interruption);
}

}  // namespace

int quarantine_replay(const GlobalOptions& global, const QuarantineQuery& query, bool dry_run) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  const pipeline::TransactionReader reader(session->definition().mapping);
  Replayed replayed{.dry_run = dry_run, .json = global.json};
  Interruption interruption(session->env());
  exit_code = for_each_chosen(*session, query, [&](pipeline::Item& row) -> base::Result<bool> {
    const auto record = record_of(row);
    if (!record.has_value()) {
      ++replayed.skipped;
      replayed.tell(row, "cannot be sent", record.error());
    } else if (is_claimed(*session, row)) {
      ++replayed.skipped;
      replayed.tell(row, "is left as it is", "another command is sending it");
    } else if (dry_run) {
      foretell(reader, row, *record, replayed);
    } else {
      TRY_ASSIGN(const bool sent, send_again(*session, row, *record));
      ++(sent ? replayed.sent : replayed.skipped);
      if (sent && global.json) replayed.tell(row, "sent", "");
      if (!sent) replayed.tell(row, "is left as it is", "it has changed meanwhile");
    }
    return !interruption.requested();
  });
  if (exit_code != kOk) return exit_code;
  print_line(summary_of(replayed));
  if (replayed.sent > 0 && !dry_run) exit_code = settle_orders(*session, interruption);
  if (interruption.requested()) return kInterrupted;
  return exit_code == kOk && replayed.skipped == 0 && replayed.refused == 0 ? kOk : kCheckFailed;
}

int quarantine_fix(const GlobalOptions& global, const std::string& id, const std::vector<std::string>& changes) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  pipeline::Item row;
  exit_code = check_same_definition(*session);
  if (exit_code == kOk) exit_code = find_quarantined(*session, id, row);
  if (exit_code != kOk) return exit_code;
  const auto record = record_of(row);
  if (is_done(row) || is_claimed(*session, row) || !record.has_value()) {
    print_error(fmt::format("{} cannot be fixed: {}", short_id(row),
                            is_done(row)                ? "it is " + state_of(row) + " already"
                            : is_claimed(*session, row) ? "another command is sending it; if that was killed, a minute "
                                                          "later it can be fixed again"
                                                        : record.error()));
    return kFailed;
  }
  std::string text;
  exit_code = changes.empty() ? edited(*record, text) : changed(*record, changes, text);
  if (exit_code != kOk) return exit_code;
  const auto order = pipeline::TransactionReader(session->definition().mapping).read(text);
  std::string why = objection(row, text, order);
  if (why.empty() && text != *record) {
    const auto there = is_quarantined(*session, text);
    if (!there.has_value()) return print_failure("order " + short_id(row), there.error());
    if (*there) why = "that very record is in quarantine, too: fix or replay that one";
  }
  if (!why.empty()) {
    print_error(fmt::format("{}: {}. Nothing was sent, and nothing has changed", short_id(row), why));
    if (changes.empty()) print_error("what you wrote was:\n" + text);
    return kCheckFailed;
  }
  return send_fixed(*session, global, row, text, *order);
}

}  // namespace cli
