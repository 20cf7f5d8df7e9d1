// DueClock: has queues that somebody waits at looked at when a hidden message of theirs becomes visible. One task for
// all queues, so that no receive has to watch the clock itself, whatever happens to the queue after its wait began.
// Owned by the service; safe from any thread. Its lock is the innermost: set() may be called with a queue's lock held.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "base/env.h"

namespace engine::sqs {

class MessageIndex;

class DueClock {
 public:
  explicit DueClock(base::Env& env) : env_(env), changed_(env.executor.make_condition()) {}
  ~DueClock() { stop(); }

  // Begins to call MessageIndex::on_due; nothing is lost of what was set before.
  void start();
  void stop();
  // Calls on_due of `index` once the clock shows `due`.
  void set(const std::shared_ptr<MessageIndex>& index, base::Timestamp due);

 private:
  void run();

  base::Env& env_;
  std::mutex mutex_;
  const std::unique_ptr<base::Condition> changed_;
  std::multimap<base::Timestamp, std::weak_ptr<MessageIndex>> due_;
  bool stopping_ = false;
  std::unique_ptr<base::Task> task_;
};

}  // namespace engine::sqs
