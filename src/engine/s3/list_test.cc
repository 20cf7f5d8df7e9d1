// Lists against a model that rolls up a std::map by brute force.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/s3/keys.h"
#include "engine/s3/listing.h"
#include "engine/s3/test_service.h"

namespace engine::s3 {
namespace {

using ListTest = TestService;

// Every key and common prefix in order, as pages of any size must show them.
std::vector<std::string> model(const std::set<std::string>& keys, const std::string& prefix,
                               const std::string& delimiter, const std::string& after) {
  std::vector<std::string> out;
  for (const std::string& key : keys) {
    if (!key.starts_with(prefix)) continue;
    const std::size_t at = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
    const std::string item = at == std::string::npos ? key : "P:" + key.substr(0, at + delimiter.size());
    if ((at == std::string::npos ? item : item.substr(2)) <= after) continue;
    if (out.empty() || out.back() != item) out.push_back(item);
  }
  return out;
}

std::vector<std::string> items(const aws::s3::ListObjectsV2Output& page) {
  std::map<std::string, std::string> merged;
  if (page.contents)
    for (const auto& object : *page.contents) merged[*object.key] = *object.key;
  if (page.common_prefixes)
    for (const auto& prefix : *page.common_prefixes) merged[*prefix.prefix] = "P:" + *prefix.prefix;
  std::vector<std::string> out;
  for (auto& [key, item] : merged) out.push_back(item);
  return out;
}

TEST_F(ListTest, AgreesWithTheModel) {
  create_bucket();
  std::set<std::string> keys;
  std::size_t items_seen = 0;
  const std::string letters[] = {"a", "b", "/", "//", "é", "\xf0\x9f\x98\x80", " ", "z"};
  for (int i = 0; i < 150; ++i) {
    std::string key;
    for (uint64_t n = 1 + base::random_below(manual.random, 5); n > 0; --n)
      key += letters[base::random_below(manual.random, 8)];
    if (keys.insert(key).second) put(key, "");
  }
  for (const std::string prefix : {"", "a", "a/", "/", "é", "none"}) {
    for (const std::string delimiter : {"", "/", "b", "//"}) {
      for (const std::string after : {"", "a", "a/", "a/b", "z", "\xff"}) {
        for (const int32_t limit : {1, 2, 7, 1'000}) {
          aws::s3::ListObjectsV2Request in;
          in.bucket = "bucket";
          in.prefix = prefix;
          in.delimiter = delimiter;
          in.start_after = after;
          in.max_keys = limit;
          std::vector<std::string> all;
          for (int pages = 0; pages < 500; ++pages) {
            const auto page = call(&S3Service::list_objects_v2, in);
            ASSERT_TRUE(page) << page.error().message;
            const auto some = items(*page);
            EXPECT_EQ(page->key_count, static_cast<int32_t>(some.size()));
            ASSERT_LE(some.size(), static_cast<std::size_t>(limit));
            items_seen += some.size();
            all.insert(all.end(), some.begin(), some.end());
            EXPECT_EQ(*page->is_truncated, page->next_continuation_token.has_value());
            in.continuation_token = page->next_continuation_token;
            if (!in.continuation_token) break;
          }
          ASSERT_EQ(all, model(keys, prefix, delimiter, after))
              << prefix << "|" << delimiter << "|" << after << "|" << limit;
        }
      }
    }
  }
  EXPECT_GT(items_seen, 5'000U);
}

TEST_F(ListTest, Members) {
  create_bucket();
  for (const char* key : {"a b/1=", "a b/2", "c"}) put(key, "x");
  aws::s3::ListObjectsRequest v1;
  v1.bucket = "bucket";
  v1.encoding_type = "url";
  v1.delimiter = "/";
  v1.max_keys = 1;
  const auto one = call(&S3Service::list_objects, v1);
  EXPECT_EQ(one->common_prefixes->front().prefix, "a+b/");
  EXPECT_EQ(one->next_marker, "a+b/");
  EXPECT_EQ(one->marker, "");
  EXPECT_EQ(one->prefix, "");
  EXPECT_FALSE(one->contents);
  v1.marker = "a b/";
  const auto two = call(&S3Service::list_objects, v1);
  EXPECT_EQ(two->contents->front().key, "c");
  EXPECT_EQ(two->contents->front().owner->id->size(), 64U);
  EXPECT_FALSE(*two->is_truncated);
  EXPECT_FALSE(two->next_marker);
  v1.marker = "a b/";
  v1.delimiter.reset();
  EXPECT_EQ(call(&S3Service::list_objects, v1)->contents->front().key, "a+b/1%3D");

  aws::s3::ListObjectsV2Request v2;
  v2.bucket = "bucket";
  v2.max_keys = 0;
  const auto none = call(&S3Service::list_objects_v2, v2);
  EXPECT_EQ(none->key_count, 0);
  EXPECT_FALSE(*none->is_truncated);
  v2.max_keys = 5'000;
  EXPECT_EQ(call(&S3Service::list_objects_v2, v2)->max_keys, 1'000);
  EXPECT_FALSE(call(&S3Service::list_objects_v2, v2)->contents->front().owner);
  EXPECT_EQ(call(&S3Service::list_objects_v2, v2)->contents->front().checksum_algorithm->front(), "CRC64NVME");
  v2.max_keys = -1;
  EXPECT_EQ(code_of(call(&S3Service::list_objects_v2, v2)), "InvalidArgument");
  v2.max_keys.reset();
  v2.encoding_type = "x";
  EXPECT_EQ(code_of(call(&S3Service::list_objects_v2, v2)), "InvalidArgument");
  v2.encoding_type.reset();
  v2.continuation_token = "bogus";
  const auto bad = call(&S3Service::list_objects_v2, v2);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message, "The continuation token provided is incorrect");
}

// A store that counts the rows that somebody walks over.
class CountingStore final : public store::KvStore {
 public:
  explicit CountingStore(store::KvStore& store) : store_(store) {}
  std::optional<std::string> get(std::string_view key) override { return store_.get(key); }
  std::unique_ptr<store::Cursor> scan(std::string_view begin, std::string_view end, Direction direction) override {
    return std::make_unique<Counter>(store_.scan(begin, end, direction), rows);
  }
  store::CommitSequence write(const store::WriteBatch& batch) override { return store_.write(batch); }
  store::CommitSequence last_written() override { return store_.last_written(); }
  store::CommitSequence durable() override { return store_.durable(); }
  void wait_durable(store::CommitSequence sequence) override { store_.wait_durable(sequence); }
  void when_durable(store::CommitSequence sequence, std::function<void()> done) override {
    store_.when_durable(sequence, std::move(done));
  }
  std::size_t rows = 0;

 private:
  struct Counter final : store::Cursor {
    Counter(std::unique_ptr<store::Cursor> of, std::size_t& rows_seen) : cursor(std::move(of)), rows(++rows_seen) {}
    [[nodiscard]] bool valid() const override { return cursor->valid(); }
    [[nodiscard]] std::string_view key() const override { return cursor->key(); }
    [[nodiscard]] std::string_view value() const override { return cursor->value(); }
    void next() override {
      ++rows;
      cursor->next();
    }
    std::unique_ptr<store::Cursor> cursor;
    std::size_t& rows;
  };
  store::KvStore& store_;
};

// However many keys lie under a common prefix, or before or behind a page, only what is shown is walked over.
TEST_F(ListTest, APageCostsWhatItShows) {
  const std::string object = ObjectRecord().encode();
  store::WriteBatch batch;
  for (int i = 0; i < 100'001; ++i) batch.put(keys::object(1, "dir/" + std::to_string(i)), object);
  for (const char* key : {"a", "dir0", "z/1"}) batch.put(keys::object(1, key), object);
  kv->write(batch);
  CountingStore counting(*kv);
  const auto page = [&](ListQuery query) {
    counting.rows = 0;
    return list_keys(counting, keys::rows(keys::kObjectTable, 1), query, [](std::string_view, std::string_view) {});
  };
  const ListResult tops = page({.prefix = "", .delimiter = "/", .after = "", .entries_max = 1'000});
  EXPECT_EQ(tops.count, 4U);
  EXPECT_LE(counting.rows, 10U);
  EXPECT_FALSE(page({.prefix = "", .delimiter = "/", .after = "dir/", .entries_max = 1'000}).truncated);
  EXPECT_LE(counting.rows, 10U);
  EXPECT_EQ(page({.prefix = "dir/", .delimiter = "/", .after = "dir/5", .entries_max = 100}).count, 100U);
  EXPECT_LE(counting.rows, 110U);
}

TEST_F(ListTest, APageOfUploadsToo) {
  create_bucket();
  const std::string bucket_begin = store::KeyWriter(keys::kBucketTable).take();
  const auto bucket = BucketRecord::decode(kv->scan(bucket_begin, store::prefix_end(bucket_begin))->value());
  store::WriteBatch batch;
  const std::string upload = UploadRecord().encode();
  for (int i = 0; i < 20'000; ++i) batch.put(keys::upload(bucket->id, "dir/" + std::to_string(i), "id"), upload);
  batch.put(keys::upload(bucket->id, "z", "id"), upload);
  kv->write(batch);
  CountingStore counting(*kv);
  S3Service service(counting, manual.env, lambda, sqs, sns);
  aws::s3::ListMultipartUploadsRequest in;
  in.bucket = "bucket";
  const auto rows_of_page = [&] {
    counting.rows = 0;
    aws::Context c = context();
    const auto page = service.list_multipart_uploads(c, in);
    EXPECT_TRUE(page) << page.error().message;
    return counting.rows;
  };
  in.delimiter = "/";
  EXPECT_LE(rows_of_page(), 10U);
  in.delimiter.reset();
  in.prefix = "z";
  EXPECT_LE(rows_of_page(), 10U);
}

}  // namespace
}  // namespace engine::s3
