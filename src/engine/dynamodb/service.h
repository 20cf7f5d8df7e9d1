// DynamoDbService: Amazon DynamoDB over a KvStore. Items live in the store only; memory holds the definitions of the
// tables, their counters and the parsed expressions used lately. Owned by the engine; safe from any thread.
//
// Locks: the directory (shared to find a table, exclusive to enter or remove one; nothing else is taken while it is
// held), tables (shared for items, exclusive to change the definition), then stripes of the table (by index). Reading,
// checking and writing one item happen under its stripe. None is held for work that grows: pages are read without a
// lock, batches let go between items, indexes fill in steps.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "aws/dynamodb/dynamodb.h"
#include "base/env.h"
#include "engine/dynamodb/expression_cache.h"
#include "engine/dynamodb/partiql_binding.h"
#include "engine/dynamodb/row_change.h"
#include "engine/dynamodb/table.h"
#include "store/kv_store.h"

namespace engine::dynamodb {

// Whether a role's own policies let it do this.
using RoleMay = std::function<bool(const aws::Context&, std::string_view action, const std::string& resource_arn)>;

struct DynamoDbOptions {
  ServiceMetrics* metrics = nullptr;  // where AWS/DynamoDB goes; null: nowhere. Outlives the service.
  // If set, an UpdateTable that changes nothing, which AWS refuses, is accepted, and this is told AWS's text.
  std::function<void(std::string_view reason)> lenient = {};
  // Asked for each statement of BatchExecuteStatement, which is refused by itself; for what else a request needs the
  // server has asked. Unset: roles may.
  RoleMay role_may = {};
  // Whether provisioned throughput, once its burst is used up, throttles. On-demand tables never do.
  bool throttle = true;
  std::size_t expression_cache_entries_max = kExpressionCacheEntriesMax;
  std::size_t statement_cache_entries_max = kStatementCacheEntriesMax;
};

class DynamoDbService final : public wire::DynamoDb {
 public:
  // Loads the tables; both references outlive the service. Ends the process if they are damaged, as do the
  // operations that come upon a damaged item.
  DynamoDbService(store::KvStore& store, base::Env& env, DynamoDbOptions options = {});
  ~DynamoDbService() override;
  // The background work: items whose time to live is over are deleted, each minute; new indexes are filled.
  void start();
  void stop();
  // One round of it: looks at every item of the tables that have a time to live. Answers how many it deleted.
  std::size_t sweep_expired(base::Timestamp now);
  // One step of filling new indexes, which looks at a page of the rows of one table. False when none is left to fill.
  bool fill_step();
  // The metrics that are a state: provisioned capacity. Called each minute, of which every fifth counts.
  void sample_metrics(base::Timestamp now);

