#include "engine/sqs/dedup_window.h"

#include <algorithm>

#include "engine/record.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {

std::string DedupWindow::scope(std::string_view deduplication_id, std::string_view group_id, bool per_group) {
  std::string out(deduplication_id);
  if (per_group) out.append("\n").append(group_id);  // neither id can hold a line feed
  return out;
}

const DedupWindow::First* DedupWindow::find(const std::string& scope, base::Timestamp now) const {
  const auto found = firsts_.find(scope);
  if (found == firsts_.end() || found->second.sent_at + kDeduplicationWindow <= now) return nullptr;
  return &found->second;
}

void DedupWindow::add(uint64_t queue_id, const std::string& scope, First first, store::WriteBatch& batch) {
  batch.put(keys::dedup(queue_id, scope),
            RecordWriter().time(1, first.sent_at).number(2, first.sequence).text(3, first.message_id).take());
  order_.emplace_back(first.sent_at, scope);
  firsts_.insert_or_assign(scope, std::move(first));
}

bool DedupWindow::expire(uint64_t queue_id, base::Timestamp now, std::size_t limit, store::WriteBatch& batch) {
  for (; !order_.empty() && order_.front().first + kDeduplicationWindow <= now; order_.pop_front()) {
    if (limit-- == 0) return false;
    // An id that was sent again after its window stands in the order twice; only its newest row counts.
    const auto found = firsts_.find(order_.front().second);
    if (found == firsts_.end() || found->second.sent_at != order_.front().first) continue;
    batch.erase(keys::dedup(queue_id, found->first));
    firsts_.erase(found);
  }
  return true;
}

bool DedupWindow::restore(std::string_view scope, std::string_view record) {
  First first{};
  RecordReader reader(record);
  while (reader.next()) {
    if (reader.field() == 1) first.sent_at = reader.time();
    if (reader.field() == 2) first.sequence = reader.number();
    if (reader.field() == 3) first.message_id = reader.text();
  }
  order_.emplace_back(first.sent_at, scope);
  firsts_.emplace(scope, std::move(first));
  return reader.ok();
}

void DedupWindow::finish_restore() {
  std::ranges::sort(order_);
}

}  // namespace engine::sqs
