#include "aws/codec/rest.h"

#include <gtest/gtest.h>

#include "aws/codec/rest_json.h"
#include "aws/codec/rest_xml.h"
#include "aws/codec/uri.h"
#include "aws/lambda/errors.h"
#include "aws/lambda/lambda.h"
#include "aws/s3/errors.h"
#include "aws/s3/s3.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
constexpr std::string_view kNamespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

http::Request make(std::string method, std::string target, std::string body = "", const Headers& headers = {}) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

const Codec& codec_of(const ServiceDesc& service) {
  return service.id == "s3" ? rest_xml_codec(service) : rest_json_codec(service);
}

// Matches and decodes, as the server does.
template <class In>
base::Result<In> decode(const ServiceDesc& service, http::Request request) {
  TRY_ASSIGN(const UriMatch match,
             UriMatcher(service).match(request.method, request.path(), request.query(), request.headers));
  EXPECT_EQ(match.operation->input, &In::desc()) << match.operation->name;
  In in;
  TRY(codec_of(service).decode_request(service, *match.operation, request, match.labels, &in));
  return in;
}

template <class Out>
http::Response encode(const ServiceDesc& service, std::string_view operation, Out out) {
  return codec_of(service).encode_response(service, *service.find(operation), &out, "R");
}

// Client to server and back.
template <class In>
void expect_round_trip(const ServiceDesc& service, std::string_view operation, const In& in) {
  auto request = codec_of(service).encode_request(service, *service.find(operation), &in);
  ASSERT_TRUE(request) << request.error().message;
  const auto back = decode<In>(service, *request);
  ASSERT_TRUE(back) << back.error().code << back.error().message;
  EXPECT_EQ(*back, in);
}

template <class Out>
void expect_answer_round_trip(const ServiceDesc& service, std::string_view operation, const Out& out) {
  http::Response response = encode(service, operation, out);
  Out back;
  const auto read = codec_of(service).decode_response(service, *service.find(operation), response, &back);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(back, out);
}

