#include "store/rocksdb/rocksdb_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/iterator.h>
#include <rocksdb/listener.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "base/check.h"
#include "store/durability_gate.h"
#include "store/rocksdb/blob_collection.h"
#include "store/rocksdb/current_file.h"
#include "store/rocksdb/directory_lock.h"
#include "store/rocksdb/log_scan.h"
#include "store/rocksdb/recovery.h"
#include "store/rocksdb/watermark.h"

namespace store {
namespace {

constexpr base::Duration kWatermarkDelayMax = std::chrono::milliseconds(100);
constexpr int kWatermarkSyncsMax = 1024;  // in case the clock stands still
// A start after a crash adds every change in the log to a memtable again, which takes 1 to 2 us for each, whatever its
// size. So a memtable is flushed after this many even if it has room: at most two times as many are replayed, unless
// the disk does not keep up with its flushes.
constexpr uint64_t kReplayOperationsMax = 10'000;
// A range is erased key by key up to these bounds, because a range tombstone makes every later read in the table that
// holds it slower until a compaction to the last level drops it. Beyond, walking the range under the write lock
// would be the worse price.
constexpr std::size_t kEraseKeysMax = 256;
constexpr std::size_t kEraseBytesRead = 256 << 10;
constexpr std::size_t kEraseOperationsMax = 256;
constexpr char kFirstClientKey[] = "\x01";

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}
std::string_view view(const rocksdb::Slice& bytes) {
  return {bytes.data(), bytes.size()};
}
bool is_own(std::string_view key) {
  return key.empty() || key.front() == '\0';
}
// The first of [begin, ...) that a client may have written.
std::string_view client_begin(std::string_view begin) {
  return is_own(begin) ? kFirstClientKey : begin;
}

// What every thread of the store, RocksDB's own included, does at an error that is final.
class Fatal {
 public:
  explicit Fatal(std::function<void(std::string)> on_fatal) : on_fatal_(std::move(on_fatal)) {}

  void fail(std::string_view doing, std::string_view reason) {
    if (failed_.exchange(true)) return;  // one line, even if several threads run into the same broken disk
    std::string line = fmt::format("store: {}: {}; stopping, since nothing more can be acknowledged", doing, reason);
    if (on_fatal_) {
      on_fatal_(std::move(line));
    } else {
      std::fprintf(stderr, "%s\n", line.c_str());
      _exit(kFatalExitCode);
    }
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  const std::function<void(std::string)> on_fatal_;
  std::atomic<bool> failed_ = false;
};

std::string_view name_of(rocksdb::BackgroundErrorReason reason) {
  using Reason = rocksdb::BackgroundErrorReason;
  switch (reason) {
    case Reason::kFlush:
    case Reason::kFlushNoWAL:
      return "flush of a memtable";
    case Reason::kCompaction:
      return "compaction";
    case Reason::kManifestWrite:
    case Reason::kManifestWriteNoWAL:
      return "write of the manifest";
    default:
      return "write or sync of the log";
  }
}

// Flushes and compactions fail on RocksDB's own threads; it would go on with reads and, for a full disk, resume by
// itself. An error of the disk is final here, so that one policy holds for all of them.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  explicit BackgroundErrors(std::shared_ptr<Fatal> fatal) : fatal_(std::move(fatal)) {}
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (status->ok() || status->IsShutdownInProgress()) return;
    fatal_->fail(fmt::format("{} failed", name_of(reason)), status->ToString());
  }

 private:
  const std::shared_ptr<Fatal> fatal_;
};

class RocksDbCursor final : public Cursor {
 public:
  RocksDbCursor(rocksdb::DB& db, Fatal& fatal, std::atomic<int>& open_cursors, std::string_view begin,
                std::string_view end, KvStore::Direction direction)
      : fatal_(fatal), open_cursors_(open_cursors), begin_(client_begin(begin)), end_(end), direction_(direction) {
    ++open_cursors_;
    if (!end_.empty() && end_ <= begin_) return;
    lower_ = begin_;
    upper_ = end_;
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower_;
    if (!end_.empty()) options.iterate_upper_bound = &upper_;
    options.background_purge_on_iterator_cleanup = true;  // no unlink() on the thread of a request
    iterator_.reset(db.NewIterator(options));
    if (direction_ == KvStore::Direction::ascending) {
      iterator_->SeekToFirst();
    } else {
      iterator_->SeekToLast();
    }
    check();
  }
  ~RocksDbCursor() override {
    iterator_.reset();
    --open_cursors_;
  }
  RocksDbCursor(const RocksDbCursor&) = delete;
  RocksDbCursor& operator=(const RocksDbCursor&) = delete;