  base::Result<wire::BatchExecuteStatementOutput> batch_execute_statement(aws::Context&,
                                                                          wire::BatchExecuteStatementInput in) override;
  base::Result<wire::BatchGetItemOutput> batch_get_item(aws::Context&, wire::BatchGetItemInput in) override;
  base::Result<wire::BatchWriteItemOutput> batch_write_item(aws::Context&, wire::BatchWriteItemInput in) override;
  base::Result<wire::CreateTableOutput> create_table(aws::Context&, wire::CreateTableInput in) override;
  base::Result<wire::DeleteItemOutput> delete_item(aws::Context&, wire::DeleteItemInput in) override;
  base::Result<wire::DeleteTableOutput> delete_table(aws::Context&, wire::DeleteTableInput in) override;
  base::Result<wire::DescribeBackupOutput> describe_backup(aws::Context&, wire::DescribeBackupInput in) override;
  base::Result<wire::DescribeContinuousBackupsOutput> describe_continuous_backups(
      aws::Context&, wire::DescribeContinuousBackupsInput in) override;
  base::Result<wire::DescribeContributorInsightsOutput> describe_contributor_insights(
      aws::Context&, wire::DescribeContributorInsightsInput in) override;
  base::Result<wire::DescribeEndpointsResponse> describe_endpoints(aws::Context&,
                                                                   wire::DescribeEndpointsRequest in) override;
  base::Result<wire::DescribeExportOutput> describe_export(aws::Context&, wire::DescribeExportInput in) override;
  base::Result<wire::DescribeGlobalTableOutput> describe_global_table(aws::Context&,
                                                                      wire::DescribeGlobalTableInput in) override;
  base::Result<wire::DescribeGlobalTableSettingsOutput> describe_global_table_settings(
      aws::Context&, wire::DescribeGlobalTableSettingsInput in) override;
  base::Result<wire::DescribeImportOutput> describe_import(aws::Context&, wire::DescribeImportInput in) override;
  base::Result<wire::DescribeKinesisStreamingDestinationOutput> describe_kinesis_streaming_destination(
      aws::Context&, wire::DescribeKinesisStreamingDestinationInput in) override;
  base::Result<wire::DescribeLimitsOutput> describe_limits(aws::Context&, wire::DescribeLimitsInput in) override;
  base::Result<wire::DescribeTableReplicaAutoScalingOutput> describe_table_replica_auto_scaling(
      aws::Context&, wire::DescribeTableReplicaAutoScalingInput in) override;
  base::Result<wire::GetResourcePolicyOutput> get_resource_policy(aws::Context&,
                                                                  wire::GetResourcePolicyInput in) override;
  base::Result<wire::ListBackupsOutput> list_backups(aws::Context&, wire::ListBackupsInput in) override;
  base::Result<wire::ListContributorInsightsOutput> list_contributor_insights(
      aws::Context&, wire::ListContributorInsightsInput in) override;
  base::Result<wire::ListExportsOutput> list_exports(aws::Context&, wire::ListExportsInput in) override;
  base::Result<wire::ListGlobalTablesOutput> list_global_tables(aws::Context&, wire::ListGlobalTablesInput in) override;
  base::Result<wire::ListImportsOutput> list_imports(aws::Context&, wire::ListImportsInput in) override;
  base::Result<wire::DescribeTableOutput> describe_table(aws::Context&, wire::DescribeTableInput in) override;
  base::Result<wire::DescribeTimeToLiveOutput> describe_time_to_live(aws::Context&,
                                                                     wire::DescribeTimeToLiveInput in) override;
  base::Result<wire::ExecuteStatementOutput> execute_statement(aws::Context&, wire::ExecuteStatementInput in) override;
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
  base::Result<wire::UpdateTimeToLiveOutput> update_time_to_live(aws::Context&,
                                                                 wire::UpdateTimeToLiveInput in) override;

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

  // A request to items on its way: who asks, and which tables it turned out to be about.
  struct Call {
    aws::Context& context;
    std::vector<TablePtr> tables;
  };
  // Runs an operation's body (the overloads below that take a Call) and counts how it ended.
  template <class Body>
  auto measured(aws::Context& context, OperationKind kind, Body body) -> decltype(body(std::declval<Call&>()));
  void count(const Call& call, OperationKind kind, const base::AwsError* error, base::Timestamp begun);
  void attach_metrics(Table& table);
  base::Result<wire::BatchExecuteStatementOutput> batch_execute_statement(Call&, wire::BatchExecuteStatementInput in);
  base::Result<wire::BatchGetItemOutput> batch_get_item(Call&, wire::BatchGetItemInput in);
  base::Result<wire::BatchWriteItemOutput> batch_write_item(Call&, wire::BatchWriteItemInput in);
  base::Result<wire::DeleteItemOutput> delete_item(Call&, wire::DeleteItemInput in);
  base::Result<wire::ExecuteStatementOutput> execute_statement(Call&, wire::ExecuteStatementInput in);
  base::Result<wire::GetItemOutput> get_item(Call&, wire::GetItemInput in);
  base::Result<wire::PutItemOutput> put_item(Call&, wire::PutItemInput in);
  base::Result<wire::QueryOutput> query(Call&, wire::QueryInput in);
  base::Result<wire::ScanOutput> scan(Call&, wire::ScanInput in);
  base::Result<wire::UpdateItemOutput> update_item(Call&, wire::UpdateItemInput in);

