#include "pipeline/splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace pipeline {
namespace {

struct Read {
  std::vector<std::string> orders;
  std::string error;
};

Read split(std::string_view document, std::size_t piece_bytes) {
  Splitter splitter;
  Read read;
  const auto drain = [&] {
    while (auto order = splitter.next()) read.orders.push_back(std::move(order->text));
  };
  for (std::size_t at = 0; at < document.size(); at += piece_bytes) {
    splitter.feed(document.substr(at, piece_bytes));
    drain();
  }
  splitter.feed("");
  splitter.finish();
  drain();
  read.error = splitter.error();
  return read;
}

TEST(Splitter, CutsDocumentsWhereverThePiecesEnd) {
  struct Case {
    std::string_view document;
    std::vector<std::string> orders;
    std::string_view error;  // part of it; empty: none
  };
  for (const Case& c : std::vector<Case>{
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
           {"{\n\"a\": 1\n}", {}, "one JSON object"},
           {"[1,2", {"1"}, "cut off"},
           {"[1,", {"1"}, "cut off"},
           {"[", {}, "cut off"},
           {"[,1]", {}, "value is missing"},
           {"[1,]", {"1"}, "value is missing"},
           {"[1]x", {"1"}, "follows"},
           {"[1}]", {}, "nothing opened"},
       }) {
    for (const std::size_t piece : {1, 2, 3, 1000}) {
      const Read read = split(c.document, piece);
      EXPECT_EQ(read.orders, c.orders) << c.document << " by " << piece;
      if (c.error.empty()) {
        EXPECT_EQ(read.error, "") << c.document;
      } else {
        EXPECT_NE(read.error.find(c.error), std::string::npos) << c.document << ": " << read.error;
      }
    }
  }
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
