// DeadlineHeap: messages ordered by a time, the earliest first. Entries are not removed when a message goes away or
// gets another time; the owner tells which are still true, and stale ones are dropped when they surface or when they
// outnumber the true ones. Pushing times that never decrease costs O(1). Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/time.h"

namespace engine::sqs {

class DeadlineHeap {
 public:
  struct Item {
    base::Timestamp at;
    uint64_t sequence;
    bool operator>(const Item& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
  };

  void push(base::Timestamp at, uint64_t sequence) {
    items_.push_back({at, sequence});
    std::push_heap(items_.begin(), items_.end(), std::greater<>());
  }
  // The earliest item for which `is_true(item)` holds, or nullptr. Valid until the next call.
  template <class IsTrue>
  const Item* top(IsTrue is_true) {
    while (!items_.empty() && !is_true(items_.front())) pop();
    return items_.empty() ? nullptr : &items_.front();
  }
  // REQUIRES: not empty.
  void pop() {
    std::pop_heap(items_.begin(), items_.end(), std::greater<>());
    items_.pop_back();
  }
  // Drops what is no longer true if more than half of the items are not. `true_count`: how many are.
  template <class IsTrue>
  void trim(std::size_t true_count, IsTrue is_true) {
    if (items_.size() <= 2 * true_count + kSlack) return;
    std::erase_if(items_, [&](const Item& item) { return !is_true(item); });
    std::make_heap(items_.begin(), items_.end(), std::greater<>());
    if (items_.capacity() > 4 * items_.size() + kSlack) items_.shrink_to_fit();
  }

 private:
  static constexpr std::size_t kSlack = 1'024;  // below this, stale items are not worth a pass
  std::vector<Item> items_;
};

}  // namespace engine::sqs
