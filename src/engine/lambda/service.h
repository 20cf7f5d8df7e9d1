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
#include "engine/lambda/destinations.h"
#include "engine/lambda/event_source_mappings.h"
#include "engine/lambda/function_entry.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/instance_pool.h"
#include "engine/lambda/invocation_metrics.h"
#include "engine/lambda/log_shipper.h"
#include "engine/lambda/options.h"
#include "runtime/function_host.h"
#include "store/kv_store.h"

namespace aws::s3 {
class S3;
}

namespace engine::lambda {

class LambdaService final : public aws::lambda::Lambda, private AsyncFunctions, private MappedFunctions {
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
  // The engine's own URL, which functions get as AWS_ENDPOINT_URL. Instances that run already keep the old one.
  void set_endpoint(std::string url);
  // Begins to poll queues, deliver asynchronous invocations and write logs. Once.
  void start();
  // Interrupts running invocations, ends all instances and puts what is left of logs. What was accepted stays owed.
  void stop();
  // Asynchronous invocations, and messages to their destinations, that are not done yet.
  std::size_t async_pending();

  template <class Out>
  using Result = base::Result<Out>;
  using Context = aws::Context;
  using Configuration = aws::lambda::FunctionConfiguration;

  // service_functions.cc
  Result<Configuration> create_function(Context& context, aws::lambda::CreateFunctionRequest in) override;
  Result<Configuration> update_function_code(Context& context, aws::lambda::UpdateFunctionCodeRequest in) override;
  Result<Configuration> update_function_configuration(Context& context,
                                                      aws::lambda::UpdateFunctionConfigurationRequest in) override;
  Result<aws::lambda::DeleteFunctionResponse> delete_function(Context& context,
                                                              aws::lambda::DeleteFunctionRequest in) override;
  // service_versions.cc
  Result<Configuration> publish_version(Context& context, aws::lambda::PublishVersionRequest in) override;
  Result<aws::lambda::AliasConfiguration> create_alias(Context& context, aws::lambda::CreateAliasRequest in) override;
  Result<aws::lambda::AliasConfiguration> get_alias(Context& context, aws::lambda::GetAliasRequest in) override;
  Result<aws::lambda::AliasConfiguration> update_alias(Context& context, aws::lambda::UpdateAliasRequest in) override;
  Result<aws::lambda::DeleteAliasResponse> delete_alias(Context& context, aws::lambda::DeleteAliasRequest in) override;
  Result<aws::lambda::ListAliasesResponse> list_aliases(Context& context, aws::lambda::ListAliasesRequest in) override;
  // service_reads.cc
  Result<aws::lambda::GetFunctionResponse> get_function(Context& context, aws::lambda::GetFunctionRequest in) override;
  Result<Configuration> get_function_configuration(Context& context,
                                                   aws::lambda::GetFunctionConfigurationRequest in) override;
  Result<aws::lambda::ListFunctionsResponse> list_functions(Context& context,
                                                            aws::lambda::ListFunctionsRequest in) override;
  Result<aws::lambda::ListVersionsByFunctionResponse> list_versions_by_function(
      Context& context, aws::lambda::ListVersionsByFunctionRequest in) override;
  Result<aws::lambda::GetFunctionCodeSigningConfigResponse> get_function_code_signing_config(
      Context& context, aws::lambda::GetFunctionCodeSigningConfigRequest in) override;
  Result<aws::lambda::GetAccountSettingsResponse> get_account_settings(
      Context& context, aws::lambda::GetAccountSettingsRequest in) override;
  // service_settings.cc
  Result<aws::lambda::Concurrency> put_function_concurrency(Context& context,
                                                            aws::lambda::PutFunctionConcurrencyRequest in) override;
  Result<aws::lambda::GetFunctionConcurrencyResponse> get_function_concurrency(
      Context& context, aws::lambda::GetFunctionConcurrencyRequest in) override;
  Result<aws::lambda::DeleteFunctionConcurrencyResponse> delete_function_concurrency(
      Context& context, aws::lambda::DeleteFunctionConcurrencyRequest in) override;
  Result<aws::lambda::ListTagsResponse> list_tags(Context& context, aws::lambda::ListTagsRequest in) override;
  Result<aws::lambda::TagResourceResponse> tag_resource(Context& context, aws::lambda::TagResourceRequest in) override;
  Result<aws::lambda::UntagResourceResponse> untag_resource(Context& context,
                                                            aws::lambda::UntagResourceRequest in) override;
  // service_policies.cc
  Result<aws::lambda::AddPermissionResponse> add_permission(Context& context,
                                                            aws::lambda::AddPermissionRequest in) override;
  Result<aws::lambda::RemovePermissionResponse> remove_permission(Context& context,
                                                                  aws::lambda::RemovePermissionRequest in) override;
  Result<aws::lambda::GetPolicyResponse> get_policy(Context& context, aws::lambda::GetPolicyRequest in) override;
  // service_event_invoke.cc
  Result<aws::lambda::FunctionEventInvokeConfig> put_function_event_invoke_config(
      Context& context, aws::lambda::PutFunctionEventInvokeConfigRequest in) override;
  Result<aws::lambda::FunctionEventInvokeConfig> update_function_event_invoke_config(
      Context& context, aws::lambda::UpdateFunctionEventInvokeConfigRequest in) override;
  Result<aws::lambda::FunctionEventInvokeConfig> get_function_event_invoke_config(
      Context& context, aws::lambda::GetFunctionEventInvokeConfigRequest in) override;
  Result<aws::lambda::DeleteFunctionEventInvokeConfigResponse> delete_function_event_invoke_config(
      Context& context, aws::lambda::DeleteFunctionEventInvokeConfigRequest in) override;
  Result<aws::lambda::ListFunctionEventInvokeConfigsResponse> list_function_event_invoke_configs(
      Context& context, aws::lambda::ListFunctionEventInvokeConfigsRequest in) override;
  // service_invoke.cc
  Result<aws::lambda::InvocationResponse> invoke(Context& context, aws::lambda::InvocationRequest in) override;
  // service.cc, in EventSourceMappings
  Result<aws::lambda::EventSourceMappingConfiguration> create_event_source_mapping(
      Context& context, aws::lambda::CreateEventSourceMappingRequest in) override;
  Result<aws::lambda::EventSourceMappingConfiguration> get_event_source_mapping(
      Context& context, aws::lambda::GetEventSourceMappingRequest in) override;
  Result<aws::lambda::ListEventSourceMappingsResponse> list_event_source_mappings(
      Context& context, aws::lambda::ListEventSourceMappingsRequest in) override;
  Result<aws::lambda::EventSourceMappingConfiguration> update_event_source_mapping(
      Context& context, aws::lambda::UpdateEventSourceMappingRequest in) override;
  Result<aws::lambda::EventSourceMappingConfiguration> delete_event_source_mapping(
      Context& context, aws::lambda::DeleteEventSourceMappingRequest in) override;

