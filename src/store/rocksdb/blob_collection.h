// BlobCollection: has RocksDB collect the blob files' garbage while there is much of it, and only then, so that a byte
// is moved at most about once for each byte that was given up, however large the store is. Includes RocksDB; only for
// the .cc files of this directory. Used by the commit thread.
#pragma once

#include <rocksdb/db.h>

#include <cstdint>

namespace store {

class BlobCollection {
 public:
  // Looks at the garbage whenever `interval_bytes` more have been written. `db` outlives it.
  BlobCollection(rocksdb::DB& db, uint64_t interval_bytes) : db_(db), interval_bytes_(interval_bytes) {}
  // `written_bytes`: of all batches so far.
  void govern(uint64_t written_bytes);

 private:
  rocksdb::DB& db_;
  const uint64_t interval_bytes_;
  uint64_t next_look_ = 0;  // the first write after the start looks
  bool collects_ = false;
};

}  // namespace store
