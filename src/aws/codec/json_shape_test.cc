#include "aws/codec/json_shape.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "aws/cloudwatch/shapes.h"
#include "aws/dynamodb/shapes.h"
#include "aws/lambda/shapes.h"
#include "aws/sqs/shapes.h"

namespace aws::codec {
namespace {

using dynamodb::AttributeValue;
using dynamodb::PutItemInput;

template <class T>
std::string written(const T& value, JsonNames names = JsonNames::model) {
  std::string out;
  write_json(T::desc(), &value, names, out);
  return out;
}

template <class T>
base::Result<T> read(std::string_view text, JsonStrictness strictness = JsonStrictness::request) {
  T value;
  TRY(read_json(T::desc(), text, JsonNames::model, strictness, &value));
  return value;
}

template <class T>
std::string refusal(std::string_view text) {
  const auto result = read<T>(text);
  return result ? "accepted" : result.error().code + ": " + result.error().message;
}

std::string nested(std::size_t levels) {
  std::string text = R"({"Item":{"a":)";
  for (std::size_t i = 0; i < levels; ++i) text += R"({"L":[)";
  text += R"({"S":"x"})";
  for (std::size_t i = 0; i < levels; ++i) text += "]}";
  return text + "}}";
}

TEST(JsonStrings, Escape) {
  const std::pair<std::string, std::string> kTable[] = {
      {"", R"("")"},
      {"plain text of more than eight bytes", R"("plain text of more than eight bytes")"},
      {"12345678\"", R"("12345678\"")"},
      {"1234567\\x", R"("1234567\\x")"},
      {"a\b\f\n\r\t\x01\x1f\x7f/", "\"a\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\""},
      {std::string("nul\0nul", 7), R"("nul\u0000nul")"},
      {"\u00e9\u20ac\U0001F600 \u00e9", "\"\u00e9\u20ac\U0001F600 \u00e9\""},
      {"a\xff"
       "b",
       "\"a\uFFFDb\""},
      {"\xc0\xaf", "\"\uFFFD\uFFFD\""},                      // overlong
      {"\xed\xa0\x80", "\"\uFFFD\uFFFD\uFFFD\""},            // surrogate
      {"\xf4\x90\x80\x80", "\"\uFFFD\uFFFD\uFFFD\uFFFD\""},  // beyond Unicode
      {"12345678\xe2\x82", "\"12345678\uFFFD\uFFFD\""},      // cut off
  };
  for (const auto& [text, want] : kTable) {
    std::string out;
    write_json_string(text, out);
    EXPECT_EQ(out, want);
  }
}

TEST(JsonWrite, EachKind) {
  EXPECT_EQ(written(PutItemInput{}), "{}");
  PutItemInput put;
  put.table_name = "orders";
  put.item.emplace()["id"] = AttributeValue::of_s("a\"b");
  put.item->append("n") = AttributeValue::of_n("1.50");
  put.item->append("b") = AttributeValue::of_b(std::string("\0\xff", 2));
  put.item->append("ns") = AttributeValue::of_ns({"1", "2"});
  put.item->append("null") = AttributeValue::of_null_(true);
  put.item->append("flag") = AttributeValue::of_bool_(false);
  put.item->append("none");
  EXPECT_EQ(written(put), R"({"TableName":"orders","Item":{"id":{"S":"a\"b"},"n":{"N":"1.50"},"b":{"B":"AP8="},)"
                          R"("ns":{"NS":["1","2"]},"null":{"NULL":true},"flag":{"BOOL":false},"none":{}}})");
  const std::pair<double, std::string> kNumbers[] = {{1, "1.0"},
                                                     {100000, "100000.0"},
                                                     {-0.5, "-0.5"},
                                                     {1e300, "1e+300"},
                                                     {0.1, "0.1"},
                                                     {std::nan(""), "\"NaN\""},
                                                     {HUGE_VAL, "\"Infinity\""}};
  for (const auto& [value, want] : kNumbers) {
    cloudwatch::MetricDatum datum;
    datum.value = value;
    EXPECT_EQ(written(datum), "{\"Value\":" + want + "}");
  }
  const std::pair<int64_t, std::string> kTimes[] = {{1700000000123, "1700000000.123"},
                                                    {1700000000000, "1700000000"},
                                                    {1700000000007, "1700000000.007"},
                                                    {-1500, "-1.500"}};
  for (const auto& [ms, want] : kTimes) {
    cloudwatch::MetricDatum datum;
    datum.timestamp = base::from_epoch_milliseconds(ms);
    EXPECT_EQ(written(datum), "{\"Timestamp\":" + want + "}");
  }
}

