// Keys of items: their validation against a table's or index's schema, and their bytes in the store, whose order is the
// order of the values (strings and binaries by bytes, numbers by value). Pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/dynamodb/attribute_value.h"

namespace engine::dynamodb {

// By what the partitions of a table follow each other in a Scan; part of the layout of its rows in the store, so a
// table keeps the one it was made with.
enum class ScanOrder : uint8_t {
  fnv = 0,  // of tables made before this program knew AWS's order
  md5 = 1,  // AWS's, as its results show: MD5 of "Outliers" and the value's bytes
};

// Names and types ("S", "N", "B") of the key attributes; `range` is empty if there is none.
struct KeySchema {
  std::string hash;
  std::string hash_type;
  std::string range;
  std::string range_type;
  ScanOrder order = ScanOrder::md5;
  [[nodiscard]] bool has_range() const { return !range.empty(); }
  [[nodiscard]] bool contains(std::string_view name) const { return name == hash || (has_range() && name == range); }
  [[nodiscard]] std::size_t size() const { return has_range() ? 2 : 1; }
};

struct ItemKey {
  std::string partition;  // order-preserving bytes
  std::string sort;       // empty if the schema has no range key
  uint64_t hash = 0;      // the position of the partition in the order of a Scan
  bool operator==(const ItemKey&) const = default;
};

// Order-preserving bytes of a key attribute. REQUIRES: is_scalar_key_type(value), in normal form.
std::string key_bytes(const AttributeValue& value);
// FNV-1a with a final mix; part of the format of the store.
uint64_t mixed_hash(std::string_view bytes);
// The position of a partition in the order of a Scan, with `value` in normal form.
uint64_t scan_position(ScanOrder order, const AttributeValue& value);

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

// The range of keys of the key's partition: [begin, end).
struct RowRange {
  std::string begin;
  std::string end;
};
RowRange partition_range(uint64_t table, uint64_t index, const ItemKey& key);
// The entries of the partition whose sort key is exactly that of `key`, or begins with it.
RowRange sort_key_range(uint64_t table, uint64_t index, const ItemKey& key);
RowRange sort_prefix_range(uint64_t table, uint64_t index, const ItemKey& key);

}  // namespace engine::dynamodb
