#include "aws/auth/policy_pattern.h"

#include <algorithm>
#include <vector>

namespace aws::auth {
namespace {

// Codes of wildcards. None of these bytes occurs in UTF-8, which JSON documents are.
constexpr char kStar = '\xff';      // any text
constexpr char kOne = '\xfe';       // any one character
constexpr char kPartStar = '\xfd';  // any text without ':'
constexpr char kPartOne = '\xfc';   // any one character but ':'

constexpr std::size_t kArnColons = 5;

bool is_code(char c) {
  return static_cast<unsigned char>(c) >= 0xfc;
}

// Bytes of the character that begins `text`, which is not empty; malformed UTF-8 counts byte by byte or in lumps.
std::size_t character_bytes(std::string_view text) {
  std::size_t count = 1;
  while (count < text.size() && count < 4 && (static_cast<unsigned char>(text[count]) & 0xc0) == 0x80) ++count;
  return count;
}

// Whether the one code or byte at `p` takes the start of `text`, and how many bytes of it.
std::size_t taken(char p, std::string_view text) {
  if (text.empty()) return 0;
  if (p == kOne || (p == kPartOne && text[0] != ':')) return character_bytes(text);
  return p == text[0] && !is_code(p) ? 1 : 0;
}

// Every '*' takes any text, so only the last one seen ever has to take more.
bool match_greedy(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == kStar) {
      star = p++;
      star_text = t;
      continue;
    }
    const std::size_t step = p < pattern.size() ? taken(pattern[p], text.substr(t)) : 0;
    if (step > 0) {
      ++p;
      t += step;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.substr(p).find_first_not_of(kStar) == std::string_view::npos;
}

// Two kinds of '*': all positions of the pattern that a prefix of the text can have reached, advanced together.
bool match_states(std::string_view pattern, std::string_view text) {
  std::vector<bool> now(pattern.size() + 1), next(pattern.size() + 1);
  const auto enter = [&pattern](std::vector<bool>& states, std::size_t p) {
    states[p] = true;
    while (p < pattern.size() && (pattern[p] == kStar || pattern[p] == kPartStar)) states[++p] = true;
  };
  enter(now, 0);
  for (std::size_t t = 0; t < text.size();) {
    const std::size_t bytes = character_bytes(text.substr(t));
    const std::string_view character = text.substr(t, bytes);
    next.assign(next.size(), false);
    for (std::size_t p = 0; p < pattern.size(); ++p) {
      if (!now[p]) continue;
      const char c = pattern[p];
      if (c == kStar || (c == kPartStar && character[0] != ':')) {
        enter(next, p);
      } else if (c == kOne || (c == kPartOne && character[0] != ':')) {
        enter(next, p + 1);
      } else if (!is_code(c) && pattern.substr(p, bytes) == character) {
        enter(next, p + bytes);
      }
    }
    std::swap(now, next);
    t += bytes;
  }
  return now[pattern.size()];
}

// Reads the ${...} that begins `text`: its name in lower case, its default if it has one.
struct Variable {
  std::string name;
  std::optional<std::string> fallback;
  std::size_t bytes = 0;
};

std::optional<Variable> read_variable(std::string_view text) {
  const std::size_t close = text.find('}');
  if (close == std::string_view::npos) return std::nullopt;
  Variable out;
  out.bytes = close + 1;
  std::string_view name = text.substr(2, close - 2);
  if (const std::size_t comma = name.find(','); comma != std::string_view::npos) {
    std::string_view fallback = name.substr(comma + 1);
    while (fallback.starts_with(' ')) fallback.remove_prefix(1);
    if (fallback.size() < 2 || fallback.front() != '\'' || fallback.back() != '\'') return std::nullopt;
    out.fallback = fallback.substr(1, fallback.size() - 2);
    name = name.substr(0, comma);
  }
  if (name.empty() || name.find_first_of("${ ") != std::string_view::npos) return std::nullopt;
  for (const char c : name) out.name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

}  // namespace

std::optional<PolicyPattern> PolicyPattern::compile(std::string_view text, Syntax syntax, bool variables) {
  PolicyPattern out;
  out.syntax_ = syntax;
  auto code = expand(text, syntax, variables, std::nullopt);
  if (!code) return std::nullopt;
  // What names no variable but ${*}, ${?} and ${$} is settled now.
  for (std::size_t at = 0; variables && (at = text.find("${", at)) != std::string_view::npos;) {
    const std::string_view name = text.substr(at + 2, 2);
    if (name == "*}" || name == "?}" || name == "$}") {
      at += 4;
      continue;
    }
    out.uses_variables_ = true;
    break;
  }
  out.code_ = out.uses_variables_ ? std::string(text) : std::move(*code);
  out.classify();
  return out;
}

void PolicyPattern::classify() {
  wild_ = std::ranges::any_of(code_, is_code);
  bounded_stars_ = code_.find(kPartStar) != std::string::npos;
}

// The codes of `text`. Without `values` only the form of variables is checked, nullopt if one is malformed; with them,
// nullopt if one has no value.
std::optional<std::string> PolicyPattern::expand(std::string_view text, Syntax syntax, bool variables,
                                                 std::optional<std::span<const ConditionValue>> values) {
  std::string out;
  std::size_t colons = 0;
  const bool arn = syntax == Syntax::resource_arn || syntax == Syntax::condition_arn;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (variables && c == '$' && text.substr(i).starts_with("${")) {
      const std::string_view special = text.substr(i + 2, 2);
      if (special == "*}" || special == "?}" || special == "$}") {
        out += special[0];
        i += 3;
        continue;
      }
      const auto variable = read_variable(text.substr(i));
      if (!variable) return std::nullopt;
      i += variable->bytes - 1;
      if (!values) continue;
      const auto found = std::ranges::find(*values, variable->name, &ConditionValue::key);
      if (found == values->end() && !variable->fallback) return std::nullopt;
      const std::string& value = found != values->end() ? found->value : *variable->fallback;
      if (std::ranges::any_of(value, is_code)) return std::nullopt;
      out += value;  // its wildcards are plain characters
      continue;
    }
    const bool within_part = arn && colons < kArnColons;
    if (c == ':') ++colons;
    if (syntax == Syntax::literal || (c != '*' && c != '?')) {
      out += c;
    } else if (c == '?') {
      out += within_part ? kPartOne : kOne;
    } else {
      while (text.substr(i + 1).starts_with('*')) ++i;
      const bool ends_text = i + 1 == text.size();
      const bool ends_part = ends_text || (text[i + 1] == ':' && syntax == Syntax::resource_arn);
      out += within_part && !ends_part ? kPartStar : kStar;
    }
  }
  return out;
}

bool PolicyPattern::matches(std::string_view text, std::span<const ConditionValue> values) const {
  if (!uses_variables_) return match_code(text);
  auto code = expand(code_, syntax_, true, values);
  if (!code) return false;
  PolicyPattern resolved;
  resolved.code_ = std::move(*code);
  resolved.classify();
  return resolved.match_code(text);
}

bool PolicyPattern::match_code(std::string_view text) const {
  if (!wild_) return code_ == text;
  if (code_.size() == 1 && code_[0] == kStar) return true;
  return bounded_stars_ ? match_states(code_, text) : match_greedy(code_, text);
}

}  // namespace aws::auth
