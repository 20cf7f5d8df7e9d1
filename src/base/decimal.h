// Decimal: an exact decimal number with the limits of DynamoDB's number type, used for attributes of type N and for
// money: up to 38 significant digits, magnitude 0 or 1e-130 to 9.99..e125. Nothing here rounds. A plain value of
// 32 bytes, freely copied between threads. Limits and texts: AWS, DynamoDB Developer Guide, "Supported data types";
// reference/protocols.md 4.3 items 3 to 5.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace base {

enum class DecimalError {
  not_a_number,     // "The parameter cannot be converted to a numeric value"
  too_many_digits,  // "Attempting to store more than 38 significant digits in a Number"
  overflow,         // "Number overflow. Attempting to store a number with magnitude larger than supported range"
  underflow,        // "Number underflow. Attempting to store a number with magnitude smaller than supported range"
};

class Decimal {
 public:
  static constexpr int kDigitsMax = 38;
  static constexpr int kExponentMax = 125;   // of the leading digit
  static constexpr int kExponentMin = -130;  // of the leading digit

  Decimal() = default;  // zero
  static Decimal from_integer(int64_t value);
  // [+-]digits[.digits][e[+-]digits], with at least one digit before or after the point; no white space. Zeros at
  // either end do not count as significant. Time is linear in the text's length, whatever its exponent.
  static std::expected<Decimal, DecimalError> parse(std::string_view text);
  // Reads what sortable_bytes() wrote; nullopt for any other bytes.
  static std::optional<Decimal> from_sortable(std::string_view bytes);

  // DynamoDB's normal form: no exponent, no leading or trailing zeros, no "-0". At most 170 characters.
  [[nodiscard]] std::string to_string() const;
  // 1 to 22 bytes whose order under memcmp is the order of the numbers. No encoding is a prefix of another one, so
  // more key bytes may follow. Equal numbers have equal bytes.
  [[nodiscard]] std::string sortable_bytes() const;
  // The value if it is an integer that fits.
  [[nodiscard]] std::optional<int64_t> to_integer() const;

  [[nodiscard]] bool is_zero() const { return coefficient_ == 0; }
  [[nodiscard]] int sign() const { return coefficient_ == 0 ? 0 : negative_ ? -1 : 1; }
  // Significant digits, which DynamoDB counts for the size of an item; 0 for zero.
  [[nodiscard]] int digit_count() const;
  [[nodiscard]] Decimal negated() const;

  // Exact. A result that needs more than 38 digits is an overflow, as on AWS.
  [[nodiscard]] std::expected<Decimal, DecimalError> add(const Decimal& other) const;
  [[nodiscard]] std::expected<Decimal, DecimalError> subtract(const Decimal& other) const;

  friend bool operator==(const Decimal&, const Decimal&) = default;
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);

 private:
  __extension__ using Coefficient = unsigned __int128;
  Decimal(Coefficient coefficient, int exponent, bool negative)
      : coefficient_(coefficient), exponent_(exponent), negative_(negative) {}
  static std::expected<Decimal, DecimalError> make(Coefficient coefficient, int exponent, bool negative);
  static Coefficient power_of_ten(int exponent);  // 0 to 38
  static int count_digits(Coefficient value);
  [[nodiscard]] int leading_exponent() const { return exponent_ + count_digits(coefficient_) - 1; }

  // The value is coefficient * 10^exponent. Canonical: the coefficient has no trailing zero and at most 38 digits;
  // zero is {0, 0, false}. So equality is that of the members.
  Coefficient coefficient_ = 0;
  int exponent_ = 0;
  bool negative_ = false;
};

}  // namespace base