TEST(JsonRead, TakesWhatAwsTakes) {
  const auto put = read<PutItemInput>(
      " {\"Unknown\":{\"x\":[1,{\"y\":null}]}, \"TableName\":\"t\\u00e9\\ud83d\\ude00\", \"Item\":null,"
      "\"ExpressionAttributeNames\":{\"#a\":\"1\",\"#b\":\"2\",\"#a\":\"3\"}, \"TableName\":\"last\"}\n");
  ASSERT_TRUE(put) << put.error().message;
  EXPECT_EQ(put->table_name, "last");
  EXPECT_FALSE(put->item.has_value());
  EXPECT_EQ(*put->expression_attribute_names, (Map<std::string>{{"#a", "3"}, {"#b", "2"}}));

  struct Case {
    const char* text;
    double value;
  };
  for (const auto& [text, value] : {Case{"1", 1}, Case{"-1.5e2", -150}, Case{"\"Infinity\"", HUGE_VAL}}) {
    const auto datum = read<cloudwatch::MetricDatum>("{\"Value\":" + std::string(text) + "}");
    ASSERT_TRUE(datum) << text;
    EXPECT_EQ(datum->value, value);
  }
  for (const char* text : {"60", "6e1", "60.0"}) {
    const auto datum = read<cloudwatch::MetricDatum>("{\"StorageResolution\":" + std::string(text) + "}");
    ASSERT_TRUE(datum) << text;
    EXPECT_EQ(datum->storage_resolution, 60);
  }
  for (const char* text : {"1700000000.123", "\"2023-11-14T22:13:20.123Z\""}) {
    const auto datum = read<cloudwatch::MetricDatum>("{\"Timestamp\":" + std::string(text) + "}");
    ASSERT_TRUE(datum) << text;
    EXPECT_EQ(base::to_epoch_milliseconds(*datum->timestamp), 1700000000123);
  }
}

