#include "like_aws/eventual_reads.h"

#include <algorithm>

#include "like_aws/names.h"

namespace like_aws {
namespace {

namespace api = aws::dynamodb;

// Of a table. From the first number on what is over is looked for, at the second what is known of the past is
// forgotten.
constexpr std::size_t kVersionsSwept = 256;
constexpr std::size_t kVersionsMax = 1024;

// The key's values, each with its type and length before it, so that no two keys make the same text; empty if one is
// missing.
std::string key_text(const aws::Map<api::AttributeValue>& item, const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    const api::AttributeValue* value = item.find(name);
    if (value == nullptr || !(value->is_s() || value->is_n() || value->is_b())) return {};
    const std::string& text = value->is_s() ? value->s() : value->is_n() ? value->n() : value->b();
    out.append(value->is_s() ? "S" : value->is_n() ? "N" : "B").append(std::to_string(text.size())).append(":");
    out.append(text);
  }
  return out;
}

const aws::Map<api::AttributeValue>& item_of(const api::PutItemInput& in) {
  return *in.item;
}
template <class In>
const aws::Map<api::AttributeValue>& item_of(const In& in) {
  return *in.key;
}
bool has_item(const api::PutItemInput& in) {
  return in.item.has_value();
}
template <class In>
bool has_item(const In& in) {
  return in.key.has_value();
}

}  // namespace

std::vector<std::string> EventualReads::key_names(const Call& call, const std::string& table) {
  const std::string key = call.regional(table);
  {
    const std::lock_guard lock(mutex_);
    const auto found = tables_.find(key);
    if (found != tables_.end()) return found->second.key_names;
  }
  aws::Context context = call.context;
  api::DescribeTableInput describe;
  describe.table_name = table;
  const auto described = dynamodb_.describe_table(context, std::move(describe));
  std::vector<std::string> names;
  if (!described || !described->table || !described->table->key_schema) return names;
  for (const auto& element : *described->table->key_schema) names.push_back(element.attribute_name.value_or(""));
  const std::lock_guard lock(mutex_);
  tables_[key].key_names = names;
  return names;
}

void EventualReads::remember(const Call& call, const std::string& table, const Item& item, Past past) {
  const std::string key = key_text(item, key_names(call, table));
  if (key.empty()) return;
  const std::lock_guard lock(mutex_);
  auto& versions = tables_[call.regional(table)].versions;
  const base::Timestamp now = call.context.now;
  if (versions.size() >= kVersionsSwept)
    std::erase_if(versions, [now](const auto& each) { return each.second.until + kStaleFor <= now; });
  if (versions.size() >= kVersionsMax) versions.clear();
  versions.insert_or_assign(key, Version{std::move(past), now});
}

std::optional<EventualReads::Past> EventualReads::past_of(const Call& call, const std::string& table,
                                                          const Item& item) {
  const std::string key = key_text(item, key_names(call, table));
  const std::lock_guard lock(mutex_);
  const auto found_table = tables_.find(call.regional(table));
  if (key.empty() || found_table == tables_.end()) return std::nullopt;
  auto& versions = found_table->second.versions;
  const auto found = versions.find(key);
  if (found == versions.end()) return std::nullopt;
  if (found->second.until + kStaleFor > call.context.now) return found->second.past;
  versions.erase(found);
  return std::nullopt;
}

void EventualReads::forget(const std::string& table) {
  const std::lock_guard lock(mutex_);
  tables_.erase(table);
}

// What the write replaces is known exactly, because DynamoDB itself answers with it.
template <class In, class Out>
base::Result<void> EventualReads::write(Call& call, const CarryOut& carry_out) {
  auto& in = call.input<In>();
  const std::string asked = in.return_values.value_or("NONE");
  if ((asked != "NONE" && asked != "ALL_OLD") || !has_item(in)) return carry_out();
  const std::string table = table_name(in.table_name.value_or(""));
  const Item item = item_of(in);
  in.return_values = "ALL_OLD";
  TRY(carry_out());
  auto& old = call.output<Out>().attributes;
  remember(call, table, item, old);
  if (asked == "NONE") old.reset();
  return {};
}