  [[nodiscard]] bool valid() const override { return iterator_ != nullptr && iterator_->Valid(); }
  [[nodiscard]] std::string_view key() const override {
    CHECK(valid(), "cursor is behind the end");
    return view(iterator_->key());
  }
  [[nodiscard]] std::string_view value() const override {
    CHECK(valid(), "cursor is behind the end");
    return view(iterator_->value());
  }
  void next() override {
    CHECK(valid(), "next() behind the end");
    if (direction_ == KvStore::Direction::ascending) {
      iterator_->Next();
    } else {
      iterator_->Prev();
    }
    check();
  }

 private:
  // An iterator that hits damage looks like one at its end; that must not pass for "no more keys".
  void check() {
    if (!iterator_->Valid() && !iterator_->status().ok()) fatal_.fail("scan failed", iterator_->status().ToString());
  }

  Fatal& fatal_;
  std::atomic<int>& open_cursors_;
  const std::string begin_;
  const std::string end_;
  const KvStore::Direction direction_;
  rocksdb::Slice lower_;  // the iterator refers to these
  rocksdb::Slice upper_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksDbStore final : public DiskStore {
 public:
  RocksDbStore(base::Env env, std::shared_ptr<Fatal> fatal, DirectoryLock lock, Watermark watermark, Recovered found,
               const RocksDbOptions& options);
  ~RocksDbStore() override;
  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;

  std::optional<std::string> get(std::string_view key) override;
  std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, Direction direction) override {
    return std::make_unique<RocksDbCursor>(*db_, *fatal_, open_cursors_, begin, end, direction);
  }
  CommitSequence write(const WriteBatch& batch) override;
  CommitSequence last_written() override { return assigned_; }
  CommitSequence durable() override { return gate_.durable(); }
  void wait_durable(CommitSequence sequence) override {
    CHECK(sequence <= assigned_, "waits for a sequence that was never written");
    gate_.wait(sequence);
  }
  void when_durable(CommitSequence sequence, std::function<void()> done) override {
    CHECK(sequence <= assigned_, "waits for a sequence that was never written");
    gate_.when(sequence, std::move(done));
  }
  std::expected<CommitSequence, std::string> checkpoint(const std::string& directory) override;
  std::expected<void, std::string> compact(Blobs blobs) override;
  void allow_compactions(bool allowed) override;

 private:
  void encode(const WriteBatch& batch, rocksdb::WriteBatch& out);
  void encode_erase_range(const WriteBatch& batch, std::size_t index, rocksdb::WriteBatch& out);
  bool erase_keys(std::string_view begin, std::string_view end, rocksdb::WriteBatch& out);
  std::string end_of_all_keys();
  void commit_loop();
  void sync(CommitSequence target);
  void update_watermark();
  void bound_replay();

  const base::Env env_;
  const std::shared_ptr<Fatal> fatal_;
  Statistics* const statistics_;
  const DirectoryLock lock_;
  std::atomic<int> open_cursors_ = 0;
  const std::unique_ptr<rocksdb::WalFilter> log_check_;  // named by db_'s options
  const std::unique_ptr<rocksdb::DB> db_;

  std::mutex write_mutex_;  // makes the order of sequences RocksDB's order of writes
  // Two counters, because a reader may see a write the moment RocksDB has it: assigned_ is raised before that, so
  // last_written() covers all that can be read; written_ after it, so a sync never counts one that is still to come.
  std::atomic<CommitSequence> assigned_;
  std::atomic<CommitSequence> written_;
  std::atomic<uint64_t> unflushed_;          // changes since the last flush that was asked for
  std::atomic<uint64_t> written_bytes_ = 0;  // of all batches

  DurabilityGate gate_;
  // Used by the commit thread only (and the constructor and destructor, when that does not run).
  BlobCollection blobs_;
  Watermark watermark_;
  base::Timestamp watermark_time_;
  int syncs_since_watermark_ = 0;

