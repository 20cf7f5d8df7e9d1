// Subscription filters, destinations, policies, queries, exports, deliveries, anomaly detectors: this engine has none
// of them, nor transformers, lookup tables or imports, and says so to the tools that look before they change something.
#include "engine/logs/refusals.h"
#include "engine/logs/service.h"

namespace engine::logs {

using namespace aws::logs;

namespace {

// The first and only page of an empty list.
template <class In, class Out, class Item>
base::Result<Out> nothing(const In& in, std::optional<std::vector<Item>> Out::* list) {
  if (in.next_token) return bad_token();
  Out out;
  (out.*list).emplace();
  return out;
}

}  // namespace

base::Result<void> LogsService::check_groups(const aws::Context& context, const std::vector<std::string>& identifiers) {
  const auto lock = mutex_.lock();
  for (const std::string& identifier : identifiers) TRY(find_group(context, std::nullopt, identifier));
  return {};
}

base::Result<DescribeAccountPoliciesResponse> LogsService::describe_account_policies(
    aws::Context&, DescribeAccountPoliciesRequest in) {
  return nothing(in, &DescribeAccountPoliciesResponse::account_policies);
}

base::Result<DescribeDeliveriesResponse> LogsService::describe_deliveries(aws::Context&, DescribeDeliveriesRequest in) {
  return nothing(in, &DescribeDeliveriesResponse::deliveries);
}

base::Result<DescribeDeliveryDestinationsResponse> LogsService::describe_delivery_destinations(
    aws::Context&, DescribeDeliveryDestinationsRequest in) {
  return nothing(in, &DescribeDeliveryDestinationsResponse::delivery_destinations);
}

base::Result<DescribeDeliverySourcesResponse> LogsService::describe_delivery_sources(
    aws::Context&, DescribeDeliverySourcesRequest in) {
  return nothing(in, &DescribeDeliverySourcesResponse::delivery_sources);
}

base::Result<DescribeDestinationsResponse> LogsService::describe_destinations(aws::Context&,
                                                                              DescribeDestinationsRequest in) {
  return nothing(in, &DescribeDestinationsResponse::destinations);
}

base::Result<DescribeExportTasksResponse> LogsService::describe_export_tasks(aws::Context&,
                                                                             DescribeExportTasksRequest in) {
  return nothing(in, &DescribeExportTasksResponse::export_tasks);
}

base::Result<DescribeImportTasksResponse> LogsService::describe_import_tasks(aws::Context&,
                                                                             DescribeImportTasksRequest in) {
  return nothing(in, &DescribeImportTasksResponse::imports);
}

base::Result<DescribeLookupTablesResponse> LogsService::describe_lookup_tables(aws::Context&,
                                                                               DescribeLookupTablesRequest in) {
  return nothing(in, &DescribeLookupTablesResponse::lookup_tables);
}

base::Result<DescribeQueryDefinitionsResponse> LogsService::describe_query_definitions(
    aws::Context&, DescribeQueryDefinitionsRequest in) {
  return nothing(in, &DescribeQueryDefinitionsResponse::query_definitions);
}

base::Result<DescribeResourcePoliciesResponse> LogsService::describe_resource_policies(
    aws::Context&, DescribeResourcePoliciesRequest in) {
  return nothing(in, &DescribeResourcePoliciesResponse::resource_policies);
}

base::Result<ListAnomaliesResponse> LogsService::list_anomalies(aws::Context&, ListAnomaliesRequest in) {
  return nothing(in, &ListAnomaliesResponse::anomalies);
}

base::Result<ListLogAnomalyDetectorsResponse> LogsService::list_log_anomaly_detectors(
    aws::Context&, ListLogAnomalyDetectorsRequest in) {
  return nothing(in, &ListLogAnomalyDetectorsResponse::anomaly_detectors);
}

base::Result<ListScheduledQueriesResponse> LogsService::list_scheduled_queries(aws::Context&,
                                                                               ListScheduledQueriesRequest in) {
  return nothing(in, &ListScheduledQueriesResponse::scheduled_queries);
}

base::Result<ListIntegrationsResponse> LogsService::list_integrations(aws::Context&, ListIntegrationsRequest) {
  ListIntegrationsResponse out;
  out.integration_summaries.emplace();
  return out;
}

base::Result<DescribeQueriesResponse> LogsService::describe_queries(aws::Context& context, DescribeQueriesRequest in) {
  if (in.log_group_name) TRY(check_groups(context, {*in.log_group_name}));
  return nothing(in, &DescribeQueriesResponse::queries);
}

base::Result<DescribeSubscriptionFiltersResponse> LogsService::describe_subscription_filters(
    aws::Context& context, DescribeSubscriptionFiltersRequest in) {
  if (in.log_group_name) TRY(check_groups(context, {*in.log_group_name}));
  return nothing(in, &DescribeSubscriptionFiltersResponse::subscription_filters);
}

base::Result<DescribeFieldIndexesResponse> LogsService::describe_field_indexes(aws::Context& context,
                                                                               DescribeFieldIndexesRequest in) {
  TRY(check_groups(context, in.log_group_identifiers.value_or(std::vector<std::string>())));
  return nothing(in, &DescribeFieldIndexesResponse::field_indexes);
}

base::Result<DescribeIndexPoliciesResponse> LogsService::describe_index_policies(aws::Context& context,
                                                                                 DescribeIndexPoliciesRequest in) {
  TRY(check_groups(context, in.log_group_identifiers.value_or(std::vector<std::string>())));
  return nothing(in, &DescribeIndexPoliciesResponse::index_policies);
}

base::Result<GetDataProtectionPolicyResponse> LogsService::get_data_protection_policy(
    aws::Context& context, GetDataProtectionPolicyRequest in) {
  if (!in.log_group_identifier) return missing("logGroupIdentifier");
  TRY(check_groups(context, {*in.log_group_identifier}));
  GetDataProtectionPolicyResponse out;
  out.log_group_identifier = std::move(in.log_group_identifier);
  return out;
}

base::Result<GetTransformerResponse> LogsService::get_transformer(aws::Context& context, GetTransformerRequest in) {
  if (!in.log_group_identifier) return missing("logGroupIdentifier");
  TRY(check_groups(context, {*in.log_group_identifier}));
  return base::fail(errors::resource_not_found_exception("The specified transformer does not exist."));
}

}  // namespace engine::logs
