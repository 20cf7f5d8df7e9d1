#include "cli/quarantine.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/dynamodb/dynamodb.h"
#include "aws/sqs/sqs.h"
#include "base/encoding.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/row_text.h"
#include "pipeline/message_fit.h"

namespace cli {
namespace {

namespace quarantine = pipeline::quarantine;

constexpr std::size_t kShortId = 12;
constexpr std::size_t kIdMin = 6;
constexpr std::size_t kIdWhole = 64;

std::string id_of(const pipeline::Item& row) {
  return std::string(pipeline::text_of(row, quarantine::kBodySha256));
}

std::string table_of(Session& session) {
  return session.stack().config().quarantine_table;
}

base::Result<std::optional<pipeline::Item>> get_row(Session& session, const std::string& id) {
  aws::dynamodb::GetItemInput get;
  get.table_name = table_of(session);
  get.key.emplace()[quarantine::kBodySha256] = pipeline::text(id);
  get.consistent_read = true;
  aws::Context context = session.stack().site().call();
  TRY_ASSIGN(auto got, session.services().dynamodb.get_item(context, std::move(get)));
  return std::move(got.item);
}

// Those that begin with `prefix`, or some of them if they are many.
base::Result<std::vector<std::string>> ids_with(Session& session, const std::string& prefix) {
  constexpr std::size_t kMany = 5;
  RowFilter filter;
  filter.call("begins_with", quarantine::kBodySha256, prefix);
  auto scan = filter.scan(table_of(session));
  scan.projection_expression = std::string(quarantine::kBodySha256);
  std::vector<std::string> ids;
  TRY(for_each_row(session.stack().site(), scan, [&](pipeline::Item& row) -> base::Result<bool> {
    ids.push_back(id_of(row));
    return ids.size() < kMany;
  }));
  return ids;
}

// What is common to all changes: the row is as it was seen, and nobody has dealt with it.
template <class Input>
void only_if_unchanged(Input& input, Session& session, const pipeline::Item& row, std::string_view state_allowed) {
  input.table_name = table_of(session);
  input.key.emplace()[quarantine::kBodySha256] = pipeline::text(id_of(row));
  const auto changed_at = pipeline::number_of(row, quarantine::kChangedAt);
  input.condition_expression =
      fmt::format("quarantined_at = :seen AND {} AND {}",
                  changed_at.has_value() ? "changed_at = :changed" : "attribute_not_exists(changed_at)", state_allowed);
  input.expression_attribute_names.emplace()["#state"] = quarantine::kState;
  auto& values = input.expression_attribute_values.emplace();
  values[":seen"] = pipeline::number(pipeline::number_of(row, quarantine::kQuarantinedAt).value_or(0));
  if (changed_at.has_value()) values[":changed"] = pipeline::number(*changed_at);
  values[":sending"] = pipeline::text(quarantine::kSending);
}

template <class Output>
base::Result<bool> unless_changed(const base::Result<Output>& done) {
  if (done.has_value()) return true;
  if (done.error().code == "ConditionalCheckFailedException") return false;
  return base::fail(done.error());
}

}  // namespace

std::string short_id(const pipeline::Item& row) {
  return id_of(row).substr(0, kShortId);
}

std::string state_of(const pipeline::Item& row) {
  std::string state(pipeline::text_of(row, quarantine::kState));
  if (state.empty()) return "waiting";
  std::ranges::transform(state, state.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return state;
}

bool is_done(const pipeline::Item& row) {
  const std::string_view state = pipeline::text_of(row, quarantine::kState);
  return !state.empty() && state != quarantine::kSending;
}

bool is_claimed(Session& session, const pipeline::Item& row) {
  constexpr int64_t kClaimMs = 60'000;
  return pipeline::text_of(row, quarantine::kState) == quarantine::kSending &&
         pipeline::number_of(row, quarantine::kChangedAt).value_or(0) + kClaimMs >
             base::to_epoch_milliseconds(session.now());
}

void require_undone(RowFilter& filter) {
  const std::string state = filter.name(quarantine::kState);
  filter.require(
      fmt::format("attribute_not_exists({0}) OR {0} = {1}", state, filter.value(pipeline::text(quarantine::kSending))));
}

std::expected<RowFilter, std::string> filter_of(const QuarantineQuery& query, base::Timestamp now) {
  RowFilter filter;
  if (!query.reason.empty()) filter.compare(quarantine::kReason, "=", pipeline::text(query.reason));
  if (!query.upload.empty()) filter.require_upload(query.upload);
  for (const auto& [option, comparison, text] :
       {std::tuple("--since", ">=", query.since), std::tuple("--until", "<", query.until)}) {
    if (text.empty()) continue;
    auto moment = moment_value(option, text, now);
    if (!moment.has_value()) return std::unexpected(std::move(moment).error());
    filter.compare(quarantine::kQuarantinedAt, comparison, std::move(*moment));
  }
  return filter;
}

int find_quarantined(Session& session, const std::string& id, pipeline::Item& row) {
  std::string prefix = id;
  std::ranges::transform(prefix, prefix.begin(),
                         [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  if (prefix.size() < kIdMin || prefix.size() > kIdWhole ||
      prefix.find_first_not_of("0123456789abcdef") != std::string::npos) {
    print_error(
        fmt::format("not an id: {}; it is at least {} of the digits that `till quarantine list` shows", id, kIdMin));
    return kUsage;
  }
  const auto ids =
      prefix.size() == kIdWhole ? base::Result<std::vector<std::string>>({prefix}) : ids_with(session, prefix);
  if (!ids.has_value()) return print_failure_of("table", table_of(session), ids.error());
  if (ids->size() > 1) {
    std::string some;
    for (const std::string& one : *ids) some += " " + one.substr(0, std::max(kShortId, prefix.size() + 4));
    print_error(
        fmt::format("{} orders in quarantine begin with {}:{}; name more of its digits", ids->size(), prefix, some));
    return kFailed;
  }
  auto got = ids->empty() ? base::Result<std::optional<pipeline::Item>>(std::nullopt) : get_row(session, ids->front());
  if (!got.has_value()) return print_failure_of("table", table_of(session), got.error());
  if (!got->has_value()) {
    print_error(fmt::format("no order in quarantine begins with {}; `till quarantine list` shows them", prefix));
    return kFailed;
  }
  row = std::move(**got);
  return kOk;
}

base::Result<bool> is_quarantined(Session& session, const std::string& text) {
  TRY_ASSIGN(const auto row, get_row(session, base::hex_encode(base::sha256(text))));
  return row.has_value();
}

int for_each_chosen(Session& session, const QuarantineQuery& query,
                    const std::function<base::Result<bool>(pipeline::Item&)>& each) {
  const bool has_filter = !(query.reason.empty() && query.upload.empty() && query.since.empty() && query.until.empty());
  if (query.ids.empty() && !has_filter && !query.all) {
    print_error("say which: ids, --reason, --upload, --since, --until, or --all");
    return kUsage;
  }
  auto filter = filter_of(query, session.now());
  if (!filter.has_value()) {
    print_error(filter.error());
    return kUsage;
  }
  // All of them are looked for before the first is touched.
  std::vector<pipeline::Item> named(query.ids.size());
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (const int code = find_quarantined(session, query.ids[i], named[i]); code != kOk) return code;
    if (!is_done(named[i])) continue;
    print_error(fmt::format("{} is {} already", short_id(named[i]), state_of(named[i])));
    return kFailed;
  }
  base::Result<void> done;
  for (pipeline::Item& row : named) {
    const auto more = each(row);
    if (!more.has_value()) done = base::fail(more.error());
    if (!more.has_value() || !*more) break;
  }
  if (named.empty()) {
    require_undone(*filter);
    done = for_each_row(session.stack().site(), filter->scan(table_of(session)),
                        [&](pipeline::Item& row) { return each(row); });
  }
  return done.has_value() ? static_cast<int>(kOk) : print_failure_of("table", table_of(session), done.error());
}

std::expected<std::string, std::string> record_of(const pipeline::Item& row) {
  const aws::dynamodb::AttributeValue* body = row.find(quarantine::kBody);
  if (body == nullptr) return std::unexpected("its record is gone");
  const std::string& text = body->is_b() ? body->b() : body->s();
  const auto whole = static_cast<std::size_t>(pipeline::number_of(row, quarantine::kBodyBytes).value_or(0));
  if (text.size() < whole) {
    const std::string_view source = pipeline::text_of(row, quarantine::kSource);
    return std::unexpected(
        fmt::format("only the first {} of its {} bytes were kept; `till uploads show {}` tells of its document",
                    text.size(), whole, source.substr(0, source.find('#'))));
  }
  if (body->is_b() || text.empty() || pipeline::unfit_for_queue({.index = 0, .text = std::string(text)}).has_value())
    return std::unexpected("it is empty, or has bytes that no message may carry");
  return text;
}

base::Result<bool> set_state(Session& session, pipeline::Item& row, std::string_view state,
                             const std::string& fixed_body) {
  aws::dynamodb::UpdateItemInput update;
  only_if_unchanged(update, session, row, "(attribute_not_exists(#state) OR #state = :sending)");
  auto& values = *update.expression_attribute_values;
  values[":state"] = pipeline::text(state);
  // Later than what was seen, so that of two who have seen the same only one is first.
  const int64_t now = std::max(base::to_epoch_milliseconds(session.now()),
                               pipeline::number_of(row, quarantine::kChangedAt).value_or(0) + 1);
  values[":now"] = pipeline::number(now);
  std::string expression = "SET #state = :state, changed_at = :now";
  if (!fixed_body.empty()) {
    expression += ", fixed_body = :body";
    values[":body"] = pipeline::text(fixed_body);
  }
  if (state == quarantine::kDiscarded) expression += " REMOVE body";
  update.update_expression = expression;
  aws::Context context = session.stack().site().call();
  TRY_ASSIGN(const bool done, unless_changed(session.services().dynamodb.update_item(context, std::move(update))));
  if (done) row[quarantine::kChangedAt] = pipeline::number(now);
  return done;
}

base::Result<void> send_order(Session& session, const pipeline::Item& row, const std::string& text) {
  aws::sqs::SendMessageRequest send;
  send.queue_url = session.stack().config().queue_url;
  send.message_body = text;
  aws::sqs::MessageAttributeValue source;
  source.data_type = "String";
  source.string_value = pipeline::text_of(row, quarantine::kSource);
  send.message_attributes.emplace()["source"] = std::move(source);
  aws::Context context = session.stack().site().call();
  TRY(session.services().sqs.send_message(context, std::move(send)));
  return {};
}

base::Result<bool> send_again(Session& session, pipeline::Item& row, const std::string& text) {
  TRY_ASSIGN(const bool marked, set_state(session, row, quarantine::kSending));
  if (!marked) return false;
  TRY(send_order(session, row, text));
  aws::dynamodb::DeleteItemInput remove;
  only_if_unchanged(remove, session, row, "#state = :sending");
  aws::Context context = session.stack().site().call();
  TRY(unless_changed(session.services().dynamodb.delete_item(context, std::move(remove))));
  return true;
}

}  // namespace cli
