// Buckets and objects through the aws:: interface.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/test_service.h"

namespace engine::s3 {
namespace {

using ObjectTest = TestService;

TEST_F(ObjectTest, BucketRules) {
  const auto create = [&](std::string name, std::string region, std::string constraint, std::string account) {
    aws::s3::CreateBucketRequest in;
    in.bucket = std::move(name);
    if (!constraint.empty()) in.create_bucket_configuration.emplace().location_constraint = constraint;
    aws::Context c = context(std::move(region), std::move(account));
    return s3->create_bucket(c, in);
  };
  const std::string me = "000000000000";
  for (const char* bad :
       {"ab", "Upper", "a..b", "192.168.0.1", "-abc", "abc-", "xn--abc", "abc-s3alias", "under_score"})
    EXPECT_EQ(code_of(create(bad, "us-east-1", "", me)), "InvalidBucketName") << bad;
  EXPECT_EQ(*create("bucket", "us-east-1", "", me)->location, "/bucket");
  EXPECT_TRUE(create("bucket", "us-east-1", "", me));  // idempotent there, and only there
  EXPECT_EQ(code_of(create("bucket", "us-east-1", "", "111111111111")), "BucketAlreadyExists");
  EXPECT_EQ(code_of(create("b-west", "eu-west-1", "", me)), "IllegalLocationConstraintException");
  EXPECT_EQ(code_of(create("b-west", "eu-west-1", "us-west-2", me)), "IllegalLocationConstraintException");
  EXPECT_EQ(code_of(create("b-west", "us-east-1", "us-east-1", me)), "InvalidLocationConstraint");
  EXPECT_EQ(code_of(create("b-west", "us-east-1", "aws-global", me)), "InvalidLocationConstraint");
  EXPECT_EQ(create("b-west", "eu-west-1", "us-east-1", me).error().message,
            "The us-east-1 location constraint is incompatible for the region specific endpoint this request was sent "
            "to.");
  EXPECT_EQ(code_of(create("b-west", "eu-west-1", "aws-global", me)), "IllegalLocationConstraintException");
  EXPECT_EQ(*create("b-west", "eu-west-1", "eu-west-1", me)->location, "http://b-west.s3.amazonaws.com/");
  EXPECT_EQ(code_of(create("b-west", "eu-west-1", "eu-west-1", me)), "BucketAlreadyOwnedByYou");
  EXPECT_EQ(code_of(create("b-west", "us-east-1", "eu-west-1", me)), "BucketAlreadyOwnedByYou");
  EXPECT_EQ(*create("b-old", "us-east-1", "EU", me)->location, "http://b-old.s3.amazonaws.com/");
  restart();
  aws::s3::HeadBucketRequest head;
  head.bucket = "bucket";
  const auto found = call(&S3Service::head_bucket, head);
  EXPECT_EQ(found->bucket_region, "us-east-1");
  EXPECT_EQ(found->bucket_arn, "arn:aws:s3:::bucket");
  EXPECT_EQ(found->content_type, "application/xml");
  aws::s3::GetBucketLocationRequest where;
  where.bucket = "b-old";
  EXPECT_EQ(call(&S3Service::get_bucket_location, where)->location_constraint, "EU");
  where.bucket = "b-west";
  EXPECT_EQ(call(&S3Service::get_bucket_location, where)->location_constraint, "eu-west-1");
  head.bucket = "b-west";
  const auto redirect = call(&S3Service::head_bucket, head);
  EXPECT_EQ(redirect.error().http_status, 301);
  EXPECT_EQ(redirect.error().fields.front().second, "eu-west-1");
  head.bucket = "none";
  EXPECT_EQ(code_of(call(&S3Service::head_bucket, head)), "NotFound");
  head.bucket = "bucket";
  head.expected_bucket_owner = "111111111111";
  EXPECT_EQ(code_of(call(&S3Service::head_bucket, head)), "AccessDenied");
  head.expected_bucket_owner = "0000";
  const auto owner = call(&S3Service::head_bucket, head);
  EXPECT_EQ(owner.error().code, "InvalidBucketOwnerAWSAccountID");
  EXPECT_EQ(owner.error().message,
            "The value of the expected bucket owner parameter must be an AWS Account ID... [0000]");
  aws::s3::ListBucketsRequest list;
  list.bucket_region = "eu-east-1";
  EXPECT_EQ(call(&S3Service::list_buckets, list).error().message, "Argument value eu-east-1 is not a valid AWS Region");
  list.bucket_region = "eu-west-1";
  EXPECT_EQ(call(&S3Service::list_buckets, list)->buckets->size(), 2U);
  list.bucket_region.reset();
  list.prefix = "b-west";
  list.continuation_token = "";
  EXPECT_EQ(call(&S3Service::list_buckets, list)->buckets->front().name, "b-west");
  list = {};
  list.prefix = "b";
  list.max_buckets = 2;
  auto page = call(&S3Service::list_buckets, list);
  EXPECT_EQ(page->buckets->back().name, "b-west");
  list.continuation_token = page->continuation_token;
  page = call(&S3Service::list_buckets, list);
  EXPECT_EQ(page->buckets->front().name, "bucket");
  EXPECT_FALSE(page->continuation_token);
}

TEST_F(ObjectTest, PutGetDeleteOfEverySize) {
  create_bucket();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1,
                                 kChunkBytes * kChunksPerBatch + 7, kChunkBytes * 20 + 1}) {
    const std::string body = pattern_bytes(size);
    EXPECT_EQ(*put("k", body).etag, '"' + base::hex_encode(base::md5(body)) + '"');
    EXPECT_TRUE(get("k") == body) << size;
    EXPECT_EQ(rows(keys::kChunkTable), (size + kChunkBytes - 1) / kChunkBytes);
    EXPECT_EQ(rows(keys::kGarbageTable), 0U);
  }
  restart();
  EXPECT_TRUE(get("k") == pattern_bytes(kChunkBytes * 20 + 1));
  aws::s3::DeleteBucketRequest bucket;
  bucket.bucket = "bucket";
  EXPECT_EQ(code_of(call(&S3Service::delete_bucket, bucket)), "BucketNotEmpty");
  EXPECT_TRUE(remove("k"));
  EXPECT_TRUE(remove("k"));
  EXPECT_EQ(get("k"), "NoSuchKey");
  EXPECT_EQ(rows(keys::kChunkTable), 0U);
  EXPECT_TRUE(call(&S3Service::delete_bucket, bucket));
  EXPECT_EQ(get("k"), "NoSuchBucket");
}

