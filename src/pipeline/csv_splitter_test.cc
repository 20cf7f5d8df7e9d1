#include "pipeline/csv_splitter.h"

#include <gtest/gtest.h>

namespace pipeline {
namespace {

struct Read {
  std::vector<std::string> orders;
  std::string error;
};

Read split(std::string_view document, std::size_t piece_bytes, char delimiter = ',') {
  CsvSplitter splitter(delimiter);
  Read read;
  const auto drain = [&] {
    while (auto order = splitter.next()) {
      EXPECT_EQ(order->index, read.orders.size());
      read.orders.push_back(std::move(order->text));
    }
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

TEST(CsvSplitter, RowsBecomeObjectsWhateverIsQuoted) {
  struct Case {
    std::string_view document;
    std::vector<std::string> orders;
    std::string_view error;
  };
  for (const Case& c : std::vector<Case>{
           {"id,total\n1,2.50\n", {R"({"id":"1","total":"2.50"})"}, ""},
           {"\xef\xbb\xbfid,total\r\n1,2\r\n\r\n3,4", {R"({"id":"1","total":"2"})", R"({"id":"3","total":"4"})"}, ""},
           {"id, total \n 1 , x\n", {R"({"id":" 1 ","total":" x"})"}, ""},
           {"a,b\n\"x,\"\"y\"\"\nz\",\"\"\n", {R"({"a":"x,\"y\"\nz","b":""})"}, ""},
           {"\"a,\"\"b\"\"\",c\n1,2\n", {R"({"a,\"b\"":"1","c":"2"})"}, ""},
           {"a,b,c\n1\n1,2,3,\n1,2,3,4\n",
            {R"({"a":"1"})", R"({"a":"1","b":"2","c":"3"})", R"(["1","2","3","4"])"},
            ""},
           {"a,,b\n1,,2\n1,x,2\n", {R"({"a":"1","b":"2"})", R"({"a":"1","column 2":"x","b":"2"})"}, ""},
           {"a\n", {}, ""},
           {"", {}, "empty"},
           {"\n\n", {}, "empty"},
           {"a,b,a\n1,2,3\n", {}, "row 1 of the file has two columns called \"a\""},
           {"a,b\n1,2\n1,x\"y\n", {R"({"a":"1","b":"2"})"}, "row 3 of the file has a quote inside of a cell"},
           {"a,b\n1,\"x\"y\n", {}, "row 2 of the file has a quote inside"},
           {"a,b\n1,\"xy\n", {}, "row 2 of the file has a quote that is not closed"},
       }) {
    for (const std::size_t piece : {1, 2, 3, 1000}) {
      const Read read = split(c.document, piece);
      EXPECT_EQ(read.orders, c.orders) << c.document << " by " << piece;
      EXPECT_EQ(read.error.empty(), c.error.empty()) << c.document << ": " << read.error;
      EXPECT_NE(read.error.find(c.error), std::string::npos) << c.document << ": " << read.error;
    }
  }
  EXPECT_EQ(split("a;b\n1,5;\"2;3\"\n", 1, ';').orders, std::vector<std::string>{R"({"a":"1,5","b":"2;3"})"});
  EXPECT_EQ(split("a\tb\n1\t\t\n", 1, '\t').orders, std::vector<std::string>{R"({"a":"1","b":""})"});
}

TEST(CsvSplitter, RowsAreBounded) {
  const std::string cell(kOrderBytesMax, 'x');
  CsvSplitter splitter(',');
  splitter.feed("a,b\n" + cell + ",1\n2,3\n");
  const auto first = splitter.next();
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(first->too_long);
  EXPECT_EQ(first->text.size(), kOrderBytesMax);
  EXPECT_EQ(splitter.next()->text, R"({"a":"2","b":"3"})");
  EXPECT_NE(split("a,b\n1,\"" + cell + cell + cell, 100'000).error.find("not closed"), std::string::npos);
}

}  // namespace
}  // namespace pipeline
