#include "aws/codec/cbor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/cloudwatch/errors.h"
#include "aws/codec/cbor_shape.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/dynamodb/errors.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

using cloudwatch::Datapoint;
using cloudwatch::PutMetricDataInput;

const OperationDesc& operation(const char* name) {
  return *cloudwatch::kService.find(name);
}

std::string bytes(std::string_view hex) {
  return *base::hex_decode(hex);
}

// Text as a CBOR item of fewer than 24 bytes.
std::string text(std::string_view value) {
  return static_cast<char>(0x60 + value.size()) + std::string(value);
}

// A Datapoint of one member, whose value is `hex`.
std::string datapoint(std::string_view member, std::string_view hex) {
  return "\xA1" + text(member) + bytes(hex);
}

// "ok", or the code and text of the failure.
template <class T>
std::string outcome(std::string_view body, T& out, bool request = true) {
  const auto read = read_cbor(T::desc(), body, request, &out);
  return read.has_value() ? "ok" : read.error().code + ": " + read.error().message;
}

TEST(Cbor, RequestSurvivesBothDirections) {
  PutMetricDataInput in;
  in.namespace_ = "Shop \xC3\xBC";
  auto& datum = in.metric_data.emplace().emplace_back();
  datum.metric_name = "Orders";
  datum.dimensions.emplace().push_back({.name = "Site", .value = "north"});
  datum.timestamp = base::from_epoch_milliseconds(1'700'000'000'250);
  datum.values = {0.1, -2.5, 1e300};
  datum.counts = {1, 2, 3};
  datum.storage_resolution = 60;
  in.metric_data->emplace_back().value = 0;
  auto request = cbor_codec().encode_request(cloudwatch::kService, operation("PutMetricData"), &in);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->target, "/service/GraniteServiceVersion20100801/operation/PutMetricData");
  EXPECT_EQ(request->headers.get("smithy-protocol"), "rpc-v2-cbor");
  EXPECT_EQ(request->headers.get("Content-Type"), "application/cbor");
  PutMetricDataInput back;
  const auto read = cbor_codec().decode_request(cloudwatch::kService, operation("PutMetricData"), *request, {}, &back);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(back, in);
}

TEST(Cbor, ResponseSurvivesBothDirections) {
  cloudwatch::GetMetricStatisticsOutput out;
  out.label = std::string(300, 'x');
  Datapoint& point = out.datapoints.emplace().emplace_back();
  point.timestamp = base::from_epoch_seconds(1'700'000'000);
  point.sum = 3;
  point.extended_statistics.emplace()["p99"] = 7.25;
  http::Response response =
      cbor_codec().encode_response(cloudwatch::kService, operation("GetMetricStatistics"), &out, "id-1");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("x-amzn-RequestId"), "id-1");
  bool lower_case = false;
  for (const auto& [name, value] : response.headers.fields()) lower_case |= name == "smithy-protocol";
  EXPECT_TRUE(lower_case);
  cloudwatch::GetMetricStatisticsOutput back;
  const auto read =
      cbor_codec().decode_response(cloudwatch::kService, operation("GetMetricStatistics"), response, &back);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(back, out);
  response.headers.erase("smithy-protocol");
  EXPECT_FALSE(cbor_codec().decode_response(cloudwatch::kService, operation("GetMetricStatistics"), response, &back));
}

TEST(Cbor, WritesWhatTypedDecodersExpect) {
  Datapoint point;
  std::string out;
  write_cbor(Datapoint::desc(), &point, out);
  EXPECT_EQ(base::hex_encode(out), "a0") << "absent members are not null";
  point.timestamp = base::from_epoch_seconds(1);
  point.sum = 3;
  out.clear();
  write_cbor(Datapoint::desc(), &point, out);
  EXPECT_EQ(out,
            "\xA2" + text("Timestamp") + bytes("c1fb3ff0000000000000") + text("Sum") + bytes("fb4008000000000000"));
  cloudwatch::PutMetricDataResponse empty;
  EXPECT_EQ(cbor_codec().encode_response(cloudwatch::kService, operation("PutMetricData"), &empty, "r").body, "\xA0");
}

