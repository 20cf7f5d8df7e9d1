// Every key that DynamoDB keeps in the store. A table has a number that is never used again, so what belongs to a
// deleted table can be erased by its prefix and a table created again under the same name starts empty. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::dynamodb {

// The next table number: a record {1: number}.
inline std::string sequence_key() {
  return store::KeyWriter("dynamodb/sequence").take();
}

inline std::string table_key(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter("dynamodb/table").text(account).text(region).text(name).take();
}
inline std::string all_tables_prefix() {
  return store::KeyWriter("dynamodb/table").take();
}

// Item count and bytes of what one lock stripe of a table guards, per index: a record {2i+1: count, 2i+2: bytes} for
// index number i, 0 being the table. Written with every change, so the sums are exact after a crash.
inline std::string count_prefix(uint64_t table) {
  return store::KeyWriter("dynamodb/count").number(table).take();
}
inline std::string count_key(uint64_t table, uint64_t stripe) {
  return store::KeyWriter("dynamodb/count").number(table).number(stripe).take();
}

// How far an index has been filled: a record {1: the row at which to go on}.
inline std::string fill_key(uint64_t table, uint64_t index) {
  return store::KeyWriter("dynamodb/fill").number(table).number(index).take();
}
inline std::string fill_prefix(uint64_t table) {
  return store::KeyWriter("dynamodb/fill").number(table).take();
}

// Items (index 0) and index entries: table, index, position of the partition (item_key.h), partition key, sort key, and
// for index entries the keys of the item; all but the first three are texts. The order of a Scan is that of these keys.
inline std::string rows_of_table_prefix(uint64_t table) {
  return store::KeyWriter("dynamodb/row").number(table).take();
}
inline std::string rows_prefix(uint64_t table, uint64_t index) {
  return store::KeyWriter("dynamodb/row").number(table).number(index).take();
}
inline std::string rows_from_hash(uint64_t table, uint64_t index, uint64_t hash) {
  return store::KeyWriter("dynamodb/row").number(table).number(index).number(hash).take();
}

}  // namespace engine::dynamodb
