#include "pipeline/json_edit.h"

#include <gtest/gtest.h>

namespace pipeline {
namespace {

FieldPath path(std::string_view text) {
  return *FieldPath::parse(text);
}

struct Case {
  std::string_view json, at, value, wanted;  // `wanted` without a brace or bracket: the error
};

TEST(JsonEdit, ChangesOnePlaceAndNothingElse) {
  for (const Case& c : {
           Case{R"({"a": 1.50, "b" : 2})", "/b", "3", R"({"a": 1.50, "b" : 3})"},
           {R"({"a": 1.50, "b" : 2})", "b", "\"x\"", R"({"a": 1.50, "b" : "x"})"},
           {R"( {"a":{"b":[1e2, {"c": "}]\"" }]}} )", "/a/b/1/c", "[]", R"( {"a":{"b":[1e2, {"c": [] }]}} )"},
           {R"({"a":1})", "/b", "{}", R"({"a":1,"b":{}})"},
           {R"({ })", "/b~1c", "0", R"({"b/c":0 })"},
           {R"({"a":[1 , 2 ]})", "/a/-", "3", R"({"a":[1 , 2,3 ]})"},
           {R"({"a":[]})", "/a/-", "3", R"({"a":[3]})"},
           {R"({"a":[1]})", "/a/0", "null", R"({"a":[null]})"},
           {R"({"\u0061":1})", "/a", "2", R"({"\u0061":2})"},
           {R"({"a":"\\","b":1})", "/b", "2", R"({"a":"\\","b":2})"},
           {R"({"a":[1]})", "/a/1", "2", "/a/1 is not there; the array has 1 elements"},
           {R"({"a":[1]})", "/a/00", "2", "/a/00 is no place in an array"},
           {R"({"a":[1]})", "/a/x/y", "2", "/a/x is no place in an array"},
           {R"({"a":1})", "/b/c", "2", "/b is not there"},
           {R"({"a":1})", "/a/c", "2", "/a is neither an object nor an array"},
           {R"(17)", "/a", "2", "the record is neither an object nor an array"},
           {R"({"a":123456789012345678901234567890,"b":1})", "/b", "1e999",
            R"({"a":123456789012345678901234567890,"b":1e999})"},
       }) {
    ASSERT_TRUE(is_json(c.json)) << c.json;
    const auto changed = json_set(c.json, path(c.at), c.value);
    EXPECT_EQ(changed.has_value() ? *changed : changed.error(), c.wanted) << c.json;
    EXPECT_TRUE(!changed.has_value() || is_json(*changed)) << c.json;
  }
}

TEST(JsonEdit, FindsTheTextOfAValue) {
  constexpr std::string_view kJson = R"({"a" : [ 1.500 , {"b": "x,]" }], "c":tru)"
                                     "e\n}";
  EXPECT_EQ(json_at(kJson, path("/a/0")), "1.500");
  EXPECT_EQ(json_at(kJson, path("/a/1")), R"({"b": "x,]" })");
  EXPECT_EQ(json_at(kJson, path("/a/1/b")), R"("x,]")");
  EXPECT_EQ(json_at(kJson, path("/c")), "true");
  EXPECT_EQ(json_at(kJson, path("/a/2")).error(), "/a/2 is not there; the array has 2 elements");
}

TEST(JsonEdit, IndentsForPeople) {
  EXPECT_EQ(json_indented(R"({"a":[1.50,{}, [ ] ,"{,:}"],"b":{"c":null}})"),
            "{\n  \"a\": [\n    1.50,\n    {},\n    [],\n    \"{,:}\"\n  ],\n  \"b\": {\n    \"c\": null\n  }\n}");
  EXPECT_EQ(json_indented(" 17 "), "17");
}

TEST(JsonEdit, DoesNotChooseBetweenEqualKeys) {
  constexpr std::string_view kJson = R"({"a":1,"a":2})";
  EXPECT_EQ(json_set(kJson, path("/a"), "3").error(), "/a stands there more than once");
}

TEST(JsonEdit, KnowsWhatIsJson) {
  for (const std::string_view text :
       {"1", " \"x\"", "null", "[1,{}]", "-1.50e3", "123456789012345678901234567890", "{}"})
    EXPECT_TRUE(is_json(text)) << text;
  for (const std::string_view text :
       {"", "{", "{} {}", "nul", R"({"a":01})", "1,\"a\":2", "1},{", "x", R"({"a":1,"a":2})"})
    EXPECT_FALSE(is_json(text)) << text;
}

}  // namespace
}  // namespace pipeline
