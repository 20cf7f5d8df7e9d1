// Comparison: an operator and what stands behind it in a filter pattern (= "x*", != 404, > 1.5e3, = %regex%), for
// values of JSON events and fields of space-delimited ones alike. A value, safe to read from any thread.
// Syntax: CloudWatch Logs User Guide, "Filter pattern syntax ...".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/logs/pattern_reader.h"
#include "engine/logs/regex.h"

namespace engine::logs {

// The number that the whole of `text` is: a sign, digits with a point, an exponent; nullopt if it is none.
std::optional<double> parse_number(std::string_view text);

class Comparison {
 public:
  // One value of an event. `number` is what it is worth if it is one.
  struct Value {
    std::string_view text;
    std::optional<double> number;
  };

  // Reads "<operator> <operand>". `extra` are the characters that a term without quotes may hold beside letters, digits
  // and underscores. Fails with InvalidParameterException.
  static base::Result<Comparison> parse(PatternReader& reader, std::string_view extra);

  // Text is compared byte by byte, with * at either end of the operand standing for anything; numbers are compared as
  // such if the operand is one without quotes. A value that is no number is neither less nor greater than any.
  [[nodiscard]] bool accepts(const Value& value) const;
  [[nodiscard]] bool has_regex() const { return regex_.has_value(); }
  // What a byte of the value costs, in looks at it.
  [[nodiscard]] std::size_t work() const { return regex_ ? regex_->work() : 1; }

 private:
  enum class Operator { equal, not_equal, less, less_equal, greater, greater_equal };
  void set_text(std::string_view operand);
  [[nodiscard]] bool equals(const Value& value) const;

  Operator operator_ = Operator::equal;
  std::string text_;  // without the * at its ends
  bool any_before_ = false;
  bool any_after_ = false;
  std::optional<double> number_;
  std::optional<Regex> regex_;
};

}  // namespace engine::logs
