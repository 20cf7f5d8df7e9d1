#include "engine/dynamodb/attribute_value.h"

#include <gtest/gtest.h>

#include "engine/dynamodb/item_codec.h"
#include "engine/dynamodb/item_key.h"
#include "engine/dynamodb/reserved_words.h"
#include "engine/dynamodb/test_values.h"

namespace engine::dynamodb {
namespace {

std::string error_of(AttributeValue value) {
  const auto checked = validate_value(value);
  return checked ? "" : checked.error().message;
}

TEST(AttributeValue, NumbersAreNormalised) {
  for (const auto& [text, normal] : std::vector<std::pair<std::string, std::string>>{
           {"1.0", "1"}, {"-0", "0"}, {"1e3", "1000"}, {"007", "7"}, {"-12", "-12"}, {".5", "0.5"}, {"+3", "3"}}) {
    AttributeValue value = N(text);
    ASSERT_TRUE(validate_value(value)) << text;
    EXPECT_EQ(value.n(), normal);
  }
}

TEST(AttributeValue, IllegalValues) {
  const std::string kBad = "One or more parameter values were invalid: ";
  const std::vector<std::pair<AttributeValue, std::string>> cases = {
      {AttributeValue(), "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
      {N("abc"), "The parameter cannot be converted to a numeric value: abc"},
      {N(""), "The parameter cannot be converted to a numeric value"},
      {N(" 1"), "The parameter cannot be converted to a numeric value:  1"},
      {N("1e126"), "Number overflow. Attempting to store a number with magnitude larger than supported range"},
      {N("1e-131"), "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
      {N("1" + std::string(37, '0') + "1"), "Attempting to store more than 38 significant digits in a Number"},
      {AttributeValue::of_null_(false), kBad + "Null attribute value types must have the value of true"},
      {SS({}), kBad + "An string set  may not be empty"},
      {NS({}), kBad + "An number set  may not be empty"},
      {BS({}), kBad + "Binary sets should not be empty"},
      {SS({"a", "b", "a"}), kBad + "Input collection [a, b, a] contains duplicates."},
      {NS({"1", "1.0"}), "Input collection contains duplicates"},
      {BS({"b", "b"}), kBad + "Input collection [Yg==, Yg==]of type BS contains duplicates."},
      {L({M({{"x", SS({})}})}), kBad + "An string set  may not be empty"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(error_of(value), text);
  AttributeValue deep = S("x");
  for (int i = 0; i < 31; ++i) deep = L({deep});  // 32 levels with the leaf
  EXPECT_EQ(error_of(deep), "");
  EXPECT_NE(error_of(L({deep})), "");
}

TEST(AttributeValue, Sizes) {
  const std::vector<std::pair<AttributeValue, std::size_t>> cases = {{S("h\xc3\xa9"), 3},
                                                                     {B(std::string(5, '\0')), 5},
                                                                     {N("0"), 1},
                                                                     {N("1"), 2},
                                                                     {N("-12"), 3},
                                                                     {N("1000"), 2},
                                                                     {N("123.45"), 4},
                                                                     {SS({"a", "bc"}), 3},
                                                                     {Null(), 1},
                                                                     {Bool(false), 1},
                                                                     {L({S("a"), N(1)}), 3 + 2 + 1 + 2},
                                                                     {M({{"ab", S("c")}}), 3 + 1 + 3}};
  for (const auto& [value, size] : cases) EXPECT_EQ(value_size(value), size) << type_name(value);
}

TEST(AttributeValue, EqualityAndOrder) {
  EXPECT_TRUE(values_equal(SS({"a", "b"}), SS({"b", "a"})));
  EXPECT_TRUE(values_equal(M({{"a", N(1)}, {"b", N(2)}}), M({{"b", N(2)}, {"a", N(1)}})));
  EXPECT_FALSE(values_equal(L({N(1), N(2)}), L({N(2), N(1)})));
  EXPECT_FALSE(values_equal(S("1"), N("1")));
  EXPECT_FALSE(values_equal(Bool(true), Bool(false)));
  EXPECT_EQ(compare_values(N("9"), N("10")), std::strong_ordering::less);
  EXPECT_EQ(compare_values(S("9"), S("10")), std::strong_ordering::greater);
  EXPECT_EQ(compare_values(S("1"), N("1")), std::nullopt);
}

TEST(ItemCodec, RoundTripAndCorruption) {
  const Item item = {{"s", S(std::string("a\0b", 3))},
                     {"n", N("-1.5")},
                     {"b", B("\xff")},
                     {"ss", SS({"x", ""})},
                     {"ns", NS({"1", "2"})},
                     {"bs", BS({"", "q"})},
                     {"t", Bool(true)},
                     {"f", Bool(false)},
                     {"nul", Null()},
                     {"e", S("")},
                     {"m", M({{"l", L({N(1), M({})})}})}};
  const std::string bytes = encode_item(item, item_size(item));
  const auto decoded = decode_item(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->attributes, item);
  EXPECT_EQ(decoded->size_bytes, item_size(item));
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(decode_item(bytes.substr(0, i))) << i;
  EXPECT_FALSE(decode_item(bytes + "x"));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const char c : {'\x7f', '\xff', '\x08'}) {
      std::string damaged = bytes;
      damaged[i] = c;
      (void)decode_item(damaged);  // any answer, but no crash and no unbounded allocation
    }
  std::string deep(1, '\x01');
  deep += '\0';
  deep += "\x01\x01x";
  for (int i = 0; i < 100000; ++i) deep += "\x08\x01";
  EXPECT_FALSE(decode_item(deep));
}

TEST(ItemKey, OrderOfRowsIsOrderOfSortKeys) {
  const KeySchema schema{"p", "S", "r", "N"};
  std::string before;
  for (const char* n : {"-100", "-1.5", "0", "0.001", "2", "10", "1e20"}) {
    AttributeValue number = N(n);
    ASSERT_TRUE(validate_value(number));
    const std::string row = row_key(1, key_of_valid_item(schema, {{"p", S("x")}, {"r", number}}));
    EXPECT_LT(before, row) << n;
    before = row;
  }
  EXPECT_EQ(key_of_request(schema, {{"p", S("x")}}).error().message,
            "The provided key element does not match the schema");
  EXPECT_EQ(key_of_item(schema, {{"p", S("x")}}).error().message,
            "One or more parameter values were invalid: Missing the key r in the item");
  EXPECT_EQ(key_of_item(schema, {{"p", S("x")}, {"r", S("1")}}).error().message,
            "One or more parameter values were invalid: Type mismatch for key r expected: N actual: S");
  EXPECT_EQ(
      key_of_item(schema, {{"p", S("")}, {"r", N(1)}}).error().message,
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
      "string value. Key: p");
  EXPECT_EQ(
      key_of_item(schema, {{"p", S(std::string(2049, 'x'))}, {"r", N(1)}}).error().message,
      "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes");
}

TEST(ReservedWords, WhateverTheCase) {
  for (const char* word : {"name", "STATUS", "Abort", "zone"}) EXPECT_TRUE(is_reserved_word(word)) << word;
  for (const char* word : {"", "amount", "names_", "transaction_id"}) EXPECT_FALSE(is_reserved_word(word)) << word;
}

}  // namespace
}  // namespace engine::dynamodb
