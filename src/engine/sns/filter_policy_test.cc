#include "engine/sns/filter_policy.h"

#include <gtest/gtest.h>

namespace engine::sns {
namespace {

std::string body_match(std::string_view policy, std::string_view body) {
  const auto parsed = FilterPolicy::parse(policy, true);
  if (!parsed) return parsed.error().message;
  return parsed->matches({}, body) ? "yes" : "no";
}

TEST(FilterPolicy, Bodies) {
  struct Case {
    std::string_view policy, body, expected;
  };
  for (const auto& [policy, body, expected] :
       std::initializer_list<Case>{{R"({"a":["x","y"]})", R"({"a":"y"})", "yes"},
                                   {R"({"a":["x"]})", R"({"a":"y"})", "no"},
                                   {R"({"a":["x"]})", R"({"a":["y","x"]})", "yes"},
                                   {R"({"a":["x"]})", "no json", "no"},
                                   {R"({"a":["x"]})", R"(["x"])", "no"},
                                   {R"({"a":["x"],"b":[1]})", R"({"a":"x"})", "no"},
                                   {R"({"a":["x"],"b":[1]})", R"({"a":"x","b":1.0})", "yes"},
                                   {R"({"a":[null]})", R"({"a":null})", "yes"},
                                   {R"({"a":[true]})", R"({"a":false})", "no"},
                                   {R"({"a":["1"]})", R"({"a":1})", "no"},
                                   {R"({"a":{"b":["x"]}})", R"({"a":{"b":"x"}})", "yes"},
                                   {R"({"a":{"b":["x"]}})", R"({"a":[{"b":"y"},{"b":"x"}]})", "yes"},
                                   {R"({"a":{"b":["x"]}})", R"({"a":"x"})", "no"},
                                   {R"({"a":[{"prefix":"ab"}]})", R"({"a":"abc"})", "yes"},
                                   {R"({"a":[{"suffix":"bc"}]})", R"({"a":"abd"})", "no"},
                                   {R"({"a":[{"equals-ignore-case":"ABC"}]})", R"({"a":"abc"})", "yes"},
                                   {R"({"a":[{"anything-but":["x","y"]}]})", R"({"a":"z"})", "yes"},
                                   {R"({"a":[{"anything-but":["x","y"]}]})", R"({"a":"x"})", "no"},
                                   {R"({"a":[{"anything-but":"x"}]})", R"({"b":"x"})", "no"},
                                   {R"({"a":[{"anything-but":{"prefix":"x"}}]})", R"({"a":"xy"})", "no"},
                                   {R"({"a":[{"anything-but":{"prefix":"x"}}]})", R"({"a":"yx"})", "yes"},
                                   {R"({"a":[{"numeric":["=",0.1]}]})", R"({"a":1e-1})", "yes"},
                                   {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":5})", "yes"},
                                   {R"({"a":[{"numeric":[">",0,"<=",5]}]})", R"({"a":0})", "no"},
                                   {R"({"a":[{"numeric":["<",5]}]})", R"({"a":"4"})", "no"},
                                   {R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})", "yes"},
                                   {R"({"a":[{"exists":false}]})", R"({"b":1})", "yes"},
                                   {R"({"a":[{"exists":false}]})", R"({"a":1})", "no"},
                                   {"{}", "anything", "yes"}}) {
    EXPECT_EQ(body_match(policy, body), expected) << policy << " on " << body;
  }
}

TEST(FilterPolicy, Attributes) {
  const auto match = [](std::string_view policy, const MessageAttributes& attributes) {
    const auto parsed = FilterPolicy::parse(policy, false);
    return parsed.has_value() && parsed->matches(attributes, "{}");
  };
  const MessageAttributes attributes{{"s", {"String", "x", {}}},
                                     {"n", {"Number", "100.0", {}}},
                                     {"l", {"String.Array", R"(["p",7,true])", {}}},
                                     {"b", {"Binary", {}, "x"}}};
  EXPECT_TRUE(match(R"({"s":["x"]})", attributes));
  EXPECT_TRUE(match(R"({"n":[100]})", attributes));
  EXPECT_FALSE(match(R"({"n":["100.0"]})", attributes));
  EXPECT_TRUE(match(R"({"l":["q","p"]})", attributes));
  EXPECT_TRUE(match(R"({"l":[{"numeric":[">",6]}]})", attributes));
  EXPECT_FALSE(match(R"({"b":["x"]})", attributes));
  EXPECT_TRUE(match(R"({"b":[{"exists":true}],"z":[{"exists":false}]})", attributes));
  EXPECT_FALSE(match(R"({"z":[{"exists":false}]})", {}));  // no attributes at all
}

TEST(FilterPolicy, Refusals) {
  const auto error = [](std::string_view policy, bool in_body) {
    const auto parsed = FilterPolicy::parse(policy, in_body);
    return parsed ? "none" : parsed.error().message.substr(std::string_view("Invalid parameter: ").size());
  };
  EXPECT_EQ(error("[]", false), "FilterPolicy: Filter is not an object");
  EXPECT_EQ(error(R"({"a":"x"})", false), R"(FilterPolicy: "a" must be an object or an array)");
  EXPECT_EQ(error(R"({"a":[]})", false), "FilterPolicy: Empty arrays are not allowed");
  EXPECT_EQ(error(R"({"a":{"b":["x"]}})", false),
            "Filter policy scope MessageAttributes does not support nested filter policy");
  EXPECT_EQ(error(R"({"a":[{"cidr":"10.0.0.0/8"}]})", false),
            "FilterPolicy: the operator cidr is not supported by this engine");
  EXPECT_EQ(error(R"({"$or":[]})", true), "FilterPolicy: the operator $or is not supported by this engine");
  EXPECT_EQ(error(R"({"a":[{"bigger":1}]})", true), "FilterPolicy: Unrecognized match type bigger");
  EXPECT_EQ(error(R"({"a":[{"numeric":["<",1,">",0]}]})", true),
            "FilterPolicy: Too many elements in numeric expression");
  EXPECT_EQ(error(R"({"a":[{"numeric":[">",5,"<",1]}]})", true), "FilterPolicy: Bottom must be less than top");
  EXPECT_EQ(error(R"({"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]})", true),
            "FilterPolicy: Filter policy can not have more than 5 keys");
  EXPECT_EQ(error(R"({"a":[1,2,3,4,5,6],"b":[1,2,3,4,5,6],"c":[1,2,3,4,5]})", true),
            "FilterPolicy: Filter policy is too complex");
  EXPECT_EQ(error(R"({"a":[1,2,3,4,5,6],"b":[1,2,3,4,5],"c":[1,2,3,4,5]})", true), "none");
}

}  // namespace
}  // namespace engine::sns
