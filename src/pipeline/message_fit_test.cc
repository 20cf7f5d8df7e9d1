#include "pipeline/message_fit.h"

#include <gtest/gtest.h>

namespace pipeline {
namespace {

TEST(UnfitForQueue, SaysWhatIsWrongAndWhere) {
  struct Case {
    std::string text;
    std::string_view reason;
    std::string_view message;
  };
  const std::vector<Case> cases{
      {"", reason::kJsonSyntax, "empty"},
      {"{\"a\":\"caf\xe9\"}", reason::kEncoding,
       "looks like Latin-1 (ISO 8859-1) text, not UTF-8: byte 0xE9 at byte 9 of"},
      {"\xc3\xa9\xe2\x82\xac \xfc", reason::kEncoding, "0xFC at byte 6"},
      {"5 \x80", reason::kEncoding, "looks like Windows-1252 text, not UTF-8: byte 0x80 at byte 2"},
      {"abc\xe2\x82", reason::kEncoding, "0xE2 at byte 3"},
      {std::string("a\0b", 3), reason::kEncoding, "character that no message may carry, at byte 1"},
      {"a\xef\xbf\xbf", reason::kEncoding, "at byte 1"},
  };
  for (const Case& c : cases) {
    const auto found = unfit_for_queue({0, c.text});
    ASSERT_TRUE(found.has_value()) << c.text;
    EXPECT_EQ(found->reason, c.reason);
    EXPECT_NE(found->message.find(c.message), std::string::npos) << found->message;
  }
  EXPECT_EQ(unfit_for_queue({0, "x", true})->reason, reason::kTooLarge);
  EXPECT_FALSE(unfit_for_queue({0, "\t\xc3\xa9\xf0\x9f\x98\x80\r\n"}).has_value());
}

}  // namespace
}  // namespace pipeline
