#include "pipeline/amount.h"

#include <gtest/gtest.h>

#include "pipeline/currency.h"

namespace pipeline {
namespace {

using Kind = AmountFault::Kind;
using Style = AmountFormat::Style;

std::string read(std::string_view text, const AmountFormat& format, std::string_view currency = "EUR") {
  const auto amount = read_amount(text, format, currency, minor_unit_digits(currency).value_or(2));
  if (amount.has_value()) return amount->to_string();
  constexpr std::array<const char*, 5> kNames{"malformed", "ambiguous", "not whole", "contradicts", "precision"};
  return kNames.at(static_cast<std::size_t>(amount.error().kind));
}

TEST(Currency, HasDigits) {
  EXPECT_EQ(minor_unit_digits("EUR"), 2);
  EXPECT_EQ(minor_unit_digits("JPY"), 0);
  EXPECT_EQ(minor_unit_digits("KWD"), 3);
  EXPECT_EQ(minor_unit_digits("CLF"), 4);
  for (const std::string_view none : {"", "eur", "EU", "XXX", "EUR ", "UR "})
    EXPECT_FALSE(minor_unit_digits(none)) << none;
}

TEST(Amount, PlainIsWhatJsonWrites) {
  const AmountFormat plain;
  EXPECT_EQ(read("19.90", plain), "19.9");
  EXPECT_EQ(read("-0.01", plain), "-0.01");
  EXPECT_EQ(read("1e2", plain), "100");
  EXPECT_EQ(read("12345678901234567890123456789012345678", plain), "12345678901234567890123456789012345678");
  for (const std::string_view wrong : {"", "1,5", "1 000", "€5", "five", "0x10", "NaN", "1."})
    EXPECT_EQ(read(wrong, plain), wrong == "1." ? "1" : "malformed") << wrong;
  EXPECT_EQ(read("123456789012345678901234567890123456789", plain), "precision");
}

TEST(Amount, MinorUnitsFollowTheCurrency) {
  const AmountFormat minor{.in_minor_units = true};
  EXPECT_EQ(read("1990", minor, "EUR"), "19.9");
  EXPECT_EQ(read("1990", minor, "JPY"), "1990");
  EXPECT_EQ(read("1990", minor, "KWD"), "1.99");
  EXPECT_EQ(read("-5", minor, "EUR"), "-0.05");
  EXPECT_EQ(read("0", minor, "EUR"), "0");
  EXPECT_EQ(read("1990.0", minor, "EUR"), "19.9");
  EXPECT_EQ(read("19.90", minor, "EUR"), "not whole");
}

TEST(Amount, SeparatorsAreThoseOfTheFormat) {
  const AmountFormat point{.style = Style::point};
  const AmountFormat comma{.style = Style::comma};
  EXPECT_EQ(read("1,234,567.89", point), "1234567.89");
  EXPECT_EQ(read("1 234 567.89", point), "1234567.89");
  EXPECT_EQ(read("1\u202f234.5", point), "1234.5");
  EXPECT_EQ(read("1'234.50", point), "1234.5");
  EXPECT_EQ(read("1,234", point), "1234");
  EXPECT_EQ(read(" -12.5 ", point), "-12.5");
  EXPECT_EQ(read("1.234.567,89", comma), "1234567.89");
  EXPECT_EQ(read("1\u00a0234,5", comma), "1234.5");
  EXPECT_EQ(read("1.234", comma), "1234");
  EXPECT_EQ(read("12,5-", comma), "-12.5");
  EXPECT_EQ(read("(12,50)", comma), "-12.5");
  for (const std::string_view wrong :
       {"12,34", "1,2345", "1,234,56", ",5", "1234.5.6", "1,234 567", "12.", "0,500", "1e3"})
    EXPECT_EQ(read(wrong, point), "malformed") << wrong;
  for (const std::string_view wrong : {"12.34", "1.2345", "1,5,6", "1.234.56,7", "5,"})
    EXPECT_EQ(read(wrong, comma), "malformed") << wrong;
}

TEST(Amount, WhatCouldBeTwoNumbersIsRefused) {
  const AmountFormat detect{.style = Style::detect};
  EXPECT_EQ(read("1234", detect), "1234");
  EXPECT_EQ(read("12.5", detect), "12.5");
  EXPECT_EQ(read("12,5", detect), "12.5");
  EXPECT_EQ(read("1,234.5", detect), "1234.5");
  EXPECT_EQ(read("1.234,5", detect), "1234.5");
  EXPECT_EQ(read("1.234.567", detect), "1234567");
  EXPECT_EQ(read("0.500", detect), "0.5");
  EXPECT_EQ(read("1234.500", detect), "1234.5");
  EXPECT_EQ(read("1,234", detect), "ambiguous");
  EXPECT_EQ(read("12.345", detect), "ambiguous");
  EXPECT_EQ(read("1,2,3", detect), "malformed");
}

TEST(Amount, ASignOfCurrencyMustNotContradict) {
  const AmountFormat sign{.style = Style::detect, .has_currency_sign = true};
  EXPECT_EQ(read("€ 1.234,50", sign), "1234.5");
  EXPECT_EQ(read("1.234,50 €", sign), "1234.5");
  EXPECT_EQ(read("EUR 5", sign), "5");
  EXPECT_EQ(read("5 eur", sign), "5");
  EXPECT_EQ(read("$5.50", sign, "CAD"), "5.5");
  EXPECT_EQ(read("-$5.50", sign, "USD"), "-5.5");
  EXPECT_EQ(read("$-5.50", sign, "USD"), "-5.5");
  EXPECT_EQ(read("kr 5", sign, "SEK"), "5");
  EXPECT_EQ(read("5", sign), "5");
  EXPECT_EQ(read("5", sign, ""), "5");
  EXPECT_EQ(read("€5", sign, ""), "5");
  EXPECT_EQ(read("€5", sign, "USD"), "contradicts");
  EXPECT_EQ(read("USD 5", sign, "EUR"), "contradicts");
  // Bookkeeping's and typographers' minus, and the dash that stands for no fraction.
  EXPECT_EQ(read("\u221219,90 €", sign), "-19.9");
  EXPECT_EQ(read("CHF 20.-", sign, "CHF"), "20");
  EXPECT_EQ(read("10,- €", sign), "10");
  EXPECT_EQ(read("Fr. 1'000.--", sign, "CHF"), "1000");
  // A sign that several countries have is of one of them.
  for (const std::string_view other :
       {"£5.00", "$5.00", "US$ 7", "HK$5", "R$ 5", "¥100", "100円", "kr 5", "Fr. 5", "£5€"})
    EXPECT_EQ(read(other, sign, "EUR"), "contradicts") << other;
  // What is no sign is not passed over: it may be a digit or a minus.
  for (const std::string_view wrong :
       {"\u201319,90", "5\u2013", "5\uff10", "\u0665", "5\u00bd", "5\u00b2", "5 e", "NaN", "inf"})
    EXPECT_EQ(read(wrong, sign), "malformed") << wrong;
  for (const std::string_view wrong : {"free", "5 pieces of eight", "5 / 6", "--5", "€", ""})
    EXPECT_EQ(read(wrong, sign), "malformed") << wrong;
  const AmountFormat plain{.has_currency_sign = true};
  EXPECT_EQ(read("5.50 EUR", plain), "5.5");
  EXPECT_EQ(read("5,50 EUR", plain), "malformed");
}

}  // namespace
}  // namespace pipeline
