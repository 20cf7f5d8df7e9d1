// LambdaService: AWS Lambda over a KvStore and a FunctionHost. Owned by the engine; safe from any thread.
//
// The directory of functions (mutex_) holds immutable records that are replaced as a whole; an invocation takes a
// snapshot and goes on without the lock. Running instances belong to the InstancePool, mappings and their pollers to
// EventSourceMappings, asynchronous invocations to AsyncInvocations. Lock order: mutex_, then those of what it owns;
// EventSourceMappings calls back with none of its own held. start() begins background work, stop() ends it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"
#include "base/env.h"
#include "engine/lambda/async_invocations.h"
#include "engine/lambda/code_links.h"
#include "engine/lambda/destinations.h"
#include "engine/lambda/event_source_mappings.h"
#include "engine/lambda/function_entry.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/instance_pool.h"
#include "engine/lambda/instance_starter.h"
#include "engine/lambda/invoker.h"
#include "engine/lambda/log_shipper.h"
#include "engine/lambda/options.h"
#include "engine/lambda/url_address.h"
#include "runtime/function_host.h"
#include "store/kv_store.h"

namespace aws::s3 {
class S3;
}

namespace engine::lambda {

namespace api = aws::lambda;

class LambdaService final : public api::Lambda, private AsyncFunctions, private MappedFunctions {
 public:
  // Loads all functions and mappings. Everything referred to outlives the service. `sts` gives functions the
  // credentials of their roles, `logs` takes their output, `sqs` is read for mappings.
  LambdaService(store::KvStore& store, base::Env& env, runtime::FunctionHost& host, aws::sqs::Sqs& sqs,
                aws::sts::Sts& sts, aws::logs::Logs& logs, LambdaOptions options);
  ~LambdaService() override;  // stop()
  LambdaService(const LambdaService&) = delete;
  LambdaService& operator=(const LambdaService&) = delete;

  // Services that are made after this one and outlive its background work: for destinations and dead letters, and for
  // code from buckets. Before start(). Without them such requests are refused.
  void set_sns(aws::sns::Sns& sns) { destinations_.set_sns(&sns); }
  void set_s3(aws::s3::S3& s3) { s3_ = &s3; }
  // As InstanceStarter has it.
  void set_endpoint(std::string url) { starter_.set_endpoint(std::move(url)); }
  // Begins to poll queues, deliver asynchronous invocations and write logs. Once.
  void start();
  // Interrupts running invocations, ends all instances and puts what is left of logs. What was accepted stays owed.
  void stop();
  // A deployment package, by the path of an address that GetFunction has answered with (Code.Location); nullopt: there
  // is no such address, or not any more.
  std::optional<aws::Body> download(std::string_view path);
  // Asynchronous invocations, and messages to their destinations, that are not done yet.
  std::size_t async_pending();

  // What a function URL leads to at this moment, for UrlDoor. nullopt: there is no such URL.
  struct UrlFunction {
    FunctionUrlRecord url;
    Function function;
  };
  std::optional<UrlFunction> at_url(const UrlTarget& target);
  // As Invoker has them. The door asks and decides by itself who may invoke.
  void begin_url_invocation(const Function& function, runtime::InvokeRequest request, Invoker::Done done) {
    invoker_.begin(function, std::move(request), std::move(done));
  }
  std::shared_ptr<InvocationMetrics> metrics_of(const Function& function) { return invoker_.metrics_of(function); }

  template <class Out>
  using Result = base::Result<Out>;
  using Context = aws::Context;
  using Configuration = api::FunctionConfiguration;