// As botocore 1.43.11 sends them.
TEST(RestXml, DecodesCapturedRequests) {
  const auto put = decode<s3::PutObjectRequest>(
      s3::kService, make("PUT", "/b/a//b%20c/%2B%C3%A9~%3F", "hi",
                         {{"x-amz-meta-Foo", "Bar"}, {"Content-Type", "text/plain"}, {"Content-Length", "2"}}));
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(put->bucket, "b");
  EXPECT_EQ(put->key, "a//b c/+é~?");
  EXPECT_EQ(put->body, "hi");
  EXPECT_EQ(put->content_type, "text/plain");
  EXPECT_EQ(put->content_length, 2);
  EXPECT_EQ(*put->metadata, (Map<std::string>{{"foo", "Bar"}}));

  const auto create = decode<s3::CreateBucketRequest>(
      s3::kService, make("PUT", "/b",
                         "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                         "<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"));
  ASSERT_TRUE(create) << create.error().message;
  EXPECT_EQ(create->create_bucket_configuration->location_constraint, "eu-west-1");
  EXPECT_FALSE(decode<s3::CreateBucketRequest>(s3::kService, make("PUT", "/b"))->create_bucket_configuration);

  const auto remove = decode<s3::DeleteObjectsRequest>(
      s3::kService,
      make("POST", "/b?delete",
           "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&amp;b</Key></Object><Object>"
           "<Key>c</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>"));
  ASSERT_TRUE(remove) << remove.error().message;
  EXPECT_EQ(remove->delete_->objects->at(0).key, "a&b");
  EXPECT_EQ(remove->delete_->objects->at(1).version_id, "v");
  EXPECT_EQ(remove->delete_->quiet, true);

  const auto complete = decode<s3::CompleteMultipartUploadRequest>(
      s3::kService, make("POST", "/b/k?uploadId=u%2F1",
                         "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part>"
                         "<ETag>\"e\"</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>"));
  ASSERT_TRUE(complete) << complete.error().message;
  EXPECT_EQ(complete->upload_id, "u/1");
  EXPECT_EQ(complete->multipart_upload->parts->front().etag, "\"e\"");
  EXPECT_EQ(complete->multipart_upload->parts->front().part_number, 1);

  const auto list = decode<s3::ListObjectsV2Request>(
      s3::kService, make("GET", "/b?list-type=2&prefix=p%2F&delimiter=%2F&max-keys=2&encoding-type=url"));
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->prefix, "p/");
  EXPECT_EQ(list->max_keys, 2);

  const auto get = decode<s3::GetObjectRequest>(
      s3::kService,
      make("GET", "/b/k", "", {{"Range", "bytes=0-1"}, {"If-Modified-Since", "Tue, 02 Jan 2024 03:04:05 GMT"}}));
  ASSERT_TRUE(get) << get.error().message;
  EXPECT_EQ(get->range, "bytes=0-1");
  EXPECT_EQ(get->if_modified_since, base::from_epoch_seconds(1704164645));

  const auto notify = decode<s3::PutBucketNotificationConfigurationRequest>(
      s3::kService,
      make("PUT", "/b?notification",
           "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CloudFunctionConfiguration>"
           "<CloudFunction>arn:f</CloudFunction><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule>"
           "<Name>prefix</Name><Value>in/</Value></FilterRule></S3Key></Filter></CloudFunctionConfiguration>"
           "</NotificationConfiguration>"));
  ASSERT_TRUE(notify) << notify.error().message;
  const auto& function = notify->notification_configuration->lambda_function_configurations->front();
  EXPECT_EQ(function.lambda_function_arn, "arn:f");
  EXPECT_EQ(function.events->front(), "s3:ObjectCreated:*");
  EXPECT_EQ(function.filter->key->filter_rules->front().value, "in/");
}

TEST(RestXml, RefusesWrongValues) {
  const auto keys = decode<s3::ListObjectsRequest>(s3::kService, make("GET", "/b?max-keys=x"));
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().code, "InvalidArgument");
  EXPECT_EQ(keys.error().message, "Provided max-keys not an integer or within integer range");
  EXPECT_EQ(keys.error().fields, (Headers{{"ArgumentName", "max-keys"}, {"ArgumentValue", "x"}}));
  EXPECT_EQ(decode<s3::DeleteObjectsRequest>(s3::kService, make("POST", "/b?delete", "<Delete>")).error().code,
            "MalformedXML");
  const auto payer =
      decode<s3::GetObjectRequest>(s3::kService, make("GET", "/b/k", "", {{"x-amz-request-payer", "requester"}}));
  ASSERT_FALSE(payer);
  EXPECT_EQ(payer.error().code, "NotImplemented");
  EXPECT_EQ(payer.error().http_status, 501);
  EXPECT_NE(payer.error().message.find("x-amz-request-payer"), std::string::npos) << payer.error().message;
  const auto grant =
      decode<s3::PutObjectRequest>(s3::kService, make("PUT", "/b/k", "", {{"X-Amz-Grant-Read", "id=x"}}));
  ASSERT_FALSE(grant);
  EXPECT_NE(grant.error().message.find("x-amz-grant-read"), std::string::npos) << grant.error().message;
  const auto size = decode<s3::DeleteObjectsRequest>(
      s3::kService, make("POST", "/b?delete", "<Delete><Object><Key>k</Key><Size>1</Size></Object></Delete>"));
  ASSERT_FALSE(size);
  EXPECT_NE(size.error().message.find("Objects.Size"), std::string::npos) << size.error().message;
  // RFC 9110: a conditional header that is no date is as good as absent.
  const auto get = decode<s3::GetObjectRequest>(s3::kService, make("GET", "/b/k", "", {{"If-Modified-Since", "now"}}));
  ASSERT_TRUE(get);
  EXPECT_FALSE(get->if_modified_since);
}

