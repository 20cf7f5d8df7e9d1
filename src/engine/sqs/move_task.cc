#include "engine/sqs/move_task.h"

#include <simdjson.h>

#include "base/encoding.h"
#include "engine/record.h"

namespace engine::sqs {
namespace {

enum Field : uint32_t {
  kId = 1,
  kSourceArn = 2,
  kDestinationArn = 3,
  kMessagesPerSecond = 4,
  kMessagesToMove = 5,
  kMessagesMoved = 6,
  kStartedAt = 7,
  kStatus = 8,
  kFailureReason = 9,
};

}  // namespace

std::string_view MoveTask::status_text() const {
  switch (status) {
    case Status::running:
      return "RUNNING";
    case Status::completed:
      return "COMPLETED";
    case Status::cancelled:
      return "CANCELLED";
    case Status::failed:
      break;
  }
  return "FAILED";
}

std::string MoveTask::handle() const {
  // An id is a UUID and an ARN of ours has no character that JSON escapes.
  return base::base64_encode(R"({"taskId":")" + id + R"(","sourceArn":")" + source_arn + "\"}");
}

std::optional<MoveTaskName> parse_move_task_handle(std::string_view handle) {
  constexpr std::size_t kHandleLengthMax = 1'024;
  const auto json = handle.size() <= kHandleLengthMax ? base::base64_decode(handle) : std::nullopt;
  if (!json) return std::nullopt;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view id;
  std::string_view source_arn;
  if (parser.parse(*json).get(object) != simdjson::SUCCESS || object["taskId"].get(id) != simdjson::SUCCESS ||
      object["sourceArn"].get(source_arn) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return MoveTaskName{std::string(id), std::string(source_arn)};
}

std::string MoveTask::encode() const {
  RecordWriter writer;
  writer.text(kId, id).text(kSourceArn, source_arn).text(kDestinationArn, destination_arn);
  writer.number(kMessagesPerSecond, messages_per_second).number(kMessagesToMove, messages_to_move);
  writer.number(kMessagesMoved, messages_moved).time(kStartedAt, started_at);
  writer.number(kStatus, static_cast<uint64_t>(status)).text(kFailureReason, failure_reason);
  return writer.take();
}

std::optional<MoveTask> MoveTask::decode(std::string_view bytes) {
  MoveTask out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kId:
        out.id = reader.text();
        break;
      case kSourceArn:
        out.source_arn = reader.text();
        break;
      case kDestinationArn:
        out.destination_arn = reader.text();
        break;
      case kMessagesPerSecond:
        out.messages_per_second = static_cast<uint32_t>(reader.number());
        break;
      case kMessagesToMove:
        out.messages_to_move = reader.number();
        break;
      case kMessagesMoved:
        out.messages_moved = reader.number();
        break;
      case kStartedAt:
        out.started_at = reader.time();
        break;
      case kStatus:
        out.status = static_cast<Status>(reader.number());
        break;
      case kFailureReason:
        out.failure_reason = reader.text();
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace engine::sqs