 private:
  using Name = std::optional<std::string>;                              // of a function, or a qualifier
  using Directory = std::map<std::string, FunctionEntry, std::less<>>;  // by keys::function()

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
  std::shared_ptr<InvocationMetrics> metrics_of(const Function& function);

  // service_functions.cc
  Result<void> check_assumable(const FunctionRecord& record);
  // Fails while an update is under way, or if `revision_id` is given and not $LATEST's. REQUIRES: mutex_ is held.
  static Result<void> check_updatable(const FunctionEntry& entry, const Name& revision_id);
  Result<void> check_dead_letter(const FunctionRecord& record);
  // The deployment package, from the request or from a bucket.
  Result<std::string> package_of(Context& context, Name& zip_file, const Name& bucket, const Name& key);
  Result<aws::lambda::DeleteFunctionResponse> delete_version(Context& context, const FunctionName& name);

  // service_versions.cc
  // The version that has $LATEST's code and configuration: the newest one, or one made now, in memory and in `batch`.
  // REQUIRES: mutex_ is held.
  std::shared_ptr<const FunctionRecord> publish(FunctionEntry& entry, const Name& description, base::Timestamp now,
                                                store::WriteBatch& batch);
  Result<void> set_routing(AliasRecord& alias, const FunctionEntry& entry, const Context& context,
                           const std::optional<aws::lambda::AliasRoutingConfiguration>& routing);

  // service_settings.cc
  Result<std::string> tagged_function(const Context& context, const Name& resource);

  // service_policies.cc
  Result<ResourcePolicy> policy_of(const FunctionEntry& entry, const Context& context, const FunctionName& name);
  void replace_policy(FunctionEntry& entry, const std::string& qualifier, ResourcePolicy policy);

  // service_event_invoke.cc
  Result<aws::lambda::FunctionEventInvokeConfig> set_event_invoke_config(
      Context& context, aws::lambda::PutFunctionEventInvokeConfigRequest in, bool update);
  Result<void> check_destination(const Context& context, const FunctionRecord& record, const std::string& target_arn);

  // service_instances.cc
  InstancePool::Started start_instance(const std::shared_ptr<Runnable>& runnable);
  Result<aws::sts::Credentials> credentials_for(Runnable& runnable);
  std::vector<std::pair<std::string, std::string>> environment_of(const FunctionRecord& record,
                                                                  const aws::sts::Credentials& credentials,
                                                                  const std::string& directory);

  // service_invoke.cc
  [[nodiscard]] Result<void> authorise(const Context& context, const Function& function, std::string_view action) const;
  struct Finished {
    runtime::InvokeOutcome outcome;
    std::string report;  // the START line before and END and REPORT after the function's own lines, for LogType Tail
  };
  Result<Finished> run(const Function& function, runtime::InvokeRequest request);
  // One attempt on an instance; `log_tail` becomes the report.
  Finished run_on(std::unique_ptr<Instance> instance, const FunctionRecord& record, runtime::InvokeRequest request);
  Result<aws::lambda::InvocationResponse> invoke_later(Context& context, const Function& function,
                                                       aws::lambda::InvocationRequest in);
  std::optional<Settings> async_settings(const AsyncEvent& event) override;
  Result<Answer> run_async(const AsyncEvent& event) override;
  bool async_stopping() override { return pool_.stopping(); }
  std::optional<int32_t> mapped_timeout_seconds(const MappingRecord& mapping) override;
  QueuePoller::Answer invoke_mapped(const MappingRecord& mapping, std::string event) override;

  store::KvStore& store_;
  base::Env& env_;
  runtime::FunctionHost& host_;
  aws::sts::Sts& sts_;
  aws::s3::S3* s3_ = nullptr;
  const LambdaOptions options_;
  FunctionMetrics metrics_;
  LogShipper logs_;
  InstancePool pool_;
  std::mutex mutex_;  // guards the next three
  std::string endpoint_;
  Directory functions_;
  uint64_t next_id_ = 1;
  Destinations destinations_;
  AsyncInvocations async_;
  EventSourceMappings mappings_;
};

}  // namespace engine::lambda
