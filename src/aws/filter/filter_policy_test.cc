#include "aws/filter/filter_policy.h"

#include <gtest/gtest.h>

namespace aws::filter {
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
                                   {R"({"a":[1.000001]})", R"({"a":1.000009})", "yes"},
                                   {R"({"a":[1.00001]})", R"({"a":1.00002})", "no"},
                                   {R"({"a":[{"numeric":[">",1]}]})", R"({"a":1.0000099})", "no"},
                                   {R"({"a":[{"numeric":[">",-1]}]})", R"({"a":-0.99999})", "yes"},
                                   {R"({"a":[{"exists":true}]})", R"({"a":{"b":1}})", "no"},
                                   {R"({"a":{"b":[{"exists":true}]}})", R"({"a":{"b":1}})", "yes"},
                                   {R"({"a":[{"exists":true}]})", R"({"a":[null,""]})", "no"},
                                   {R"({"a.b.c":["x"]})", R"({"a":{"b":{"c":"x"}}})", "yes"},
                                   {R"({"a.b.c":["x"]})", R"({"a.b.c":"x"})", "yes"},
                                   {R"({"a.b.c":["x"]})", R"({"a.b":{"c":"x"}})", "yes"},
                                   {R"({"a":{"b.c":["x"]}})", R"({"a":{"b":{"c":"x"}}})", "yes"},
                                   {R"({"a.b.c":["x"]})", R"({"a":{"b":{"c":"y"}}})", "no"},
                                   {R"({"a":[{"cidr":"10.1.2.0/23"}]})", R"({"a":"10.1.3.4"})", "yes"},
                                   {R"({"a":[{"cidr":"10.1.2.0/23"}]})", R"({"a":"10.1.4.4"})", "no"},
                                   {R"({"a":[{"cidr":"2001:db8::/32"}]})", R"({"a":"2001:db8::1"})", "yes"},
                                   {R"({"a":[{"cidr":"10.0.0.0/8"}]})", R"({"a":"no address"})", "no"},
                                   {R"({"$or":["x"]})", R"({"$or":"x"})", "yes"},
                                   {R"({"$or":[{"prefix":"x"},{"prefix":"y"}]})", R"({"$or":"yes"})", "yes"},
                                   {R"({"a":[{"exists":false}]})", R"({"b":1})", "yes"},
                                   {R"({"a":[{"exists":false}]})", R"({"a":1})", "no"},
                                   {"{}", "anything", "yes"}}) {
    EXPECT_EQ(body_match(policy, body), expected) << policy << " on " << body;
  }
}

// The example of the recording behind protocols.md 4.2 item 19.
TEST(FilterPolicy, Or) {
  constexpr std::string_view kPolicy =
      R"({"$or":[{"metric":["CPU","Latency"]},{"namespace":["EC2","ES"]}],)"
      R"("detail":{"scope":["Service"],"$or":[{"source":["cw"]},{"type":["Change"]}]}})";
  struct Case {
    std::string_view body, expected;
  };
  for (const auto& [body, expected] :
       std::initializer_list<Case>{{R"({"metric":"CPU","detail":{"scope":"cw","type":"Change"}})", "no"},
                                   {R"({"metric":"CPU","detail":{"scope":"Service","type":"CPU"}})", "no"},
                                   {R"({"metric":"CPU","detail":{"type":"Change"}})", "no"},
                                   {R"({"metric":"CPU","detail":{"scope":"Service"}})", "no"},
                                   {R"({"metric":"EC2","detail":{"scope":"Service","type":"Change"}})", "no"},
                                   {R"({"metric":"CPU","detail":{"scope":"Service","source":"cw"}})", "yes"},
                                   {R"({"metric":"Latency","detail":{"scope":"Service","type":"Change"}})", "yes"},
                                   {R"({"namespace":"ES","detail":{"scope":"Service","source":"cw"}})", "yes"}}) {
    EXPECT_EQ(body_match(kPolicy, body), expected) << body;
  }
}

