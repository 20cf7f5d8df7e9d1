#include "engine/s3/listing.h"

#include "store/key.h"

namespace engine::s3 {

std::string_view common_prefix(std::string_view key, std::string_view prefix, std::string_view delimiter) {
  if (delimiter.empty()) return {};
  const std::size_t at = key.find(delimiter, prefix.size());
  return at == std::string_view::npos ? std::string_view() : key.substr(0, at + delimiter.size());
}

ListResult list_keys(store::KvStore& store, const std::string& rows, const ListQuery& query,
                     const std::function<void(std::string_view key, std::string_view value)>& show) {
  ListResult result;
  if (query.entries_max == 0) return result;
  const std::string end = store::prefix_end(rows + std::string(query.prefix));
  std::string begin = rows + std::string(query.prefix);
  if (!query.after.empty() && query.after >= query.prefix) {
    begin = rows + std::string(query.after);
    begin.push_back('\0');
  }
  if (!end.empty() && begin >= end) return result;
  auto cursor = store.scan(begin, end);
  while (cursor->valid()) {
    const std::string_view key = cursor->key().substr(rows.size());
    const std::string group(common_prefix(key, query.prefix, query.delimiter));
    // A group that a page has shown already, or that lies before the marker, is not shown again.
    const bool shown = !group.empty() && group <= query.after;
    if (!shown) {
      if (result.count == query.entries_max) {
        result.truncated = true;
        break;
      }
      ++result.count;
      result.last = group.empty() ? std::string(key) : group;
    }
    if (group.empty()) {
      show(key, cursor->value());
      cursor->next();
      continue;
    }
    if (!shown) result.common_prefixes.push_back(group);
    const std::string behind = store::prefix_end(rows + group);
    if (behind.empty() || (!end.empty() && behind >= end)) break;
    cursor = store.scan(behind, end);
  }
  return result;
}

}  // namespace engine::s3
