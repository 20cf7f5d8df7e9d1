// Outbox: work that one service owes to another, kept in the store until it is done. A service adds an entry to the
// very batch that changes its own state, so the change and the debt survive a crash together; workers deliver entries
// when they are due and erase them afterwards. Delivery is at least once. Owned by the service that owes; safe from
// any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "store/kv_store.h"

namespace engine {

class Outbox {
 public:
  using Ticket = std::pair<base::Timestamp, uint64_t>;
  struct Entry {
    std::string payload;
    uint64_t attempts;           // deliveries tried before this one
    base::Timestamp created_at;  // when it was added
    Ticket ticket = {};
  };
  // What a delivery came to: nullopt if the entry is finished (delivered, or given up on), else when to try again.
  // kHeld: it was not tried; the entry stays as it is and comes again after resume(), or after the next start.
  static constexpr base::Timestamp kHeld = base::kTimestampMax;
  using Deliver = std::function<std::optional<base::Timestamp>(const Entry&)>;

  // `table` names the entries' place in the store. At most `workers` deliveries run at once. Entries left by an
  // earlier process are delivered after start().
  Outbox(store::KvStore& store, base::Env& env, std::string table, std::size_t workers, Deliver deliver);
  ~Outbox();  // stop()
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Adds an entry, due at `due`, to the caller's batch. After the batch is written, pass the ticket to release().
  Ticket add(store::WriteBatch& batch, base::Timestamp now, base::Timestamp due, std::string_view payload);
  void release(Ticket ticket);
  // Delivers an entry again that was held, or is about to be: at most once for each time.
  void resume(Ticket ticket);

  void start();
  // Waits for running deliveries; what is left stays in the store.
  void stop();
  // Entries not finished yet.
  std::size_t size();

 private:
  void work();
  void deliver(Ticket ticket);
  [[nodiscard]] std::string key(Ticket ticket) const;

  store::KvStore& store_;
  base::Env& env_;
  const std::string table_;
  const std::size_t workers_;
  const Deliver deliver_;
  std::mutex mutex_;
  std::unique_ptr<base::Condition> changed_;
  std::set<Ticket> waiting_;
  std::size_t taken_ = 0;  // being delivered, or held
  uint64_t next_id_ = 1;
  bool stopping_ = false;
  std::vector<std::unique_ptr<base::Task>> tasks_;
};

}  // namespace engine
