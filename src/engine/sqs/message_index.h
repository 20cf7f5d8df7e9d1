// MessageIndex: where each message of one queue stands, without its body. Shared by the operations on the queue; every
// member except the constructor REQUIRES `mutex` to be held, and so does reading what the functions return.
//
// A message is visible, delayed or in flight. Times are applied lazily, by advance(). What a receive changes is written
// as a lease: one small record for all messages of the call, superseded by later leases and erased when none of its
// messages rests on it any more. So bodies are written once, and a restart finds counts and deadlines as they were.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/env.h"
#include "engine/sqs/deadline_heap.h"
#include "engine/sqs/dedup_window.h"
#include "store/kv_store.h"

namespace engine::sqs {

class DueClock;
struct MessageSummary;

class MessageIndex : public std::enable_shared_from_this<MessageIndex> {
 public:
  enum class State : uint8_t { visible, delayed, in_flight };
  struct Entry {
    base::Timestamp visible_at;   // when a delayed or received message becomes visible
    base::Timestamp enqueued_at;  // begin of retention
    uint64_t nonce = 0;           // of the newest receive; 0 before the first
    uint64_t lease = 0;           // record that holds this state; 0: only the message's own record
    uint32_t receive_count = 0;
    uint32_t group = 0;                    // FIFO: number of its group
    uint32_t first_received_after_ms = 0;  // since enqueued_at; retention ends long before it wraps
    uint32_t received_after_ms = 0;        // the newest receive, since enqueued_at
    State state = State::visible;
    bool queued = false;  // stands in ready_, truly or as a left-over
  };

  // Numbers (sequences, leases, nonces) begin behind `first_number`. `clock` outlives the index.
  MessageIndex(uint64_t queue_id, bool fifo, uint64_t first_number, DueClock& clock);

  std::mutex mutex;
  bool closed = false;  // the queue was deleted
  DedupWindow dedup;    // FIFO queues

