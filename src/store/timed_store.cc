#include "store/timed_store.h"

#include <charconv>
#include <string>
#include <utility>

#include "store/key.h"

namespace store {
namespace {

constexpr std::string_view kTimeTable = "store/newest_time";  // -> microseconds of the epoch

std::string time_key() {
  return KeyWriter(kTimeTable).take();
}

}  // namespace

std::optional<base::Timestamp> TimedStore::newest() {
  const auto row = store_->get(time_key());
  if (!row.has_value()) return std::nullopt;
  int64_t micros = 0;
  const auto [end, error] = std::from_chars(row->data(), row->data() + row->size(), micros);
  require_intact(error == std::errc() && end == row->data() + row->size(), "the newest time");
  return base::Timestamp(base::Duration(micros));
}

std::optional<std::string> TimedStore::get(std::string_view key) {
  return store_->get(key);
}

std::unique_ptr<Cursor> TimedStore::scan(std::string_view begin, std::string_view end, Direction direction) {
  return store_->scan(begin, end, direction);
}

CommitSequence TimedStore::write(const WriteBatch& batch) {
  const base::Timestamp now = clock_.now();
  base::Timestamp covered = covered_.load();
  const base::Timestamp ahead = now + kTimeStep;
  if (batch.empty() || now <= covered || !covered_.compare_exchange_strong(covered, ahead)) return store_->write(batch);
  WriteBatch with_time = batch;
  with_time.put(time_key(), std::to_string(ahead.time_since_epoch().count()));
  return store_->write(with_time);
}

CommitSequence TimedStore::last_written() {
  return store_->last_written();
}

CommitSequence TimedStore::durable() {
  return store_->durable();
}

void TimedStore::wait_durable(CommitSequence sequence) {
  store_->wait_durable(sequence);
}

void TimedStore::when_durable(CommitSequence sequence, std::function<void()> done) {
  store_->when_durable(sequence, std::move(done));
}

}  // namespace store
