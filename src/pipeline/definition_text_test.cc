#include "pipeline/definition_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace pipeline {
namespace {

std::string first_fault(const std::string& toml) {
  const auto read = read_definition(toml);
  if (read.has_value()) return "";
  const DefinitionFault& fault = read.error().front();
  return std::to_string(fault.line) + ": " + fault.message;
}

TEST(DefinitionText, WhatIsUnfinishedIsAFaultWithItsLine) {
  for (const char* header : {"[", "[\n", "[[", "[[\n", "[.", "[ \n", "[#", "[\r\n", "[[\n]]", "[a.\n", "[a\n", "[=",
                             "["
                             "\t",
                             "[,"})
    EXPECT_TRUE(first_fault(header).starts_with("1: ")) << header << "|" << first_fault(header);
  EXPECT_TRUE(first_fault("# a\n\n[[\n").starts_with("3: ")) << first_fault("# a\n\n[[\n");
}

TEST(DefinitionText, CharactersBeyondAsciiBelongIntoQuotesOrComments) {
  EXPECT_EQ(first_fault("# Größe\n[stack]\nprofile = \"größe\"\n"), "");
  EXPECT_EQ(first_fault("\xEF\xBB\xBF[stack]\nprofile = '''ö\n#''''' # ö\n"), "");
  EXPECT_EQ(first_fault("[stack]\nprofile = \"\"\"a\\\"ö\"\"\"\n"), "");
  EXPECT_TRUE(first_fault("[stack]\n\nprofile = ö\n").starts_with("3: \"ö\" stands outside of quotes"));
  EXPECT_TRUE(first_fault("[stack]\nprofile = \"a\" ö\n").starts_with("2: \"ö\" stands outside of quotes"));
  EXPECT_EQ(first_fault("[stack]\nprofile = \"\"\"a \\\n  ö\"\"\"\n"), "");
  EXPECT_TRUE(first_fault("[größe]\n").starts_with("1: \"ö\" stands outside of quotes"));
}

TEST(DefinitionText, KeysOfManyPartsDoNotReachTheEndOfTheStack) {
  std::string key = "a";
  for (int i = 0; i < 400'000; ++i) key += ".a";
  EXPECT_EQ(first_fault(key + " = 1\n"), "1: a key has more than 64 parts");
  EXPECT_EQ(first_fault("[stack]\n[" + key + "]\n"), "2: a key has more than 64 parts");
  EXPECT_EQ(first_fault("x = { " + key + " = 1 }\n"), "1: a key has more than 64 parts");
  EXPECT_TRUE(first_fault("x = [" + std::string(400'000, '[')).starts_with("1: "));
}

// Whatever the text, the answer is a definition or a fault with a line that is there.
TEST(DefinitionText, MutatedTextsAreReadOrRefused) {
  constexpr auto kPieces = std::to_array<std::string_view>({"[",           "]",           "[[",
                                                            "]]",          ".",           "a",
                                                            "stack",       "\"",          "'",
                                                            "\"\"\"",      "'''",         "\n",
                                                            "\r\n",        "\r",          " ",
                                                            "\t",          "#",           "=",
                                                            "{",           "}",           ",",
                                                            "-1",          "0x",          "1e",
                                                            "+",           "inf",         "nan",
                                                            "true",        "2020-01-01",  "T10:",
                                                            "Z",           "\\",          "\\u00",
                                                            "\\U0010",     "ö",           "\xFF",
                                                            "\x7F",        "\x01",        "_",
                                                            ":",           "[stack]\n",   "a=1\n",
                                                            "a.b=1\n",     "[[rules]]\n", "[a.b]\n",
                                                            "a={b=1}\n",   "'x'",         "x = \"y\"\n",
                                                            "0o7",         "1_0",         "\xE2\x80\xA8",
                                                            "\xEF\xBB\xBF"});
  constexpr int kTexts = 20'000;
  std::mt19937 random(20'251'201);  // NOLINT(cert-msc51-cpp): the same texts each time
  for (int i = 0; i < kTexts; ++i) {
    std::string text;
    for (auto left = 1 + random() % 10; left > 0; --left)
      text += random() % 12 == 0 ? std::string(1, static_cast<char>(random())) : kPieces.at(random() % kPieces.size());
    const auto read = read_definition(text);
    if (read.has_value()) continue;
    const auto lines = 1 + std::ranges::count(text, '\n');
    for (const DefinitionFault& fault : read.error()) {
      EXPECT_GE(fault.line, 1U) << testing::PrintToString(text) << fault.message;
      EXPECT_LE(fault.line, lines) << testing::PrintToString(text) << fault.message;
      EXPECT_FALSE(fault.message.empty()) << testing::PrintToString(text);
    }
  }
}

}  // namespace
}  // namespace pipeline
