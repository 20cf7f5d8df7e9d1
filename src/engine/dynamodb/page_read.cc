#include "engine/dynamodb/page_read.h"

#include <algorithm>

#include "engine/dynamodb/admission.h"
#include "engine/dynamodb/condition_evaluate.h"
#include "engine/dynamodb/projection.h"

namespace engine::dynamodb {

namespace {

// The entry of a local index tells where the item is; it may be gone since the page's moment.
std::optional<StoredItem> fetch(store::KvStore& store, const Table& table, const Item& entry) {
  const auto bytes = store.get(row_key(table.number, key_of_valid_item(table.schema, entry)));
  return bytes ? std::optional(read_item(*bytes, table.schema)) : std::nullopt;
}

Item key_attributes(const PageRequest& request, const Item& item) {
  Item key;
  copy_key(request.table->schema, item, key);
  if (request.index != nullptr) copy_key(request.index->schema, item, key);
  return key;
}

// The top-level attributes that an expression reads but the index lacks.
std::string missing_attributes(const PageRequest& request, const BoundExpression& expression) {
  std::string text;
  for (const auto& [name, nested] : expression.heads())
    if (!is_projected(*request.table, *request.index, name)) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// What a filter costs for each row and KB of it, see kPageWorkMax.
std::size_t filter_work(const BoundExpression* filter) {
  if (filter == nullptr) return 1;
  std::size_t work = 1;
  for (const Condition& condition : filter->expression->conditions) work += 1 + condition.operands.size();
  return work;
}

std::unique_ptr<store::Cursor> open_rows(store::KvStore& store, const PageRequest& request) {
  const auto direction = request.forward ? store::KvStore::Direction::ascending : store::KvStore::Direction::descending;
  if (!request.rows.end.empty() && request.rows.begin >= request.rows.end) return nullptr;
  return store.scan(request.rows.begin, request.rows.end, direction);
}

}  // namespace

base::Result<void> check_select(const std::optional<std::string>& select, bool has_index, bool has_projection) {
  if (!select) return {};
  if (*select == "ALL_PROJECTED_ATTRIBUTES" && !has_index)
    return invalid_parameters("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  if (has_projection && *select != "SPECIFIC_ATTRIBUTES")
    return invalid("Cannot specify the ProjectionExpression when choosing to get " +
                   (*select == "COUNT" ? std::string("only the Count") : *select));
  if (!has_projection && *select == "SPECIFIC_ATTRIBUTES")
    return invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  if (*select != "ALL_ATTRIBUTES" && *select != "ALL_PROJECTED_ATTRIBUTES" && *select != "COUNT" &&
      *select != "SPECIFIC_ATTRIBUTES")
    return invalid_parameters("Unknown Select: " + *select);
  return {};
}

base::Result<void> apply_selection(const std::optional<std::string>& index_name, const Selection& selection,
                                   PageRequest& request) {
  if (index_name) {
    const Index* index = request.table->find_index(*index_name);
    if (index == nullptr) return invalid("The table does not have the specified index: " + *index_name);
    if (index->global && selection.consistent)
      return invalid("Consistent reads are not supported on global secondary indexes");
    if (index->filling) return invalid("Cannot read from backfilling global secondary index: " + index->name);
    request.index = std::make_shared<const Index>(*index);
  }
  request.consistent = selection.consistent;
  if (selection.projection->has_value()) request.projection = &**selection.projection;
  request.count_only = selection.select == "COUNT";
  if (request.index == nullptr || request.index->projection_type == "ALL") return {};
  if (selection.select == "ALL_ATTRIBUTES") {
    if (request.index->global)
      return invalid_parameters("Select type ALL_ATTRIBUTES is not supported for global secondary index " +
                                request.index->name + " because its projection type is not ALL");
    request.fetch_from_table = true;
  }
  if (request.projection == nullptr) return {};
  const std::string missing = missing_attributes(request, *request.projection);
  if (missing.empty()) return {};
  if (request.index->global)
    return invalid_parameters("Global secondary index " + request.index->name + " does not project [" + missing + "]");
  request.fetch_from_table = true;
  return {};
}

base::Result<std::string> start_row(const PageRequest& request, const Item& start) {
  constexpr std::string_view kInvalid = "The provided starting key is invalid";
  std::size_t wanted = request.table->schema.size();
  if (request.index != nullptr)
    for (const std::string* name : {&request.index->schema.hash, &request.index->schema.range})
      if (!name->empty() && !request.table->schema.contains(*name)) ++wanted;
  if (start.size() != wanted) return invalid(std::string(kInvalid));
  Item table_part;
  copy_key(request.table->schema, start, table_part);
  auto key = key_of_request(request.table->schema, table_part);
  if (!key) return invalid(std::string(kInvalid) + ": " + key.error().message);
  if (request.index == nullptr) return row_key(request.table->number, *key);
  Item index_part;
  copy_key(request.index->schema, start, index_part);
  auto entry = key_of_request(request.index->schema, index_part);
  if (!entry) return invalid(std::string(kInvalid) + ": " + entry.error().message);
  return index_row_key(request.table->number, request.index->number, *entry, *key);
}

void continue_after(PageRequest& request, const std::string& row) {
  if (request.forward) {
    request.rows.begin = std::max(request.rows.begin, row + '\0');
  } else if (request.rows.end.empty() || row < request.rows.end) {
    request.rows.end = row;
  }
}

namespace {

// The counters that decide where a page ends.
struct Progress {
  std::size_t bytes = 0;
  std::size_t fetched_bytes = 0;  // each item rounded up by itself, which is how AWS charges and limits fetches
  std::size_t work = 0;
  [[nodiscard]] bool is_full() const { return bytes + fetched_bytes >= kPageBytesMax || work >= kPageWorkMax; }
};

Units units_of(const PageRequest& request, const Progress& progress) {
  Units out;
  const double units = read_units(progress.bytes, request.consistent);
  if (request.index == nullptr) {
    out.table = units;
    return out;
  }
  (request.index->global ? out.global_indexes : out.local_indexes)[request.index->name] = units;
  if (progress.fetched_bytes > 0) out.table = read_units(progress.fetched_bytes, request.consistent);
  return out;
}

Page read_page(store::KvStore& store, const PageRequest& request, std::unique_ptr<store::Cursor> cursor) {
  Page page;
  Progress progress;
  const std::size_t work_per_row = filter_work(request.filter);
  const std::vector<BoundPath> paths =
      request.projection == nullptr ? std::vector<BoundPath>() : request.projection->target_paths();
  for (; cursor != nullptr && cursor->valid(); cursor->next()) {
    StoredItem row = read_item(cursor->value(), request.table->schema);
    ++page.scanned_count;
    progress.bytes += row.size_bytes;
    std::optional<StoredItem> whole;
    if (request.fetch_from_table) whole = fetch(store, *request.table, row.attributes);
    if (whole) progress.fetched_bytes += (whole->size_bytes + kReadUnitBytes - 1) / kReadUnitBytes * kReadUnitBytes;
    progress.work += (1 + (whole ? whole->size_bytes : row.size_bytes) / 1024) * work_per_row;
    // The limits count what is read, not what passes the filter; the row that passes 1 MB is still in the page.
    const bool last = progress.is_full() || (request.limit && page.scanned_count >= *request.limit);
    if (last && request.can_continue) page.last_key = key_attributes(request, row.attributes);
    const bool gone = request.fetch_from_table && !whole;
    if (whole) row = std::move(*whole);
    if (!gone && (request.filter == nullptr || condition_holds(*request.filter, row.attributes))) {
      ++page.count;
      if (!request.count_only)
        page.items.push_back(request.projection == nullptr ? std::move(row.attributes)
                                                           : project(row.attributes, paths));
    }
    if (last) break;
  }
  page.units = units_of(request, progress);
  return page;
}

}  // namespace

base::Result<Page> read_metered(store::KvStore& store, Table& table, std::shared_lock<std::shared_mutex>& lock,
                                const PageRequest& request, OperationKind kind, base::Timestamp now) {
  TRY(admit_read(table, request.index.get(), request.consistent, now));
  auto rows = open_rows(store, request);
  lock.unlock();
  Page page = read_page(store, request, std::move(rows));
  lock.lock();
  settle_read(table, request.index.get(), request.consistent, page.units, now);
  if (table.metrics) table.metrics->returned_items(kind, static_cast<std::size_t>(page.count), now);
  return page;
}

}  // namespace engine::dynamodb
