// DiskRoom: whether the disk of the data directory has room for more. RocksDB ends the process where it has none, so
// calls that add data are refused while less is free than a reserve for all that the engine has to write in spite of
// that: deletions, receipts, compactions, which give room back; while it is, the store's tables are compacted now and
// then, so that deleting is a way out. Owned by the engine's composition root; safe from any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "aws/shape.h"
#include "base/env.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {

class DiskRoom {
 public:
  // What TILL_DISK_RESERVE says, in bytes; nullopt: nothing. The error is one sentence for people.
  static std::expected<std::optional<uint64_t>, std::string> reserve_of_environment();

  // Looks at the disk of `directory`, where `store` is, ten times a second. `reserve_bytes`: 0 refuses nothing;
  // nullopt: 64 MiB and as much as the store takes, but at most 384 MiB more. `tell` gets a line at each change. All
  // references outlive this object.
  DiskRoom(base::Env& env, std::string directory, store::DiskStore& store, std::optional<uint64_t> reserve_bytes,
           std::function<void(std::string_view)> tell);
  ~DiskRoom();

  // As of a tenth of a second ago; quick.
  [[nodiscard]] bool has_room() const { return !is_full_; }
  // As of now; asks the file system.
  [[nodiscard]] bool has_room_now() const;

  // Whether a call makes the data grow: all do but those known to read, to delete or to hand out.
  static bool adds_data(const aws::OperationDesc& operation, const void* in);

 private:
  void watch();
  void look();
  void reclaim();

  base::Env& env_;
  const std::string directory_;
  store::DiskStore& store_;
  const std::optional<uint64_t> given_reserve_;
  const std::function<void(std::string_view)> tell_;
  std::atomic<uint64_t> reserve_ = 0;
  std::atomic<bool> is_full_ = false;
  bool compacts_ = true;  // the task's own
  uint64_t looks_ = 0;    // also
  base::Timestamp reclaim_at_;
  base::Duration reclaim_pause_ = base::Duration(0);
  std::mutex mutex_;  // guards stopping_
  bool stopping_ = false;
  std::unique_ptr<base::Condition> stopped_;
  std::unique_ptr<base::Task> task_;
};

}  // namespace cli
