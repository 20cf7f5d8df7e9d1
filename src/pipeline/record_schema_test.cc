#include "pipeline/record_schema.h"

#include <gtest/gtest.h>

#include "pipeline/definition.h"
#include "pipeline/transaction.h"

namespace pipeline {
namespace {

std::string fault_of(std::string_view schema, std::string_view record) {
  const auto parsed = RecordSchema::parse(schema);
  if (!parsed.has_value()) return "schema: " + parsed.error();
  return (*parsed)->fault_of(record).value_or("");
}

std::string schema_fault(std::string_view schema) {
  const auto parsed = RecordSchema::parse(schema);
  return parsed.has_value() ? "" : parsed.error();
}

TEST(RecordSchema, TellsThePlaceOfWhatIsWrong) {
  constexpr std::string_view kSchema = R"({
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["id", "lines"],
    "properties": {
      "id": {"type": "integer", "minimum": 1},
      "lines": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/line"}}
    },
    "definitions": {"line": {"type": "object", "required": ["sku"], "properties": {"a/b": {"const": 3}}}}
  })";
  EXPECT_EQ(fault_of(kSchema, R"({"id": 7, "lines": [{"sku": "x"}]})"), "");
  EXPECT_EQ(fault_of(kSchema, R"({"id": 7})"), "the record: Missing required property 'lines'.");
  EXPECT_EQ(fault_of(kSchema, R"({"id": "7", "lines": [{"sku": "x"}]})"),
            "/id: Value type not permitted by 'type' constraint.");
  EXPECT_EQ(fault_of(kSchema, R"({"id": 7, "lines": [{"sku": "x"}, {}]})"),
            "/lines/1: Missing required property 'sku'.");
  EXPECT_EQ(fault_of(kSchema, R"({"id": 7, "lines": [{"sku": "x", "a/b": 4}]})").substr(0, 14), "/lines/0/a~1b:");
}

