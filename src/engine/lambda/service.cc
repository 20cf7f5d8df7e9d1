#include "engine/lambda/service.h"

#include <set>
#include <utility>

#include "engine/lambda/keys.h"
#include "engine/record.h"

namespace engine::lambda {

using namespace aws::lambda;

namespace {

// Rows are only ever written by this service, so one that does not read means that the disk lies.
void check_row(bool ok) {
  store::require_intact(ok, "a row of Lambda");
}

template <class Record>
Record decode_row(std::string_view bytes) {
  auto record = Record::decode(bytes);
  check_row(record.has_value());
  return std::move(*record);
}

std::shared_ptr<Runnable> make_runnable(std::shared_ptr<const FunctionRecord> record, std::shared_ptr<Code> code) {
  auto runnable = std::make_shared<Runnable>();
  runnable->record = std::move(record);
  runnable->code = std::move(code);
  return runnable;
}

}  // namespace

LambdaService::LambdaService(store::KvStore& store, base::Env& env, runtime::FunctionHost& host, aws::sqs::Sqs& sqs,
                             aws::sts::Sts& sts, aws::logs::Logs& logs, LambdaOptions options)
    : store_(store),
      env_(env),
      host_(host),
      sts_(sts),
      options_(std::move(options)),
      code_links_(env.random),
      logs_(env, logs),
      starter_(env, host, sts, logs_),
      pool_(env, options_.instances_max, options_.busy_wait,
            [this](const std::shared_ptr<Runnable>& runnable) { return starter_.start(runnable); }),
      invoker_(env, pool_, options_.metrics),
      destinations_(env, sqs, sts, options_.role_may),
      async_(store, env, options_.async_workers, *this, destinations_),
      mappings_(store, env, options_.polled != nullptr ? *options_.polled : sqs, *this, options_.lenient) {
  destinations_.set_lambda(this);
  load();
}

LambdaService::~LambdaService() {
  stop();
}

void LambdaService::load() {
  if (const auto row = store_.get(keys::kNextIdKey)) {
    RecordReader reader(*row);
    while (reader.next()) next_id_ = reader.number();
    check_row(reader.ok());
  }
  std::map<uint64_t, std::shared_ptr<Code>> codes;  // versions share theirs
  const std::string prefix = store::KeyWriter(keys::kFunctionTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    const auto record = std::make_shared<const FunctionRecord>(decode_row<FunctionRecord>(cursor->value()));
    auto& code = codes[record->code_id];
    if (!code) code = code_of(record->code_id);
    FunctionEntry entry;
    entry.latest = {record, make_runnable(record, code)};
    pool_.set_current(entry.latest.runnable);
    functions_.emplace(std::string(cursor->key()), std::move(entry));
  }
  load_versions(codes);
  std::set<uint64_t> used;
  for (const auto& [id, code] : codes) used.insert(id);
  Code::erase_unused(store_, used);
}

void LambdaService::load_versions(std::map<uint64_t, std::shared_ptr<Code>>& codes) {
  const auto each = [&](std::string_view table, const auto& take) {
    const std::string prefix = store::KeyWriter(table).take();
    for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
      take(cursor->value());
    }
  };
  const auto entry_of = [&](const auto& record, const std::string& name) -> FunctionEntry& {
    const auto found = functions_.find(keys::function(record.account, record.region, name));
    check_row(found != functions_.end());
    return found->second;
  };
  each(keys::kVersionTable, [&](std::string_view row) {
    const auto record = std::make_shared<const FunctionRecord>(decode_row<FunctionRecord>(row));
    auto& code = codes[record->code_id];
    if (!code) code = code_of(record->code_id);
    const auto number = version_number(record->version);
    check_row(number.has_value());
    const auto runnable = make_runnable(record, code);
    pool_.set_current(runnable);
    entry_of(*record, record->name).versions[*number] = {record, runnable};
  });
  each(keys::kAliasTable, [&](std::string_view row) {
    const auto record = std::make_shared<const AliasRecord>(decode_row<AliasRecord>(row));
    entry_of(*record, record->function_name).aliases[record->name] = record;
  });
  each(keys::kEventInvokeTable, [&](std::string_view row) {
    auto record = decode_row<EventInvokeRecord>(row);
    FunctionEntry& entry = entry_of(record, record.function_name);
    const std::string qualifier = record.qualifier;
    entry.event_invoke[qualifier] = std::move(record);
  });
  each(keys::kFunctionUrlTable, [&](std::string_view row) {
    auto record = decode_row<FunctionUrlRecord>(row);
    FunctionEntry& entry = entry_of(record, record.function_name);
    const std::string alias = record.alias;
    url_owners_[record.url_id] = {keys::function(record.account, record.region, record.function_name), alias};
    entry.urls[alias] = std::move(record);
  });
}