TEST(Cbor, BlobsMapsAndUnionsOfAnyShape) {
  dynamodb::PutItemInput in;
  in.table_name = "t";
  dynamodb::AttributeValue blob;
  blob.value.emplace<3>(std::string("\0\xFF", 2));
  in.item.emplace()["k"] = blob;
  std::string out;
  write_cbor(dynamodb::PutItemInput::desc(), &in, out);
  dynamodb::PutItemInput back;
  EXPECT_EQ(outcome(out, back), "ok");
  EXPECT_EQ(back, in);
  dynamodb::AttributeValue none;
  EXPECT_EQ(outcome("\xA0", none), "SerializationException: the union AttributeValue must have exactly one member");
}

TEST(Cbor, TakesEveryNumberFormat) {
  const std::pair<const char*, double> kNumbers[] = {{"05", 5},
                                                     {"1903e8", 1000},
                                                     {"1bffffffffffffffff", 18446744073709551616.0},
                                                     {"29", -10},
                                                     {"f93c00", 1},
                                                     {"f9c400", -4},
                                                     {"f90001", 5.960464477539063e-8},
                                                     {"f97c00", HUGE_VAL},
                                                     {"fa47c35000", 100000},
                                                     {"fb3ff199999999999a", 1.1}};
  for (const auto& [hex, number] : kNumbers) {
    Datapoint point;
    EXPECT_EQ(outcome(datapoint("Sum", hex), point), "ok") << hex;
    EXPECT_EQ(point.sum, number) << hex;
  }
  for (const char* hex : {"c11a6553f100", "c1fa4eca a7e2", "c1fb41d954fc40000000"}) {
    std::string packed(hex);
    std::erase(packed, ' ');
    Datapoint point;
    EXPECT_EQ(outcome(datapoint("Timestamp", packed), point), "ok") << hex;
    ASSERT_TRUE(point.timestamp.has_value());
    EXPECT_EQ(base::to_epoch_seconds(*point.timestamp) / 1000, 1'700'000) << hex;
  }
  cloudwatch::MetricDatum datum;
  EXPECT_EQ(outcome("\xA1" + text("StorageResolution") + bytes("fb404e000000000000"), datum), "ok");
  EXPECT_EQ(datum.storage_resolution, 60);
}

TEST(Cbor, TakesIndefiniteLengthsNullsAndStrangers) {
  // {_ "Namespace": (_ "Sh", "op"), "MetricData": [_ {_ "MetricName": "m", "Unit": null, "X": 2([1, h'00'])}]}
  const std::string body = "\xBF" + text("Namespace") + "\x7F" + text("Sh") + text("op") + "\xFF" + text("MetricData") +
                           "\x9F\xBF" + text("MetricName") + text("m") + text("Unit") + "\xF6" + text("X") +
                           bytes("c282014100") + "\xFF\xFF\xFF";
  PutMetricDataInput in;
  EXPECT_EQ(outcome(body, in), "ok");
  EXPECT_EQ(in.namespace_, "Shop");
  ASSERT_EQ(in.metric_data->size(), 1);
  EXPECT_EQ((*in.metric_data)[0].metric_name, "m");
  EXPECT_FALSE((*in.metric_data)[0].unit.has_value());
  // Every cut of it is damaged.
  for (std::size_t size = 0; size < body.size(); ++size) {
    PutMetricDataInput cut;
    EXPECT_NE(outcome(std::string_view(body).substr(0, size), cut), "ok") << size;
  }
}

TEST(Cbor, RefusesDamagedBytesAndWrongTypes) {
  const std::pair<std::string, const char*> kBodies[] = {
      {"", "the CBOR body ends early"},
      {"\x80", "unexpected CBOR type for Datapoint"},
      {std::string("\xA0\x00", 2), "there are bytes behind the end of the CBOR item"},
      {bytes("bbffffffffffffffff"), "the CBOR body ends early"},
      {bytes("a101f6"), "a key of a CBOR map is not text"},
      {bytes("a17b00000000ffffffff61"), "a CBOR string is longer than the body"},
      {bytes("a161fff6"), "a CBOR text is not UTF-8"},
      {bytes("a17f4161ff00"), "a piece of a CBOR string is of another type"},
      {bytes("a17f7f6161ffff00"), "a piece of a CBOR string is of another type"},
      {bytes("a1ff"), "a CBOR break where none may be"},
      {datapoint("Other", "ff"), "a CBOR break where none may be"},
      {datapoint("Other", "1c"), "reserved additional information in a CBOR item"},
      {datapoint("Other", "1f"), "a CBOR item of indefinite length that has none"},
      {datapoint("Sum", "6131"), "unexpected CBOR type for DatapointValue"},
      {datapoint("Unit", "01"), "unexpected CBOR type for StandardUnit"},
      {datapoint("Timestamp", "01"), "unexpected CBOR type for Timestamp"},
      {datapoint("Timestamp", "c16131"), "unexpected CBOR type for Timestamp"},
      {datapoint("Timestamp", "c1fb7ff8000000000000"), "a CBOR timestamp is out of range"},
      {datapoint("ExtendedStatistics", "a16161f6"), "null in the map DatapointValueMap"},
  };
  for (const auto& [body, message] : kBodies) {
    Datapoint point;
    EXPECT_EQ(outcome(body, point), "SerializationException: " + std::string(message)) << base::hex_encode(body);
  }
}

