#include "cli/machine_limit.h"

#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <vector>

#include "pipeline/transaction.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {
namespace {

constexpr std::size_t kWriters = 2;       // one per core of the machine the mark is set for
constexpr std::size_t kGroupOrders = 64;  // inserted before a writer waits for the sync they share

// One writer's share: every kWriters-th order.
void insert(store::KvStore& store, std::mutex& mutex, const std::vector<std::string>& orders, std::size_t first) {
  store::CommitSequence last = 0;
  std::size_t group = 0;
  for (std::size_t i = first; i < orders.size(); i += kWriters) {
    const auto order = pipeline::parse_transaction(orders[i]);
    if (!order.has_value()) continue;
    std::string key = "order/" + order->transaction_id;
    {
      const std::lock_guard lock(mutex);  // read, check and write are one step
      if (store.get(key).has_value()) continue;
      store::WriteBatch batch;
      batch.put(std::move(key), order->amount.to_string() + "\n" + order->item + "\n" + order->payload_sha256);
      last = store.write(batch);
    }
    if (++group % kGroupOrders == 0) store.wait_durable(last);
  }
  store.wait_durable(last);
}

}  // namespace

std::expected<double, std::string> machine_limit(base::Env& env, const std::string& file,
                                                 const std::string& directory) {
  std::vector<std::string> orders;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) orders.push_back(std::move(line));
  store::RocksDbOptions options;
  options.directory = directory;
  auto opened = store::open_rocksdb_store(options, env);
  if (!opened.has_value()) return std::unexpected(opened.error().message);
  std::mutex mutex;
  const base::Timestamp begun = env.clock.now();
  {
    std::vector<std::unique_ptr<base::Task>> writers;
    for (std::size_t i = 0; i < kWriters; ++i)
      writers.push_back(env.executor.spawn("limit", [&, i] { insert(**opened, mutex, orders, i); }));
  }
  const double seconds = std::chrono::duration<double>(env.clock.now() - begun).count();
  return static_cast<double>(orders.size()) / seconds;
}

}  // namespace cli
