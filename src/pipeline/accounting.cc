#include "pipeline/accounting.h"

#include <algorithm>

#include "base/encoding.h"
#include "pipeline/document_reader.h"
#include "pipeline/notifier.h"
#include "pipeline/patience.h"

namespace pipeline {
namespace {

constexpr std::size_t kKeysMax = 100;  // of one BatchGetItem
constexpr int kFixesMax = 20;          // of one order, each of which was refused and fixed again

}  // namespace

struct Accounting::Order {
  std::string source;
  uint64_t index;
  std::string body_sha256;
  std::string transaction_id;  // empty: the order is not acceptable
  std::string payload_sha256;
  std::optional<base::Decimal> version;
  int fixes = 0;  // how often it was sent in again as something else

  [[nodiscard]] bool is_superseded_by(const Item& row) const {
    const auto other = base::Decimal::parse(text_of(row, orders::kVersion));
    return version.has_value() && other.has_value() && *version < *other;
  }
};

Accounting::Accounting(aws::dynamodb::DynamoDb& dynamodb, base::Env& env, const PipelineConfig& config,
                       const Definition& definition)
    : dynamodb_(dynamodb), env_(env), config_(config), documents_(definition.documents), reader_(definition.mapping) {}

base::Result<Tally> Accounting::count(std::string_view upload_id, const std::vector<std::string>& earlier_uploads,
                                      base::Timestamp uploaded_at,
                                      const std::function<void(std::string&)>& read_piece) {
  uploaded_at_ = uploaded_at;
  earlier_uploads_ = earlier_uploads;
  Tally tally;
  DocumentReader document(documents_);
  std::vector<Order> orders;
  for (bool last = false; !last;) {
    std::string piece;
    read_piece(piece);
    last = piece.empty();
    document.feed(piece);
    if (last) document.finish();
    while (const auto read = document.next()) {
      Order& order = orders.emplace_back();
      order.source = source_of(upload_id, read->index);
      order.index = read->index;
      describe(read->text, !read->too_long, order);
      while (orders.size() == kKeysMax) TRY(settle(orders, tally));
    }
  }
  while (!orders.empty()) TRY(settle(orders, tally));
  return tally;
}

base::Result<Accounting::Rows> Accounting::fetch(const std::string& table, std::string_view key,
                                                 const std::vector<std::string>& keys) {
  Rows rows;
  std::vector<aws::Map<aws::dynamodb::AttributeValue>> wanted;
  for (const std::string& value : keys) {
    if (rows.try_emplace(value).second) wanted.emplace_back()[key] = text(value);
  }
  rows.clear();
  if (wanted.empty()) return rows;
  // What an answer leaves out is asked for again after a pause
  // (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
  Patience patience(env_, {});
  TRY(patience.wait_until("the keys that table " + table + " leaves unprocessed", [&]() -> base::Result<bool> {
    aws::dynamodb::BatchGetItemInput get;
    auto& request = get.request_items.emplace()[table];
    request.keys = std::move(wanted);
    request.consistent_read = true;
    wanted.clear();
    aws::Context context = call_context(env_);
    TRY_ASSIGN(auto got, dynamodb_.batch_get_item(context, std::move(get)));
    if (got.responses.has_value()) {
      for (Item& row : (*got.responses)[table]) {
        std::string id(text_of(row, key));
        rows.emplace(std::move(id), std::move(row));
      }
    }
    if (got.unprocessed_keys.has_value() && got.unprocessed_keys->contains(table))
      wanted = (*got.unprocessed_keys)[table].keys.value_or(decltype(wanted)());
    return wanted.empty();
  }));
  return rows;
}

// What the order of this text would be known by.
void Accounting::describe(std::string_view text, bool readable, Order& order) const {
  order.body_sha256 = base::hex_encode(base::sha256(text));
  const auto parsed = reader_.read(text);
  const bool is_order = parsed.has_value() && readable;
  order.transaction_id = is_order ? parsed->transaction_id : "";
  order.payload_sha256 = is_order ? parsed->payload_sha256 : "";
  order.version = is_order ? parsed->version : std::nullopt;
}

// The order as it was sent in again, if it was refused and fixed.
std::optional<Accounting::Order> Accounting::fixed(const Order& order, const Rows& quarantined) const {
  const auto row = quarantined.find(order.body_sha256);
  if (order.fixes == kFixesMax || row == quarantined.end() ||
      text_of(row->second, quarantine::kState) != quarantine::kFixed ||
      origin_of(text_of(row->second, quarantine::kSource), order) == Origin::other)
    return std::nullopt;
  Order out = order;
  ++out.fixes;
  describe(text_of(row->second, quarantine::kFixedBody), /*readable=*/true, out);
  return out;
}

// Leaves in `orders` those that were fixed, as they were sent in again.
base::Result<void> Accounting::settle(std::vector<Order>& orders, Tally& tally) {
  std::vector<std::string> ids;
  for (const Order& order : orders) {
    if (!order.transaction_id.empty()) ids.push_back(order.transaction_id);
  }
  TRY_ASSIGN(const Rows accepted, fetch(config_.orders_table, orders::kTransactionId, ids));
  // Only what is not explained by the orders table can be in quarantine.
  std::vector<std::string> hashes;
  for (const Order& order : orders) {
    const auto row = accepted.find(order.transaction_id);
    if (row == accepted.end() || !is_row_of(row->second, order)) hashes.push_back(order.body_sha256);
  }
  TRY_ASSIGN(const Rows quarantined, fetch(config_.quarantine_table, quarantine::kBodySha256, hashes));
  std::vector<Order> again;
  for (const Order& order : orders) {
    if (auto sent_again = fixed(order, quarantined); sent_again.has_value())
      again.push_back(*std::move(sent_again));
    else
      classify(order, accepted, quarantined, tally);
  }
  orders = std::move(again);
  return {};
}

Accounting::Origin Accounting::origin_of(std::string_view source, const Order& order) const {
  if (source == order.source) return Origin::this_upload;
  const bool earlier = std::ranges::any_of(
      earlier_uploads_, [&](const std::string& upload) { return source == source_of(upload, order.index); });
  return earlier ? Origin::earlier_upload : Origin::other;
}

// A stage of somebody's own may store more or other things than the record has; the source tells whose row it is.
bool Accounting::is_row_of(const Item& row, const Order& order) const {
  return text_of(row, orders::kPayloadSha256) == order.payload_sha256 ||
         origin_of(text_of(row, orders::kSource), order) != Origin::other;
}

void Accounting::classify(const Order& order, const Rows& accepted, const Rows& quarantined, Tally& tally) {
  ++tally.read;
  const auto row = accepted.find(order.transaction_id);
  if (row != accepted.end() && is_row_of(row->second, order)) {
    const Origin origin = origin_of(text_of(row->second, orders::kSource), order);
    if (origin == Origin::other) {
      ++tally.duplicates;
      return;
    }
    ++tally.accepted;
    tally.updated += row->second.contains(orders::kUpdates);
    tally.by_earlier_uploads += origin == Origin::earlier_upload;
    const auto stored_at = base::from_epoch_milliseconds(number_of(row->second, orders::kStoredAt).value_or(0));
    const int64_t late = std::chrono::floor<std::chrono::milliseconds>(stored_at - uploaded_at_).count();
    if (origin == Origin::this_upload)
      tally.latencies_ms.push_back(static_cast<uint32_t>(std::clamp<int64_t>(late, 0, UINT32_MAX)));
    const std::string_view state = text_of(row->second, orders::kNotifyState);
    tally.large_orders_notified += state == orders::kSent;
    tally.large_orders_pending += state == orders::kPending;
    return;
  }
  if (row != accepted.end() && order.is_superseded_by(row->second)) {
    ++tally.superseded;
    return;
  }
  const auto bad = quarantined.find(order.body_sha256);
  if (bad == quarantined.end()) {
    ++tally.missing;
    return;
  }
  const Origin origin = origin_of(text_of(bad->second, quarantine::kSource), order);
  if (origin == Origin::other) {
    ++tally.duplicates;
    tally.refused_before += text_of(bad->second, quarantine::kState) != quarantine::kFixed;
    return;
  }
  if (text_of(bad->second, quarantine::kState) == quarantine::kDiscarded)
    ++tally.discarded;
  else
    ++tally.quarantined[std::string(text_of(bad->second, quarantine::kReason))];
  tally.by_earlier_uploads += origin == Origin::earlier_upload;
}

}  // namespace pipeline
