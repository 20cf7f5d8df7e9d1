#include "engine/record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/arn.h"

namespace engine {
namespace {

TEST(Record, GivesBackWhatWasWritten) {
  const std::string bytes = RecordWriter()
                                .number(1, 0)
                                .text(2, std::string("a\0b", 3))
                                .number(300, UINT64_MAX)
                                .record(4, std::move(RecordWriter().number(7, 9)))
                                .take();
  RecordReader reader(bytes);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 1u);
  EXPECT_EQ(reader.number(), 0u);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.text(), std::string_view("a\0b", 3));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.field(), 300u);
  EXPECT_EQ(reader.number(), UINT64_MAX);
  ASSERT_TRUE(reader.next());
  RecordReader nested(reader.text());
  ASSERT_TRUE(nested.next());
  EXPECT_EQ(nested.number(), 9u);
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.ok());
}

TEST(Record, EveryCutIsNoticedOrEndsAtAField) {
  const std::string bytes = RecordWriter().number(1, 300).text(2, "hello").take();
  const std::vector<std::size_t> ends = {0, 3, bytes.size()};  // nothing, the number, everything
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RecordReader reader(std::string_view(bytes).substr(0, cut));
    while (reader.next()) {
    }
    EXPECT_EQ(reader.ok(), std::ranges::find(ends, cut) != ends.end()) << cut;
  }
}

TEST(Arn, Parse) {
  struct Case {
    std::string_view text;
    bool good;
  };
  for (const Case& c : std::vector<Case>{{"arn:aws:sqs:us-east-1:000000000000:q", true},
                                         {"arn:aws:s3:::bucket/key:with:colons", true},
                                         {"arn:aws:sqs:us-east-1:000000000000:", false},
                                         {"arn:azure:sqs:us-east-1:0:q", false},
                                         {"arn:aws:sqs:us-east-1", false},
                                         {"", false}}) {
    const auto arn = Arn::parse(c.text);
    ASSERT_EQ(arn.has_value(), c.good) << c.text;
    if (arn.has_value()) {
      EXPECT_EQ(arn->text(), c.text);
    }
  }
}

}  // namespace
}  // namespace engine
