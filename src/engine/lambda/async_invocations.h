// AsyncInvocations: invocations of the type Event, kept in the store until the function has done them, has failed as
// often as it may, or they are too old; then what is owed to destinations and dead-letter queues, kept likewise. All at
// least once. Owned by the service; safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/result.h"
#include "engine/lambda/destinations.h"
#include "engine/lambda/invocation_metrics.h"
#include "engine/lambda/limits.h"
#include "engine/outbox.h"
#include "runtime/function_host.h"
#include "store/kv_store.h"

namespace engine::lambda {

struct AsyncEvent {
  std::string account;
  std::string region;
  std::string name;
  std::string qualifier;  // empty: none
  std::string request_id;
  std::string payload;
  std::string trace_id;
  int32_t errors = 0;           // times the function failed
  base::Timestamp accepted_at;  // of the first entry, if this one replaces it

  [[nodiscard]] std::string encode() const;
  static AsyncEvent decode(std::string_view bytes);  // of bytes that are a record
};

// What asynchronous invocations have to know of functions.
class AsyncFunctions {
 public:
  struct Settings {
    int32_t retries_max = kAsyncRetriesMax;
    base::Duration age_max = kAsyncAgeMax;
    std::string on_success;
    std::string on_failure;
    std::string dead_letter_arn;
    std::string role;
    std::string function_arn;  // with the qualifier
    bool blocked = false;      // its reserved concurrency is 0
    std::shared_ptr<InvocationMetrics> metrics;
  };
  struct Answer {
    runtime::InvokeOutcome outcome;
    std::string version;
  };
  virtual ~AsyncFunctions() = default;
  // nullopt: there is no such function any more.
  virtual std::optional<Settings> async_settings(const AsyncEvent& event) = 0;
  // Fails if the function could not be tried: a throttle, or trouble of the engine's own.
  virtual base::Result<Answer> run_async(const AsyncEvent& event) = 0;
  virtual bool async_stopping() = 0;
};

class AsyncInvocations {
 public:
  // All references outlive this object. At most `workers` invocations and deliveries run at a time.
  AsyncInvocations(store::KvStore& store, base::Env& env, std::size_t workers, AsyncFunctions& functions,
                   Destinations& destinations);

  void start() { outbox_.start(); }
  // Waits for what runs; the rest stays in the store.
  void stop() { outbox_.stop(); }
  // Takes an event; it is in the store when this returns.
  void accept(const AsyncEvent& event);
  // Invocations and deliveries not done yet.
  std::size_t size() { return outbox_.size(); }

 private:
  using Settings = AsyncFunctions::Settings;
  using Answer = AsyncFunctions::Answer;

  std::optional<base::Timestamp> deliver(const Outbox::Entry& entry);
  std::optional<base::Timestamp> invoke(AsyncEvent event, uint64_t attempts);
  std::optional<base::Timestamp> send(const Delivery& delivery, const Outbox::Entry& entry);
  // The event is over without success: it goes where failures go.
  void give_up(const AsyncEvent& event, const Settings& settings, std::string_view condition, const Answer* answer);
  void add(const std::vector<std::string>& entries, base::Timestamp due);

  store::KvStore& store_;
  base::Env& env_;
  AsyncFunctions& functions_;
  Destinations& destinations_;
  Outbox outbox_;
};

}  // namespace engine::lambda
