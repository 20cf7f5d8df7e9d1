// The reads of what this engine does not have, which every infrastructure tool makes: they answer what AWS answers of a
// table where nothing of it was ever set up.
#include "aws/dynamodb/errors.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/table_definition.h"

namespace engine::dynamodb {

base::Result<wire::DescribeBackupOutput> DynamoDbService::describe_backup(aws::Context&, wire::DescribeBackupInput in) {
  return base::fail(wire::errors::backup_not_found_exception("Backup not found: " + in.backup_arn.value_or("")));
}

base::Result<wire::DescribeContinuousBackupsOutput> DynamoDbService::describe_continuous_backups(
    aws::Context& context, wire::DescribeContinuousBackupsInput in) {
  const auto table = use_table(context, in.table_name, true);
  if (!table && table.error().code == "ResourceNotFoundException")
    return base::fail(wire::errors::table_not_found_exception("Table not found: " + *in.table_name));
  if (!table) return std::unexpected(table.error());
  wire::DescribeContinuousBackupsOutput out;
  auto& backups = out.continuous_backups_description.emplace();
  // As on AWS by default; there is no operation here to enable recovery.
  backups.continuous_backups_status = "ENABLED";
  backups.point_in_time_recovery_description.emplace().point_in_time_recovery_status = "DISABLED";
  return out;
}

base::Result<wire::DescribeContributorInsightsOutput> DynamoDbService::describe_contributor_insights(
    aws::Context& context, wire::DescribeContributorInsightsInput in) {
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name, true));
  if (in.index_name && table->find_index(*in.index_name) == nullptr)
    return not_found("Table: " + table->name + " index: " + *in.index_name);
  wire::DescribeContributorInsightsOutput out;
  out.table_name = table->name;
  out.index_name = std::move(in.index_name);
  out.contributor_insights_status = "DISABLED";
  return out;
}

base::Result<wire::DescribeEndpointsResponse> DynamoDbService::describe_endpoints(aws::Context& context,
                                                                                  wire::DescribeEndpointsRequest) {
  constexpr int64_t kCacheMinutes = 1440;  // AWS's
  wire::DescribeEndpointsResponse out;
  wire::Endpoint& endpoint = out.endpoints.emplace().emplace_back();
  const std::size_t scheme = context.endpoint.find("://");
  endpoint.address = scheme == std::string::npos ? context.endpoint : context.endpoint.substr(scheme + 3);
  endpoint.cache_period_in_minutes = kCacheMinutes;
  return out;
}

base::Result<wire::DescribeExportOutput> DynamoDbService::describe_export(aws::Context&, wire::DescribeExportInput in) {
  return base::fail(wire::errors::export_not_found_exception("Export not found: " + in.export_arn.value_or("")));
}

base::Result<wire::DescribeGlobalTableOutput> DynamoDbService::describe_global_table(
    aws::Context&, wire::DescribeGlobalTableInput in) {
  return base::fail(wire::errors::global_table_not_found_exception(
      "Global table not found: Global Table with name '" + in.global_table_name.value_or("") + "' does not exist."));
}

base::Result<wire::DescribeGlobalTableSettingsOutput> DynamoDbService::describe_global_table_settings(
    aws::Context&, wire::DescribeGlobalTableSettingsInput in) {
  return base::fail(wire::errors::global_table_not_found_exception(
      "Global table not found: Global Table with name '" + in.global_table_name.value_or("") + "' does not exist."));
}

base::Result<wire::DescribeImportOutput> DynamoDbService::describe_import(aws::Context&, wire::DescribeImportInput in) {
  return base::fail(wire::errors::import_not_found_exception("Import not found: " + in.import_arn.value_or("")));
}

base::Result<wire::DescribeKinesisStreamingDestinationOutput> DynamoDbService::describe_kinesis_streaming_destination(
    aws::Context& context, wire::DescribeKinesisStreamingDestinationInput in) {
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name, true));
  wire::DescribeKinesisStreamingDestinationOutput out;
  out.table_name = table->name;
  out.kinesis_data_stream_destinations.emplace();
  return out;
}

// The default quotas, which nothing here enforces over an account.
base::Result<wire::DescribeLimitsOutput> DynamoDbService::describe_limits(aws::Context&, wire::DescribeLimitsInput) {
  constexpr int64_t kAccountUnits = 80'000;
  constexpr int64_t kTableUnits = 40'000;
  wire::DescribeLimitsOutput out;
  out.account_max_read_capacity_units = kAccountUnits;
  out.account_max_write_capacity_units = kAccountUnits;
  out.table_max_read_capacity_units = kTableUnits;
  out.table_max_write_capacity_units = kTableUnits;
  return out;
}

base::Result<wire::DescribeTableReplicaAutoScalingOutput> DynamoDbService::describe_table_replica_auto_scaling(
    aws::Context& context, wire::DescribeTableReplicaAutoScalingInput in) {
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name, true));
  wire::DescribeTableReplicaAutoScalingOutput out;
  auto& description = out.table_auto_scaling_description.emplace();
  description.table_name = table->name;
  description.table_status = "ACTIVE";
  description.replicas.emplace();
  return out;
}

base::Result<wire::GetResourcePolicyOutput> DynamoDbService::get_resource_policy(aws::Context& context,
                                                                                 wire::GetResourcePolicyInput in) {
  TRY_ASSIGN(const TablePtr table, find_table_by_arn(context, in.resource_arn));
  return base::fail(wire::errors::policy_not_found_exception(
      "Resource-based policy not found for the provided ResourceArn: " + table->arn()));
}

base::Result<wire::ListBackupsOutput> DynamoDbService::list_backups(aws::Context&, wire::ListBackupsInput) {
  wire::ListBackupsOutput out;
  out.backup_summaries.emplace();
  return out;
}

base::Result<wire::ListContributorInsightsOutput> DynamoDbService::list_contributor_insights(
    aws::Context&, wire::ListContributorInsightsInput) {
  wire::ListContributorInsightsOutput out;
  out.contributor_insights_summaries.emplace();
  return out;
}

base::Result<wire::ListExportsOutput> DynamoDbService::list_exports(aws::Context&, wire::ListExportsInput) {
  wire::ListExportsOutput out;
  out.export_summaries.emplace();
  return out;
}

base::Result<wire::ListGlobalTablesOutput> DynamoDbService::list_global_tables(aws::Context&,
                                                                               wire::ListGlobalTablesInput) {
  wire::ListGlobalTablesOutput out;
  out.global_tables.emplace();
  return out;
}

base::Result<wire::ListImportsOutput> DynamoDbService::list_imports(aws::Context&, wire::ListImportsInput) {
  wire::ListImportsOutput out;
  out.import_summary_list.emplace();
  return out;
}

}  // namespace engine::dynamodb
