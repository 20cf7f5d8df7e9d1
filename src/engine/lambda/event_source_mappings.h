// EventSourceMappings: the mappings from queues to functions, and the pollers behind those that are enabled. Owned by
// the service; safe from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "aws/context.h"
#include "aws/lambda/shapes.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "engine/lambda/mapping_record.h"
#include "engine/lambda/queue_poller.h"
#include "store/kv_store.h"

namespace engine::lambda {

// What mappings have to know of functions.
class MappedFunctions {
 public:
  virtual ~MappedFunctions() = default;
  // The timeout of the mapping's function; nullopt: there is no such function, version or alias.
  virtual std::optional<int32_t> mapped_timeout_seconds(const MappingRecord& mapping) = 0;
  // Which action ("sqs:ReceiveMessage") that polling needs the role of the mapping's function may not do on its queue.
  virtual std::optional<std::string_view> mapped_role_lacks(const MappingRecord& mapping) = 0;
  virtual QueuePoller::Answer invoke_mapped(const MappingRecord& mapping, std::string event) = 0;
};

class EventSourceMappings {
 public:
  // Loads all mappings. All references outlive this object. `lenient`: see LambdaOptions.
  EventSourceMappings(store::KvStore& store, base::Env& env, aws::sqs::Sqs& sqs, MappedFunctions& functions,
                      std::function<void(std::string_view)> lenient);
  ~EventSourceMappings();  // request_stop(), stop()
  EventSourceMappings(const EventSourceMappings&) = delete;
  EventSourceMappings& operator=(const EventSourceMappings&) = delete;

  // Begins to poll. Once.
  void start();
  // No invocation begins after the batches already taken. Returns at once.
  void request_stop();
  // Waits for what request_stop() has left.
  void stop();

  // The operations of these names on mappings.
  base::Result<aws::lambda::EventSourceMappingConfiguration> create(aws::Context& context,
                                                                    aws::lambda::CreateEventSourceMappingRequest in);
  base::Result<aws::lambda::EventSourceMappingConfiguration> get(aws::Context& context,
                                                                 aws::lambda::GetEventSourceMappingRequest in);
  base::Result<aws::lambda::ListEventSourceMappingsResponse> list(aws::Context& context,
                                                                  aws::lambda::ListEventSourceMappingsRequest in);
  base::Result<aws::lambda::EventSourceMappingConfiguration> update(aws::Context& context,
                                                                    aws::lambda::UpdateEventSourceMappingRequest in);
  base::Result<aws::lambda::EventSourceMappingConfiguration> remove(aws::Context& context,
                                                                    aws::lambda::DeleteEventSourceMappingRequest in);

 private:
  struct Mapping {
    MappingRecord record;
    std::unique_ptr<QueuePoller> poller;  // if enabled, once started
  };
  using Mappings = std::map<std::string, Mapping, std::less<>>;  // by keys::mapping()

  void janitor();
  void start_poller(Mapping& mapping);   // REQUIRES: mutex_ is held
  void retire_poller(Mapping& mapping);  // REQUIRES: mutex_ is held
  void disable(const std::string& key, const std::string& reason);
  // Sets function and qualifier; answers the function's timeout.
  base::Result<int32_t> set_function(MappingRecord& record, const aws::Context& context,
                                     const std::optional<std::string>& name, const std::string& operation);
  base::Result<void> check_queue(const aws::Context& context, const std::string& queue_arn, int32_t timeout_seconds);
  base::Result<void> check_role(const MappingRecord& record);
  // REQUIRES: mutex_ is held.
  base::Result<Mappings::iterator> find(const aws::Context& context, const std::optional<std::string>& uuid);

  store::KvStore& store_;
  base::Env& env_;
  aws::sqs::Sqs& sqs_;
  MappedFunctions& functions_;
  const std::function<void(std::string_view)> lenient_;
  std::mutex mutex_;  // guards what follows, but for janitor_
  Mappings mappings_;
  bool started_ = false;
  bool stopping_ = false;
  bool lacks_threads_ = false;  // some poller does not have all its tasks
  std::vector<std::unique_ptr<QueuePoller>> retired_pollers_;
  std::unique_ptr<base::Condition> janitor_wanted_;
  std::unique_ptr<base::Task> janitor_;
};

}  // namespace engine::lambda
