// Throttle: the token buckets of one table's provisioned throughput, for reads and writes of the table and of each
// global index. A bucket fills at the provisioned rate and holds at most 300 seconds of it, the capacity that DynamoDB
// keeps for bursts (Developer Guide, "Burst and adaptive capacity"). It begins full, also after a restart: memory only.
// Owned by the table; safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "base/time.h"

namespace engine::dynamodb {

class Throttle {
 public:
  enum class Kind : uint8_t { read, write };
  struct Rate {
    Kind kind = Kind::read;
    uint32_t index = 0;  // 0: the table itself
    double units_per_second = 0;
  };
  bool enabled = true;  // set before other threads know the table; if not, there is always enough
  // Takes `units` if they are there; false, and takes nothing, if not.
  bool take(const Rate& rate, double units, base::Timestamp now);
  // Whether anything is left. What is not known before (the size of an item, the rows of a page) is taken afterwards by
  // charge(), so a bucket may go below zero, and then refuses until it is filled again.
  bool has_any(const Rate& rate, base::Timestamp now);
  void charge(Kind kind, uint32_t index, double units);

 private:
  struct Bucket {
    double units = 0;
    double units_per_second = 0;
    base::Timestamp filled;
  };
  Bucket& fill(const Rate& rate, base::Timestamp now);

  std::mutex mutex_;
  std::map<std::pair<uint32_t, Kind>, Bucket> buckets_;
};

}  // namespace engine::dynamodb