TEST(JsonRead, RefusesWrongTypes) {
  const std::pair<const char*, const char*> kTable[] = {
      {R"({"TableName":1})", "NUMBER_VALUE cannot be converted to String"},
      {R"({"TableName":1.5})", "DECIMAL_VALUE cannot be converted to String"},
      {R"({"TableName":true})", "TRUE_VALUE cannot be converted to String"},
      {R"({"TableName":{}})", "Start of structure or map found where not expected"},
      {R"({"TableName":[]})", "Unrecognized collection type class String"},
      {R"({"Item":"x"})", "Unexpected field type"},
      {R"({"Item":[]})", "Unrecognized collection type java.util.Map"},
      {R"({"Item":{"a":"x"}})", "Unexpected value type in payload"},
      {R"({"Item":{"a":{"BOOL":"true"}}})", "Unexpected token received from parser"},
      {R"({"Item":{"a":{"BOOL":1}}})", "NUMBER_VALUE cannot be converted to Boolean"},
      {R"({"Item":{"a":{"N":1}}})", "NUMBER_VALUE cannot be converted to String"},
      {R"({"Item":{"a":{"B":1}}})", "only base-64-encoded strings are convertible to bytes"},
      {R"({"Item":{"a":{"B":"YWI"}}})", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"},
      {R"({"Item":{"a":{"B":"YW-="}}})", "Invalid Base64 character: '-'"},
      {R"({"Item":{"a":{"B":"YWJ="}}})", "Invalid last non-pad Base64 character dectected"},
      {R"({"Item":{"a":{"SS":["x",null]}}})", "NULL_VALUE cannot be converted to String"},
      {R"({"ExpressionAttributeNames":{"a":null}})", "NULL_VALUE cannot be converted to String"},
      {"[]", "Unrecognized collection type class PutItemInput"},
      {"\"x\"", "Unexpected value type in payload"},
      {"null", "Unexpected value type in payload"},
  };
  for (const auto& [text, want] : kTable)
    EXPECT_EQ(refusal<PutItemInput>(text), std::string("SerializationException: ") + want) << text;
  const std::pair<const char*, const char*> kNumbers[] = {
      {"1.5", "DECIMAL_VALUE cannot be converted to Integer"},
      {"2147483648", "NUMBER_VALUE cannot be converted to Integer"},
      {"1e10", "DECIMAL_VALUE cannot be converted to Integer"},
      {"99999999999999999999999", "NUMBER_VALUE cannot be converted to Integer"},
      {"1e999", "DECIMAL_VALUE cannot be converted to Integer"},
      {"\"1\"", "STRING_VALUE cannot be converted to Integer"},
  };
  for (const auto& [text, want] : kNumbers)
    EXPECT_EQ(refusal<cloudwatch::MetricDatum>("{\"StorageResolution\":" + std::string(text) + "}"),
              std::string("SerializationException: ") + want);
  for (const char* text : {"\"x\"", "1e999", "true", "{}"})
    EXPECT_TRUE(refusal<cloudwatch::MetricDatum>("{\"Value\":" + std::string(text) + "}").starts_with("Serial"))
        << text;
  for (const char* text : {"\"x\"", "1e30", "\"2023-02-30T00:00:00Z\""})
    EXPECT_TRUE(refusal<cloudwatch::MetricDatum>("{\"Timestamp\":" + std::string(text) + "}").starts_with("Serial"));
}

TEST(JsonRead, RefusesMalformedText) {
  const std::string kTable[] = {
      "",
      " ",
      "{",
      "}",
      R"({"TableName":"t")",
      R"({"TableName":"t)",
      R"({"TableName":})",
      R"({"TableName" "t"})",
      R"({"TableName":"t",})",
      R"({"TableName":"t"}})",
      R"({"TableName":"t"} {})",
      R"({"TableName":"t"} x)",
      R"({TableName:"t"})",
      R"({"TableName":"\ud800"})",
      R"({"TableName":"\udc00x"})",
      R"({"TableName":"\ud800\u0041"})",
      R"({"TableName":"\x"})",
      "{\"TableName\":\"a\nb\"}",
      "{\"TableName\":\"\xff\"}",
      "{\"TableName\":\"\xed\xa0\x80\"}",
      R"({"x":tru})",
      R"({"x":nul})",
      R"({"x":nullx})",
      R"({"TableName":nulll})",
      R"({"x":01})",
      R"({"x":1.})",
      R"({"x":.5})",
      R"({"x":+1})",
      R"({"x":NaN})",
      R"({"x":Infinity})",
      R"({"x":-})",
      R"({"x":1e})",
      R"({"x":0x10})",
      R"({"x":[1,]})",
      R"({"x":[1 2]})",
      R"({"x":{"y"}})",
      R"({"x":"\u12"})",
      R"({"x":[}])",
      R"({"\ud800":1})",
      std::string("{\"x\":1}\0", 8),
      "{'x':1}",
      "{\"x\":1 /* no */}",
  };
  for (const std::string& text : kTable)
    EXPECT_TRUE(refusal<PutItemInput>(text).starts_with("SerializationException: Could not parse"))
        << text << " " << refusal<PutItemInput>(text);
}

// No prefix of a document is one, and no byte that is changed, left out or doubled does more than make it wrong.
TEST(JsonRead, SurvivesEveryPrefixAndChange) {
  const std::string text =
      R"({"TableName":"t\u00e9","x":[1,{"y":[true,null,-1.5e3,"z"]}],"Item":{"a":{"L":[{"N":"1"},{"M":{"k":{"B":"YQ=="}}}]},)"
      R"("b":{"NULL":true}},"ExpressionAttributeNames":{"#a":"b"}})";
  ASSERT_EQ(refusal<PutItemInput>(text), "accepted");
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_NE(refusal<PutItemInput>(text.substr(0, i)), "accepted") << i;
    for (const char c : std::string("\"\\{}[]:, 0nt-.\xff\0", 17)) {
      std::string changed = text;
      changed[i] = c;
      refusal<PutItemInput>(changed);
      changed.insert(i, 1, text[i]);
      refusal<PutItemInput>(changed);
    }
    std::string shorter = text;
    refusal<PutItemInput>(shorter.erase(i, 1));
  }
}

