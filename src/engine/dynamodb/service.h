// DynamoDbService: Amazon DynamoDB over a KvStore. Items live in the store only; memory holds the definitions of the
// tables, their counters and the parsed expressions used lately. Owned by the engine; safe from any thread.
//
// Locks, in this order: the directory (shared to find a table, exclusive to create or delete one), tables (shared for
// items, exclusive to change the definition), stripes of a table (by index). Reading, checking and writing one item
// happen under its stripe.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "aws/dynamodb/dynamodb.h"
#include "base/env.h"
#include "engine/dynamodb/expression_cache.h"
#include "engine/dynamodb/row_change.h"
#include "engine/dynamodb/table.h"
#include "store/kv_store.h"

namespace engine::dynamodb {

struct DynamoDbOptions {
  std::size_t expression_cache_entries_max = kExpressionCacheEntriesMax;
};

class DynamoDbService final : public wire::DynamoDb {
 public:
  // Loads the tables; both references outlive the service. Ends the process (CHECK) if a table's record is damaged.
  DynamoDbService(store::KvStore& store, base::Env& env, DynamoDbOptions options = {});
  ~DynamoDbService() override;
  // Nothing runs in the background; these are here because every service has them.
  void start() {}
  void stop() {}

  base::Result<wire::BatchGetItemOutput> batch_get_item(aws::Context&, wire::BatchGetItemInput in) override;
  base::Result<wire::BatchWriteItemOutput> batch_write_item(aws::Context&, wire::BatchWriteItemInput in) override;
  base::Result<wire::CreateTableOutput> create_table(aws::Context&, wire::CreateTableInput in) override;
  base::Result<wire::DeleteItemOutput> delete_item(aws::Context&, wire::DeleteItemInput in) override;
  base::Result<wire::DeleteTableOutput> delete_table(aws::Context&, wire::DeleteTableInput in) override;
  base::Result<wire::DescribeContinuousBackupsOutput> describe_continuous_backups(
      aws::Context&, wire::DescribeContinuousBackupsInput in) override;
  base::Result<wire::DescribeTableOutput> describe_table(aws::Context&, wire::DescribeTableInput in) override;
  base::Result<wire::DescribeTimeToLiveOutput> describe_time_to_live(aws::Context&,
                                                                     wire::DescribeTimeToLiveInput in) override;
  base::Result<wire::GetItemOutput> get_item(aws::Context&, wire::GetItemInput in) override;
  base::Result<wire::ListTablesOutput> list_tables(aws::Context&, wire::ListTablesInput in) override;
  base::Result<wire::ListTagsOfResourceOutput> list_tags_of_resource(aws::Context&,
                                                                     wire::ListTagsOfResourceInput in) override;
  base::Result<wire::PutItemOutput> put_item(aws::Context&, wire::PutItemInput in) override;
  base::Result<wire::QueryOutput> query(aws::Context&, wire::QueryInput in) override;
  base::Result<wire::ScanOutput> scan(aws::Context&, wire::ScanInput in) override;
  base::Result<wire::TagResourceResponse> tag_resource(aws::Context&, wire::TagResourceInput in) override;
  base::Result<wire::UntagResourceResponse> untag_resource(aws::Context&, wire::UntagResourceInput in) override;
  base::Result<wire::UpdateItemOutput> update_item(aws::Context&, wire::UpdateItemInput in) override;
  base::Result<wire::UpdateTableOutput> update_table(aws::Context&, wire::UpdateTableInput in) override;

 private:
  using TablePtr = std::shared_ptr<Table>;
  using Directory = std::map<std::string, TablePtr>;  // by table_key()

  // A table with its definition held still (shared) until this goes away.
  struct TableUse {
    TablePtr table;
    std::shared_lock<std::shared_mutex> lock;
    Table* operator->() const { return table.get(); }
    Table& operator*() const { return *table; }
  };

  void load();
  void drop_orphans(const Table& table);
  // By name or ARN; ResourceNotFoundException with the text of items' operations or of tables' operations.
  base::Result<TablePtr> find_table(const aws::Context&, const std::optional<std::string>& name_or_arn,
                                    bool control_plane);
  base::Result<TableUse> use_table(const aws::Context&, const std::optional<std::string>& name_or_arn,
                                   bool control_plane = false);
  base::Result<TablePtr> find_table_by_arn(const aws::Context&, const std::optional<std::string>& arn);
  // The item as it is stored, if there is one.
  base::Result<std::optional<StoredItem>> load_item(const Table& table, const ItemKey& key);
  // Writes one item in a batch of its own, under the stripe's lock, which the caller holds.
  void write_item(Table& table, const ItemKey& key, const StoredItem* before, const Item* after,
                  std::size_t after_bytes, Units& units);
  base::Result<void> backfill(Table& table, const Index& index);

  store::KvStore& store_;
  base::Env& env_;
  ExpressionCache expressions_;
  std::shared_mutex directory_mutex_;
  Directory directory_;
  uint64_t next_table_number_ = 1;  // guarded by directory_mutex_
};

}  // namespace engine::dynamodb
