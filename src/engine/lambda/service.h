// LambdaService: AWS Lambda over a KvStore and a FunctionHost. Owned by the engine; safe from any thread.
//
// The directory of functions and mappings (mutex_) holds immutable records that are replaced as a whole; an invocation
// takes a snapshot and goes on without the lock. Running instances belong to the InstancePool, queues are read by one
// QueuePoller per mapping, asynchronous invocations are entries of an Outbox. Lock order: mutex_, then the pool's or a
// poller's. start() begins background work, stop() ends it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"
#include "base/env.h"
#include "engine/lambda/function_record.h"
#include "engine/lambda/instance_pool.h"
#include "engine/lambda/log_shipper.h"
#include "engine/lambda/mapping_record.h"
#include "engine/lambda/queue_poller.h"
#include "engine/outbox.h"
#include "runtime/function_host.h"
#include "store/kv_store.h"

namespace engine::lambda {

// One finished or throttled invocation, for metrics (protocols.md 4.4 item 31).
struct InvocationReport {
  std::string_view account;
  std::string_view region;
  std::string_view function_name;
  base::Duration duration{0};
  bool error = false;
  bool throttled = false;  // then it is no invocation and has no duration
};

struct LambdaOptions {
  // Absolute path of a directory of this service's own; what is in it is deleted when the service starts.
  std::string code_directory = {};
  // Whether a function's policy lets the caller do `action` on `resource_arn`. Asked only when a service or another
  // account calls; the server has checked everybody else. An empty function allows nothing.
  std::function<bool(const std::string& policy_json, const aws::Context& context, std::string_view action,
                     std::string_view resource_arn)>
      allows = {};
  // Called after each invocation, on its thread; must be quick. May be empty.
  std::function<void(const InvocationReport& report)> observe = {};
  std::size_t instances_max = 50;
  base::Duration busy_wait = std::chrono::seconds(10);  // for an instance when all are in use
  std::size_t async_workers = 8;                        // asynchronous invocations at a time
};

class LambdaService final : public aws::lambda::Lambda {
 public:
  // Loads all functions and mappings. Everything referred to outlives the service. `sts` gives functions the
  // credentials of their roles, `logs` takes their output, `sqs` is read for mappings.
  LambdaService(store::KvStore& store, base::Env& env, runtime::FunctionHost& host, aws::sqs::Sqs& sqs,
                aws::sts::Sts& sts, aws::logs::Logs& logs, LambdaOptions options);
  ~LambdaService() override;  // stop()
  LambdaService(const LambdaService&) = delete;
  LambdaService& operator=(const LambdaService&) = delete;

  // The engine's own URL, which functions get as AWS_ENDPOINT_URL. Instances that run already keep the old one.
  void set_endpoint(std::string url);
  // Begins to poll queues, deliver asynchronous invocations and write logs. Once.
  void start();
  // Interrupts running invocations, ends all instances and puts what is left of logs. What was accepted stays owed.
  void stop();
  // Asynchronous invocations that are not done yet.
  std::size_t async_pending();

  // service_functions.cc
  base::Result<aws::lambda::FunctionConfiguration> create_function(aws::Context& context,
                                                                   aws::lambda::CreateFunctionRequest in) override;
  base::Result<aws::lambda::DeleteFunctionResponse> delete_function(aws::Context& context,
                                                                    aws::lambda::DeleteFunctionRequest in) override;
  base::Result<aws::lambda::FunctionConfiguration> update_function_code(
      aws::Context& context, aws::lambda::UpdateFunctionCodeRequest in) override;
  base::Result<aws::lambda::FunctionConfiguration> update_function_configuration(
      aws::Context& context, aws::lambda::UpdateFunctionConfigurationRequest in) override;
  // service_reads.cc
  base::Result<aws::lambda::GetFunctionResponse> get_function(aws::Context& context,
                                                              aws::lambda::GetFunctionRequest in) override;
  base::Result<aws::lambda::FunctionConfiguration> get_function_configuration(
      aws::Context& context, aws::lambda::GetFunctionConfigurationRequest in) override;
  base::Result<aws::lambda::ListFunctionsResponse> list_functions(aws::Context& context,
                                                                  aws::lambda::ListFunctionsRequest in) override;
  base::Result<aws::lambda::ListVersionsByFunctionResponse> list_versions_by_function(
      aws::Context& context, aws::lambda::ListVersionsByFunctionRequest in) override;
  base::Result<aws::lambda::GetFunctionCodeSigningConfigResponse> get_function_code_signing_config(
      aws::Context& context, aws::lambda::GetFunctionCodeSigningConfigRequest in) override;
  // service_settings.cc
  base::Result<aws::lambda::Concurrency> put_function_concurrency(
      aws::Context& context, aws::lambda::PutFunctionConcurrencyRequest in) override;
  base::Result<aws::lambda::GetFunctionConcurrencyResponse> get_function_concurrency(
      aws::Context& context, aws::lambda::GetFunctionConcurrencyRequest in) override;
  base::Result<aws::lambda::DeleteFunctionConcurrencyResponse> delete_function_concurrency(
      aws::Context& context, aws::lambda::DeleteFunctionConcurrencyRequest in) override;
  base::Result<aws::lambda::AddPermissionResponse> add_permission(aws::Context& context,
                                                                  aws::lambda::AddPermissionRequest in) override;
  base::Result<aws::lambda::RemovePermissionResponse> remove_permission(
      aws::Context& context, aws::lambda::RemovePermissionRequest in) override;
  base::Result<aws::lambda::GetPolicyResponse> get_policy(aws::Context& context,
                                                          aws::lambda::GetPolicyRequest in) override;
  base::Result<aws::lambda::ListTagsResponse> list_tags(aws::Context& context,
                                                        aws::lambda::ListTagsRequest in) override;
  base::Result<aws::lambda::TagResourceResponse> tag_resource(aws::Context& context,
                                                              aws::lambda::TagResourceRequest in) override;
  base::Result<aws::lambda::UntagResourceResponse> untag_resource(aws::Context& context,
                                                                  aws::lambda::UntagResourceRequest in) override;
  // service_invoke.cc
  base::Result<aws::lambda::InvocationResponse> invoke(aws::Context& context,
                                                       aws::lambda::InvocationRequest in) override;
  // service_mappings.cc
  base::Result<aws::lambda::EventSourceMappingConfiguration> create_event_source_mapping(
      aws::Context& context, aws::lambda::CreateEventSourceMappingRequest in) override;
  base::Result<aws::lambda::EventSourceMappingConfiguration> get_event_source_mapping(
      aws::Context& context, aws::lambda::GetEventSourceMappingRequest in) override;
  base::Result<aws::lambda::ListEventSourceMappingsResponse> list_event_source_mappings(
      aws::Context& context, aws::lambda::ListEventSourceMappingsRequest in) override;
  base::Result<aws::lambda::EventSourceMappingConfiguration> update_event_source_mapping(
      aws::Context& context, aws::lambda::UpdateEventSourceMappingRequest in) override;
  base::Result<aws::lambda::EventSourceMappingConfiguration> delete_event_source_mapping(
      aws::Context& context, aws::lambda::DeleteEventSourceMappingRequest in) override;

