#include "store/rocksdb/rocksdb_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/manual/manual_env.h"
#include "store/testing/store_suite.h"

namespace store {
namespace {

namespace fs = std::filesystem;
using Kind = OpenError::Kind;

constexpr std::size_t kValueBytes = 200;

// Writes beyond `bytes` of any file of this process fail while this lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uintmax_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

// A directory per test and crash images of the store in it: copies of its files, taken while it runs.
class RocksDbStore : public ::testing::Test {
 protected:
  RocksDbStore() {
    std::string pattern = ::testing::TempDir() + "till-store-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~RocksDbStore() override { fs::remove_all(root_); }

  [[nodiscard]] std::string path(const std::string& name) const { return root_ + "/" + name; }

  auto open(const std::string& name, bool accept_data_loss = false) {
    RocksDbOptions options;
    options.directory = path(name);
    options.accept_data_loss = accept_data_loss;
    options.on_fatal = [this](std::string line) {
      ++fatal_;
      EXPECT_NE(line, "");
    };
    return open_rocksdb_store(options, manual_.env);
  }
  std::unique_ptr<KvStore> must_open(const std::string& name, bool accept_data_loss = false) {
    auto store = open(name, accept_data_loss);
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store.has_value() ? std::move(*store) : nullptr;
  }
  void expect_refused(const std::string& name, Kind kind) {
    const auto before = bytes_of_all(name);
    const auto store = open(name);
    ASSERT_FALSE(store.has_value());
    EXPECT_EQ(store.error().kind, kind) << store.error().message;
    EXPECT_EQ(bytes_of_all(name), before) << "a refused open must leave the evidence alone";
  }

  // `count` acknowledged rows, one batch each.
  static void fill(KvStore& store, int first, int count) {
    for (int i = first; i < first + count; ++i) {
      WriteBatch batch;
      batch.put("row" + std::to_string(i), std::string(kValueBytes, static_cast<char>('a' + i % 26)));
      store.wait_durable(store.write(batch));
    }
  }
  static int rows(KvStore& store) {
    int count = 0;
    for (auto cursor = store.scan("row", "rox"); cursor->valid(); cursor->next()) ++count;
    return count;
  }
  // The files as a power cut would leave them now.
  void crash_image(const std::string& from, const std::string& to) {
    fs::remove_all(path(to));
    fs::copy(path(from), path(to), fs::copy_options::recursive);
  }
  // Makes the watermark catch up: the commit thread writes it after the sync that follows the advance, and the sync
  // behind that one cannot start before.
  void move_watermark(KvStore& store) {
    manual_.clock.advance(std::chrono::milliseconds(100));
    for (int i = 0; i < 2; ++i) {
      WriteBatch batch;
      batch.put("tick", std::to_string(i));
      store.wait_durable(store.write(batch));
    }
  }
  [[nodiscard]] std::string log_of(const std::string& name) const {
    std::string largest;
    std::uintmax_t size_max = 0;
    for (const auto& file : fs::directory_iterator(path(name) + "/db")) {
      if (file.path().extension() == ".log" && file.file_size() > size_max) {
        size_max = file.file_size();
        largest = file.path();
      }
    }
    return largest;
  }
  // Content of the files that make up the data (not RocksDB's own diagnostics).
  [[nodiscard]] std::map<std::string, std::string> bytes_of_all(const std::string& name) const {
    std::map<std::string, std::string> bytes;
    for (const auto& file : fs::recursive_directory_iterator(path(name))) {
      const std::string leaf = file.path().filename();
      if (!file.is_regular_file() || leaf.starts_with("LOG") || leaf == "lock") continue;
      std::ifstream in(file.path(), std::ios::binary);
      bytes[file.path()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return bytes;
  }
  static void flip_bit(const std::string& file, std::uintmax_t at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(stream.get() ^ 4);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(byte);
  }

  std::string root_;
  base::ManualEnv manual_;
  std::atomic<int> fatal_ = 0;
};

TEST_F(RocksDbStore, BehavesLikeTheModel) {
  for (uint64_t seed = 1; seed <= 3 && !HasFailure(); ++seed) {
    testing::check_against_model(*must_open("model" + std::to_string(seed)), seed);
  }
  EXPECT_EQ(fatal_, 0);
}

TEST_F(RocksDbStore, BehavesLikeTheModelWithTinyBuffers) {  // flushes, compactions and blob files under the model
  RocksDbOptions options;
  options.directory = path("tiny");
  options.write_buffer_bytes_max = 3 * 64 << 10;
  const auto store = open_rocksdb_store(options, manual_.env);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  testing::check_against_model(**store, 77);
}

TEST_F(RocksDbStore, Edges) {
  testing::check_edges(*must_open("edges"));
  EXPECT_EQ(must_open("edges")->last_written(), 4u);
}

TEST_F(RocksDbStore, Concurrency) {
  testing::check_concurrency(*must_open("threads"), manual_.executor);
  EXPECT_EQ(fatal_, 0);
}

TEST_F(RocksDbStore, AcknowledgedWritesSurviveCloseAndCrash) {
  auto store = must_open("a");
  fill(*store, 0, 50);
  crash_image("a", "crashed");
  store.reset();
  for (const std::string name : {"a", "crashed"}) {
    auto again = must_open(name);
    EXPECT_EQ(rows(*again), 50);
    EXPECT_EQ(again->last_written(), 50u);
    EXPECT_EQ(again->durable(), 50u);
    fill(*again, 50, 10);
    crash_image(name, name + "-2");
    EXPECT_EQ(rows(*must_open(name + "-2")), 60);
  }
}

TEST_F(RocksDbStore, DirectoryIsPrivate) {
  const auto store = must_open("nested/deep/a");
  struct stat status{};
  ASSERT_EQ(stat(path("nested/deep/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(RocksDbStore, DirectoryOfSomebodyElseIsRefused) {
  fs::create_directory(path("home"));
  std::ofstream(path("home/letter")) << "dear";
  expect_refused("home", Kind::other);
  std::ofstream(path("file")) << "not a directory";
  EXPECT_EQ(open("file").error().kind, Kind::other);
}

TEST_F(RocksDbStore, AHolderThatHasNotWrittenItsPidIsNotProcessZero) {
  fs::create_directory(path("a"));
  const int lock = ::open(path("a/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  const auto second = open("a");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, Kind::locked);
  EXPECT_TRUE(second.error().message.ends_with(" is in use by another process")) << second.error().message;
  ::close(lock);
}

TEST_F(RocksDbStore, SecondOpenerLearnsThePid) {
  auto store = must_open("a");
  const auto second = open("a");
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, Kind::locked);
  EXPECT_EQ(second.error().holder_pid, getpid());
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos);
  store.reset();
  EXPECT_TRUE(open("a").has_value());
}

TEST_F(RocksDbStore, TornTailIsDropped) {
  const auto store = must_open("a");
  fill(*store, 0, 20);  // the clock stands still, so the watermark says 0 and nothing here is known to be durable
  crash_image("a", "image");
  const std::string log = log_of("image");
  const auto size = fs::file_size(log);
  for (const int cut : {1, 7, 100, 230}) {
    crash_image("a", "image");
    fs::resize_file(log, size - static_cast<std::uintmax_t>(cut));
    auto torn = must_open("image");
    EXPECT_EQ(rows(*torn), 19) << cut;
    EXPECT_EQ(torn->last_written(), 19u);
    fill(*torn, 100, 1);
    torn.reset();
    EXPECT_EQ(rows(*must_open("image")), 20);
  }
  crash_image("a", "image");
  fs::resize_file(log, size + 5000);  // preallocated zeros behind the last record
  EXPECT_EQ(rows(*must_open("image")), 20);
}

TEST_F(RocksDbStore, CutOrMissingLogIsBehindTheWatermark) {
  const auto store = must_open("a");
  fill(*store, 0, 200);
  move_watermark(*store);
  crash_image("a", "image");
  const std::string log = log_of("image");
  const auto size = fs::file_size(log);
  EXPECT_EQ(rows(*must_open("image")), 200);
  for (const auto rest : {size / 2, size - 600, std::uintmax_t{0}}) {
    crash_image("a", "image");
    fs::resize_file(log, rest);
    expect_refused("image", Kind::behind_watermark);
  }
  crash_image("a", "image");
  fs::remove(log);
  expect_refused("image", Kind::behind_watermark);
  auto accepted = must_open("image", true);
  EXPECT_EQ(rows(*accepted), 0);
  fill(*accepted, 0, 3);
  accepted.reset();
  EXPECT_EQ(rows(*must_open("image")), 3) << "accepting moves the watermark, so it is needed once only";

  crash_image("a", "image");
  fs::remove_all(path("image/db"));
  expect_refused("image", Kind::behind_watermark);
}

// Bytes that this process has given to write calls.
uint64_t bytes_written() {
  std::ifstream io("/proc/self/io");
  std::string name;
  uint64_t bytes = 0;
  while (io >> name >> bytes && name != "wchar:") continue;
  return bytes;
}

class LargeValues : public RocksDbStore {
 protected:
  static constexpr std::size_t kBytes = 8 << 10;
  LargeValues() {
    RocksDbOptions options;
    options.directory = path("a");
    options.write_buffer_bytes_max = 192 << 10;  // many tables and blob files of few bytes
    options.blob_value_bytes_min = 4 << 10;
    store_ = std::move(open_rocksdb_store(options, manual_.env).value());
  }
  // Values of which `versions` follow each other under each of `count` keys.
  void put(int count, int versions) {
    for (int version = 0; version < versions; ++version) {
      for (int i = 0; i < count; ++i) {
        WriteBatch batch;
        batch.put(fmt::format("large/{:06}", i), std::string(kBytes, static_cast<char>('a' + version % 26)));
        store_->wait_durable(store_->write(batch));
      }
    }
  }
  [[nodiscard]] uint64_t bytes_on_disk() const {
    uint64_t sum = 0;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(path("a/db"))) {
      const auto bytes = entry.file_size(gone);
      if (!gone) sum += bytes;
    }
    return sum;
  }
  std::unique_ptr<KvStore> store_;
};

// An upload of any size: once to the log and once to a blob file, whatever the compactions beside it.
TEST_F(LargeValues, AreWrittenTwiceHoweverManyThereAre) {
  constexpr int kCount = 2000;
  const uint64_t before = bytes_written();
  put(kCount, 1);
  store_.reset();
  EXPECT_LT(bytes_written() - before, 3 * kCount * kBytes);
}

TEST_F(LargeValues, MakeRoomForThoseThatReplaceThem) {
  constexpr int kCount = 100;
  const uint64_t before = bytes_written();
  put(kCount, 25);
  EXPECT_LT(bytes_on_disk(), 8 * kCount * kBytes);
  EXPECT_LT(bytes_written() - before, 6 * 25 * kCount * kBytes);
}

TEST_F(RocksDbStore, ADamagedCurrentFileIsRefusedAndMendedOnDemand) {
  auto store = must_open("a");
  fill(*store, 0, 20);
  move_watermark(*store);
  store.reset();
  const std::string current = path("image/db/CURRENT");
  for (const std::string_view text : {"", "garbage\n", "MANIFEST-999999\n", "gone"}) {
    SCOPED_TRACE(text);
    crash_image("a", "image");
    std::ofstream(current, std::ios::trunc) << text;
    if (text == "gone") fs::remove(current);
    const auto refused = open("image");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, Kind::corrupt);
    EXPECT_TRUE(refused.error().loss_can_be_accepted);
    EXPECT_NE(refused.error().message.find("CURRENT"), std::string::npos);
    EXPECT_EQ(rows(*must_open("image", true)), 20) << "nothing else was damaged";
    EXPECT_EQ(rows(*must_open("image")), 20);
  }
}

// RocksDB makes the first manifest, then CURRENT, then the log.
TEST_F(RocksDbStore, OneWhoseMakingWasInterruptedIsMadeAnew) {
  const auto interrupt = [&](const std::string& name) {
    for (const auto& entry : fs::directory_iterator(path(name + "/db"))) fs::remove(entry.path());
    for (const char* file : {"IDENTITY", "LOCK", "LOG", "000001.dbtmp"})
      std::ofstream(path(name + "/db/") + file) << "";
    std::ofstream(path(name + "/db/MANIFEST-000001")) << "torn";
  };
  must_open("a").reset();
  interrupt("a");
  auto store = must_open("a");
  EXPECT_EQ(rows(*store), 0);
  fill(*store, 0, 3);
  store.reset();
  interrupt("a");
  EXPECT_FALSE(open("a").has_value()) << "something was promised, so this is no beginning";
}

TEST_F(RocksDbStore, FlippedBitInTheLogIsNeverServed) {
  const auto store = must_open("a");
  fill(*store, 0, 300);
  move_watermark(*store);
  crash_image("a", "image");
  const std::string log = log_of("image");
  const auto size = fs::file_size(log);
  for (std::uintmax_t at = 3; at + 600 < size; at += size / 23) {
    SCOPED_TRACE(at);
    crash_image("a", "image");
    flip_bit(log, at);
    const auto flipped = open("image");
    ASSERT_FALSE(flipped.has_value());
    EXPECT_TRUE(flipped.error().kind == Kind::corrupt || flipped.error().kind == Kind::behind_watermark);
  }
  crash_image("a", "image");
  flip_bit(log, size / 3);
  expect_refused("image", Kind::corrupt);
  auto accepted = must_open("image", true);
  EXPECT_GT(rows(*accepted), 50);
  EXPECT_LT(rows(*accepted), 200);
  EXPECT_EQ(static_cast<CommitSequence>(rows(*accepted)), accepted->last_written()) << "a prefix";
}

TEST_F(RocksDbStore, ZeroedBlockInTheLogIsRefused) {
  const auto store = must_open("a");
  fill(*store, 0, 600);
  crash_image("a", "image");
  const std::string log = log_of("image");
  ASSERT_GT(fs::file_size(log), 3u * 32768);
  {
    std::fstream stream(log, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(32768);
    stream << std::string(32768, '\0');
  }
  expect_refused("image", Kind::corrupt);
  auto accepted = must_open("image", true);
  EXPECT_EQ(static_cast<CommitSequence>(rows(*accepted)), accepted->last_written()) << "a prefix";
}

TEST_F(RocksDbStore, OldLogMissingBeforeANewerOneIsAGap) {
  RocksDbOptions options;
  options.directory = path("a");
  options.write_buffer_bytes_max = 3 * 64 << 10;
  auto store = open_rocksdb_store(options, manual_.env);
  ASSERT_TRUE(store.has_value());
  fill(**store, 0, 20);
  crash_image("a", "early");  // log 1 alone: rows 0 to 19
  store->reset();
  // A store of the same history whose tables end before its log begins.
  store = open_rocksdb_store(options, manual_.env);
  fill(**store, 20, 20);
  crash_image("a", "late");
  const std::string log = log_of("late");
  const std::string old_log = log_of("early");
  fs::copy_file(log, fs::path(old_log).parent_path() / fs::path(log).filename());
  fs::remove(old_log);
  expect_refused("early", Kind::corrupt);
  auto accepted = must_open("early", true);
  EXPECT_EQ(rows(*accepted), 0);
}

TEST_F(RocksDbStore, DamagedTableOrWatermarkIsRefused) {
  auto store = must_open("a");
  fill(*store, 0, 300);
  store.reset();  // clean close: all in one table
  std::string table;
  for (const auto& file : fs::directory_iterator(path("a/db"))) {
    if (file.path().extension() == ".sst") table = file.path();
  }
  crash_image("a", "kept");
  flip_bit(table, 2000);
  {
    auto damaged = open("a");  // found when the block is read
    if (damaged.has_value()) {
      rows(**damaged);
      EXPECT_EQ(fatal_, 1);
    } else {
      EXPECT_EQ(damaged.error().kind, Kind::corrupt);
    }
  }
  crash_image("kept", "image");
  fs::remove(path("image/watermark"));
  expect_refused("image", Kind::corrupt);
  crash_image("kept", "image");
  flip_bit(path("image/watermark"), 10);  // one slot of two: the other stands, one step older
  EXPECT_EQ(rows(*must_open("image")), 300);
  crash_image("kept", "image");
  for (const int slot : {0, 4096}) {
    flip_bit(path("image/watermark"), static_cast<std::uintmax_t>(slot) + 20);
  }
  expect_refused("image", Kind::corrupt);
  EXPECT_EQ(rows(*must_open("image", true)), 300);
}

TEST_F(RocksDbStore, IdleStoreWritesItsWatermarkOnceTheTimeHasCome) {
  auto store = must_open("a");
  fill(*store, 0, 5);
  const auto before = bytes_of_all("a")[path("a/watermark")];
  manual_.clock.advance(std::chrono::milliseconds(100));
  while (bytes_of_all("a")[path("a/watermark")] == before) {  // a watermark that never comes shows as a timeout
  }
  crash_image("a", "image");
  fs::remove(log_of("image"));
  expect_refused("image", Kind::behind_watermark);
}

// A log that cannot be written: the file size limit stands for a disk that fails.
TEST_F(RocksDbStore, FailedSyncIsFinal) {
  auto store = must_open("a");
  fill(*store, 0, 10);
  std::atomic<bool> called = false;
  {
    const FileSizeLimit limit(fs::file_size(log_of("a")) + 100);
    WriteBatch batch;
    batch.put("row-lost", std::string(1000, 'x'));
    const CommitSequence sequence = store->write(batch);
    store->when_durable(sequence, [&] { called = true; });
    store->wait_durable(sequence);  // ends because on_fatal has returned
    EXPECT_EQ(store->durable(), sequence - 1);
  }
  EXPECT_EQ(fatal_, 1);
  const CommitSequence before = store->last_written();
  WriteBatch after;
  after.put("row-after", "x");
  EXPECT_EQ(store->write(after), before) << "a store that failed takes no more, even if the disk is well again";
  store.reset();
  EXPECT_FALSE(called);
  EXPECT_EQ(fatal_, 1);
  auto again = must_open("a");
  EXPECT_EQ(again->get("row9"), std::string(kValueBytes, 'j'));
  EXPECT_EQ(again->get("row-after"), std::nullopt);
}

TEST_F(RocksDbStore, DamageFoundByAReadEndsTheProcessWithCode70) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // the child needs RocksDB's threads
  EXPECT_EXIT(
      {
        auto store = must_open("a");
        base::SeededRandom random;
        WriteBatch batch;
        for (int i = 0; i < 2000; ++i) {
          batch.put("row" + std::to_string(i), base::random_string(random, kValueBytes, "abcdefghijklmnopqrstuvwxyz"));
        }
        store->write(batch);
        store.reset();
        for (const auto& file : fs::directory_iterator(path("a/db"))) {
          if (file.path().extension() == ".sst") flip_bit(file.path(), file.file_size() / 2);
        }
        RocksDbOptions options;
        options.directory = path("a");
        const auto damaged = open_rocksdb_store(options, manual_.env);
        fs::remove_all(root_);  // _exit() leaves nobody to do it
        rows(*damaged.value());
      },
      ::testing::ExitedWithCode(70), "^store: scan failed: Corruption: .*; stopping");
}

TEST_F(RocksDbStore, ACheckpointIsAStoreWithAllThatWasDurableBefore) {
  auto store = open("store").value();
  fill(*store, 0, 100);
  WriteBatch large;
  large.put("large", std::string(300'000, 'l'));
  store->wait_durable(store->write(large));
  const CommitSequence before = store->durable();
  const auto made = store->checkpoint(path("copy"));
  ASSERT_TRUE(made.has_value()) << made.error();
  EXPECT_GE(*made, before);
  EXPECT_FALSE(store->checkpoint(path("copy")).has_value()) << "never over something";
  fill(*store, 100, 50);
  crash_image("copy", "copy of the copy");
  store.reset();
  const auto copy = must_open("copy");
  EXPECT_EQ(rows(*copy), 100);
  EXPECT_EQ(copy->get("large"), std::string(300'000, 'l'));
  EXPECT_EQ(rows(*must_open("store")), 150);
  fs::remove(path("copy of the copy") + "/watermark");
  expect_refused("copy of the copy", Kind::corrupt);
}

TEST_F(RocksDbStore, CompactionGivesTheRoomOfWhatWasDeletedBack) {
  auto store = open("store").value();
  for (int i = 0; i < 30; ++i) {
    WriteBatch batch;
    batch.put("blob" + std::to_string(i), std::string(500'000, static_cast<char>('a' + i)));
    batch.put("row" + std::to_string(i), "r");
    store->wait_durable(store->write(batch));
  }
  WriteBatch gone;
  for (int i = 0; i < 29; ++i) gone.erase("blob" + std::to_string(i));
  store->wait_durable(store->write(gone));
  const auto done = store->compact(DiskStore::Blobs::rewrite);
  ASSERT_TRUE(done.has_value()) << done.error();
  EXPECT_EQ(store->get("blob29"), std::string(500'000, 'a' + 29));
  EXPECT_EQ(rows(*store), 30);
  store.reset();
  std::uintmax_t bytes = 0;
  for (const auto& file : fs::directory_iterator(path("store") + "/db"))
    if (file.path().extension() != ".log") bytes += file.file_size();
  EXPECT_LT(bytes, 2'000'000U);
  EXPECT_EQ(rows(*must_open("store")), 30);
}

}  // namespace
}  // namespace store
