#include "aws/codec/query.h"

#include <gtest/gtest.h>

#include "aws/codec/query_form.h"
#include "aws/iam/iam.h"
#include "aws/sns/errors.h"
#include "aws/sns/sns.h"
#include "aws/sqs/errors.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"

namespace aws::codec {
namespace {

http::Request post(std::string body) {
  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.body = std::move(body);
  return request;
}

template <class In>
base::Result<In> decode(const ServiceDesc& service, http::Request request) {
  const OperationDesc* operation = service.find(query_action(request));
  EXPECT_NE(operation, nullptr);
  EXPECT_EQ(operation->input, &In::desc());
  In in;
  TRY(query_codec(service).decode_request(service, *operation, request, {}, &in));
  return in;
}

// As botocore 1.43.11 sends them.
TEST(Query, DecodesCapturedRequests) {
  const auto batch = decode<sns::PublishBatchInput>(
      sns::kService,
      post("Action=PublishBatch&Version=2010-03-31&TopicArn=arn%3At&PublishBatchRequestEntries.member.1.Id=1"
           "&PublishBatchRequestEntries.member.1.Message=a+b%26c"
           "&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name=k"
           "&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType=Binary"
           "&PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.BinaryValue=AP8%3D"));
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_EQ(batch->publish_batch_request_entries->size(), 1U);
  const auto& entry = batch->publish_batch_request_entries->front();
  EXPECT_EQ(entry.message, "a b&c");
  ASSERT_TRUE(entry.message_attributes->contains("k"));
  EXPECT_EQ(entry.message_attributes->find("k")->binary_value, std::string("\0\xFF", 2));

  const auto topic = decode<sns::CreateTopicInput>(
      sns::kService, post("Action=CreateTopic&Version=2010-03-31&Name=t&Attributes.entry.1.key=DisplayName"
                          "&Attributes.entry.1.value=x+y&Tags.member.1.Key=%C3%A9&Tags.member.1.Value=%2B"));
  ASSERT_TRUE(topic) << topic.error().message;
  EXPECT_EQ(*topic->attributes, (Map<std::string>{{"DisplayName", "x y"}}));
  EXPECT_EQ(topic->tags->front().key, "é");
  EXPECT_EQ(topic->tags->front().value, "+");

  const auto role = decode<iam::CreateRoleRequest>(
      iam::kService,
      post("Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%22a%22%3A1%7D&Tags="));
  ASSERT_TRUE(role) << role.error().message;
  EXPECT_EQ(role->assume_role_policy_document, "{\"a\":1}");
  ASSERT_TRUE(role->tags);
  EXPECT_TRUE(role->tags->empty());

  http::Request get;
  get.method = "GET";
  get.target = "/?Action=AssumeRole&RoleArn=arn%3Aaws&RoleSessionName=ss&DurationSeconds=900&Unknown.7=x";
  const auto assume = decode<sts::AssumeRoleRequest>(sts::kService, get);
  ASSERT_TRUE(assume) << assume.error().message;
  EXPECT_EQ(assume->duration_seconds, 900);
}

TEST(Query, DecodesSqsOfOldClients) {
  http::Request request = post(
      "Action=CreateQueue&QueueName=q&Attribute.10.Name=b&Attribute.10.Value=2&Attribute.2.Value=1"
      "&Attribute.2.Name=a&Tag.1.Key=k&Tag.1.Value=v");
  const auto queue = decode<sqs::CreateQueueRequest>(sqs::kService, request);
  ASSERT_TRUE(queue) << queue.error().message;
  EXPECT_EQ(*queue->attributes, (Map<std::string>{{"a", "1"}, {"b", "2"}}));  // ordered by number, gaps allowed
  EXPECT_EQ(*queue->tags, (Map<std::string>{{"k", "v"}}));

  request = post("Action=ReceiveMessage&AttributeName.1=All&MaxNumberOfMessages=10");
  request.target = "/000000000000/q";
  request.headers.set("Host", "localhost:4566");
  auto receive = decode<sqs::ReceiveMessageRequest>(sqs::kService, request);
  ASSERT_TRUE(receive) << receive.error().message;
  EXPECT_EQ(*receive->attribute_names, std::vector<std::string>{"All"});
  EXPECT_EQ(receive->queue_url, "http://localhost:4566/000000000000/q");
  request.body += "&QueueUrl=x";
  EXPECT_EQ(decode<sqs::ReceiveMessageRequest>(sqs::kService, request)->queue_url, "x");

  // The model's own spelling, which a Java SDK sends.
  const auto tags = decode<sqs::TagQueueRequest>(sqs::kService, post("Action=TagQueue&Tags.1.Key=k&Tags.1.Value=v"));
  ASSERT_TRUE(tags) << tags.error().message;
  EXPECT_TRUE(tags->tags->contains("k"));
}

TEST(Query, RefusesMalformedForms) {
  const struct {
    const char* body;
    const char* code;
  } kCases[] = {
      {"Action=CreateTopic&Name=%zz", "MalformedQueryString"},
      {"Action=CreateTopic&Name=%ff", "MalformedQueryString"},
      {"Action=CreateTopic&Name.x=1", "MalformedInput"},
      {"Action=CreateTopic&Tags.member.x.Key=1", "MalformedInput"},
      {"Action=CreateTopic&Tags.member.01.Key=1", "MalformedInput"},
      {"Action=CreateTopic&Tags.member.-1.Key=1", "MalformedInput"},
      {"Action=CreateTopic&Tags.member.99999999999999999999.Key=1", "MalformedInput"},
      {"Action=CreateTopic&Tags.member..Key=1", "MalformedInput"},
      {"Action=CreateTopic&Tags=x", "MalformedInput"},
      {"Action=CreateTopic&Tags.member.1=x", "MalformedInput"},
      {"Action=CreateTopic&Attributes.entry.1.value=x", "MalformedInput"},
      {"Action=CreateTopic&Attributes.entry.1.key=x", "MalformedInput"},
  };
  for (const auto& c : kCases) {
    http::Request request = post(c.body);
    sns::CreateTopicInput in;
    const auto decoded =
        query_codec(sns::kService).decode_request(sns::kService, *sns::kService.find("CreateTopic"), request, {}, &in);
    ASSERT_FALSE(decoded) << c.body;
    EXPECT_EQ(decoded.error().code, c.code) << c.body;
  }
  const auto number =
      decode<sts::AssumeRoleRequest>(sts::kService, post("Action=AssumeRole&DurationSeconds=99999999999"));
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().message, "'99999999999' can not be converted to an Integer");
  const auto refused = decode<sqs::SendMessageRequest>(
      sqs::kService, post("Action=SendMessage&MessageAttribute.1.Name=a&MessageAttribute.1.Value.StringListValue.1=x"
                          "&MessageAttribute.1.Value.StringListValues.1=x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, sqs::kService.unsupported_code);

  std::string many = "Action=CreateTopic";
  for (int i = 1; i <= 2000; ++i)
    many += "&Attributes.entry." + std::to_string(i) + ".key=k&Attributes.entry." + std::to_string(i) + ".value=v";
  EXPECT_FALSE(decode<sns::CreateTopicInput>(sns::kService, post(many)));
  // A name as deep as it likes costs no recursion: the description bounds it.
  std::string deep = "Action=CreateTopic&Name=t&Name";
  for (int i = 0; i < 100'000; ++i) deep += ".member.1";
  EXPECT_EQ(decode<sns::CreateTopicInput>(sns::kService, post(deep + "=x"))->name, "t");
}

TEST(Query, WritesResponses) {
  sns::CreateTopicResponse topic;
  topic.topic_arn = "arn:<t>";
  const auto& sns_codec = query_codec(sns::kService);
  http::Response response = sns_codec.encode_response(sns::kService, *sns::kService.find("CreateTopic"), &topic, "R");
  EXPECT_EQ(response.body,
            "<CreateTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><CreateTopicResult>"
            "<TopicArn>arn:&lt;t&gt;</TopicArn></CreateTopicResult><ResponseMetadata><RequestId>R</RequestId>"
            "</ResponseMetadata></CreateTopicResponse>");
  EXPECT_EQ(response.headers.get("Content-Type"), "text/xml");
  EXPECT_EQ(response.headers.get("x-amzn-requestid"), "R");

  const OperationDesc& remove = *sns::kService.find("DeleteTopic");
  const AnyShape none = remove.make_output();
  response = sns_codec.encode_response(sns::kService, remove, none.value.get(), "R");
  EXPECT_EQ(response.body,
            "<DeleteTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ResponseMetadata>"
            "<RequestId>R</RequestId></ResponseMetadata></DeleteTopicResponse>");

  iam::GetRoleResponse role;
  role.role.emplace().create_date = base::from_epoch_milliseconds(1704164645678);
  response = query_codec(iam::kService).encode_response(iam::kService, *iam::kService.find("GetRole"), &role, "R");
  EXPECT_NE(response.body.find("<Role><CreateDate>2024-01-02T03:04:05Z</CreateDate></Role>"), std::string::npos);

  sqs::ReceiveMessageResult messages;
  auto& message = messages.messages.emplace().emplace_back();
  message.body = "a\r\"b";
  message.attributes.emplace()["SentTimestamp"] = "1";
  response =
      query_codec(sqs::kService).encode_response(sqs::kService, *sqs::kService.find("ReceiveMessage"), &messages, "R");
  EXPECT_NE(response.body.find("<ReceiveMessageResult><Message><Body>a&#xD;&quot;b</Body><Attribute>"
                               "<Name>SentTimestamp</Name><Value>1</Value></Attribute></Message>"
                               "</ReceiveMessageResult>"),
            std::string::npos)
      << response.body;
}

TEST(Query, WritesErrors) {
  http::Response response =
      query_codec(sqs::kService)
          .encode_error(sqs::kService, sqs::errors::queue_does_not_exist("The specified queue does not exist."), "R");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error>"
            "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does "
            "not exist for this wsdl version.</Message><Detail/></Error><RequestId>R</RequestId></ErrorResponse>");

  base::AwsError denied;
  denied.code = "AccessDeniedException";
  denied.message = "no";
  response = query_codec(sns::kService).encode_error(sns::kService, denied, "R");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body,
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>"
            "<Code>AccessDenied</Code><Message>no</Message></Error><RequestId>R</RequestId></ErrorResponse>");
}

TEST(Query, RoundTripsThroughTheClient) {
  const auto& codec = query_codec(sns::kService);
  const OperationDesc& operation = *sns::kService.find("PublishBatch");
  sns::PublishBatchInput in;
  in.topic_arn = "arn:t";
  auto& entry = in.publish_batch_request_entries.emplace().emplace_back();
  entry.id = "1";
  entry.message = "a&b=c +é\n";
  entry.message_attributes.emplace()["k"].binary_value = std::string("\0\1", 2);
  auto request = codec.encode_request(sns::kService, operation, &in);
  ASSERT_TRUE(request);
  sns::PublishBatchInput back;
  ASSERT_TRUE(codec.decode_request(sns::kService, operation, *request, {}, &back));
  EXPECT_EQ(back, in);

  sns::PublishBatchResponse out;
  out.successful.emplace().emplace_back().message_id = "m<1>";
  out.failed.emplace();
  http::Response response = codec.encode_response(sns::kService, operation, &out, "R");
  sns::PublishBatchResponse read;
  ASSERT_TRUE(codec.decode_response(sns::kService, operation, response, &read));
  EXPECT_EQ(read, out);

  response = codec.encode_error(sns::kService, sns::errors::not_found_exception("gone & lost"), "R");
  const auto failed = codec.decode_response(sns::kService, operation, response, &read);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "NotFoundException");
  EXPECT_EQ(failed.error().message, "gone & lost");
  EXPECT_EQ(failed.error().http_status, 404);

  response = {};
  response.body = "<html>not ours";
  EXPECT_EQ(codec.decode_response(sns::kService, operation, response, &read).error().code, "InvalidResponse");
}

}  // namespace
}  // namespace aws::codec
