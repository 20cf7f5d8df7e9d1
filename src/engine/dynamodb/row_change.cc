#include "engine/dynamodb/row_change.h"

#include <algorithm>

#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

namespace {

struct Entry {
  std::string key;
  std::string value;
  std::size_t bytes = 0;
};

std::optional<IndexKeyFault::Kind> fault_of(const AttributeValue& value, std::string_view type, bool is_hash) {
  if (type_name(value) != type) return IndexKeyFault::Kind::type;
  if (value.is_n()) return std::nullopt;
  const std::size_t bytes = value_size(value);
  if (bytes == 0) return IndexKeyFault::Kind::empty;
  if (bytes > (is_hash ? kHashKeyBytesMax : kRangeKeyBytesMax)) return IndexKeyFault::Kind::size;
  return std::nullopt;
}

Item projected_attributes(const Table& table, const Index& index, const Item& item) {
  if (index.projection_type == "ALL") return item;
  Item projected;
  copy_key(table.schema, item, projected);
  copy_key(index.schema, item, projected);
  for (const std::string& name : index.non_key_attributes)
    if (const AttributeValue* value = item.find(name); value != nullptr && !projected.contains(name))
      projected.append(name) = *value;
  return projected;
}

std::optional<Entry> entry_of(const Table& table, const Index& index, const ItemKey& key, const Item& item) {
  if (!belongs_in(index, item)) return std::nullopt;
  Entry entry;
  entry.key = index_row_key(table.number, index.number, key_of_valid_item(index.schema, item), key);
  if (index.projection_type == "ALL") {
    entry.bytes = item_size(item);
    entry.value = encode_item(item, entry.bytes);
    return entry;
  }
  const Item projected = projected_attributes(table, index, item);
  entry.bytes = item_size(projected);
  entry.value = encode_item(projected, entry.bytes);
  return entry;
}

void count(Stripe& stripe, uint32_t index, int64_t items, int64_t bytes) {
  Count& total = stripe.counts[index];
  total.items += items;
  total.bytes += bytes;
}

// What the write of an index costs: a unit more if the entry moves, nothing if it stays as it is (Developer Guide,
// "Using Global Secondary Indexes", provisioned throughput).
double stage_entry(store::WriteBatch& batch, const Index& index, Stripe& stripe, std::optional<Entry> before,
                   std::optional<Entry> after) {
  double units = 0;
  if (before && after && before->key == after->key) {
    if (before->value == after->value) return 0;
    units = write_units(std::max(before->bytes, after->bytes));
  } else {
    if (before) units += write_units(before->bytes);
    if (after) units += write_units(after->bytes);
    if (before) batch.erase(std::move(before->key));
  }
  if (before) count(stripe, index.number, -1, -static_cast<int64_t>(before->bytes));
  if (!after) return units;
  count(stripe, index.number, 1, static_cast<int64_t>(after->bytes));
  batch.put(std::move(after->key), std::move(after->value));
  return units;
}

// The entry that the index has: one that is being filled may not have come to an item yet.
std::optional<Entry> entry_there(store::KvStore& store, const Table& table, const Index& index, const ItemKey& key,
                                 const Item& item) {
  auto entry = entry_of(table, index, key, item);
  if (entry && index.filling && !store.get(entry->key)) return std::nullopt;
  return entry;
}

}  // namespace

bool belongs_in(const Index& index, const Item& item) {
  const auto fits = [&](const std::string& name, const std::string& type, bool is_hash) {
    const AttributeValue* value = item.find(name);
    return value != nullptr && !fault_of(*value, type, is_hash);
  };
  const KeySchema& schema = index.schema;
  return fits(schema.hash, schema.hash_type, true) &&
         (!schema.has_range() || fits(schema.range, schema.range_type, false));
}