TEST(JsonRead, BoundsNesting) {
  EXPECT_EQ(refusal<PutItemInput>(nested(32)), "accepted");
  EXPECT_EQ(refusal<PutItemInput>(nested(46)), "accepted");  // the engine says what DynamoDB says
  EXPECT_TRUE(refusal<PutItemInput>(nested(47)).starts_with("SerializationException: Could not parse"));
  for (const char open : {'[', '{'}) {
    std::string deep = "{\"x\":";
    for (int i = 0; i < 100000; ++i) deep += open == '[' ? "[" : "{\"a\":";
    EXPECT_TRUE(refusal<PutItemInput>(deep).starts_with("SerializationException")) << open;
  }
  std::string arrays = "{\"x\":" + std::string(95, '[') + std::string(95, ']') + "}";
  EXPECT_EQ(refusal<PutItemInput>(arrays), "accepted");
  arrays = "{\"x\":" + std::string(96, '[') + std::string(96, ']') + "}";
  EXPECT_TRUE(refusal<PutItemInput>(arrays).starts_with("SerializationException"));
}

TEST(JsonRead, UnionsHoldExactlyOneMember) {
  const std::string empty =
      "ValidationException: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
  const std::string several =
      "ValidationException: Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
      "supported datatypes";
  const std::pair<const char*, std::string> kTable[] = {
      {R"({"Item":{"a":{}}})", empty},
      {R"({"Item":{"a":{"X":"y"}}})", empty},
      {R"({"Item":{"a":{"S":null}}})", empty},
      {R"({"Item":{"a":null}})", empty},
      {R"({"Item":{"a":{"L":[null]}}})", empty},
      {R"({"Item":{"a":{"M":{"b":{}}}}})", empty},
      {R"({"Item":{"a":{"S":"x","N":"1"}}})", several},
      {R"({"Item":{"a":{"S":"x","S":"y"}}})", "accepted"},
      {R"({"Item":{"a":{"S":"x","N":null}}})", "accepted"},
      // Wrong types anywhere come first.
      {R"({"Item":{"a":{}},"TableName":1})", "SerializationException: NUMBER_VALUE cannot be converted to String"},
  };
  for (const auto& [text, want] : kTable) EXPECT_EQ(refusal<PutItemInput>(text), want) << text;
  EXPECT_TRUE(read<PutItemInput>(R"({"Item":{"a":{"NEW":"y"},"b":null}})", JsonStrictness::response));
}

TEST(JsonRead, RefusesUnsupportedMembersOfRequestsOnly) {
  const char* text =
      R"({"Entries":[{"Id":"1"},{"MessageAttributes":{"k":{"StringListValues":["x"]}},"MessageBody":"b"}]})";
  EXPECT_EQ(refusal<sqs::SendMessageBatchRequest>(text), "Unsupported: Entries.2.MessageAttributes.k.StringListValues");
  EXPECT_TRUE(read<sqs::SendMessageBatchRequest>(text, JsonStrictness::response));
  EXPECT_EQ(refusal<sqs::SendMessageRequest>(R"({"MessageAttributes":{"k":{"StringListValues":null}}})"), "accepted");
}

TEST(JsonRead, TakesUnsupportedMembersThatSayNothingAsAbsentInRestJson) {
  const auto outcome = [](std::string_view members) {
    lambda::CreateFunctionRequest in;
    const std::string text = "{" + std::string(members) + R"(,"Description":"d"})";
    const auto read =
        read_json(lambda::CreateFunctionRequest::desc(), text, JsonNames::wire, JsonStrictness::request, &in);
    if (!read) return read.error().code + ": " + read.error().message;
    return in.description == "d" ? std::string("accepted") : std::string("lost");
  };
  for (const char* none : {R"("VpcConfig":{})", R"("VpcConfig":{"SubnetIds":[],"Ipv6AllowedForDualStack":false})",
                           R"("Layers":[])", R"("KMSKeyArn":"")", R"("ImageConfig":{"Command":null})"}) {
    EXPECT_EQ(outcome(none), "accepted") << none;
  }
  const std::pair<const char*, const char*> kRefused[] = {
      {R"("VpcConfig":{"SubnetIds":["s"]})", "Unsupported: VpcConfig"},
      {R"("VpcConfig":{"Ipv6AllowedForDualStack":true})", "Unsupported: VpcConfig"},
      {R"("Layers":[""])", "Unsupported: Layers"},
      {R"("FileSystemConfigs":[{}])", "Unsupported: FileSystemConfigs"},
      {R"("KMSKeyArn":"k")", "Unsupported: KMSKeyArn"},
      {R"("DurableConfig":{"ExecutionTimeout":0})", "Unsupported: DurableConfig"}};
  for (const auto& [text, want] : kRefused) EXPECT_EQ(outcome(text), want) << text;
  EXPECT_EQ(refusal<sqs::SendMessageRequest>(R"({"MessageAttributes":{"k":{"StringListValues":[]}}})"),
            "Unsupported: MessageAttributes.k.StringListValues");
}

