// Every key that S3 keeps in the store. Objects and uploads lie under their bucket's id, bodies under the id of their
// chunk set; ids are numbers that are never used again, so an old row can not be taken for a new one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::s3::keys {

constexpr std::string_view kBucketTable = "s3/bucket";  // name -> BucketRecord
constexpr std::string_view kObjectTable = "s3/object";  // bucket id, key -> ObjectRecord
constexpr std::string_view kUploadTable = "s3/upload";  // bucket id, key, upload id -> UploadRecord
constexpr std::string_view kPartTable = "s3/part";      // upload number, part number -> PartRecord
// bucket id, upload id, key -> ObjectRecord without its bytes: uploads that were completed a while ago
constexpr std::string_view kCompletedTable = "s3/completed";
// upload number, bucket id -> empty: it has ended, and what lies under it is to be erased
constexpr std::string_view kOrphanUploadTable = "s3/orphan-upload";
constexpr std::string_view kOrphanBucketTable = "s3/orphan-bucket";
// first chunk set -> ObjectRecord of its bytes alone: a body of many parts that belongs to no object any more
constexpr std::string_view kOrphanBodyTable = "s3/orphan-body";
constexpr std::string_view kChunkTable = "s3/chunk";      // chunk set, chunk number -> bytes
constexpr std::string_view kGarbageTable = "s3/garbage";  // chunk set -> empty: no object refers to it
constexpr std::string_view kOutboxTable = "s3/outbox";    // notifications not delivered yet
constexpr std::string_view kEpochKey{"s3/epoch\0", 9};    // how often the service was started

inline std::string bucket(std::string_view name) {
  return store::KeyWriter(kBucketTable).text(name).take();
}
// The key comes last and raw: rows are in the UTF-8 byte order of the keys, and a prefix of keys is one of rows.
inline std::string object(uint64_t bucket_id, std::string_view key) {
  return store::KeyWriter(kObjectTable).number(bucket_id).raw(key).take();
}
inline std::string upload(uint64_t bucket_id, std::string_view key, std::string_view upload_id) {
  return store::KeyWriter(kUploadTable).number(bucket_id).text(key).raw(upload_id).take();
}
// Where the uploads for all keys that begin with `prefix` lie.
inline std::string upload_prefix(uint64_t bucket_id, std::string_view prefix) {
  std::string key = store::KeyWriter(kUploadTable).number(bucket_id).text(prefix).take();
  key.resize(key.size() - 2);  // the mark of a text's end
  return key;
}
inline std::string part(uint64_t upload_number, uint64_t part_number) {
  return store::KeyWriter(kPartTable).number(upload_number).number(part_number).take();
}
inline std::string completed(uint64_t bucket_id, std::string_view upload_id, std::string_view key) {
  return store::KeyWriter(kCompletedTable).number(bucket_id).text(upload_id).raw(key).take();
}
inline std::string chunk(uint64_t chunk_set, uint64_t number) {
  return store::KeyWriter(kChunkTable).number(chunk_set).number(number).take();
}
inline std::string garbage(uint64_t chunk_set) {
  return store::KeyWriter(kGarbageTable).number(chunk_set).take();
}
// Where all rows under one id (of a bucket, an upload, a chunk set) begin; store::prefix_end() is where they end.
inline std::string rows(std::string_view table, uint64_t id) {
  return store::KeyWriter(table).number(id).take();
}

}  // namespace engine::s3::keys
