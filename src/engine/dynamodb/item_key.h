// Keys of items: their validation against a table's or index's schema, and their bytes in the store, whose order is the
// order of the values (strings and binaries by bytes, numbers by value). Pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/dynamodb/attribute_value.h"

namespace engine::dynamodb {

// Names and types ("S", "N", "B") of the key attributes; `range` is empty if there is none.
struct KeySchema {
  std::string hash;
  std::string hash_type;
  std::string range;
  std::string range_type;
  [[nodiscard]] bool has_range() const { return !range.empty(); }
  [[nodiscard]] bool contains(std::string_view name) const { return name == hash || (has_range() && name == range); }
  [[nodiscard]] std::size_t size() const { return has_range() ? 2 : 1; }
};

struct ItemKey {
  std::string partition;  // order-preserving bytes
  std::string sort;       // empty if the schema has no range key
  uint64_t hash = 0;      // of `partition`
  bool operator==(const ItemKey&) const = default;
};

// Order-preserving bytes of a key attribute. REQUIRES: is_scalar_key_type(value), in normal form.
std::string key_bytes(const AttributeValue& value);
// The position of a partition key in the order of a Scan; part of the format of the store. FNV-1a with a final mix.
uint64_t partition_hash(std::string_view partition);

// The key of an item to be put; fails with the texts of PutItem.
base::Result<ItemKey> key_of_item(const KeySchema& schema, const Item& item);
// The `Key` of a request, which must hold the key attributes and nothing else; fails with the texts of GetItem.
base::Result<ItemKey> key_of_request(const KeySchema& schema, const Item& key);
// The key of an item that is known to have one of the right types.
ItemKey key_of_valid_item(const KeySchema& schema, const Item& item);
// Whether the item has all key attributes with the right types, so that it stands in an index with this schema.
bool has_key(const KeySchema& schema, const Item& item);
// Copies the key attributes of `item` into `out`, skipping those already there.
void copy_key(const KeySchema& schema, const Item& item, Item& out);

// Key in the store of the item itself.
std::string row_key(uint64_t table, const ItemKey& key);
// Key in the store of the index's entry for the item `item`.
std::string index_row_key(uint64_t table, uint64_t index, const ItemKey& entry, const ItemKey& item);

// The range of keys of a partition: [begin, end).
struct RowRange {
  std::string begin;
  std::string end;
};
RowRange partition_range(uint64_t table, uint64_t index, std::string_view partition);
// The entries of a partition whose sort key is exactly `sort`, or begins with it.
RowRange sort_key_range(uint64_t table, uint64_t index, std::string_view partition, std::string_view sort);
RowRange sort_prefix_range(uint64_t table, uint64_t index, std::string_view partition, std::string_view prefix);

}  // namespace engine::dynamodb
