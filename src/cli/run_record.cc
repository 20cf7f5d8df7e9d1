#include "cli/run_record.h"

#include <fstream>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "base/encoding.h"
#include "pipeline/notifier.h"
#include "pipeline/rows.h"

namespace cli {
namespace {

namespace uploads = pipeline::uploads;
using aws::dynamodb::AttributeValue;

constexpr std::size_t kEarlierRunsMax =
    20;  // that are asked for; of more only the orders that they alone have sent suffer

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

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

}  // namespace

RunRecord::RunRecord(pipeline::Services services, base::Env& env, const pipeline::PipelineConfig& config)
    : services_(services), env_(env), config_(config) {}

base::Result<std::vector<std::string>> RunRecord::begin(const std::string& file, const std::string& key) {
  TRY_ASSIGN(const std::string sha256, sha256_of_file(file));
  id_ = std::string(uploads::kRunPrefix) + sha256;
  TRY_ASSIGN(keys_, keys());
  std::vector<std::string> found;
  for (std::size_t i = 0; i < keys_.size() && i < kEarlierRunsMax; ++i) {
    aws::s3::HeadObjectRequest head;
    head.bucket = config_.bucket;
    head.key = keys_[i];
    aws::Context context = pipeline::call_context(env_);
    const auto object = services_.s3.head_object(context, std::move(head));
    if (!object.has_value()) continue;  // it ended before the upload did
    found.push_back(pipeline::upload_id(config_.bucket, keys_[i], unquoted(object->etag.value_or(""))));
  }
  TRY(note(key));
  keys_.push_back(key);
  return found;
}

base::Result<void> RunRecord::note(const std::string& key) {
  aws::dynamodb::UpdateItemInput update;
  update.table_name = config_.uploads_table;
  update.key.emplace()[uploads::kUploadId] = pipeline::text(id_);
  update.update_expression = "ADD " + std::string(uploads::kRunKeys) + " :key";
  update.expression_attribute_values.emplace()[":key"] = AttributeValue::of_ss({key});
  aws::Context context = pipeline::call_context(env_);
  TRY(services_.dynamodb.update_item(context, std::move(update)));
  return {};
}

base::Result<std::vector<std::string>> RunRecord::keys() {
  aws::dynamodb::GetItemInput get;
  get.table_name = config_.uploads_table;
  get.key.emplace()[uploads::kUploadId] = pipeline::text(id_);
  get.consistent_read = true;
  aws::Context context = pipeline::call_context(env_);
  TRY_ASSIGN(const auto got, services_.dynamodb.get_item(context, std::move(get)));
  const auto* keys = got.item.has_value() ? got.item->find(uploads::kRunKeys) : nullptr;
  return keys != nullptr && keys->is_ss() ? keys->ss() : std::vector<std::string>();
}

base::Result<void> RunRecord::end() {
  if (keys_.empty()) return {};
  aws::dynamodb::UpdateItemInput update;
  update.table_name = config_.uploads_table;
  update.key.emplace()[uploads::kUploadId] = pipeline::text(id_);
  update.update_expression = "DELETE " + std::string(uploads::kRunKeys) + " :keys";
  update.expression_attribute_values.emplace()[":keys"] = AttributeValue::of_ss(keys_);
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
