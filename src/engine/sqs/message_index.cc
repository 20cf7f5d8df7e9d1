#include "engine/sqs/message_index.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "engine/record.h"
#include "engine/sqs/due_clock.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message.h"

namespace engine::sqs {
namespace {

// A lease is the fields of its messages, one after the other; kSequence begins the next message.
enum Field : uint32_t {
  kSequence = 1,
  kNonce = 2,
  kReceiveCount = 3,
  kVisibleAt = 4,
  kFirstReceivedAfterMs = 5,
  kReceivedAfterMs = 6,
};

constexpr std::size_t kReadySlack = 1'024;  // below this, left-overs in ready_ are not worth a pass

uint32_t milliseconds_between(base::Timestamp from, base::Timestamp to) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(to - from).count();
  return static_cast<uint32_t>(std::clamp<int64_t>(ms, 0, UINT32_MAX));
}

}  // namespace

MessageIndex::MessageIndex(uint64_t queue_id, bool fifo, uint64_t first_number, DueClock& clock)
    : clock_(clock), queue_id_(queue_id), fifo_(fifo), last_number_(first_number), groups_(1) {}

MessageIndex::Entry* MessageIndex::find(uint64_t sequence) {
  const auto found = entries_.find(sequence);
  return found == entries_.end() ? nullptr : &found->second;
}

bool MessageIndex::is_hidden_until(const DeadlineHeap::Item& item) const {
  const auto found = entries_.find(item.sequence);
  return found != entries_.end() && found->second.state != State::visible && found->second.visible_at == item.at;
}

bool MessageIndex::is_enqueued_at(const DeadlineHeap::Item& item) const {
  return entries_.contains(item.sequence);
}

void MessageIndex::add(uint64_t sequence, base::Timestamp enqueued_at, base::Timestamp visible_at,
                       std::string_view group, base::Timestamp now) {
  Entry& entry = entries_[sequence];
  entry.enqueued_at = enqueued_at;
  entry.visible_at = visible_at;
  ages_.push(enqueued_at, sequence);
  if (fifo_) {
    entry.group = group_number(group);
    ++groups_[entry.group].messages;
    order_.emplace_hint(order_.lower_bound({entry.group + 1, 0}), entry.group, sequence);
  }
  ++counts_[static_cast<std::size_t>(entry.state)];
  set_state(sequence, entry, visible_at > now ? State::delayed : State::visible);
}

void MessageIndex::set_history(uint64_t sequence, uint32_t receive_count, base::Timestamp first_received_at) {
  Entry& entry = entries_.at(sequence);
  entry.receive_count = receive_count;
  entry.first_received_after_ms = milliseconds_between(entry.enqueued_at, first_received_at);
}

void MessageIndex::set_state(uint64_t sequence, Entry& entry, State state) {
  --counts_[static_cast<std::size_t>(entry.state)];
  ++counts_[static_cast<std::size_t>(state)];
  entry.state = state;
  if (state != State::visible) {
    deadlines_.push(entry.visible_at, sequence);
    if (!waiters_.empty()) watch(entry.visible_at);
  } else if (fifo_) {
    offer_group(entry.group);
  } else if (!entry.queued) {
    entry.queued = true;
    ready_.push_back(sequence);
  }
}

void MessageIndex::erase(uint64_t sequence, store::WriteBatch& batch) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return;
  const Entry entry = found->second;
  batch.erase(keys::message(queue_id_, sequence));
  if (entry.lease != 0) release_lease(entry.lease, batch);
  --counts_[static_cast<std::size_t>(entry.state)];
  entries_.erase(found);
  if (fifo_) leave_group(sequence, entry.group);
  trim();
}

std::shared_ptr<const void> MessageIndex::clear() {
  using Contents = std::tuple<decltype(entries_), decltype(ready_), decltype(deadlines_), decltype(ages_),
                              decltype(leases_), decltype(order_), decltype(group_numbers_), DedupWindow>;
  auto removed = std::make_shared<const Contents>(std::exchange(entries_, {}), std::exchange(ready_, {}),
                                                  std::exchange(deadlines_, {}), std::exchange(ages_, {}),
                                                  std::exchange(leases_, {}), std::exchange(order_, {}),
                                                  std::exchange(group_numbers_, {}), std::exchange(dedup, {}));
  std::ranges::fill(counts_, 0);
  groups_.assign(1, Group());
  free_groups_.clear();
  ready_groups_.clear();
  return removed;
}

