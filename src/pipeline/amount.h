// Amounts of money as shops write them: in major units (19.90) or in the currency's minor unit (1990), with or without
// thousands separators, a decimal comma, a currency sign. Decimal from end to end. Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/decimal.h"

namespace pipeline {

struct AmountFormat {
  // How a text writes a number. A JSON number has no choice and is always read as `plain`.
  enum class Style : uint8_t {
    plain,   // 1234.56, as JSON writes it
    point,   // 1,234.56 (also 1 234.56 and 1'234.56)
    comma,   // 1.234,56 (also 1 234,56 and 1'234,56)
    detect,  // whichever of the last two it can only be; "1,234" could be both and is refused
  };
  Style style = Style::plain;
  bool in_minor_units = false;
  // A sign or code before or after the number is stepped over: "EUR 5", "5 €". A code has to be that of the currency.
  bool has_currency_sign = false;
};

struct AmountFault {
  enum class Kind : uint8_t {
    malformed,    // no number, or not written as the format says
    ambiguous,    // it could be two numbers
    not_whole,    // a fraction of the minor unit
    contradicts,  // the currency beside it is another
    precision,    // more than 38 digits, or out of range
  } kind;
  std::string message;  // what is wrong, without the text itself
};

// Reads an amount of `currency` (empty: none is known), whose minor unit has `minor_digits` digits.
std::expected<base::Decimal, AmountFault> read_amount(std::string_view text, const AmountFormat& format,
                                                      std::string_view currency, int minor_digits);

}  // namespace pipeline
