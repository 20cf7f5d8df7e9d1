#include "engine/lambda/service.h"

#include <utility>

#include "base/check.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/keys.h"
#include "engine/record.h"

namespace engine::lambda {

LambdaService::LambdaService(store::KvStore& store, base::Env& env, runtime::FunctionHost& host, aws::sqs::Sqs& sqs,
                             aws::sts::Sts& sts, aws::logs::Logs& logs, LambdaOptions options)
    : store_(store),
      env_(env),
      host_(host),
      sqs_(sqs),
      sts_(sts),
      options_(std::move(options)),
      logs_(env, logs),
      pool_(env, options_.instances_max, options_.busy_wait,
            [this](const std::shared_ptr<Runnable>& runnable) { return start_instance(runnable); }),
      janitor_wanted_(env.executor.make_condition()),
      async_(store, env, std::string(keys::kAsyncTable), options_.async_workers,
             [this](const Outbox::Entry& entry) { return deliver(entry); }) {
  host_.remove_code(options_.code_directory);  // of functions that an earlier process may have left unpacked
  load();
}

LambdaService::~LambdaService() {
  stop();
}

void LambdaService::load() {
  if (const auto row = store_.get(keys::kNextIdKey)) {
    for (RecordReader reader(*row); reader.next();) next_id_ = reader.number();
  }
  std::string prefix = store::KeyWriter(keys::kFunctionTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    auto record = FunctionRecord::decode(cursor->value());
    CHECK(record.has_value(), "a row of Lambda in the store is damaged");
    auto code = std::make_shared<Code>(store_, host_, record->code_id, options_.code_directory);
    Function function{std::make_shared<const FunctionRecord>(*record), make_runnable(*record, std::move(code))};
    pool_.set_current(record->id, function.runnable);
    functions_.emplace(std::string(cursor->key()), std::move(function));
  }
  prefix = store::KeyWriter(keys::kMappingTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    auto record = MappingRecord::decode(cursor->value());
    CHECK(record.has_value(), "a row of Lambda in the store is damaged");
    mappings_.emplace(std::string(cursor->key()), Mapping{std::move(*record), nullptr});
  }
}

void LambdaService::set_endpoint(std::string url) {
  const std::lock_guard lock(mutex_);
  endpoint_ = std::move(url);
}

void LambdaService::start() {
  logs_.start();
  pool_.start();
  async_.start();
  janitor_ = env_.executor.spawn("lambda-janitor", [this] { janitor(); });
  const std::lock_guard lock(mutex_);
  started_ = true;
  for (auto& [key, mapping] : mappings_) start_poller(mapping);
}

void LambdaService::stop() {
  std::vector<std::unique_ptr<QueuePoller>> pollers;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& [key, mapping] : mappings_) retire_poller(mapping);
    janitor_wanted_->notify_all();
  }
  pool_.begin_stop();
  async_.stop();
  janitor_.reset();
  {
    const std::lock_guard lock(mutex_);
    pollers.swap(retired_pollers_);
  }
  pollers.clear();
  pool_.stop();
  logs_.stop();
}

std::size_t LambdaService::async_pending() {
  return async_.size();
}

// Ends the pollers of mappings that were changed or deleted, which takes up to a poll of the queue.
void LambdaService::janitor() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (retired_pollers_.empty()) {
      env_.executor.wait_until(lock, *janitor_wanted_, base::kTimestampMax);
      continue;
    }
    auto ended = std::exchange(retired_pollers_, {});
    lock.unlock();
    ended.clear();
    lock.lock();
  }
}

base::Result<std::string> LambdaService::resolve(const aws::Context& context, const std::optional<std::string>& name,
                                                 const std::optional<std::string>& qualifier,
                                                 std::string_view action) const {
  return resolve_function_name(context, name, qualifier, action);
}

base::Result<LambdaService::Function> LambdaService::find(const aws::Context& context,
                                                          const std::optional<std::string>& name,
                                                          const std::optional<std::string>& qualifier,
                                                          std::string_view action) {
  TRY_ASSIGN(const std::string resolved, resolve(context, name, qualifier, action));
  const std::lock_guard lock(mutex_);
  const auto found = functions_.find(keys::function(context.account, context.region, resolved));
  if (found == functions_.end()) {
    return base::fail(
        function_not_found(context, resolved, qualifier ? std::string_view(*qualifier) : std::string_view()));
  }
  return found->second;
}

base::Result<LambdaService::Directory::iterator> LambdaService::find_entry(const aws::Context& context,
                                                                           const std::string& name) {
  const auto found = functions_.find(keys::function(context.account, context.region, name));
  if (found == functions_.end()) return base::fail(function_not_found(context, name));
  return found;
}

void LambdaService::replace_record(Directory::iterator entry, FunctionRecord record) {
  store::WriteBatch batch;
  batch.put(entry->first, record.encode());
  store_.write(batch);
  entry->second.record = std::make_shared<const FunctionRecord>(std::move(record));
}

void LambdaService::replace_runnable(Directory::iterator entry, FunctionRecord record, std::shared_ptr<Code> code,
                                     store::WriteBatch batch) {
  batch.put(entry->first, record.encode());
  store_.write(batch);
  entry->second.runnable = make_runnable(record, std::move(code));
  entry->second.record = std::make_shared<const FunctionRecord>(std::move(record));
  pool_.set_current(entry->second.record->id, entry->second.runnable);
}

std::shared_ptr<Runnable> LambdaService::make_runnable(const FunctionRecord& record, std::shared_ptr<Code> code) {
  auto runnable = std::make_shared<Runnable>();
  runnable->record = std::make_shared<const FunctionRecord>(record);
  runnable->code = std::move(code);
  return runnable;
}

uint64_t LambdaService::take_id(store::WriteBatch& batch) {
  const uint64_t id = next_id_++;
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
  return id;
}

}  // namespace engine::lambda
