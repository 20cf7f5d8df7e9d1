// Reading one page of a Query or Scan: walks a range of rows, filters, projects and counts (protocols.md 4.3 items 25
// to 31). Functions over a store; the caller holds the table's mutex shared, and sees the rows of one moment.
#pragma once

#include <optional>
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
  const Index* index = nullptr;  // null: the table itself
  RowRange rows;
  bool forward = true;
  std::optional<int32_t> limit;
  bool consistent = false;
  bool count_only = false;
  bool fetch_from_table = false;  // a local index that lacks attributes which are wanted
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

Page read_page(store::KvStore& store, const PageRequest& request);
// read_page() as far as the capacity of the table or index allows; counts what it consumes and returns. `table` is the
// request's.
base::Result<Page> read_metered(store::KvStore& store, Table& table, const PageRequest& request, OperationKind kind,
                                base::Timestamp now);

// The parameters that decide what of an item is returned, checked together.
struct Selection {
  std::optional<std::string> select;
  bool consistent = false;
  const std::optional<BoundExpression>* projection = nullptr;
};
// Finds the index and fills index, consistent, count_only, fetch_from_table and projection.
base::Result<void> apply_selection(const std::optional<std::string>& index_name, const Selection& selection,
                                   PageRequest& request);

// The row after which a page continues: the store key of ExclusiveStartKey, which must hold exactly the keys of the
// table and the index.
base::Result<std::string> start_row(const PageRequest& request, const Item& exclusive_start_key);
// Narrows `rows` to what follows the row.
void continue_after(PageRequest& request, const std::string& row);

}  // namespace engine::dynamodb
