#include "server/parking_lot.h"

namespace server {

ParkingLot::ParkingLot(base::Env& env, WorkerPool& workers, std::size_t calls_max)
    : env_(env), workers_(workers), calls_max_(calls_max), changed_(env.executor.make_condition()) {
  task_ = env_.executor.spawn("parked-calls", [this] { watch(); });
}

void ParkingLot::stop() {
  std::set<Deadline> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_->notify_all();
    dropped.swap(parked_);
    for (const auto& [deadline, place] : dropped) place->state_ = Place::State::answered;
  }
  for (const auto& [deadline, place] : dropped) place->again_ = nullptr;
  task_.reset();
}

std::size_t ParkingLot::size() {
  const std::lock_guard lock(mutex_);
  return parked_.size();
}

// A waker that outlives the call finds nothing, and does nothing.
std::function<void()> ParkingLot::Place::waker() {
  return [place = weak_from_this()] {
    if (const auto held = place.lock()) held->lot_.wake(held);
  };
}

ParkingLot::Settled ParkingLot::settle(Place& place, std::function<void()> again) {
  const std::lock_guard lock(mutex_);
  const bool parks = std::exchange(place.is_parked_, false);
  if (!parks || stopping_ || parked_.size() >= calls_max_) {
    place.state_ = Place::State::answered;
    return parks ? Settled::refused : Settled::answered;
  }
  place.again_ = std::move(again);
  if (std::exchange(place.woken_, false)) {
    run_again(place);
    return Settled::parked;
  }
  place.state_ = Place::State::parked;
  const auto [at, is_new] = parked_.emplace(place.parked_until_, place.shared_from_this());
  if (at == parked_.begin()) changed_->notify_all();
  return Settled::parked;
}

void ParkingLot::wake(const std::shared_ptr<Place>& place) {
  const std::lock_guard lock(mutex_);
  if (place->state_ == Place::State::running) {
    place->woken_ = true;
  } else if (place->state_ == Place::State::parked) {
    parked_.erase({place->parked_until_, place});
    run_again(*place);
  }
}

// Work that the pool drops takes the call with it, so nothing but the work may hold it.
void ParkingLot::run_again(Place& place) {
  place.state_ = Place::State::running;
  workers_.run_surely(std::exchange(place.again_, nullptr));
}

void ParkingLot::watch() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (parked_.empty() || parked_.begin()->first > env_.clock.now()) {
      env_.executor.wait_until(lock, *changed_, parked_.empty() ? base::kTimestampMax : parked_.begin()->first);
      continue;
    }
    const std::shared_ptr<Place> place = parked_.begin()->second;
    parked_.erase(parked_.begin());
    run_again(*place);
  }
}

}  // namespace server
