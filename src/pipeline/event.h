// The events Lambda hands to the pipeline's functions, and the answers they give: only the fields the pipeline reads.
// Values; parsing is pure and safe from any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

// One message of an SQS event.
struct QueueRecord {
  std::string message_id;
  std::string receipt_handle;
  std::string body;
  std::string source;  // the string value of message attribute "source", or empty
};

// One object of an S3 event. The key is decoded.
struct ObjectRecord {
  std::string event_name;  // "ObjectCreated:Put"
  std::string event_time;  // ISO 8601
  std::string bucket;
  std::string key;
  std::string etag;
};

// What the ingest function may be called with.
struct IngestEvent {
  std::vector<ObjectRecord> objects;
  std::optional<std::string> file_content;  // the original's direct invocation: the document, as text or as JSON
};

// The error is a text for people: what the event lacks.
std::expected<std::vector<QueueRecord>, std::string> parse_queue_event(std::string_view payload);
std::expected<IngestEvent, std::string> parse_ingest_event(std::string_view payload);

// {"batchItemFailures":[{"itemIdentifier":"..."}]}: these messages, and only these, go back to the queue.
std::string batch_item_failures(const std::vector<std::string>& message_ids);

}  // namespace pipeline
