// QueuePoller: the tasks behind one enabled event source mapping. They take turns at the queue, one of them receiving
// at a time, and invoke in parallel, so that an empty queue costs one long poll whatever the concurrency. Owned by the
// service; safe from any thread. A changed mapping gets a new poller.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http/hangup.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "engine/lambda/mapping_record.h"
#include "store/kv_store.h"

namespace engine::lambda {

class QueuePoller {
 public:
  // What an invocation came to. `broken`: it can never succeed (the function is gone); says why.
  struct Answer {
    bool ok = false;
    std::string payload = {};
    std::string broken = {};
    bool cut_off = false;  // the engine stops: whoever starts it again does the work
  };
  using Invoke = std::function<Answer(std::string event)>;
  // Told once, from a poller's task, that the mapping cannot work any more; the poller has stopped by itself.
  using Broken = std::function<void(const std::string& uuid, const std::string& reason)>;

  QueuePoller(store::KvStore& store, base::Env& env, aws::sqs::Sqs& sqs, MappingRecord mapping, Invoke invoke,
              Broken broken);
  // Waits for running invocations.
  ~QueuePoller();
  QueuePoller(const QueuePoller&) = delete;
  QueuePoller& operator=(const QueuePoller&) = delete;

  // Starts the tasks that do not run yet. False if the system has no thread for some of them: to be called again.
  bool start();
  // Returns at once; no message is taken any more, and no invocation begins after the batches already taken.
  void request_stop();

 private:
  using Messages = std::vector<aws::sqs::Message>;

  void run();
  bool take_turn();
  Messages gather();
  base::Result<Messages> receive(std::size_t count_max, int32_t wait_seconds);
  void handle(const Messages& messages);
  bool handle_part(std::span<const aws::sqs::Message> messages, std::string event);
  void remove(std::span<const std::string_view> receipts);
  void give_back(std::span<const std::string_view> receipts);
  bool leave();  // false if that has been done
  void fail(const std::string& reason);
  void back_off();
  // Sleeps until `until`, or less if the poller stops.
  void pause(base::Timestamp until);
  bool stopping();

  store::KvStore& store_;
  base::Env& env_;
  aws::sqs::Sqs& sqs_;
  const MappingRecord mapping_;
  const Invoke invoke_;
  const Broken broken_;
  std::string queue_url_;
  const std::shared_ptr<aws::http::Hangup> leaving_ = std::make_shared<aws::http::Hangup>();  // ends a long poll
  std::mutex mutex_;                                                                          // guards what follows
  std::unique_ptr<base::Condition> turn_;                                                     // a task may receive
  std::unique_ptr<base::Condition> stopped_;                                                  // for pauses
  bool receiving_ = false;
  bool stopping_ = false;
  unsigned failures_in_a_row_ = 0;
  std::vector<std::unique_ptr<base::Task>> tasks_;
};

}  // namespace engine::lambda