TEST_F(ObjectTest, HeadersAndMetadata) {
  create_bucket();
  auto in = put_request("k", "hello");
  in.metadata = {{"colour", "red"}};
  in.content_type = "text/plain";
  in.cache_control = "no-cache";
  ASSERT_TRUE(call(&S3Service::put_object, in));
  put("plain", "x");
  aws::s3::HeadObjectRequest head;
  head.bucket = "bucket";
  head.key = "k";
  head.checksum_mode = "ENABLED";
  head.response_content_language = "de";
  const auto out = call(&S3Service::head_object, head);
  EXPECT_EQ(out->content_length, 5);
  EXPECT_EQ(out->content_type, "text/plain");
  EXPECT_EQ(out->cache_control, "no-cache");
  EXPECT_EQ(out->content_language, "de");
  EXPECT_EQ(*out->metadata->find("colour"), "red");
  EXPECT_EQ(out->checksum_type, "FULL_OBJECT");
  EXPECT_TRUE(out->checksum_crc64_nvme);
  EXPECT_EQ(call(&S3Service::get_object, get_request("plain"))->content_type, "binary/octet-stream");
  head.key = "none";
  EXPECT_EQ(code_of(call(&S3Service::head_object, head)), "NotFound");
  in.metadata = {{"m", std::string(3'000, 'x')}};
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "MetadataTooLarge");
  in = put_request(std::string(1'025, 'k'), "");
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "KeyTooLongError");
  in = put_request("k", "");
  in.acl = "public-read";
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "AccessControlListNotSupported");
  in.acl = "invented";
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "InvalidArgument");
  in.acl.reset();
  in.storage_class = "GLACIER";
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "NotImplemented");
  in.storage_class = "INVENTED";
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "InvalidStorageClass");
  EXPECT_EQ(get("k"), "hello");
}

