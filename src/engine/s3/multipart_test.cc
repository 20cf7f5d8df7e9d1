// Multipart uploads through the aws:: interface.
#include <gtest/gtest.h>

#include <thread>

#include "aws/cloudwatch/cloudwatch.h"
#include "base/encoding.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/test_service.h"
#include "engine/service_metrics.h"

namespace engine::s3 {
namespace {

struct MultipartTest : TestService {
  std::string begin(const std::string& key, std::optional<std::string> algorithm = {},
                    std::optional<std::string> type = {}) {
    aws::s3::CreateMultipartUploadRequest in;
    in.bucket = "bucket";
    in.key = key;
    in.checksum_algorithm = algorithm;
    in.checksum_type = type;
    in.metadata = {{"m", "1"}};
    const auto out = call(&S3Service::create_multipart_upload, in);
    return out ? *out->upload_id : out.error().code + ": " + out.error().message;
  }
  base::Result<aws::s3::UploadPartOutput> upload(const std::string& key, const std::string& id, int32_t number,
                                                 std::string body) {
    aws::s3::UploadPartRequest in;
    in.bucket = "bucket";
    in.key = key;
    in.upload_id = id;
    in.part_number = number;
    in.body = std::move(body);
    return call(&S3Service::upload_part, in);
  }
  static aws::s3::CompleteMultipartUploadRequest complete_request(const std::string& key, const std::string& id) {
    aws::s3::CompleteMultipartUploadRequest in;
    in.bucket = "bucket";
    in.key = key;
    in.upload_id = id;
    return in;
  }
  static void list(aws::s3::CompleteMultipartUploadRequest& in, int32_t number, const aws::s3::UploadPartOutput& part) {
    if (!in.multipart_upload) in.multipart_upload.emplace().parts.emplace();
    auto& item = in.multipart_upload->parts->emplace_back();
    item.part_number = number;
    item.etag = part.etag;
    item.checksum_sha256 = part.checksum_sha256;
  }
};

TEST_F(MultipartTest, TakesPartsFromOtherObjects) {
  create_bucket();
  const std::string source = pattern_bytes(kPartBytesMin + 1'000, 7);
  put("source key", source);
  const auto copy = [&](const std::string& id, std::optional<std::string> range, auto edit) {
    aws::s3::UploadPartCopyRequest in;
    in.bucket = "bucket";
    in.key = "k";
    in.upload_id = id;
    in.part_number = 1;
    in.copy_source = "bucket/source%20key";
    in.copy_source_range = std::move(range);
    edit(in);
    return call(&S3Service::upload_part_copy, std::move(in));
  };
  const auto same = [](auto&) {};
  const std::string id = begin("k", "SHA256");
  const auto whole = copy(id, std::nullopt, same);
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->copy_part_result->etag, '"' + base::hex_encode(base::md5(source)) + '"');
  EXPECT_EQ(whole->copy_part_result->checksum_sha256, base::base64_encode(base::sha256(source)));
  const auto tail = copy(id, "bytes=5242875-5243879", [](auto& in) { in.part_number = 2; });
  ASSERT_TRUE(tail) << tail.error().message;
  const auto listed = [](int32_t number, const aws::s3::CopyPartResult& part) {
    aws::s3::CompletedPart out;
    out.part_number = number;
    out.etag = part.etag;
    out.checksum_sha256 = part.checksum_sha256;
    return out;
  };
  auto in = complete_request("k", id);
  in.multipart_upload.emplace().parts = {listed(1, *whole->copy_part_result), listed(2, *tail->copy_part_result)};
  const auto done = call(&S3Service::complete_multipart_upload, in);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(get("k"), source + source.substr(5'242'875));

  const std::string other = begin("k");
  EXPECT_FALSE(copy(other, "bytes=0-0", same)->copy_part_result->checksum_crc64_nvme) << "none was named";
  for (const char* range : {"bytes=-5", "bytes=5-", "bytes=5-4", "bytes=0-1,3-4", "0-4", "bytes=a-b", "bytes=0 - 4"}) {
    const auto refused = copy(other, range, same);
    EXPECT_EQ(code_of(refused), "InvalidArgument") << range;
    EXPECT_TRUE(refused.error().message.starts_with("The x-amz-copy-source-range value must be")) << range;
  }
  EXPECT_EQ(copy(other, "bytes=0-5243880", same).error().message,
            "Range specified is not valid for source object of size: 5243880");
  EXPECT_EQ(code_of(copy(other, "bytes=5243881-5243882", same)), "InvalidRequest");
  EXPECT_EQ(code_of(copy(other, {}, [](auto& r) { r.copy_source = "bucket/none"; })), "NoSuchKey");
  EXPECT_EQ(code_of(copy(other, {}, [](auto& r) { r.copy_source_if_match = "x"; })), "PreconditionFailed");
  EXPECT_EQ(code_of(copy(other, {}, [](auto& r) { r.part_number = 0; })), "InvalidArgument");
  EXPECT_EQ(code_of(copy(id, {}, same)), "NoSuchUpload");
  aws::s3::UploadPartCopyRequest by_role;
  by_role.bucket = "bucket";
  by_role.key = "k";
  by_role.upload_id = other;
  by_role.part_number = 1;
  by_role.copy_source = "bucket/source%20key";
  aws::Context role = context();
  role.principal.kind = aws::Principal::Kind::role;
  EXPECT_EQ(code_of(s3->upload_part_copy(role, by_role)), "AccessDenied") << "the source is not the server's to check";
}

TEST_F(MultipartTest, AssemblesPartsWithoutMovingThem) {
  create_bucket();
  put("k", "old");
  const std::string id = begin("k");
  const std::string a = pattern_bytes(kPartBytesMin + 3, 1);
  const std::string b = pattern_bytes(kPartBytesMin, 2);
  const std::string c = pattern_bytes(100, 3);
  const auto part_a = upload("k", id, 1, a);
  ASSERT_TRUE(upload("k", id, 5, "replaced"));
  const auto part_b = upload("k", id, 5, b);
  ASSERT_TRUE(upload("k", id, 6, "never listed"));
  const auto part_c = upload("k", id, 10'000, c);
  EXPECT_EQ(code_of(upload("k", id, 10'001, "")), "InvalidArgument");
  EXPECT_EQ(code_of(upload("k", "no", 1, "")), "NoSuchUpload");
  restart();

  aws::s3::ListPartsRequest parts;
  parts.bucket = "bucket";
  parts.key = "k";
  parts.upload_id = id;
  parts.max_parts = 2;
  const auto page = call(&S3Service::list_parts, parts);
  EXPECT_EQ(page->parts->size(), 2U);
  EXPECT_EQ(page->next_part_number_marker, 5);
  EXPECT_TRUE(*page->is_truncated);
  parts.part_number_marker = 5;
  EXPECT_EQ(call(&S3Service::list_parts, parts)->parts->back().part_number, 10'000);

  auto in = complete_request("k", id);
  list(in, 1, *part_a);
  list(in, 5, *part_b);
  list(in, 10'000, *part_c);
  const std::string whole = a + b + c;
  in.checksum_crc64_nvme = "AAAAAAAAAAA=";
  EXPECT_EQ(code_of(call(&S3Service::complete_multipart_upload, in)), "BadDigest");
  EXPECT_EQ(get("k"), "old");
  in.checksum_crc64_nvme.reset();
  in.mpu_object_size = static_cast<int64_t>(whole.size());
  const auto out = call(&S3Service::complete_multipart_upload, in);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out->etag, '"' + base::hex_encode(base::md5(base::md5(a) + base::md5(b) + base::md5(c))) + "-3\"");
  EXPECT_EQ(out->checksum_type, "FULL_OBJECT");
  const uint64_t crc = base::crc64nvme(whole);
  std::string raw;
  for (int shift = 56; shift >= 0; shift -= 8) raw.push_back(static_cast<char>(crc >> shift));
  EXPECT_EQ(*out->checksum_crc64_nvme, base::base64_encode(raw));
  EXPECT_TRUE(get("k") == whole);
  EXPECT_EQ(rows(keys::kChunkTable), 11U + 10U + 1U);  // the old object, the replaced and the unlisted part are gone
  EXPECT_EQ(rows(keys::kPartTable) + rows(keys::kUploadTable), 0U);

  const auto again = call(&S3Service::complete_multipart_upload, in);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->etag, out->etag);
  auto read = get_request("k");
  read.part_number = 2;
  auto part = call(&S3Service::get_object, read);
  EXPECT_EQ(part->parts_count, 3);
  EXPECT_TRUE(part->body->take() == b);
  read.part_number = 4;
  EXPECT_EQ(code_of(call(&S3Service::get_object, read)), "InvalidPartNumber");
  read.range = "bytes=0-1";
  EXPECT_EQ(code_of(call(&S3Service::get_object, read)), "InvalidRequest");
  EXPECT_TRUE(remove("k"));
  EXPECT_EQ(rows(keys::kChunkTable), 0U);
}

TEST_F(MultipartTest, ARepeatedCompletionHasTheSameResult) {
  create_bucket();
  const auto complete = [&](const std::string& id) {
    auto in = complete_request("k", id);
    list(in, 1, *upload("k", id, 1, "x"));
    return call(&S3Service::complete_multipart_upload, in);
  };
  const std::string id = begin("k");
  const auto first = complete(id);
  ASSERT_TRUE(first);
  const auto again = [&](const std::string& key) {
    return call(&S3Service::complete_multipart_upload, complete_request(key, id));
  };
  const auto is_same = [&](const base::Result<aws::s3::CompleteMultipartUploadOutput>& out) {
    return out && out->etag == first->etag && out->checksum_crc64_nvme == first->checksum_crc64_nvme &&
           out->location == first->location;
  };
  put("k", "overwritten");
  EXPECT_TRUE(is_same(again("k")));
  EXPECT_EQ(get("k"), "overwritten");
  ASSERT_TRUE(remove("k"));
  restart();
  EXPECT_TRUE(is_same(again("k")));
  EXPECT_EQ(get("k"), "NoSuchKey");
  EXPECT_EQ(code_of(again("other")), "NoSuchUpload");
  manual.clock.advance(kCompletedKept + std::chrono::seconds(1));
  ASSERT_TRUE(complete(begin("k")));
  EXPECT_EQ(code_of(again("k")), "NoSuchUpload") << "forgotten by the next completion";
  EXPECT_EQ(rows(keys::kCompletedTable), 1U);
  ASSERT_TRUE(remove("k"));
  aws::s3::DeleteBucketRequest bucket;
  bucket.bucket = "bucket";
  ASSERT_TRUE(call(&S3Service::delete_bucket, bucket));
  EXPECT_EQ(rows(keys::kCompletedTable), 0U);
}

TEST_F(MultipartTest, CountInTheMetricsOfTheBucketToo) {
  ServiceMetrics metrics(manual.env);
  s3 = nullptr;
  s3 = std::make_unique<S3Service>(*kv, manual.env, lambda, sqs, sns, S3Options{.role_may = {}, .metrics = &metrics});
  create_bucket();
  put("a", "12345");
  const std::string id = begin("b");
  upload("b", id, 1, "123");
  const auto sampled = [&] {
    s3->sample_metrics(manual.clock.now());
    std::string out;
    for (const ServiceMetrics::Put& put : metrics.take()) {
      for (const auto& datum : put.data) {
        out += put.name_space + " " + *datum.metric_name + " " + *datum.unit;
        for (const auto& dimension : *datum.dimensions) out += " " + *dimension.value;
        out += " " + std::to_string(int(datum.values->at(0))) + "\n";
      }
    }
    return out;
  };
  EXPECT_EQ(
      sampled(),
      "AWS/S3 BucketSizeBytes Bytes bucket StandardStorage 8\nAWS/S3 NumberOfObjects Count bucket AllStorageTypes "
      "2\n");
  EXPECT_EQ(sampled(), "");
  manual.clock.advance(std::chrono::hours(24));
  EXPECT_NE(sampled(), "");
}

TEST_F(MultipartTest, CompositeChecksums) {
  create_bucket();
  const std::string id = begin("k", "SHA256");
  const auto one = upload("k", id, 1, "only");
  ASSERT_TRUE(one);
  auto in = complete_request("k", id);
  list(in, 1, *one);
  in.multipart_upload->parts->front().checksum_sha256.reset();
  EXPECT_EQ(code_of(call(&S3Service::complete_multipart_upload, in)), "InvalidRequest");
  in.multipart_upload->parts->front().checksum_sha256 = one->checksum_sha256;
  in.checksum_type = "FULL_OBJECT";
  EXPECT_EQ(code_of(call(&S3Service::complete_multipart_upload, in)), "InvalidRequest");
  in.checksum_type = "COMPOSITE";
  const auto out = call(&S3Service::complete_multipart_upload, in);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out->checksum_sha256, base::base64_encode(base::sha256(base::sha256("only"))) + "-1");
  EXPECT_TRUE(out->etag->ends_with("-1\""));
  EXPECT_EQ(begin("k", "SHA1", "FULL_OBJECT"),
            "InvalidRequest: The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm.");
  EXPECT_EQ(begin("k", "CRC64NVME", "COMPOSITE"),
            "InvalidRequest: The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.");
  aws::s3::UploadPartRequest mixed;
  mixed.bucket = "bucket";
  mixed.key = "k";
  mixed.upload_id = begin("k", "CRC32");
  mixed.part_number = 1;
  mixed.checksum_sha1 = base::base64_encode(base::sha1(""));
  const auto refused = call(&S3Service::upload_part, mixed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: sha1");
}

// A checksum that comes with a part is that of the part: clients compare it with what they have read.
TEST_F(MultipartTest, PartsHaveTheirOwnChecksums) {
  create_bucket();
  const std::string a = pattern_bytes(kPartBytesMin, 1);
  const std::string id = begin("k", "SHA256");
  auto in = complete_request("k", id);
  list(in, 1, *upload("k", id, 1, a));
  list(in, 2, *upload("k", id, 2, "tail"));
  ASSERT_EQ(code_of(call(&S3Service::complete_multipart_upload, in)), "");
  restart();
  auto read = get_request("k");
  read.checksum_mode = "ENABLED";
  read.part_number = 2;
  const auto part = call(&S3Service::get_object, read);
  EXPECT_EQ(part->checksum_sha256, base::base64_encode(base::sha256("tail")));
  EXPECT_EQ(part->checksum_type, "COMPOSITE");
  put("single", "x");
  read.key = "single";
  read.part_number = 1;
  const auto single = call(&S3Service::get_object, read);
  EXPECT_TRUE(single->checksum_crc64_nvme);
  EXPECT_EQ(single->checksum_type, "FULL_OBJECT");

  aws::s3::GetObjectAttributesRequest attributes;
  attributes.bucket = "bucket";
  attributes.key = "k";
  attributes.object_attributes = {"ObjectParts", "Checksum"};
  attributes.max_parts = 1;
  auto shown = call(&S3Service::get_object_attributes, attributes);
  EXPECT_TRUE(shown->checksum->checksum_sha256->ends_with("-2"));
  EXPECT_EQ(shown->object_parts->total_parts_count, 2);
  EXPECT_TRUE(*shown->object_parts->is_truncated);
  EXPECT_EQ(shown->object_parts->parts->front().checksum_sha256, base::base64_encode(base::sha256(a)));
  attributes.part_number_marker = shown->object_parts->next_part_number_marker;
  shown = call(&S3Service::get_object_attributes, attributes);
  EXPECT_FALSE(*shown->object_parts->is_truncated);
  EXPECT_EQ(shown->object_parts->parts->front().part_number, 2);
  EXPECT_EQ(shown->object_parts->parts->front().size, 4);
}

// Parts are read without the lock: one that comes meanwhile must not take bytes from the object.
TEST_F(MultipartTest, APartThatComesDuringACompletion) {
  create_bucket();
  for (int round = 0; round < 30; ++round) {
    const std::string id = begin("k");
    auto in = complete_request("k", id);
    for (int part = 1; part <= 10; ++part) upload("k", id, part, "never listed");
    list(in, 11, *upload("k", id, 11, "the one"));
    std::thread other([&] {
      for (int i = 0; i < 5; ++i) upload("k", id, 11, i % 2 == 0 ? "the one" : "another");
    });
    const auto out = call(&S3Service::complete_multipart_upload, in);
    other.join();
    if (out) {
      EXPECT_EQ(get("k"), "the one");
      continue;
    }
    EXPECT_TRUE(out.error().code == "InvalidPart" || out.error().code == "OperationAborted") << out.error().code;
  }
  s3 = nullptr;
  s3 = make();
  EXPECT_LE(rows(keys::kChunkTable), 1U + 30U * 11U);
}

// What a crash leaves of an upload that was aborted, or of a bucket that was deleted.
TEST_F(MultipartTest, ARestartErasesOrphans) {
  create_bucket();
  create_bucket("other");
  const std::string aborted = begin("k");
  ASSERT_TRUE(upload("k", aborted, 1, "x"));
  ASSERT_TRUE(upload("k", aborted, 2, "y"));
  const uint64_t number = std::stoull(aborted, nullptr, 16);
  store::WriteBatch crash;
  crash.put(keys::rows(keys::kOrphanUploadTable, number), "");
  kv->write(crash);
  restart();
  EXPECT_EQ(rows(keys::kPartTable) + rows(keys::kChunkTable) + rows(keys::kOrphanUploadTable), 0U);
  ASSERT_TRUE(upload("k", begin("k"), 1, "x"));
  const std::string begin_of_uploads = store::KeyWriter(keys::kUploadTable).take();
  const auto uploads = kv->scan(begin_of_uploads, store::prefix_end(begin_of_uploads));
  store::KeyReader reader(uploads->key(), keys::kUploadTable);
  uint64_t bucket_id = 0;
  ASSERT_TRUE(reader.number(bucket_id));
  crash = {};
  crash.erase(keys::bucket("bucket"));
  crash.put(keys::rows(keys::kOrphanBucketTable, bucket_id), "");
  kv->write(crash);
  restart();
  EXPECT_EQ(rows(keys::kPartTable) + rows(keys::kChunkTable) + rows(keys::kUploadTable), 0U);
  EXPECT_EQ(rows(keys::kOrphanBucketTable), 0U);
}

TEST_F(MultipartTest, CombinesEveryCrc) {
  create_bucket();
  const std::string a = pattern_bytes(kPartBytesMin, 1);
  for (const std::string algorithm : {"CRC32", "CRC32C"}) {
    const std::string id = begin("k", algorithm, "FULL_OBJECT");
    auto in = complete_request("k", id);
    list(in, 1, *upload("k", id, 1, a));
    list(in, 2, *upload("k", id, 2, ""));
    EXPECT_EQ(code_of(call(&S3Service::complete_multipart_upload, in)), "");
    auto read = get_request("k");
    read.checksum_mode = "ENABLED";
    const auto out = call(&S3Service::get_object, read);
    const uint32_t crc = algorithm == "CRC32" ? base::crc32(a) : base::crc32c(a);
    std::string raw;
    for (int shift = 24; shift >= 0; shift -= 8) raw.push_back(static_cast<char>(crc >> shift));
    EXPECT_EQ(algorithm == "CRC32" ? out->checksum_crc32 : out->checksum_crc32_c, base::base64_encode(raw));
  }
}

TEST_F(MultipartTest, Refusals) {
  create_bucket();
  const std::string id = begin("k");
  const auto one = upload("k", id, 1, "small");
  const auto two = upload("k", id, 2, "last");
  const auto complete = [&](auto fill) {
    auto in = complete_request("k", id);
    fill(in);
    const auto out = call(&S3Service::complete_multipart_upload, in);
    return out ? "" : out.error().code;
  };
  EXPECT_EQ(complete([](auto&) {}), "InvalidRequest");
  EXPECT_EQ(complete([&](auto& in) { list(in, 2, *two), list(in, 1, *one); }), "InvalidPartOrder");
  EXPECT_EQ(complete([&](auto& in) { list(in, 1, *two); }), "InvalidPart");
  EXPECT_EQ(complete([&](auto& in) { list(in, 3, *two); }), "InvalidPart");
  EXPECT_EQ(complete([&](auto& in) { list(in, 1, *two), in.multipart_upload->parts->front().etag = "*"; }),
            "InvalidPart");
  EXPECT_EQ(complete([&](auto& in) { list(in, 1, *one), list(in, 2, *two); }), "EntityTooSmall");
  EXPECT_EQ(complete([&](auto& in) { list(in, 1, *one), in.mpu_object_size = 4; }), "InvalidRequest");
  EXPECT_EQ(complete([&](auto& in) { list(in, 1, *one), in.if_match = "x"; }), "NoSuchKey");
  aws::s3::AbortMultipartUploadRequest abort;
  abort.bucket = "bucket";
  abort.key = "k";
  abort.upload_id = id;
  EXPECT_TRUE(call(&S3Service::abort_multipart_upload, abort));
  EXPECT_EQ(code_of(call(&S3Service::abort_multipart_upload, abort)), "NoSuchUpload");
  EXPECT_EQ(complete([&](auto& in) { list(in, 1, *one); }), "NoSuchUpload");
  EXPECT_EQ(rows(keys::kChunkTable) + rows(keys::kPartTable), 0U);
}

TEST_F(MultipartTest, ListsUploads) {
  create_bucket();
  const std::string first = begin("a/1");
  const std::string second = begin("a/1");
  const std::string third = begin("b");
  begin("c/x"), begin("c/y");
  aws::s3::ListMultipartUploadsRequest in;
  in.bucket = "bucket";
  in.max_uploads = 1;
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    const auto page = call(&S3Service::list_multipart_uploads, in);
    ids.push_back(*page->uploads->front().upload_id);
    in.key_marker = page->next_key_marker;
    in.upload_id_marker = page->next_upload_id_marker;
    EXPECT_FALSE(page->prefix);
    EXPECT_EQ(page->next_key_marker->empty(), !*page->is_truncated);
    if (!*page->is_truncated) break;
  }
  ASSERT_EQ(ids.size(), 5U);
  EXPECT_EQ(ids[0] + ids[1] + ids[2], first + second + third);
  in.key_marker = "b";
  in.upload_id_marker = first;
  EXPECT_EQ(call(&S3Service::list_multipart_uploads, in).error().message, "Invalid uploadId marker");
  in.upload_id_marker = third;
  EXPECT_EQ(call(&S3Service::list_multipart_uploads, in)->uploads->front().key, "c/x");
  in = {};
  in.bucket = "bucket";
  in.delimiter = "/";
  const auto grouped = call(&S3Service::list_multipart_uploads, in);
  EXPECT_EQ(grouped->common_prefixes->size(), 2U);
  EXPECT_EQ(grouped->uploads->size(), 1U);
  EXPECT_EQ(grouped->next_key_marker, "");
  EXPECT_EQ(grouped->next_upload_id_marker, "");
  EXPECT_EQ(grouped->uploads->front().initiator->id, canonical_id("000000000000"));
  EXPECT_EQ(grouped->uploads->front().initiator->id, grouped->uploads->front().owner->id);
  in.key_marker = "a/";  // a common prefix
  EXPECT_EQ(call(&S3Service::list_multipart_uploads, in)->common_prefixes->size(), 1U);
  in.key_marker.reset();
  in.prefix = "c/";
  const auto inside = call(&S3Service::list_multipart_uploads, in);
  EXPECT_EQ(inside->uploads->size(), 2U);
  EXPECT_EQ(inside->prefix, "c/");
  ASSERT_TRUE(upload("b", third, 1, "x"));
  aws::s3::DeleteBucketRequest bucket;
  bucket.bucket = "bucket";
  EXPECT_TRUE(call(&S3Service::delete_bucket, bucket));
  EXPECT_EQ(rows(keys::kChunkTable) + rows(keys::kPartTable) + rows(keys::kUploadTable), 0U);
}

}  // namespace
}  // namespace engine::s3
