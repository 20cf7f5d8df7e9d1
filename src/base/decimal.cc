#include "base/decimal.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace base {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::array<Wide, 39> make_powers() {
  std::array<Wide, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr auto kPowers = make_powers();
constexpr uint64_t kTenTo19 = 10'000'000'000'000'000'000U;

// First bytes of the sortable form.
constexpr char kNegative = 1;
constexpr char kZero = 2;
constexpr char kPositive = 3;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The exponent part, after its 'e'. Values beyond any that matter are cut to +-kExponentLarge, which is beyond what
// the digits of a text in memory could make up for.
constexpr int64_t kExponentLarge = int64_t{1} << 56;
std::optional<int64_t> parse_exponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = std::min(value * 10 + (c - '0'), kExponentLarge);
  }
  return negative ? -value : value;
}

// The decimal digits of `value`, which has at most 38, without leading zeros.
std::string to_digits(Wide value) {
  std::array<char, 38> digits{};
  auto high = static_cast<uint64_t>(value / kTenTo19);
  auto low = static_cast<uint64_t>(value % kTenTo19);
  for (std::size_t i = 38; i-- > 19; low /= 10) digits[i] = static_cast<char>('0' + low % 10);
  for (std::size_t i = 19; i-- > 0; high /= 10) digits[i] = static_cast<char>('0' + high % 10);
  const auto* first = std::find_if(digits.cbegin(), digits.cend(), [](char c) { return c != '0'; });
  return {first, digits.cend()};
}

}  // namespace

Decimal::Coefficient Decimal::power_of_ten(int exponent) {
  return kPowers[static_cast<std::size_t>(exponent)];
}

int Decimal::count_digits(Coefficient value) {
  return static_cast<int>(std::upper_bound(kPowers.begin(), kPowers.end(), value) - kPowers.begin());
}

int Decimal::digit_count() const {
  return count_digits(coefficient_);
}

std::expected<Decimal, DecimalError> Decimal::make(Coefficient coefficient, int exponent, bool negative) {
  if (coefficient == 0) return Decimal();
  while (coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  if (coefficient >= kPowers[kDigitsMax]) return std::unexpected(DecimalError::overflow);
  const Decimal result(coefficient, exponent, negative);
  if (result.leading_exponent() > kExponentMax) return std::unexpected(DecimalError::overflow);
  if (result.leading_exponent() < kExponentMin) return std::unexpected(DecimalError::underflow);
  return result;
}

Decimal Decimal::from_integer(int64_t value) {
  const bool negative = value < 0;
  const auto magnitude = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  return *make(magnitude, 0, negative);
}

std::expected<Decimal, DecimalError> Decimal::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  Coefficient coefficient = 0;
  int64_t significant = 0;      // digits of the coefficient
  int64_t trailing_zeros = 0;   // zeros read since its last digit
  int64_t fraction_digits = 0;  // digits read after the point
  bool any_digit = false, point = false, too_long = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(c)) break;
    any_digit = true;
    if (point) ++fraction_digits;
    if (c == '0') {
      if (significant > 0) ++trailing_zeros;
      continue;
    }
    too_long = too_long || significant + trailing_zeros + 1 > kDigitsMax;
    if (!too_long) {
      const Coefficient shift = power_of_ten(static_cast<int>(trailing_zeros + 1));
      coefficient = coefficient * shift + static_cast<unsigned>(c - '0');
    }
    significant += trailing_zeros + 1;
    trailing_zeros = 0;
  }
  int64_t exponent = 0;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    const auto parsed = parse_exponent(text.substr(i + 1));
    if (!parsed) return std::unexpected(DecimalError::not_a_number);
    exponent = *parsed;
    i = text.size();
  }
  if (!any_digit || i < text.size()) return std::unexpected(DecimalError::not_a_number);
  if (significant == 0) return Decimal();
  exponent += trailing_zeros - fraction_digits;
  const int64_t leading = exponent + significant - 1;
  // The order in which DynamoDB looks at the limits (dynalite, validations/index.js).
  if (leading > kExponentMax) return std::unexpected(DecimalError::overflow);
  if (leading < kExponentMin) return std::unexpected(DecimalError::underflow);
  if (too_long) return std::unexpected(DecimalError::too_many_digits);
  return Decimal(coefficient, static_cast<int>(exponent), negative);
}

std::string Decimal::to_string() const {
  if (is_zero()) return "0";
  const std::string digits = to_digits(coefficient_);
  const int size = static_cast<int>(digits.size());
  const int point = size + exponent_;  // digits before the decimal point
  std::string out = negative_ ? "-" : "";
  if (point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-point), '0');
    out += digits;
  } else if (point >= size) {
    out += digits;
    out.append(static_cast<std::size_t>(point - size), '0');
  } else {
    out.append(digits, 0, static_cast<std::size_t>(point));
    out += '.';
    out.append(digits, static_cast<std::size_t>(point));
  }
  return out;
}