TEST_F(ObjectTest, Checksums) {
  create_bucket();
  auto in = put_request("k", "hello");
  in.checksum_crc32 = "NhCmhg==";
  EXPECT_EQ(call(&S3Service::put_object, in)->checksum_crc32, "NhCmhg==");
  struct Case {
    const char* what;
    std::function<void(aws::s3::PutObjectRequest&)> change;
    std::string code;
    std::string message;
  };
  const Case cases[] = {
      {"wrong", [](auto& r) { r.checksum_crc32 = "AAAAAA=="; }, "BadDigest",
       "The CRC32 you specified did not match the calculated checksum."},
      {"malformed", [](auto& r) { r.checksum_crc32 = "x"; }, "InvalidRequest",
       "Value for x-amz-checksum-crc32 header is invalid."},
      {"two", [](auto& r) { r.checksum_sha1 = "qvTGHdzF6KLavt4PO0gs2a6pQ00="; }, "InvalidRequest",
       "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."},
      {"md5 malformed", [](auto& r) { r.content_md5 = "x"; }, "InvalidDigest",
       "The Content-MD5 you specified was invalid."},
      {"md5 wrong", [](auto& r) { r.content_md5 = base::base64_encode(base::md5("x")); }, "BadDigest",
       "The Content-MD5 you specified did not match what we received."},
      {"named only",
       [](auto& r) {
         r.checksum_crc32.reset();
         r.checksum_algorithm = "SHA1";
       },
       "InvalidRequest",
       "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were "
       "found."},
  };
  for (const Case& c : cases) {
    auto request = in;
    c.change(request);
    const auto out = call(&S3Service::put_object, request);
    ASSERT_FALSE(out) << c.what;
    EXPECT_EQ(out.error().code, c.code) << c.what;
    EXPECT_EQ(out.error().message, c.message) << c.what;
  }
  auto read = get_request("k");
  read.checksum_mode = "ENABLED";
  EXPECT_EQ(call(&S3Service::get_object, read)->checksum_crc32, "NhCmhg==");
  read.range = "bytes=0-1";
  EXPECT_FALSE(call(&S3Service::get_object, read)->checksum_crc32);
}

TEST_F(ObjectTest, Ranges) {
  create_bucket();
  const std::string body = pattern_bytes(kChunkBytes * 2 + 100);
  const std::string size = std::to_string(body.size());
  put("k", body);
  struct Case {
    std::string range;
    std::size_t begin;
    std::size_t end;
    std::string content_range;  // empty: the whole object, 200
  };
  const Case cases[] = {
      {"bytes=0-0", 0, 1, "bytes 0-0/" + size},
      {"bytes=524280-524300", 524280, 524301, "bytes 524280-524300/" + size},
      {"bytes=1048000-", 1048000, body.size(), "bytes 1048000-" + std::to_string(body.size() - 1) + "/" + size},
      {"bytes=-5", body.size() - 5, body.size(),
       "bytes " + std::to_string(body.size() - 5) + "-" + std::to_string(body.size() - 1) + "/" + size},
      {"bytes=-99999999", 0, body.size(), "bytes 0-" + std::to_string(body.size() - 1) + "/" + size},
      {"bytes=0-99999999999999999999", 0, body.size(), "bytes 0-" + std::to_string(body.size() - 1) + "/" + size},
      {"bytes=1-0", 0, body.size(), ""},
      {"bytes=0-1,3-4", 0, body.size(), ""},
      {"lines=0-1", 0, body.size(), ""},
      {"bytes=-", 0, body.size(), ""},
  };
  for (const Case& c : cases) {
    auto in = get_request("k");
    in.range = c.range;
    auto out = call(&S3Service::get_object, in);
    ASSERT_TRUE(out) << c.range;
    EXPECT_EQ(out->content_range.value_or(""), c.content_range) << c.range;
    EXPECT_EQ(out->content_length, static_cast<int64_t>(c.end - c.begin)) << c.range;
    EXPECT_TRUE(out->body->take() == body.substr(c.begin, c.end - c.begin)) << c.range;
  }
  for (const std::string& range : {"bytes=" + size + "-", std::string("bytes=-0")}) {
    auto in = get_request("k");
    in.range = range;
    const auto out = call(&S3Service::get_object, in);
    ASSERT_EQ(code_of(out), "InvalidRange");
    EXPECT_EQ(out.error().http_status, 416);
  }
}

