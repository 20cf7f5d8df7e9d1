#include "cli/run_record.h"

#include <algorithm>
#include <fstream>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "base/encoding.h"
#include "os/process_identity.h"
#include "pipeline/notifier.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

namespace uploads = pipeline::uploads;
using aws::dynamodb::AttributeValue;

constexpr std::size_t kEarlierRunsMax =
    20;  // that are asked for; of more only the orders that they alone have sent suffer

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

// What a run notes: who it is and what it uploads.
std::string note_of(const std::string& key) {
  return os::this_process() + "|" + key;
}

}  // namespace

base::Result<std::string> sha256_of_file(const std::string& file) {
  base::Digest digest(base::Digest::Kind::sha256);
  std::ifstream in(file, std::ios::binary);
  std::string piece;
  do {
    piece.resize(1 << 20);
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<std::size_t>(in.gcount()));
    digest.update(piece);
  } while (!piece.empty());
  if (in.bad() || !in.is_open()) return base::fail({.code = "Local", .message = file + ": cannot be read"});
  return base::hex_encode(digest.finish());
}

RunRecord::RunRecord(pipeline::Services services, base::Env& env, const pipeline::PipelineConfig& config)
    : services_(services), env_(env), config_(config) {}

base::Result<std::vector<std::string>> RunRecord::begin(const std::string& file, const std::string& key) {
  TRY_ASSIGN(notes_, notes(file));
  std::vector<std::string> found;
  for (std::size_t i = 0; i < notes_.size() && i < kEarlierRunsMax; ++i) {
    const std::string earlier = notes_[i].substr(notes_[i].find('|') + 1);
    aws::s3::HeadObjectRequest head;
    head.bucket = config_.bucket;
    head.key = earlier;
    aws::Context context = pipeline::call_context(env_);
    const auto object = services_.s3.head_object(context, std::move(head));
    if (!object.has_value()) continue;  // it ended before the upload did
    found.push_back(pipeline::upload_id(config_.bucket, earlier, unquoted(object->etag.value_or(""))));
  }
  notes_.push_back(note_of(key));
  TRY(add(notes_.back()));
  return found;
}

base::Result<void> RunRecord::add(const std::string& note) {
  aws::dynamodb::UpdateItemInput update;
  update.table_name = config_.uploads_table;
  update.key.emplace()[uploads::kUploadId] = pipeline::text(id_);
  update.update_expression = "ADD " + std::string(uploads::kRunKeys) + " :note";
  update.expression_attribute_values.emplace()[":note"] = AttributeValue::of_ss({note});
  aws::Context context = pipeline::call_context(env_);
  TRY(services_.dynamodb.update_item(context, std::move(update)));
  return {};
}

base::Result<bool> RunRecord::is_left(const std::string& file, const std::string& key) {
  TRY_ASSIGN(const auto left, notes(file));
  return std::ranges::any_of(left, [&](const std::string& note) { return note.ends_with("|" + key); });
}

base::Result<std::vector<std::string>> RunRecord::notes(const std::string& file) {
  TRY_ASSIGN(const std::string sha256, sha256_of_file(file));
  id_ = std::string(uploads::kRunPrefix) + sha256;
  aws::dynamodb::GetItemInput get;
  get.table_name = config_.uploads_table;
  get.key.emplace()[uploads::kUploadId] = pipeline::text(id_);
  get.consistent_read = true;
  aws::Context context = pipeline::call_context(env_);
  TRY_ASSIGN(const auto got, services_.dynamodb.get_item(context, std::move(get)));
  const auto* found = got.item.has_value() ? got.item->find(uploads::kRunKeys) : nullptr;
  if (found == nullptr || !found->is_ss()) return std::vector<std::string>();
  std::vector<std::string> left = found->ss();
  std::erase_if(left, [](const std::string& note) { return os::may_run(note.substr(0, note.find('|'))); });
  return left;
}

base::Result<void> RunRecord::end() {
  if (notes_.empty()) return {};
  aws::dynamodb::UpdateItemInput update;
  update.table_name = config_.uploads_table;
  update.key.emplace()[uploads::kUploadId] = pipeline::text(id_);
  update.update_expression = "DELETE " + std::string(uploads::kRunKeys) + " :notes";
  update.expression_attribute_values.emplace()[":notes"] = AttributeValue::of_ss(notes_);
  aws::Context context = pipeline::call_context(env_);
  TRY(services_.dynamodb.update_item(context, std::move(update)));
  aws::dynamodb::DeleteItemInput remove;
  remove.table_name = config_.uploads_table;
  remove.key.emplace()[uploads::kUploadId] = pipeline::text(id_);
  remove.condition_expression = "attribute_not_exists(" + std::string(uploads::kRunKeys) + ")";
  const auto removed = services_.dynamodb.delete_item(context, std::move(remove));
  const bool others = !removed.has_value() && removed.error().code == "ConditionalCheckFailedException";
  if (!removed.has_value() && !others) return base::fail(removed.error());
  return {};
}

}  // namespace cli
