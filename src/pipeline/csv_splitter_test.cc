#include "pipeline/csv_splitter.h"

#include <gtest/gtest.h>

#include "pipeline/test_split.h"

namespace pipeline {
namespace {

TEST(CsvSplitter, RowsBecomeObjectsWhateverIsQuoted) {
  const std::vector<SplitCase> cases{
      {"id,total\n1,2.50\n", {R"({"id":"1","total":"2.50"})"}, ""},
      {"\xef\xbb\xbfid,total\r\n1,2\r\n\r\n3,4", {R"({"id":"1","total":"2"})", R"({"id":"3","total":"4"})"}, ""},
      {"id, total \n 1 , x\n", {R"({"id":" 1 ","total":" x"})"}, ""},
      {"a,b\n\"x,\"\"y\"\"\nz\",\"\"\n", {R"({"a":"x,\"y\"\nz","b":""})"}, ""},
      {"\"a,\"\"b\"\"\",c\n1,2\n", {R"({"a,\"b\"":"1","c":"2"})"}, ""},
      {"a,b,c\n1\n1,2,3,\n1,2,3,4\n", {R"({"a":"1"})", R"({"a":"1","b":"2","c":"3"})", R"(["1","2","3","4"])"}, ""},
      {"a,,b\n1,,2\n1,x,2\n", {R"({"a":"1","b":"2"})", R"({"a":"1","column 2":"x","b":"2"})"}, ""},
      {"a,b\nJos\xe9,\"x\"\"\xff\"\n",
       {"{\"a\":\"Jos\xe9\",\"b\":\"x\\\"\xff\"}"},
       ""},  // not UTF-8: nothing is made of it
      {"a\n", {}, ""},
      {"", {}, "empty"},
      {"\n\n", {}, "empty"},
      {"a,b,a\n1,2,3\n", {}, "row 1 of the file has two columns called \"a\""},
      {"a\x0b,b\n1,2\n", {}, "row 1 of the file has the byte 0x0B in a heading, which no text has"},
      {"a,b\n1,2\n1,x\"y\n", {R"({"a":"1","b":"2"})"}, "row 3 of the file has a quote inside of a cell"},
      {"a,b\n1,\"x\"y\n", {}, "row 2 of the file has a quote inside"},
      {"a,b\n1,\"xy\n", {}, "row 2 of the file has a quote that is not closed"},
  };
  check_splits(cases, [] { return CsvSplitter(','); });
  EXPECT_EQ(split(CsvSplitter(';'), "a;b\n1,5;\"2;3\"\n", 1).orders,
            std::vector<std::string>{R"({"a":"1,5","b":"2;3"})"});
  EXPECT_EQ(split(CsvSplitter('\t'), "a\tb\n1\t\t\n", 1).orders, std::vector<std::string>{R"({"a":"1","b":""})"});
}

TEST(CsvSplitter, AHeadingHasAColumnForTheId) {
  const FieldSource id{FieldTemplate::parse("/order/id").value(), FieldTemplate::parse("{shop}-{number}").value()};
  const std::vector<SplitCase> cases{
      {"order,total\n1,2\n", {R"({"order":"1","total":"2"})"}, ""},
      {"shop,number\n1,2\n", {R"({"shop":"1","number":"2"})"}, ""},
      {"shop,total\n1,2\n",
       {},
       "row 1 of the file has no column for the id of an order (/order/id or {shop}-{number}): shop, total"},
      {"null", {}, "row 1 of the file has no column for the id of an order"},
  };
  check_splits(cases, [&] { return CsvSplitter(',', "", id); });
}

TEST(CsvSplitter, RowsOfOneOrderAreOneRecord) {
  const std::vector<SplitCase> cases{
      {"n,t,i\n#1,5,a\n#1,,b\n#1,,\n#2,6,c\n",
       {R"({"n":"#1","t":"5","i":"a","rows":[{"n":"#1","i":"b"},{"n":"#1"}]})", R"({"n":"#2","t":"6","i":"c"})"},
       ""},
      {"n,t\n,1\n,2\n#1,3\n#2,4\n#1,5",
       {R"({"n":"","t":"1"})", R"({"n":"","t":"2"})", R"({"n":"#1","t":"3"})", R"({"n":"#2","t":"4"})",
        R"({"n":"#1","t":"5"})"},
       ""},
      {"n,t\n#1,1,x\n#1,2\n", {R"(["#1","1","x"])", R"({"n":"#1","t":"2"})"}, ""},
      {"t\n1\n", {}, "row 1 of the file has no column \"n\" to group rows by"},
      {"n,rows\n1,2\n", {}, "row 1 of the file has a column \"rows\""},
  };
  check_splits(cases, [] { return CsvSplitter(',', "n"); });
  std::string many = "n,t\n";
  for (int i = 0; i < 20'000; ++i) many += "#1," + std::string(60, 'x') + "\n";
  CsvSplitter splitter(',', "n");
  splitter.feed(many + "#2,y\n");
  splitter.finish();
  const auto large = splitter.next();
  ASSERT_TRUE(large.has_value());
  EXPECT_TRUE(large->too_long);
  EXPECT_EQ(splitter.next()->text, R"({"n":"#2","t":"y"})");
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
  EXPECT_NE(split(CsvSplitter(','), "a,b\n1,\"" + cell + cell + cell, 100'000).error.find("not closed"),
            std::string::npos);
}

}  // namespace
}  // namespace pipeline
