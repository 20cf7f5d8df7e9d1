// ReceiveAttempts: what the receives with a ReceiveRequestAttemptId got from one FIFO queue, so that a caller whose
// answer was lost asks again and gets the same messages with the same receipt handles. In memory only: after a restart
// such a caller waits for the visibility timeout, as one without an id does. Every member REQUIRES the lock of the
// queue's MessageIndex. Rules: SQS API reference, ReceiveMessage, "ReceiveRequestAttemptId".
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "engine/sqs/message_index.h"
#include "store/kv_store.h"

namespace engine::sqs {

class ReceiveAttempts {
 public:
  struct Attempt {
    std::vector<uint64_t> sequences;  // in the order of the answer
    uint64_t nonce = 0;               // of their receive
    base::Timestamp received_at;
    base::Timestamp visible_at;  // of all of them
  };

  // What the attempt `id` got less than five minutes ago, unless one of its messages was deleted, had its visibility
  // changed, became visible or was received again since: then, and for an id that is not known, nullptr. Valid until
  // the next call. The visibility of the messages begins anew: they are hidden until `visible_at`, also in the store
  // once `batch` is written.
  const Attempt* repeat(std::string_view id, MessageIndex& index, base::Timestamp now, base::Timestamp visible_at,
                        store::WriteBatch& batch);
  // Remembers what a receive got, in place of what `id` meant before. `sequences` are hidden under `nonce` already.
  void add(std::string_view id, MessageIndex& index, std::span<const uint64_t> sequences, uint64_t nonce,
           base::Timestamp now, base::Timestamp visible_at);
  [[nodiscard]] std::size_t size() const { return attempts_.size(); }

 private:
  void forget_oldest(MessageIndex& index, base::Timestamp now);

  std::unordered_map<std::string, Attempt> attempts_;    // by id
  std::deque<std::pair<uint64_t, std::string>> oldest_;  // nonce and id of each, and left-overs of ids used again
};

}  // namespace engine::sqs