// JavaScript's presigner moves x-amz- headers into the query, among them the checksum of an empty body, which AWS
// passes over unless it is signed as a header.
TEST(RestXml, TakesHeadersOfPresignedUrlsFromTheQuery) {
  const auto put = decode<s3::PutObjectRequest>(
      s3::kService,
      make("PUT", "/b/k?X-Amz-Signature=s&x-amz-meta-a=1&x-amz-meta-e=&x-amz-checksum-crc32=AAAAAA%3D%3D", ""));
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(*put->metadata, (Map<std::string>{{"a", "1"}, {"e", ""}}));
  EXPECT_FALSE(put->checksum_crc32);
  EXPECT_EQ(put->body, "");
  const std::string of_nothing = "&x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32&x-id=PutObject";
  const auto javascript = decode<s3::PutObjectRequest>(
      s3::kService,
      make("PUT", "/b/k?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-SignedHeaders=host" + of_nothing, "hello"));
  ASSERT_TRUE(javascript) << javascript.error().message;
  EXPECT_FALSE(javascript->checksum_crc32);
  EXPECT_FALSE(javascript->checksum_algorithm);
  const auto meant = decode<s3::PutObjectRequest>(
      s3::kService, make("PUT", "/b/k?X-Amz-SignedHeaders=host%3Bx-amz-checksum-crc32" + of_nothing, "hello"));
  EXPECT_EQ(meant->checksum_crc32, "AAAAAA==");
  EXPECT_FALSE(meant->checksum_algorithm);
  const auto version_2 = decode<s3::PutObjectRequest>(
      s3::kService, make("PUT", "/b/k?AWSAccessKeyId=A&Signature=s" + of_nothing, "hello"));
  EXPECT_EQ(version_2->checksum_algorithm, "CRC32");
  // boto3 names in the URL what has to be sent as well.
  const auto both = decode<s3::PutObjectRequest>(
      s3::kService, make("PUT", "/b/k?X-Amz-Signature=s&x-amz-meta-a=1&x-amz-meta-b=2", "", {{"x-amz-meta-A", "1"}}));
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(*both->metadata, (Map<std::string>{{"a", "1"}, {"b", "2"}}));
}

TEST(RestXml, WritesResponses) {
  s3::ListBucketsOutput buckets;
  auto& bucket = buckets.buckets.emplace().emplace_back();
  bucket.name = "b";
  bucket.creation_date = base::from_epoch_milliseconds(1704164645678);
  http::Response response = encode(s3::kService, "ListBuckets", buckets);
  EXPECT_EQ(response.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListAllMyBucketsResult " + std::string(kNamespace) +
                "><Buckets><Bucket><Name>b</Name><CreationDate>2024-01-02T03:04:05.000Z</CreationDate></Bucket>"
                "</Buckets></ListAllMyBucketsResult>");
  EXPECT_EQ(response.headers.get("content-type"), "application/xml");
  EXPECT_EQ(response.headers.get("x-amz-request-id"), "R");
  EXPECT_FALSE(response.headers.get("x-amz-id-2").empty());

  s3::CopyObjectOutput copy;
  copy.copy_object_result.emplace().etag = "\"e\"";
  response = encode(s3::kService, "CopyObject", copy);
  EXPECT_NE(response.body.find("<CopyObjectResult " + std::string(kNamespace) + "><ETag>&quot;e&quot;</ETag>"),
            std::string::npos);

  s3::GetBucketLocationOutput location;
  response = encode(s3::kService, "GetBucketLocation", location);
  EXPECT_NE(response.body.find("<LocationConstraint " + std::string(kNamespace) + "></LocationConstraint>"),
            std::string::npos);

  const struct {
    const char* operation;
    const char* root;
  } kRoots[] = {{"ListObjects", "ListBucketResult"},
                {"ListObjectsV2", "ListBucketResult"},
                {"CompleteMultipartUpload", "CompleteMultipartUploadResult"},
                {"CreateMultipartUpload", "InitiateMultipartUploadResult"},
                {"ListParts", "ListPartsResult"},
                {"ListMultipartUploads", "ListMultipartUploadsResult"},
                {"DeleteObjects", "DeleteResult"},
                {"GetBucketNotificationConfiguration", "NotificationConfiguration"}};
  for (const auto& c : kRoots) {
    const OperationDesc& operation = *s3::kService.find(c.operation);
    const AnyShape empty = operation.make_output();
    response = rest_xml_codec(s3::kService).encode_response(s3::kService, operation, empty.value.get(), "R");
    EXPECT_NE(response.body.find(std::string("\n<") + c.root + " xmlns="), std::string::npos) << response.body;
  }

  s3::PutObjectOutput put;
  put.etag = "\"e\"\r\nX: y";
  response = encode(s3::kService, "PutObject", put);
  EXPECT_EQ(response.body, "");
  EXPECT_FALSE(response.headers.contains("Content-Type"));
  EXPECT_EQ(response.headers.get("ETag"), "\"e\"X: y");
}

struct Three final : http::BodySource {
  [[nodiscard]] uint64_t size() const override { return 3; }
  void read(std::string& out) override { out += std::exchange(left, ""); }
  std::string left = "abc";
};

