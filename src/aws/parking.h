// Parking: how an operation waits for an event without holding a thread. The server makes one per call and puts it into
// the Context; the operation that finds nothing to answer with yet parks, returns, and is called again on a worker
// thread when it is woken or its deadline has come. What it needs then it keeps in `state`: the input of every call but
// the first is empty. One call runs at a time; wakers may be called from any thread.
//
//   if (context.parking == nullptr) ... wait on this thread: nobody but a caller inside the process may do that
//   index.wait_for_message(context.parking->waker());
//   return base::fail(context.parking->park(deadline));
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"

namespace aws {

class Parking {
 public:
  virtual ~Parking() = default;

  // Calls the operation again, soon and once for any number of calls; one made while the operation still runs counts.
  // Without effect when the call has been answered. Keeps what it refers to alive; cheap to copy. Must not be called
  // with a lock held that the operation takes, unless the operation runs on another thread, which it does.
  virtual std::function<void()> waker() = 0;

  // Makes the call wait until it is woken or Clock::now() >= deadline. What it returns is to be returned as the call's
  // error: nobody sees it.
  [[nodiscard]] base::AwsError park(base::Timestamp deadline) {
    parked_until_ = deadline;
    is_parked_ = true;
    return {.code = "Parked", .message = "The call waits."};
  }

  // What the operation keeps from call to call; empty at the first.
  std::shared_ptr<void> state;

 protected:
  bool is_parked_ = false;
  base::Timestamp parked_until_{};
};

}  // namespace aws
