#include "aws/codec/json.h"

#include <gtest/gtest.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/dynamodb/errors.h"
#include "aws/logs/logs.h"
#include "aws/sqs/errors.h"
#include "aws/sqs/sqs.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

using dynamodb::AttributeValue;

const Codec& codec(const ServiceDesc& service) {
  return codec_for(service, service.protocols[0]);
}

const OperationDesc& operation(const ServiceDesc& service, std::string_view name) {
  return *service.find(name);
}

// What the client sees of an error that the server encodes.
base::AwsError over_the_wire(const ServiceDesc& service, std::string_view name, const base::AwsError& error) {
  http::Response response = codec(service).encode_error(service, error, "request-1");
  AnyShape out = operation(service, name).make_output();
  const auto result = codec(service).decode_response(service, operation(service, name), response, out.value.get());
  return result ? base::AwsError{} : result.error();
}

base::AwsError plain_error(std::string code, std::string message, int status = 400) {
  base::AwsError error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.http_status = status;
  error.fault = status < 500 ? base::Fault::sender : base::Fault::receiver;
  return error;
}

TEST(Json, RequestRoundTrip) {
  sqs::SendMessageBatchRequest in;
  in.queue_url = "http://localhost/000000000000/q";
  sqs::SendMessageBatchRequestEntry entry;
  entry.id = "1";
  entry.message_body = "{\"a\":\"\u20ac\"}";
  entry.delay_seconds = 0;
  sqs::MessageAttributeValue attribute;
  attribute.data_type = "Binary";
  attribute.binary_value = std::string("\0\1\2", 3);
  entry.message_attributes.emplace()["k"] = attribute;
  in.entries = {entry, entry};
  const OperationDesc& send = operation(sqs::kService, "SendMessageBatch");
  auto request = codec(sqs::kService).encode_request(sqs::kService, send, &in);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/");
  EXPECT_EQ(request->headers.get("content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(request->headers.get("x-amz-target"), "AmazonSQS.SendMessageBatch");
  EXPECT_EQ(request->headers.get("x-amzn-query-mode"), "true");
  sqs::SendMessageBatchRequest back;
  ASSERT_TRUE(codec(sqs::kService).decode_request(sqs::kService, send, *request, {}, &back));
  EXPECT_EQ(back, in);
}

TEST(Json, ResponseRoundTrip) {
  dynamodb::GetItemOutput out;
  out.item.emplace()["id"] = AttributeValue::of_s("x");
  const OperationDesc& get = operation(dynamodb::kService, "GetItem");
  auto response = codec(dynamodb::kService).encode_response(dynamodb::kService, get, &out, "ID");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"Item":{"id":{"S":"x"}}})");
  EXPECT_EQ(response.headers.get("x-amzn-RequestId"), "ID");
  EXPECT_EQ(response.headers.get("x-amz-crc32"), std::to_string(base::crc32(response.body)));
  dynamodb::GetItemOutput back;
  ASSERT_TRUE(codec(dynamodb::kService).decode_response(dynamodb::kService, get, response, &back));
  EXPECT_EQ(back, out);

  response.body[10] ^= 1;
  const auto corrupt = codec(dynamodb::kService).decode_response(dynamodb::kService, get, response, &back);
  ASSERT_FALSE(corrupt);
  EXPECT_EQ(corrupt.error().code, "InvalidResponse");
  response.headers.erase("x-amz-crc32");
  response.body = "{\"Item\":1}";
  EXPECT_EQ(codec(dynamodb::kService).decode_response(dynamodb::kService, get, response, &back).error().code,
            "InvalidResponse");

  logs::PutLogEventsResponse none;
  const OperationDesc& put = operation(logs::kService, "PutLogEvents");
  response = codec(logs::kService).encode_response(logs::kService, put, &none, "ID");
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(response.headers.get("content-type"), "application/x-amz-json-1.1");
  EXPECT_FALSE(response.headers.contains("x-amz-crc32"));
}

