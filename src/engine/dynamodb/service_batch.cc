// BatchGetItem and BatchWriteItem: many items, each read or written by itself.
#include <algorithm>
#include <set>

#include "engine/dynamodb/admission.h"
#include "engine/dynamodb/item_request.h"
#include "engine/dynamodb/projection.h"
#include "engine/dynamodb/service.h"

namespace engine::dynamodb {

namespace {

struct Change {
  ItemKey key;
  const Item* item = nullptr;  // null: delete
  std::size_t bytes = 0;
};

base::Result<void> check_write_request(wire::WriteRequest& request) {
  const bool puts = request.put_request.has_value();
  if (puts == request.delete_request.has_value())
    return invalid(puts ? "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
                          "supported datatypes"
                        : "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  auto& map = puts ? request.put_request->item : request.delete_request->key;
  if (!map)
    return invalid("1 validation error detected: Value null failed to satisfy constraint: Member must not be null");
  TRY(validate_item(*map));
  if (puts && item_size(*map) > kItemBytesMax) return invalid("Item size has exceeded the maximum allowed size");
  return {};
}

base::Result<Change> plan_change(const Table& table, const wire::WriteRequest& request) {
  Change change;
  if (!request.put_request) {
    TRY_ASSIGN(change.key, key_of_request(table.schema, *request.delete_request->key));
    return change;
  }
  change.item = &*request.put_request->item;
  auto key = key_of_item(table.schema, *change.item);
  // In batches AWS says the same for all mismatches.
  if (!key && (key.error().message.find("Missing the key") != std::string::npos ||
               key.error().message.find("Type mismatch for key") != std::string::npos))
    return invalid("The provided key element does not match the schema");
  if (!key) return std::unexpected(std::move(key).error());
  change.key = std::move(*key);
  TRY(check_index_keys(table, *change.item));
  change.bytes = item_size(*change.item);
  return change;
}

std::string identity(const ItemKey& key) {
  return std::to_string(key.partition.size()) + ":" + key.partition + key.sort;
}

// The same text for maps that say the same in another order.
std::string identity(const Item& key) {
  std::vector<const Item::Entry*> entries;
  for (const Item::Entry& entry : key) entries.push_back(&entry);
  std::ranges::sort(entries, {}, [](const Item::Entry* entry) -> const std::string& { return entry->first; });
  Item sorted;
  for (const Item::Entry* entry : entries) sorted.append(entry->first) = entry->second;
  return encode_item(sorted, 0);
}

base::Result<void> check_keys(wire::KeysAndAttributes& part, const std::string& table_name) {
  if (!part.keys || part.keys->empty())
    return invalid_parameters("The list of keys to read must not be empty: " + table_name);
  std::set<std::string> seen;
  for (Item& key : *part.keys) {
    TRY(validate_item(key));
    if (!seen.insert(identity(key)).second) return invalid("Provided list of item keys contains duplicates");
  }
  return {};
}

// BatchGetItem of the keys of one table on its way.
struct TableRead {
  const wire::KeysAndAttributes* part = nullptr;
  std::optional<BoundExpression> projection;
  std::vector<ItemKey> keys;
};

// How much of a BatchGetItem is done, over all its tables.
struct BatchProgress {
  std::size_t bytes = 0;
  bool full = false;  // what does not fit into 16 MB is handed back, and all that follows
  std::size_t read = 0;
  std::optional<base::AwsError> throttled;
};

void hand_back(const TableRead& work, std::size_t i, wire::KeysAndAttributes& left) {
  if (!left.keys) {
    left = *work.part;
    left.keys.emplace();
  }
  left.keys->push_back((*work.part->keys)[i]);
}

}  // namespace

base::Result<wire::BatchWriteItemOutput> DynamoDbService::batch_write_item(Call& call, wire::BatchWriteItemInput in) {
  std::size_t requests = 0;
  if (!in.request_items || in.request_items->empty())
    return invalid("The requestItems parameter is required for BatchWriteItem");
  for (auto& [name, list] : *in.request_items) requests += list.size();
  if (requests == 0 || requests > kBatchWriteItemsMax)
    return invalid(requests == 0 ? "The batch write request list for a table cannot be null or empty"
                                 : "Too many items requested for the BatchWriteItem call");
  for (auto& [name, list] : *in.request_items)
    for (wire::WriteRequest& request : list) TRY(check_write_request(request));

  // Everything is checked before anything is written. Tables are taken one after the other, so no two are held at once.
  std::vector<std::pair<TablePtr, std::vector<Change>>> plans;
  std::set<std::pair<uint64_t, std::string>> seen;
  for (const auto& [name, list] : *in.request_items) {
    TRY_ASSIGN(const TableUse table, use_table(call, name));
    TRY(check_collection_metrics(*table, in.return_item_collection_metrics));
    auto& [planned, changes] = plans.emplace_back(table.table, std::vector<Change>());
    for (const wire::WriteRequest& request : list) {
      TRY_ASSIGN(changes.emplace_back(), plan_change(*table, request));
      if (!seen.emplace(table->number, identity(changes.back().key)).second)
        return invalid("Provided list of item keys contains duplicates");
    }
  }

  wire::BatchWriteItemOutput out;
  out.unprocessed_items.emplace();
  std::size_t written = 0;
  std::optional<base::AwsError> throttled;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto& [name, list] = in.request_items->at(i);
    Table& table = *plans[i].first;
    Units units;
    const std::size_t written_before = written;
    for (std::size_t k = 0; k < list.size(); ++k) {
      const Change& change = plans[i].second[k];
      const std::shared_lock lock(table.mutex);  // let go after each item
      // The definition may have changed since the check: such items are handed back, and the caller tries again.
      if (table.deleted || (change.item != nullptr && !check_index_keys(table, *change.item))) {
        (*out.unprocessed_items)[name].push_back(list[k]);
        continue;
      }
      const std::lock_guard stripe_lock(table.stripe_of(change.key).mutex);
      const auto before = load_item(table, change.key);
      auto admitted = admit_write(table, call.context.now);
      if (admitted)
        admitted = admit_index_writes(table, before ? &before->attributes : nullptr, change.item, call.context.now);
      if (!admitted) {
        throttled = std::move(admitted).error();
        (*out.unprocessed_items)[name].push_back(list[k]);
        continue;
      }
      ++written;
      write_item(table, change.key, before ? &*before : nullptr, change.item, change.bytes, units);
    }
    {
      const std::shared_lock lock(table.mutex);
      settle_write(table, units, call.context.now, written - written_before);
    }
    if (auto consumed = consumed_capacity(in.return_consumed_capacity, name, units)) {
      if (!out.consumed_capacity) out.consumed_capacity.emplace();
      out.consumed_capacity->push_back(std::move(*consumed));
    }
  }
  // The part that does not fit is handed back; only if nothing fits the request fails (API reference, BatchWriteItem).
  if (written == 0 && throttled) return std::unexpected(std::move(*throttled));
  return out;
}

base::Result<wire::BatchGetItemOutput> DynamoDbService::batch_get_item(Call& call, wire::BatchGetItemInput in) {
  std::size_t keys = 0;
  if (!in.request_items || in.request_items->empty())
    return invalid("The requestItems parameter is required for BatchGetItem");
  for (auto& [name, part] : *in.request_items) keys += part.keys ? part.keys->size() : 0;
  if (keys > kBatchGetKeysMax) return invalid("Too many items requested for the BatchGetItem call");
  for (auto& [name, part] : *in.request_items) TRY(check_keys(part, name));

  wire::BatchGetItemOutput out;
  out.responses.emplace();
  out.unprocessed_keys.emplace();
  BatchProgress progress;
  for (auto& [name, part] : *in.request_items) {
    TableRead work{&part, std::nullopt, {}};
    std::optional<aws::Map<AttributeValue>> no_values;
    ExpressionBinder binder(expressions_, part.expression_attribute_names, no_values);
    TRY(binder.check({{ExpressionKind::projection, part.projection_expression.has_value()}}));
    TRY_ASSIGN(work.projection, bind_if_given(binder, ExpressionKind::projection, part.projection_expression));
    TRY(binder.check_all_used());
    TRY_ASSIGN(TableUse table, use_table(call, name));
    TRY(check_key_paths(*table, work.projection));
    for (const Item& key : *part.keys) {
      TRY_ASSIGN(work.keys.emplace_back(), key_of_request(table->schema, key));
    }
    Units units;
    const bool consistent = part.consistent_read.value_or(false);
    const std::size_t read_before = progress.read;
    auto& found = (*out.responses)[name];
    for (std::size_t i = 0; i < work.keys.size(); ++i) {
      // Items are read without the table's lock: nothing of it that changes tells where they are.
      table.lock.unlock();
      std::optional<StoredItem> item;
      if (!progress.full) item = load_item(*table, work.keys[i]);
      table.lock.lock();
      const std::size_t bytes = item ? item->size_bytes : 0;
      progress.full = progress.full || progress.bytes + bytes > kBatchGetBytesMax;
      auto admitted = progress.full ? base::Result<void>() : admit_read(*table, nullptr, consistent, call.context.now);
      if (!admitted) progress.throttled = std::move(admitted).error();
      if (progress.full || !admitted) {
        hand_back(work, i, (*out.unprocessed_keys)[name]);
        continue;
      }
      ++progress.read;
      units.table += read_units(bytes, consistent);
      if (!item) continue;
      progress.bytes += bytes;
      found.push_back(work.projection ? project(item->attributes, work.projection->target_paths())
                                      : std::move(item->attributes));
    }
    settle_read(*table, nullptr, consistent, units, call.context.now, progress.read - read_before);
    if (auto consumed = consumed_capacity(in.return_consumed_capacity, name, units)) {
      if (!out.consumed_capacity) out.consumed_capacity.emplace();
      out.consumed_capacity->push_back(std::move(*consumed));
    }
  }
  if (progress.read == 0 && progress.throttled) return std::unexpected(std::move(*progress.throttled));
  return out;
}

}  // namespace engine::dynamodb
