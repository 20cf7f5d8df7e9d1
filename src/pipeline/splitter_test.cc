#include "pipeline/splitter.h"

#include <gtest/gtest.h>

#include <vector>

#include "pipeline/test_split.h"

namespace pipeline {
namespace {

TEST(Splitter, CutsDocumentsWhereverThePiecesEnd) {
  const std::vector<SplitCase> cases{
      {"[]", {}, ""},
      {" [ ] \n", {}, ""},
      {"[1]", {"1"}, ""},
      {R"([{"a":"]},["}, {"b":"\"\\"} ,3])", {R"({"a":"]},["})", R"({"b":"\"\\"})", "3"}, ""},
      {"\xef\xbb\xbf[1,2]", {"1", "2"}, ""},
      {"{\"a\":1}\n\n {\"b\":2} \r\n", {"{\"a\":1}", "{\"b\":2}"}, ""},
      {"{\"a\":1}", {"{\"a\":1}"}, ""},
      {"{\"a\":1}\nnonsense\n{\"b\"", {"{\"a\":1}", "nonsense", "{\"b\""}, ""},
      {"", {}, "empty"},
      {" \n", {}, "empty"},
      {"hello", {}, "neither"},
      {"{\n\"a\": 1\n}", {"{\n\"a\": 1\n}"}, ""},
      {"{\"a\":[\n{}]}\n{\"b\":\n2}\n", {"{\"a\":[\n{}]}", "{\"b\":\n2}"}, ""},
      {"{\"a\":1}{\"b\":\"}\"} {}", {"{\"a\":1}", "{\"b\":\"}\"}", "{}"}, ""},
      {"\x1e{\"a\":1}\n\x1e{\"b\":2}\n", {"{\"a\":1}", "{\"b\":2}"}, ""},
      {"{\"a\":1}\xef\xbb\xbf{\"b\":2}", {"{\"a\":1}", "{\"b\":2}"}, ""},
      {"{\"a\":\n1}\xef\xbb\xbf{\"b\":2}", {"{\"a\":\n1}", "{\"b\":2}"}, ""},
      {"\xef\xbb\xbf{\"a\":1}\n\xef\xbb\xbf{\"b\":2}", {"{\"a\":1}", "{\"b\":2}"}, ""},
      {"{\"a\":1} x\n{\"b\":2}", {"{\"a\":1} x", "{\"b\":2}"}, ""},
      {"{\"a\":\n1} x", {"{\"a\":\n1}"}, "between two orders"},
      {"{\"a\":\n", {}, "cut off"},
      {"[1,2", {"1"}, "cut off"},
      {"[1,", {"1"}, "cut off"},
      {"[", {}, "cut off"},
      {"[,1]", {}, "value is missing"},
      {"[1,]", {"1"}, "value is missing"},
      {"[1]x", {"1"}, "follows"},
      {"[1}]", {}, "nothing opened"},
  };
  check_splits(cases, [] { return Splitter(); });
}

RecordMarks marks() {
  return {{FieldTemplate::parse("{/shop/code}-{/no}").value(), FieldTemplate::parse("/id").value()},
          {FieldTemplate::parse("/total/amount").value()}};
}

TEST(Splitter, PagesAreFoundByWhatRecordsHave) {
  const std::string order = R"({"id":1,"total":{"amount":5},"lines":[{"id":7,"total":{}}]})";
  const std::string nameless = R"({"id":null,"total":{},"lines":[{"id":7,"price":1}]})";
  const std::string page = R"({"next": null, "codes": [1, 2], "orders": [)" + order + ", " + order + R"(], "ids": []})";
  const std::string two = R"({"a":[)" + order + R"(],"b":[{"c":1}]})";
  const std::string composed = R"({"orders":[{"no":"1","shop":{"code":"x"},"total":{}}],"no":1})";
  const std::vector<SplitCase> cases{
      {page, {order, order}, ""},
      {page + "\n" + page, {order, order, order, order}, ""},
      {"\x1e" + page + "\n", {order, order}, ""},
      {"\xef\xbb\xbf  " + page, {order, order}, ""},
      {composed, {R"({"no":"1","shop":{"code":"x"},"total":{}})"}, ""},
      // Orders, whatever is in them, and what has no id is refused as what it is.
      {order, {order}, ""},
      {order + "\n" + page, {order, page}, ""},
      {nameless + "\n" + order, {nameless, order}, ""},
      {two, {two}, ""},
      {R"({"orders":[]})", {R"({"orders":[]})"}, ""},
      {R"({"orders":[1]})", {R"({"orders":[1]})"}, ""},
      {"\x1e", {}, ""},
      {R"({"half an order)"
       "\n" +
           order,
       {},
       "cut off"},
      {"[" + order + "]", {order}, ""},
      // What comes later has to be alike.
      {page + order, {order, order}, "there is no array at /orders"},
      {R"({"orders":[)" + order, {}, "cut off"},
      {page.substr(0, page.size() - 1), {order, order}, "cut off"},
  };
  check_splits(cases, [] { return Splitter(std::nullopt, marks()); });
}

