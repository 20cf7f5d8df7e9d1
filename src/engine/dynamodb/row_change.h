// Writing one item: its row, the entries of the table's indexes and the counters, all in one batch. Called with the
// table's mutex held shared and the mutex of the item's stripe held.
#pragma once

#include "engine/dynamodb/capacity.h"
#include "engine/dynamodb/item_codec.h"
#include "engine/dynamodb/table.h"
#include "store/kv_store.h"

namespace engine::dynamodb {

// Adds the change from `before` to `after` (each null if there is no item) of the item `key` to `batch`, and updates
// the stripe's counters, which put_counts() then writes. `after_bytes` is item_size(*after). Cannot fail, so call it
// when nothing else can. Adds what the write costs to `units`. `store` tells what an index that is being filled has.
void stage_row(store::WriteBatch& batch, store::KvStore& store, Table& table, Stripe& stripe, const ItemKey& key,
               const StoredItem* before, const Item* after, std::size_t after_bytes, Units& units);
// Adds the stripe's counters to the batch; once per stripe and batch.
void put_counts(store::WriteBatch& batch, const Table& table, std::size_t stripe_index);

// Whether the item has an entry in the index. Items from before the index may have attributes that cannot be its keys;
// like those without keys they are in no index (Developer Guide, "Detecting and correcting index key violations").
bool belongs_in(const Index& index, const Item& item);
// Adds the entry of `item` in `index` to the batch and the counters, if it belongs there and is not there yet.
void stage_missing_entry(store::WriteBatch& batch, store::KvStore& store, const Table& table, const Index& index,
                         Stripe& stripe, const ItemKey& key, const Item& item);

// Whether the change from `before` to `after` (null: no item) alters the entry that the item has in the index.
bool changes_entry(const Table& table, const Index& index, const Item* before, const Item* after);

// An attribute of an item that is a key of an index and cannot be one: by its type, because it is empty or too large.
struct IndexKeyFault {
  enum class Kind { type, empty, size } kind;
  const Index* index;
  bool is_hash;
  const AttributeValue* value;
};
std::optional<IndexKeyFault> find_index_key_fault(const Table& table, const Item& item);
// Checks that there is none in an item that is put.
base::Result<void> check_index_keys(const Table& table, const Item& item);

}  // namespace engine::dynamodb
