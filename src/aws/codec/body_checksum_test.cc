#include "aws/codec/body_checksum.h"

#include <gtest/gtest.h>

#include "aws/s3/s3.h"

namespace aws::codec {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// "ok", or the code and the text. The body is "hello".
std::string check(std::string_view operation, const Fields& headers) {
  http::Request request;
  request.body = "hello";
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  const auto checked = check_body_checksum(s3::kService, *s3::kService.find(operation), request);
  return checked.has_value() ? "ok" : checked.error().code + ": " + checked.error().message;
}

TEST(BodyChecksum, IsThatOfTheBodyOrRefused) {
  const std::string single =
      "InvalidRequest: Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
  const std::pair<Fields, std::string> kRows[] = {
      {{{"x-amz-checksum-crc32", "NhCmhg=="}}, "ok"},
      {{{"X-Amz-Checksum-CRC32C", "mnG7TA=="}}, "ok"},
      {{{"x-amz-checksum-crc64nvme", "M3eFcAZSQlc="}}, "ok"},
      {{{"x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="}}, "ok"},
      {{{"x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}}, "ok"},
      {{{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}, "ok"},
      {{{"x-amz-checksum-crc32", "AAAAAA=="}},
       "BadDigest: The CRC32 you specified did not match the calculated checksum."},
      {{{"x-amz-checksum-crc32", "NhCmhg"}}, "InvalidRequest: Value for x-amz-checksum-crc32 header is invalid."},
      {{{"x-amz-checksum-sha1", "NhCmhg=="}}, "InvalidRequest: Value for x-amz-checksum-sha1 header is invalid."},
      {{{"x-amz-checksum-crc32", "NhCmhg=="}, {"x-amz-checksum-crc32c", "mnG7TA=="}}, single},
      {{{"x-amz-checksum-crc32", "NhCmhg=="}, {"x-amz-checksum-crc32", "NhCmhg=="}}, single},
      {{{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkA=="}},
       "BadDigest: The Content-MD5 you specified did not match what we received."},
      {{{"Content-MD5", "NhCmhg=="}}, "InvalidDigest: The Content-MD5 you specified was invalid."},
      {{{"x-amz-checksum-crc32", "NhCmhg=="}, {"x-amz-sdk-checksum-algorithm", "SHA1"}},
       "InvalidRequest: Value for x-amz-sdk-checksum-algorithm header is invalid."},
      {{{"x-amz-sdk-checksum-algorithm", "CRC32"}},
       "InvalidRequest: x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
       "headers were found."},
  };
  for (const auto& [headers, expected] : kRows) {
    for (const char* operation : {"DeleteObjects", "PutBucketNotificationConfiguration"})
      EXPECT_EQ(check(operation, headers), expected) << operation << ' ' << headers.front().first;
  }
  EXPECT_EQ(check("DeleteObjects", {}),
            "InvalidRequest: Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  EXPECT_EQ(check("PutBucketNotificationConfiguration", {}), "ok");
  EXPECT_NE(check("DeleteObjects", {{"x-amz-checksum-xxhash3", "AAAA"}}).find("x-amz-checksum-xxhash3"),
            std::string::npos);
}

// They are about the object, not the body, or the operation keeps them.
TEST(BodyChecksum, LeavesMembersToTheOperation) {
  for (const char* operation : {"PutObject", "UploadPart", "CompleteMultipartUpload"}) {
    EXPECT_EQ(check(operation, {{"x-amz-checksum-crc32", "AAAAAA=="}}), "ok") << operation;
  }
  EXPECT_EQ(check("PutObject", {{"Content-MD5", "wrong"}, {"x-amz-sdk-checksum-algorithm", "CRC32"}}), "ok");
}

}  // namespace
}  // namespace aws::codec