 private:
  // A function as one operation sees it.
  struct Function {
    std::shared_ptr<const FunctionRecord> record;
    std::shared_ptr<Runnable> runnable;
  };
  using Directory = std::map<std::string, Function, std::less<>>;  // by keys::function()
  struct Mapping {
    MappingRecord record;
    std::unique_ptr<QueuePoller> poller;  // if enabled, once started
  };
  using Mappings = std::map<std::string, Mapping, std::less<>>;  // by keys::mapping()

  // service.cc
  void load();
  void janitor();
  base::Result<std::string> resolve(const aws::Context& context, const std::optional<std::string>& name,
                                    const std::optional<std::string>& qualifier, std::string_view action) const;
  base::Result<Function> find(const aws::Context& context, const std::optional<std::string>& name,
                              const std::optional<std::string>& qualifier, std::string_view action);
  // For operations that change the directory. REQUIRES: mutex_ is held.
  base::Result<Directory::iterator> find_entry(const aws::Context& context, const std::string& name);
  // Replaces a record whose instances may go on; writes it. REQUIRES: mutex_ is held.
  void replace_record(Directory::iterator entry, FunctionRecord record);
  // Replaces code or configuration; `batch` gets the record and is written. REQUIRES: mutex_ is held.
  void replace_runnable(Directory::iterator entry, FunctionRecord record, std::shared_ptr<Code> code,
                        store::WriteBatch batch);
  std::shared_ptr<Runnable> make_runnable(const FunctionRecord& record, std::shared_ptr<Code> code);
  uint64_t take_id(store::WriteBatch& batch);  // REQUIRES: mutex_ is held

  // service_functions.cc
  base::Result<void> check_assumable(const std::string& account, const std::string& region, const std::string& role,
                                     const std::string& function_arn, const std::string& name);

  // service_settings.cc
  base::Result<std::string> tagged_function(const aws::Context& context, const std::optional<std::string>& resource);

  // service_instances.cc
  InstancePool::Started start_instance(const std::shared_ptr<Runnable>& runnable);
  base::Result<aws::sts::Credentials> credentials_for(Runnable& runnable);
  std::vector<std::pair<std::string, std::string>> environment_of(const FunctionRecord& record,
                                                                  const aws::sts::Credentials& credentials);

  // service_invoke.cc
  [[nodiscard]] base::Result<void> authorise(const aws::Context& context, const FunctionRecord& record,
                                             std::string_view action) const;
  struct Finished {
    runtime::InvokeOutcome outcome;
    std::string report;  // the START line before and END and REPORT after the function's own lines, for LogType Tail
  };
  base::Result<Finished> run(const Function& function, runtime::InvokeRequest request);
  base::Result<aws::lambda::InvocationResponse> invoke_later(aws::Context& context, const Function& function,
                                                             aws::lambda::InvocationRequest in);
  std::optional<base::Timestamp> deliver(const Outbox::Entry& entry);

  // service_mappings.cc
  QueuePoller::Answer invoke_for_mapping(const std::string& function_key, std::string event);
  void start_poller(Mapping& mapping);   // REQUIRES: mutex_ is held
  void retire_poller(Mapping& mapping);  // REQUIRES: mutex_ is held
  void disable_mapping(const std::string& key, const std::string& reason);
  base::Result<void> check_queue(const aws::Context& context, const std::string& queue_arn, int32_t timeout_seconds);
  base::Result<Mappings::iterator> find_mapping(const aws::Context& context, const std::optional<std::string>& uuid);

  store::KvStore& store_;
  base::Env& env_;
  runtime::FunctionHost& host_;
  aws::sqs::Sqs& sqs_;
  aws::sts::Sts& sts_;
  const LambdaOptions options_;
  LogShipper logs_;
  InstancePool pool_;
  std::mutex mutex_;  // guards what follows, but for outbox_ and janitor_
  std::string endpoint_;
  Directory functions_;
  Mappings mappings_;
  uint64_t next_id_ = 1;
  bool started_ = false;
  bool stopping_ = false;
  std::vector<std::unique_ptr<QueuePoller>> retired_pollers_;
  std::unique_ptr<base::Condition> janitor_wanted_;
  Outbox async_;
  std::unique_ptr<base::Task> janitor_;
};

}  // namespace engine::lambda
