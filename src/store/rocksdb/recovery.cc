#include "store/rocksdb/recovery.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "store/rocksdb/current_file.h"
#include "store/rocksdb/directory_lock.h"
#include "store/rocksdb/log_scan.h"

namespace store {
namespace {

constexpr int kWriteBuffers = 3;

// Finds the commit sequence of a batch, and counts its changes.
class CommitFinder final : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(uint32_t, const rocksdb::Slice& key, const rocksdb::Slice& value) override {
    if (key == rocksdb::Slice(kCommitKey.data(), kCommitKey.size())) {
      if (const auto commit = decode_commit({value.data(), value.size()})) sequence = commit->sequence;
    }
    ++operations;
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice&) override {
    ++operations;
    return rocksdb::Status::OK();
  }
  rocksdb::Status DeleteRangeCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override {
    return rocksdb::Status::OK();
  }
  std::optional<CommitSequence> sequence;
  uint64_t operations = 0;
};

// Sees each record of the log that RocksDB is about to recover. Its reader steps over records of type zero, and it does
// not miss an old log that is gone while newer ones are there: the sequences show both.
class LogCheck final : public rocksdb::WalFilter {
 public:
  // With `expected` set, a record that does not continue from there counts as corrupted; without, records are only
  // looked at and none is applied.
  explicit LogCheck(std::optional<CommitSequence> expected) : applies_(expected.has_value()), next_(expected) {}

  void ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& log_numbers,
                                const std::map<std::string, uint32_t>&) override {
    if (const auto found = log_numbers.find(0); found != log_numbers.end()) log_number_min_ = found->second;
  }

  WalProcessingOption LogRecordFound(unsigned long long log_number, const std::string& file_name,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*, bool*) override {
    const auto pass = applies_ ? WalProcessingOption::kContinueProcessing : WalProcessingOption::kIgnoreCurrentRecord;
    if (log_number < log_number_min_) return pass;  // in the tables already
    CommitFinder finder;
    const bool readable = batch.Iterate(&finder).ok() && finder.sequence.has_value();
    if (!readable || (next_ && *finder.sequence != *next_)) {
      if (problem_.empty()) {
        problem_ = fmt::format("{}: sequence {} is followed by {}", file_name, next_.value_or(1) - 1,
                               readable ? std::to_string(*finder.sequence) : "a record that has none");
      }
      if (applies_) return WalProcessingOption::kCorruptedRecord;
      return pass;
    }
    if (!first_) first_ = finder.sequence;
    last_ = *finder.sequence;
    operations_ += finder.operations;
    next_ = last_ + 1;
    return pass;
  }
  [[nodiscard]] const char* Name() const override { return "till.LogCheck"; }

