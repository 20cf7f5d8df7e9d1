#include "cli/follow.h"

#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "aws/sqs/sqs.h"
#include "cli/output.h"
#include "pipeline/notifier.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

constexpr uint64_t kPartBytes = 8 << 20;
constexpr base::Duration kPoll = std::chrono::milliseconds(20);
// After the queue has been empty this long, what is missing is not on its way any more.
constexpr base::Duration kSettle = std::chrono::seconds(5);
constexpr base::Duration kIngestMax = std::chrono::minutes(16);  // longer than the ingest function may run

base::AwsError local_error(std::string message) {
  base::AwsError error;
  error.code = "Local";
  error.message = std::move(message);
  return error;
}

// The next bytes of the file, none at its end. Not by iterators of the buffer, which throw if the disk does not answer.
base::Result<std::string> read_piece(std::ifstream& in, const std::string& file) {
  std::string piece(kPartBytes, '\0');
  in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
  if (in.bad() || !in.is_open()) return base::fail(local_error(file + ": cannot be read"));
  piece.resize(static_cast<std::size_t>(in.gcount()));
  return piece;
}

// What the bucket calls it: its name, unless that is no text.
std::string key_name(const std::string& file) {
  const std::string name = std::filesystem::path(file).filename().string();
  return simdjson::validate_utf8(name) ? name : "orders";
}

base::AwsError interrupted(std::string message) {
  base::AwsError error;
  error.code = "Interrupted";
  error.message = std::move(message);
  return error;
}

constexpr const char* kOrdersGoOn = "the orders are with the pipeline and go on whenever its engine runs";

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

