// Reading one page of a Query or Scan: walks a range of rows, filters, projects and counts (protocols.md 4.3 items 25
// to 31). A page shows the rows of one moment and is read without any lock; it ends at the limits of limits.h.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "engine/dynamodb/capacity.h"
#include "engine/dynamodb/item_request.h"
#include "engine/dynamodb/table.h"
#include "store/kv_store.h"

namespace engine::dynamodb {

// What Query and Scan have in common, once it is checked.
struct PageRequest {
  const Table* table = nullptr;
  std::shared_ptr<const Index> index;  // a copy, which outlives a change of the table; null: the table itself
  RowRange rows;
  bool forward = true;
  std::optional<int32_t> limit;
  bool consistent = false;
  bool count_only = false;
  bool fetch_from_table = false;  // a local index that lacks attributes which are wanted
  bool can_continue = true;       // false: there can be but one row, after which nothing comes
  const BoundExpression* filter = nullptr;
  const BoundExpression* projection = nullptr;
};

struct Page {
  std::vector<Item> items;
  int32_t count = 0;
  int32_t scanned_count = 0;
  std::optional<Item> last_key;
  Units units;
};

// Reads the page as far as the capacity of the table or index allows; counts what it consumes and returns. `table` is
// the request's and `lock` its mutex, held shared, which is let go for the reading.
base::Result<Page> read_metered(store::KvStore& store, Table& table, std::shared_lock<std::shared_mutex>& lock,
                                const PageRequest& request, OperationKind kind, base::Timestamp now);

// The parameters that decide what of an item is returned, checked together.
struct Selection {
  std::optional<std::string> select;
  bool consistent = false;
  const std::optional<BoundExpression>* projection = nullptr;
};
// Whether Select and a projection go together; needs no table.
base::Result<void> check_select(const std::optional<std::string>& select, bool has_index, bool has_projection);
// Finds the index and fills index, consistent, count_only, fetch_from_table and projection.
base::Result<void> apply_selection(const std::optional<std::string>& index_name, const Selection& selection,
                                   PageRequest& request);

// The row after which a page continues: the store key of ExclusiveStartKey, which must hold exactly the keys of the
// table and the index.
base::Result<std::string> start_row(const PageRequest& request, const Item& exclusive_start_key);
// Narrows `rows` to what follows the row.
void continue_after(PageRequest& request, const std::string& row);

}  // namespace engine::dynamodb
