// ParkingLot: the calls that wait for an event, without a thread (aws/parking.h). It has an operation run on a worker
// whenever it is woken, its deadline comes, or its caller hangs up. One task watches the deadlines of all calls. Owned
// by the ApiHandler; safe from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "aws/parking.h"
#include "base/env.h"
#include "server/worker_pool.h"

namespace server {

class ParkingLot {
 public:
  // One call's place, held by the call.
  class Place final : public aws::Parking, public std::enable_shared_from_this<Place> {
   public:
    explicit Place(ParkingLot& lot) : lot_(lot) {}
    std::function<void()> waker() override;

   private:
    friend class ParkingLot;
    enum class State { running, parked, answered };
    ParkingLot& lot_;
    // Guarded by the lot's mutex.
    State state_ = State::running;
    std::function<void()> again_;  // while it is parked: holds the call
    bool woken_ = false;           // while it ran
  };

  // At most `calls_max` wait at once. `workers` may be gone after stop().
  ParkingLot(base::Env& env, WorkerPool& workers, std::size_t calls_max);
  // No place may be left then; wakers may.
  ~ParkingLot() { stop(); }
  // Drops the calls that wait, unanswered, and refuses others. From then on the workers are not used any more.
  void stop();

  enum class Settled { answered, parked, refused };
  // To be called after each run of the operation. `answered`: it has not parked, its answer is final. `parked`: there
  // is none yet, and `again`, which holds the call, will be called on a worker. `refused`: too many calls wait already.
  Settled settle(Place& place, std::function<void()> again);

  // Calls that wait now.
  std::size_t size();

 private:
  using Deadline = std::pair<base::Timestamp, std::shared_ptr<Place>>;
  void wake(const std::shared_ptr<Place>& place);
  void run_again(Place& place);  // REQUIRES: mutex_ is held
  void watch();

  base::Env& env_;
  WorkerPool& workers_;
  const std::size_t calls_max_;
  std::mutex mutex_;
  const std::unique_ptr<base::Condition> changed_;
  std::set<Deadline> parked_;
  bool stopping_ = false;
  std::unique_ptr<base::Task> task_;
};

}  // namespace server
