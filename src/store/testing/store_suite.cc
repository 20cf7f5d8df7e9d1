#include "store/testing/store_suite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/manual/manual_env.h"
#include "store/key.h"

namespace store::testing {
namespace {

using Model = std::map<std::string, std::string>;
using Rows = std::vector<std::pair<std::string, std::string>>;
using Direction = KvStore::Direction;

Rows rest_of(Cursor& cursor) {
  Rows rows;
  for (; cursor.valid(); cursor.next()) rows.emplace_back(cursor.key(), cursor.value());
  return rows;
}

Rows rows_of(KvStore& store, std::string_view begin, std::string_view end, Direction direction = Direction::ascending) {
  const auto cursor = store.scan(begin, end, direction);
  return rest_of(*cursor);
}

Rows rows_of(const Model& model, const std::string& begin, const std::string& end, Direction direction) {
  Rows rows;
  for (const auto& row : model) {
    if (row.first >= begin && (end.empty() || row.first < end)) rows.push_back(row);
  }
  if (direction == Direction::descending) std::reverse(rows.begin(), rows.end());
  return rows;
}

class Workload {
 public:
  Workload(KvStore& store, uint64_t seed) : store_(store), random_(seed) {}

  void run() {
    for (int step = 0; step < 400 && !::testing::Test::HasFailure(); ++step) {
      write_batch(step);
      compare_scan();
      if (below(3) == 0) {
        const Direction direction = below(2) == 0 ? Direction::ascending : Direction::descending;
        held_.push_back({store_.scan({}, {}, direction), rows_of(model_, {}, {}, direction)});
        if (below(2) == 0 && held_.back().cursor->valid()) {  // some are held in the middle of their way
          held_.back().cursor->next();
          held_.back().rows.erase(held_.back().rows.begin());
        }
      }
      while (held_.size() > below(6)) drop_held(below(held_.size()));
    }
    while (!held_.empty()) drop_held(held_.size() - 1);
  }

 private:
  struct Held {
    std::unique_ptr<Cursor> cursor;
    Rows rows;
  };

  uint64_t below(uint64_t bound) { return base::random_below(random_, bound); }
  std::string any_key() { return "k" + std::string(below(3), 'x') + std::to_string(below(400)); }
  std::string any_bound() { return below(6) == 0 ? std::string() : any_key(); }

