// What a disk may hold after the power went while the log was being written: everything synced, and of what was not,
// any of its blocks, in any order. Images of that are made of a store's files and opened.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <thread>

#include "base/manual/manual_env.h"
#include "store/rocksdb/log_scan.h"
#include "store/rocksdb/rocksdb_store.h"

namespace store {
namespace {

namespace fs = std::filesystem;

// What stands where a block was never written.
enum class Hole { zeros, garbage, earlier_log };

class PowerCut : public ::testing::Test {
 protected:
  PowerCut() {
    std::string pattern = ::testing::TempDir() + "till-power-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~PowerCut() override { fs::remove_all(root_); }

  auto open(const std::string& name, bool accept_data_loss = false) {
    RocksDbOptions options;
    options.directory = root_ + "/" + name;
    options.accept_data_loss = accept_data_loss;
    options.on_fatal = [](const std::string& line) { ADD_FAILURE() << line; };
    return open_rocksdb_store(options, manual_.env);
  }
  static CommitSequence put(KvStore& store, const std::string& key, std::size_t bytes) {
    WriteBatch batch;
    batch.put(key, std::string(bytes, 'v'));
    return store.write(batch);
  }
  // Rows "acked<first>" and on, each synced by itself.
  static void acknowledge(KvStore& store, int first, int count) {
    for (int i = first; i < first + count; ++i) store.wait_durable(put(store, "acked" + std::to_string(i), 300));
  }
  static int rows(KvStore& store, const std::string& prefix) {
    int count = 0;
    for (auto cursor = store.scan(prefix, prefix + "\xff"); cursor->valid(); cursor->next()) ++count;
    return count;
  }
  std::string log_of(const std::string& name) const {
    for (const auto& file : fs::directory_iterator(root_ + "/" + name + "/db")) {
      if (file.path().extension() == ".log" && file.file_size() > 0) return file.path();
    }
    return "";
  }
  static std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void copy(const std::string& from, const std::string& to) const {
    fs::remove_all(root_ + "/" + to);
    fs::copy(root_ + "/" + from, root_ + "/" + to, fs::copy_options::recursive);
  }

  // Keeps the commit thread from its next sync until release(), so that what is written meanwhile goes out in one
  // piece.
  void hold(KvStore& store) {
    const auto here = std::this_thread::get_id();
    std::atomic<bool> held = false;
    while (!held) {
      const CommitSequence sequence = put(store, "held", 10);
      std::latch called(1);
      store.when_durable(sequence, [&, here] {
        const bool is_commit_thread = std::this_thread::get_id() != here;
        held = is_commit_thread;
        called.count_down();
        if (is_commit_thread) release_.wait();
      });
      called.wait();
    }
  }
  void release() { release_.count_down(); }

  // The log as it was at `synced` bytes, with some of the blocks that are in `written` and not in it.
  std::string torn(const std::string& written, std::size_t synced, std::size_t block, Hole hole) {
    std::string image = written;
    for (std::size_t at = synced / block * block; at < image.size(); at += block) {
      if (base::random_below(random_, 2) == 0) continue;
      for (std::size_t i = std::max(at, synced); i < std::min(at + block, image.size()); ++i) {
        image[i] = '\0';
        if (hole == Hole::garbage) image[i] = garbage_[(i + image.size()) % garbage_.size()];
        if (hole == Hole::earlier_log) image[i] = written[i % synced];
      }
    }
    // The file's length is written apart from its blocks.
    if (base::random_below(random_, 4) == 0)
      image.resize(synced + base::random_below(random_, image.size() - synced + 1));
    return image;
  }

  std::string root_;
  base::ManualEnv manual_;
  base::SeededRandom random_;
  const std::string garbage_ =
      base::random_string(random_, 10'007, std::string_view("\x00\x01\x02\x03\x04\x7f\x80\xff", 8));
  std::latch release_{1};
};

// Point 12 of issue 9. The tail is of one record, or of many that one sync was to cover: small ones, and some that go
// over several blocks of the log.
TEST_F(PowerCut, AnyBlocksOfWhatWasNotSyncedMayBeMissing) {
  for (const std::size_t records : {1U, 40U}) {
    const std::string name = "store" + std::to_string(records);
    auto opened = open(name);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    KvStore& store = **opened;
    acknowledge(store, 0, 30);
    if (records > 1) {
      hold(store);
    }
    const std::size_t synced = fs::file_size(log_of(name));
    CommitSequence newest = 0;
    for (std::size_t i = 0; i < records; ++i)
      newest = put(store, "tail" + std::to_string(i), records == 1 ? 20'000 : i % 8 == 7 ? 40'000 : 50 + 97 * i);
    if (records > 1) release();
    store.wait_durable(newest);
    const std::string written = read(log_of(name));
    ASSERT_GT(written.size(), synced);
    copy(name, "kept");
    for (int image = 0; image < 16; ++image) {
      SCOPED_TRACE(testing::Message() << records << " records, image " << image);
      copy("kept", "image");
      const Hole hole = image % 3 == 0 ? Hole::garbage : image % 3 == 1 ? Hole::zeros : Hole::earlier_log;
      std::ofstream(log_of("image"), std::ios::binary) << torn(written, synced, image % 2 == 0 ? 512 : 4096, hole);
      {
        auto again = open("image");
        ASSERT_TRUE(again.has_value()) << again.error().message;
        EXPECT_EQ(rows(**again, "acked"), 30);
        EXPECT_LE(rows(**again, "tail"), static_cast<int>(records));
        if (image % 8 != 0) continue;
        acknowledge(**again, 30, 2);
        copy("image", "second");  // and the power goes again
      }
      auto second = open("second");
      ASSERT_TRUE(second.has_value()) << second.error().message;
      EXPECT_EQ(rows(**second, "acked"), 32);
    }
  }
}

// The same damage in what was acknowledged: before the watermark, and behind it, where only later records know.
TEST_F(PowerCut, DamageInWhatWasAcknowledgedIsRefusedAndMayBeAccepted) {
  auto opened = open("store");
  ASSERT_TRUE(opened.has_value());
  acknowledge(**opened, 0, 100);  // the clock stands still: the watermark says 0
  const std::string written = read(log_of("store"));
  copy("store", "behind");
  manual_.clock.advance(std::chrono::milliseconds(100));
  acknowledge(**opened, 100, 2);
  copy("store", "before");
  for (const std::string name : {"behind", "before"}) {
    for (const std::size_t block : {512U, 4096U}) {
      SCOPED_TRACE(name + std::to_string(block));
      copy(name, "image");
      std::string image = read(log_of("image"));
      std::fill_n(image.begin() + static_cast<std::ptrdiff_t>(written.size() / 2 / block * block), block, '\0');
      std::ofstream(log_of("image"), std::ios::binary) << image;
      const auto refused = open("image");
      ASSERT_FALSE(refused.has_value());
      EXPECT_EQ(refused.error().kind, OpenError::Kind::corrupt) << refused.error().message;
      EXPECT_TRUE(refused.error().loss_can_be_accepted);
      EXPECT_EQ(read(log_of("image")), image) << "the evidence";
      auto accepted = open("image", true);
      ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
      EXPECT_GT(rows(**accepted, "acked"), 20);
      EXPECT_LT(rows(**accepted, "acked"), 60);
      acknowledge(**accepted, 200, 2);
      copy("image", "second");  // a power cut: what was accepted once is not asked for again
      EXPECT_TRUE(open("second").has_value());
    }
  }
}

// A log is closed, and the next one begun, whenever a memtable is full; one sync covers both.
TEST_F(PowerCut, ATornLogBeforeANewerOneIsCutIfNobodyWasTold) {
  auto opened = open("store");
  ASSERT_TRUE(opened.has_value());
  acknowledge(**opened, 0, 20);
  const std::string log = log_of("store");
  const std::size_t synced = fs::file_size(log);
  hold(**opened);
  const std::size_t held = fs::file_size(log);
  CommitSequence newest = 0;
  for (int i = 0; i < 20; ++i) newest = put(**opened, "tail" + std::to_string(i), 5'000);
  release();
  (*opened)->wait_durable(newest);
  const std::string written = read(log);
  copy("store", "image");
  // The second half of the tail as a log of its own, which begins on a block's boundary as logs do.
  std::string older = written.substr(0, held);
  older.append(written.size() - held, '\x55');
  std::ofstream(log_of("image"), std::ios::binary) << older;
  const std::size_t boundary = (synced / 32'768 + 2) * 32'768;
  ASSERT_LT(boundary, written.size());
  std::ofstream(root_ + "/image/db/000099.log", std::ios::binary) << written.substr(boundary);
  auto again = open("image");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(rows(**again, "acked"), 20);
  EXPECT_EQ(rows(**again, "tail"), 0);
}

// The manifest is written when a memtable has become a table, and may be torn in the same way.
TEST_F(PowerCut, ATornManifestIsCutIfTheOlderFilesAreEnough) {
  auto opened = open("store");
  ASSERT_TRUE(opened.has_value());
  acknowledge(**opened, 0, 20);
  manual_.clock.advance(std::chrono::milliseconds(100));
  acknowledge(**opened, 20, 2);  // moves the watermark
  copy("store", "running");
  opened->reset();
  copy("store", "closed");  // all in a table, which the manifest's last record names; no log
  const auto manifest_of = [&](const std::string& name) {
    std::string current = read(root_ + "/" + name + "/db/CURRENT");
    current.pop_back();
    return root_ + "/" + name + "/db/" + current;
  };
  const std::string record = "\x12\x34\x56\x78\x40" + std::string(1, '\0') + "\x01" + std::string(0x40, 'm');
  for (const std::string name : {"running", "closed"}) {
    copy(name, "image");
    std::ofstream(manifest_of("image"), std::ios::binary | std::ios::app) << record << record;
    auto again = open("image");
    ASSERT_TRUE(again.has_value()) << name << ": " << again.error().message;
    EXPECT_EQ(rows(**again, "acked"), 22);
  }
  copy("closed", "image");
  std::string damaged = read(manifest_of("image"));
  damaged.at(damaged.rfind("acked")) ^= 1;  // where it names the table, as was synced; and the log is gone
  std::ofstream(manifest_of("image"), std::ios::binary) << damaged;
  const auto refused = open("image");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(read(manifest_of("image")), damaged) << "the evidence";
  EXPECT_TRUE(refused.error().loss_can_be_accepted);
  EXPECT_FALSE(fs::exists(root_ + "/image/db.trial"));
  EXPECT_TRUE(open("image", true).has_value());
}

TEST(LogScan, ReadsWhatOlderVersionsWrote) {
  const Commit commit{.sequence = 7, .durable = 5};
  EXPECT_EQ(decode_commit(encode_commit(commit))->sequence, 7u);
  EXPECT_EQ(decode_commit(encode_commit(commit))->durable, 5u);
  EXPECT_EQ(decode_commit(std::string("\0\0\0\0\0\0\0\x09", 8))->sequence, 9u);
  EXPECT_EQ(decode_commit(std::string("\0\0\0\0\0\0\0\x09", 8))->durable, 8u);
  EXPECT_FALSE(decode_commit("1234567").has_value());
}

}  // namespace
}  // namespace store
