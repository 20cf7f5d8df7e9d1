#include "engine/dynamodb/service.h"

#include "engine/arn.h"
#include "engine/dynamodb/admission.h"
#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/table_definition.h"
#include "engine/record.h"

namespace engine::dynamodb {

DynamoDbService::DynamoDbService(store::KvStore& store, base::Env& env, DynamoDbOptions options)
    : store_(store),
      env_(env),
      metrics_(options.metrics),
      lenient_(std::move(options.lenient)),
      role_may_(std::move(options.role_may)),
      throttles_(options.throttle),
      expressions_(options.expression_cache_entries_max),
      statements_(options.statement_cache_entries_max),
      stop_requested_(env.executor.make_condition()),
      fill_wanted_(env.executor.make_condition()) {
  load();
}

DynamoDbService::~DynamoDbService() {
  stop();
}

void DynamoDbService::load() {
  if (const auto sequence = store_.get(sequence_key())) {
    RecordReader r(*sequence);
    while (r.next())
      if (r.field() == 1) next_table_number_ = r.number();
    store::require_intact(r.ok(), "the number of DynamoDB's tables");
  }
  const std::string prefix = all_tables_prefix();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    auto table = std::make_shared<Table>();
    store::require_intact(table->decode(cursor->value()), "the definition of a DynamoDB table");
    const std::string counts = count_prefix(table->number);
    for (auto row = store_.scan(counts, store::prefix_end(counts)); row->valid(); row->next()) {
      store::KeyReader key(row->key(), "dynamodb/count");
      uint64_t number = 0;
      uint64_t stripe = 0;
      store::require_intact(key.number(number) && key.number(stripe) && stripe < kStripesPerTable &&
                                decode_counts(row->value(), table->stripes[stripe]),
                            "the size of a DynamoDB table");
    }
    drop_orphans(*table);
    attach_metrics(*table);
    table->throttle.enabled = throttles_;
    if (table->filling_index() != nullptr) filling_.push_back(table);
    directory_.emplace(table_key(table->account, table->region, table->name), std::move(table));
  }
}

// A crash of an older version of this program while it filled an index left entries under a number that no index has.
void DynamoDbService::drop_orphans(const Table& table) {
  store::WriteBatch batch;
  for (uint32_t number = 1; number < table.next_index_number; ++number) {
    bool live = false;
    for (const Index& index : table.indexes) live = live || index.number == number;
    if (live) continue;
    const std::string prefix = rows_prefix(table.number, number);
    if (store_.scan(prefix, store::prefix_end(prefix))->valid()) batch.erase_range(prefix, store::prefix_end(prefix));
  }
  if (!batch.empty()) store_.write(batch);
}

base::Result<DynamoDbService::TablePtr> DynamoDbService::find_table(const aws::Context& context,
                                                                    const std::optional<std::string>& name_or_arn,
                                                                    bool control_plane) {
  if (!name_or_arn) return invalid("The parameter 'TableName' is required but was not present in the request");
  std::string_view name = *name_or_arn;
  bool here = true;
  const auto arn = name.starts_with("arn:") ? Arn::parse(name) : std::nullopt;
  if (arn) {
    constexpr std::string_view kPrefix = "table/";
    if (arn->service != "dynamodb" || !arn->resource.starts_with(kPrefix))
      return invalid("Invalid table ARN: " + *name_or_arn);
    here = arn->region == context.region && arn->account == context.account;
    name = std::string_view(arn->resource).substr(kPrefix.size());
  }
  TRY(check_table_name(name, control_plane ? kTableNameBytesMin : kCalledTableNameBytesMin));
  if (here) {
    const std::shared_lock lock(directory_mutex_);
    const auto found = directory_.find(table_key(context.account, context.region, name));
    if (found != directory_.end()) return found->second;
  }
  return not_found(control_plane ? "Table: " + std::string(name) : "");
}

base::Result<DynamoDbService::TableUse> DynamoDbService::use_table(const aws::Context& context,
                                                                   const std::optional<std::string>& name_or_arn,
                                                                   bool control_plane) {
  TRY_ASSIGN(TablePtr table, find_table(context, name_or_arn, control_plane));
  std::shared_lock lock(table->mutex);
  if (table->deleted) {
    // Deleted between the two locks: the same answer as for a table that never was.
    lock.unlock();
    return not_found(control_plane ? "Table: " + table->name : "");
  }
  return TableUse{std::move(table), std::move(lock)};
}

base::Result<DynamoDbService::TableUse> DynamoDbService::use_table(Call& call,
                                                                   const std::optional<std::string>& name_or_arn) {
  TRY_ASSIGN(TableUse use, use_table(call.context, name_or_arn));
  if (metrics_ != nullptr) call.tables.push_back(use.table);
  return use;
}

std::optional<StoredItem> DynamoDbService::load_item(const Table& table, const ItemKey& key) {
  const auto bytes = store_.get(row_key(table.number, key));
  return bytes ? std::optional(read_item(*bytes, table.schema)) : std::nullopt;
}

base::Result<std::optional<StoredItem>> DynamoDbService::load_item_to_write(const Call& call, Table& table,
                                                                            const ItemKey& key) {
  const auto bytes = store_.get(row_key(table.number, key));
  if (!bytes) return std::nullopt;
  if (!call.context.on_io_thread || bytes->size() <= kQuickItemBytesMax) return read_item(*bytes, table.schema);
  withdraw_write(table);
  return base::fail(aws::too_long_for_io_thread());
}

void DynamoDbService::write_definition(const Table& table) {
  store::WriteBatch batch;
  batch.put(table_key(table.account, table.region, table.name), table.encode());
  store_.write(batch);
}

void DynamoDbService::write_item(Table& table, const ItemKey& key, const StoredItem* before, const Item* after,
                                 std::size_t after_bytes, Units& units) {
  store::WriteBatch batch;
  stage_row(batch, store_, table, table.stripe_of(key), key, before, after, after_bytes, units);
  if (batch.empty()) return;  // deleting what is not there
  put_counts(batch, table, table.stripe_index(key));
  store_.write(batch);
}

}  // namespace engine::dynamodb