base::Result<void> EventualReads::get(Call& call, const CarryOut& carry_out) {
  const auto& in = call.input<api::GetItemInput>();
  if (in.consistent_read.value_or(false) || !in.key) return carry_out();
  const std::string table = table_name(in.table_name.value_or(""));
  const bool projected = in.projection_expression.has_value();
  const Item key = *in.key;
  TRY(carry_out());
  if (!conditions_.chance.happens(call, "stale", kStaleReadRate)) return {};
  const auto past = past_of(call, table, key);
  auto& shown = call.output<api::GetItemOutput>().item;
  if (!past || (projected && past->has_value()) || *past == shown) return {};
  shown = *past;
  conditions_.tell(call, "StaleRead", "an item of " + table + (shown ? " as it was" : " that was not there"));
  return {};
}

std::size_t EventualReads::make_stale(const Call& call, const std::string& table, std::vector<Item>& items,
                                      bool projected) {
  std::size_t changed = 0;
  std::erase_if(items, [&](Item& item) {
    const auto past = past_of(call, table, item);
    if (!past || (past->has_value() && (projected || **past == item))) return false;
    ++changed;
    if (!past->has_value()) return true;
    item = **past;
    return false;
  });
  return changed;
}

base::Result<void> EventualReads::batch_get(Call& call, const CarryOut& carry_out) {
  struct Asked {
    std::string name;  // as the request has it
    bool projected;
  };
  std::vector<Asked> asked;
  if (const auto& tables = call.input<api::BatchGetItemInput>().request_items) {
    for (const auto& [name, keys] : *tables) {
      if (!keys.consistent_read.value_or(false)) asked.push_back({name, keys.projection_expression.has_value()});
    }
  }
  TRY(carry_out());
  auto& responses = call.output<api::BatchGetItemOutput>().responses;
  if (!responses || !conditions_.chance.happens(call, "stale", kStaleReadRate)) return {};
  std::size_t changed = 0;
  for (const auto& [name, projected] : asked) {
    if (auto* items = responses->find(name)) changed += make_stale(call, table_name(name), *items, projected);
  }
  if (changed > 0) conditions_.tell(call, "StaleRead", std::to_string(changed) + " items");
  return {};
}

// Of what is found only new items are left out: an earlier version may not have been what is looked for.
template <class In, class Out>
base::Result<void> EventualReads::search(Call& call, const CarryOut& carry_out) {
  const auto& in = call.input<In>();
  const std::string table = table_name(in.table_name.value_or(""));
  const bool is_strong = in.consistent_read.value_or(false);
  TRY(carry_out());
  auto& out = call.output<Out>();
  if (is_strong || !out.items || !conditions_.chance.happens(call, "stale", kStaleReadRate)) return {};
  const auto gone = std::erase_if(*out.items, [&](const Item& item) {
    const auto past = past_of(call, table, item);
    return past && !past->has_value();
  });
  if (gone == 0) return {};
  if (out.count) *out.count -= static_cast<int32_t>(gone);
  if (out.scanned_count) *out.scanned_count -= static_cast<int32_t>(gone);
  conditions_.tell(call, "StaleRead", std::to_string(gone) + " items of " + table + " that were not there");
  return {};
}

base::Result<void> EventualReads::around(Call& call, const CarryOut& carry_out) {
  if (call.is("PutItem")) return write<api::PutItemInput, api::PutItemOutput>(call, carry_out);
  if (call.is("UpdateItem")) return write<api::UpdateItemInput, api::UpdateItemOutput>(call, carry_out);
  if (call.is("DeleteItem")) return write<api::DeleteItemInput, api::DeleteItemOutput>(call, carry_out);
  if (call.is("GetItem")) return get(call, carry_out);
  if (call.is("BatchGetItem")) return batch_get(call, carry_out);
  if (call.is("Query")) return search<api::QueryInput, api::QueryOutput>(call, carry_out);
  if (call.is("Scan")) return search<api::ScanInput, api::ScanOutput>(call, carry_out);
  if (call.is("DeleteTable") || call.is("CreateTable")) forget(call.regional(table_name(call.text("TableName"))));
  return carry_out();
}

}  // namespace like_aws
