#include "engine/record_check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/table.h"
#include "engine/lambda/alias_record.h"
#include "engine/lambda/function_record.h"
#include "engine/lambda/keys.h"
#include "engine/s3/bucket_record.h"
#include "engine/s3/keys.h"
#include "engine/s3/object_record.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/queue_record.h"
#include "store/memory/memory_store.h"

namespace engine {
namespace {

class RecordCheckTest : public testing::Test {
 protected:
  void put(std::string key, std::string value) {
    store::WriteBatch batch;
    batch.put(std::move(key), std::move(value));
    store_->write(batch);
  }
  // What is said of records of a service whose names have `name` in them, one after the other.
  std::string said(const std::string& service, const std::string& name) {
    std::string out;
    for (const BrokenRecord& broken : check_records(*store_).broken) {
      if (broken.service != service || !broken.name.contains(name)) continue;
      EXPECT_FALSE(broken.advice.empty());
      out += (out.empty() ? "" : "; ") + broken.what;
    }
    return out;
  }
  const std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
};

TEST_F(RecordCheckTest, NothingIsWrongWithNothing) {
  EXPECT_TRUE(check_records(*store_).broken.empty());
}

TEST_F(RecordCheckTest, TablesCountTheirRows) {
  dynamodb::Table table;
  table.number = 3;
  table.account = "1";
  table.region = "r";
  table.name = "orders";
  table.schema.hash = "id";
  table.schema.hash_type = "S";
  put(dynamodb::table_key("1", "r", "orders"), table.encode());
  EXPECT_EQ(said("DynamoDB", "orders"), "");
  dynamodb::Stripe stripe;
  stripe.counts[0] = {2, 100};
  put(dynamodb::count_key(3, 0), dynamodb::encode_counts(stripe));
  EXPECT_EQ(said("DynamoDB", "orders"), "counts 2 items and has 0");
  put(dynamodb::rows_from_hash(3, 0, 7), "no item");
  EXPECT_EQ(said("DynamoDB", "orders"), "has 1 items that cannot be read; counts 2 items and has 1");
}

TEST_F(RecordCheckTest, ObjectsHaveTheirBytes) {
  s3::BucketRecord bucket;
  bucket.id = 5;
  bucket.name = "b";
  put(s3::keys::bucket("b"), bucket.encode());
  s3::ObjectRecord object;
  object.segments = {{.chunk_set = 9, .size = 6}, {.chunk_set = 10, .size = 0}};
  object.size = 6;
  put(s3::keys::object(5, "k"), object.encode());
  put(s3::keys::chunk(9, 0), "abcd");
  EXPECT_EQ(said("S3", "b/k"), "is of 6 bytes, of which 4 are there");
  put(s3::keys::chunk(9, 1), "ef");
  EXPECT_EQ(said("S3", "b/k"), "");
  put(s3::keys::object(5, "l"), "\xff");
  EXPECT_EQ(said("S3", "b/l"), "has a record that cannot be read");
}

TEST_F(RecordCheckTest, FunctionsHaveTheirCodeAndAliasesTheirVersions) {
  lambda::FunctionRecord function;
  function.account = "1";
  function.region = "r";
  function.name = "f";
  function.code_id = 4;
  function.code_size = 3;
  put(function.key(), function.encode());
  EXPECT_EQ(said("Lambda", "f, version $LATEST"), "has a package of 3 bytes, of which 0 are there");
  put(lambda::keys::code_chunk(4, 0), "zip");
  EXPECT_EQ(said("Lambda", "f"), "");
  lambda::AliasRecord alias;
  alias.account = "1";
  alias.region = "r";
  alias.function_name = "f";
  alias.name = "live";
  alias.version = "2";
  put(alias.key(), alias.encode());
  EXPECT_EQ(said("Lambda", "live"), "leads to version 2, which is not there");
  function.version = "2";
  put(function.key(), function.encode());
  EXPECT_EQ(said("Lambda", "live"), "");
}

TEST_F(RecordCheckTest, MessagesCanBeRead) {
  sqs::QueueRecord queue;
  queue.id = 8;
  queue.account = "1";
  queue.region = "r";
  queue.name = "q";
  put(sqs::keys::queue("1", "r", "q"), queue.encode());
  EXPECT_EQ(said("SQS", "q"), "");
  put(sqs::keys::message(8, 1), "\xff");
  EXPECT_EQ(said("SQS", "q"), "has 1 messages that cannot be read");
}

}  // namespace
}  // namespace engine
