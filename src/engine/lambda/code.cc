#include "engine/lambda/code.h"

#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"

namespace engine::lambda {
namespace {

// A package on its way out, chunk by chunk.
class PackageSource final : public aws::http::BodySource {
 public:
  PackageSource(std::unique_ptr<store::Cursor> cursor, uint64_t bytes) : cursor_(std::move(cursor)), bytes_(bytes) {}
  [[nodiscard]] uint64_t size() const override { return bytes_; }
  void read(std::string& out) override {
    if (!cursor_->valid()) return;
    out += cursor_->value();
    cursor_->next();
  }

 private:
  const std::unique_ptr<store::Cursor> cursor_;
  const uint64_t bytes_;
};

}  // namespace

Code::Code(store::KvStore& store, runtime::FunctionHost& host, uint64_t id, const std::string& root)
    : store_(store), host_(host), id_(id), directory_(root + "/code-" + std::to_string(id)) {}

Code::~Code() {
  if (staged_) host_.remove_code(directory_);
}

// Chunk by chunk, so that other writes find their way in between.
Code::Draft::Draft(store::KvStore& store, uint64_t id, std::string_view zip) : store_(store), id_(id) {
  for (std::size_t at = 0; at < zip.size(); at += kCodeChunkBytes) {
    store::WriteBatch batch;
    batch.put(keys::code_chunk(id, at / kCodeChunkBytes), std::string(zip.substr(at, kCodeChunkBytes)));
    store.write(batch);
  }
}

Code::Draft::~Draft() {
  if (kept_) return;
  store::WriteBatch batch;
  erase(batch, id_);
  store_.write(batch);
}

void Code::erase_unused(store::KvStore& store, const std::set<uint64_t>& used) {
  const std::string prefix = store::KeyWriter(keys::kCodeTable).take();
  const std::string end = store::prefix_end(prefix);
  store::WriteBatch batch;
  for (std::string at = prefix;;) {
    const auto cursor = store.scan(at, end);
    if (!cursor->valid()) break;
    uint64_t id = 0;
    store::require_intact(store::KeyReader(cursor->key(), keys::kCodeTable).number(id), "a key of Lambda");
    if (!used.contains(id)) erase(batch, id);
    at = store::prefix_end(keys::code(id));
  }
  store.write(batch);
}

void Code::erase(store::WriteBatch& batch, uint64_t id) {
  const std::string prefix = keys::code(id);
  batch.erase_range(prefix, store::prefix_end(prefix));
}

std::optional<aws::Body> Code::read(store::KvStore& store, uint64_t id, uint64_t bytes) {
  const std::string prefix = keys::code(id);
  auto cursor = store.scan(prefix, store::prefix_end(prefix));
  if (!cursor->valid()) return std::nullopt;
  return aws::Body(std::make_shared<PackageSource>(std::move(cursor), bytes));
}

base::Result<void> Code::stage(std::string_view zip) {
  const std::lock_guard lock(mutex_);
  TRY(host_.stage_code(zip, directory_));
  staged_ = true;
  return {};
}

base::Result<void> Code::stage_once() {
  const std::lock_guard lock(mutex_);
  if (staged_) return {};
  std::string zip;
  const std::string prefix = keys::code(id_);
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    zip += cursor->value();
  }
  TRY(host_.stage_code(zip, directory_));
  staged_ = true;
  return {};
}

}  // namespace engine::lambda