TEST(RestXml, StreamsObjects) {
  s3::GetObjectOutput out;
  out.body = Body(std::make_shared<Three>());
  out.content_type = "text/plain";
  out.last_modified = base::from_epoch_seconds(1704164645);
  out.metadata.emplace()["k"] = "v";
  http::Response response = encode(s3::kService, "GetObject", out);
  ASSERT_NE(response.stream, nullptr);
  EXPECT_EQ(response.headers.get("Content-Type"), "text/plain");
  EXPECT_EQ(response.headers.get("Last-Modified"), "Tue, 02 Jan 2024 03:04:05 GMT");
  EXPECT_EQ(response.headers.get("x-amz-meta-k"), "v");
  s3::GetObjectOutput back;
  ASSERT_TRUE(
      rest_xml_codec(s3::kService).decode_response(s3::kService, *s3::kService.find("GetObject"), response, &back));
  EXPECT_EQ(back.body->take(), "abc");
  EXPECT_EQ(back.last_modified, out.last_modified);
  EXPECT_EQ(*back.metadata, *out.metadata);
  out.body = Body("held");
  EXPECT_EQ(encode(s3::kService, "GetObject", out).body, "held");
}

// What reads of a bucket's settings look like, where the name of the element is not the shape's.
TEST(RestXml, WritesSettingsOfBuckets) {
  const auto body = [](std::string_view operation, auto out) {
    const std::string text = encode(s3::kService, operation, std::move(out)).body;
    const std::size_t root = text.find('\n') + 1;  // behind the declaration
    const std::size_t space = text.find(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", root);
    return space == std::string::npos ? text : text.substr(root, space - root) + text.substr(text.find('>', space));
  };
  EXPECT_EQ(body("GetBucketVersioning", s3::GetBucketVersioningOutput()),
            "<VersioningConfiguration></VersioningConfiguration>");
  EXPECT_EQ(body("GetBucketLogging", s3::GetBucketLoggingOutput()), "<BucketLoggingStatus></BucketLoggingStatus>");
  s3::ListBucketInventoryConfigurationsOutput inventory;
  inventory.is_truncated = false;
  EXPECT_EQ(body("ListBucketInventoryConfigurations", inventory),
            "<ListInventoryConfigurationsResult><IsTruncated>false</IsTruncated></ListInventoryConfigurationsResult>");
  s3::GetBucketEncryptionOutput encryption;
  auto& rule = encryption.server_side_encryption_configuration.emplace().rules.emplace().emplace_back();
  rule.apply_server_side_encryption_by_default.emplace().sse_algorithm = "AES256";
  rule.blocked_encryption_types.emplace().encryption_type.emplace().emplace_back("SSE-C");
  EXPECT_EQ(body("GetBucketEncryption", encryption),
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256"
            "</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C"
            "</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>");
  s3::GetBucketAclOutput acl;
  auto& grant = acl.grants.emplace().emplace_back();
  grant.grantee.emplace().id = "owner";
  grant.grantee->type = "CanonicalUser";
  grant.permission = "FULL_CONTROL";
  EXPECT_EQ(body("GetBucketAcl", acl),
            "<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="
            "\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>owner</ID></Grantee>"
            "<Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>");
  s3::GetObjectTaggingOutput tagging;
  tagging.tag_set.emplace();
  EXPECT_EQ(body("GetObjectTagging", tagging), "<Tagging><TagSet></TagSet></Tagging>");
  s3::ListObjectVersionsOutput versions;
  versions.versions.emplace().emplace_back().version_id = "null";
  EXPECT_EQ(body("ListObjectVersions", versions),
            "<ListVersionsResult><Version><VersionId>null</VersionId></Version></ListVersionsResult>");
  s3::ListBucketsOutput buckets;
  buckets.buckets.emplace();
  buckets.owner.emplace().id = "o";
  EXPECT_EQ(body("ListBuckets", buckets),
            "<ListAllMyBucketsResult><Owner><ID>o</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>");
  const auto bridge = decode<s3::PutBucketNotificationConfigurationRequest>(
      s3::kService, make("PUT", "/b?notification",
                         "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>"));
  ASSERT_TRUE(bridge) << bridge.error().message;
  EXPECT_TRUE(bridge->notification_configuration->event_bridge_configuration);
  s3::NotificationConfiguration shown;
  shown.event_bridge_configuration.emplace();
  EXPECT_EQ(body("GetBucketNotificationConfiguration", shown),
            "<NotificationConfiguration><EventBridgeConfiguration></EventBridgeConfiguration>"
            "</NotificationConfiguration>");
  const auto attributes = decode<s3::GetObjectAttributesRequest>(
      s3::kService, make("GET", "/b/k?attributes", "", {{"x-amz-object-attributes", "ETag, ObjectSize"}}));
  ASSERT_TRUE(attributes) << attributes.error().message;
  EXPECT_EQ(*attributes->object_attributes, (std::vector<std::string>{"ETag", "ObjectSize"}));
}

// RFC 2047, as S3 has it for user metadata.
TEST(RestXml, MetadataThatIsNotAscii) {
  const auto stored = [](std::string value) {
    const auto put = decode<s3::PutObjectRequest>(s3::kService, make("PUT", "/b/k", "", {{"x-amz-meta-a", value}}));
    return put && put->metadata ? put->metadata->begin()->second : "";
  };
  EXPECT_EQ(stored("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(stored("caf\xe9"), "caf\xc3\xa9");
  EXPECT_EQ(stored("=?UTF-8?Q?caf=C3=A9_1?= and =?utf-8?B?w6k=?="), "caf\xc3\xa9 1 and \xc3\xa9");
  EXPECT_EQ(stored("=?UTF-8?Q?hel?= =?US-ASCII?Q?lo?="), "hello");
  EXPECT_EQ(stored("=?ISO-8859-1?Q?=E9?="), "\xc3\xa9");
  for (const char* text :
       {"=?", "=?UTF-8?Q?=C3?=", "=?UTF-8?B?!?=", "=?KOI8-R?Q?=C3?=", "a=?UTF-8?Q?b?=", "=?UTF-8?X?b?="})
    EXPECT_EQ(stored(text), text);
  const auto shown = [](std::string value) {
    s3::HeadObjectOutput out;
    out.metadata.emplace()["a"] = std::move(value);
    return std::string(encode(s3::kService, "HeadObject", out).headers.get("x-amz-meta-a"));
  };
  EXPECT_EQ(shown("plain =? text"), "plain =? text");
  EXPECT_EQ(shown("caf\xc3\xa9 = 1"), "=?UTF-8?Q?caf=C3=A9_=3D_1?=");
  EXPECT_EQ(shown("\xc3\x84\xc3\x96"), "=?UTF-8?B?w4TDlg==?=");
  EXPECT_EQ(shown("a\r\nX-Injected: 1"), "=?UTF-8?Q?a=0D=0AX-Injected:_1?=");
  std::string lengthy;
  for (int i = 0; i < 100; ++i) lengthy += "\xf0\x9f\x93\x88";
  const std::string words = shown(lengthy);
  EXPECT_EQ(stored(words), lengthy);
  for (std::size_t at = 0; at < words.size(); at = words.find(' ', at) + 1) {
    EXPECT_LE(words.substr(at, words.find(' ', at) - at).size(), 75U);
    if (words.find(' ', at) == std::string::npos) break;
  }
}

TEST(RestXml, WritesAndReadsErrors) {
  const Codec& codec = rest_xml_codec(s3::kService);
  base::AwsError error = s3::errors::no_such_key("The specified key does not exist.");
  error.fields = {{"Key", "a<b"}, {"x-amz-delete-marker", "true"}};
  http::Response response = codec.encode_error(s3::kService, error, "R");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The "
            "specified key does not exist.</Message><Key>a&lt;b</Key><RequestId>R</RequestId><HostId>" +
                std::string(response.headers.get("x-amz-id-2")) + "</HostId></Error>");
  EXPECT_EQ(response.headers.get("x-amz-delete-marker"), "true");
  s3::GetObjectOutput out;
  const OperationDesc& get = *s3::kService.find("GetObject");
  auto failed = codec.decode_response(s3::kService, get, response, &out);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "NoSuchKey");
  EXPECT_EQ(failed.error().fields, (Headers{{"Key", "a<b"}}));

  response = {};
  response.status = 404;
  EXPECT_EQ(codec.decode_response(s3::kService, get, response, &out).error().code, "404");  // HEAD

  response = codec.encode_error(s3::kService, s3::errors::not_modified(""), "R");
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.body, "");

  response = {};
  response.body = "<Error><Code>InternalError</Code><Message>m</Message></Error>";
  s3::CopyObjectOutput copy;
  failed = codec.decode_response(s3::kService, *s3::kService.find("CopyObject"), response, &copy);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "InternalError");
  EXPECT_EQ(failed.error().http_status, 500);
}