uint64_t number_in(const aws::Map<std::string>& attributes, std::string_view name) {
  uint64_t value = 0;
  if (const std::string* text = attributes.find(name); text != nullptr)
    std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

uint32_t percentile(std::vector<uint32_t>& values, unsigned percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t rank = (values.size() * percent + 99) / 100;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

Follower::Follower(pipeline::Services services, base::Env& env, pipeline::Stack& stack,
                   const pipeline::Definition& definition, Interruption& interruption)
    : services_(services),
      env_(env),
      stack_(stack),
      definition_(definition),
      interruption_(interruption),
      config_(stack.config()),
      record_(services, env, config_) {}

base::Result<uint64_t> check_orders_file(const std::string& file) {
  std::error_code failed;
  const uint64_t size = std::filesystem::file_size(file, failed);
  if (failed == std::errc::operation_not_supported)
    return base::fail(local_error(file + ": not a regular file, and it is read twice"));
  if (failed) return base::fail(local_error(file + ": " + failed.message()));
  if (!std::ifstream(file, std::ios::binary).is_open())
    return base::fail(local_error(file + ": " + std::generic_category().message(errno)));
  return size;
}

base::Result<Follower::Uploaded> Follower::upload(const std::string& file, const std::string& key) {
  TRY_ASSIGN(const uint64_t size, check_orders_file(file));
  if (size > kPartBytes) {
    TRY_ASSIGN(std::string etag, upload_parts(file, key));
    return Uploaded{key, unquoted(std::move(etag))};
  }
  aws::s3::PutObjectRequest put;
  put.bucket = config_.bucket;
  put.key = key;
  std::ifstream in(file, std::ios::binary);
  TRY_ASSIGN(put.body, read_piece(in, file));
  aws::Context context = pipeline::call_context(env_);
  TRY_ASSIGN(const auto stored, services_.s3.put_object(context, std::move(put)));
  return Uploaded{key, unquoted(stored.etag.value_or(""))};
}

base::Result<std::string> Follower::upload_parts(const std::string& file, const std::string& key) {
  aws::Context context = pipeline::call_context(env_);
  aws::s3::CreateMultipartUploadRequest begin;
  begin.bucket = config_.bucket;
  begin.key = key;
  TRY_ASSIGN(const auto begun, services_.s3.create_multipart_upload(context, std::move(begin)));
  aws::s3::CompleteMultipartUploadRequest complete;
  complete.bucket = config_.bucket;
  complete.key = key;
  complete.upload_id = begun.upload_id;
  auto parts = send_parts(file, key, begun.upload_id.value_or(""));
  if (!parts.has_value()) {
    aws::s3::AbortMultipartUploadRequest abort;
    abort.bucket = config_.bucket;
    abort.key = key;
    abort.upload_id = begun.upload_id;
    (void)services_.s3.abort_multipart_upload(context, std::move(abort));  // `till down` removes what is left of it
    return base::fail(std::move(parts).error());
  }
  complete.multipart_upload.emplace().parts = std::move(*parts);
  TRY_ASSIGN(const auto completed, services_.s3.complete_multipart_upload(context, std::move(complete)));
  return completed.etag.value_or("");
}

base::Result<std::vector<aws::s3::CompletedPart>> Follower::send_parts(const std::string& file, const std::string& key,
                                                                       const std::string& multipart_id) {
  aws::Context context = pipeline::call_context(env_);
  std::vector<aws::s3::CompletedPart> parts;
  std::ifstream in(file, std::ios::binary);
  while (true) {
    if (interruption_.requested()) return base::fail(interrupted("no order of " + file + " has been sent"));
    TRY_ASSIGN(std::string piece, read_piece(in, file));
    if (piece.empty()) return parts;
    aws::s3::UploadPartRequest part;
    part.bucket = config_.bucket;
    part.key = key;
    part.upload_id = multipart_id;
    part.part_number = static_cast<int32_t>(parts.size() + 1);
    part.body = std::move(piece);
    TRY_ASSIGN(const auto stored, services_.s3.upload_part(context, std::move(part)));
    auto& done = parts.emplace_back();
    done.etag = stored.etag;
    done.part_number = static_cast<int32_t>(parts.size());
  }
}

base::Result<uint64_t> Follower::depth(std::string_view queue) {
  aws::sqs::GetQueueAttributesRequest get;
  get.queue_url = stack_.queue_url(queue);
  get.attribute_names = {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                         "ApproximateNumberOfMessagesDelayed"};
  aws::Context context = pipeline::call_context(env_);
  TRY_ASSIGN(const auto got, services_.sqs.get_queue_attributes(context, std::move(get)));
  uint64_t sum = 0;
  for (const auto& [name, value] : got.attributes.value_or(aws::Map<std::string>()))
    sum += number_in(*got.attributes, name);
  return sum;
}

base::Result<pipeline::Item> Follower::wait_for_ingest(const std::string& upload_id) {
  const base::Timestamp end = env_.clock.now() + kIngestMax;
  while (true) {
    aws::dynamodb::GetItemInput get;
    get.table_name = config_.uploads_table;
    get.key.emplace()[pipeline::uploads::kUploadId] = pipeline::text(upload_id);
    get.consistent_read = true;
    aws::Context context = pipeline::call_context(env_);
    TRY_ASSIGN(auto got, services_.dynamodb.get_item(context, std::move(get)));
    if (got.item.has_value()) {
      const std::string_view state = pipeline::text_of(*got.item, pipeline::uploads::kState);
      if (state != pipeline::uploads::kReading) return std::move(*got.item);
    }
    if (env_.clock.now() >= end) {
      return base::fail(local_error("the ingest function has not finished; see the log group /aws/lambda/" +
                                    stack_.options().name + "-ingest"));
    }
    if (!interruption_.pause(kPoll)) return base::fail(interrupted(kOrdersGoOn));
  }
}

base::Result<void> Follower::wait_for_queue(uint64_t read, bool quiet) {
  Progress progress("orders");
  while (true) {
    TRY_ASSIGN(const uint64_t left, depth("orders"));
    if (!quiet) progress.show(read - std::min(read, left), read);
    if (left == 0) return {};
    if (!interruption_.pause(kPoll)) return base::fail(interrupted(kOrdersGoOn));
  }
}

base::Result<pipeline::Tally> Follower::count(const std::string& file, const std::string& upload_id,
                                              const std::vector<std::string>& earlier_uploads,
                                              const pipeline::Item& row) {
  std::ifstream in(file, std::ios::binary);
  const auto uploaded_at =
      base::from_epoch_milliseconds(pipeline::number_of(row, pipeline::uploads::kUploadedAt).value_or(0));
  pipeline::Accounting accounting(services_.dynamodb, env_, config_, definition_);
  return accounting.count(upload_id, earlier_uploads, uploaded_at, [&in](std::string& piece) {
    piece.resize(1 << 20);
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(in.gcount()));
  });
}

void Follower::reported() {
  (void)record_.end();  // what is left makes the next run of the file report it once more
}

base::Result<Followed> Follower::follow(const std::string& file, bool quiet) {
  TRY(check_orders_file(file));
  const std::string key = "uploads/" + base::format_amz_date(env_.clock.now()) + "-" +
                          base::random_string(env_.random, 6, "0123456789abcdef") + "/" + key_name(file);
  // A stack that cannot take the note does not take the upload either, and that says why.
  const auto earlier = record_.begin(file, key).value_or(std::vector<std::string>());
  const base::Timestamp begun = env_.clock.now();
  TRY_ASSIGN(const Uploaded uploaded, upload(file, key));
  const std::string id = pipeline::upload_id(config_.bucket, uploaded.key, uploaded.etag);
  TRY_ASSIGN(const pipeline::Item row, wait_for_ingest(id));
  Followed followed;
  followed.upload_error = pipeline::text_of(row, pipeline::uploads::kError);
  const auto read = static_cast<uint64_t>(pipeline::number_of(row, pipeline::uploads::kRead).value_or(0));
  TRY(wait_for_queue(read, quiet));
  const base::Timestamp drained = env_.clock.now();
  // Nothing is on the queue any more, so every order has its row, unless it is in the dead-letter queue; a large
  // order's notification may still be on its way.
  while (true) {
    TRY_ASSIGN(followed.tally, count(file, id, earlier, row));
    const bool settled = followed.tally.missing == 0 && followed.tally.large_orders_pending == 0;
    if (settled || env_.clock.now() >= drained + kSettle) break;
    if (!interruption_.pause(kPoll * 10)) return base::fail(interrupted(kOrdersGoOn));
  }
  followed.seconds = std::chrono::duration<double>(drained - begun).count();
  TRY_ASSIGN(followed.dead_letters, depth("orders-dlq"));
  return followed;
}

}  // namespace cli