TEST(Json, ErrorBodies) {
  struct Case {
    const ServiceDesc& service;
    base::AwsError error;
    std::string_view body;
    std::string_view query_error;
  };
  dynamodb::ConditionalCheckFailedException detail;
  detail.item.emplace()["id"] = AttributeValue::of_s("x");
  const Case kTable[] = {
      {dynamodb::kService, dynamodb::errors::resource_not_found_exception("Requested resource not found"),
       R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"})",
       ""},
      {dynamodb::kService,
       dynamodb::errors::conditional_check_failed_exception("The conditional request failed", detail),
       R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":{"id":{"S":"x"}},"message":"The conditional request failed"})",
       ""},
      {dynamodb::kService, dynamodb::errors::conditional_check_failed_exception("The conditional request failed", {}),
       R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed"})",
       ""},
      {dynamodb::kService, plain_error("ValidationException", "x"),
       R"({"__type":"com.amazon.coral.validate#ValidationException","message":"x"})", ""},
      {dynamodb::kService, plain_error("SerializationException", "x"),
       R"({"__type":"com.amazon.coral.service#SerializationException","Message":"x"})", ""},
      {dynamodb::kService, plain_error("UnknownOperationException", ""),
       R"({"__type":"com.amazon.coral.service#UnknownOperationException"})", ""},
      {sqs::kService, sqs::errors::queue_does_not_exist("gone"),
       R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"})",
       "AWS.SimpleQueueService.NonExistentQueue;Sender"},
      {sqs::kService, plain_error("InternalError", "", 500), R"({"__type":"com.amazonaws.sqs#InternalError"})",
       "InternalError;Receiver"},
      {cloudwatch::kService, plain_error("ValidationError", "x"),
       R"({"__type":"com.amazon.coral.validate#ValidationException","message":"x"})", "ValidationError;Sender"},
  };
  for (const Case& c : kTable) {
    const http::Response response = codec(c.service).encode_error(c.service, c.error, "ID");
    EXPECT_EQ(response.status, c.error.http_status);
    EXPECT_EQ(response.body, c.body);
    EXPECT_EQ(response.headers.get("x-amzn-query-error"), c.query_error);
    EXPECT_EQ(response.headers.get("x-amzn-RequestId"), "ID");
    EXPECT_EQ(response.headers.contains("x-amz-crc32"), c.service.id == "dynamodb");
  }
}

TEST(Json, ErrorsSurviveTheWire) {
  dynamodb::ConditionalCheckFailedException detail;
  detail.item.emplace()["id"] = AttributeValue::of_n("1");
  const base::AwsError failed =
      over_the_wire(dynamodb::kService, "PutItem", dynamodb::errors::conditional_check_failed_exception("no", detail));
  EXPECT_EQ(failed.code, "ConditionalCheckFailedException");
  EXPECT_EQ(failed.message, "no");
  const auto* typed = ShapeDetail::find<dynamodb::ConditionalCheckFailedException>(failed);
  ASSERT_NE(typed, nullptr);
  EXPECT_EQ(typed->item, detail.item);

  const base::AwsError gone = over_the_wire(sqs::kService, "SendMessage", sqs::errors::queue_does_not_exist("gone"));
  EXPECT_EQ(gone.code, "QueueDoesNotExist");
  EXPECT_EQ(gone.query_code, "AWS.SimpleQueueService.NonExistentQueue");
  EXPECT_EQ(gone.http_status, 400);
  EXPECT_EQ(gone.fault, base::Fault::sender);

  const base::AwsError broken = over_the_wire(sqs::kService, "SendMessage", plain_error("Strange", "s", 503));
  EXPECT_EQ(broken.code, "Strange");
  EXPECT_EQ(broken.fault, base::Fault::receiver);

  struct Case {
    const char* body;
    const char* code;
    const char* message;
  };
  const Case kForeign[] = {
      {R"({"__type":"QueueDoesNotExist:http://x/","Message":"m"})", "QueueDoesNotExist", "m"},
      {R"({"code":"a.b#Other","message":"m","x":[1]})", "Other", "m"},
      {"<html>Bad Gateway</html>", "UnknownError", "SQS answered HTTP status 502"},
      {R"({"__type":5})", "UnknownError", "SQS answered HTTP status 502"},
      {"", "UnknownError", "SQS answered HTTP status 502"},
  };
  for (const Case& c : kForeign) {
    http::Response response;
    response.status = 502;
    response.body = c.body;
    sqs::SendMessageResult out;
    const auto result =
        codec(sqs::kService).decode_response(sqs::kService, operation(sqs::kService, "SendMessage"), response, &out);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, c.code);
    EXPECT_EQ(result.error().message, c.message);
    EXPECT_EQ(result.error().http_status, 502);
  }
}

TEST(Json, RequestsThatAreRefused) {
  struct Case {
    const ServiceDesc& service;
    const char* name;
    const char* body;
    const char* code;
    const char* message;
  };
  const Case kTable[] = {
      {dynamodb::kService, "PutItem", R"({"TableName":1})", "SerializationException",
       "NUMBER_VALUE cannot be converted to String"},
      {dynamodb::kService, "PutItem", R"({"TableName":"t","Item":{"a":{}}})", "ValidationException",
       "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
      // DynamoDB names Java's types.
      {dynamodb::kService, "PutItem", R"({"TableName":[]})", "SerializationException",
       "Unrecognized collection type class java.lang.String"},
      {dynamodb::kService, "PutItem", R"({"Item":[]})", "SerializationException",
       "Unrecognized collection type java.util.Map<java.lang.String, "
       "com.amazonaws.dynamodb.v20120810.AttributeValue>"},
      {dynamodb::kService, "PutItem", R"({"ExpressionAttributeNames":[]})", "SerializationException",
       "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>"},
      {dynamodb::kService, "PutItem", R"({"Item":{"a":[]}})", "SerializationException",
       "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"},
      {dynamodb::kService, "PutItem", R"({"Item":{"a":{"B":[]}}})", "SerializationException",
       "Unrecognized collection type class java.nio.ByteBuffer"},
      {dynamodb::kService, "PutItem", R"({"Item":{"a":{"BOOL":[]}}})", "SerializationException",
       "Unrecognized collection type class java.lang.Boolean"},
      {dynamodb::kService, "Scan", R"({"Limit":[]})", "SerializationException",
       "Unrecognized collection type class java.lang.Integer"},
      {dynamodb::kService, "PutItem", R"({"Item":{"a":"x"}})", "SerializationException",
       "Unexpected value type in payload"},
      {dynamodb::kService, "CreateTable", R"({"ProvisionedThroughput":"x"})", "SerializationException",
       "Unexpected field type"},
      {dynamodb::kService, "PutItem", "[]", "SerializationException",
       "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.PutItemInput"},
      // And where an AttributeValue stood.
      {dynamodb::kService, "PutItem",
       R"({"TableName":"t","Item":{},"ExpressionAttributeValues":{":a":{"S":""},":b":{"L":[{}]}}})",
       "ValidationException",
       "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one "
       "of the supported datatypes for key :b"},
      {dynamodb::kService, "Scan", R"({"TableName":"t","ExclusiveStartKey":{"p":{"S":"","N":"1"}}})",
       "ValidationException",
       "The provided starting key is invalid: Supplied AttributeValue has more than one datatypes set, must contain "
       "exactly one of the supported datatypes"},
      // The model's constraints come before what is wrong with an AttributeValue.
      {dynamodb::kService, "PutItem", R"({"Item":{"a":{}}})", "ValidationException",
       "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
      {dynamodb::kService, "ListTables", "", "SerializationException", nullptr},
      {sqs::kService, "SendMessage", R"({"MessageAttributes":{"k":{"StringListValues":[]}}})", "InvalidParameterValue",
       "The parameter MessageAttributes.k.StringListValues is not supported here."},
  };
  for (const Case& c : kTable) {
    http::Request request;
    request.body = c.body;
    AnyShape in = operation(c.service, c.name).make_input();
    const auto result =
        codec(c.service).decode_request(c.service, operation(c.service, c.name), request, {}, in.value.get());
    ASSERT_FALSE(result) << c.body;
    EXPECT_EQ(result.error().code, c.code);
    if (c.message != nullptr) {
      EXPECT_EQ(result.error().message, c.message);
    }
  }
  http::Request request;
  sqs::ListQueuesRequest in;
  EXPECT_TRUE(
      codec(sqs::kService).decode_request(sqs::kService, operation(sqs::kService, "ListQueues"), request, {}, &in));
}

}  // namespace
}  // namespace aws::codec
