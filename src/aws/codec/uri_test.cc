#include "aws/codec/uri.h"

#include <gtest/gtest.h>

#include "aws/lambda/lambda.h"
#include "aws/s3/s3.h"

namespace aws::codec {
namespace {

struct Case {
  const char* method;
  const char* target;
  const char* expected;  // operation and labels, or the error's code
  const char* header = "";
};

std::string matched(const UriMatcher& matcher, const Case& c) {
  http::Request request;
  request.target = c.target;
  http::Headers headers;
  if (*c.header != '\0') headers.add(c.header, "x");
  const auto match = matcher.match(c.method, request.path(), request.query(), headers);
  if (!match) return match.error().code;
  std::string text(match->operation->name);
  for (const auto& [label, value] : match->labels) text += " " + std::string(label) + "=" + value;
  return text;
}

TEST(UriMatcher, S3) {
  const UriMatcher matcher(s3::kService);
  const Case kCases[] = {
      {"GET", "/", "ListBuckets"},
      {"GET", "/?x-id=ListBuckets", "ListBuckets"},
      {"PUT", "/b", "CreateBucket Bucket=b"},
      {"PUT", "/b/", "CreateBucket Bucket=b"},
      {"HEAD", "/b", "HeadBucket Bucket=b"},
      {"GET", "/b", "ListObjects Bucket=b"},
      {"GET", "/b?prefix=x&max-keys=1", "ListObjects Bucket=b"},
      {"GET", "/b?list-type=2&prefix=", "ListObjectsV2 Bucket=b"},
      {"GET", "/b?location", "GetBucketLocation Bucket=b"},
      {"GET", "/b?location=", "GetBucketLocation Bucket=b"},
      {"GET", "/b?uploads&prefix=p", "ListMultipartUploads Bucket=b"},
      {"POST", "/b?delete", "DeleteObjects Bucket=b"},
      {"GET", "/b//", "GetObject Bucket=b Key=/"},
      {"GET", "/b/a//b%20c/%2B%C3%A9~%3F", "GetObject Bucket=b Key=a//b c/+é~?"},
      {"GET", "/b/dir/", "GetObject Bucket=b Key=dir/"},
      {"GET", "/b/../x", "GetObject Bucket=b Key=../x"},
      {"GET", "/b/a+b?x-id=GetObject&versionId=1", "GetObject Bucket=b Key=a+b"},
      {"GET", "/b/k?partNumber=1", "GetObject Bucket=b Key=k"},
      {"GET", "/b/k?uploadId=u", "ListParts Bucket=b Key=k"},
      {"PUT", "/b/k", "PutObject Bucket=b Key=k"},
      {"PUT", "/b/k?partNumber=3&uploadId=u", "UploadPart Bucket=b Key=k"},
      {"PUT", "/b/k", "CopyObject Bucket=b Key=k", "X-Amz-Copy-Source"},
      {"POST", "/b/k?uploads", "CreateMultipartUpload Bucket=b Key=k"},
      {"POST", "/b/k?uploadId=u", "CompleteMultipartUpload Bucket=b Key=k"},
      {"DELETE", "/b/k", "DeleteObject Bucket=b Key=k"},
      {"DELETE", "/b/k?uploadId=u", "AbortMultipartUpload Bucket=b Key=k"},
      // Sub-resources without an operation never become the plain one.
      {"PUT", "/b?acl", "NotImplemented"},
      {"PUT", "/b?policy=", "NotImplemented"},
      {"DELETE", "/b?lifecycle", "NotImplemented"},
      {"DELETE", "/b?cors&x=1", "NotImplemented"},
      {"GET", "/b?website", "GetBucketWebsite Bucket=b"},
      {"GET", "/b?versions&prefix=p", "ListObjectVersions Bucket=b"},
      {"GET", "/b?analytics", "ListBucketAnalyticsConfigurations Bucket=b"},
      {"GET", "/b?analytics&id=x&x-id=GetBucketAnalyticsConfiguration", "GetBucketAnalyticsConfiguration Bucket=b"},
      {"GET", "/b/k?attributes", "GetObjectAttributes Bucket=b Key=k", "x-amz-object-attributes"},
      {"GET", "/b/k?attributes", "GetObjectAttributes Bucket=b Key=k"},
      {"GET", "/b/k?torrent", "GetObjectTorrent Bucket=b Key=k"},
      {"GET", "/b?metadataTable", "GetBucketMetadataTableConfiguration Bucket=b"},
      {"GET", "/b?list-type=3", "NotImplemented"},
      {"PUT", "/b/k?acl", "NotImplemented"},
      {"PUT", "/b/k?uploadId=u", "NotImplemented"},
      {"PUT", "/b?uploads", "NotImplemented"},
      {"DELETE", "/b/k?tagging", "NotImplemented"},
      {"PUT", "/b/k?partNumber=3&uploadId=u", "UploadPartCopy Bucket=b Key=k", "x-amz-copy-source"},
      {"PUT", "/b/k", "NotImplemented", "x-amz-rename-source"},
      {"POST", "/b?metadataConfiguration", "NotImplemented"},
      {"PUT", "/b?invented", "NotImplemented"},
      {"PUT", "/b/k?invented=", "NotImplemented"},
      {"DELETE", "/b?invented", "NotImplemented"},
      {"DELETE", "/b/k?invented&x-id=DeleteObject", "NotImplemented"},
      {"PUT", "/b/k?invented=1", "PutObject Bucket=b Key=k"},
      {"GET", "/b/k?invented", "GetObject Bucket=b Key=k"},
      {"POST", "/b", "MethodNotAllowed"},
      {"PATCH", "/b/k", "MethodNotAllowed"},
      {"GET", "//k", "InvalidURI"},
      {"GET", "/b/%zz", "InvalidURI"},
      {"GET", "/b/%ff", "InvalidURI"},
      {"GET", "/b?prefix=%z", "InvalidURI"},
      {"GET", "*", "InvalidURI"},
  };
  for (const Case& c : kCases) EXPECT_EQ(matched(matcher, c), c.expected) << c.method << ' ' << c.target;
}

// Who is refused learns which operation is not here.
TEST(UriMatcher, RefusalsNameTheOperation) {
  const UriMatcher matcher(s3::kService);
  struct Row {
    const char *method, *path, *sub_resource, *operation;
  };
  const Row kRows[] = {{"PUT", "/b", "versioning", "PutBucketVersioning"},
                       {"PUT", "/b/", "acl", "PutBucketAcl"},
                       {"PUT", "/b/k", "acl", "PutObjectAcl"},
                       {"PUT", "/b/k", "tagging", "PutObjectTagging"},
                       {"DELETE", "/b", "cors", "DeleteBucketCors"},
                       {"GET", "/b", "session", "CreateSession"},
                       {"POST", "/b/k", "restore", "RestoreObject"}};
  for (const Row& row : kRows) {
    const auto match = matcher.match(row.method, row.path, row.sub_resource, {});
    ASSERT_FALSE(match) << row.operation;
    EXPECT_EQ(match.error().message,
              std::string("A parameter you provided implies functionality that is not implemented: ") +
                  row.sub_resource + " (" + row.operation + ")");
  }
}

TEST(UriMatcher, Lambda) {
  const UriMatcher matcher(lambda::kService);
  const Case kCases[] = {
      {"GET", "/2015-03-31/functions", "ListFunctions"},
      {"GET", "/2015-03-31/functions/?MaxItems=5", "ListFunctions"},
      {"GET", "/2015-03-31/functions/f", "GetFunction FunctionName=f"},
      {"POST",
       "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations?Qualifier=1",
       "Invoke FunctionName=arn:aws:lambda:us-east-1:000000000000:function:f"},
      {"POST", "/2015-03-31/functions/a%2Fb/invocations", "Invoke FunctionName=a/b"},
      {"DELETE", "/2015-03-31/functions/f/policy/s", "RemovePermission FunctionName=f StatementId=s"},
      {"GET", "/2015-03-31/functions/f/nothing", "UnknownOperationException"},
      {"PATCH", "/2015-03-31/functions/f", "UnknownOperationException"},
      {"POST", "/2015-03-31/functions//invocations", "UnknownOperationException"},
      {"GET", "/", "UnknownOperationException"},
  };
  for (const Case& c : kCases) EXPECT_EQ(matched(matcher, c), c.expected) << c.method << ' ' << c.target;
}

TEST(ExpandUri, PathAndQuery) {
  s3::GetObjectRequest get;
  get.bucket = "b";
  EXPECT_EQ(expand_uri(*s3::kService.find("GetObject"), &get).error().code, "ParamValidation");
  get.key = "a//b c/+é~?";
  get.response_content_type = "v/1";
  EXPECT_EQ(*expand_uri(*s3::kService.find("GetObject"), &get),
            "/b/a//b%20c/%2B%C3%A9~%3F?response-content-type=v%2F1");
  s3::ListObjectsV2Request list;
  list.bucket = "b";
  list.prefix = "p/";
  list.max_keys = 2;
  EXPECT_EQ(*expand_uri(*s3::kService.find("ListObjectsV2"), &list), "/b?list-type=2&max-keys=2&prefix=p%2F");
  lambda::GetFunctionRequest function;
  function.function_name = "arn:aws:f/x";
  EXPECT_EQ(*expand_uri(*lambda::kService.find("GetFunction"), &function), "/2015-03-31/functions/arn%3Aaws%3Af%2Fx");
}

TEST(Parameters, Parse) {
  EXPECT_EQ(*parse_parameters("a=1&&b&=c&a=%2B+"),
            (std::vector<Parameter>{{"a", "1"}, {"b", ""}, {"", "c"}, {"a", "+ "}}));
  EXPECT_FALSE(parse_parameters("a=%2"));
  EXPECT_FALSE(parse_parameters("%80=1"));
  std::string many;
  for (std::size_t i = 0; i <= kParametersMax; ++i) many += "a&";
  EXPECT_FALSE(parse_parameters(many));
}

}  // namespace
}  // namespace aws::codec
