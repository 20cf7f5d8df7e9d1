// CompositeRule: the expression of a composite alarm over the states of other alarms, parsed: ALARM(x), OK(x),
// INSUFFICIENT_DATA(x), TRUE, FALSE, AND, OR, NOT and parentheses ("AlarmRule" of PutCompositeAlarm, CloudWatch API
// reference). A value type, safe to read from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace engine::cloudwatch {

class CompositeRule {
 public:
  // Fails with AWS's ValidationError "Error in AlarmRule [...]" for text that is not a rule, has more than
  // kRuleElementsMax elements or kRuleAlarmsMax alarms, or is deeper than kRuleDepthMax.
  static base::Result<CompositeRule> parse(std::string_view text);

  // The names or ARNs it speaks of, as they are written, each once, in the order of their first mention.
  [[nodiscard]] const std::vector<std::string>& alarms() const { return alarms_; }
  // `state_of` tells the state ("OK", ...) of alarms()[i].
  [[nodiscard]] bool evaluate(const std::function<std::string_view(std::size_t alarm)>& state_of) const;

 private:
  class Parser;
  enum class Kind : uint8_t { in_state, constant, logical_not, logical_and, logical_or };
  // In postfix order: operands stand before their operator.
  struct Step {
    Kind kind;
    bool constant = false;
    std::string_view state = {};  // one of the constants in alarm.h
    std::size_t alarm = 0;
  };
  std::vector<Step> steps_;
  std::vector<std::string> alarms_;
};

}  // namespace engine::cloudwatch