  void write_batch(int step) {
    WriteBatch batch;
    for (uint64_t count = below(40); count > 0; --count) {
      const uint64_t kind = below(20);
      if (kind == 0) {
        const std::string begin = any_bound();
        const std::string end = below(3) == 0 ? any_bound() : begin + "9";
        batch.erase_range(begin, end);
        if (end.empty() || begin < end) {
          model_.erase(model_.lower_bound(begin), end.empty() ? model_.end() : model_.lower_bound(end));
        }
      } else if (kind < 6) {
        const std::string key = any_key();
        batch.erase(key);
        model_.erase(key);
      } else {
        const std::string key = any_key();
        std::string value = std::to_string(step) + std::string(below(50) == 0 ? 70'000 : below(30), 'v');
        model_[key] = value;
        batch.put(key, std::move(value));
      }
    }
    const CommitSequence before = store_.last_written();
    const CommitSequence sequence = store_.write(batch);
    EXPECT_EQ(sequence, batch.empty() ? before : before + 1);
    EXPECT_EQ(store_.last_written(), sequence);
    const std::string key = any_key();
    const auto expected = model_.find(key);
    EXPECT_EQ(store_.get(key), expected == model_.end() ? std::nullopt : std::optional(expected->second)) << key;
  }

  void compare_scan() {
    const std::string begin = any_bound();
    const std::string end = any_bound();
    for (const Direction direction : {Direction::ascending, Direction::descending}) {
      const Rows expected = begin < end || end.empty() ? rows_of(model_, begin, end, direction) : Rows();
      EXPECT_TRUE(rows_of(store_, begin, end, direction) == expected) << "[" << begin << ", " << end << ")";
    }
  }

  void drop_held(std::size_t index) {
    if (below(3) > 0) {
      EXPECT_TRUE(rest_of(*held_[index].cursor) == held_[index].rows) << "a snapshot has changed";
    }
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  KvStore& store_;
  base::SeededRandom random_;
  Model model_;
  std::vector<Held> held_;
};

}  // namespace

void check_against_model(KvStore& store, uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Workload(store, seed).run();
}

void check_edges(KvStore& store) {
  EXPECT_EQ(store.last_written(), 0u);
  EXPECT_EQ(store.durable(), 0u);
  EXPECT_EQ(store.write({}), 0u) << "an empty batch writes nothing";
  EXPECT_TRUE(rows_of(store, {}, {}).empty());

  WriteBatch ordered;
  ordered.put("a", "1");
  ordered.erase("a");
  ordered.put("b", "1");
  ordered.put("b", "2");
  ordered.put("c", "1");
  ordered.erase_range("b", "d");
  ordered.put("c", "2");
  ordered.put("\xff\xff", "last");
  ordered.erase("absent");
  EXPECT_EQ(store.write(ordered), 1u);
  EXPECT_EQ(rows_of(store, {}, {}), (Rows{{"c", "2"}, {"\xff\xff", "last"}}));
  EXPECT_EQ(rows_of(store, "c", "c\x01"), (Rows{{"c", "2"}}));
  EXPECT_EQ(rows_of(store, {}, "c"), Rows());
  EXPECT_EQ(rows_of(store, "d", "c"), Rows());
  EXPECT_EQ(rows_of(store, {}, "d", Direction::descending), (Rows{{"c", "2"}}));
  EXPECT_EQ(store.get(std::string_view("\0commit", 7)), std::nullopt);
  EXPECT_EQ(store.get(""), std::nullopt);

  const std::string large(1 << 20, 'L');
  WriteBatch chunks;
  for (int i = 0; i < 40; ++i) chunks.put(KeyWriter("chunk").number(static_cast<uint64_t>(i)).take(), large);
  store.write(chunks);
  EXPECT_EQ(rows_of(store, "chunk", prefix_end("chunk")).size(), 40u);
  EXPECT_EQ(store.get(KeyWriter("chunk").number(39).take()), large);
  WriteBatch many;  // more than are erased one by one
  for (int i = 0; i < 2'000; ++i) many.put(KeyWriter("many").number(static_cast<uint64_t>(i)).take(), "v");
  store.write(many);
  WriteBatch clear;
  clear.erase_range("chunk", prefix_end("chunk"));
  clear.put("zz", "in the same batch");
  clear.erase_range("d", "");
  clear.put("zzz", "stays");
  store.wait_durable(store.write(clear));
  EXPECT_EQ(rows_of(store, {}, {}), (Rows{{"c", "2"}, {"zzz", "stays"}}));
  EXPECT_EQ(store.durable(), store.last_written());
}

void check_concurrency(KvStore& store, base::Executor& executor) {
  constexpr int kWriters = 4;
  constexpr int kWritesEach = 200;
  std::mutex mutex;
  std::set<CommitSequence> sequences;
  std::vector<CommitSequence> called;
  std::atomic<int> uncovered = 0;
  std::atomic<int> early = 0;
  std::atomic<int> writers_left = kWriters;
  {
    std::vector<std::unique_ptr<base::Task>> tasks;
    for (int writer = 0; writer < kWriters; ++writer) {
      tasks.push_back(executor.spawn("writer", [&, writer] {
        for (int i = 0; i < kWritesEach; ++i) {
          WriteBatch batch;
          batch.put("newest/" + std::to_string(writer), std::to_string(i));
          batch.erase_range("spare", "spare/" + std::to_string(i));
          const CommitSequence sequence = store.write(batch);
          store.when_durable(sequence, [&, sequence] {
            if (store.durable() < sequence) ++early;
            const std::lock_guard lock(mutex);
            called.push_back(sequence);
          });
          if (i % 10 == 0) {
            store.wait_durable(sequence);
            if (store.durable() < sequence) ++early;
          }
          const std::lock_guard lock(mutex);
          sequences.insert(sequence);
        }
        --writers_left;
      }));
    }
    tasks.push_back(executor.spawn("reader", [&] {  // a value that is visible is covered by last_written()
      CommitSequence last = 0;
      while (writers_left > 0) {
        uint64_t seen = 0;
        for (const auto& [key, value] : rows_of(store, "newest/", prefix_end("newest/")))
          seen += std::stoull(value) + 1;
        const CommitSequence now = store.last_written();
        if (now < seen || now < last) ++uncovered;
        last = now;
      }
    }));
  }
  store.wait_durable(store.last_written());
  const auto all_called = [&] {
    const std::lock_guard lock(mutex);
    return called.size() >= std::size_t{kWriters} * kWritesEach;
  };
  while (!all_called()) {  // waiters are woken before the callbacks run; a lost one shows as a timeout
  }
  const std::lock_guard lock(mutex);
  EXPECT_EQ(sequences.size(), std::size_t{kWriters} * kWritesEach);
  EXPECT_EQ(called.size(), std::size_t{kWriters} * kWritesEach);
  EXPECT_EQ(std::set<CommitSequence>(called.begin(), called.end()), sequences);
  EXPECT_EQ(uncovered, 0);
  EXPECT_EQ(early, 0);
}

}  // namespace store::testing