TEST_F(ObjectTest, Preconditions) {
  create_bucket();
  const std::string etag = *put("k", "1").etag;
  manual.clock.advance(std::chrono::seconds(10));
  const auto read = [&](auto change) {
    auto in = get_request("k");
    change(in);
    return code_of(call(&S3Service::get_object, in));
  };
  const base::Timestamp before = manual.clock.now() - std::chrono::seconds(20);
  EXPECT_EQ(read([&](auto& r) { r.if_match = etag; }), "");
  EXPECT_EQ(read([&](auto& r) { r.if_match = "\"x\""; }), "PreconditionFailed");
  EXPECT_EQ(read([&](auto& r) { r.if_none_match = "\"x\", " + etag; }), "NotModified");
  EXPECT_EQ(read([&](auto& r) { r.if_modified_since = manual.clock.now(); }), "NotModified");
  EXPECT_EQ(read([&](auto& r) { r.if_modified_since = manual.clock.now() + std::chrono::hours(1); }), "");
  EXPECT_EQ(read([&](auto& r) { r.if_unmodified_since = before; }), "PreconditionFailed");
  EXPECT_EQ(read([&](auto& r) { r.if_match = etag, r.if_unmodified_since = before; }), "");
  EXPECT_EQ(read([&](auto& r) { r.if_none_match = "x", r.if_modified_since = manual.clock.now(); }), "");
  const auto write = [&](std::string key, auto change) {
    auto in = put_request(key, "2");
    change(in);
    return code_of(call(&S3Service::put_object, in));
  };
  EXPECT_EQ(write("k", [](auto& r) { r.if_none_match = "*"; }), "PreconditionFailed");
  EXPECT_EQ(write("k", [](auto& r) { r.if_none_match = "x"; }), "NotImplemented");
  EXPECT_EQ(write("k", [](auto& r) { r.if_match = "x"; }), "PreconditionFailed");
  EXPECT_EQ(write("none", [](auto& r) { r.if_match = "x"; }), "NoSuchKey");
  EXPECT_EQ(get("k"), "1");
  EXPECT_EQ(write("k", [&](auto& r) { r.if_match = etag; }), "");
  EXPECT_EQ(write("new", [](auto& r) { r.if_none_match = "*"; }), "");
  EXPECT_EQ(get("k") + get("new"), "22");
  const auto erase = [&](std::string key, std::string if_match) {
    aws::s3::DeleteObjectRequest in;
    in.bucket = "bucket";
    in.key = std::move(key);
    in.if_match = std::move(if_match);
    return code_of(call(&S3Service::delete_object, in));
  };
  EXPECT_EQ(erase("none", "\"x\""), "");  // what is not there is deleted, whatever it should have been
  EXPECT_EQ(erase("k", "\"x\""), "PreconditionFailed");
  EXPECT_EQ(erase("k", "*"), "");
}

TEST_F(ObjectTest, ReadersSeeOneObjectWhateverHappensToIt) {
  create_bucket();
  const std::string old = pattern_bytes(kChunkBytes * 3, 1);
  put("k", old);
  auto first = call(&S3Service::get_object, get_request("k"));
  auto second = call(&S3Service::get_object, get_request("k"));
  std::string got;
  first->body->source->read(got);
  put("k", pattern_bytes(kChunkBytes * 2, 9));
  EXPECT_TRUE(remove("k"));
  got += first->body->take();
  EXPECT_TRUE(got == old);
  EXPECT_EQ(rows(keys::kChunkTable), 3U) << "still read by the second";
  EXPECT_TRUE(second->body->take() == old);
  EXPECT_EQ(rows(keys::kChunkTable), 0U);
  EXPECT_EQ(rows(keys::kGarbageTable), 0U);
}

TEST_F(ObjectTest, RestartClearsWhatACrashLeft) {
  create_bucket();
  const std::string body = pattern_bytes(kChunkBytes * 12);
  put("k", body);
  store::WriteBatch crash;  // a body written ahead without its record
  crash.put(keys::garbage(77), "");
  crash.put(keys::chunk(77, 0), "x");
  crash.put(keys::chunk(77, 1), "x");
  kv->write(crash);
  restart();
  EXPECT_EQ(rows(keys::kChunkTable), 12U);
  EXPECT_EQ(rows(keys::kGarbageTable), 0U);
  EXPECT_TRUE(get("k") == body);
  auto in = put_request("k", pattern_bytes(kChunkBytes * 12));
  in.if_none_match = "*";
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "PreconditionFailed");
  EXPECT_EQ(rows(keys::kChunkTable), 12U) << "a refused put leaves nothing";
}

