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

void Code::put(store::WriteBatch& batch, uint64_t id, std::string_view zip) {
  for (std::size_t at = 0; at < zip.size(); at += kCodeChunkBytes) {
    batch.put(keys::code_chunk(id, at / kCodeChunkBytes), std::string(zip.substr(at, kCodeChunkBytes)));
  }
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
