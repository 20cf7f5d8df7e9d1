#include "cli/follow.h"

#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "aws/dynamodb/dynamodb.h"
#include "aws/http/failure.h"
#include "cli/function_log.h"
#include "cli/ingest_watch.h"
#include "cli/output.h"
#include "cli/stack_contents.h"
#include "pipeline/notifier.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

constexpr base::Duration kPoll = std::chrono::milliseconds(20);
// After nothing has moved for this long, what is missing is not on its way any more: if it can be in the dead-letter
// queue, and if nobody can tell where it is. SQS says that its counters are right after a minute.
constexpr base::Duration kSettle = std::chrono::seconds(5);
constexpr base::Duration kSettleUnexplained = std::chrono::minutes(1);
// A queue that has not become shorter for this long may hold the orders of others only.
constexpr base::Duration kQueueStands = std::chrono::seconds(10);
constexpr base::Duration kIngestMax = std::chrono::minutes(16);  // longer than the ingest function may run
// After so long without the end of the reading, and then each second, it is looked what is wrong.
constexpr base::Duration kIngestQuiet = std::chrono::seconds(2);
constexpr base::Duration kIngestLook = std::chrono::seconds(1);

// What the bucket calls it: its name, unless that is no text.
std::string key_name(const std::string& file) {
  const std::string name = std::filesystem::path(file).filename().string();
  return simdjson::validate_utf8(name) && name != "-" ? name : "orders";
}

constexpr const char* kOrdersGoOn = "the orders are with the pipeline and go on whenever its engine runs";

// Of what failed after the upload: it must not read as if nothing had been sent.
base::AwsError after_upload(base::AwsError error) {
  if (error.code == "Interrupted") return error;
  error.message.append("; ").append(kOrdersGoOn).append(", and the same command again tells what became of them");
  if (error.code == aws::http::kNotSent) error.code = aws::http::kConnectionLost;
  return error;
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
      record_(services, env, config_),
      upload_(services.s3, env, config_.bucket, interruption) {}

base::Result<std::optional<pipeline::Item>> Follower::row_if_read(const std::string& upload_id) {
  aws::dynamodb::GetItemInput get;
  get.table_name = config_.uploads_table;
  get.key.emplace()[pipeline::uploads::kUploadId] = pipeline::text(upload_id);
  get.consistent_read = true;
  aws::Context context = pipeline::call_context(env_);
  TRY_ASSIGN(auto got, services_.dynamodb.get_item(context, std::move(get)));
  if (got.item.has_value() && pipeline::text_of(*got.item, pipeline::uploads::kState) == pipeline::uploads::kReading)
    got.item.reset();
  return std::move(got.item);
}

base::Result<pipeline::Item> Follower::wait_for_ingest(const Upload& upload) {
  const base::Timestamp begun = env_.clock.now();
  base::Timestamp look_at = begun + kIngestQuiet;
  IngestWatch watch(services_, stack_, upload.key);
  while (true) {
    TRY_ASSIGN(auto row, row_if_read(upload.id));
    if (row.has_value()) return std::move(*row);
    const base::Timestamp now = env_.clock.now();
    if (now >= look_at) {
      TRY(watch.look());
      look_at = now + kIngestLook;
    }
    if (now >= begun + kIngestMax)
      return base::fail({.code = "Local",
                         .message = "the ingest function has not finished; see the log group /aws/lambda/" +
                                    stack_.site().name("ingest")});
    if (!interruption_.pause(kPoll)) return base::fail(interrupted(kOrdersGoOn));
  }
}

// Only the rows say what became of an order. The queue's counter tells when it is worth to look at them, and how far
// the work is.
base::Result<base::Timestamp> Follower::wait_for_rows(const InputFile& file, const Upload& upload,
                                                      const pipeline::Item& row, bool quiet, Followed& followed) {
  const auto read = static_cast<uint64_t>(pipeline::number_of(row, pipeline::uploads::kRead).value_or(0));
  std::optional<Progress> progress(std::in_place, "orders");
  uint64_t queued = UINT64_MAX;
  uint64_t open = UINT64_MAX;  // orders missing and notifications owed
  FunctionLog log(stack_, "process", pipeline::number_of(row, pipeline::uploads::kUploadedAt).value_or(0),
                  FunctionLog::kErrors);
  base::Timestamp moved = env_.clock.now();
  while (true) {
    TRY_ASSIGN(const uint64_t left, messages_in(stack_.site(), stack_.site().name("orders")));
    if (!quiet && progress.has_value()) progress->show(read - std::min(read, left), read);
    const base::Timestamp now = env_.clock.now();
    if (left < queued) moved = now;
    queued = std::min(queued, left);
    const bool stands = left != 0 && now >= moved + kQueueStands;
    if (left == 0 || stands) {
      progress.reset();
      TRY_ASSIGN(followed.tally, count(file, upload, row));
      TRY_ASSIGN(followed.dead_letters, messages_in(stack_.site(), stack_.site().name("orders-dlq")));
      const uint64_t still_open = followed.tally.missing + followed.tally.large_orders_pending;
      if (still_open == 0) return now;
      if (still_open < open || stands) moved = now;
      open = std::min(open, still_open);
      if (stands) log.tell_errors();
      const bool explained = followed.tally.missing + followed.dead_before <= followed.dead_letters;
      if (left == 0 && now >= moved + (explained ? kSettle : kSettleUnexplained)) return moved;
    }
    if (!interruption_.pause(left == 0 ? kPoll * 10 : kPoll)) return base::fail(interrupted(kOrdersGoOn));
  }
}

base::Result<pipeline::Tally> Follower::count(const InputFile& file, const Upload& upload, const pipeline::Item& row) {
  std::ifstream in(file.path, std::ios::binary);
  const auto unreadable = [&file] {
    return base::AwsError{.code = "Local", .message = file.name + ": cannot be read again: " + std::strerror(errno)};
  };
  if (!in.is_open()) return base::fail(unreadable());
  const auto uploaded_at =
      base::from_epoch_milliseconds(pipeline::number_of(row, pipeline::uploads::kUploadedAt).value_or(0));
  pipeline::Accounting accounting(services_.dynamodb, env_, config_, definition_);
  TRY_ASSIGN(auto tally, accounting.count(upload.id, upload.earlier, uploaded_at, [&in](std::string& piece) {
    piece.resize(1 << 20);
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(in.gcount()));
  }));
  if (in.bad()) return base::fail(unreadable());
  return tally;
}

