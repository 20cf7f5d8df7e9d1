// Watermark: a file that says up to which commit sequence the store is known to have been durable. RocksDB alone
// opens without complaint when its newest log is missing or cut between two records (reliability.md, section 0.2);
// with this the store refuses instead. Two slots are written in turn, each with a generation and a CRC, so a torn
// write leaves the other one. Owned by the store; used by one thread at a time.
#pragma once

#include <expected>
#include <string>

#include "store/rocksdb/directory_lock.h"

namespace store {

class Watermark {
 public:
  // Opens `directory`/watermark. If it is missing or has no readable slot: makes one that says 0 if `may_create`, else
  // an error of kind corrupt. Kind other if it was written by a newer version, or at an error of the system.
  static std::expected<Watermark, OpenError> open(const std::string& directory, bool may_create);

  [[nodiscard]] CommitSequence sequence() const { return sequence_; }
  // Writes the next slot and syncs it. False with errno set on failure, after which the file must not be used again:
  // an fsync that failed is not repeated.
  [[nodiscard]] bool set(CommitSequence sequence);

 private:
  explicit Watermark(File file) : file_(std::move(file)) {}
  File file_;
  uint64_t generation_ = 0;
  CommitSequence sequence_ = 0;
};

}  // namespace store