// Stale items must not outgrow the messages: a receive leaves one behind for each message deleted before its deadline.
void MessageIndex::trim() {
  const std::size_t visible = count(State::visible);
  deadlines_.trim(entries_.size() - visible, [this](const auto& item) { return is_hidden_until(item); });
  ages_.trim(entries_.size(), [this](const auto& item) { return is_enqueued_at(item); });
  if (ready_.size() <= 2 * visible + kReadySlack) return;
  std::erase_if(ready_, [this](uint64_t sequence) {
    Entry* entry = find(sequence);
    if (entry != nullptr && entry->state == State::visible) return false;
    if (entry != nullptr) entry->queued = false;
    return true;
  });
}

void MessageIndex::advance(base::Timestamp now) {
  for (std::size_t i = 0; i < kDuePerOperation; ++i) {
    const auto* item = deadlines_.top([this](const auto& candidate) { return is_hidden_until(candidate); });
    if (item == nullptr || item->at > now) return;
    const uint64_t sequence = item->sequence;
    deadlines_.pop();
    set_state(sequence, entries_.at(sequence), State::visible);
  }
}

base::Timestamp MessageIndex::next_due() {
  const auto* item = deadlines_.top([this](const auto& candidate) { return is_hidden_until(candidate); });
  return item == nullptr ? base::kTimestampMax : item->at;
}

bool MessageIndex::expire(base::Timestamp horizon, std::size_t limit, store::WriteBatch& batch) {
  for (;; --limit) {
    const auto* item = ages_.top([this](const auto& candidate) { return is_enqueued_at(candidate); });
    if (item == nullptr || item->at > horizon) return true;
    if (limit == 0) return false;
    erase(item->sequence, batch);
  }
}

std::optional<base::Timestamp> MessageIndex::oldest() {
  const auto* item = ages_.top([this](const auto& candidate) { return is_enqueued_at(candidate); });
  return item == nullptr ? std::nullopt : std::optional(item->at);
}

void MessageIndex::delay_fifo(base::Duration delay, base::Timestamp now) {
  for (const auto& [group, sequence] : order_) {
    Entry& entry = entries_.at(sequence);
    if (entry.state != State::delayed) continue;
    entry.visible_at = entry.enqueued_at + delay;
    set_state(sequence, entry, entry.visible_at > now ? State::delayed : State::visible);
  }
}

// --- FIFO groups. A group is offered while its first message is visible; messages behind a hidden one wait for it.

uint32_t MessageIndex::group_number(std::string_view name) {
  const auto [found, is_new] = group_numbers_.try_emplace(std::string(name), 0);
  if (!is_new) return found->second;
  if (free_groups_.empty()) {
    found->second = static_cast<uint32_t>(groups_.size());
    groups_.emplace_back();
  } else {
    found->second = free_groups_.back();
    free_groups_.pop_back();
  }
  groups_[found->second].name = &found->first;
  return found->second;
}

void MessageIndex::leave_group(uint64_t sequence, uint32_t group) {
  order_.erase({group, sequence});
  --groups_[group].messages;
  offer_group(group);
}

void MessageIndex::offer_group(uint32_t group) {
  if (group == walking_) return;  // the walk offers it when it leaves
  Group& it = groups_[group];
  if (it.messages == 0) {
    // `queued` stays as it is: if the number is still in ready_groups_, the next owner of it inherits that.
    if (it.name != nullptr) {
      group_numbers_.erase(group_numbers_.find(*it.name));
      it.name = nullptr;
      free_groups_.push_back(group);
    }
    return;
  }
  if (it.queued) return;
  const auto first = order_.lower_bound({group, 0});
  if (entries_.at(first->second).state != State::visible) return;
  it.queued = true;
  ready_groups_.push_back(group);
}

// --- Receiving.