TEST(Splitter, APageLargerThanAnOrderIsFoundByItsBeginning) {
  const std::string order = R"({"id":1,"total":{"amount":5},"text":")" + std::string(2000, 'x') + "\"}";
  std::string many = order;
  for (int i = 1; i < 1000; ++i) many += "," + order;
  Splitter splitter(std::nullopt, marks());
  const Split good = split(std::move(splitter), R"({"orders":[)" + many + R"(],"next":1})", 1 << 16);
  EXPECT_EQ(good.error, "");
  ASSERT_EQ(good.orders.size(), 1000u);
  EXPECT_EQ(good.orders.back(), order);
  EXPECT_EQ(splitter.found_records(), "/orders");
  const Split an_order = split(Splitter(std::nullopt, marks()), R"({"lines":[)" + many + R"(],"id":1})", 1 << 16);
  EXPECT_NE(an_order.error.find("has an id behind"), std::string::npos) << an_order.error;
  const Split several = split(Splitter(std::nullopt, marks()), R"({"a":[)" + many + R"(],"b":[{}]})", 1 << 16);
  EXPECT_NE(several.error.find("several arrays of objects"), std::string::npos) << several.error;
}

TEST(Splitter, PagesHaveTheirOrdersInAnArray) {
  const std::vector<SplitCase> cases{
      {R"({"orders":[{"a":1},{"b":[2]}],"next":null})", {R"({"a":1})", R"({"b":[2]})"}, ""},
      {R"({ "count" : 2, "meta": {"orders":[9], "s":"]}\"{"}, "orders" : [ 1 , 2 ] , "x":[[]] })", {"1", "2"}, ""},
      {"{\"orders\":[1]}\n{\"orders\":[]} {\"orders\":[2]}\xef\xbb\xbf{\"orders\":[3]}", {"1", "2", "3"}, ""},
      {"[1,2]", {"1", "2"}, ""},
      {R"({"orders":{"a":1}})", {}, "no array at /orders"},
      {R"({"order":[1]})", {}, "no array at /orders"},
      {R"({"orders":[1)", {}, "cut off"},
      {R"({"orders":[1],"x":)", {"1"}, "cut off"},
      {R"({"orders":[1]} 7)", {"1"}, "a page is a JSON object"},
      {R"({"orders" [1]})", {}, "a key has no value"},
      {R"({7:[1]})", {}, "no key"},
  };
  check_splits(cases, [] { return Splitter(FieldPath::parse("/orders").value()); });
  const auto deep = FieldPath::parse("/data/page/edges").value();
  EXPECT_EQ(split(Splitter(deep),
                  R"({"edges":[0],"data":{"edges":[0],"page":{"n":1,"edges":[1,2]}},"page":{"edges":[0]}})", 1)
                .orders,
            (std::vector<std::string>{"1", "2"}));
}

TEST(Splitter, LongOrdersAreCutOffAndMarked) {
  const std::string longest(kOrderBytesMax - 2, 'x');
  for (const bool too_long : {false, true}) {
    Splitter splitter;
    splitter.feed("[\"" + longest + (too_long ? "x" : "") + "\",7]");
    splitter.finish();
    const auto first = splitter.next();
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->too_long, too_long);
    EXPECT_LE(first->text.size(), kOrderBytesMax);
    EXPECT_EQ(splitter.next()->text, "7");
  }
}

TEST(Splitter, NestingIsBounded) {
  Splitter splitter;
  splitter.feed(std::string(100'000, '['));
  EXPECT_FALSE(splitter.next().has_value());
  EXPECT_NE(splitter.error().find("too deeply"), std::string::npos);
}

}  // namespace
}  // namespace pipeline