TEST(Cbor, BoundsDepthItemsAndStructures) {
  const auto nested = [](std::size_t depth) { return "\xA1" + text("Other") + std::string(depth, '\x81') + '\x01'; };
  Datapoint point;
  EXPECT_EQ(outcome(nested(kCborDepthMax - 1), point), "ok");
  EXPECT_EQ(outcome(nested(kCborDepthMax), point), "SerializationException: the CBOR body is nested too deeply");
  EXPECT_EQ(outcome("\xA1" + text("Other") + std::string(100, '\xC2') + '\x01', point),
            "SerializationException: the CBOR body is nested too deeply");
  EXPECT_EQ(outcome("\xA1" + text("Other") + '\x9F' + std::string(kCborItemsMax, '\x01') + '\xFF', point),
            "SerializationException: the CBOR body has too many items");
  PutMetricDataInput in;
  EXPECT_EQ(outcome("\xA1" + text("MetricData") + '\x9F' + std::string(kCborStructuresMax, '\xA0') + '\xFF', in),
            "SerializationException: the CBOR body has too many structures");
}

TEST(Cbor, RefusesUnsupportedMembersOfRequestsOnly) {
  const std::string body = "\xA1" + text("StrictEntityValidation") + '\xF5';
  PutMetricDataInput in;
  EXPECT_EQ(outcome(body, in), "Unsupported: StrictEntityValidation");
  EXPECT_EQ(outcome(body, in, false), "ok");
  EXPECT_EQ(outcome(body + '\x00', in), "SerializationException: there are bytes behind the end of the CBOR item");
}

TEST(Cbor, ErrorsBothWays) {
  const base::AwsError error = cloudwatch::errors::invalid_parameter_value_exception("bad \"value\"");
  http::Response response = cbor_codec().encode_error(cloudwatch::kService, error, "r");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.get("smithy-protocol"), "rpc-v2-cbor");
  EXPECT_EQ(response.headers.get("x-amzn-query-error"), "InvalidParameterValue;Sender");
  EXPECT_NE(response.body.find("com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterValueException"),
            std::string::npos);
  cloudwatch::PutMetricDataResponse out;
  auto back = cbor_codec().decode_response(cloudwatch::kService, operation("PutMetricData"), response, &out);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, "InvalidParameterValueException");
  EXPECT_EQ(back.error().query_code, "InvalidParameterValue");
  EXPECT_EQ(back.error().message, error.message);
  EXPECT_EQ(back.error().fault, base::Fault::sender);

  // Typed members travel too.
  dynamodb::ConditionalCheckFailedException detail;
  dynamodb::AttributeValue value;
  value.value.emplace<1>("v");
  detail.item.emplace()["k"] = value;
  const auto typed = dynamodb::errors::conditional_check_failed_exception("no", detail);
  response = cbor_codec().encode_error(dynamodb::kService, typed, "r");
  dynamodb::PutItemOutput put;
  back = cbor_codec().decode_response(dynamodb::kService, *dynamodb::kService.find("PutItem"), response, &put);
  ASSERT_FALSE(back.has_value());
  const auto* found = ShapeDetail::find<dynamodb::ConditionalCheckFailedException>(back.error());
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->item, detail.item);

  http::Response page;
  page.status = 503;
  page.body = "<html>";
  back = cbor_codec().decode_response(cloudwatch::kService, operation("PutMetricData"), page, &out);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, "UnknownError");
  EXPECT_EQ(back.error().fault, base::Fault::receiver);
}

}  // namespace
}  // namespace aws::codec