// A body of many parts is erased behind the change that drops it, and after a restart if a crash came between.
TEST_F(ObjectTest, LongBodiesGoWithoutTheLock) {
  create_bucket();
  put("k", "x");
  const std::string begin = store::KeyWriter(keys::kObjectTable).take();
  const std::string key(kv->scan(begin, store::prefix_end(begin))->key());
  const std::string piece(kStreamedBytesMin / kDroppedAtOnce, 'y');  // so that the reader does not have it all at once
  ObjectRecord lengthy;
  store::WriteBatch batch;
  for (uint64_t set = 1; set <= 2 * kDroppedAtOnce; ++set) {
    lengthy.segments.push_back({set, piece.size()});
    batch.put(keys::chunk(set, 0), piece);
    lengthy.size += piece.size();
  }
  batch.put(key, lengthy.encode());
  kv->write(batch);
  auto reader = call(&S3Service::get_object, get_request("k"));
  put("k", "z");
  EXPECT_EQ(rows(keys::kChunkTable), 2U + lengthy.segments.size())
      << "a reader has it still; and the first body, that we hid";
  EXPECT_EQ(rows(keys::kOrphanBodyTable), 0U);
  EXPECT_EQ(reader->body->take(), std::string(lengthy.size, 'y'));
  EXPECT_EQ(rows(keys::kChunkTable), 2U);
  EXPECT_EQ(rows(keys::kGarbageTable), 0U);
  kv->write(batch);
  ASSERT_TRUE(remove("k"));
  EXPECT_EQ(rows(keys::kChunkTable), 2U);
  store::WriteBatch crash;
  crash.put(keys::chunk(7, 0), "y");
  ObjectRecord left;
  left.segments = {{7, 1}};
  left.size = 1;
  crash.put(keys::rows(keys::kOrphanBodyTable, 7), left.encode());
  kv->write(crash);
  restart();
  EXPECT_EQ(rows(keys::kChunkTable), 2U);
  EXPECT_EQ(rows(keys::kOrphanBodyTable), 0U);
}