  void load();
  void drop_orphans(const Table& table);
  // By name or ARN; ResourceNotFoundException with the text of items' operations or of tables' operations.
  base::Result<TablePtr> find_table(const aws::Context&, const std::optional<std::string>& name_or_arn,
                                    bool control_plane);
  base::Result<TableUse> use_table(const aws::Context&, const std::optional<std::string>& name_or_arn,
                                   bool control_plane = false);
  base::Result<TableUse> use_table(Call& call, const std::optional<std::string>& name_or_arn);
  base::Result<TablePtr> find_table_by_arn(const aws::Context&, const std::optional<std::string>& arn);
  // The item as it is stored, if there is one.
  std::optional<StoredItem> load_item(const Table& table, const ItemKey& key);
  // The same for an admitted write, which is withdrawn if the item is too large for the thread that the call is on.
  base::Result<std::optional<StoredItem>> load_item_to_write(const Call& call, Table& table, const ItemKey& key);
  void write_definition(const Table& table);
  void write_update(Table& table, const std::vector<uint32_t>& deleted_indexes);
  // Writes one item in a batch of its own, under the stripe's lock, which the caller holds.
  void write_item(Table& table, const ItemKey& key, const StoredItem* before, const Item* after,
                  std::size_t after_bytes, Units& units);
  void sweep();
  std::size_t expire_page(Table& table, std::string& from, base::Timestamp now);
  // Filling of new indexes (service_index_fill.cc).
  void fill();
  void want_fill(TablePtr table);
  bool fill_page(Table& table);  // false: there is nothing more to fill in this table
  void fill_entry(Table& table, const Index& index, const ItemKey& key);
  void finish_fill(Table& table, uint32_t index_number);

  // PartiQL (service_partiql.cc, service_partiql_batch.cc).
  struct WriteStatement;
  std::shared_ptr<const Statement> parsed(const std::string& text);
  base::Result<WriteStatement> prepare_write(Call&, BoundStatement bound, bool keep_existing);
  // Carries out the writes, all on `table` and on different items. Each has an outcome after.
  void carry_out(const Call&, Table& table, std::span<WriteStatement* const> writes, Units& units);
  // The first of them, in one batch of the store; answers how many.
  std::size_t carry_out_some(const Call&, Table& table, std::span<WriteStatement* const> writes, Units& units);
  base::Result<std::optional<Item>> stage_statement(const Call&, store::WriteBatch& batch, Table& table,
                                                    WriteStatement& write, Units& units);
  base::Result<wire::ExecuteStatementOutput> select(Call&, const BoundStatement& bound,
                                                    const wire::ExecuteStatementInput& in);
  base::Result<std::optional<Item>> select_one(Call&, const BoundStatement& bound, bool consistent, Units& units);
  void carry_out_reads(Call&, std::vector<wire::BatchStatementRequest>& requests,
                       std::vector<std::shared_ptr<const Statement>>& statements,
                       wire::BatchExecuteStatementOutput& out, std::map<std::string, Units>& units);
  base::Result<void> carry_out_writes(Call&, std::vector<wire::BatchStatementRequest>& requests,
                                      std::vector<std::shared_ptr<const Statement>>& statements,
                                      wire::BatchExecuteStatementOutput& out, std::map<std::string, Units>& units);

  store::KvStore& store_;
  base::Env& env_;
  ServiceMetrics* const metrics_;
  const std::function<void(std::string_view)> lenient_;
  const RoleMay role_may_;
  const bool throttles_;
  ExpressionCache expressions_;
  TextCache<Statement> statements_;
  std::shared_mutex directory_mutex_;
  Directory directory_;
  uint64_t next_table_number_ = 1;  // guarded by directory_mutex_

  std::mutex sweep_mutex_;  // guards what follows; never held together with another
  std::unique_ptr<base::Condition> stop_requested_;
  bool stopping_ = false;
  std::unique_ptr<base::Task> sweeper_;

  std::mutex fill_mutex_;  // guards what follows; never held together with another
  std::unique_ptr<base::Condition> fill_wanted_;
  bool fill_stopping_ = false;
  std::deque<TablePtr> filling_;
  std::unique_ptr<base::Task> filler_;
};

}  // namespace engine::dynamodb