void Follower::reported() {
  (void)record_.end();  // what is left makes the next run of the file report it once more
}

base::Result<std::string> Follower::object_key(const InputFile& file) {
  constexpr std::size_t kHashShown = 32;
  TRY_ASSIGN(const std::string sha256, sha256_of_file(file.path));
  return "uploads/" + sha256.substr(0, kHashShown) + "/" + key_name(file.name);
}

base::Result<std::optional<std::string>> Follower::upload_if_read(const std::string& key) {
  const auto etag = upload_.etag_of(key);
  if (!etag.has_value() && etag.error().http_status == 404) return std::nullopt;
  if (!etag.has_value()) return base::fail(etag.error());
  std::string id = pipeline::upload_id(config_.bucket, key, *etag);
  TRY_ASSIGN(const auto row, row_if_read(id));
  return row.has_value() ? std::optional(std::move(id)) : std::nullopt;
}

base::Result<bool> Follower::is_done(const InputFile& file, const std::string& key) {
  TRY_ASSIGN(const auto read, upload_if_read(key));
  if (!read.has_value()) return false;
  TRY_ASSIGN(const bool left, record_.is_left(file.path, key));
  return !left;
}

base::Result<Followed> Follower::follow(const InputFile& file, bool quiet, const std::string& key) {
  TRY(check_orders_file(file));
  Upload upload;
  upload.key = !key.empty() ? key
                            : "uploads/" + base::format_amz_date(env_.clock.now()) + "-" +
                                  base::random_string(env_.random, 6, "0123456789abcdef") + "/" + key_name(file.name);
  // A stack that cannot take the note does not take the upload either, and that says why.
  upload.earlier = record_.begin(file.path, upload.key).value_or(std::vector<std::string>());
  Followed followed;
  TRY_ASSIGN(followed.dead_before, messages_in(stack_.site(), stack_.site().name("orders-dlq")));
  const base::Timestamp begun = env_.clock.now();
  std::optional<std::string> read;
  if (!key.empty()) {
    TRY_ASSIGN(read, upload_if_read(key));
  }
  if (!read.has_value()) {
    TRY_ASSIGN(const std::string etag, upload_.put(file, upload.key));
    read = pipeline::upload_id(config_.bucket, upload.key, etag);
  }
  upload.id = std::move(*read);
  const auto row = wait_for_ingest(upload);
  if (!row.has_value()) return base::fail(after_upload(row.error()));
  followed.upload_error = pipeline::text_of(*row, pipeline::uploads::kError);
  const auto ended = wait_for_rows(file, upload, *row, quiet, followed);
  if (!ended.has_value()) return base::fail(after_upload(ended.error()));
  followed.seconds = std::chrono::duration<double>(*ended - begun).count();
  return followed;
}

}  // namespace cli