  std::mutex commit_mutex_;
  const std::unique_ptr<base::Condition> wakeup_;
  std::atomic<bool> asleep_ = false;  // so that a write notifies only if somebody sleeps
  bool stopping_ = false;             // guarded by commit_mutex_
  std::unique_ptr<base::Task> commit_task_;
};

RocksDbStore::RocksDbStore(base::Env env, std::shared_ptr<Fatal> fatal, DirectoryLock lock, Watermark watermark,
                           Recovered found, const RocksDbOptions& options)
    : env_(env),
      fatal_(std::move(fatal)),
      statistics_(options.statistics),
      lock_(std::move(lock)),
      log_check_(std::move(found.log_check)),
      db_(std::move(found.db)),
      assigned_(found.sequence),
      written_(found.sequence),
      unflushed_(found.replayed),
      gate_(env.executor, found.sequence),
      blobs_(*db_, options.write_buffer_bytes_max),
      watermark_(std::move(watermark)),
      watermark_time_(env.clock.now()),
      wakeup_(env.executor.make_condition()) {
  commit_task_ = env_.executor.spawn("store-commit", [this] { commit_loop(); });
}

RocksDbStore::~RocksDbStore() {
  CHECK(open_cursors_ == 0, "a cursor outlives its store");
  {
    const std::lock_guard lock(commit_mutex_);
    stopping_ = true;
    wakeup_->notify_one();
  }
  commit_task_.reset();
  if (fatal_->failed()) return;
  // With the memtable in a table there is no log to replay, which makes the next start quick.
  const auto flushed = db_->Flush(rocksdb::FlushOptions());
  if (!flushed.ok() && !flushed.IsTryAgain()) {  // TryAgain: compaction is behind, and the log is as good
    fatal_->fail("flush at close failed", flushed.ToString());
  } else if (const auto closed = db_->Close(); !closed.ok()) {
    fatal_->fail("close failed", closed.ToString());
  }
}

std::optional<std::string> RocksDbStore::get(std::string_view key) {
  if (is_own(key)) return std::nullopt;
  std::string value;
  const auto status = db_->Get(rocksdb::ReadOptions(), slice(key), &value);
  if (status.ok()) return value;
  if (!status.IsNotFound()) fatal_->fail("read failed", status.ToString());
  return std::nullopt;
}

CommitSequence RocksDbStore::write(const WriteBatch& batch) {
  if (batch.empty()) return assigned_;
  rocksdb::WriteBatch encoded;
  bool has_range = false;
  for (const auto& operation : batch.operations()) {
    has_range |= operation.kind == WriteBatch::Operation::Kind::erase_range;
  }
  if (!has_range) encode(batch, encoded);
  CommitSequence sequence;
  {
    const std::lock_guard lock(write_mutex_);
    if (has_range) encode(batch, encoded);  // looks at what is there, which must not change until it is written
    if (fatal_->failed()) return assigned_;
    sequence = assigned_ + 1;
    auto status = encoded.Put(slice(kCommitKey), encode_commit({sequence, gate_.durable()}));
    assigned_ = sequence;
    if (status.ok()) status = db_->Write(rocksdb::WriteOptions(), &encoded);
    unflushed_ += encoded.Count();
    written_bytes_ += encoded.GetDataSize();
    if (!status.ok()) {
      fatal_->fail("write failed", status.ToString());
      gate_.abandon();
      return sequence;
    }
    written_ = sequence;
  }
  if (statistics_ != nullptr) {
    statistics_->commits.add();
    statistics_->bytes.add(encoded.GetDataSize());
  }
  // Either we see asleep_ here, or the commit thread, which sets it before it looks at written_, sees our sequence.
  if (asleep_) {
    const std::lock_guard lock(commit_mutex_);
    wakeup_->notify_one();
  }
  return sequence;
}

