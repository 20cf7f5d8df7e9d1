#include "pipeline/ingest.h"

#include "aws/codec/json_shape.h"
#include "base/encoding.h"
#include "pipeline/document_reader.h"
#include "pipeline/notifier.h"
#include "pipeline/order_sender.h"

namespace pipeline {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;
constexpr std::string_view kNoRow = "the upload's row could not be written";
constexpr base::Duration kReserve = std::chrono::seconds(10);

std::string explain(std::string_view what, const base::AwsError& error) {
  return std::string(what) + ": " + error.code + ": " + error.message;
}

// Why `content` is no list of orders, or empty.
std::string document_error(std::string_view content, const DocumentFormat& documents) {
  DocumentReader reader(documents);
  reader.feed(content);
  reader.finish();
  while (reader.next().has_value()) {
  }
  return reader.error();
}

}  // namespace

Ingest::Ingest(aws::s3::S3& s3, aws::sqs::Sqs& sqs, aws::dynamodb::DynamoDb& dynamodb, base::Env& env,
               PipelineConfig config, const DocumentFormat& documents)
    : s3_(s3), sqs_(sqs), dynamodb_(dynamodb), env_(env), config_(std::move(config)), documents_(documents) {}

std::expected<Ingest::Answer, std::string> Ingest::handle(std::string_view payload, base::Timestamp deadline) {
  auto event = parse_ingest_event(payload);
  if (!event.has_value()) return std::unexpected(event.error());
  if (event->file_content.has_value()) {
    auto stored = store_content(std::move(*event->file_content));
    if (!stored.has_value()) return std::unexpected(std::move(stored).error());
    return Answer{.payload = std::move(*stored), .uploads_failed = 0, .quarantined = {}};
  }
  uint64_t orders_read = 0;
  Answer answer;
  for (const ObjectRecord& object : event->objects) {
    const auto read_now = read(object, deadline);
    if (!read_now.has_value())
      return std::unexpected("s3://" + object.bucket + "/" + object.key + ": " + read_now.error());
    orders_read += read_now->orders;
    answer.uploads_failed += !read_now->error.empty() && !read_now->was_known;
    for (const auto& [reason, count] : read_now->quarantined) answer.quarantined[reason] += count;
  }
  answer.payload = "{\"read\":" + std::to_string(orders_read) + "}";
  return answer;
}

std::expected<std::string, std::string> Ingest::store_content(std::string content) {
  if (const std::string wrong = document_error(content, documents_); !wrong.empty()) return std::unexpected(wrong);
  aws::s3::PutObjectRequest put;
  put.bucket = config_.bucket;
  put.key = "uploads/direct-" + base::make_uuid(env_.random) + ".json";
  put.content_type = "application/json";
  put.body = std::move(content);
  const std::string key = *put.key;
  aws::Context context = call_context(env_);
  const auto stored = s3_.put_object(context, std::move(put));
  if (!stored.has_value()) return std::unexpected(explain("the document could not be stored", stored.error()));
  std::string body;
  aws::codec::write_json_string("Data uploaded to s3://" + config_.bucket + "/" + key + " and on its way to the queue",
                                body);
  return "{\"statusCode\":200,\"body\":" + body + "}";
}

aws::dynamodb::PutItemInput Ingest::upload_row(const ObjectRecord& object, std::string_view id,
                                               std::string_view state) {
  const base::Timestamp uploaded_at = base::parse_iso8601(object.event_time).value_or(env_.clock.now());
  aws::dynamodb::PutItemInput put;
  put.table_name = config_.uploads_table;
  Item& row = put.item.emplace();
  row[uploads::kUploadId] = text(id);
  row[uploads::kBucket] = text(object.bucket);
  row[uploads::kKey] = text(object.key);
  row[uploads::kState] = text(state);
  row[uploads::kRead] = number(0);
  row[uploads::kUploadedAt] = number(base::to_epoch_milliseconds(uploaded_at));
  return put;
}

std::expected<std::string, std::string> Ingest::begin_upload(const ObjectRecord& object, std::string_view id) {
  aws::dynamodb::PutItemInput put = upload_row(object, id, uploads::kReading);
  put.condition_expression = "attribute_not_exists(upload_id) OR #state <> :failed";
  put.expression_attribute_names = {{"#state", std::string(uploads::kState)}};
  put.expression_attribute_values = {{":failed", text(uploads::kFailed)}};
  put.return_values_on_condition_check_failure = "ALL_OLD";
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (written.has_value()) return std::string();
  const auto* failed = aws::ShapeDetail::find<aws::dynamodb::ConditionalCheckFailedException>(written.error());
  if (failed != nullptr && failed->item.has_value()) return std::string(text_of(*failed->item, uploads::kError));
  return std::unexpected(explain(kNoRow, written.error()));
}

std::expected<void, std::string> Ingest::end_upload(const ObjectRecord& object, std::string_view id,
                                                    const Reading& reading) {
  aws::dynamodb::PutItemInput put = upload_row(object, id, reading.error.empty() ? uploads::kDone : uploads::kFailed);
  (*put.item)[uploads::kRead] = number(static_cast<int64_t>(reading.orders));
  if (!reading.error.empty()) (*put.item)[uploads::kError] = text(reading.error);
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (!written.has_value()) return std::unexpected(explain(kNoRow, written.error()));
  return {};
}

std::expected<Ingest::Reading, std::string> Ingest::stream(const ObjectRecord& object, base::Timestamp deadline,
                                                           OrderSender& sender) {
  DocumentReader reader(documents_);
  for (int64_t offset = 0;;) {
    if (env_.clock.now() + kReserve >= deadline) return std::unexpected("the document is too long for one invocation");
    aws::s3::GetObjectRequest get;
    get.bucket = object.bucket;
    get.key = object.key;
    get.range = "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + kPieceBytes - 1);
    if (!object.etag.empty()) get.if_match = "\"" + object.etag + "\"";
    aws::Context context = call_context(env_);
    auto got = s3_.get_object(context, std::move(get));
    const bool empty = !got.has_value() && got.error().code == "InvalidRange";  // at the end, or an empty object
    if (!got.has_value() && !empty) return std::unexpected(explain("the document could not be read", got.error()));
    const std::string piece = empty || !got->body.has_value() ? std::string() : got->body->take();
    const bool last = piece.size() < static_cast<std::size_t>(kPieceBytes);
    reader.feed(piece);
    if (last) reader.finish();
    while (auto order = reader.next()) sender.send(std::move(*order));
    if (last || !reader.error().empty()) return Reading{reader.count(), reader.error()};
    offset += kPieceBytes;
  }
}

std::expected<Ingest::Reading, std::string> Ingest::read(const ObjectRecord& object, base::Timestamp deadline) {
  const std::string id = upload_id(object.bucket, object.key, object.etag);
  const auto known_error = begin_upload(object, id);
  if (!known_error.has_value()) return std::unexpected(known_error.error());
  OrderSender sender(sqs_, dynamodb_, env_, config_, id);
  auto reading = stream(object, deadline, sender);
  const std::string failure = sender.finish();
  if (!failure.empty()) return std::unexpected("orders could not be queued: " + failure);
  if (!reading.has_value()) return std::unexpected(reading.error());
  reading->was_known = reading->error == *known_error;
  reading->quarantined = sender.quarantined();
  if (auto ended = end_upload(object, id, *reading); !ended.has_value()) return std::unexpected(ended.error());
  return reading;
}

}  // namespace pipeline
