// Every key that SQS keeps in the store. Queues are found by (account, region, name); what belongs to one queue lies
// under its id, a number that is never used again, so that a range erasure ends a queue whatever it holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::sqs::keys {

constexpr std::string_view kQueueTable = "sqs/queue";      // account, region, name -> QueueRecord
constexpr std::string_view kMessageTable = "sqs/message";  // queue id, sequence -> MessageRecord
constexpr std::string_view kLeaseTable = "sqs/lease";      // queue id, lease -> the state of received messages
constexpr std::string_view kDedupTable = "sqs/dedup";      // queue id, scope -> first send of a deduplication id
constexpr std::string_view kMoveTaskTable = "sqs/move";    // id of the source queue, start, task id -> MoveTask
constexpr std::string_view kDeletedTable = "sqs/deleted";  // account, region, name -> time of the deletion
constexpr std::string_view kEpochKey{"sqs/epoch\0", 10};   // how often the service was started

inline std::string queue(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter(kQueueTable).text(account).text(region).text(name).take();
}
inline std::string deleted(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter(kDeletedTable).text(account).text(region).text(name).take();
}
inline std::string message(uint64_t queue_id, uint64_t sequence) {
  return store::KeyWriter(kMessageTable).number(queue_id).number(sequence).take();
}
inline std::string lease(uint64_t queue_id, uint64_t lease_id) {
  return store::KeyWriter(kLeaseTable).number(queue_id).number(lease_id).take();
}
inline std::string dedup(uint64_t queue_id, std::string_view scope) {
  return store::KeyWriter(kDedupTable).number(queue_id).text(scope).take();
}
inline std::string move_task(uint64_t queue_id, uint64_t started_at, std::string_view task_id) {
  return store::KeyWriter(kMoveTaskTable).number(queue_id).number(started_at).text(task_id).take();
}
// Where all rows of one queue in `table` begin; store::prefix_end() of it is where they end.
inline std::string queue_rows(std::string_view table, uint64_t queue_id) {
  return store::KeyWriter(table).number(queue_id).take();
}

}  // namespace engine::sqs::keys
