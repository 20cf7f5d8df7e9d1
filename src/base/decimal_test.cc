#include "base/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace base {
namespace {

Decimal dec(std::string_view text) {
  return Decimal::parse(text).value();
}

TEST(Decimal, NormalForm) {
  const std::pair<std::string, std::string> table[] = {
      {"0", "0"},
      {"-0", "0"},
      {"0.000", "0"},
      {"0e999999999999999999999", "0"},
      {"1", "1"},
      {"+1", "1"},
      {"1.0", "1"},
      {"1.50", "1.5"},
      {"007", "7"},
      {"1e3", "1000"},
      {"1E+3", "1000"},
      {"1e-3", "0.001"},
      {".5", "0.5"},
      {"5.", "5"},
      {"-12.30e1", "-123"},
      {"100.0", "100"},
      {"0.1", "0.1"},
      {"12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
      {"99999999999999999999999999999999999999e88", std::string(38, '9') + std::string(88, '0')},
      {"-99999999999999999999999999999999999999e88", "-" + std::string(38, '9') + std::string(88, '0')},
      {"1e125", "1" + std::string(125, '0')},
      {"1e-130", "0." + std::string(129, '0') + "1"},
      {"1" + std::string(125, '0') + "." + std::string(100, '0'), "1" + std::string(125, '0')},
      {"0." + std::string(5000, '0') + "1e5001", "1"},
      {"1" + std::string(5000, '0') + "e-5000", "1"},
      {"1.0000000000000000000000000000000000001", "1.0000000000000000000000000000000000001"},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(dec(text).to_string(), expected) << text;
}

TEST(Decimal, Refusals) {
  for (const char* bad : {"",   "+",     "-",    ".",   "e1",       "1e",  "1e+", "1e1.5", "1.2.3", " 1",
                          "1 ", "1_000", "0x10", "NaN", "Infinity", "--1", "+-1", "1,5",   "1e5x",  "\xd9\xa1"})
    EXPECT_EQ(Decimal::parse(bad).error(), DecimalError::not_a_number) << bad;
  for (const char* big : {"1e126", "-1e126", "10e125", "1e999999999", "1e99999999999999999999999999", "123e124"})
    EXPECT_EQ(Decimal::parse(big).error(), DecimalError::overflow) << big;
  for (const char* small : {"1e-131", "-9.9e-131", "0.1e-130", "1e-999999999", "1e-99999999999999999999999999"})
    EXPECT_EQ(Decimal::parse(small).error(), DecimalError::underflow) << small;
  for (const std::string& longer :
       {std::string(39, '1'), "1" + std::string(37, '0') + "1", "0." + std::string(39, '1')})
    EXPECT_EQ(Decimal::parse(longer).error(), DecimalError::too_many_digits) << longer;
  EXPECT_EQ(Decimal::parse(std::string(1'000'000, '9') + "e999999999").error(), DecimalError::overflow);
}

TEST(Decimal, ArithmeticIsExactOrFails) {
  const auto sum = [](const char* a, const char* b) {
    const auto result = dec(a).add(dec(b));
    return result ? result->to_string() : result.error() == DecimalError::overflow ? "overflow" : "underflow";
  };
  EXPECT_EQ(sum("0.1", "0.2"), "0.3");
  EXPECT_EQ(sum("1e37", "1"), "1" + std::string(36, '0') + "1");
  EXPECT_EQ(sum("1e38", "1"), "overflow");
  EXPECT_EQ(sum("1e38", "-1"), std::string(38, '9'));
  EXPECT_EQ(sum("1e39", "-1"), "overflow");
  EXPECT_EQ(sum("99999999999999999999999999999999999999", "1"), "1" + std::string(38, '0'));
  EXPECT_EQ(sum("150000000000000000000000000000000000000", "-60000000000000000000000000000000000001"),
            "89999999999999999999999999999999999999");
  EXPECT_EQ(sum("9e125", "1e125"), "overflow");
  EXPECT_EQ(sum("1.5e-130", "-1.4e-130"), "underflow");
  EXPECT_EQ(sum("1e125", "1e-130"), "overflow");
  EXPECT_EQ(sum("5", "-5"), "0");
  EXPECT_EQ(dec("1").subtract(dec("0.99"))->to_string(), "0.01");
  EXPECT_EQ(dec("0").negated(), dec("0"));
}

TEST(Decimal, Integers) {
  for (const int64_t value : {int64_t{0}, int64_t{1}, int64_t{-1000}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(Decimal::from_integer(value).to_string(), std::to_string(value));
    EXPECT_EQ(Decimal::from_integer(value).to_integer(), value);
  }
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "0.5", "1e19", "1e125", "1e-130"})
    EXPECT_EQ(dec(text).to_integer(), std::nullopt) << text;
  EXPECT_EQ(dec("1.50").digit_count(), 2);
  EXPECT_EQ(Decimal().digit_count(), 0);
}

TEST(Decimal, OrderAndSortableBytesAgree) {
  const char* ascending[] = {"-9.9e125", "-1e125", "-123", "-12.5", "-12",
                             "-10.01",   "-10",    "-1",   "-0.5",  "-1e-130",
                             "0",        "1e-130", "0.5",  "1",     "1.0000000000000000000000000000000000001",
                             "1.01",     "1.1",    "9",    "10",    "10.01",
                             "12",       "12.5",   "123",  "50000", "1e38",
                             "1e125",    "9.9e125"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    const Decimal a = dec(ascending[i]);
    EXPECT_EQ(Decimal::from_sortable(a.sortable_bytes()), a) << ascending[i];
    for (std::size_t k = i + 1; k < std::size(ascending); ++k) {
      const Decimal b = dec(ascending[k]);
      EXPECT_TRUE(a < b) << ascending[i] << " " << ascending[k];
      EXPECT_LT(a.sortable_bytes(), b.sortable_bytes()) << ascending[i] << " " << ascending[k];
    }
  }
}

// --- An independent oracle: decimal text of schoolbook digits, aligned at a fixed point. ---

// 400 digits, least significant first, of |value| * 10^200.
struct Oracle {
  std::vector<int> digits = std::vector<int>(400, 0);
  bool negative = false;
};

int compare_magnitude(const Oracle& a, const Oracle& b) {
  for (std::size_t i = a.digits.size(); i-- > 0;)
    if (a.digits[i] != b.digits[i]) return a.digits[i] < b.digits[i] ? -1 : 1;
  return 0;
}

Oracle oracle_add(const Oracle& a, const Oracle& b) {
  const bool swap = compare_magnitude(a, b) < 0;
  Oracle out = swap ? b : a;
  const Oracle& other = swap ? a : b;
  const int sign = a.negative == b.negative ? 1 : -1;
  int carry = 0;
  for (std::size_t i = 0; i < out.digits.size(); ++i) {
    const int value = out.digits[i] + sign * other.digits[i] + carry;
    out.digits[i] = (value + 10) % 10;
    carry = value < 0 ? -1 : value / 10;
  }
  return out;
}

// Normal form, or the error's name.
std::string oracle_text(const Oracle& value) {
  const auto& d = value.digits;
  std::size_t high = d.size(), low = 0;
  while (high > 0 && d[high - 1] == 0) --high;
  if (high == 0) return "0";
  while (d[low] == 0) ++low;
  if (high - low > 38 || high > 200 + 126) return "overflow";
  if (high - 1 < 200 - 130) return "underflow";
  std::string out = value.negative ? "-" : "";
  for (std::size_t i = std::max<std::size_t>(high, 201); i-- > std::min<std::size_t>(low, 200);) {
    out += static_cast<char>('0' + d[i]);
    if (i == 200 && low < 200) out += '.';
  }
  return out;
}

struct Sample {
  Oracle oracle;
  std::string text;
};

// Numbers whose digits and places often meet: long runs of 9 and 0, and exponents near one another.
rc::Gen<Sample> sample() {
  return rc::gen::exec([] {
    Sample out;
    const int count = *rc::gen::inRange(1, 39);
    const int kind = *rc::gen::inRange(0, 3);
    const int exponent =
        *rc::gen::oneOf(rc::gen::inRange(-40, 41), rc::gen::inRange(-130 - count + 1, 125 - count + 2));
    out.oracle.negative = *rc::gen::arbitrary<bool>();
    std::string digits;
    for (int i = 0; i < count; ++i) {
      const int digit = kind == 0 ? 9 : kind == 1 ? (i == 0 || i == count - 1 ? 1 : 0) : *rc::gen::inRange(0, 10);
      digits += static_cast<char>('0' + digit);
    }
    if (digits[0] == '0') digits[0] = '1';
    for (int i = 0; i < count; ++i)
      out.oracle.digits[static_cast<std::size_t>(200 + exponent + count - 1 - i)] =
          digits[static_cast<std::size_t>(i)] - '0';
    const int point = *rc::gen::inRange(0, count + 1);
    out.text = (out.oracle.negative ? "-" : "") + digits.substr(0, static_cast<std::size_t>(point)) + "." +
               digits.substr(static_cast<std::size_t>(point)) + "e" + std::to_string(exponent + count - point);
    return out;
  });
}

std::string text_of(const std::expected<Decimal, DecimalError>& result) {
  if (result) return result->to_string();
  return result.error() == DecimalError::overflow ? "overflow" : "underflow";
}

RC_GTEST_PROP(Decimal, AgreesWithTheOracle, ()) {
  const Sample a = *sample(), b = *sample();
  RC_LOG() << a.text << " and " << b.text << "\n";
  const Decimal x = dec(a.text), y = dec(b.text);
  RC_ASSERT(x.to_string() == oracle_text(a.oracle));
  RC_ASSERT(dec(x.to_string()) == x);
  RC_ASSERT(text_of(x.add(y)) == oracle_text(oracle_add(a.oracle, b.oracle)));
  RC_ASSERT(text_of(x.add(y)) == text_of(y.add(x)));
  Oracle minus = b.oracle;
  minus.negative = !minus.negative;
  const Oracle difference = oracle_add(a.oracle, minus);
  RC_ASSERT(text_of(x.subtract(y)) == oracle_text(difference));
  const bool equal = compare_magnitude(difference, Oracle()) == 0;
  const auto order = equal                 ? std::strong_ordering::equal
                     : difference.negative ? std::strong_ordering::less
                                           : std::strong_ordering::greater;
  RC_ASSERT((x <=> y) == order);
  RC_ASSERT((x.sortable_bytes() <=> y.sortable_bytes()) == order);
  RC_ASSERT(Decimal::from_sortable(x.sortable_bytes()) == x);
  RC_ASSERT((equal || !y.sortable_bytes().starts_with(x.sortable_bytes())));
}

RC_GTEST_PROP(Decimal, ForeignSortableBytesAreRefusedOrCanonical, (const std::string& tail)) {
  const std::string bytes = std::string(1, static_cast<char>(*rc::gen::inRange(0, 5))) + tail;
  const auto read = Decimal::from_sortable(bytes);
  RC_ASSERT((!read || read->sortable_bytes() == bytes));
}

}  // namespace
}  // namespace base
