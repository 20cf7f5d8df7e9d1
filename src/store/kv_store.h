// KvStore: the only way the engine touches a disk. Ordered byte keys, atomic batches, and a commit sequence that says
// when a write has become durable. Owned by the composition root; safe from any thread.
//
// "Acknowledged means durable": write() returns at once and the change is visible to every reader, but no reply that
// rests on it may leave the process before its sequence is durable. A read or write error of the disk, and any
// detected corruption, is final: the implementation reports it and ends the process (exit code 70) rather than serve
// wrong data, which is why these functions return no errors.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace store {

// The exit code of a process that a broken disk or damaged data has ended.
constexpr int kFatalExitCode = 70;

// For whoever keeps records in a store and reads one there that nobody can have written: unless `intact`, says on
// stderr that `what` ("a row of SQS") is damaged and ends the process with kFatalExitCode, as the store itself does at
// the damage that it finds.
[[noreturn]] void stop_at_damage(std::string_view what);
inline void require_intact(bool intact, std::string_view what) {
  if (!intact) [[unlikely]]
    stop_at_damage(what);
}

// Position in the order of commits; larger is later. 0 is "before everything". Asking a store about a sequence larger
// than its last_written() is a bug (CHECK).
using CommitSequence = uint64_t;

// Changes applied together or not at all, in the order they were added. A value type, not thread-safe. The empty key
// and keys that start with a NUL byte are the store's own: putting or erasing one is a bug (CHECK), get() never finds
// one, scans and range erasures skip them. Keys of KeyWriter are never among them.
class WriteBatch {
 public:
  struct Operation {
    enum class Kind { put, erase, erase_range } kind;
    std::string key;    // for erase_range: first key of the range
    std::string value;  // for erase_range: one past the last key; empty means no bound
  };
  void put(std::string key, std::string value) {
    operations_.push_back({Operation::Kind::put, std::move(key), std::move(value)});
  }
  void erase(std::string key) { operations_.push_back({Operation::Kind::erase, std::move(key), {}}); }
  void erase_range(std::string begin, std::string end) {
    operations_.push_back({Operation::Kind::erase_range, std::move(begin), std::move(end)});
  }
  [[nodiscard]] bool empty() const { return operations_.empty(); }
  [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }

 private:
  std::vector<Operation> operations_;
};

// Walks keys in byte order over the state at the moment scan() was called; later writes do not show. The views are
// valid until the next call of a non-const member. Not thread-safe; must not outlive its store.
class Cursor {
 public:
  virtual ~Cursor() = default;
  [[nodiscard]] virtual bool valid() const = 0;
  [[nodiscard]] virtual std::string_view key() const = 0;    // REQUIRES valid()
  [[nodiscard]] virtual std::string_view value() const = 0;  // REQUIRES valid()
  virtual void next() = 0;                                   // REQUIRES valid()
};

class KvStore {
 public:
  virtual ~KvStore() = default;

  // The newest written value (durable or not), or nullopt.
  virtual std::optional<std::string> get(std::string_view key) = 0;

  // Cursor over [begin, end) ascending, or descending from the last key below `end`. An empty `end` means no bound.
  enum class Direction { ascending, descending };
  virtual std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end,
                                       Direction direction = Direction::ascending) = 0;

  // Applies the batch atomically and returns its sequence. Visible at once, durable later. An empty batch is allowed
  // and returns last_written().
  virtual CommitSequence write(const WriteBatch& batch) = 0;

  // The sequence of the newest write. Everything that a caller has read so far is covered by it.
  virtual CommitSequence last_written() = 0;
  // Every write up to and including this one survives a crash and a power cut.
  virtual CommitSequence durable() = 0;
  // Blocks until durable() >= sequence.
  virtual void wait_durable(CommitSequence sequence) = 0;
  // Runs `done` once durable() >= sequence: at once on the calling thread if that holds already, else later on the
  // store's commit thread, where it must be short and must not call back into the store's blocking functions.
  virtual void when_durable(CommitSequence sequence, std::function<void()> done) = 0;
};

}  // namespace store