TEST(RestXml, RoundTrips) {
  s3::PutObjectRequest put;
  put.bucket = "b";
  put.key = "/x/ %?#é//";
  put.body = std::string("\0\xFF", 2);
  put.metadata.emplace()["k"] = "v";
  put.expires = base::from_epoch_seconds(1704164645);
  expect_round_trip(s3::kService, "PutObject", put);

  s3::CopyObjectRequest copy;
  copy.bucket = "b";
  copy.key = "k";
  copy.copy_source = "s/x%20y";
  copy.copy_source_if_modified_since = base::from_epoch_seconds(1);
  expect_round_trip(s3::kService, "CopyObject", copy);

  s3::DeleteObjectsRequest remove;
  remove.bucket = "b";
  remove.delete_.emplace().objects.emplace().emplace_back().key = "a\r\n<&> ";
  expect_round_trip(s3::kService, "DeleteObjects", remove);
  auto request =
      rest_xml_codec(s3::kService).encode_request(s3::kService, *s3::kService.find("DeleteObjects"), &remove);
  EXPECT_EQ(request->headers.get("Content-MD5"), base::base64_encode(base::md5(request->body)));

  s3::ListObjectsV2Output list;
  list.name = "b";
  list.prefix = "";
  list.key_count = 1;
  list.is_truncated = false;
  auto& object = list.contents.emplace().emplace_back();
  object.key = "k\x01";
  object.last_modified = base::from_epoch_seconds(1704164645);
  object.size = int64_t{1} << 40U;
  object.checksum_algorithm = {"CRC32", "SHA1"};
  list.common_prefixes.emplace().emplace_back().prefix = "p/";
  expect_answer_round_trip(s3::kService, "ListObjectsV2", list);

  s3::GetBucketLocationOutput location;
  location.location_constraint = "eu-west-1";
  expect_answer_round_trip(s3::kService, "GetBucketLocation", location);
  expect_answer_round_trip(s3::kService, "GetBucketLocation", s3::GetBucketLocationOutput());
}