// A key with one value adds no combination, so keys in "$or" need a bound of their own.
TEST(FilterPolicy, OrIsBounded) {
  const auto policy = [](int keys) {
    std::string members = R"("k0":[1])";
    for (int i = 1; i < keys; ++i) members += ",\"k" + std::to_string(i) + "\":[1]";
    return R"({"$or":[{)" + members + R"(},{"x":[1]}]})";
  };
  EXPECT_TRUE(FilterPolicy::parse(policy(kFilterCombinationsMax - 1), true));
  EXPECT_FALSE(FilterPolicy::parse(policy(kFilterCombinationsMax + 1), true));
}

TEST(FilterPolicy, Attributes) {
  const auto match = [](std::string_view policy, const FilterPolicy::Attributes& attributes) {
    const auto parsed = FilterPolicy::parse(policy, false);
    return parsed.has_value() && parsed->matches(attributes, "{}");
  };
  const FilterPolicy::Attributes attributes{{"s", {"String", "x", {}}},
                                            {"n", {"Number", "100.0", {}}},
                                            {"l", {"String.Array", R"(["p",7,true])", {}}},
                                            {"b", {"Binary", {}, "x"}}};
  EXPECT_TRUE(match(R"({"s":["x"]})", attributes));
  EXPECT_TRUE(match(R"({"n":[100]})", attributes));
  EXPECT_TRUE(match(R"({"n":[{"numeric":["=",100.000004]}]})", attributes));
  EXPECT_FALSE(match(R"({"z":[null]})", attributes));  // what is absent is not null (recorded 2024-05-14)
  EXPECT_FALSE(match(R"({"z":[null,{"anything-but":"x"}]})", attributes));
  EXPECT_FALSE(match(R"({"n":["100.0"]})", attributes));
  EXPECT_TRUE(match(R"({"l":["q","p"]})", attributes));
  EXPECT_TRUE(match(R"({"l":[{"numeric":[">",6]}]})", attributes));
  EXPECT_FALSE(match(R"({"b":["x"]})", attributes));
  EXPECT_TRUE(match(R"({"b":[{"exists":true}],"z":[{"exists":false}]})", attributes));
  EXPECT_FALSE(match(R"({"z":[{"exists":false}]})", {}));  // no attributes at all
  EXPECT_FALSE(match(R"({"z":[null,{"anything-but":"x"}]})", {}));
  EXPECT_FALSE(match(R"({"s":[null,{"anything-but":"x"}]})", attributes));
  EXPECT_TRUE(match(R"({"$or":[{"s":["y"]},{"n":[100]}]})", attributes));
  EXPECT_FALSE(match(R"({"$or":[{"s":["y"]},{"n":[1]}]})", attributes));
}

