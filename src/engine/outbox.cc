#include "engine/outbox.h"

#include <algorithm>

#include "base/check.h"
#include "engine/record.h"
#include "store/key.h"

namespace engine {
namespace {

enum Field : uint32_t { kPayload = 1, kAttempts = 2, kCreatedAt = 3 };

std::string encode(const Outbox::Entry& entry) {
  return RecordWriter()
      .text(kPayload, entry.payload)
      .number(kAttempts, entry.attempts)
      .number(kCreatedAt, static_cast<uint64_t>(entry.created_at.time_since_epoch().count()))
      .take();
}

Outbox::Entry decode(std::string_view bytes) {
  Outbox::Entry entry{};
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kPayload:
        entry.payload = reader.text();
        break;
      case kAttempts:
        entry.attempts = reader.number();
        break;
      case kCreatedAt:
        entry.created_at = base::Timestamp(base::Duration(reader.number()));
        break;
      default:
        break;
    }
  }
  store::require_intact(reader.ok(), "an entry of an outbox");
  return entry;
}

}  // namespace

Outbox::Outbox(store::KvStore& store, base::Env& env, std::string table, std::size_t workers, Deliver deliver)
    : store_(store),
      env_(env),
      table_(std::move(table)),
      workers_(workers),
      deliver_(std::move(deliver)),
      changed_(env.executor.make_condition()) {
  const std::string prefix = store::KeyWriter(table_).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    store::KeyReader reader(cursor->key(), table_);
    uint64_t due = 0;
    uint64_t id = 0;
    store::require_intact(reader.number(due) && reader.number(id), "a key of the outbox " + table_);
    waiting_.emplace(base::Timestamp(base::Duration(due)), id);
    next_id_ = std::max(next_id_, id + 1);
  }
}

Outbox::~Outbox() {
  stop();
}

std::string Outbox::key(Ticket ticket) const {
  return store::KeyWriter(table_)
      .number(static_cast<uint64_t>(ticket.first.time_since_epoch().count()))
      .number(ticket.second)
      .take();
}

Outbox::Ticket Outbox::add(store::WriteBatch& batch, base::Timestamp now, base::Timestamp due,
                           std::string_view payload) {
  std::unique_lock lock(mutex_);
  const Ticket ticket(due, next_id_++);
  lock.unlock();
  batch.put(key(ticket), encode({std::string(payload), 0, now}));
  return ticket;
}

void Outbox::release(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  waiting_.insert(ticket);
  changed_->notify_one();
}

void Outbox::resume(Ticket ticket) {
  const std::lock_guard lock(mutex_);
  --taken_;
  waiting_.insert(ticket);
  changed_->notify_one();
}

void Outbox::start() {
  for (std::size_t i = 0; i < workers_; ++i) tasks_.push_back(env_.executor.spawn("outbox", [this] { work(); }));
}

void Outbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_->notify_all();
  }
  tasks_.clear();
}

std::size_t Outbox::size() {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + taken_;
}

void Outbox::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::Timestamp due = waiting_.empty() ? base::kTimestampMax : waiting_.begin()->first;
    if (due > env_.clock.now()) {
      env_.executor.wait_until(lock, *changed_, due);
      continue;
    }
    const Ticket ticket = waiting_.extract(waiting_.begin()).value();
    ++taken_;
    // Whoever takes an entry may have been the only one to sleep no longer than until the next is due.
    if (!waiting_.empty()) changed_->notify_one();
    lock.unlock();
    deliver(ticket);
    lock.lock();
  }
}

void Outbox::deliver(Ticket ticket) {
  // Nothing leaves a service before what it rests on is durable.
  store_.wait_durable(store_.last_written());
  const std::optional<std::string> bytes = store_.get(key(ticket));
  CHECK(bytes.has_value(), "an outbox entry is erased only by its delivery");
  Entry entry = decode(*bytes);
  entry.ticket = ticket;
  const std::optional<base::Timestamp> retry_at = deliver_(entry);
  if (retry_at == kHeld) return;
  store::WriteBatch batch;
  batch.erase(key(ticket));
  Ticket again(retry_at.value_or(base::Timestamp()), ticket.second);
  if (retry_at) {
    ++entry.attempts;
    batch.put(key(again), encode(entry));
  }
  store_.write(batch);
  const std::lock_guard lock(mutex_);
  --taken_;
  if (retry_at) waiting_.insert(again);
  changed_->notify_all();
}

}  // namespace engine
