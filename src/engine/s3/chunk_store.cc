#include "engine/s3/chunk_store.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "engine/record.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"

namespace engine::s3 {
namespace {

constexpr unsigned kEpochShift = 32;  // ids of one process
constexpr std::size_t kGarbagePerBatch = 1'000;

uint64_t chunk_count(uint64_t size) {
  return (size + kChunkBytes - 1) / kChunkBytes;
}

// Segments of one owner have distinct sets, and sets have one owner: the first names them all.
std::optional<uint64_t> owner_of(const Segments& segments) {
  return segments.empty() ? std::nullopt : std::optional(segments.front().chunk_set);
}

}  // namespace

ChunkStore::ChunkStore(store::KvStore& store) : store_(store) {
  uint64_t epoch = 1;
  if (const auto bytes = store_.get(keys::kEpochKey)) {
    RecordReader reader(*bytes);
    while (reader.next())
      if (reader.field() == 1) epoch = reader.number() + 1;
    store::require_intact(reader.ok() && epoch > 1, "the row of S3 that counts its starts");
  }
  next_id_ = epoch << kEpochShift;
  store::WriteBatch batch;
  batch.put(std::string(keys::kEpochKey), RecordWriter().number(1, epoch).take());
  const std::string begin = store::KeyWriter(keys::kGarbageTable).take();
  std::size_t count = 0;
  for (auto cursor = store_.scan(begin, store::prefix_end(begin)); cursor->valid(); cursor->next()) {
    uint64_t chunk_set = 0;
    store::require_intact(store::KeyReader(cursor->key(), keys::kGarbageTable).number(chunk_set), "a key of S3");
    const std::string rows = keys::rows(keys::kChunkTable, chunk_set);
    batch.erase_range(rows, store::prefix_end(rows));
    batch.erase(std::string(cursor->key()));
    if (++count % kGarbagePerBatch != 0) continue;
    store_.write(batch);
    batch = {};
  }
  store_.write(batch);
}

uint64_t ChunkStore::next_id() {
  const std::lock_guard lock(mutex_);
  return next_id_++;
}

ChunkStore::Writer::~Writer() {
  if (finished_ || !marked_) return;
  store::WriteBatch batch;
  const std::string rows = keys::rows(keys::kChunkTable, chunk_set_);
  batch.erase_range(rows, store::prefix_end(rows));
  batch.erase(keys::garbage(chunk_set_));
  chunks_.store_.write(batch);
}

void ChunkStore::Writer::append(std::string_view bytes) {
  size_ += bytes.size();
  while (tail_.size() + bytes.size() > kChunkBytes) {
    const std::size_t missing = kChunkBytes - tail_.size();
    tail_.append(bytes.substr(0, missing));
    bytes.remove_prefix(missing);
    cut(std::move(tail_));
    tail_.clear();
    if (pending_count_ >= kChunksPerBatch) write_pending();
  }
  tail_.append(bytes);
}

void ChunkStore::Writer::cut(std::string chunk) {
  pending_.put(keys::chunk(chunk_set_, chunk_count_++), std::move(chunk));
  ++pending_count_;
}

void ChunkStore::Writer::write_pending() {
  if (!marked_) pending_.put(keys::garbage(chunk_set_), {});
  marked_ = true;
  chunks_.store_.write(pending_);
  pending_ = {};
  pending_count_ = 0;
}

void ChunkStore::Writer::flush() {
  if (chunk_count_ == 0) return;
  if (!tail_.empty()) cut(std::move(tail_));
  tail_.clear();
  write_pending();
}

void ChunkStore::Writer::replay(const std::function<void(std::string_view bytes)>& each) const {
  CHECK(pending_count_ == 0, "flush() comes before replay()");
  for (uint64_t i = 0; i < chunk_count_; ++i) each(chunks_.read(chunk_set_, i));
  if (!tail_.empty()) each(tail_);
}

void ChunkStore::Writer::finish(store::WriteBatch& batch) {
  CHECK(pending_count_ == 0, "flush() comes before finish()");
  if (!tail_.empty()) batch.put(keys::chunk(chunk_set_, chunk_count_++), std::move(tail_));
  if (marked_) batch.erase(keys::garbage(chunk_set_));
  finished_ = true;
}

std::shared_ptr<void> ChunkStore::pin(const Segments& segments) {
  const auto owner = owner_of(segments);
  if (!owner) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    ++pins_[*owner];
  }
  return {this, [self = shared_from_this(), owner = *owner](void*) { self->unpin(owner); }};
}

void ChunkStore::unpin(uint64_t owner) {
  Segments dropped;
  {
    const std::lock_guard lock(mutex_);
    const auto pin = pins_.find(owner);
    CHECK(pin != pins_.end(), "unpins what is not pinned");
    if (--pin->second > 0) return;
    pins_.erase(pin);
    const auto deferred = deferred_.find(owner);
    if (deferred == deferred_.end()) return;
    dropped = std::move(deferred->second);
    deferred_.erase(deferred);
  }
  store::WriteBatch batch;
  erase(batch, dropped);
  for (const Segment& segment : dropped) batch.erase(keys::garbage(segment.chunk_set));
  store_.write(batch);
}

void ChunkStore::erase(store::WriteBatch& batch, const Segments& segments) {
  for (const Segment& segment : segments) {
    const uint64_t count = chunk_count(segment.size);
    if (count > kErasesPerChunkSet) {
      const std::string rows = keys::rows(keys::kChunkTable, segment.chunk_set);
      batch.erase_range(rows, store::prefix_end(rows));
      continue;
    }
    for (uint64_t i = 0; i < count; ++i) batch.erase(keys::chunk(segment.chunk_set, i));
  }
}

void ChunkStore::write_and_drop(store::WriteBatch batch, const std::vector<Segments>& dropped) {
  std::vector<const Segments*> pinned;
  {
    const std::lock_guard lock(mutex_);
    for (const Segments& segments : dropped) {
      const auto owner = owner_of(segments);
      if (!owner) continue;
      if (pins_.contains(*owner)) {
        pinned.push_back(&segments);
        for (const Segment& segment : segments) batch.put(keys::garbage(segment.chunk_set), {});
      } else {
        erase(batch, segments);
      }
    }
  }
  store_.write(batch);
  // Only now may a reader that finishes erase them: before the batch, a crash would have left an object without bytes.
  for (const Segments* segments : pinned) {
    const uint64_t owner = *owner_of(*segments);
    const std::lock_guard lock(mutex_);
    ++pins_[owner];  // in case that the last reader has finished in between
    deferred_[owner] = *segments;
  }
  for (const Segments* segments : pinned) unpin(*owner_of(*segments));
}

std::string ChunkStore::read(uint64_t chunk_set, uint64_t number) {
  auto chunk = store_.get(keys::chunk(chunk_set, number));
  store::require_intact(chunk.has_value(), "the body of an object of S3");
  return std::move(*chunk);
}

}  // namespace engine::s3