  [[nodiscard]] std::optional<CommitSequence> first() const { return first_; }
  [[nodiscard]] CommitSequence last() const { return last_; }
  [[nodiscard]] uint64_t log_number_min() const { return log_number_min_; }
  [[nodiscard]] uint64_t operations() const { return operations_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  const bool applies_;
  uint64_t log_number_min_ = 0;
  std::optional<CommitSequence> next_;
  std::optional<CommitSequence> first_;
  CommitSequence last_ = 0;
  uint64_t operations_ = 0;
  std::string problem_;
};

// RocksDB's own log file is left out: whatever matters comes back as a status, and on a full disk the second line that
// cannot be written to it would abort the process by an assertion (Debian's library has them on).
class NoLog final : public rocksdb::Logger {
 public:
  NoLog() : Logger(rocksdb::InfoLogLevel::HEADER_LEVEL) {}
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

OpenError open_error(const rocksdb::Status& status, const std::string& path) {
  const auto kind = status.IsCorruption() ? OpenError::Kind::corrupt : OpenError::Kind::other;
  return {kind, fmt::format("cannot open {}: {}", path, status.ToString())};
}

std::expected<CommitSequence, OpenError> read_sequence(rocksdb::DB& db, const std::string& path) {
  std::string value;
  const auto status = db.Get(rocksdb::ReadOptions(), rocksdb::Slice(kCommitKey.data(), kCommitKey.size()), &value);
  if (status.IsNotFound()) return 0;
  if (!status.ok()) return std::unexpected(open_error(status, path));
  if (const auto commit = decode_commit(value)) return commit->sequence;
  return std::unexpected(OpenError{OpenError::Kind::corrupt, path + ": the commit record is malformed"});
}

struct Found {
  CommitSequence in_tables;
  CommitSequence newest;
};

// What a real open would find, without changing a byte of it.
std::expected<Found, OpenError> inspect(const std::string& path, rocksdb::Options options) {
  LogCheck check(std::nullopt);
  options.wal_filter = &check;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options, path, &raw);
  const std::unique_ptr<rocksdb::DB> db(raw);
  if (!status.ok()) return std::unexpected(open_error(status, path));
  const auto in_tables = read_sequence(*db, path);
  if (!in_tables) return std::unexpected(in_tables.error());
  std::string problem = check.problem();
  if (check.first() && *check.first() > *in_tables + 1)
    problem = fmt::format("the tables end at sequence {} but the log begins with {}", *in_tables, *check.first());
  if (!problem.empty())
    return std::unexpected(OpenError{OpenError::Kind::corrupt, fmt::format("{}: gap in the log: {}", path, problem)});
  return Found{*in_tables, std::max(*in_tables, check.last())};
}

// The log files as we read them, after RocksDB has refused them; nullopt if it is not the log that is damaged.
std::optional<LogScan> scan_damage(const std::string& path, rocksdb::Options options) {
  LogCheck check(std::nullopt);
  options.wal_filter = &check;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(options, path, &raw);
  const std::unique_ptr<rocksdb::DB> db(raw);
  if (!status.ok()) return std::nullopt;
  const auto in_tables = read_sequence(*db, path);
  if (!in_tables) return std::nullopt;
  auto scan = scan_logs(path, check.log_number_min(), *in_tables);
  return scan ? std::optional(std::move(*scan)) : std::nullopt;
}

bool is_enough(const LogScan& scan, const RocksDbOptions& options, CommitSequence watermark) {
  return options.accept_data_loss || scan.last >= std::max(watermark, scan.proved);
}

std::expected<void, OpenError> cut_log(const LogScan& scan, const RocksDbOptions& options, const std::string& path) {
  if (const auto cut = cut_files(scan.cuts, path); !cut) return std::unexpected(cut.error());
  if (options.accept_data_loss) return {};
  std::fprintf(stderr, "store: the log was torn behind sequence %llu; nothing behind it had been acknowledged\n",
               static_cast<unsigned long long>(scan.last));
  return {};
}

// A directory with the same files, but for the manifest, which is a shortened copy; to look at what a cut would leave.
class Trial {
 public:
  Trial(const std::string& path, const Cut& manifest) : path_(path + ".trial") {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::remove_all(path_, error);
    fs::create_directory(path_, error);
    for (const auto& entry : fs::directory_iterator(path, error)) {
      const std::string to = path_ + "/" + entry.path().filename().string();
      if (entry.path() == manifest.file) {
        fs::copy_file(entry.path(), to, error);
        if (!error) fs::resize_file(to, manifest.good_bytes, error);
      } else {
        fs::create_hard_link(entry.path(), to, error);
      }
      if (error) break;
    }
    is_made_ = !error;
  }
  ~Trial() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  [[nodiscard]] bool is_made() const { return is_made_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const std::string path_;
  bool is_made_ = false;
};

// The manifest's newest records may have been on their way to the disk too. Without them the older files must still be
// there, and with the logs lead to everything acknowledged; else it is other damage, and nothing is changed.
enum class ManifestCut : uint8_t { of_no_use, would_lose, done };
ManifestCut cut_manifest(const RocksDbOptions& options, const std::string& path, const rocksdb::Options& reading,
                         CommitSequence watermark) {
  const auto torn = find_torn_manifest(path);
  if (!torn) return ManifestCut::of_no_use;
  {
    const Trial trial(path, *torn);
    if (!trial.is_made()) return ManifestCut::of_no_use;
    const auto found = inspect(trial.path(), reading);
    const auto scan = found ? std::nullopt : scan_damage(trial.path(), reading);
    if (!found && !scan) return ManifestCut::of_no_use;
    const bool enough =
        found ? options.accept_data_loss || found->newest >= watermark : is_enough(*scan, options, watermark);
    if (!enough) return ManifestCut::would_lose;
  }
  return cut_files({*torn}, path) ? ManifestCut::done : ManifestCut::of_no_use;
}

std::unexpected<OpenError> refused(OpenError error) {
  error.loss_can_be_accepted = true;
  return std::unexpected(std::move(error));
}

// inspect(), and if the log is damaged behind everything that was acknowledged, or the loss is accepted: without what
// comes from the damage on, which is then cut off the files.
std::expected<Found, OpenError> inspect_and_cut(const RocksDbOptions& options, const std::string& path,
                                                const rocksdb::Options& reading, CommitSequence watermark) {
  auto found = inspect(path, reading);
  if (found || found.error().kind != OpenError::Kind::corrupt) return found;
  auto scan = scan_damage(path, reading);
  if (!scan) {
    const ManifestCut manifest = cut_manifest(options, path, reading, watermark);
    if (manifest == ManifestCut::would_lose) return refused(std::move(found).error());
    if (manifest == ManifestCut::of_no_use) return found;
    found = inspect(path, reading);
    if (found) return found;
    scan = scan_damage(path, reading);
    if (!scan) return found;
  }
  if (!is_enough(*scan, options, watermark)) return refused(std::move(found).error());
  if (const auto cut = cut_log(*scan, options, path); !cut) return std::unexpected(cut.error());
  return inspect(path, reading);
}

// What is damaged in CURRENT alone costs nothing, but nobody knows how the damage came about.
std::expected<void, OpenError> name_manifest(const RocksDbOptions& options, const std::string& path) {
  if (const int error = unreadable_current(path); error != 0) {
    errno = error;
    return std::unexpected(system_error("read", path + "/CURRENT"));
  }
  const auto manifest = manifest_to_name(path);
  if (!manifest) return {};
  if (!options.accept_data_loss) {
    return refused(
        {OpenError::Kind::corrupt,
         fmt::format("{}/CURRENT is damaged: it does not name a manifest, and should name {}", path, *manifest)});
  }
  if (!write_current(path, *manifest)) return std::unexpected(system_error("write", path + "/CURRENT"));
  return {};
}

OpenError behind(const std::string& path, CommitSequence found, CommitSequence watermark) {
  return {OpenError::Kind::behind_watermark,
          fmt::format("{} ends at sequence {}, but {} was acknowledged: its log was cut or removed", path, found,
                      watermark),
          0, true};
}

}  // namespace

rocksdb::Options rocksdb_options(const RocksDbOptions& options) {
  rocksdb::Options o;
  o.paranoid_checks = true;
  // The default (point in time) drops synced writes silently at a flipped bit (reliability.md, section 0.1).
  o.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // Writers append to a buffer in memory and only the commit thread makes system calls on the log: measured at one
  // writer, 170 us to acknowledge instead of 210, half the time in write(), and the same throughput with many.
  o.manual_wal_flush = true;
  // write() holds a lock, so RocksDB sees one writer at a time and needs none of its own concurrency.
  o.allow_concurrent_memtable_write = false;
  o.enable_write_thread_adaptive_yield = false;

  // No memtable_insert_with_hint_prefix_extractor: RocksDB 7.8 shares one hint between a memtable's keys and its range
  // tombstones, which breaks the list (an assertion in Debian's build).
  // A start after a crash leaves the log where it is instead of writing it out as a table first. What was replayed
  // counts towards the next flush, so crashes in a row do not add up to a longer log.
  o.avoid_flush_during_recovery = true;

  // Memory: what the process may use is bounded, see the members of RocksDbOptions.
  o.write_buffer_size = options.write_buffer_bytes_max / kWriteBuffers;
  o.max_write_buffer_number = kWriteBuffers;
  // The store flushes memtables of small records long before they are full (kReplayOperationsMax), so tables are
  // smaller and more of them wait for a compaction.
  o.level0_file_num_compaction_trigger = 8;
  o.level0_slowdown_writes_trigger = 32;
  o.level0_stop_writes_trigger = 48;
  o.max_open_files = options.open_files_max;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, 2);
  table.block_size = 8 << 10;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // most conditional puts ask for keys that are new
  table.format_version = 5;
  o.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  o.compression = rocksdb::kLZ4Compression;
  o.target_file_size_base = 32 << 20;
  o.max_bytes_for_level_base = 64 << 20;
  o.bytes_per_sync = 1 << 20;  // a large flush does not make the next fdatasync of the log wait for all of it
  o.max_background_jobs = 2;

