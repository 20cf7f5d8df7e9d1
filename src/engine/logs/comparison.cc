#include "engine/logs/comparison.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "engine/logs/event_text.h"

namespace engine::logs {

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  // from_chars would also take "inf" and "nan".
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != text.npos) return std::nullopt;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

base::Result<Comparison> Comparison::parse(PatternReader& reader, std::string_view extra) {
  Comparison out;
  if (reader.take("!=")) {
    out.operator_ = Operator::not_equal;
  } else if (reader.take("<=")) {
    out.operator_ = Operator::less_equal;
  } else if (reader.take(">=")) {
    out.operator_ = Operator::greater_equal;
  } else if (reader.take("<")) {
    out.operator_ = Operator::less;
  } else if (reader.take(">")) {
    out.operator_ = Operator::greater;
  } else if (!reader.take("=")) {
    return reader.refuse("one of = != < <= > >= is missing");
  }
  reader.skip_spaces();
  const bool orders = out.operator_ != Operator::equal && out.operator_ != Operator::not_equal;
  const std::size_t begin = reader.position();
  if (reader.peek() == '"') {
    TRY_ASSIGN(const std::string operand, reader.take_quoted());
    if (orders) return PatternReader::refuse_term(reader.since(begin));  // as AWS does: a quoted number is text
    out.set_text(operand);
  } else if (reader.peek() == '%') {
    TRY_ASSIGN(const std::string_view text, reader.take_regex());
    if (orders) return PatternReader::refuse_term(reader.since(begin));
    auto regex = Regex::parse(text);
    if (!regex) return reader.refuse("in the regular expression " + std::string(text) + " " + regex.error());
    out.regex_ = std::move(*regex);
  } else {
    TRY_ASSIGN(const std::string_view operand, reader.take_bare(extra));
    out.number_ = parse_number(operand);
    if (orders && !out.number_) return PatternReader::refuse_term(operand);
    out.set_text(operand);
  }
  return out;
}

// A * inside the text stands for itself.
void Comparison::set_text(std::string_view operand) {
  any_before_ = operand.starts_with('*');
  if (any_before_) operand.remove_prefix(1);
  any_after_ = operand.ends_with('*') || (any_before_ && operand.empty());
  if (operand.ends_with('*')) operand.remove_suffix(1);
  text_ = operand;
}

bool Comparison::equals(const Value& value) const {
  if (regex_) return regex_->found_in(value.text);
  if (number_ && value.number) return *number_ == *value.number;
  if (any_before_ && any_after_) return occurs_in(value.text, text_);
  if (any_before_) return value.text.ends_with(text_);
  return any_after_ ? value.text.starts_with(text_) : value.text == text_;
}

bool Comparison::accepts(const Value& value) const {
  if (operator_ == Operator::equal) return equals(value);
  if (operator_ == Operator::not_equal) return !equals(value);
  if (!value.number) return false;
  switch (operator_) {
    case Operator::less:
      return *value.number < *number_;
    case Operator::less_equal:
      return *value.number <= *number_;
    case Operator::greater:
      return *value.number > *number_;
    default:
      return *value.number >= *number_;
  }
}

}  // namespace engine::logs
