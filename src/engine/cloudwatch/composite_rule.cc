#include "engine/cloudwatch/composite_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/cloudwatch/errors.h"
#include "engine/cloudwatch/alarm.h"
#include "engine/cloudwatch/limits.h"

namespace engine::cloudwatch {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::unexpected<base::AwsError> bad_rule(std::string_view why) {
  return base::fail(aws::cloudwatch::errors::validation_error(fmt::format("Error in AlarmRule [{}]", why)));
}

}  // namespace

// By precedence: OR binds loosest, then AND, then NOT.
class CompositeRule::Parser {
 public:
  Parser(std::string_view text, CompositeRule& out) : text_(text), out_(out) {}

  base::Result<void> parse() {
    TRY(disjunction(0));
    skip_spaces();
    if (at_ != text_.size()) return unsupported_token();
    return {};
  }

 private:
  base::Result<void> disjunction(std::size_t depth) {
    TRY(conjunction(depth));
    while (take_word("OR")) {
      TRY(conjunction(depth));
      out_.steps_.push_back({Kind::logical_or});
    }
    return {};
  }

  base::Result<void> conjunction(std::size_t depth) {
    TRY(negation(depth));
    while (take_word("AND")) {
      TRY(negation(depth));
      out_.steps_.push_back({Kind::logical_and});
    }
    return {};
  }

  base::Result<void> negation(std::size_t depth) {
    bool negated = false;
    bool any = false;
    while (take_word("NOT")) {
      negated = !negated;
      any = true;
    }
    TRY(operand(depth));
    if (any && negated) out_.steps_.push_back({Kind::logical_not});
    return {};
  }

  base::Result<void> operand(std::size_t depth) {
    if (++elements_ > kRuleElementsMax) {
      return bad_rule(fmt::format("Rule has more than {} elements", kRuleElementsMax));
    }
    // "Change the AlarmRule of one of the alarms to false" (PutCompositeAlarm, API reference).
    for (const std::string_view word : {"TRUE", "True", "true", "FALSE", "False", "false"}) {
      if (!take_word(word)) continue;
      out_.steps_.push_back({Kind::constant, word[0] == 'T' || word[0] == 't'});
      return {};
    }
    for (const std::string_view state : {kInAlarm, kOk, kInsufficientData}) {
      if (take_word(state)) return in_state(state);
    }
    if (!take('(')) return unsupported_token();
    if (depth == kRuleDepthMax) return bad_rule(fmt::format("Rule is nested deeper than {}", kRuleDepthMax));
    TRY(disjunction(depth + 1));
    if (!take(')')) return unsupported_token();
    return {};
  }

  base::Result<void> in_state(std::string_view state) {
    if (!take('(')) return unsupported_token();
    skip_spaces();
    TRY_ASSIGN(std::string name, at_ < text_.size() && text_[at_] == '"' ? quoted_name() : bare_name());
    if (name.empty()) return unsupported_token();
    if (!take(')')) return unsupported_token();
    auto at = std::ranges::find(out_.alarms_, name);
    if (at == out_.alarms_.end()) {
      if (out_.alarms_.size() == kRuleAlarmsMax) {
        return bad_rule(fmt::format("Rule has more than {} alarms", kRuleAlarmsMax));
      }
      at = out_.alarms_.insert(at, std::move(name));
    }
    const auto index = static_cast<std::size_t>(at - out_.alarms_.begin());
    out_.steps_.push_back({Kind::in_state, false, state, index});
    return {};
  }

  base::Result<std::string> quoted_name() {
    std::string name;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      name.push_back(text_[at_]);
    }
    if (at_ == text_.size()) return bad_rule("Unexpected end of rule in a quoted name");
    ++at_;
    return name;
  }

  base::Result<std::string> bare_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ')' && text_[at_] != '(' && text_[at_] != '"' && !is_space(text_[at_])) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool take(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(word)) return false;
    const std::size_t end = at_ + word.size();
    if (end < text_.size() && !is_space(text_[end]) && text_[end] != '(' && text_[end] != ')') return false;
    at_ = end;
    return true;
  }

  std::unexpected<base::AwsError> unsupported_token() {
    skip_spaces();
    if (at_ == text_.size()) return bad_rule("Unexpected end of rule");
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[at_] != '(' && text_[at_] != ')' && text_[end] != '(' && text_[end] != ')' &&
           !is_space(text_[end])) {
      ++end;
    }
    return bad_rule(fmt::format("Unsupported token '{}' at char {}", text_.substr(at_, end - at_), at_));
  }

  std::string_view text_;
  CompositeRule& out_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
};

base::Result<CompositeRule> CompositeRule::parse(std::string_view text) {
  if (text.size() > kRuleBytesMax) return bad_rule(fmt::format("Rule is longer than {}", kRuleBytesMax));
  CompositeRule out;
  TRY(Parser(text, out).parse());
  return out;
}

bool CompositeRule::evaluate(const std::function<std::string_view(std::size_t alarm)>& state_of) const {
  std::vector<bool> stack;
  const auto pop = [&stack] {
    const bool top = stack.back();
    stack.pop_back();
    return top;
  };
  for (const Step& step : steps_) {
    switch (step.kind) {
      case Kind::in_state:
        stack.push_back(state_of(step.alarm) == step.state);
        break;
      case Kind::constant:
        stack.push_back(step.constant);
        break;
      case Kind::logical_not:
        stack.push_back(!pop());
        break;
      case Kind::logical_and: {
        const bool right = pop();
        const bool left = pop();
        stack.push_back(left && right);
        break;
      }
      case Kind::logical_or: {
        const bool right = pop();
        const bool left = pop();
        stack.push_back(left || right);
        break;
      }
    }
  }
  return !stack.empty() && stack.back();
}

}  // namespace engine::cloudwatch
