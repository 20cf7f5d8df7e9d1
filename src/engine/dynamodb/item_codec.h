// The bytes of an item in the store: a version, the item's size as AWS counts it, and the attributes in the order they
// were given. decode(encode(x)) == x exactly. Pure functions, safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "engine/dynamodb/attribute_value.h"
#include "engine/dynamodb/item_key.h"

namespace engine::dynamodb {

struct StoredItem {
  std::size_t size_bytes = 0;  // item_size(attributes)
  Item attributes;
};

// `size_bytes` must be item_size(item), which every caller has at hand.
std::string encode_item(const Item& item, std::size_t size_bytes);
// nullopt if the bytes are not an item (corruption). Reads no further than the bytes, allocates no more than they can
// hold, and recurses no deeper than an item may nest.
std::optional<StoredItem> decode_item(std::string_view bytes);
// decode_item() of bytes from the store, which `schema` is about. Ends the process if they are damaged
// (store::require_intact); so the item has its key.
StoredItem read_item(std::string_view bytes, const KeySchema& schema);

}  // namespace engine::dynamodb
