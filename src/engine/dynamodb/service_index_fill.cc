// Filling a new index with the items that were there before it, in the background and in steps, while the table serves.
//
// The index is part of the definition from the beginning, so every write keeps its own entry there; the fill walks the
// rows of the table and adds what is missing, item by item under the item's stripe. So the two may meet in any order,
// and doing a step twice does no harm, which is how it goes on after a restart.
#include <algorithm>

#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/service.h"
#include "engine/record.h"

namespace engine::dynamodb {

namespace {

std::string read_position(store::KvStore& store, const Table& table, const Index& index) {
  const auto record = store.get(fill_key(table.number, index.number));
  if (!record) return rows_prefix(table.number, 0);
  std::string position;
  RecordReader r(*record);
  while (r.next())
    if (r.field() == 1) position = r.text();
  store::require_intact(r.ok(), "how far an index of DynamoDB is filled");
  return position;
}

// The keys of a page of items from `from` on that belong into the index; `from` then is where to go on, empty at the
// end.
std::vector<ItemKey> read_fill_page(store::KvStore& store, const Table& table, const Index& index, std::string& from) {
  std::vector<ItemKey> keys;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  const std::string end = store::prefix_end(rows_prefix(table.number, 0));
  const std::string begin = std::move(from);
  from.clear();
  for (auto cursor = store.scan(begin, end); cursor->valid(); cursor->next()) {
    if (rows == kFillPageRows || bytes >= kFillPageBytes) {
      from = cursor->key();
      break;
    }
    ++rows;
    bytes += cursor->value().size();
    const StoredItem item = read_item(cursor->value(), table.schema);
    if (belongs_in(index, item.attributes)) keys.push_back(key_of_valid_item(table.schema, item.attributes));
  }
  return keys;
}

}  // namespace

void DynamoDbService::want_fill(TablePtr table) {
  const std::lock_guard lock(fill_mutex_);
  filling_.push_back(std::move(table));
  fill_wanted_->notify_all();
}

bool DynamoDbService::fill_step() {
  TablePtr table;
  {
    const std::lock_guard lock(fill_mutex_);
    if (filling_.empty()) return false;
    table = std::move(filling_.front());
    filling_.pop_front();
  }
  const bool more = fill_page(*table);
  const std::lock_guard lock(fill_mutex_);
  if (more) filling_.push_back(std::move(table));
  return !filling_.empty();
}

bool DynamoDbService::fill_page(Table& table) {
  uint32_t number = 0;
  {
    const std::shared_lock lock(table.mutex);
    const Index* index = table.filling_index();
    if (table.deleted || index == nullptr) return false;
    number = index->number;
    std::string position = read_position(store_, table, *index);
    for (const ItemKey& key : read_fill_page(store_, table, *index, position)) fill_entry(table, *index, key);
    if (!position.empty()) {
      store::WriteBatch batch;
      RecordWriter record;
      record.text(1, position);
      batch.put(fill_key(table.number, number), record.take());
      store_.write(batch);
      return true;
    }
  }
  finish_fill(table, number);
  return false;
}

void DynamoDbService::fill_entry(Table& table, const Index& index, const ItemKey& key) {
  Stripe& stripe = table.stripe_of(key);
  const std::lock_guard lock(stripe.mutex);
  const auto item = load_item(table, key);  // as it is now
  if (!item) return;
  store::WriteBatch batch;
  stage_missing_entry(batch, store_, table, index, stripe, key, item->attributes);
  if (batch.empty()) return;
  put_counts(batch, table, table.stripe_index(key));
  store_.write(batch);
}

void DynamoDbService::finish_fill(Table& table, uint32_t index_number) {
  const std::unique_lock lock(table.mutex);
  const auto index = std::ranges::find(table.indexes, index_number, &Index::number);
  if (table.deleted || index == table.indexes.end()) return;
  index->filling = false;
  store::WriteBatch batch;
  batch.erase(fill_key(table.number, index_number));
  batch.put(table_key(table.account, table.region, table.name), table.encode());
  store_.write(batch);
}

void DynamoDbService::fill() {
  std::unique_lock lock(fill_mutex_);
  while (!fill_stopping_) {
    if (filling_.empty()) {
      env_.executor.wait_until(lock, *fill_wanted_, base::kTimestampMax);
      continue;
    }
    lock.unlock();
    fill_step();
    lock.lock();
  }
}

}  // namespace engine::dynamodb
