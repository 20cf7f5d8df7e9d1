#include "store/memory/memory_store.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "base/check.h"

namespace store {
namespace {

constexpr std::size_t kPageEntriesFirst = 4;  // most scans want only the first few
constexpr std::size_t kPageEntriesMax = 64;
constexpr std::size_t kPageBytesMax = 1 << 20;

struct Version {
  CommitSequence sequence;
  std::optional<std::string> value;  // nullopt: erased by this sequence
};

// Oldest first. More than one only while a cursor still sees an older one.
using Versions = std::vector<Version>;

struct Entry {
  std::string key;
  std::string value;
};

bool is_own(std::string_view key) {
  return key.empty() || key.front() == '\0';
}

// A map of versions. What no cursor can see any more is dropped: at once when the key is written again, else when the
// cursor goes away (garbage_ says where to look).
class MemoryStore final : public KvStore {
 public:
  ~MemoryStore() override { CHECK(snapshots_.empty(), "a cursor outlives its store"); }

  std::optional<std::string> get(std::string_view key) override;
  std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, Direction direction) override;
  CommitSequence write(const WriteBatch& batch) override;
  CommitSequence last_written() override;
  CommitSequence durable() override { return last_written(); }
  void wait_durable(CommitSequence sequence) override {
    CHECK(sequence <= last_written(), "waits for a sequence that was never written");
  }
  void when_durable(CommitSequence sequence, std::function<void()> done) override {
    wait_durable(sequence);
    done();
  }

  // Up to `entries_max` entries of [begin, end) as of `snapshot`, in the direction's order.
  std::deque<Entry> page(const std::string& begin, const std::string& end, Direction direction, CommitSequence snapshot,
                         std::size_t entries_max);
  void release(CommitSequence snapshot);

 private:
  using Table = std::map<std::string, Versions, std::less<>>;

  void set(Table::iterator at, CommitSequence sequence, std::optional<std::string> value);
  void erase(Table::iterator at, CommitSequence sequence);
  void prune(Versions& versions) const;
  [[nodiscard]] bool seen_between(CommitSequence from, CommitSequence until) const {
    const auto snapshot = snapshots_.lower_bound(from);
    return snapshot != snapshots_.end() && *snapshot < until;
  }

  std::mutex mutex_;  // guards all that follows
  Table table_;
  CommitSequence last_ = 0;
  std::multiset<CommitSequence> snapshots_;                     // of live cursors
  std::deque<std::pair<CommitSequence, std::string>> garbage_;  // keys that got an extra version, by sequence
};

class MemoryCursor final : public Cursor {
 public:
  MemoryCursor(MemoryStore& store, std::string_view begin, std::string_view end, KvStore::Direction direction,
               CommitSequence snapshot)
      : store_(store), begin_(begin), end_(end), direction_(direction), snapshot_(snapshot) {
    fill();
  }
  ~MemoryCursor() override { store_.release(snapshot_); }
  MemoryCursor(const MemoryCursor&) = delete;
  MemoryCursor& operator=(const MemoryCursor&) = delete;

  [[nodiscard]] bool valid() const override { return !page_.empty(); }
  [[nodiscard]] std::string_view key() const override { return current().key; }
  [[nodiscard]] std::string_view value() const override { return current().value; }
  void next() override {
    if (page_.size() == 1) {  // the rest of the range begins behind, or ends before, the entry we leave
      (direction_ == KvStore::Direction::ascending ? begin_ : end_) = current().key;
      if (direction_ == KvStore::Direction::ascending) begin_.push_back('\0');
      fill();
    } else {
      CHECK(valid(), "next() behind the end");
      page_.pop_front();
    }
  }

 private:
  [[nodiscard]] const Entry& current() const {
    CHECK(valid(), "cursor is behind the end");
    return page_.front();
  }
  void fill() {
    page_ = store_.page(begin_, end_, direction_, snapshot_, page_entries_);
    page_entries_ = std::min(page_entries_ * 4, kPageEntriesMax);
  }

  MemoryStore& store_;
  std::string begin_;
  std::string end_;
  const KvStore::Direction direction_;
  const CommitSequence snapshot_;
  std::size_t page_entries_ = kPageEntriesFirst;
  std::deque<Entry> page_;
};

const Version* visible(const Versions& versions, CommitSequence snapshot) {
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->sequence <= snapshot) return version->value.has_value() ? &*version : nullptr;
  }
  return nullptr;
}

std::optional<std::string> MemoryStore::get(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = table_.find(key);
  return found == table_.end() ? std::nullopt : found->second.back().value;
}