  // service_functions.cc
  Result<Configuration> create_function(Context& context, api::CreateFunctionRequest in) override;
  Result<Configuration> update_function_code(Context& context, api::UpdateFunctionCodeRequest in) override;
  Result<Configuration> update_function_configuration(Context& context,
                                                      api::UpdateFunctionConfigurationRequest in) override;
  Result<api::DeleteFunctionResponse> delete_function(Context& context, api::DeleteFunctionRequest in) override;
  // service_versions.cc
  Result<Configuration> publish_version(Context& context, api::PublishVersionRequest in) override;
  Result<api::AliasConfiguration> create_alias(Context& context, api::CreateAliasRequest in) override;
  Result<api::AliasConfiguration> get_alias(Context& context, api::GetAliasRequest in) override;
  Result<api::AliasConfiguration> update_alias(Context& context, api::UpdateAliasRequest in) override;
  Result<api::DeleteAliasResponse> delete_alias(Context& context, api::DeleteAliasRequest in) override;
  Result<api::ListAliasesResponse> list_aliases(Context& context, api::ListAliasesRequest in) override;
  // service_reads.cc
  Result<api::GetFunctionResponse> get_function(Context& context, api::GetFunctionRequest in) override;
  Result<Configuration> get_function_configuration(Context& context, api::GetFunctionConfigurationRequest in) override;
  Result<api::ListFunctionsResponse> list_functions(Context& context, api::ListFunctionsRequest in) override;
  Result<api::ListVersionsByFunctionResponse> list_versions_by_function(Context& context,
                                                                        api::ListVersionsByFunctionRequest in) override;
  Result<api::GetFunctionCodeSigningConfigResponse> get_function_code_signing_config(
      Context& context, api::GetFunctionCodeSigningConfigRequest in) override;
  Result<api::GetAccountSettingsResponse> get_account_settings(Context& context,
                                                               api::GetAccountSettingsRequest in) override;
  // service_defaults.cc
  Result<api::GetRuntimeManagementConfigResponse> get_runtime_management_config(
      Context& context, api::GetRuntimeManagementConfigRequest in) override;
  Result<api::GetFunctionRecursionConfigResponse> get_function_recursion_config(
      Context& context, api::GetFunctionRecursionConfigRequest in) override;
  Result<api::GetProvisionedConcurrencyConfigResponse> get_provisioned_concurrency_config(
      Context& context, api::GetProvisionedConcurrencyConfigRequest in) override;
  Result<api::ListProvisionedConcurrencyConfigsResponse> list_provisioned_concurrency_configs(
      Context& context, api::ListProvisionedConcurrencyConfigsRequest in) override;
  Result<api::GetFunctionScalingConfigResponse> get_function_scaling_config(
      Context& context, api::GetFunctionScalingConfigRequest in) override;
  Result<api::ListDurableExecutionsByFunctionResponse> list_durable_executions_by_function(
      Context& context, api::ListDurableExecutionsByFunctionRequest in) override;
  Result<api::ListLayersResponse> list_layers(Context& context, api::ListLayersRequest in) override;
  Result<api::ListLayerVersionsResponse> list_layer_versions(Context& context,
                                                             api::ListLayerVersionsRequest in) override;
  Result<api::ListCodeSigningConfigsResponse> list_code_signing_configs(Context& context,
                                                                        api::ListCodeSigningConfigsRequest in) override;
  Result<api::ListCapacityProvidersResponse> list_capacity_providers(Context& context,
                                                                     api::ListCapacityProvidersRequest in) override;
  Result<api::GetCapacityProviderResponse> get_capacity_provider(Context& context,
                                                                 api::GetCapacityProviderRequest in) override;
  Result<api::GetCodeSigningConfigResponse> get_code_signing_config(Context& context,
                                                                    api::GetCodeSigningConfigRequest in) override;
  Result<api::GetLayerVersionResponse> get_layer_version(Context& context, api::GetLayerVersionRequest in) override;
  Result<api::GetLayerVersionResponse> get_layer_version_by_arn(Context& context,
                                                                api::GetLayerVersionByArnRequest in) override;
  Result<api::GetLayerVersionPolicyResponse> get_layer_version_policy(Context& context,
                                                                      api::GetLayerVersionPolicyRequest in) override;
  // service_settings.cc
  Result<api::Concurrency> put_function_concurrency(Context& context, api::PutFunctionConcurrencyRequest in) override;
  Result<api::GetFunctionConcurrencyResponse> get_function_concurrency(Context& context,
                                                                       api::GetFunctionConcurrencyRequest in) override;
  Result<api::DeleteFunctionConcurrencyResponse> delete_function_concurrency(
      Context& context, api::DeleteFunctionConcurrencyRequest in) override;
  Result<api::ListTagsResponse> list_tags(Context& context, api::ListTagsRequest in) override;
  Result<api::TagResourceResponse> tag_resource(Context& context, api::TagResourceRequest in) override;
  Result<api::UntagResourceResponse> untag_resource(Context& context, api::UntagResourceRequest in) override;
  // service_policies.cc
  Result<api::AddPermissionResponse> add_permission(Context& context, api::AddPermissionRequest in) override;
  Result<api::RemovePermissionResponse> remove_permission(Context& context, api::RemovePermissionRequest in) override;
  Result<api::GetPolicyResponse> get_policy(Context& context, api::GetPolicyRequest in) override;
  // service_event_invoke.cc
  Result<api::FunctionEventInvokeConfig> put_function_event_invoke_config(
      Context& context, api::PutFunctionEventInvokeConfigRequest in) override;
  Result<api::FunctionEventInvokeConfig> update_function_event_invoke_config(
      Context& context, api::UpdateFunctionEventInvokeConfigRequest in) override;
  Result<api::FunctionEventInvokeConfig> get_function_event_invoke_config(
      Context& context, api::GetFunctionEventInvokeConfigRequest in) override;
  Result<api::DeleteFunctionEventInvokeConfigResponse> delete_function_event_invoke_config(
      Context& context, api::DeleteFunctionEventInvokeConfigRequest in) override;
  Result<api::ListFunctionEventInvokeConfigsResponse> list_function_event_invoke_configs(
      Context& context, api::ListFunctionEventInvokeConfigsRequest in) override;
  // service_urls.cc
  Result<api::CreateFunctionUrlConfigResponse> create_function_url_config(
      Context& context, api::CreateFunctionUrlConfigRequest in) override;
  Result<api::GetFunctionUrlConfigResponse> get_function_url_config(Context& context,
                                                                    api::GetFunctionUrlConfigRequest in) override;
  Result<api::UpdateFunctionUrlConfigResponse> update_function_url_config(
      Context& context, api::UpdateFunctionUrlConfigRequest in) override;
  Result<api::DeleteFunctionUrlConfigResponse> delete_function_url_config(
      Context& context, api::DeleteFunctionUrlConfigRequest in) override;
  Result<api::ListFunctionUrlConfigsResponse> list_function_url_configs(Context& context,
                                                                        api::ListFunctionUrlConfigsRequest in) override;
  // service_invoke.cc
  Result<api::InvocationResponse> invoke(Context& context, api::InvocationRequest in) override;
  // service.cc, in EventSourceMappings
  Result<api::EventSourceMappingConfiguration> create_event_source_mapping(
      Context& context, api::CreateEventSourceMappingRequest in) override;
  Result<api::EventSourceMappingConfiguration> get_event_source_mapping(Context& context,
                                                                        api::GetEventSourceMappingRequest in) override;
  Result<api::ListEventSourceMappingsResponse> list_event_source_mappings(
      Context& context, api::ListEventSourceMappingsRequest in) override;
  Result<api::EventSourceMappingConfiguration> update_event_source_mapping(
      Context& context, api::UpdateEventSourceMappingRequest in) override;
  Result<api::EventSourceMappingConfiguration> delete_event_source_mapping(
      Context& context, api::DeleteEventSourceMappingRequest in) override;

