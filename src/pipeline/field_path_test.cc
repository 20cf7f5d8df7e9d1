#include "pipeline/field_path.h"

#include <gtest/gtest.h>

namespace pipeline {
namespace {

using Steps = std::vector<std::string>;

TEST(FieldPath, IsAPointerOrTheNameOfAField) {
  const auto steps = [](std::string_view text) { return FieldPath::parse(text).value().steps(); };
  EXPECT_EQ(steps("/id"), Steps{"id"});
  EXPECT_EQ(steps("/line_items/0/title"), (Steps{"line_items", "0", "title"}));
  EXPECT_EQ(steps("/a~1b/~0c//"), (Steps{"a/b", "~c", "", ""}));
  EXPECT_EQ(steps("Order ID"), Steps{"Order ID"});
  EXPECT_EQ(steps("a/b~"), Steps{"a/b~"}) << "the heading of a column may have any characters";
  EXPECT_EQ(FieldPath::parse("a/b~").value().pointer(), "/a~1b~0");
  EXPECT_EQ(FieldPath::parse("a"), FieldPath::parse("/a"));
  for (const std::string_view wrong : {"", "/a~", "/a~2/b"}) EXPECT_FALSE(FieldPath::parse(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace pipeline
