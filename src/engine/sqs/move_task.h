// MoveTask: one StartMessageMoveTask, as the store keeps it: messages of a dead-letter queue on their way back. A plain
// value. Rules: SQS API reference, StartMessageMoveTask and ListMessageMoveTasks; protocols.md 4.1 item 34.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace engine::sqs {

struct MoveTask {
  enum class Status : uint8_t { running = 1, completed = 2, cancelled = 3, failed = 4 };
  std::string id;
  std::string source_arn;
  std::string destination_arn;       // empty: each message goes back to the queue it came from
  uint32_t messages_per_second = 0;  // 0: as fast as the engine likes
  uint64_t messages_to_move = 0;     // visible when the task began
  uint64_t messages_moved = 0;
  base::Timestamp started_at;
  Status status = Status::running;
  std::string failure_reason;  // a code, of a failed task
  base::Timestamp next_at;     // when the rate allows the next messages; not stored

  [[nodiscard]] std::string_view status_text() const;  // "RUNNING", ...
  [[nodiscard]] std::string handle() const;            // base64 of {"taskId":...,"sourceArn":...}
  [[nodiscard]] std::string encode() const;
  static std::optional<MoveTask> decode(std::string_view bytes);  // nullopt: not a record
};

// What a handle says; nullopt if it is none.
struct MoveTaskName {
  std::string id;
  std::string source_arn;
};
std::optional<MoveTaskName> parse_move_task_handle(std::string_view handle);

}  // namespace engine::sqs