TEST(JsonRead, LargeMapsTakeLinearTimeAndKeepTheLastValue) {
  std::string text = "{\"ExpressionAttributeNames\":{";
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 100000; ++i)
      text += (round + i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"" + std::to_string(round) + "\"";
  const auto put = read<PutItemInput>(text + "}}");
  ASSERT_TRUE(put);
  ASSERT_EQ(put->expression_attribute_names->size(), 100000u);
  EXPECT_EQ(put->expression_attribute_names->at(99999), (std::pair<std::string, std::string>("99999", "1")));
  EXPECT_EQ(put->expression_attribute_names->at(3), (std::pair<std::string, std::string>("3", "1")));
}

TEST(JsonWireNames, LeaveOtherLocationsOut) {
  lambda::UpdateFunctionConfigurationRequest in;
  in.function_name = "f";  // travels in the URI
  in.timeout = 3;
  EXPECT_EQ(written(in, JsonNames::wire), "{\"Timeout\":3}");
  lambda::UpdateFunctionConfigurationRequest out;
  ASSERT_TRUE(
      read_json(out.desc(), R"({"FunctionName":"g","Timeout":4})", JsonNames::wire, JsonStrictness::request, &out));
  EXPECT_FALSE(out.function_name.has_value());
  EXPECT_EQ(out.timeout, 4);
}

// --- any AttributeValue survives writing and reading

rc::Gen<std::string> any_text() {
  return rc::gen::map(rc::gen::container<std::u32string>(rc::gen::oneOf(rc::gen::inRange<char32_t>(0, 0x80),
                                                                        rc::gen::inRange<char32_t>(0x80, 0xD800),
                                                                        rc::gen::inRange<char32_t>(0xE000, 0x110000))),
                      [](const std::u32string& points) {
                        std::string out;
                        for (const char32_t c : points) {
                          const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
                          if (c < 0x80) {
                            out += static_cast<char>(c);
                          } else if (c < 0x800) {
                            out += static_cast<char>(0xC0 | (c >> 6));
                            tail(0);
                          } else if (c < 0x10000) {
                            out += static_cast<char>(0xE0 | (c >> 12));
                            tail(6);
                            tail(0);
                          } else {
                            out += static_cast<char>(0xF0 | (c >> 18));
                            tail(12);
                            tail(6);
                            tail(0);
                          }
                        }
                        return out;
                      });
}

AttributeValue any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 3 ? 8 : 10)) {
    case 0:
      return AttributeValue::of_s(*any_text());
    case 1:
      return AttributeValue::of_n(std::to_string(*rc::gen::arbitrary<int64_t>()));
    case 2:
      return AttributeValue::of_b(*rc::gen::arbitrary<std::string>());
    case 3:
      return AttributeValue::of_ss(*rc::gen::container<std::vector<std::string>>(any_text()));
    case 4:
      return AttributeValue::of_ns({"1", "-2.5"});
    case 5:
      return AttributeValue::of_bs(*rc::gen::arbitrary<std::vector<std::string>>());
    case 6:
      return AttributeValue::of_null_(true);
    case 7:
      return AttributeValue::of_bool_(*rc::gen::arbitrary<bool>());
    case 8: {
      Map<AttributeValue> map;
      for (int i = *rc::gen::inRange(0, 20); i > 0; --i) map[*any_text()] = any_value(depth + 1);
      return AttributeValue::of_m(std::move(map));
    }
    default: {
      std::vector<AttributeValue> list;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) list.push_back(any_value(depth + 1));
      return AttributeValue::of_l(std::move(list));
    }
  }
}

TEST(JsonRoundTrip, AttributeValues) {
  EXPECT_TRUE(rc::check([] {
    const AttributeValue value = any_value(0);
    const auto back = read<AttributeValue>(written(value));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == value);
  }));
}

}  // namespace
}  // namespace aws::codec