TEST(RestJson, DecodesCapturedRequests) {
  const auto invoke = decode<lambda::InvocationRequest>(
      lambda::kService,
      make("POST",
           "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations?Qualifier=1",
           "{\"x\":1}", {{"X-Amz-Invocation-Type", "Event"}}));
  ASSERT_TRUE(invoke) << invoke.error().message;
  EXPECT_EQ(invoke->function_name, "arn:aws:lambda:us-east-1:000000000000:function:f");
  EXPECT_EQ(invoke->invocation_type, "Event");
  EXPECT_EQ(invoke->qualifier, "1");
  EXPECT_EQ(invoke->payload, "{\"x\":1}");
  EXPECT_FALSE(decode<lambda::InvocationRequest>(lambda::kService, make("POST", "/2015-03-31/functions/f/invocations"))
                   ->payload);

  const auto create = decode<lambda::CreateFunctionRequest>(
      lambda::kService, make("POST", "/2015-03-31/functions",
                             "{\"FunctionName\": \"f\", \"Role\": \"r\", \"Code\": {\"ZipFile\": \"UEs=\"}, "
                             "\"Environment\": {\"Variables\": {\"A\": \"b\"}}, \"Timeout\": 3}"));
  ASSERT_TRUE(create) << create.error().message;
  EXPECT_EQ(create->code->zip_file, "PK");
  EXPECT_EQ(*create->environment->variables, (Map<std::string>{{"A", "b"}}));
  EXPECT_EQ(create->timeout, 3);

  // A label is not taken from the body.
  const auto configure = decode<lambda::UpdateFunctionConfigurationRequest>(
      lambda::kService, make("PUT", "/2015-03-31/functions/f/configuration", "{\"FunctionName\":\"evil\"}"));
  ASSERT_TRUE(configure) << configure.error().message;
  EXPECT_EQ(configure->function_name, "f");

  const auto number =
      decode<lambda::ListFunctionsRequest>(lambda::kService, make("GET", "/2015-03-31/functions?MaxItems=x"));
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code, "SerializationException");
  EXPECT_EQ(
      decode<lambda::CreateFunctionRequest>(lambda::kService, make("POST", "/2015-03-31/functions", "{")).error().code,
      "SerializationException");
}

