// What a crash between two batches of one operation leaves behind.
#include <gtest/gtest.h>

#include "base/manual/manual_env.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/test_values.h"
#include "store/memory/memory_store.h"

namespace engine::dynamodb {
namespace {

// Keeps what a disk would hold if the process died after so many batches.
class DyingStore final : public store::KvStore {
 public:
  std::optional<std::string> get(std::string_view key) override { return memory_->get(key); }
  std::unique_ptr<store::Cursor> scan(std::string_view begin, std::string_view end, Direction direction) override {
    return memory_->scan(begin, end, direction);
  }
  store::CommitSequence write(const store::WriteBatch& batch) override {
    if (batches_left > 0) disk->write(batch);
    batches_left -= batches_left > 0 ? 1 : 0;
    ++batches_written;
    return memory_->write(batch);
  }
  store::CommitSequence last_written() override { return memory_->last_written(); }
  store::CommitSequence durable() override { return memory_->durable(); }
  void wait_durable(store::CommitSequence sequence) override { memory_->wait_durable(sequence); }
  void when_durable(store::CommitSequence sequence, std::function<void()> done) override {
    memory_->when_durable(sequence, std::move(done));
  }

  const std::unique_ptr<store::KvStore> disk = store::make_memory_store();
  std::size_t batches_left = SIZE_MAX;
  std::size_t batches_written = 0;

 private:
  const std::unique_ptr<store::KvStore> memory_ = store::make_memory_store();
};

wire::UpdateTableInput index_and_throughput() {
  wire::UpdateTableInput in;
  in.table_name = "tab";
  in.attribute_definitions.emplace().push_back({"g", "S"});
  in.provisioned_throughput = {.read_capacity_units = 7, .write_capacity_units = 7};
  auto& index = in.global_secondary_index_updates.emplace().emplace_back().create.emplace();
  index.index_name = "byg";
  index.key_schema.emplace().push_back({"g", "HASH"});
  index.projection.emplace().projection_type = "ALL";
  index.provisioned_throughput = {.read_capacity_units = 3, .write_capacity_units = 3};
  return in;
}

constexpr int kItems = 70;  // three pages of the fill

// The table as the next process finds it after a death that many batches into the update and the fill of the index, and
// what these wrote.
struct Found {
  wire::TableDescription before;
  wire::TableDescription after;
  std::size_t batches = 0;
};

Found die_in_update(std::size_t batches) {
  base::ManualEnv env;
  DyingStore store;
  aws::Context context;
  context.now = env.clock.now();
  context.account = "123456789012";
  context.region = "eu-west-1";
  DynamoDbService service(store, env.env);
  wire::CreateTableInput create;
  create.table_name = "tab";
  create.attribute_definitions.emplace().push_back({"p", "S"});
  create.key_schema.emplace().push_back({"p", "HASH"});
  create.provisioned_throughput = {.read_capacity_units = 5, .write_capacity_units = 1000};
  EXPECT_TRUE(service.create_table(context, create));
  for (int i = 0; i < kItems; ++i) {
    wire::PutItemInput put;
    put.table_name = "tab";
    put.item = Item{{"p", S(std::to_string(i))}, {"g", S("x")}};
    EXPECT_TRUE(service.put_item(context, put));
  }
  wire::DescribeTableInput describe;
  describe.table_name = "tab";
  Found out;
  out.before = *service.describe_table(context, describe)->table;
  store.batches_left = batches;
  store.batches_written = 0;
  const auto updated = service.update_table(context, index_and_throughput());
  EXPECT_TRUE(updated) << updated.error().message;
  while (service.fill_step()) continue;
  out.batches = store.batches_written;
  DynamoDbService next(*store.disk, env.env);
  out.after = *next.describe_table(context, describe)->table;
  EXPECT_TRUE(out.after.global_secondary_indexes || next.update_table(context, index_and_throughput()))
      << "what was not begun can be done again";
  while (next.fill_step()) continue;
  wire::QueryInput query;
  query.table_name = "tab";
  query.index_name = "byg";
  query.key_condition_expression = "g = :g";
  query.expression_attribute_values = Item{{":g", S("x")}};
  query.select = "COUNT";
  const auto found = next.query(context, query);
  EXPECT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->count, kItems);
  EXPECT_EQ(next.describe_table(context, describe)->table->global_secondary_indexes->at(0).item_count, kItems);
  return out;
}

TEST(DynamoDbCrashTest, AnUpdateOfATableTakesEffectAsAWholeOrNotAtAll) {
  const std::size_t all = die_in_update(SIZE_MAX).batches;
  ASSERT_GT(all, std::size_t{kItems}) << "the index is filled in several batches";
  for (std::size_t batches = 0; batches <= all; batches += batches < 4 ? 1 : 11) {
    const Found found = die_in_update(batches);
    const bool done = batches > 0;  // the definition is the first, and the fill goes on in the next process
    EXPECT_EQ(found.after.attribute_definitions->size(), done ? 2U : 1U) << batches;
    EXPECT_EQ(found.after.provisioned_throughput->read_capacity_units, done ? 7 : 5) << batches;
    EXPECT_EQ(found.after.global_secondary_indexes.has_value(), done) << batches;
    EXPECT_EQ(found.after.item_count, found.before.item_count) << batches;
  }
}

}  // namespace
}  // namespace engine::dynamodb
