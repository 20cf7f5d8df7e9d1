#include "store/rocksdb/blob_collection.h"

namespace store {

void BlobCollection::govern(uint64_t written_bytes) {
  if (written_bytes < next_look_) return;
  next_look_ = written_bytes + interval_bytes_;
  uint64_t live = 0;
  uint64_t garbage = 0;  // of it, in the same files
  if (!db_.GetIntProperty(rocksdb::DB::Properties::kLiveBlobFileSize, &live) ||
      !db_.GetIntProperty(rocksdb::DB::Properties::kLiveBlobFileGarbageSize, &garbage))
    return;
  const bool wanted = collects_ ? garbage > live / 4 : garbage > live / 2;
  if (wanted == collects_) return;
  // Tried again at the next look if it fails, as on a full disk.
  if (db_.SetOptions({{"enable_blob_garbage_collection", wanted ? "true" : "false"}}).ok()) collects_ = wanted;
}

}  // namespace store
