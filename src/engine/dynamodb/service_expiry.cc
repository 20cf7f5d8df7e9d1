// Time to live: its switch, and the sweep that deletes what has expired (Developer Guide, "Using time to live").
#include <mutex>

#include "base/decimal.h"
#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/service.h"
#include "engine/service_metrics.h"

namespace engine::dynamodb {

namespace {

// Only a Number counts, as seconds since the epoch, and only if it is not absurdly long ago: AWS's guard against
// values that were never meant as times.
bool is_expired(const Item& item, const std::string& attribute, base::Timestamp now) {
  const AttributeValue* value = item.find(attribute);
  if (value == nullptr || !value->is_n()) return false;
  const auto until = base::Decimal::parse(value->n());
  const auto limit = base::Decimal::parse(std::to_string(base::to_epoch_seconds(now)));
  const auto oldest = base::Decimal::parse(std::to_string(base::to_epoch_seconds(now) - kExpiryAgeSecondsMax));
  return until && limit && oldest && *until <= *limit && *until >= *oldest;
}

}  // namespace

base::Result<wire::DescribeTimeToLiveOutput> DynamoDbService::describe_time_to_live(aws::Context& context,
                                                                                    wire::DescribeTimeToLiveInput in) {
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name, true));
  wire::DescribeTimeToLiveOutput out;
  auto& description = out.time_to_live_description.emplace();
  description.time_to_live_status = table->ttl_attribute.empty() ? "DISABLED" : "ENABLED";
  if (!table->ttl_attribute.empty()) description.attribute_name = table->ttl_attribute;
  return out;
}

base::Result<wire::UpdateTimeToLiveOutput> DynamoDbService::update_time_to_live(aws::Context& context,
                                                                                wire::UpdateTimeToLiveInput in) {
  const auto& wanted = in.time_to_live_specification;
  if (!wanted || !wanted->enabled || !wanted->attribute_name || wanted->attribute_name->empty() ||
      wanted->attribute_name->size() > kKeyAttributeNameBytesMax)
    return invalid("TimeToLiveSpecification needs Enabled and an AttributeName of 1 to 255 characters");
  TRY_ASSIGN(const TablePtr table, find_table(context, in.table_name, true));
  const std::unique_lock lock(table->mutex);
  if (table->deleted) return not_found("Table: " + table->name);
  const std::string& current = table->ttl_attribute;
  if (!current.empty() && current != *wanted->attribute_name)
    return invalid("TimeToLive is active on a different AttributeName: current AttributeName is " + current);
  if (current.empty() != *wanted->enabled)
    return invalid(*wanted->enabled ? "TimeToLive is already enabled" : "TimeToLive is already disabled");
  table->ttl_attribute = *wanted->enabled ? *wanted->attribute_name : "";
  write_definition(*table);
  wire::UpdateTimeToLiveOutput out;
  out.time_to_live_specification = *wanted;
  return out;
}

void DynamoDbService::start() {
  sweeper_ = env_.executor.spawn("dynamodb-ttl", [this] { sweep(); });
  filler_ = env_.executor.spawn("dynamodb-fill", [this] { fill(); });
}

void DynamoDbService::stop() {
  {
    const std::lock_guard lock(sweep_mutex_);
    stopping_ = true;
    stop_requested_->notify_all();
  }
  {
    const std::lock_guard lock(fill_mutex_);
    fill_stopping_ = true;
    fill_wanted_->notify_all();
  }
  sweeper_.reset();
  filler_.reset();
}

void DynamoDbService::sweep() {
  std::unique_lock lock(sweep_mutex_);
  while (!stopping_) {
    env_.executor.wait_until(lock, *stop_requested_, env_.clock.now() + kExpirySweepInterval);
    if (stopping_) return;
    lock.unlock();
    sweep_expired(env_.clock.now());
    lock.lock();
  }
}

std::size_t DynamoDbService::sweep_expired(base::Timestamp now) {
  std::vector<TablePtr> tables;
  {
    const std::shared_lock lock(directory_mutex_);
    for (const auto& [key, table] : directory_) tables.push_back(table);
  }
  std::size_t deleted = 0;
  for (const TablePtr& table : tables) {
    std::string from = rows_prefix(table->number, 0);
    while (!from.empty()) {
      {
        const std::lock_guard lock(sweep_mutex_);
        if (stopping_) return deleted;
      }
      deleted += expire_page(*table, from, now);
    }
  }
  return deleted;
}

// Looks at a page of rows from `from` on, which then is where to go on; empty at the end.
std::size_t DynamoDbService::expire_page(Table& table, std::string& from, base::Timestamp now) {
  const std::shared_lock lock(table.mutex);
  const std::string begin = std::move(from);
  from.clear();
  if (table.deleted || table.ttl_attribute.empty()) return 0;
  std::vector<ItemKey> expired;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  for (auto cursor = store_.scan(begin, store::prefix_end(rows_prefix(table.number, 0))); cursor->valid();
       cursor->next()) {
    if (rows == kExpiryPageRows || bytes >= kExpiryPageBytes) {
      from = cursor->key();
      break;
    }
    ++rows;
    bytes += cursor->value().size();
    const StoredItem item = read_item(cursor->value(), table.schema);
    if (is_expired(item.attributes, table.ttl_attribute, now))
      expired.push_back(key_of_valid_item(table.schema, item.attributes));
  }
  std::size_t deleted = 0;
  for (const ItemKey& key : expired) {
    const std::lock_guard stripe_lock(table.stripe_of(key).mutex);
    // It may have been changed since the scan.
    const auto item = load_item(table, key);
    if (!item || !is_expired(item->attributes, table.ttl_attribute, now)) continue;
    Units free;  // the deletions of the time to live cost nothing
    write_item(table, key, &*item, nullptr, 0, free);
    ++deleted;
  }
  if (deleted > 0 && metrics_ != nullptr)
    metrics_->add({table.account,
                   table.region,
                   "AWS/DynamoDB",
                   "TimeToLiveDeletedItemCount",
                   {{"TableName", table.name}},
                   "Count"},
                  static_cast<double>(deleted), now);
  return deleted;
}

}  // namespace engine::dynamodb