// Sign; exponent of the leading digit + 130, which is one byte; pairs of digits + 1 from the front; 0. For negative
// numbers all but the sign is complemented, which turns the order round.
std::string Decimal::sortable_bytes() const {
  if (is_zero()) return std::string(1, kZero);
  std::string digits = to_digits(coefficient_);
  if (digits.size() % 2 != 0) digits += '0';
  std::string out;
  out.reserve(3 + digits.size() / 2);
  out += negative_ ? kNegative : kPositive;
  out += static_cast<char>(leading_exponent() - kExponentMin);
  for (std::size_t i = 0; i < digits.size(); i += 2)
    out += static_cast<char>((digits[i] - '0') * 10 + (digits[i + 1] - '0') + 1);
  out += '\0';
  if (negative_)
    for (std::size_t i = 1; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  return out;
}

std::optional<Decimal> Decimal::from_sortable(std::string_view bytes) {
  if (bytes.size() == 1 && bytes[0] == kZero) return Decimal();
  if (bytes.size() < 4 || bytes.size() > 3 + kDigitsMax / 2 || (bytes[0] != kNegative && bytes[0] != kPositive))
    return std::nullopt;
  const bool negative = bytes[0] == kNegative;
  const auto at = [&](std::size_t i) {
    return static_cast<uint8_t>(negative ? ~static_cast<uint8_t>(bytes[i]) : static_cast<uint8_t>(bytes[i]));
  };
  Coefficient coefficient = 0;
  const std::size_t pairs = bytes.size() - 3;
  for (std::size_t i = 0; i < pairs; ++i) {
    const uint8_t value = at(2 + i);
    if (value < 1 || value > 100) return std::nullopt;
    coefficient = coefficient * 100 + (value - 1);
  }
  if (at(2) < 11 || at(bytes.size() - 2) == 1 || at(bytes.size() - 1) != 0) return std::nullopt;
  const int leading = at(1) + kExponentMin;
  const auto made = make(coefficient, leading - static_cast<int>(2 * pairs) + 1, negative);
  return made ? std::optional(*made) : std::nullopt;
}

std::optional<int64_t> Decimal::to_integer() const {
  if (exponent_ < 0 || leading_exponent() > 18) return is_zero() ? std::optional<int64_t>(0) : std::nullopt;
  const Coefficient magnitude = coefficient_ * power_of_ten(exponent_);  // below 10^19
  const Coefficient limit = (Coefficient{1} << 63) - (negative_ ? 0 : 1);
  if (magnitude > limit) return std::nullopt;
  const auto bits = static_cast<uint64_t>(magnitude);
  return static_cast<int64_t>(negative_ ? 0 - bits : bits);
}

Decimal Decimal::negated() const {
  return {coefficient_, exponent_, !negative_ && coefficient_ != 0};
}

std::expected<Decimal, DecimalError> Decimal::add(const Decimal& other) const {
  if (is_zero()) return other;
  if (other.is_zero()) return *this;
  const Decimal& high = exponent_ >= other.exponent_ ? *this : other;
  const Decimal& low = exponent_ >= other.exponent_ ? other : *this;
  // The last digit of `low` stays in the result unless the exponents are equal, so every digit down to it is needed.
  const int shift = high.exponent_ - low.exponent_;
  Coefficient aligned = 0;
  if (shift > kDigitsMax || __builtin_mul_overflow(high.coefficient_, power_of_ten(shift), &aligned))
    return std::unexpected(DecimalError::overflow);
  if (high.negative_ != low.negative_) {
    const bool high_is_larger = aligned >= low.coefficient_;
    return make(high_is_larger ? aligned - low.coefficient_ : low.coefficient_ - aligned, low.exponent_,
                high_is_larger ? high.negative_ : low.negative_);
  }
  Coefficient sum = 0;
  if (__builtin_add_overflow(aligned, low.coefficient_, &sum)) return std::unexpected(DecimalError::overflow);
  return make(sum, low.exponent_, high.negative_);
}

std::expected<Decimal, DecimalError> Decimal::subtract(const Decimal& other) const {
  return add(other.negated());
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.sign() != b.sign() || a.is_zero()) return a.sign() <=> b.sign();
  const Decimal& first = a.negative_ ? b : a;
  const Decimal& second = a.negative_ ? a : b;
  if (first.leading_exponent() != second.leading_exponent())
    return first.leading_exponent() <=> second.leading_exponent();
  const auto left_aligned = [](const Decimal& d) {
    return d.coefficient_ * Decimal::power_of_ten(Decimal::kDigitsMax - d.digit_count());
  };
  const auto x = left_aligned(first);
  const auto y = left_aligned(second);
  return x < y ? std::strong_ordering::less : x > y ? std::strong_ordering::greater : std::strong_ordering::equal;
}

}  // namespace base