TEST(RecordSchema, WhatItWouldNotCheckIsAFault) {
  EXPECT_EQ(schema_fault(R"({"properties": {"a": {"uniqueItems": true}}})").substr(0, 26),
            "/properties/a/uniqueItems:");
  EXPECT_EQ(schema_fault(R"({"patternProperties": {".": true}})").substr(0, 19), "/patternProperties:");
  EXPECT_EQ(schema_fault(R"({"format": "iri"})"),
            "/format: \"iri\" is a format that is not checked here; leave it out, or say it by a pattern");
  EXPECT_EQ(schema_fault(R"x({"pattern": "a(?=b)"})x").substr(0, 54),
            "the pattern \"a(?=b)\" is not one that is taken (RE2): i");
  EXPECT_EQ(schema_fault(R"({"$ref": "#/definitions/a", "type": "object", "definitions": {"a": true}})"),
            "/type: does not count beside $ref in draft 7; put both into allOf");
  EXPECT_EQ(schema_fault(R"({"$ref": "other.json"})"),
            "/$ref: must be a place in this file, as \"#/definitions/address\"");
  EXPECT_EQ(schema_fault(R"({"$ref": "#/definitions/a"})"), "/$ref: #/definitions/a leads to no schema");
  EXPECT_EQ(schema_fault(R"({"$ref": "#/properties", "definitions": {"a": true}})"),
            "/$ref: #/properties leads to no schema");
  EXPECT_EQ(schema_fault(R"({"allOf": [{"$ref": "#/properties"}], "properties": {"a": true}})"),
            "/allOf/0/$ref: #/properties leads to no schema");
  EXPECT_EQ(schema_fault(R"({"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": true}})"), "");
  EXPECT_EQ(schema_fault(R"({"properties": {"a": {"items": [3]}}})"),
            "/properties/a/items/0: must be a schema: an object, true or false");
  EXPECT_EQ(schema_fault(R"({"multipleOf": 0})"), "/multipleOf: must be a number above 0");
  EXPECT_EQ(
      schema_fault(R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})"),
      "/$schema: https://json-schema.org/draft/2020-12/schema is not a draft that is checked here: 4, 6 and 7 are");
  EXPECT_EQ(schema_fault(R"({"type": "string", "type": "object"})"), "the key \"type\" stands twice in one object");
  EXPECT_NE(schema_fault("{"), "");
  EXPECT_NE(schema_fault(""), "");
  EXPECT_NE(schema_fault(R"({"type": "order"})"), "");
  EXPECT_EQ(schema_fault(R"({"minimum": "1"})"), "/minimum: must be a number");
  EXPECT_EQ(schema_fault(R"({"maxLength": -1})"), "/maxLength: must be a whole number of 0 or more");
  EXPECT_EQ(schema_fault(R"({"required": "id"})"), "/required: must be a list of names");
  EXPECT_EQ(schema_fault(R"({"dependencies": {"a": [1]}})"), "/dependencies/a: must be a schema or a list of names");
  EXPECT_EQ(schema_fault(R"({"enum": []})"), "/enum: must be a list of values");
  EXPECT_NE(schema_fault(R"({"minimum": 1, "exclusiveMinimum": true})"), "");
  EXPECT_NE(schema_fault(std::string(RecordSchema::kBytesMax + 1, ' ')), "");
}

TEST(RecordSchema, OneThatNeverEndsIsAFault) {
  EXPECT_EQ(schema_fault(R"({"$ref": "#"})"), "the schema: leads through too many other schemas, or back to itself");
  EXPECT_NE(schema_fault(R"({"allOf": [{"$ref": "#"}]})"), "");
  EXPECT_NE(schema_fault(R"({"properties": {"a": {"not": {"$ref": "#/properties/a"}}}})"), "");
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += R"({"items":)";
  EXPECT_NE(schema_fault(deep + "true" + std::string(10'000, '}')), "");
  EXPECT_EQ(schema_fault(R"({"default": )" + std::string(120'000, '[') + std::string(120'000, ']') + "}"),
            "the schema is nested too deeply");
  const std::string_view tree = R"({"properties": {"child": {"$ref": "#"}, "n": {"type": "integer"}}})";
  EXPECT_EQ(fault_of(tree, R"({"child": {"child": {"n": 1}}})"), "");
  EXPECT_EQ(fault_of(tree, R"({"child": {"child": {"n": "1"}}})").substr(0, 15), "/child/child/n:");
}

// Each level of the schema, or of the record, would double what there is to compare.
TEST(RecordSchema, OneThatTakesMinutesIsAFault) {
  std::string doubling = R"({"$ref": "#/definitions/a40", "definitions": {"a0": {"type": "object"})";
  for (int i = 1; i <= 40; ++i) {
    const std::string last = R"({"$ref": "#/definitions/a)" + std::to_string(i - 1) + "\"}";
    doubling += R"(, "a)" + std::to_string(i) + R"(": {"allOf": [)" + last + ", " + last + "]}";
  }
  EXPECT_NE(schema_fault(doubling + "}}").find("so many comparisons"), std::string::npos);
  const std::string_view by_depth = R"({"definitions": {"a": {"anyOf": [{"type": "number"},
    {"properties": {"b": {"$ref": "#/definitions/a"}}}, {"properties": {"b": {"$ref": "#/definitions/a"}}}]}},
    "allOf": [{"$ref": "#/definitions/a"}]})";
  EXPECT_NE(schema_fault(by_depth).find("so many comparisons"), std::string::npos);
  const std::string_view once = R"({"definitions": {"a": {"anyOf": [{"type": "number"},
    {"properties": {"b": {"$ref": "#/definitions/a"}}}]}}, "allOf": [{"$ref": "#/definitions/a"}]})";
  EXPECT_EQ(fault_of(once, R"({"b": {"b": {"b": 1}}})"), "");
  EXPECT_NE(fault_of(once, R"({"b": {"b": {"b": "1", "c": 1}}})"), "?");
}

TEST(RecordSchema, AnIntegerIsANumberWithoutAFraction) {
  for (const char* value : {"5", "5.0", "5e0", "-0.0"})
    EXPECT_EQ(fault_of(R"({"properties": {"v": {"type": "integer"}}})", fmt::format(R"({{"v": {}}})", value)), "");
  EXPECT_NE(fault_of(R"({"properties": {"v": {"type": "integer"}}})", R"({"v": 5.5})"), "");
  EXPECT_EQ(fault_of(R"({"properties": {"v": {"const": 5.0}}})", R"({"v": 5})"), "");
}

TEST(RecordSchema, PatternsAndFormatsOfLongTexts) {
  const std::string_view schema = R"({"properties": {"a": {"pattern": "^(a+)+$"}, "t": {"format": "date-time"}}})";
  EXPECT_EQ(fault_of(schema, R"({"a": "aaa", "t": "2026-11-30T10:00:00.5+01:00"})"), "");
  EXPECT_EQ(fault_of(schema, R"({"a": ")" + std::string(200'000, 'a') + R"("})"), "");
  EXPECT_EQ(fault_of(schema, R"({"a": ")" + std::string(200'000, 'a') + R"(b"})"), "/a: does not match ^(a+)+$");
  EXPECT_EQ(fault_of(schema, R"({"t": "yesterday"})"), "/t: has not the format date-time");
  EXPECT_EQ(fault_of(schema, R"({"a": 3, "t": null})"), "");  // a pattern is about texts alone
  for (const auto& [format, right, wrong] :
       std::vector<std::array<std::string, 3>>{{"date", "2026-11-30", "2026-13-01"},
                                               {"time", "10:00:00Z", "25:00:00Z"},
                                               {"email", "a@example.com", "a at example.com"},
                                               {"uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"},
                                               {"uri", "https://example.com/a?b", "example.com"},
                                               {"ipv4", "192.0.2.255", "192.0.2.256"},
                                               {"ipv4", "192.0.2.1", "192.0.2.1."}}) {
    const std::string one = R"({"properties": {"v": {"format": ")" + format + R"("}}})";
    EXPECT_EQ(fault_of(one, R"({"v": ")" + right + R"("})"), "") << format;
    EXPECT_NE(fault_of(one, R"({"v": ")" + wrong + R"("})"), "") << format;
  }
}

TEST(RecordSchema, MultiplesAreDecimal) {
  const std::string_view cents = R"({"properties": {"v": {"multipleOf": 0.01}}})";
  for (const char* right : {"19.99", "0", "1e3", "123456789.12", "-0.07", "5"})
    EXPECT_EQ(fault_of(cents, fmt::format(R"({{"v": {}}})", right)), "") << right;
  for (const char* wrong : {"19.991", "19.990000001", "0.001"})
    EXPECT_EQ(fault_of(cents, fmt::format(R"({{"v": {}}})", wrong)), "/v: is no multiple of 0.01") << wrong;
  EXPECT_EQ(fault_of(R"({"properties": {"v": {"multipleOf": 2}}})", R"({"v": 3.5})"), "/v: is no multiple of 2");
}

TEST(RecordSchema, Draft4HasItsOwnBounds) {
  const std::string_view schema =
      R"({"$schema": "http://json-schema.org/draft-04/schema#",
          "properties": {"v": {"minimum": 1, "exclusiveMinimum": true}}})";
  EXPECT_NE(fault_of(schema, R"({"v": 1})"), "");
  EXPECT_EQ(fault_of(schema, R"({"v": 2})"), "");
  EXPECT_NE(schema_fault(R"({"$schema": "http://json-schema.org/draft-04/schema#", "const": 1})"), "");
}

TEST(RecordSchema, NumbersBeyondADoubleAreRefusedByTheSchemaAlone) {
  EXPECT_NE(fault_of("true", R"({"v": 1e999})"), "");
  EXPECT_EQ(fault_of("true", R"({"v": 123456789012345678901234567890})"), "");
}

TEST(RecordSchema, ADefinitionNamesOne) {
  const auto files = [](const std::string& path) -> std::expected<std::string, std::string> {
    if (path == "s.json") return R"({"required": ["sku"]})";
    return std::unexpected("is not there");
  };
  constexpr std::string_view kToml = "[order]\nid = '/id'\namount = '/amount'\nschema = 's.json'\n";
  const auto read = read_definition(kToml, files);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->schema, R"({"required": ["sku"]})");
  const TransactionReader reader(read->mapping);
  EXPECT_TRUE(reader.read(R"({"id": "1", "amount": 2, "sku": "x"})").has_value());
  const auto refused = reader.read(R"({"id": "1", "amount": 2})");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason, reason::kJsonSchema);
  EXPECT_EQ(refused.error().message, "the record: Missing required property 'sku'.");
  EXPECT_NE(definition_id(kToml, read->schema), definition_id(kToml, ""));
  const auto missing = read_definition("[order]\nid = '/id'\namount = '/amount'\nschema = 't.json'\n", files);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().front().line, 4U);
  EXPECT_EQ(missing.error().front().message, "[order] schema \"t.json\": is not there");
}

}  // namespace
}  // namespace pipeline