 private:
  using Name = std::optional<std::string>;                              // of a function, or a qualifier
  using Directory = std::map<std::string, FunctionEntry, std::less<>>;  // by keys::function()
  struct UrlOwner {
    std::string function;  // its key in the directory
    std::string alias;
  };

  // service.cc
  void load();
  void load_versions(std::map<uint64_t, std::shared_ptr<Code>>& codes);
  Result<Function> find(const Context& context, const Name& name, const Name& qualifier, std::string_view action);
  // For operations that change the directory. REQUIRES: mutex_ is held.
  Result<Directory::iterator> find_entry(const Context& context, const std::string& name);
  // Replaces $LATEST where its instances may go on; writes it. REQUIRES: mutex_ is held.
  void replace_record(FunctionEntry& entry, FunctionRecord record);
  // Replaces $LATEST's code or configuration in memory and adds it to `batch`. REQUIRES: mutex_ is held.
  void replace_runnable(FunctionEntry& entry, FunctionRecord record, std::shared_ptr<Code> code,
                        store::WriteBatch& batch);
  uint64_t take_id(store::WriteBatch& batch);  // REQUIRES: mutex_ is held
  std::shared_ptr<Code> code_of(uint64_t id);

  // service_functions.cc
  Result<void> check_assumable(const FunctionRecord& record);
  // Fails while an update is under way, or if `revision_id` is given and not $LATEST's. REQUIRES: mutex_ is held.
  static Result<void> check_updatable(const FunctionEntry& entry, const Name& revision_id);
  Result<void> check_dead_letter(const FunctionRecord& record);
  // Of the caller's account in the region, published versions included. Both REQUIRE: mutex_ is held.
  [[nodiscard]] uint64_t stored_code_bytes(const Context& context) const;
  [[nodiscard]] Result<void> check_code_storage(const Context& context, uint64_t added_bytes) const;
  // The deployment package, from the request or from a bucket.
  Result<std::string> package_of(Context& context, Name& zip_file, const Name& bucket, const Name& key);
  Result<api::DeleteFunctionResponse> delete_version(Context& context, const FunctionName& name);