std::expected<CommitSequence, std::string> RocksDbStore::checkpoint(const std::string& directory) {
  const auto failed = [&](std::string_view reason) {
    return std::unexpected(fmt::format("cannot make a checkpoint in {}: {}", directory, reason));
  };
  const CommitSequence promised = gate_.durable();
  if (mkdir(directory.c_str(), 0700) != 0) return failed(std::strerror(errno));
  rocksdb::Checkpoint* raw = nullptr;
  auto status = rocksdb::Checkpoint::Create(db_.get(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> maker(raw);
  if (status.ok()) status = maker->CreateCheckpoint(directory + "/db");
  if (!status.ok()) return failed(status.ToString());
  auto watermark = Watermark::open(directory, true);
  if (!watermark) return failed(watermark.error().message);
  if (!watermark->set(promised)) return failed(std::strerror(errno));
  // Nobody holds it: what a directory is known as a store by.
  const File lock(open((directory + "/lock").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock.is_open() || !sync_directory(directory)) return failed(std::strerror(errno));
  return promised;
}

std::expected<void, std::string> RocksDbStore::compact(Blobs blobs) {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  options.blob_garbage_collection_policy = blobs == Blobs::rewrite ? rocksdb::BlobGarbageCollectionPolicy::kForce
                                                                   : rocksdb::BlobGarbageCollectionPolicy::kDisable;
  options.blob_garbage_collection_age_cutoff = 1.0;
  options.exclusive_manual_compaction = false;  // writes do not wait for it
  if (const auto status = db_->CompactRange(options, nullptr, nullptr); !status.ok())
    return std::unexpected("cannot compact the store: " + status.ToString());
  return {};
}

void RocksDbStore::allow_compactions(bool allowed) {
  const auto status = db_->SetOptions({{"disable_auto_compactions", allowed ? "false" : "true"}});
  if (!status.ok()) fatal_->fail("change of the store's options failed", status.ToString());
}

void RocksDbStore::encode(const WriteBatch& batch, rocksdb::WriteBatch& out) {
  using Kind = WriteBatch::Operation::Kind;
  const auto& operations = batch.operations();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const auto& operation = operations[i];
    rocksdb::Status status;
    if (operation.kind == Kind::erase_range) {
      encode_erase_range(batch, i, out);
      continue;
    }
    CHECK(!is_own(operation.key), "keys that start with NUL belong to the store");
    status = operation.kind == Kind::put ? out.Put(operation.key, operation.value) : out.Delete(operation.key);
    CHECK(status.ok(), "a batch or a value of 4 GiB or more");
  }
}

// REQUIRES write_mutex_. Short ranges become one deletion per key that is there, long ones a range tombstone.
void RocksDbStore::encode_erase_range(const WriteBatch& batch, std::size_t index, rocksdb::WriteBatch& out) {
  const auto& operation = batch.operations()[index];
  const std::string_view begin = client_begin(operation.key);
  std::string end = operation.value;
  if (!end.empty() && end <= begin) return;
  const auto covers = [&](std::string_view key) { return key >= begin && (end.empty() || key < end); };

  if (index <= kEraseOperationsMax && erase_keys(begin, end, out)) {
    for (std::size_t i = 0; i < index; ++i) {  // what this very batch has put there before
      const auto& earlier = batch.operations()[i];
      if (earlier.kind == WriteBatch::Operation::Kind::put && covers(earlier.key)) out.Delete(earlier.key);
    }
    return;
  }
  if (end.empty()) {  // RocksDB's range needs an end
    end = end_of_all_keys();
    for (std::size_t i = 0; i < index; ++i) end = std::max(end, batch.operations()[i].key + '\0');
  }
  if (begin < end) out.DeleteRange(slice(begin), slice(end));
}

// Adds a deletion for each key in [begin, end). False, with nothing added, if there are too many.
bool RocksDbStore::erase_keys(std::string_view begin, std::string_view end, rocksdb::WriteBatch& out) {
  RocksDbCursor cursor(*db_, *fatal_, open_cursors_, begin, end, Direction::ascending);
  out.SetSavePoint();
  std::size_t keys = 0;
  std::size_t bytes = 0;
  for (; cursor.valid(); cursor.next()) {
    bytes += cursor.key().size() + cursor.value().size();
    if (++keys > kEraseKeysMax || bytes > kEraseBytesRead) {
      out.RollbackToSavePoint();
      return false;
    }
    out.Delete(slice(cursor.key()));
  }
  out.PopSavePoint();
  return true;
}

std::string RocksDbStore::end_of_all_keys() {
  const RocksDbCursor last(*db_, *fatal_, open_cursors_, {}, {}, Direction::descending);
  return last.valid() ? std::string(last.key()) + '\0' : std::string();
}

void RocksDbStore::commit_loop() {
  std::unique_lock lock(commit_mutex_);
  while (!fatal_->failed()) {
    if (const CommitSequence target = written_; target > gate_.durable()) {
      lock.unlock();
      sync(target);
      lock.lock();
      continue;
    }
    const bool is_behind = watermark_.sequence() < gate_.durable();
    const base::Timestamp due = is_behind ? watermark_time_ + kWatermarkDelayMax : base::kTimestampMax;
    if (is_behind && (stopping_ || env_.clock.now() >= due)) {
      lock.unlock();
      update_watermark();
      lock.lock();
      continue;
    }
    if (stopping_) return;
    asleep_ = true;
    if (written_ == gate_.durable()) env_.executor.wait_until(lock, *wakeup_, due);
    asleep_ = false;
  }
  gate_.abandon();  // only reached when on_fatal has returned
}

// One write and one fdatasync of the log for everything up to `target`, whoever wrote it.
void RocksDbStore::sync(CommitSequence target) {
  const base::Timestamp begun = statistics_ != nullptr ? statistics_->stopwatch.now() : base::Timestamp();
  if (const auto status = db_->FlushWAL(true); !status.ok()) {
    // Never tried again: the kernel may have dropped the pages and would call the next attempt a success.
    fatal_->fail("sync of the log failed", status.ToString());
    return;
  }
  if (fatal_->failed()) return;
  if (statistics_ != nullptr) statistics_->syncs.observe(statistics_->stopwatch.now() - begun);
  gate_.advance(target);
  if (++syncs_since_watermark_ >= kWatermarkSyncsMax || env_.clock.now() >= watermark_time_ + kWatermarkDelayMax) {
    update_watermark();  // after the replies have gone out
  }
  bound_replay();
  blobs_.govern(written_bytes_);
}

void RocksDbStore::bound_replay() {
  if (unflushed_ < kReplayOperationsMax) return;
  rocksdb::FlushOptions options;
  options.wait = false;  // begins a new memtable and log; RocksDB's own thread writes the table
  options.allow_write_stall = true;
  const auto status = db_->Flush(options);
  if (status.IsTryAgain()) return;  // writes are stopped until compaction has caught up: after the next group, then
  unflushed_ = 0;
  if (!status.ok()) fatal_->fail("flush failed", status.ToString());
}

void RocksDbStore::update_watermark() {
  if (!watermark_.set(gate_.durable())) {
    fatal_->fail("write of the watermark failed", std::strerror(errno));
    return;
  }
  watermark_time_ = env_.clock.now();
  syncs_since_watermark_ = 0;
}

}  // namespace

std::expected<std::unique_ptr<DiskStore>, OpenError> open_rocksdb_store(const RocksDbOptions& options, base::Env env) {
  auto lock = DirectoryLock::take(options.directory);
  if (!lock) return std::unexpected(lock.error());
  const std::string path = options.directory + "/db";
  const bool has_tables = has_database(path);
  // The watermark is made before the first table, so tables without one mean that somebody removed it.
  auto watermark = Watermark::open(options.directory, !has_tables || options.accept_data_loss);
  if (!watermark) return std::unexpected(watermark.error());
  if (watermark->sequence() == 0) remove_unfinished_database(path);

  auto fatal = std::make_shared<Fatal>(options.on_fatal);
  rocksdb::Options engine_options = rocksdb_options(options);
  engine_options.listeners.push_back(std::make_shared<BackgroundErrors>(fatal));
  auto found = recover(options, path, engine_options, watermark->sequence());
  if (!found) return std::unexpected(found.error());
  const CommitSequence promised = watermark->sequence();
  if (options.accept_data_loss && found->sequence < promised) {
    std::fprintf(stderr, "store: data loss accepted: sequences %llu to %llu are gone\n",
                 static_cast<unsigned long long>(found->sequence + 1), static_cast<unsigned long long>(promised));
  }
  if (found->sequence != promised && !watermark->set(found->sequence)) {
    return std::unexpected(system_error("write", options.directory + "/watermark"));
  }
  return std::make_unique<RocksDbStore>(env, std::move(fatal), std::move(*lock), std::move(*watermark),
                                        std::move(*found), options);
}

}  // namespace store