TEST_F(ObjectTest, DeleteObjects) {
  create_bucket();
  put("a", "1");
  put("b", "2");
  aws::s3::DeleteObjectsRequest in;
  in.bucket = "bucket";
  EXPECT_EQ(code_of(call(&S3Service::delete_objects, in)), "MalformedXML");
  auto& objects = in.delete_.emplace().objects.emplace();
  for (const char* key : {"a", "a", "none", "b"}) objects.emplace_back().key = key;
  objects.back().version_id = std::string(32, 'v');
  objects.emplace_back().key = std::string(2'000, 'k');
  const auto out = call(&S3Service::delete_objects, in);
  EXPECT_EQ(out->deleted->size(), 3U);
  ASSERT_EQ(out->errors->size(), 2U);
  EXPECT_EQ(out->errors->at(0).code, "NoSuchVersion");
  EXPECT_EQ(out->errors->at(1).code, "KeyTooLongError");
  EXPECT_EQ(get("a") + get("b"), "NoSuchKey2");
  in.delete_->quiet = true;
  in.delete_->objects->resize(1);
  in.delete_->objects->front().key = "b";
  EXPECT_FALSE(call(&S3Service::delete_objects, in)->deleted);
  in.delete_->objects->clear();
  for (std::size_t i = 0; i < 1'000; ++i) {  // more than one hold of the lock takes
    put("k" + std::to_string(i % 500), "x");
    in.delete_->objects->emplace_back().key = "k" + std::to_string(i % 500);
  }
  in.delete_->quiet = false;
  EXPECT_EQ(call(&S3Service::delete_objects, in)->deleted->size(), 1'000U);
  EXPECT_EQ(rows(keys::kObjectTable) + rows(keys::kChunkTable), 0U);
  in.delete_->objects->resize(1'001);
  EXPECT_EQ(code_of(call(&S3Service::delete_objects, in)), "MalformedXML");
}

TEST_F(ObjectTest, Copy) {
  create_bucket();
  const std::string body = pattern_bytes(kChunkBytes * 9 + 3);
  auto in = put_request("dir/a b+c", body);
  in.metadata = {{"m", "1"}};
  in.checksum_sha1 = base::base64_encode(base::sha1(body));
  ASSERT_TRUE(call(&S3Service::put_object, in));
  const auto copy = [&](std::string source, std::string key, auto change) {
    aws::s3::CopyObjectRequest r;
    r.bucket = "bucket";
    r.key = std::move(key);
    r.copy_source = std::move(source);
    change(r);
    return call(&S3Service::copy_object, r);
  };
  const auto same = [](auto&) {};
  const auto out = copy("/bucket/dir/a%20b+c", "copy", same);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->copy_object_result->checksum_sha1, in.checksum_sha1);
  EXPECT_TRUE(get("copy") == body);
  EXPECT_EQ(*call(&S3Service::get_object, get_request("copy"))->metadata->find("m"), "1");
  EXPECT_EQ(code_of(copy("bucket/copy", "copy", same)), "InvalidRequest");
  ASSERT_TRUE(copy("bucket/copy", "copy", [](auto& r) {
    r.metadata_directive = "REPLACE";
    r.metadata = {{"m", "2"}};
  }));
  EXPECT_TRUE(get("copy") == body);
  EXPECT_EQ(*call(&S3Service::get_object, get_request("copy"))->metadata->find("m"), "2");
  EXPECT_EQ(rows(keys::kChunkTable), 20U);
  EXPECT_TRUE(copy("bucket/copy", "tagged", [](auto& r) { r.tagging_directive = "COPY"; }));
  EXPECT_TRUE(remove("tagged"));
  EXPECT_EQ(code_of(copy("bucket/copy", "x", [](auto& r) { r.tagging_directive = "MOVE"; })), "InvalidArgument");
  EXPECT_EQ(code_of(copy("bucket/copy", "x", [](auto& r) { r.metadata_directive = "MOVE"; })), "InvalidArgument");
  EXPECT_EQ(code_of(copy("bucket/none", "x", same)), "NoSuchKey");
  EXPECT_EQ(code_of(copy("none/copy", "x", same)), "NoSuchBucket");
  EXPECT_EQ(code_of(copy("bucket", "x", same)), "InvalidArgument");
  EXPECT_EQ(code_of(copy("bucket/copy?versionId=v", "x", same)), "NotImplemented");
  EXPECT_EQ(code_of(copy("bucket/copy", "x", [](auto& r) { r.copy_source_if_none_match = "*"; })),
            "PreconditionFailed");
  EXPECT_EQ(get("x"), "NoSuchKey");
  aws::s3::CopyObjectRequest by_role;
  by_role.bucket = "bucket";
  by_role.key = "x";
  by_role.copy_source = "bucket/copy";
  aws::Context role = context();
  role.principal.kind = aws::Principal::Kind::role;
  EXPECT_EQ(code_of(s3->copy_object(role, by_role)), "AccessDenied") << "the source is not the server's to check";
}

TEST_F(ObjectTest, DamageInTheStoreEndsTheProcess) {
  create_bucket();
  put("k", pattern_bytes(kChunkBytes + 1));
  const auto first = [&](std::string_view table) {
    const std::string begin = store::KeyWriter(table).take();
    return std::string(kv->scan(begin, store::prefix_end(begin))->key());
  };
  const auto change = [&](std::string_view table, bool erase) {
    store::WriteBatch batch;
    erase ? batch.erase(first(table)) : batch.put(first(table), "\xff");
    kv->write(batch);
    restart();
    get("k");
  };
  const auto stopped = ::testing::ExitedWithCode(store::kFatalExitCode);
  EXPECT_EXIT(change(keys::kBucketTable, false), stopped, "^store: a row of S3 is damaged; stopping");
  EXPECT_EXIT(change(keys::kObjectTable, false), stopped, "^store: a row of S3 is damaged; stopping");
  EXPECT_EXIT(change(keys::kChunkTable, true), stopped, "^store: the body of an object of S3 is damaged; stopping");
  EXPECT_EXIT(change(keys::kChunkTable, false), stopped, "^store: the body of an object of S3 is damaged; stopping");
}

}  // namespace
}  // namespace engine::s3
