// Bodies that came through the spool: the operations take them as they take those of their input.
#include "engine/s3/incoming_body.h"

#include "engine/s3/keys.h"
#include "engine/s3/test_service.h"

namespace engine::s3 {
namespace {

struct IncomingBodyTest : TestService {
  aws::Context spooled(std::string_view body, std::string_view checksum = "") {
    auto writer = s3->body_spool().begin(checksum);
    for (; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 100'000)))
      writer->append(body.substr(0, 100'000));
    aws::Context out = context();
    out.body = writer->finish();
    return out;
  }
  base::Result<aws::s3::PutObjectOutput> put_spooled(aws::Context& context, aws::s3::PutObjectRequest in) {
    in.body = "";  // as the codec leaves it
    return s3->put_object(context, std::move(in));
  }
};

TEST_F(IncomingBodyTest, ASpooledObjectIsLikeAnyOther) {
  create_bucket();
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, kChunkBytes, 7 * kChunkBytes + 3}) {
    const std::string body = pattern_bytes(size);
    const auto held = put("held", body);
    for (const char* hint : {"", "CRC32", "nonsense"}) {
      aws::Context context = spooled(body, hint);
      const auto out = put_spooled(context, put_request("spooled", ""));
      ASSERT_TRUE(out) << out.error().message;
      EXPECT_EQ(*out, held) << size << " " << hint;
      EXPECT_TRUE(get("spooled") == body);
    }
  }
  EXPECT_EQ(rows(keys::kGarbageTable), 0U);
  EXPECT_EQ(rows(keys::kChunkTable), 8U + 8U);
}

TEST_F(IncomingBodyTest, TheClaimsAreChecked) {
  create_bucket();
  const std::string body = pattern_bytes(3 * kChunkBytes);
  for (const char* hint : {"CRC32", "SHA256"}) {
    aws::s3::PutObjectRequest in = put_request("k", "");
    in.checksum_crc32 = "AAAAAA==";
    aws::Context context = spooled(body, hint);
    EXPECT_EQ(code_of(put_spooled(context, in)), "BadDigest");
    in.checksum_crc32.reset();
    in.content_md5 = base::base64_encode(base::md5("x"));
    context = spooled(body, hint);
    EXPECT_EQ(code_of(put_spooled(context, in)), "BadDigest");
    in.content_md5 = base::base64_encode(base::md5(body));
    context = spooled(body, hint);
    EXPECT_EQ(code_of(put_spooled(context, in)), "");
  }
}

TEST_F(IncomingBodyTest, WhatBecomesNoObjectIsErased) {
  create_bucket();
  const std::string body = pattern_bytes(5 * kChunkBytes);
  {
    auto writer = s3->body_spool().begin("");
    writer->append(body);
    EXPECT_EQ(rows(keys::kGarbageTable), 1U);
    EXPECT_GT(rows(keys::kChunkTable), 0U);
  }
  EXPECT_EQ(rows(keys::kChunkTable), 0U) << "the client has hung up";
  {
    aws::Context context = spooled(body);
    aws::s3::PutObjectRequest in = put_request("k", "");
    in.bucket = "nobody";
    EXPECT_EQ(code_of(put_spooled(context, in)), "NoSuchBucket");
  }
  EXPECT_EQ(rows(keys::kChunkTable) + rows(keys::kGarbageTable), 0U) << "refused";
}

TEST_F(IncomingBodyTest, APartMayNeedAnotherChecksumThanItsRequestClaims) {
  create_bucket();
  const std::string body = pattern_bytes(kPartBytesMin);
  aws::s3::CreateMultipartUploadRequest create;
  create.bucket = "bucket";
  create.key = "k";
  const auto upload = call(&S3Service::create_multipart_upload, create);
  ASSERT_TRUE(upload);
  aws::s3::UploadPartRequest in;
  in.bucket = "bucket";
  in.key = "k";
  in.upload_id = upload->upload_id;
  in.part_number = 1;
  in.checksum_sha1 = base::base64_encode(base::sha1(body));
  aws::Context context = spooled(body, "SHA1");
  const auto part = s3->upload_part(context, in);
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->checksum_sha1, in.checksum_sha1);
  aws::s3::CompleteMultipartUploadRequest complete;
  complete.bucket = "bucket";
  complete.key = "k";
  complete.upload_id = upload->upload_id;
  auto& item = complete.multipart_upload.emplace().parts.emplace().emplace_back();
  item.part_number = 1;
  item.etag = part->etag;
  const auto done = call(&S3Service::complete_multipart_upload, complete);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->checksum_crc64_nvme, put("whole", body).checksum_crc64_nvme);
  EXPECT_TRUE(get("k") == body);
}

}  // namespace
}  // namespace engine::s3