TEST(FilterPolicy, Refusals) {
  const auto error = [](std::string_view policy, bool in_body) {
    const auto checked = FilterPolicy::check(policy, in_body);
    return checked ? "none" : checked.error().message.substr(std::string_view("Invalid parameter: ").size());
  };
  EXPECT_EQ(error("[]", false), "FilterPolicy: Filter is not an object");
  EXPECT_EQ(error(R"({"a":"x"})", false), R"(FilterPolicy: "a" must be an object or an array)");
  EXPECT_EQ(error(R"({"a":{"suffix":"x"}})", false), R"(FilterPolicy: "suffix" must be an object or an array)");
  EXPECT_EQ(error(R"({"a":[]})", false), "FilterPolicy: Empty arrays are not allowed");
  EXPECT_EQ(error(R"({"a":{"b":["x"]}})", false),
            "Filter policy scope MessageAttributes does not support nested filter policy");
  for (const auto& [operand, expected] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {R"("10.0.0.1")", "Malformed CIDR, one '/' required"},
           {R"("10.0.0.1/")", "Malformed CIDR, one '/' required"},
           {R"("10.0.0.1/8/9")", "Malformed CIDR, one '/' required"},
           {R"("10.0.0.1/a")", "Malformed CIDR, mask bits must be an integer"},
           {R"("10.0.0.1/-1")", "Malformed CIDR, mask bits must not be negative"},
           {R"("10.0.0.1/33")", "IPv4 mask bits must be <= 32"},
           {R"("::1/129")", "IPv6 mask bits must be <= 128"},
           {R"("xx.11.xx/8")", "Nonstandard IP address: xx.11.xx"},
           {"7", "prefix match pattern must be a string"}}) {
    EXPECT_EQ(error(R"({"a":[{"cidr":)" + std::string(operand) + "}]}", false),
              "FilterPolicy: " + std::string(expected));
  }
  EXPECT_EQ(error(R"({"a":[{"wildcard":"x*"}]})", false),
            "FilterPolicy: the operator wildcard is not supported by this engine");
  EXPECT_EQ(error(R"({"a":[{"bigger":1}]})", true), "FilterPolicy: Unrecognized match type bigger");
  struct Numeric {
    std::string_view operand, expected;
  };
  for (const auto& [operand, expected] :
       std::initializer_list<Numeric>{{"[]", "Invalid member in numeric match: ]"},
                                      {R"(["operator"])", "Unrecognized numeric range operator: operator"},
                                      {R"([1,"<="])", "Invalid member in numeric match: 1"},
                                      {R"(["=","000"])", "Value of equals must be numeric"},
                                      {R"([">="])", "Value of >= must be numeric"},
                                      {R"(["<",100,">",10])", "Too many elements in numeric expression"},
                                      {R"([">=",1,">",2])", "Bad numeric range operator: >"},
                                      {R"([">",3,"<",1])", "Bottom must be less than top"},
                                      {R"([">",20,"<="])", "Value of <= must be numeric"},
                                      {R"([">",20,30])", "Bad value in numeric range: 30"},
                                      {R"([">",20,"test"])", "Bad numeric range operator: test"},
                                      {R"([">","20","<","30"])", "Value of > must be numeric"},
                                      {R"([">",20,"<",30,"<",50])", "Too many terms in numeric range expression"}}) {
    EXPECT_EQ(error(R"({"key":[{"numeric":)" + std::string(operand) + "}]}", false),
              "FilterPolicy: " + std::string(expected));
  }
  EXPECT_EQ(error(R"({"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]})", true),
            "FilterPolicy: Filter policy can not have more than 5 keys");
  EXPECT_EQ(error(R"({"a":[1,2,3,4,5,6],"b":[1,2,3,4,5,6],"c":[1,2,3,4,5]})", true),
            "FilterPolicy: Filter policy is too complex");
  EXPECT_EQ(error(R"({"a":[1,2,3,4,5,6],"b":[1,2,3,4,5],"c":[1,2,3,4,5]})", true), "none");
  EXPECT_EQ(error(R"({"a":{"b":[1],"c":[1],"d":[1],"e":[1],"f":[1],"g":[1]}})", true), "none");  // one parent key
  // Combinations: 3 * 4 * 2 + 3 * 4 * 6 + 2 * 4 * 2 + 2 * 4 * 6 = 160; 3 * 6 + 3 * 4 * 4 + 3 * 4 * 7 = 150.
  EXPECT_EQ(error(R"({"$or":[{"m":[1,2,3]},{"n":[1,2]}],"d":{"s":[1,2],"$or":[{"a":[1]},{"b":[1,2,3]}]}})", true),
            "FilterPolicy: Filter policy is too complex");
  EXPECT_EQ(error(R"({"s":[1,2,3],"$or":[{"m":[1,2,3,4,5,6]},)"
                  R"({"t":[1,2,3,4],"$or":[{"i":[1,2,3,4]},{"p":[1,2,3,4,5,6,7]}]}]})",
                  false),
            "none");
}

}  // namespace
}  // namespace aws::filter