  // service_versions.cc
  // The version that has $LATEST's code and configuration: the newest one, or one made now, in memory and in `batch`.
  // REQUIRES: mutex_ is held.
  std::shared_ptr<const FunctionRecord> publish(FunctionEntry& entry, const Name& description, base::Timestamp now,
                                                store::WriteBatch& batch);
  Result<void> set_routing(AliasRecord& alias, const FunctionEntry& entry, const Context& context,
                           const std::optional<api::AliasRoutingConfiguration>& routing);

  // service_urls.cc. The alias that a request names, "" for $LATEST.
  static Result<FunctionName> resolve_url_owner(const Context& context, const Name& name, const Name& qualifier,
                                                std::string_view action);
  // As the caller reaches the engine; who calls from inside gets what functions get.
  std::string url_endpoint(const Context& context) {
    return context.endpoint.empty() ? starter_.endpoint() : context.endpoint;
  }
  // nullptr: there is none. REQUIRES: mutex_ is held.
  FunctionUrlRecord* find_url(const Context& context, const FunctionName& owner);
  // In memory and in `batch`. REQUIRES: mutex_ is held.
  void erase_url(FunctionEntry& entry, const std::string& alias, store::WriteBatch& batch);

  // service_settings.cc
  Result<std::string> tagged_function(const Context& context, const Name& resource);

  // service_policies.cc
  Result<ResourcePolicy> policy_of(const FunctionEntry& entry, const Context& context, const FunctionName& name);
  void replace_policy(FunctionEntry& entry, const std::string& qualifier, ResourcePolicy policy);

  // service_event_invoke.cc
  Result<api::FunctionEventInvokeConfig> set_event_invoke_config(Context& context,
                                                                 api::PutFunctionEventInvokeConfigRequest in,
                                                                 bool update);
  Result<void> check_destination(const Context& context, const FunctionRecord& record, const std::string& target_arn);

  // service_invoke.cc
  // The function that Invoke names, if the caller may invoke it.
  Result<Function> find_to_invoke(const Context& context, const api::InvocationRequest& in);
  [[nodiscard]] Result<void> authorise(const Context& context, const Function& function, std::string_view action) const;
  struct ParkedInvoke;
  // What a parked invocation has come to so far.
  Result<api::InvocationResponse> resume_invoke(Context& context);
  Result<api::InvocationResponse> invoke_later(Context& context, const Function& function, api::InvocationRequest in);
  std::optional<Settings> async_settings(const AsyncEvent& event) override;
  Result<Answer> run_async(const AsyncEvent& event) override;
  bool async_stopping() override { return pool_.stopping(); }
  std::optional<int32_t> mapped_timeout_seconds(const MappingRecord& mapping) override;
  std::optional<std::string_view> mapped_role_lacks(const MappingRecord& mapping) override;
  QueuePoller::Answer invoke_mapped(const MappingRecord& mapping, std::string event) override;

  store::KvStore& store_;
  base::Env& env_;
  runtime::FunctionHost& host_;
  aws::sts::Sts& sts_;
  aws::s3::S3* s3_ = nullptr;
  const LambdaOptions options_;
  const CodeLinks code_links_;
  LogShipper logs_;
  InstanceStarter starter_;
  InstancePool pool_;
  Invoker invoker_;
  std::mutex mutex_;  // guards the next three
  Directory functions_;
  uint64_t next_id_ = 1;
  std::map<std::string, UrlOwner, std::less<>> url_owners_;  // by the URL's id
  Destinations destinations_;
  AsyncInvocations async_;
  EventSourceMappings mappings_;
};

}  // namespace engine::lambda
