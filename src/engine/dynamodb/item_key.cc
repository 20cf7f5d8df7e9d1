#include "engine/dynamodb/item_key.h"

#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

namespace {

store::KeyWriter row_writer(uint64_t table, uint64_t index, std::string_view partition) {
  store::KeyWriter key("dynamodb/row");
  key.number(table).number(index).number(partition_hash(partition)).text(partition);
  return key;
}

base::Result<void> check_size(const AttributeValue& value, bool is_hash) {
  const std::size_t size = value.is_n() ? 0 : value_size(value);
  // AWS's text lacks a space.
  if (is_hash && size > kHashKeyBytesMax)
    return invalid_parameters("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  if (!is_hash && size > kRangeKeyBytesMax)
    return invalid_parameters("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
  return {};
}

base::Result<void> check_key_attribute(const std::string& name, const AttributeValue& value, bool is_hash) {
  if (!value.is_n() && value_size(value) == 0)
    return invalid(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
        "empty " +
        std::string(value.is_s() ? "string" : "binary") + " value. Key: " + name);
  return check_size(value, is_hash);
}

base::Result<void> check_item_attribute(const std::string& name, std::string_view type, const Item& item,
                                        bool is_hash) {
  const AttributeValue* value = item.find(name);
  if (value == nullptr) return invalid_parameters("Missing the key " + name + " in the item");
  if (type_name(*value) != type)
    return invalid_parameters("Type mismatch for key " + name + " expected: " + std::string(type) +
                              " actual: " + std::string(type_name(*value)));
  return check_key_attribute(name, *value, is_hash);
}

base::Result<void> check_request_attribute(const std::string& name, std::string_view type, const Item& key,
                                           bool is_hash) {
  const AttributeValue* value = key.find(name);
  if (value == nullptr || type_name(*value) != type)
    return invalid("The provided key element does not match the schema");
  return check_key_attribute(name, *value, is_hash);
}

}  // namespace

std::string key_bytes(const AttributeValue& value) {
  if (value.is_s()) return value.s();
  if (value.is_b()) return value.b();
  const auto number = base::Decimal::parse(value.n());
  return number ? number->sortable_bytes() : std::string();
}

uint64_t partition_hash(std::string_view partition) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : partition) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  // FNV leaves the high bits, by which segments divide, poorly mixed for short keys.
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

ItemKey key_of_valid_item(const KeySchema& schema, const Item& item) {
  ItemKey key;
  key.partition = key_bytes(*item.find(schema.hash));
  if (schema.has_range()) key.sort = key_bytes(*item.find(schema.range));
  key.hash = partition_hash(key.partition);
  return key;
}

base::Result<ItemKey> key_of_item(const KeySchema& schema, const Item& item) {
  TRY(check_item_attribute(schema.hash, schema.hash_type, item, true));
  if (schema.has_range()) TRY(check_item_attribute(schema.range, schema.range_type, item, false));
  return key_of_valid_item(schema, item);
}

base::Result<ItemKey> key_of_request(const KeySchema& schema, const Item& key) {
  if (key.size() != schema.size()) return invalid("The provided key element does not match the schema");
  TRY(check_request_attribute(schema.hash, schema.hash_type, key, true));
  if (schema.has_range()) TRY(check_request_attribute(schema.range, schema.range_type, key, false));
  return key_of_valid_item(schema, key);
}

bool has_key(const KeySchema& schema, const Item& item) {
  const auto has = [&](const std::string& name, std::string_view type) {
    const AttributeValue* value = item.find(name);
    return value != nullptr && type_name(*value) == type;
  };
  return has(schema.hash, schema.hash_type) && (!schema.has_range() || has(schema.range, schema.range_type));
}

void copy_key(const KeySchema& schema, const Item& item, Item& out) {
  for (const std::string* name : {&schema.hash, &schema.range})
    if (!name->empty() && !out.contains(*name))
      if (const AttributeValue* value = item.find(*name)) out.append(*name) = *value;
}

std::string row_key(uint64_t table, const ItemKey& key) {
  return row_writer(table, 0, key.partition).text(key.sort).take();
}

std::string index_row_key(uint64_t table, uint64_t index, const ItemKey& entry, const ItemKey& item) {
  return row_writer(table, index, entry.partition).text(entry.sort).text(item.partition).text(item.sort).take();
}

RowRange partition_range(uint64_t table, uint64_t index, std::string_view partition) {
  std::string begin = row_writer(table, index, partition).take();
  std::string end = store::prefix_end(begin);
  return {std::move(begin), std::move(end)};
}

RowRange sort_key_range(uint64_t table, uint64_t index, std::string_view partition, std::string_view sort) {
  std::string begin = row_writer(table, index, partition).text(sort).take();
  std::string end = store::prefix_end(begin);
  return {std::move(begin), std::move(end)};
}

RowRange sort_prefix_range(uint64_t table, uint64_t index, std::string_view partition, std::string_view prefix) {
  std::string begin = row_writer(table, index, partition).text(prefix).take();
  begin.resize(begin.size() - 2);  // without the end of the text, whose two bytes key.h describes
  std::string end = store::prefix_end(begin);
  return {std::move(begin), std::move(end)};
}

}  // namespace engine::dynamodb