  // Object chunks of up to 1 MiB: compactions move a reference instead of the bytes.
  o.enable_blob_files = true;
  o.min_blob_size = options.blob_value_bytes_min;
  o.blob_file_size = 64 << 20;
  // Switched on by BlobCollection while there is garbage: a compaction that collects moves every live value that it
  // meets in the oldest quarter of the files, and the compactions beside a large upload meet all of it again and again.
  o.enable_blob_garbage_collection = false;
  o.blob_garbage_collection_force_threshold = 0.5;

  // Nothing that grows or wakes up by itself beside the data.
  o.info_log = std::make_shared<NoLog>();
  o.stats_dump_period_sec = 0;
  o.stats_persist_period_sec = 0;
  o.manifest_preallocation_size = 64 << 10;
  o.max_manifest_file_size = 4 << 20;
  o.skip_stats_update_on_db_open = true;
  return o;
}

std::expected<Recovered, OpenError> recover(const RocksDbOptions& options, const std::string& path,
                                            const rocksdb::Options& engine_options, CommitSequence watermark) {
  const bool exists = has_database(path);
  if (const auto named = name_manifest(options, path); !named) return std::unexpected(named.error());
  Found found{0, 0};
  if (exists) {
    // The listeners stand for a store that runs; here every failure comes back as a status.
    rocksdb::Options reading = engine_options;
    reading.listeners.clear();
    const auto inspected = inspect_and_cut(options, path, reading, watermark);
    if (!inspected) return std::unexpected(inspected.error());
    found = *inspected;
  }
  if (found.newest < watermark && !options.accept_data_loss) {
    return std::unexpected(behind(path, found.newest, watermark));
  }
  // What a process that was killed had given to the system, but not synced, is about to be called durable.
  if (exists) {
    if (const auto synced = sync_logs(path); !synced) return std::unexpected(synced.error());
  }

  rocksdb::Options opening = engine_options;
  opening.create_if_missing = !exists;
  auto check = std::make_unique<LogCheck>(found.in_tables + 1);
  opening.wal_filter = check.get();
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(opening, path, &raw);
  std::unique_ptr<rocksdb::DB> db(raw);
  if (!status.ok()) return std::unexpected(open_error(status, path));
  const auto sequence = read_sequence(*db, path);
  if (!sequence) return std::unexpected(sequence.error());
  if (*sequence < watermark && !options.accept_data_loss) return std::unexpected(behind(path, *sequence, watermark));
  const uint64_t replayed = check->operations();
  return Recovered{std::move(check), std::move(db), *sequence, replayed};
}

std::expected<CommitSequence, OpenError> inspect_store(const std::string& path, const rocksdb::Options& engine_options,
                                                       CommitSequence watermark) {
  const RocksDbOptions nothing_accepted;
  if (const auto named = name_manifest(nothing_accepted, path); !named) return std::unexpected(named.error());
  const auto found = inspect(path, engine_options);
  CommitSequence newest = found ? found->newest : 0;
  if (!found) {
    const auto scan = found.error().kind == OpenError::Kind::corrupt ? scan_damage(path, engine_options) : std::nullopt;
    if (!scan || !is_enough(*scan, nothing_accepted, watermark)) return std::unexpected(found.error());
    newest = scan->last;
  }
  if (newest < watermark) return std::unexpected(behind(path, newest, watermark));
  return newest;
}

}  // namespace store
