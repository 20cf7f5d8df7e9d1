// What is left of uploads, buckets and long objects that are gone. It can be much, so it goes without the lock and in
// steps, behind the change that made it unreachable; a row remembers it over a restart.
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/service.h"

namespace engine::s3 {
namespace {

std::vector<uint64_t> orphans(store::KvStore& store, std::string_view table) {
  std::vector<uint64_t> out;
  const std::string rows = store::KeyWriter(table).take();
  for (auto cursor = store.scan(rows, store::prefix_end(rows)); cursor->valid(); cursor->next())
    store::require_intact(store::KeyReader(cursor->key(), table).number(out.emplace_back()), "a key of S3");
  return out;
}

}  // namespace

void S3Service::erase_orphan_upload(uint64_t number) {
  const std::string parts = keys::rows(keys::kPartTable, number);
  const auto cursor = store_.scan(parts, store::prefix_end(parts));
  for (bool more = true; more;) {
    Change change;
    for (std::size_t count = 0; cursor->valid() && count < kOrphansAtOnce; cursor->next(), ++count) {
      change.dropped.push_back({read_row<PartRecord>(cursor->value()).segment});
      change.batch.erase(std::string(cursor->key()));
    }
    more = cursor->valid();
    if (!more) change.batch.erase(keys::rows(keys::kOrphanUploadTable, number));
    commit(std::move(change));
  }
}

void S3Service::erase_orphan_bucket(uint64_t bucket_id) {
  const std::string uploads = keys::rows(keys::kUploadTable, bucket_id);
  for (auto cursor = store_.scan(uploads, store::prefix_end(uploads)); cursor->valid(); cursor->next())
    erase_orphan_upload(read_row<UploadRecord>(cursor->value()).number);
  Change change;
  change.batch.erase_range(uploads, store::prefix_end(uploads));
  change.batch.erase(keys::rows(keys::kOrphanBucketTable, bucket_id));
  commit(std::move(change));
}

// Readers may have it still; what they have pinned the chunk store keeps for them.
void S3Service::erase_orphan_bodies() {
  std::vector<Segments> bodies;
  {
    const std::lock_guard lock(mutex_);
    bodies.swap(orphan_bodies_);
  }
  for (const Segments& segments : bodies) {
    store::WriteBatch batch;
    batch.erase(keys::rows(keys::kOrphanBodyTable, segments.front().chunk_set));
    chunks_->write_and_drop(std::move(batch), {segments});
  }
}

void S3Service::erase_orphans() {
  const std::string bodies = store::KeyWriter(keys::kOrphanBodyTable).take();
  for (auto cursor = store_.scan(bodies, store::prefix_end(bodies)); cursor->valid(); cursor->next())
    orphan_bodies_.push_back(read_row<ObjectRecord>(cursor->value()).segments);
  erase_orphan_bodies();
  for (const uint64_t number : orphans(store_, keys::kOrphanUploadTable)) erase_orphan_upload(number);
  for (const uint64_t bucket_id : orphans(store_, keys::kOrphanBucketTable)) erase_orphan_bucket(bucket_id);
}

}  // namespace engine::s3