TEST(RestJson, WritesResponses) {
  lambda::InvocationResponse out;
  out.status_code = 202;
  out.payload = "[1]";
  out.function_error = "Unhandled";
  http::Response response = encode(lambda::kService, "Invoke", out);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "[1]");
  EXPECT_EQ(response.headers.get("X-Amz-Function-Error"), "Unhandled");
  EXPECT_EQ(response.headers.get("x-amzn-requestid"), "R");
  expect_answer_round_trip(lambda::kService, "Invoke", out);

  response = encode(lambda::kService, "ListFunctions", lambda::ListFunctionsResponse());
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");

  lambda::FunctionConfiguration function;
  function.function_name = "f";
  function.code_size = 7;
  EXPECT_EQ(encode(lambda::kService, "CreateFunction", function).status, 201);
  expect_answer_round_trip(lambda::kService, "CreateFunction", function);
}

TEST(RestJson, WritesAndReadsErrors) {
  const Codec& codec = rest_json_codec(lambda::kService);
  const OperationDesc& invoke = *lambda::kService.find("Invoke");
  http::Response response = codec.encode_error(
      lambda::kService, make_error(lambda::errors::kResourceNotFoundException, "Function not found: \"f\""), "R");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.headers.get("x-amzn-ErrorType"), "ResourceNotFoundException");
  EXPECT_EQ(response.body, "{\"Type\":\"User\",\"Message\":\"Function not found: \\\"f\\\"\"}");
  EXPECT_EQ(codec.encode_error(lambda::kService, make_error(lambda::errors::kServiceException, "x"), "R").body,
            "{\"Type\":\"Service\",\"Message\":\"x\"}");
  EXPECT_EQ(
      codec.encode_error(lambda::kService, make_error(lambda::errors::kInvalidParameterValueException, "x"), "R").body,
      "{\"Type\":\"User\",\"message\":\"x\"}");
  base::AwsError plain;
  plain.code = "ValidationException";
  plain.message = "1 validation error";
  EXPECT_EQ(codec.encode_error(lambda::kService, plain, "R").body, "{\"message\":\"1 validation error\"}");
  plain.message.clear();
  EXPECT_EQ(codec.encode_error(lambda::kService, plain, "R").body, "{}");

  lambda::TooManyRequestsException detail;
  detail.reason = "ReservedFunctionConcurrentInvocationLimitExceeded";
  detail.retry_after_seconds = "3";
  response = codec.encode_error(lambda::kService, lambda::errors::too_many_requests_exception("Rate", detail), "R");
  EXPECT_EQ(
      response.body,
      "{\"Type\":\"User\",\"message\":\"Rate\",\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\"}");
  EXPECT_EQ(response.headers.get("Retry-After"), "3");
  lambda::InvocationResponse out;
  auto failed = codec.decode_response(lambda::kService, invoke, response, &out);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "TooManyRequestsException");
  EXPECT_EQ(failed.error().message, "Rate");
  const auto* typed = ShapeDetail::find<lambda::TooManyRequestsException>(failed.error());
  ASSERT_NE(typed, nullptr);
  EXPECT_EQ(typed->reason, detail.reason);
  EXPECT_EQ(typed->retry_after_seconds, "3");

  response = {};
  response.status = 503;
  response.body = "<html>";
  failed = codec.decode_response(lambda::kService, invoke, response, &out);
  EXPECT_EQ(failed.error().code, "503");
  EXPECT_EQ(failed.error().fault, base::Fault::receiver);
  response = {};
  response.body = "{";
  lambda::ListFunctionsResponse list;
  EXPECT_EQ(
      codec.decode_response(lambda::kService, *lambda::kService.find("ListFunctions"), response, &list).error().code,
      "InvalidResponse");
}

TEST(RestJson, RoundTrips) {
  lambda::InvocationRequest invoke;
  invoke.function_name = "arn:aws:lambda:us-east-1:000000000000:function:f";
  invoke.payload = "{}";
  invoke.log_type = "Tail";
  invoke.qualifier = "$LATEST";
  expect_round_trip(lambda::kService, "Invoke", invoke);
  lambda::UpdateFunctionConfigurationRequest configure;
  configure.function_name = "f";
  configure.environment.emplace().variables.emplace()["A"] = "\"é\n";
  configure.timeout = 5;
  expect_round_trip(lambda::kService, "UpdateFunctionConfiguration", configure);
}

}  // namespace
}  // namespace aws::codec
