// list_keys(): the walk behind ListObjects and ListObjectsV2: keys in UTF-8 byte order, rolled up at a delimiter. Keys
// under one common prefix are skipped with one seek, however many there are. Pure, over a snapshot of the store.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/kv_store.h"

namespace engine::s3 {

struct ListQuery {
  std::string_view prefix;
  std::string_view delimiter;  // empty: no rolling up
  std::string_view after;      // only keys and common prefixes greater than this; empty: from the start
  std::size_t entries_max = 0;
};

struct ListResult {
  std::vector<std::string> common_prefixes;
  std::size_t count = 0;   // keys and common prefixes
  bool truncated = false;  // there is more behind `last`
  std::string last;        // the last key or common prefix: the `after` of the next page
};

// Walks the rows whose keys are `rows` followed by the object's key, and shows each listed key with its row's value;
// the views are valid during the call of `show`.
ListResult list_keys(store::KvStore& store, const std::string& rows, const ListQuery& query,
                     const std::function<void(std::string_view key, std::string_view value)>& show);

// The common prefix that `key` rolls up to; empty if it stands for itself.
std::string_view common_prefix(std::string_view key, std::string_view prefix, std::string_view delimiter);

}  // namespace engine::s3