MessageIndex::Walk::~Walk() {
  leave_group();
  for (const uint32_t group : left_) {
    index_.groups_[group].queued = false;
    index_.offer_group(group);
  }
}

void MessageIndex::Walk::leave_group() {
  const uint32_t group = std::exchange(index_.walking_, kNoGroup);
  if (group == kNoGroup) return;
  if (after_ == 0) {  // a left-over: not ready after all
    index_.offer_group(group);
  } else {
    index_.groups_[group].queued = true;
    left_.push_back(group);
  }
}

uint64_t MessageIndex::Walk::next() {
  while (!index_.fifo_ && !index_.ready_.empty()) {
    const uint64_t sequence = index_.ready_.front();
    index_.ready_.pop_front();
    Entry* entry = index_.find(sequence);
    if (entry == nullptr) continue;
    entry->queued = false;
    if (entry->state == State::visible) return sequence;
  }
  while (index_.walking_ != kNoGroup || !index_.ready_groups_.empty()) {
    if (index_.walking_ == kNoGroup) {
      index_.walking_ = index_.ready_groups_.front();
      index_.ready_groups_.pop_front();
      index_.groups_[index_.walking_].queued = false;
      after_ = 0;
    }
    const auto found = index_.order_.upper_bound({index_.walking_, after_});
    if (found != index_.order_.end() && found->first == index_.walking_ &&
        index_.entries_.at(found->second).state == State::visible) {
      return after_ = found->second;
    }
    leave_group();
  }
  return 0;
}

void MessageIndex::Walk::put_back(uint64_t sequence) {
  if (index_.fifo_) return leave_group();  // it is its group's, which is offered again when the walk ends
  index_.entries_.at(sequence).queued = true;
  index_.ready_.push_front(sequence);
}

uint64_t MessageIndex::first_visible() {
  for (; !fifo_ && !ready_.empty(); ready_.pop_front()) {
    Entry* entry = find(ready_.front());
    if (entry == nullptr) continue;
    if (entry->state == State::visible) return ready_.front();
    entry->queued = false;
  }
  while (!ready_groups_.empty()) {
    const uint32_t group = ready_groups_.front();
    const auto first = order_.lower_bound({group, 0});
    if (first != order_.end() && first->first == group && entries_.at(first->second).state == State::visible) {
      return first->second;
    }
    ready_groups_.pop_front();
    groups_[group].queued = false;
    offer_group(group);
  }
  return 0;
}

void MessageIndex::hide(uint64_t sequence, base::Timestamp now, base::Timestamp visible_at, uint64_t nonce) {
  Entry& entry = entries_.at(sequence);
  entry.received_after_ms = milliseconds_between(entry.enqueued_at, now);
  if (entry.receive_count++ == 0) entry.first_received_after_ms = entry.received_after_ms;
  entry.nonce = nonce;
  change_visibility(sequence, now, visible_at);
}

void MessageIndex::change_visibility(uint64_t sequence, base::Timestamp now, base::Timestamp visible_at) {
  Entry& entry = entries_.at(sequence);
  entry.visible_at = visible_at;
  set_state(sequence, entry, visible_at > now ? State::in_flight : State::visible);
  trim();
}

void MessageIndex::release_lease(uint64_t lease, store::WriteBatch& batch) {
  const auto found = leases_.find(lease);
  if (found == leases_.end() || --found->second != 0) return;
  leases_.erase(found);
  batch.erase(keys::lease(queue_id_, lease));
}

void MessageIndex::write_lease(std::span<const uint64_t> sequences, store::WriteBatch& batch) {
  if (sequences.empty()) return;
  const uint64_t lease = next_number();
  RecordWriter writer;
  for (const uint64_t sequence : sequences) {
    Entry& entry = entries_.at(sequence);
    if (entry.lease != 0) release_lease(entry.lease, batch);
    entry.lease = lease;
    writer.number(kSequence, sequence).number(kNonce, entry.nonce).number(kReceiveCount, entry.receive_count);
    writer.time(kVisibleAt, entry.visible_at);
    writer.number(kFirstReceivedAfterMs, entry.first_received_after_ms);
    writer.number(kReceivedAfterMs, entry.received_after_ms);
  }
  leases_.emplace(lease, static_cast<uint32_t>(sequences.size()));
  batch.put(keys::lease(queue_id_, lease), writer.take());
}