std::unique_ptr<Cursor> MemoryStore::scan(std::string_view begin, std::string_view end, Direction direction) {
  CommitSequence snapshot;
  {
    const std::lock_guard lock(mutex_);
    snapshot = last_;
    snapshots_.insert(snapshot);
  }
  return std::make_unique<MemoryCursor>(*this, begin, end, direction, snapshot);
}

std::deque<Entry> MemoryStore::page(const std::string& begin, const std::string& end, Direction direction,
                                    CommitSequence snapshot, std::size_t entries_max) {
  std::deque<Entry> entries;
  std::size_t bytes = 0;
  const auto take = [&](const Table::value_type& row) {
    if (const Version* version = visible(row.second, snapshot)) {
      entries.push_back({row.first, *version->value});
      bytes += row.first.size() + version->value->size();
    }
    return entries.size() < entries_max && bytes < kPageBytesMax;
  };
  if (!end.empty() && end <= begin) return entries;
  const std::lock_guard lock(mutex_);
  const auto first = table_.lower_bound(begin);
  const auto last = end.empty() ? table_.end() : table_.lower_bound(end);
  if (direction == Direction::ascending) {
    for (auto at = first; at != last && take(*at); ++at) {
    }
  } else {
    for (auto at = last; at != first && take(*std::prev(at)); --at) {
    }
  }
  return entries;
}

CommitSequence MemoryStore::write(const WriteBatch& batch) {
  const std::lock_guard lock(mutex_);
  if (batch.empty()) return last_;
  ++last_;
  for (const auto& operation : batch.operations()) {
    using Kind = WriteBatch::Operation::Kind;
    if (operation.kind == Kind::erase_range) {
      auto at = table_.lower_bound(operation.key);
      while (at != table_.end() && (operation.value.empty() || at->first < operation.value)) erase(at++, last_);
      continue;
    }
    CHECK(!is_own(operation.key), "keys that start with NUL belong to the store");
    if (operation.kind == Kind::put) {
      set(table_.try_emplace(operation.key).first, last_, operation.value);
    } else if (const auto at = table_.find(operation.key); at != table_.end()) {
      erase(at, last_);
    }
  }
  return last_;
}

// Replaces the newest version, or adds one if a cursor sees the newest.
void MemoryStore::set(Table::iterator at, CommitSequence sequence, std::optional<std::string> value) {
  Versions& versions = at->second;
  if (!versions.empty() && seen_between(versions.back().sequence, sequence)) {
    versions.push_back({sequence, std::move(value)});
    garbage_.emplace_back(sequence, at->first);
    prune(versions);
  } else if (versions.empty()) {
    versions.push_back({sequence, std::move(value)});
  } else {
    // An erasure that is not the only version already stands in garbage_, under its own (older) sequence: when that
    // is looked at, prune() sees the versions as they are then.
    versions.back() = {sequence, std::move(value)};
  }
}

void MemoryStore::erase(Table::iterator at, CommitSequence sequence) {
  if (!at->second.back().value.has_value()) return;
  if (at->second.size() == 1 && !seen_between(at->second.back().sequence, sequence)) {
    table_.erase(at);
    return;
  }
  set(at, sequence, std::nullopt);
  if (garbage_.empty() || garbage_.back().first != sequence || garbage_.back().second != at->first) {
    garbage_.emplace_back(sequence, at->first);
  }
}

// Drops each version that is not the newest and that no cursor sees.
void MemoryStore::prune(Versions& versions) const {
  for (std::size_t i = 0; i + 1 < versions.size();) {
    if (seen_between(versions[i].sequence, versions[i + 1].sequence)) {
      ++i;
    } else {
      versions.erase(versions.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

void MemoryStore::release(CommitSequence snapshot) {
  const std::lock_guard lock(mutex_);
  snapshots_.erase(snapshots_.find(snapshot));
  const CommitSequence horizon = snapshots_.empty() ? last_ : *snapshots_.begin();
  while (!garbage_.empty() && garbage_.front().first <= horizon) {
    if (const auto at = table_.find(garbage_.front().second); at != table_.end()) {
      prune(at->second);
      const Versions& rest = at->second;
      if (rest.size() == 1 && !rest.back().value.has_value() && rest.back().sequence <= horizon) table_.erase(at);
    }
    garbage_.pop_front();
  }
}

CommitSequence MemoryStore::last_written() {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace

std::unique_ptr<KvStore> make_memory_store() {
  return std::make_unique<MemoryStore>();
}

}  // namespace store
