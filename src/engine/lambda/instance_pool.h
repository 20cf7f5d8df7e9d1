// InstancePool: the running instances of all functions, warm ones first. Starts them on demand up to the account's
// bound, stops those that are idle for long, that belong to replaced code or configuration, or whose credentials run
// out. Owned by the service; safe from any thread. Instances are started and ended on the pool's own tasks, never on a
// caller's, and who waits for one holds no thread: its turn is a callback.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "aws/sts/shapes.h"
#include "base/env.h"
#include "engine/lambda/code.h"
#include "engine/lambda/function_record.h"
#include "engine/lambda/log_shipper.h"
#include "runtime/function_host.h"

namespace engine::lambda {

// What an instance runs: code and configuration as they were when it started. Replaced, never changed.
struct Runnable {
  std::shared_ptr<const FunctionRecord> record;
  std::shared_ptr<Code> code;
  std::mutex credentials_mutex;
  std::optional<aws::sts::Credentials> credentials;  // of the role, for the next instance
};

struct Instance {
  std::shared_ptr<Runnable> runnable;
  std::shared_ptr<LogStream> log;  // outlives `running`, whose sink it is
  std::unique_ptr<runtime::FunctionInstance> running;
  base::Timestamp credentials_expire = base::kTimestampMax;
  base::Timestamp idle_since;
};

struct StartFailure {
  runtime::StartError error;
  std::shared_ptr<LogStream> log;  // null if it did not come to that
};

class InstancePool {
 public:
  using Started = std::expected<std::unique_ptr<Instance>, StartFailure>;
  using Start = std::function<Started(const std::shared_ptr<Runnable>&)>;
  // A caller's turn: an instance, or why it could not be started (which is the function's failure), or a throttle.
  using Acquired = base::Result<Started>;
  // Called once and without a lock, on any thread: on the caller's own, before acquire() returns, if it is its turn at
  // once. Must not be held up for long.
  using OnTurn = std::function<void(Acquired)>;

  // `start` makes an instance; it is called without locks, by kStarters tasks. At most `instances_max` exist at once;
  // who comes when all are busy waits for `busy_wait`, then is throttled.
  InstancePool(base::Env& env, std::size_t instances_max, base::Duration busy_wait, Start start);
  ~InstancePool();  // stop()
  InstancePool(const InstancePool&) = delete;
  InstancePool& operator=(const InstancePool&) = delete;

  void start();
  // Interrupts running invocations and refuses new ones.
  void begin_stop();
  // begin_stop(), then ends every instance that is idle; those still in use end when they are released. Not before
  // everybody has had its turn.
  void stop();
  bool stopping();

  // From now on `runnable` is what its version of the function runs; instances of what that version ran before are
  // retired.
  void set_current(const std::shared_ptr<Runnable>& runnable);
  // The version is deleted; its instances are retired.
  void remove_current(uint64_t function_id, const std::string& version);
  // `on_turn` gets an instance of `runnable`, which is to be released. It fails with TooManyRequestsException: at once
  // if `reserved` invocations of the function, of all its versions, are running, or if too many wait already; later if
  // all instances are busy. `bytes` is what the caller keeps in memory meanwhile.
  void acquire(const std::shared_ptr<Runnable>& runnable, std::optional<int32_t> reserved, std::size_t bytes,
               OnTurn on_turn);
  // Gives an acquired instance back; `reusable` is false if it must not see another event.
  void release(std::unique_ptr<Instance> instance, bool reusable);
  // Instances that exist, idle ones included.
  std::size_t size();

 private:
  struct Slot {
    std::map<std::string, std::shared_ptr<Runnable>> current;  // by version
    std::vector<std::unique_ptr<Instance>> idle;               // the most recently used last
    std::size_t busy = 0;
  };

  struct Waiter {
    std::shared_ptr<Runnable> runnable;
    std::optional<int32_t> reserved;
    std::size_t bytes = 0;
    OnTurn on_turn;
    base::Timestamp deadline;
  };
  // What is to be called once the lock is released.
  struct Turn {
    OnTurn on_turn;
    Acquired acquired;
  };
  using Turns = std::vector<Turn>;

  // All: REQUIRE mutex_.
  std::unique_ptr<Instance> take_idle(Slot& slot, const std::shared_ptr<Runnable>& runnable, base::Timestamp now);
  bool evict_idle();
  void bury(std::unique_ptr<Instance> instance);
  void retire(Slot& slot, const std::shared_ptr<Runnable>& runnable);
  void drop_if_unused(uint64_t function_id);
  base::Timestamp bury_expired(base::Timestamp now);
  // Gives `waiter` its turn, or the place for an instance that is to be started; false if it has to wait.
  bool serve(Waiter& waiter, base::Timestamp now, Turns& turns);
  // Those who have waited longest first. None can overtake: if there is a place, or an idle instance, it is anyone's.
  void serve_waiters(base::Timestamp now, Turns& turns);
  void throttle_overdue(base::Timestamp now, Turns& turns);
  std::optional<Waiter> take_waiter(std::deque<Waiter>& from);

  static void tell(Turns& turns);
  void reap();
  void run_starts();
  void start_for(Waiter waiter);

  base::Env& env_;
  const std::size_t instances_max_;
  const base::Duration busy_wait_;
  const Start start_;
  std::mutex mutex_;                        // guards what follows
  std::unique_ptr<base::Condition> to_do_;  // for the starters
  std::unique_ptr<base::Condition> reap_;
  std::deque<Waiter> waiters_;   // all are busy; the first came first
  std::deque<Waiter> starting_;  // have a place, and no instance in it yet
  std::size_t waiting_bytes_ = 0;
  std::map<uint64_t, Slot> slots_;
  std::set<runtime::FunctionInstance*> busy_;
  std::vector<std::unique_ptr<Instance>> graveyard_;
  std::size_t total_ = 0;
  bool stopping_ = false;
  std::unique_ptr<base::Task> task_;
  std::vector<std::unique_ptr<base::Task>> starters_;
};

}  // namespace engine::lambda
