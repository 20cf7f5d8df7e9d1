#include "engine/record_check.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "engine/dynamodb/item_codec.h"
#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/table.h"
#include "engine/lambda/alias_record.h"
#include "engine/lambda/function_record.h"
#include "engine/lambda/keys.h"
#include "engine/s3/bucket_record.h"
#include "engine/s3/keys.h"
#include "engine/s3/object_record.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/message.h"
#include "engine/sqs/queue_record.h"
#include "store/key.h"

namespace engine {
namespace {

constexpr std::string_view kFromBackup = "Restore a backup (till restore) and take it from there";

class Checker {
 public:
  explicit Checker(store::KvStore& store) : store_(store) {}

  void check_tables();
  void check_objects();
  void check_functions();
  void check_queues();
  [[nodiscard]] RecordCheck take() { return std::move(out_); }

 private:
  void add(std::string service, std::string name, std::string what, std::string_view advice = kFromBackup) {
    if (out_.broken.size() == kBrokenMax) {
      ++out_.more;
      return;
    }
    out_.broken.push_back({std::move(service), std::move(name), std::move(what), std::string(advice)});
  }
  // Calls `each` for every row whose key begins with `prefix`.
  template <class Each>
  void scan(const std::string& prefix, const Each& each) {
    for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
      ++out_.records;
      each(cursor->key(), cursor->value());
    }
  }
  uint64_t bytes_under(const std::string& prefix) {
    uint64_t sum = 0;
    scan(prefix, [&](std::string_view, std::string_view value) { sum += value.size(); });
    return sum;
  }
  void check_rows(dynamodb::Table& table, uint32_t index, const std::string& name);
  void check_code(const lambda::FunctionRecord& function);

  store::KvStore& store_;
  RecordCheck out_;
};

void Checker::check_tables() {
  scan(dynamodb::all_tables_prefix(), [this](std::string_view, std::string_view value) {
    dynamodb::Table table;
    if (!table.decode(value)) return add("DynamoDB", "a table", "has a definition that cannot be read");
    const std::string name = "table " + table.name;
    bool counts_are_whole = true;
    scan(dynamodb::count_prefix(table.number), [&](std::string_view key, std::string_view counts) {
      store::KeyReader reader(key, "dynamodb/count");
      uint64_t number = 0;
      uint64_t stripe = 0;
      counts_are_whole = counts_are_whole && reader.number(number) && reader.number(stripe) &&
                         stripe < dynamodb::kStripesPerTable && dynamodb::decode_counts(counts, table.stripes[stripe]);
    });
    if (!counts_are_whole) return add("DynamoDB", name, "has item counts that cannot be read");
    check_rows(table, 0, name);
    for (const dynamodb::Index& index : table.indexes)
      if (!index.filling) check_rows(table, index.number, name + ", index " + index.name);
  });
}

void Checker::check_rows(dynamodb::Table& table, uint32_t index, const std::string& name) {
  int64_t rows = 0;
  int64_t unreadable = 0;
  scan(dynamodb::rows_prefix(table.number, index), [&](std::string_view, std::string_view value) {
    ++rows;
    if (index == 0 && !dynamodb::decode_item(value).has_value()) ++unreadable;
  });
  if (unreadable > 0) add("DynamoDB", name, fmt::format("has {} items that cannot be read", unreadable));
  const int64_t counted = table.count(index).items;
  if (counted != rows)
    add("DynamoDB", name, fmt::format("counts {} items and has {}", counted, rows),
        "The items are as they are; if the count is the larger one, compare them with a backup (till restore)");
}

void Checker::check_objects() {
  std::map<uint64_t, std::string> buckets;
  scan(store::KeyWriter(s3::keys::kBucketTable).take(), [&](std::string_view, std::string_view value) {
    const auto bucket = s3::BucketRecord::decode(value);
    if (!bucket.has_value()) return add("S3", "a bucket", "has a record that cannot be read");
    buckets[bucket->id] = bucket->name;
  });
  for (const auto& [id, bucket] : buckets) {
    const std::string prefix = s3::keys::rows(s3::keys::kObjectTable, id);
    scan(prefix, [&](std::string_view key, std::string_view value) {
      const std::string name = fmt::format("object {}/{}", bucket, key.substr(prefix.size()));
      const auto object = s3::ObjectRecord::decode(value);
      if (!object.has_value()) return add("S3", name, "has a record that cannot be read");
      uint64_t found = 0;
      for (const s3::Segment& segment : object->segments)
        if (segment.size > 0) found += bytes_under(s3::keys::rows(s3::keys::kChunkTable, segment.chunk_set));
      if (found != object->size)
        add("S3", name, fmt::format("is of {} bytes, of which {} are there", object->size, found));
    });
  }
}

void Checker::check_code(const lambda::FunctionRecord& function) {
  const uint64_t found = bytes_under(lambda::keys::code(function.code_id));
  if (found == function.code_size) return;
  add("Lambda", fmt::format("function {}, version {}", function.name, function.version),
      fmt::format("has a package of {} bytes, of which {} are there", function.code_size, found),
      "Deploy it again (till deploy, UpdateFunctionCode)");
}

void Checker::check_functions() {
  std::set<std::string> versions;  // account, region, name and version, each on a line
  const auto line = [](const auto& record, const std::string& name, const std::string& version) {
    return fmt::format("{}\n{}\n{}\n{}", record.account, record.region, name, version);
  };
  for (const std::string_view table : {lambda::keys::kFunctionTable, lambda::keys::kVersionTable}) {
    scan(store::KeyWriter(table).take(), [&](std::string_view, std::string_view value) {
      const auto function = lambda::FunctionRecord::decode(value);
      if (!function.has_value()) return add("Lambda", "a function", "has a record that cannot be read");
      versions.insert(line(*function, function->name, function->version));
      check_code(*function);
    });
  }
  scan(store::KeyWriter(lambda::keys::kAliasTable).take(), [&](std::string_view, std::string_view value) {
    const auto alias = lambda::AliasRecord::decode(value);
    if (!alias.has_value()) return add("Lambda", "an alias", "has a record that cannot be read");
    for (const std::string& version : {alias->version, alias->additional_version})
      if (!version.empty() && !versions.contains(line(*alias, alias->function_name, version)))
        add("Lambda", fmt::format("alias {} of {}", alias->name, alias->function_name),
            fmt::format("leads to version {}, which is not there", version),
            "Give it a version that is there (UpdateAlias)");
  });
}

void Checker::check_queues() {
  scan(store::KeyWriter(sqs::keys::kQueueTable).take(), [&](std::string_view, std::string_view value) {
    const auto queue = sqs::QueueRecord::decode(value);
    if (!queue.has_value()) return add("SQS", "a queue", "has a record that cannot be read");
    uint64_t unreadable = 0;
    scan(sqs::keys::queue_rows(sqs::keys::kMessageTable, queue->id), [&](std::string_view, std::string_view message) {
      if (!sqs::StoredMessage::decode(message).has_value()) ++unreadable;
    });
    if (unreadable > 0)
      add("SQS", "queue " + queue->name, fmt::format("has {} messages that cannot be read", unreadable));
  });
}

}  // namespace

RecordCheck check_records(store::KvStore& store) {
  Checker checker(store);
  checker.check_tables();
  checker.check_objects();
  checker.check_functions();
  checker.check_queues();
  return checker.take();
}

}  // namespace engine