  [[nodiscard]] uint64_t queue_id() const { return queue_id_; }
  [[nodiscard]] bool fifo() const { return fifo_; }
  [[nodiscard]] std::size_t count(State state) const { return counts_[static_cast<std::size_t>(state)]; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  uint64_t next_number() { return ++last_number_; }
  Entry* find(uint64_t sequence);  // nullptr: deleted, expired or never sent

  // Adds a message that is stored under `sequence`, delayed if visible_at > now.
  void add(uint64_t sequence, base::Timestamp enqueued_at, base::Timestamp visible_at, std::string_view group,
           base::Timestamp now);
  // What a moved message brings along.
  void set_history(uint64_t sequence, uint32_t receive_count, base::Timestamp first_received_at);
  // Removes it, with its record.
  void erase(uint64_t sequence, store::WriteBatch& batch);
  // Removes all. The caller erases the rows, and lets go of what it gets without a lock: that takes a while.
  [[nodiscard]] std::shared_ptr<const void> clear();

  // Makes visible what is due, at most kDuePerOperation messages.
  void advance(base::Timestamp now);
  // When advance() has something to do next; kTimestampMax if never.
  base::Timestamp next_due();
  // Removes messages enqueued at or before `horizon`, the oldest first, at most `limit`. False if some may be left.
  bool expire(base::Timestamp horizon, std::size_t limit, store::WriteBatch& batch);
  // The visible message that is to be received first, left where it is; 0: none. Not during a Walk.
  uint64_t first_visible();
  // When the oldest message was enqueued; nullopt if there is none.
  std::optional<base::Timestamp> oldest();
  // Gives every delayed message of a FIFO queue a new delay (it applies to messages already sent on FIFO queues).
  void delay_fifo(base::Duration delay, base::Timestamp now);

  // One pass over visible messages in the order in which they are to be received, each once. The caller must hide() or
  // erase() what it was given before the walk ends. FIFO: exhausts a group before it begins the next (item 28).
  class Walk {
   public:
    explicit Walk(MessageIndex& index) : index_(index) {}
    ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    uint64_t next();  // 0: nothing visible is left
    // Leaves a message that next() gave out, the latest first, and ends the walk.
    void put_back(uint64_t sequence);

   private:
    MessageIndex& index_;
    void leave_group();
    uint64_t after_ = 0;          // FIFO: the last sequence given out of the current group; 0: none yet
    std::vector<uint32_t> left_;  // FIFO: groups that sequences were given out of; not offered before the walk ends
  };
  friend class Walk;

  // Takes messages out of sight: counts a receive under `nonce`. Follow with write_lease().
  void hide(uint64_t sequence, base::Timestamp now, base::Timestamp visible_at, uint64_t nonce);
  // Moves the deadline of a received message; visible at once if it has passed. Follow with write_lease().
  void change_visibility(uint64_t sequence, base::Timestamp now, base::Timestamp visible_at);
  // Writes the present state of the messages as one lease.
  void write_lease(std::span<const uint64_t> sequences, store::WriteBatch& batch);

  // --- Receives that wait. `waker` is called once, when a message may be there for it (or the queue is closed): it
  // looks again then, and waits again if there is none. The ticket is for leave().
  uint64_t wait(std::function<void()> waker);
  // Ends the wait of `ticket`; without effect if it was woken. A call that leaves though it was woken, and takes
  // nothing, has to notify(), so that the message wakes another.
  void leave(uint64_t ticket) { waiters_.erase(ticket); }
  // Wakes as many waiters as there are visible messages for, those that wait longest first.
  void notify();
  void notify_all();
  // By the DueClock, at a time that it was set to: makes visible what is due.
  void on_due(base::Timestamp now);

  // Rebuilding: all messages in the order of their sequences, then all leases in order, then finish_restore().
  void restore(uint64_t sequence, const MessageSummary& summary, base::Duration fifo_delay);
  bool restore_lease(uint64_t lease, std::string_view record);  // false: malformed
  void finish_restore(base::Timestamp now, store::WriteBatch& batch);

 private:
  struct Group {
    const std::string* name = nullptr;
    std::size_t messages = 0;
    bool queued = false;
  };
  static constexpr uint32_t kNoGroup = 0;

  [[nodiscard]] bool is_hidden_until(const DeadlineHeap::Item& item) const;
  [[nodiscard]] bool is_enqueued_at(const DeadlineHeap::Item& item) const;
  void set_state(uint64_t sequence, Entry& entry, State state);
  void wake_first();
  void watch(base::Timestamp due);
  void release_lease(uint64_t lease, store::WriteBatch& batch);
  uint32_t group_number(std::string_view name);
  void leave_group(uint64_t sequence, uint32_t group);
  void offer_group(uint32_t group);  // to ready_groups_, if its first message is visible
  void trim();

  DueClock& clock_;
  std::map<uint64_t, std::function<void()>> waiters_;  // by ticket
  uint64_t last_ticket_ = 0;
  base::Timestamp watched_ = base::kTimestampMax;  // the time that clock_ is set to
  const uint64_t queue_id_;
  const bool fifo_;
  uint64_t last_number_;
  std::unordered_map<uint64_t, Entry> entries_;  // by sequence
  std::size_t counts_[3] = {};
  std::deque<uint64_t> ready_;                     // standard: visible messages, and left-overs
  DeadlineHeap deadlines_;                         // of hidden messages
  DeadlineHeap ages_;                              // enqueued_at of all messages
  std::unordered_map<uint64_t, uint32_t> leases_;  // messages that rest on each
  // FIFO only.
  std::set<std::pair<uint32_t, uint64_t>> order_;  // (group, sequence)
  std::unordered_map<std::string, uint32_t> group_numbers_;
  std::vector<Group> groups_;  // by number; 0 is not used
  std::vector<uint32_t> free_groups_;
  std::deque<uint32_t> ready_groups_;
  uint32_t walking_ = kNoGroup;  // group that a Walk is in
};

}  // namespace engine::sqs
