// ChunkStore: the bytes of objects and parts, cut into chunks. A chunk set is written once and belongs to one object or
// part, which refers to it by a Segment. Readers pin what they read: a set whose object goes away while it is pinned is
// erased when the last reader has finished, so a GET never sees half of another object. Owned jointly by the service
// and the bodies it has given out; its store outlives them all. Safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/kv_store.h"

namespace engine::s3 {

// Bytes of an object in order: all of one chunk set. A multipart object has one for each part.
struct Segment {
  uint64_t chunk_set = 0;
  uint64_t size = 0;  // bytes; 0 means that there are no chunks
};
using Segments = std::vector<Segment>;

class ChunkStore : public std::enable_shared_from_this<ChunkStore> {
 public:
  // Erases what an earlier process has left: bodies written ahead whose object never came to be, and sets that were
  // pinned when their object went away. REQUIRES: one ChunkStore for each store.
  explicit ChunkStore(store::KvStore& store);
  ChunkStore(const ChunkStore&) = delete;
  ChunkStore& operator=(const ChunkStore&) = delete;

  // A number that no earlier call returned, in this process or before it, and larger than all of them.
  uint64_t next_id();

  // A chunk set being written. A body of one chunk waits for the batch of finish(); a longer one goes to the store in
  // several batches before it, marked as garbage until finish(). Dropping the writer erases what it wrote. Not
  // thread-safe; must not outlive its ChunkStore.
  class Writer {
   public:
    explicit Writer(ChunkStore& chunks) : chunks_(chunks), chunk_set_(chunks.next_id()) {}
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    void append(std::string_view bytes);
    // Sends long bodies to the store. Call it without locks, when all bytes are appended.
    void flush();
    // Gives all bytes to `each`, piece by piece. Call it after flush().
    void replay(const std::function<void(std::string_view bytes)>& each) const;
    // Adds the rest to the batch that makes the set somebody's. Call it last: the batch has to be written.
    void finish(store::WriteBatch& batch);
    [[nodiscard]] Segment segment() const { return {chunk_set_, size_}; }

   private:
    void cut(std::string chunk);
    void write_pending();

    ChunkStore& chunks_;
    const uint64_t chunk_set_;
    uint64_t size_ = 0;
    uint64_t chunk_count_ = 0;
    std::string tail_;           // less than a chunk
    store::WriteBatch pending_;  // chunks on their way
    std::size_t pending_count_ = 0;
    bool marked_ = false;
    bool finished_ = false;
  };

  // Keeps `segments` from being erased for as long as the token lives.
  // REQUIRES: the caller holds the lock under which drops are written.
  std::shared_ptr<void> pin(const Segments& segments);
  // Writes the batch, to which it adds the erasure of `dropped` (one element for each object or part that goes away).
  void write_and_drop(store::WriteBatch batch, const std::vector<Segments>& dropped);

  // One chunk. REQUIRES: it is pinned; if the store has lost it, that is damage and ends the process.
  std::string read(uint64_t chunk_set, uint64_t number);

 private:
  static void erase(store::WriteBatch& batch, const Segments& segments);
  void unpin(uint64_t owner);

  store::KvStore& store_;
  std::mutex mutex_;  // guards all that follows
  uint64_t next_id_ = 0;
  std::map<uint64_t, uint64_t> pins_;      // first chunk set of the pinned -> readers
  std::map<uint64_t, Segments> deferred_;  // dropped while pinned, by the same key
};

}  // namespace engine::s3
