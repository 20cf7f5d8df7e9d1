#include "engine/dynamodb/item_key.h"

#include <algorithm>

#include "base/encoding.h"
#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

namespace {

store::KeyWriter row_writer(uint64_t table, uint64_t index, const ItemKey& key) {
  store::KeyWriter writer("dynamodb/row");
  writer.number(table).number(index).number(key.hash).text(key.partition);
  return writer;
}

// A number in normal form as AWS hashes it: an exponent of 100, then two digits to a byte, plus one; of negative
// numbers the complement, and an end mark.
std::string hashed_number(std::string_view text) {
  constexpr std::size_t kDigitBytesMax = 20;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text);
  if (point < digits.size()) digits.erase(point, 1);
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return "\x80";
  int exponent = static_cast<int>(point) - static_cast<int>(first);
  digits.erase(0, first);
  digits.erase(digits.find_last_not_of('0') + 1);
  if (exponent % 2 != 0) {
    digits.insert(0, 1, '0');
    ++exponent;
  }
  if (digits.size() % 2 != 0) digits += '0';
  const int head = exponent / 2 - 64;
  std::string bytes(1, static_cast<char>(negative ? ~head : head));
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int pair = (digits[i] - '0') * 10 + digits[i + 1] - '0';
    bytes += static_cast<char>(negative ? 101 - pair : pair + 1);
  }
  if (negative && digits.size() / 2 < kDigitBytesMax) bytes += static_cast<char>(102);
  return bytes;
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

uint64_t mixed_hash(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  // FNV leaves the high bits, by which segments divide, poorly mixed for short keys.
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

uint64_t scan_position(ScanOrder order, const AttributeValue& value) {
  if (order == ScanOrder::fnv) return mixed_hash(key_bytes(value));
  const std::string digest = base::md5("Outliers" + (value.is_s()   ? value.s()
                                                     : value.is_b() ? value.b()
                                                                    : hashed_number(value.n())));
  uint64_t position = 0;
  for (int i = 0; i < 8; ++i)
    position = position << 8 | static_cast<unsigned char>(digest[static_cast<std::size_t>(i)]);
  return position;
}

ItemKey key_of_valid_item(const KeySchema& schema, const Item& item) {
  ItemKey key;
  const AttributeValue& hash = *item.find(schema.hash);
  key.partition = key_bytes(hash);
  if (schema.has_range()) key.sort = key_bytes(*item.find(schema.range));
  key.hash = scan_position(schema.order, hash);
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
  return row_writer(table, 0, key).text(key.sort).take();
}

std::string index_row_key(uint64_t table, uint64_t index, const ItemKey& entry, const ItemKey& item) {
  return row_writer(table, index, entry).text(entry.sort).text(item.partition).text(item.sort).take();
}

RowRange partition_range(uint64_t table, uint64_t index, const ItemKey& key) {
  std::string begin = row_writer(table, index, key).take();
  std::string end = store::prefix_end(begin);
  return {std::move(begin), std::move(end)};
}

RowRange sort_key_range(uint64_t table, uint64_t index, const ItemKey& key) {
  std::string begin = row_writer(table, index, key).text(key.sort).take();
  std::string end = store::prefix_end(begin);
  return {std::move(begin), std::move(end)};
}

RowRange sort_prefix_range(uint64_t table, uint64_t index, const ItemKey& key) {
  std::string begin = row_writer(table, index, key).text(key.sort).take();
  begin.resize(begin.size() - 2);  // without the end of the text, whose two bytes key.h describes
  std::string end = store::prefix_end(begin);
  return {std::move(begin), std::move(end)};
}

}  // namespace engine::dynamodb
