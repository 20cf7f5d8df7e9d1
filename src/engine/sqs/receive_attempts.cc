#include "engine/sqs/receive_attempts.h"

#include <algorithm>

#include "engine/sqs/limits.h"

namespace engine::sqs {
namespace {

bool is_valid(const ReceiveAttempts::Attempt& attempt, MessageIndex& index, base::Timestamp now) {
  if (now >= attempt.received_at + kReceiveAttemptWindow || now >= attempt.visible_at) return false;
  return std::ranges::all_of(attempt.sequences, [&](uint64_t sequence) {
    const MessageIndex::Entry* entry = index.find(sequence);
    return entry != nullptr && entry->nonce == attempt.nonce && entry->visible_at == attempt.visible_at &&
           entry->state == MessageIndex::State::in_flight;
  });
}

}  // namespace

const ReceiveAttempts::Attempt* ReceiveAttempts::repeat(std::string_view id, MessageIndex& index, base::Timestamp now,
                                                        base::Timestamp visible_at, store::WriteBatch& batch) {
  const auto found = attempts_.find(std::string(id));
  if (found == attempts_.end() || !is_valid(found->second, index, now)) return nullptr;
  Attempt& attempt = found->second;
  attempt.visible_at = visible_at;
  for (const uint64_t sequence : attempt.sequences) index.change_visibility(sequence, now, visible_at);
  index.write_lease(attempt.sequences, batch);
  return &attempt;
}

void ReceiveAttempts::add(std::string_view id, MessageIndex& index, std::span<const uint64_t> sequences, uint64_t nonce,
                          base::Timestamp now, base::Timestamp visible_at) {
  forget_oldest(index, now);
  if (sequences.empty() || visible_at <= now) return;
  attempts_[std::string(id)] = {{sequences.begin(), sequences.end()}, nonce, now, visible_at};
  oldest_.emplace_back(nonce, id);
}

// Consumers delete what they receive, so the oldest attempts are mostly over: one that still counts ends the walk.
void ReceiveAttempts::forget_oldest(MessageIndex& index, base::Timestamp now) {
  while (!oldest_.empty()) {
    const auto found = attempts_.find(oldest_.front().second);
    const bool own = found != attempts_.end() && found->second.nonce == oldest_.front().first;
    if (own && oldest_.size() < kReceiveAttemptsMax && is_valid(found->second, index, now)) return;
    if (own) attempts_.erase(found);
    oldest_.pop_front();
  }
}

}  // namespace engine::sqs
