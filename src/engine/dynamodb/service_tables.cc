// The operations on tables: create, describe, list, change, delete.
#include <algorithm>
#include <set>

#include "aws/dynamodb/errors.h"
#include "base/check.h"
#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/table_definition.h"
#include "engine/record.h"

namespace engine::dynamodb {

namespace {

// AWS's text, in which numbers and names repeat.
std::string unchanged_throughput(const std::string& of, const Throughput& now) {
  return "The provisioned throughput for the " + of +
         " will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for "
         "the " +
         of + ": " + std::to_string(now.read_units) +
         ". Requested ReadCapacityUnits: " + std::to_string(now.read_units) +
         ". Current WriteCapacityUnits provisioned for the " + of + ": " + std::to_string(now.write_units) +
         ". Requested WriteCapacityUnits: " + std::to_string(now.write_units) +
         ". Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.";
}

void change_throughput(Throughput& throughput, const Throughput& wanted, base::Timestamp now) {
  if (wanted.read_units > throughput.read_units || wanted.write_units > throughput.write_units)
    throughput.last_increase = now;
  if (wanted.read_units < throughput.read_units || wanted.write_units < throughput.write_units)
    throughput.last_decrease = now;
  throughput.read_units = wanted.read_units;
  throughput.write_units = wanted.write_units;
}

bool is_same(const Throughput& a, const Throughput& b) {
  return a.read_units == b.read_units && a.write_units == b.write_units;
}

using Lenient = std::function<void(std::string_view reason)>;

base::Result<void> change_billing(const wire::UpdateTableInput& in, Table& table, base::Timestamp now,
                                  const Lenient& lenient) {
  const bool to_on_demand = in.billing_mode == "PAY_PER_REQUEST";
  const bool on_demand = in.billing_mode ? to_on_demand : table.pay_per_request;
  if (in.billing_mode == "PROVISIONED" && !in.provisioned_throughput)
    return invalid_parameters("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  if (in.provisioned_throughput && on_demand)
    return invalid_parameters(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
  if (to_on_demand && !table.pay_per_request) {
    table.became_pay_per_request = now;
    change_throughput(table.throughput, {}, now);
    for (Index& index : table.indexes) change_throughput(index.throughput, {}, now);
  }
  const bool was_on_demand = table.pay_per_request;
  table.pay_per_request = on_demand;
  if (!in.provisioned_throughput) return {};
  TRY_ASSIGN(const Throughput wanted, read_throughput(*in.provisioned_throughput));
  if (!was_on_demand && is_same(wanted, table.throughput)) {
    const std::string reason = unchanged_throughput("table", table.throughput);
    if (!lenient) return invalid(reason);
    lenient("UpdateTable of " + table.name + ": " + reason);
    return {};
  }
  change_throughput(table.throughput, wanted, now);
  return {};
}

base::Result<void> change_index(const wire::UpdateGlobalSecondaryIndexAction& in, Table& table, base::Timestamp now) {
  const std::string name = in.index_name.value_or("");
  const auto index = std::ranges::find_if(table.indexes, [&](const Index& i) { return i.global && i.name == name; });
  if (index == table.indexes.end()) return not_found();
  if (table.pay_per_request)
    return invalid_parameters("ProvisionedThroughput should not be specified for index: " + name +
                              " when BillingMode is PAY_PER_REQUEST");
  if (!in.provisioned_throughput)
    return invalid_parameters("ProvisionedThroughput must be specified for index: " + name);
  TRY_ASSIGN(const Throughput wanted, read_throughput(*in.provisioned_throughput, name));
  if (is_same(wanted, index->throughput)) return invalid(unchanged_throughput("index " + name, index->throughput));
  change_throughput(index->throughput, wanted, now);
  return {};
}

// What an UpdateTable does to the rows beside the definition.
struct IndexChanges {
  std::optional<uint32_t> created;
  std::vector<uint32_t> deleted;
};

const std::optional<std::string>& name_of(const wire::GlobalSecondaryIndexUpdate& update) {
  if (update.update) return update.update->index_name;
  return update.create ? update.create->index_name : update.delete_->index_name;
}

// What can be wrong with the updates of indexes whatever the table is.
base::Result<void> check_index_updates(const std::vector<wire::GlobalSecondaryIndexUpdate>& updates) {
  std::set<std::string> named;
  for (const auto& update : updates) {
    if (static_cast<int>(update.update.has_value()) + update.create.has_value() + update.delete_.has_value() != 1)
      return invalid_parameters(
          "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
          "GlobalSecondaryIndexUpdate.Delete must not be null");
    const std::string name = name_of(update).value_or("");
    const wire::ProvisionedThroughput* throughput =
        update.update && update.update->provisioned_throughput   ? &*update.update->provisioned_throughput
        : update.create && update.create->provisioned_throughput ? &*update.create->provisioned_throughput
                                                                 : nullptr;
    if (throughput != nullptr) TRY(read_throughput(*throughput, name));
    if (!named.insert(name).second)
      return invalid_parameters("Only one global secondary index update per index is allowed simultaneously. Index: " +
                                name);
  }
  return {};
}

base::Result<IndexChanges> change_indexes(const wire::UpdateTableInput& in, Table& table, base::Timestamp now) {
  IndexChanges changes;
  if (!in.global_secondary_index_updates) return changes;
  std::size_t structural = 0;
  for (const auto& update : *in.global_secondary_index_updates) {
    const auto& name = name_of(update);
    if (update.update) {
      TRY(change_index(*update.update, table, now));
      continue;
    }
    // The index that is being filled may go while it is.
    const Index* filling = table.filling_index();
    if (++structural > 1 || (filling != nullptr && !(update.delete_ && filling->name == name)))
      return base::fail(wire::errors::limit_exceeded_exception(
          "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"));
    if (update.create) {
      const auto& create = *update.create;
      TRY_ASSIGN(const Index index, define_global_index(table, create.index_name, create.key_schema, create.projection,
                                                        create.provisioned_throughput));
      table.indexes.back().filling = true;
      changes.created = index.number;
    } else {
      const auto index =
          std::ranges::find_if(table.indexes, [&](const Index& i) { return i.global && i.name == name; });
      if (index == table.indexes.end()) return not_found();
      changes.deleted.push_back(index->number);
      table.indexes.erase(index);
    }
  }
  return changes;
}

// A table that has become PROVISIONED needs that of its indexes too: without it every write would be throttled.
base::Result<void> check_index_throughput(const Table& table) {
  for (const Index& index : table.indexes)
    if (!table.pay_per_request && index.global && index.throughput.write_units == 0)
      return invalid_parameters("ProvisionedThroughput must be specified for index: " + index.name);
  return {};
}

base::Result<void> check_update(const wire::UpdateTableInput& in) {
  if (in.stream_specification && in.stream_specification->stream_enabled.value_or(false))
    return invalid("Unsupported parameter: StreamSpecification.StreamEnabled=true (streams)");
  if (in.sse_specification) TRY(read_encryption(*in.sse_specification));
  if (!in.provisioned_throughput && !in.billing_mode && !in.stream_specification && !in.sse_specification &&
      !in.deletion_protection_enabled && !in.table_class &&
      (!in.global_secondary_index_updates || in.global_secondary_index_updates->empty()))
    return invalid(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
        "SSESpecification or ReplicaUpdates is required");
  if (in.provisioned_throughput) TRY(read_throughput(*in.provisioned_throughput));
  if (in.global_secondary_index_updates) TRY(check_index_updates(*in.global_secondary_index_updates));
  return {};
}

// New definitions of attributes join the old ones; those that no key uses any more go.
base::Result<void> merge_attribute_types(const wire::UpdateTableInput& in, Table& table) {
  TRY_ASSIGN(const auto given, read_attribute_types(in.attribute_definitions));
  for (const auto& [name, type] : given) {
    const std::string known = table.type_of(name);
    if (known.empty()) table.attribute_types.emplace_back(name, type);
    if (!known.empty() && known != type)
      return invalid_parameters("Attribute type of " + name + " cannot be changed from " + known + " to " + type);
  }
  return {};
}

void drop_unused_attribute_types(Table& table) {
  std::erase_if(table.attribute_types, [&](const auto& attribute) {
    return !table.schema.contains(attribute.first) &&
           std::ranges::none_of(table.indexes, [&](const Index& i) { return i.schema.contains(attribute.first); });
  });
}

void take_definition(Table& table, Table& changed) {
  table.attribute_types = std::move(changed.attribute_types);
  table.indexes = std::move(changed.indexes);
  table.next_index_number = changed.next_index_number;
  table.pay_per_request = changed.pay_per_request;
  table.became_pay_per_request = changed.became_pay_per_request;
  table.throughput = changed.throughput;
  table.deletion_protection = changed.deletion_protection;
  table.table_class = std::move(changed.table_class);
  table.managed_key = changed.managed_key;
}

}  // namespace

base::Result<wire::CreateTableOutput> DynamoDbService::create_table(aws::Context& context, wire::CreateTableInput in) {
  if (!in.table_name) return invalid("The parameter 'TableName' is required but was not present in the request");
  const std::string name = *in.table_name;
  TRY(check_table_name(name, kTableNameBytesMin));
  auto table = std::make_shared<Table>();
  TRY(define_table(in, *table));
  table->account = context.account;
  table->region = context.region;
  table->name = name;
  table->id = base::make_uuid(env_.random);
  table->created = context.now;
  table->throttle.enabled = throttles_;
  if (table->pay_per_request) table->became_pay_per_request = context.now;

  const std::unique_lock lock(directory_mutex_);
  const std::string key = table_key(context.account, context.region, name);
  if (directory_.contains(key))
    return base::fail(wire::errors::resource_in_use_exception("Table already exists: " + name));
  const std::string mine = table_key(context.account, context.region, "");
  const std::string_view prefix = std::string_view(mine).substr(0, mine.size() - 2);
  const auto first = directory_.lower_bound(std::string(prefix));
  std::size_t tables = 0;
  for (auto it = first; it != directory_.end() && it->first.starts_with(prefix); ++it) ++tables;
  if (tables >= kTablesPerAccountMax)
    return base::fail(wire::errors::limit_exceeded_exception(
        "Subscriber limit exceeded: There is a limit of 2500 tables per subscriber"));
  table->number = next_table_number_++;
  store::WriteBatch batch;
  RecordWriter sequence;
  sequence.number(1, next_table_number_);
  batch.put(sequence_key(), sequence.take());
  batch.put(key, table->encode());
  store_.write(batch);
  attach_metrics(*table);
  directory_.emplace(key, table);
  wire::CreateTableOutput out;
  out.table_description = describe(*table, "CREATING");
  return out;
}

base::Result<wire::DescribeTableOutput> DynamoDbService::describe_table(aws::Context& context,
                                                                        wire::DescribeTableInput in) {
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name, true));
  wire::DescribeTableOutput out;
  out.table = describe(*table, "ACTIVE");
  return out;
}

base::Result<wire::ListTablesOutput> DynamoDbService::list_tables(aws::Context& context, wire::ListTablesInput in) {
  const int limit = in.limit.value_or(kListTablesLimitMax);
  if (limit < 1 || limit > kListTablesLimitMax)
    return invalid("1 validation error detected: Value '" + std::to_string(limit) +
                   "' at 'limit' failed to satisfy constraint: Member must have value " +
                   (limit < 1 ? "greater than or equal to 1" : "less than or equal to 100"));
  const std::string after = table_key(context.account, context.region, in.exclusive_start_table_name.value_or(""));
  std::string mine = table_key(context.account, context.region, "");
  mine.resize(mine.size() - 2);  // without the end of the empty name
  wire::ListTablesOutput out;
  out.table_names.emplace();
  const std::shared_lock lock(directory_mutex_);
  for (auto it = directory_.upper_bound(after); it != directory_.end() && it->first.starts_with(mine); ++it) {
    if (out.table_names->size() == static_cast<std::size_t>(limit)) {
      out.last_evaluated_table_name = out.table_names->back();
      break;
    }
    out.table_names->push_back(it->second->name);
  }
  return out;
}

base::Result<wire::DeleteTableOutput> DynamoDbService::delete_table(aws::Context& context, wire::DeleteTableInput in) {
  TRY_ASSIGN(const TablePtr table, find_table(context, in.table_name, true));
  wire::DeleteTableOutput out;
  const std::string key = table_key(table->account, table->region, table->name);
  {
    const std::unique_lock lock(table->mutex);
    if (table->deleted) return not_found("Table: " + table->name);
    if (table->deletion_protection)
      return invalid(
          "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection "
          "first.");
    out.table_description = describe(*table, "DELETING");
    store::WriteBatch batch;
    batch.erase(key);
    for (const std::string& prefix :
         {rows_of_table_prefix(table->number), count_prefix(table->number), fill_prefix(table->number)})
      batch.erase_range(prefix, store::prefix_end(prefix));
    store_.write(batch);
    table->deleted = true;
  }
  // Not before the table's own lock is free, for which every other table's calls would have to wait.
  const std::unique_lock lock(directory_mutex_);
  directory_.erase(key);
  return out;
}

base::Result<wire::UpdateTableOutput> DynamoDbService::update_table(aws::Context& context, wire::UpdateTableInput in) {
  TRY(check_update(in));
  TRY_ASSIGN(const TablePtr table, find_table(context, in.table_name, true));
  bool fills = false;
  wire::UpdateTableOutput out;
  {
    const std::unique_lock lock(table->mutex);
    if (table->deleted) return not_found("Table: " + table->name);
    // Changes are made on a copy, and take effect only when all of them are legal.
    Table changed;
    CHECK(changed.decode(table->encode()), "a table's record cannot be read back");
    TRY(merge_attribute_types(in, changed));
    TRY(change_billing(in, changed, context.now, lenient_));
    TRY_ASSIGN(const IndexChanges changes, change_indexes(in, changed, context.now));
    TRY(check_index_throughput(changed));
    drop_unused_attribute_types(changed);
    if (in.deletion_protection_enabled) changed.deletion_protection = *in.deletion_protection_enabled;
    if (in.table_class) changed.table_class = *in.table_class;
    if (in.sse_specification) {
      TRY_ASSIGN(changed.managed_key, read_encryption(*in.sse_specification));
    }
    take_definition(*table, changed);
    write_update(*table, changes.deleted);
    attach_metrics(*table);
    out.table_description = describe(*table, "UPDATING");
    fills = changes.created.has_value();
  }
  // A small table's index is there when the call returns; the rest of a large one's is filled in the background.
  if (fills && fill_page(*table)) want_fill(table);
  return out;
}

// Writes the definition; the entries and counts of the indexes with these numbers go.
void DynamoDbService::write_update(Table& table, const std::vector<uint32_t>& deleted_indexes) {
  store::WriteBatch batch;
  for (const uint32_t number : deleted_indexes) {
    const std::string prefix = rows_prefix(table.number, number);
    batch.erase_range(prefix, store::prefix_end(prefix));
    batch.erase(fill_key(table.number, number));
    for (Stripe& stripe : table.stripes) stripe.counts.erase(number);
  }
  if (!deleted_indexes.empty())
    for (std::size_t i = 0; i < kStripesPerTable; ++i) put_counts(batch, table, i);
  batch.put(table_key(table.account, table.region, table.name), table.encode());
  store_.write(batch);
}

}  // namespace engine::dynamodb