void LambdaService::start() {
  logs_.start();
  pool_.start();
  async_.start();
  mappings_.start();
}

void LambdaService::stop() {
  mappings_.request_stop();
  pool_.begin_stop();
  async_.stop();
  mappings_.stop();
  invoker_.await_idle();
  pool_.stop();
  logs_.stop();
}

std::size_t LambdaService::async_pending() {
  return async_.size();
}

base::Result<Function> LambdaService::find(const Context& context, const Name& name, const Name& qualifier,
                                           std::string_view action) {
  TRY_ASSIGN(const FunctionName resolved, resolve_function_name(context, name, qualifier, action));
  const std::lock_guard lock(mutex_);
  const auto found = functions_.find(keys::function(context.account, context.region, resolved.name));
  if (found != functions_.end()) {
    if (auto function = found->second.select(resolved.qualifier, env_.random)) return std::move(*function);
  }
  return base::fail(function_not_found(context, resolved.name, resolved.qualifier));
}

base::Result<LambdaService::Directory::iterator> LambdaService::find_entry(const Context& context,
                                                                           const std::string& name) {
  const auto found = functions_.find(keys::function(context.account, context.region, name));
  if (found == functions_.end()) return base::fail(function_not_found(context, name));
  return found;
}

void LambdaService::replace_record(FunctionEntry& entry, FunctionRecord record) {
  store::WriteBatch batch;
  batch.put(record.key(), record.encode());
  store_.write(batch);
  entry.latest.record = std::make_shared<const FunctionRecord>(std::move(record));
}

void LambdaService::replace_runnable(FunctionEntry& entry, FunctionRecord record, std::shared_ptr<Code> code,
                                     store::WriteBatch& batch) {
  batch.put(record.key(), record.encode());
  entry.latest.record = std::make_shared<const FunctionRecord>(std::move(record));
  entry.latest.runnable = make_runnable(entry.latest.record, std::move(code));
  pool_.set_current(entry.latest.runnable);
}

std::shared_ptr<Code> LambdaService::code_of(uint64_t id) {
  return std::make_shared<Code>(store_, host_, id, options_.code_directory);
}

uint64_t LambdaService::take_id(store::WriteBatch& batch) {
  const uint64_t id = next_id_++;
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
  return id;
}

base::Result<EventSourceMappingConfiguration> LambdaService::create_event_source_mapping(
    Context& context, CreateEventSourceMappingRequest in) {
  return mappings_.create(context, std::move(in));
}
base::Result<EventSourceMappingConfiguration> LambdaService::get_event_source_mapping(Context& context,
                                                                                      GetEventSourceMappingRequest in) {
  return mappings_.get(context, std::move(in));
}
base::Result<ListEventSourceMappingsResponse> LambdaService::list_event_source_mappings(
    Context& context, ListEventSourceMappingsRequest in) {
  return mappings_.list(context, std::move(in));
}
base::Result<EventSourceMappingConfiguration> LambdaService::update_event_source_mapping(
    Context& context, UpdateEventSourceMappingRequest in) {
  return mappings_.update(context, std::move(in));
}
base::Result<EventSourceMappingConfiguration> LambdaService::delete_event_source_mapping(
    Context& context, DeleteEventSourceMappingRequest in) {
  return mappings_.remove(context, std::move(in));
}

}  // namespace engine::lambda
