// Parking: how an operation waits for an event without holding a thread. The server makes one per call and puts it into
// the Context; the operation that finds nothing to answer with yet parks, returns, and is called again on a worker
// thread when it is woken or its deadline has come. What it needs then it keeps in `state`: the input of every run but
// the first is empty. One run at a time; wakers may be called from any thread.
//
//   index.wait(context.parking->waker());
//   return base::fail(context.parking->park(deadline));
//
// A caller inside the process has no server: run_parked() lets the same operation wait on the caller's own thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "aws/context.h"
#include "base/env.h"
#include "base/result.h"
#include "base/time.h"

namespace aws {

class Parking {
 public:
  virtual ~Parking() = default;

  // Has the operation run again, soon, and once for any number of calls; one made while the operation still runs
  // counts. Without effect when the call has been answered, and when the Parking is gone. Takes only a lock of its own,
  // so it may be called with any lock held.
  virtual std::function<void()> waker() = 0;

  // Makes the call wait until it is woken or Clock::now() >= deadline. What it returns is to be returned as the
  // operation's error; nobody sees it.
  [[nodiscard]] base::AwsError park(base::Timestamp deadline) {
    parked_until_ = deadline;
    is_parked_ = true;
    return {.code = "Parked", .message = "The call waits."};
  }

  // What the operation keeps from run to run; empty at the first.
  std::shared_ptr<void> state;

 protected:
  bool is_parked_ = false;
  base::Timestamp parked_until_{};
};

// Waits on the thread that calls wait().
class ThreadParking final : public Parking {
 public:
  explicit ThreadParking(base::Executor& executor) : executor_(executor), signal_(std::make_shared<Signal>(executor)) {}
  std::function<void()> waker() override {
    return [signal = signal_] {
      const std::lock_guard lock(signal->mutex);
      signal->woken = true;
      signal->changed->notify_all();
    };
  }
  // False if the operation has not parked: its answer is final.
  bool wait() {
    if (!std::exchange(is_parked_, false)) return false;
    std::unique_lock lock(signal_->mutex);
    // Executor::wait_until may end early, and then the operation just runs once more.
    if (!signal_->woken) executor_.wait_until(lock, *signal_->changed, parked_until_);
    signal_->woken = false;
    return true;
  }

 private:
  struct Signal {
    explicit Signal(base::Executor& executor) : changed(executor.make_condition()) {}
    std::mutex mutex;
    std::unique_ptr<base::Condition> changed;
    bool woken = false;
  };
  base::Executor& executor_;
  const std::shared_ptr<Signal> signal_;
};

// Runs `operation(context)`, which parks by context.parking, until it has an answer, and at once when
// context.caller_gone hangs up. For callers without a server.
template <class Operation>
auto run_parked(base::Executor& executor, Context& context, Operation operation) {
  ThreadParking parking(executor);
  context.parking = &parking;
  if (context.caller_gone) context.caller_gone->on_gone(parking.waker());
  auto answer = operation(context);
  while (parking.wait()) answer = operation(context);
  context.parking = nullptr;
  if (context.caller_gone) context.caller_gone->on_gone({});
  return answer;
}

}  // namespace aws
