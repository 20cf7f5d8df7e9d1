// DedupWindow: the deduplication ids of a FIFO queue that were sent in the last five minutes, and what the first send
// answered. Part of MessageIndex, under its mutex. It survives receive, delete and restart (protocols.md 4.1 item 30).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "store/kv_store.h"

namespace engine::sqs {

class DedupWindow {
 public:
  struct First {
    base::Timestamp sent_at;
    uint64_t sequence;
    std::string message_id;
  };

  // What a deduplication id is unique within: the queue, or one message group.
  static std::string scope(std::string_view deduplication_id, std::string_view group_id, bool per_group);

  // The first send if it was less than five minutes ago, else nullptr.
  [[nodiscard]] const First* find(const std::string& scope, base::Timestamp now) const;
  void add(uint64_t queue_id, const std::string& scope, First first, store::WriteBatch& batch);
  // Forgets ids past their five minutes, at most `limit`. False if some may be left.
  bool expire(uint64_t queue_id, base::Timestamp now, std::size_t limit, store::WriteBatch& batch);

  // Takes back a stored row. After the last one call finish_restore().
  bool restore(std::string_view scope, std::string_view record);  // false: malformed
  void finish_restore();

 private:
  std::unordered_map<std::string, First> firsts_;              // by scope
  std::deque<std::pair<base::Timestamp, std::string>> order_;  // by sent_at
};

}  // namespace engine::sqs
