#include "store/key.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <tuple>

namespace store {
namespace {

using Parts = std::tuple<std::string, uint64_t, std::string>;

std::string write(const Parts& parts) {
  const auto& [first, number, last] = parts;
  return KeyWriter("test/parts").text(first).number(number).text(last).take();
}

// Few distinct bytes, those that the encoding treats specially among them, so that collisions and prefixes are common.
rc::Gen<std::string> any_text() {
  return rc::gen::container<std::string>(rc::gen::element('\0', '\x01', '\x02', 'a', '\xfe', '\xff'));
}

rc::Gen<Parts> any_parts() {
  return rc::gen::tuple(any_text(), rc::gen::oneOf(rc::gen::inRange<uint64_t>(0, 3), rc::gen::arbitrary<uint64_t>()),
                        any_text());
}

TEST(Key, PartsReadBackAsTheyWereWritten) {
  EXPECT_TRUE(rc::check([] {
    const Parts parts = *any_parts();
    const std::string key = write(parts);
    KeyReader reader(key, "test/parts");
    Parts read;
    RC_ASSERT(reader.text(std::get<0>(read)));
    RC_ASSERT(reader.number(std::get<1>(read)));
    RC_ASSERT(reader.text(std::get<2>(read)));
    RC_ASSERT(reader.rest().empty());
    RC_ASSERT(read == parts);
  }));
}

TEST(Key, OrderOfKeysIsOrderOfParts) {
  EXPECT_TRUE(rc::check([] {
    const Parts a = *any_parts();
    const Parts b = *any_parts();
    RC_ASSERT((a < b) == (write(a) < write(b)));
  }));
}

TEST(Key, PrefixOfPartsEndsAtPrefixEnd) {
  EXPECT_TRUE(rc::check([] {
    const Parts parts = *any_parts();
    const std::string other = *any_text();
    const std::string prefix = KeyWriter("test/parts").text(other).take();
    const std::string key = write(parts);
    RC_ASSERT((std::get<0>(parts) == other) == (key >= prefix && key < prefix_end(prefix)));
  }));
}

TEST(Key, PrefixEnd) {
  EXPECT_EQ(prefix_end("a"), "b");
  EXPECT_EQ(prefix_end("a\xff\xff"), "b");
  EXPECT_EQ(prefix_end("\xff\xff"), "");
  EXPECT_EQ(prefix_end(""), "");
}

TEST(Key, MalformedBytesAreRefused) {
  std::string text;
  uint64_t number = 0;
  const std::string good = KeyWriter("t").text("ab").take();
  EXPECT_FALSE(KeyReader(good, "u").text(text));
  EXPECT_FALSE(KeyReader("t", "t").text(text));
  EXPECT_FALSE(KeyReader("", "").text(text));
  for (std::size_t size = 2; size < good.size(); ++size) {
    EXPECT_FALSE(KeyReader(good.substr(0, size), "t").text(text)) << size;
  }
  EXPECT_FALSE(KeyReader(std::string("t\0a\0\x02", 5), "t").text(text));
  EXPECT_FALSE(KeyReader(std::string("t\0"
                                     "1234567",
                                     9),
                         "t")
                   .number(number));
  KeyReader failed(good, "u");
  EXPECT_FALSE(failed.number(number)) << "a reader that failed stays failed";
}

}  // namespace
}  // namespace store
