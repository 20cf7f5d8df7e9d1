#include "pipeline/event.h"

#include <simdjson.h>

#include "aws/codec/json_shape.h"
#include "base/encoding.h"

namespace pipeline {
namespace {

using simdjson::dom::element;

std::string text_at(element from, std::string_view pointer) {
  std::string_view text;
  return from.at_pointer(pointer).get_string().get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::string_view field(element from, std::string_view name) {
  std::string_view text;
  return from[name].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

}  // namespace

std::expected<std::vector<QueueRecord>, std::string> parse_queue_event(std::string_view payload) {
  static thread_local simdjson::dom::parser parser;
  element document;
  simdjson::dom::array records;
  if (parser.parse(payload.data(), payload.size()).get(document) != simdjson::SUCCESS)
    return std::unexpected("the event is not JSON");
  if (document["Records"].get_array().get(records) != simdjson::SUCCESS)
    return std::unexpected("the event has no Records: it is not from an SQS event source mapping");
  std::vector<QueueRecord> out;
  for (const element record : records) {
    QueueRecord& r = out.emplace_back();
    r.message_id = field(record, "messageId");
    r.receipt_handle = field(record, "receiptHandle");
    r.body = field(record, "body");
    r.source = text_at(record, "/messageAttributes/source/stringValue");
    if (r.message_id.empty()) return std::unexpected("a record of the event has no messageId");
  }
  return out;
}

std::expected<IngestEvent, std::string> parse_ingest_event(std::string_view payload) {
  simdjson::dom::parser parser;
  element document;
  if (parser.parse(payload.data(), payload.size()).get(document) != simdjson::SUCCESS)
    return std::unexpected("the event is not JSON");
  IngestEvent event;
  if (element content; document["file_content"].get(content) == simdjson::SUCCESS) {
    event.file_content =
        content.is_string() ? std::string(content.get_string().value_unsafe()) : simdjson::minify(content);
    return event;
  }
  simdjson::dom::array records;
  if (document["Records"].get_array().get(records) != simdjson::SUCCESS)
    return std::unexpected("the event has neither Records nor file_content");
  for (const element record : records) {
    ObjectRecord& r = event.objects.emplace_back();
    r.event_name = field(record, "eventName");
    r.event_time = field(record, "eventTime");
    r.bucket = text_at(record, "/s3/bucket/name");
    r.etag = text_at(record, "/s3/object/eTag");
    const auto key = base::percent_decode(text_at(record, "/s3/object/key"), /*plus_is_space=*/true);
    if (r.bucket.empty() || !key.has_value() || key->empty())
      return std::unexpected("a record of the event has no bucket or key: it is not from S3");
    r.key = *key;
  }
  return event;
}

std::string batch_item_failures(const std::vector<std::string>& message_ids) {
  std::string out = "{\"batchItemFailures\":[";
  for (const std::string& id : message_ids) {
    if (&id != &message_ids.front()) out.push_back(',');
    out.append("{\"itemIdentifier\":");
    aws::codec::write_json_string(id, out);
    out.push_back('}');
  }
  return out + "]}";
}

}  // namespace pipeline