void stage_row(store::WriteBatch& batch, store::KvStore& store, Table& table, Stripe& stripe, const ItemKey& key,
               const StoredItem* before, const Item* after, std::size_t after_bytes, Units& units) {
  const std::size_t before_bytes = before == nullptr ? 0 : before->size_bytes;
  units.table += write_units(std::max(before_bytes, after == nullptr ? 0 : after_bytes));
  for (const Index& index : table.indexes) {
    auto old_entry = before == nullptr ? std::nullopt : entry_there(store, table, index, key, before->attributes);
    auto new_entry = after == nullptr ? std::nullopt : entry_of(table, index, key, *after);
    const double cost = stage_entry(batch, index, stripe, std::move(old_entry), std::move(new_entry));
    if (cost > 0) (index.global ? units.global_indexes : units.local_indexes)[index.name] += cost;
  }
  if (before != nullptr) count(stripe, 0, -1, -static_cast<int64_t>(before_bytes));
  if (after != nullptr) {
    count(stripe, 0, 1, static_cast<int64_t>(after_bytes));
    batch.put(row_key(table.number, key), encode_item(*after, after_bytes));
  } else if (before != nullptr) {
    batch.erase(row_key(table.number, key));
  }
}

void put_counts(store::WriteBatch& batch, const Table& table, std::size_t stripe_index) {
  batch.put(count_key(table.number, stripe_index), encode_counts(table.stripes[stripe_index]));
}

void stage_missing_entry(store::WriteBatch& batch, store::KvStore& store, const Table& table, const Index& index,
                         Stripe& stripe, const ItemKey& key, const Item& item) {
  auto entry = entry_of(table, index, key, item);
  if (entry && !store.get(entry->key)) stage_entry(batch, index, stripe, std::nullopt, std::move(entry));
}

bool changes_entry(const Table& table, const Index& index, const Item* before, const Item* after) {
  const auto projection_of = [&](const Item* item) {
    return item == nullptr || !belongs_in(index, *item) ? std::nullopt
                                                        : std::optional(projected_attributes(table, index, *item));
  };
  const auto old_entry = projection_of(before);
  const auto new_entry = projection_of(after);
  if (!old_entry || !new_entry) return old_entry.has_value() != new_entry.has_value();
  return !values_equal(AttributeValue::of_m(*old_entry), AttributeValue::of_m(*new_entry));
}

std::optional<IndexKeyFault> find_index_key_fault(const Table& table, const Item& item) {
  for (const Index& index : table.indexes) {
    for (const bool is_hash : {true, false}) {
      const std::string& name = is_hash ? index.schema.hash : index.schema.range;
      const AttributeValue* value = name.empty() ? nullptr : item.find(name);
      if (value == nullptr) continue;
      if (const auto kind = fault_of(*value, is_hash ? index.schema.hash_type : index.schema.range_type, is_hash))
        return IndexKeyFault{*kind, &index, is_hash, value};
    }
  }
  return std::nullopt;
}

base::Result<void> check_index_keys(const Table& table, const Item& item) {
  const auto fault = find_index_key_fault(table, item);
  if (!fault) return {};
  const Index& index = *fault->index;
  const std::string& name = fault->is_hash ? index.schema.hash : index.schema.range;
  switch (fault->kind) {
    case IndexKeyFault::Kind::type:
      return invalid_parameters("Type mismatch for Index Key " + name +
                                " Expected: " + (fault->is_hash ? index.schema.hash_type : index.schema.range_type) +
                                " Actual: " + std::string(type_name(*fault->value)) + " IndexName: " + index.name);
    case IndexKeyFault::Kind::empty:
      return invalid(
          "One or more parameter values are not valid. A value specified for a secondary index key is not "
          "supported. The AttributeValue for a key attribute cannot contain an empty " +
          std::string(fault->value->is_s() ? "string" : "binary") + " value. IndexName: " + index.name +
          ", IndexKey: " + name);
    case IndexKeyFault::Kind::size:
      break;
  }
  return invalid_parameters(fault->is_hash
                                ? "Size of hashkey has exceeded the maximum size limit of2048 bytes"
                                : "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
}

}  // namespace engine::dynamodb
