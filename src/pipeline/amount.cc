#include "pipeline/amount.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "pipeline/currency.h"

namespace pipeline {
namespace {

using Fault = AmountFault;
using Style = AmountFormat::Style;

std::unexpected<Fault> fault(Fault::Kind kind, std::string message) {
  return std::unexpected(Fault{kind, std::move(message)});
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Spaces of all kinds become ' ', the typographic apostrophe "'" and the minus sign '-', so that what follows sees
// single characters.
std::string with_plain_characters(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kPlain{
      {{"\u00a0", ' '}, {"\u202f", ' '}, {"\t", ' '}, {"\u2019", '\''}, {"\u2212", '-'}}};
  std::string out;
  while (!text.empty()) {
    const auto found = std::ranges::find_if(kPlain, [&](const auto& one) { return text.starts_with(one.first); });
    out.push_back(found == kPlain.end() ? text.front() : found->second);
    text.remove_prefix(found == kPlain.end() ? 1 : found->first.size());
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// The codes that a sign may stand for, one behind the other; empty for what is no sign. Only signs that are known: a
// character that is passed over could be a minus or a digit of another alphabet.
std::string_view currencies_of_sign(std::string_view sign) {
  constexpr std::string_view kDollars =
      "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP BBD BMD BND BSD BZD FJD GYD JMD KYD "
      "LRD NAD SBD SRD TTD XCD DOP UYU ZWL";
  constexpr std::string_view kPounds = "GBP EGP FKP GIP SHP SYP LBP SDG SSP";
  constexpr std::string_view kRupees = "INR PKR LKR NPR MUR SCR";
  constexpr std::string_view kCrowns = "SEK NOK DKK ISK";
  constexpr auto kSigns = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"€", "EUR"},   {"$", kDollars},    {"US$", "USD"},   {"CA$", "CAD"},    {"C$", "CAD NIO"}, {"A$", "AUD"},
      {"AU$", "AUD"}, {"NZ$", "NZD"},     {"HK$", "HKD"},   {"S$", "SGD"},     {"NT$", "TWD"},    {"MX$", "MXN"},
      {"R$", "BRL"},  {"£", kPounds},     {"¥", "JPY CNY"}, {"￥", "JPY CNY"}, {"円", "JPY"},     {"元", "CNY TWD HKD"},
      {"₹", "INR"},   {"Rs", kRupees},    {"Rs.", kRupees}, {"₩", "KRW KPW"},  {"원", "KRW"},     {"₺", "TRY"},
      {"₽", "RUB"},   {"₴", "UAH"},       {"₫", "VND"},     {"đ", "VND"},      {"₪", "ILS"},      {"₱", "PHP"},
      {"฿", "THB"},   {"zł", "PLN"},      {"Kč", "CZK"},    {"kr", kCrowns},   {"Kr", kCrowns},   {"kr.", kCrowns},
      {"Ft", "HUF"},  {"lei", "RON MDL"}, {"лв", "BGN"},    {"Fr.", "CHF"},    {"₦", "NGN"},
  });
  for (const auto& [known, currencies] : kSigns)
    if (known == sign) return currencies;
  return minor_unit_digits(currency_code(sign)).has_value() ? sign : std::string_view();
}

bool is_of_number(char c) {
  return is_digit(c) || c == '-' || c == '+';
}

// Takes a sign of currency off either end of `text`.
std::expected<void, Fault> step_over_sign(std::string_view& text, std::string_view currency) {
  const std::size_t begin =
      std::min(text.size(), static_cast<std::size_t>(std::ranges::find_if(text, is_of_number) - text.begin()));
  std::size_t end = text.size();
  while (end > begin && !is_of_number(text[end - 1])) --end;
  // "-€5": the sign stands between.
  for (const std::string_view sign : {trimmed(text.substr(0, begin)), trimmed(text.substr(end))}) {
    if (sign.empty()) continue;
    const std::string_view named = currencies_of_sign(sign);
    if (named.empty()) return fault(Fault::Kind::malformed, "is not a number with a known sign of currency");
    const bool fits = named.size() == 3 ? currency_code(named) == currency : named.find(currency) != named.npos;
    if (!currency.empty() && !fits)
      return fault(Fault::Kind::contradicts, fmt::format("is in {} and not in {}", sign, currency));
  }
  text = text.substr(begin, end - begin);
  return {};
}

// Groups of three digits, but for the first, which may be shorter, with one kind of separator. Nobody writes 0,500.
bool is_grouped(std::string_view whole, char separator) {
  if (whole.starts_with('0')) return false;
  std::size_t in_group = 0;
  bool first = true;
  for (const char c : whole) {
    if (is_digit(c)) {
      ++in_group;
    } else if (c == separator) {
      if (first ? (in_group == 0 || in_group > 3) : in_group != 3) return false;
      first = false;
      in_group = 0;
    } else {
      return false;
    }
  }
  return first || in_group == 3;
}

// Digits with one '.', from digits with separators of which `decimal` is the decimal one. nullopt: it is not written
// so.
std::optional<std::string> plain_number(std::string_view digits, char decimal) {
  const std::size_t point = digits.rfind(decimal);
  const std::string_view whole = digits.substr(0, point);
  const std::string_view fraction = point == digits.npos ? std::string_view() : digits.substr(point + 1);
  if (whole.empty() || !std::ranges::all_of(fraction, is_digit)) return std::nullopt;
  if (point != digits.npos && fraction.empty()) return std::nullopt;
  const std::size_t separator = std::min(whole.size(), whole.find_first_not_of("0123456789"));
  if (separator < whole.size()) {
    constexpr std::string_view kSeparators = ".,' ";
    if (whole[separator] == decimal || kSeparators.find(whole[separator]) == kSeparators.npos) return std::nullopt;
    if (!is_grouped(whole, whole[separator])) return std::nullopt;
  }
  std::string out;
  std::ranges::copy_if(whole, std::back_inserter(out), is_digit);
  if (!fraction.empty()) out.append(".").append(fraction);
  return out;
}

std::expected<std::string, Fault> separated_number(std::string_view digits, Style style) {
  const auto with_point = plain_number(digits, '.');
  const auto with_comma = plain_number(digits, ',');
  if (style != Style::detect) {
    const auto& read = style == Style::point ? with_point : with_comma;
    if (read.has_value()) return *read;
    return fault(Fault::Kind::malformed,
                 fmt::format("is not a number with a decimal {}", style == Style::point ? "point" : "comma"));
  }
  if (with_point.has_value() && with_comma.has_value() && *with_point != *with_comma)
    return fault(Fault::Kind::ambiguous, fmt::format("could be {} or {}", *with_point, *with_comma));
  if (with_point.has_value()) return *with_point;
  if (with_comma.has_value()) return *with_comma;
  return fault(Fault::Kind::malformed, "is not a number");
}

// "20.-" and "20,--" are 20: a dash in the place of the fraction is no minus.
void step_over_no_fraction(std::string_view& text) {
  for (const std::string_view end : {".-", ",-", ".--", ",--"})
    if (text.ends_with(end)) return text.remove_suffix(end.size());
}

// -5, 5-, (5): what bookkeeping writes. Takes the sign off; true if it is negative.
bool step_over_minus(std::string_view& text) {
  if (text.starts_with('(') && text.ends_with(')')) {
    text = trimmed(text.substr(1, text.size() - 2));
    return true;
  }
  const bool negative = text.starts_with('-') || text.ends_with('-');
  if (text.starts_with('-') || text.starts_with('+')) {
    text.remove_prefix(1);
  } else if (text.ends_with('-')) {
    text.remove_suffix(1);
  }
  text = trimmed(text);
  return negative;
}

// A plain spelling of the number in `text`, which Decimal reads.
std::expected<std::string, Fault> plain_spelling(std::string_view text, const AmountFormat& format,
                                                 std::string_view currency) {
  if (format.style == Style::plain && !format.has_currency_sign) return std::string(text);
  const std::string spaced = with_plain_characters(text);
  std::string_view left = trimmed(spaced);
  step_over_no_fraction(left);
  bool negative = step_over_minus(left);
  if (format.has_currency_sign) {
    if (auto done = step_over_sign(left, currency); !done.has_value()) return std::unexpected(std::move(done).error());
    step_over_no_fraction(left);
    if (!negative) negative = step_over_minus(left);  // "€ -5"
  }
  if (left.empty() || !is_digit(left.front())) return fault(Fault::Kind::malformed, "is not a number");
  auto digits = format.style == Style::plain ? std::expected<std::string, Fault>(std::string(left))
                                             : separated_number(left, format.style);
  if (digits.has_value() && negative) digits->insert(0, 1, '-');
  return digits;
}

}  // namespace

std::expected<base::Decimal, AmountFault> read_amount(std::string_view text, const AmountFormat& format,
                                                      std::string_view currency, int minor_digits) {
  const auto spelling = plain_spelling(text, format, currency);
  if (!spelling.has_value()) return std::unexpected(spelling.error());
  auto amount = base::Decimal::parse(*spelling);
  if (amount.has_value() && format.in_minor_units) {
    const std::string whole = amount->to_string();
    if (whole.find('.') != whole.npos) return fault(Fault::Kind::not_whole, "is no whole number of minor units");
    amount = base::Decimal::parse(whole + "e-" + std::to_string(minor_digits));
  }
  if (amount.has_value()) return *amount;
  if (amount.error() == base::DecimalError::not_a_number) return fault(Fault::Kind::malformed, "is not a number");
  return fault(Fault::Kind::precision, "has more than 38 digits or is out of range");
}

}  // namespace pipeline