// --- Waiting.

uint64_t MessageIndex::wait(std::function<void()> waker) {
  waiters_.emplace(++last_ticket_, std::move(waker));
  watch(next_due());
  return last_ticket_;
}

void MessageIndex::wake_first() {
  const std::function<void()> wake = std::move(waiters_.begin()->second);
  waiters_.erase(waiters_.begin());
  wake();
}

void MessageIndex::notify() {
  for (std::size_t i = std::min(waiters_.size(), count(State::visible)); i > 0; --i) wake_first();
}

void MessageIndex::notify_all() {
  while (!waiters_.empty()) wake_first();
}

void MessageIndex::watch(base::Timestamp due) {
  if (due >= watched_) return;
  watched_ = due;
  clock_.set(shared_from_this(), due);
}

void MessageIndex::on_due(base::Timestamp now) {
  if (now < watched_) return;  // set to an earlier time since, and looked at then
  watched_ = base::kTimestampMax;
  advance(now);
  notify();
  if (!waiters_.empty()) watch(next_due());
}

// --- Rebuilding.

void MessageIndex::restore(uint64_t sequence, const MessageSummary& summary, base::Duration fifo_delay) {
  Entry& entry = entries_[sequence];
  entry.enqueued_at = summary.enqueued_at;
  entry.visible_at = summary.visible_at.value_or(summary.enqueued_at);
  entry.receive_count = summary.receive_count;
  if (summary.first_received_at) {
    entry.first_received_after_ms = milliseconds_between(entry.enqueued_at, *summary.first_received_at);
  }
  ages_.push(entry.enqueued_at, sequence);
  ++counts_[static_cast<std::size_t>(entry.state)];
  if (!fifo_) return;
  if (summary.receive_count == 0) entry.visible_at = entry.enqueued_at + fifo_delay;
  entry.group = group_number(summary.group_id);
  ++groups_[entry.group].messages;
  order_.emplace(entry.group, sequence);
}

bool MessageIndex::restore_lease(uint64_t lease, std::string_view record) {
  uint32_t& resting = leases_[lease];
  Entry* entry = nullptr;
  RecordReader reader(record);
  while (reader.next()) {
    if (reader.field() == kSequence) {
      entry = find(reader.number());  // nullptr: deleted since
      if (entry == nullptr) continue;
      if (entry->lease != 0) --leases_[entry->lease];
      entry->lease = lease;
      ++resting;
    }
    if (entry == nullptr) continue;
    switch (reader.field()) {
      case kNonce:
        entry->nonce = reader.number();
        break;
      case kReceiveCount:
        entry->receive_count = static_cast<uint32_t>(reader.number());
        break;
      case kVisibleAt:
        entry->visible_at = reader.time();
        break;
      case kFirstReceivedAfterMs:
        entry->first_received_after_ms = static_cast<uint32_t>(reader.number());
        break;
      case kReceivedAfterMs:
        entry->received_after_ms = static_cast<uint32_t>(reader.number());
        break;
      default:
        break;
    }
  }
  return reader.ok();
}

void MessageIndex::finish_restore(base::Timestamp now, store::WriteBatch& batch) {
  std::vector<uint64_t> sequences;
  sequences.reserve(entries_.size());
  for (const auto& [sequence, entry] : entries_) sequences.push_back(sequence);
  std::ranges::sort(sequences);
  for (const uint64_t sequence : sequences) {
    Entry& entry = entries_.at(sequence);
    const State hidden = entry.lease != 0 ? State::in_flight : State::delayed;
    set_state(sequence, entry, entry.visible_at > now ? hidden : State::visible);
  }
  for (const auto& [lease, resting] : leases_)
    if (resting == 0) batch.erase(keys::lease(queue_id_, lease));
  std::erase_if(leases_, [](const auto& lease) { return lease.second == 0; });
  dedup.finish_restore();
}

}  // namespace engine::sqs
