// The KvStore on a disk: RocksDB behind a group commit, a lock and a watermark. Owned by the composition root; the
// store is safe from any thread, open_rocksdb_store() is called once per directory.
//
// What an acknowledgement promises. write() puts the batch into memory and into the buffer of the log; one commit
// thread takes the newest sequence, writes and fdatasyncs the log once, and only then moves durable(). So a sequence
// that is durable() survives the end of the process, of the kernel and of the power, if the disk honours fdatasync; a
// sequence that is not durable() yet may be found after a crash or not, but never in part, and never without all
// sequences before it. There is no protection from losing the disk itself.
//
// What is detected. Every block and log record has a checksum, the log must hold every sequence without a gap, and
// it must reach at least as far as the file `watermark` and every whole record in it say that the store was durable. If
// any of this fails at open, open refuses and has changed nothing; if a read fails later, on_fatal ends the process.
// Damage in the log behind all of that is what a power cut does to blocks that were never synced: it is cut off. The
// watermark follows durable() with a delay of at most 100 ms of the clock (plus its own fsync, and at the latest after
// 1,024 syncs). So this is the window of undetected loss: if the newest synced end of the log is cut off, removed or
// damaged by something that is not a crash (a crash never does that to synced bytes), acknowledged writes of the last
// 100 ms before the crash can be missing without a word. After a clean close there is no such window.
//
// Files in the directory (mode 0700 if it was made here): `lock` (held with flock, holds the pid of the holder),
// `watermark`, `db/`.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "store/kv_store.h"
#include "store/statistics.h"

namespace store {

struct RocksDbOptions {
  // Made with mode 0700 if it does not exist; an existing one keeps its mode. One that has other files in it but no
  // store is refused.
  std::string directory;
  std::size_t write_buffer_bytes_max = 24 << 20;  // of all memtables together
  std::size_t block_cache_bytes = 8 << 20;
  std::size_t blob_value_bytes_min = 64 << 10;  // values from this size on are kept out of compactions
  int open_files_max = 256;
  // Opens a store whose log is damaged or cut with what can be read up to the first damage, says on stderr how far
  // that is, and goes on from there. What comes behind is gone for good. An operator's decision, never a default.
  bool accept_data_loss = false;
  // Outlives the store; null: nothing is counted.
  Statistics* statistics = nullptr;
  // Called once, from any thread, with one line that says what failed. Empty: the line goes to stderr and the process
  // ends at once with code 70. If it returns (tests), the store never acknowledges anything again.
  std::function<void(std::string)> on_fatal;
};

struct OpenError {
  enum class Kind {
    locked,            // another process has it: holder_pid (0 if it could not be read)
    corrupt,           // damaged bytes, or a gap in the log
    behind_watermark,  // intact as far as it goes, but acknowledged writes are missing
    other,             // not a store, no permission, disk full, written by a newer version, ...
  } kind;
  std::string message;  // one sentence for people, names the file where that is known
  pid_t holder_pid = 0;
  bool loss_can_be_accepted = false;  // with RocksDbOptions::accept_data_loss it would open
};

// The store, with what only one on a disk can do. These block, for as long as the disk takes; safe from any thread.
class DiskStore : public KvStore {
 public:
  // Makes `directory`, which must not be there, a store of its own with the content of this one at a moment after the
  // call: everything that was durable before it is in, and its watermark says so. Tables and blobs are hard links where
  // the file system is the same, which takes no room but keeps theirs from being freed. The answer is that watermark;
  // the error is one sentence for people, and the store goes on.
  virtual std::expected<CommitSequence, std::string> checkpoint(const std::string& directory) = 0;

  // Rewrites every table, so that what was deleted takes no room any more. Blob files of which nothing is in use go
  // then; those that have some garbage are rewritten, too, unless they are left. Needs as much free room meanwhile as
  // is rewritten. The error as above.
  enum class Blobs : uint8_t { rewrite, leave };
  virtual std::expected<void, std::string> compact(Blobs blobs) = 0;

  // Whether RocksDB may begin to compact by itself, as it may at first. One that runs is not interrupted.
  virtual void allow_compactions(bool allowed) = 0;
};

// Opens or creates the store. Everything found in it is durable when this returns. `env`'s members outlive the store;
// its executor runs the commit thread. Destroying the store is the clean close: it waits until all is durable, writes
// the watermark and frees the lock; no cursor may be left (CHECK).
std::expected<std::unique_ptr<DiskStore>, OpenError> open_rocksdb_store(const RocksDbOptions& options, base::Env env);

// Whether the files of such a store are in `directory`, open or not, damaged or not. Changes nothing.
bool is_rocksdb_store(const std::string& directory);

// The process that has the store in `directory` open, 0 if it does not say; nullopt: nobody has. Changes nothing, but
// for a moment in which who opens the store finds it locked.
std::optional<pid_t> holder_of(const std::string& directory);

// What check_rocksdb_store found.
struct StoreCheck {
  struct Damage {
    std::string file;
    std::string what;  // half a sentence: "is missing"
  };
  std::vector<Damage> damage;
  std::size_t files = 0;  // that were read
  uint64_t bytes = 0;
};

// Reads every byte of the store in `options.directory`, which is one, against its checksums: tables, blobs, log and
// watermark. Nobody has it open (OpenError of kind locked), and nothing in it is changed. Takes as long as the disk.
std::expected<StoreCheck, OpenError> check_rocksdb_store(const RocksDbOptions& options,
                                                         const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace store
