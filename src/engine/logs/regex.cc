#include "engine/logs/regex.h"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/logs/limits.h"

namespace engine::logs {
namespace {

constexpr std::size_t kBeyondAscii = 128;
// Of kRegexStepsMax steps, and as many alternatives of one step each.
constexpr std::size_t kWordsMax = (2 * kRegexStepsMax + 63) / 64;
constexpr std::string_view kOperators = "^$?[]{}|\\*+.";
constexpr std::string_view kSymbols = " :_#=@/;,-";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::optional<int> hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// The place of the character at `at` in a class; moves `at` behind it.
std::size_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at++]);
  if (byte < kBeyondAscii) return byte;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return kBeyondAscii;
}

}  // namespace

class Regex::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::expected<std::vector<Alternative>, std::string> parse() {
    std::vector<Alternative> out;
    do {
      Alternative alternative;
      alternative.at_begin = take('^');
      while (!rest_.empty() && rest_.front() != '|' && error_.empty()) {
        if (rest_.front() == '$' && (rest_.size() == 1 || rest_[1] == '|')) {
          alternative.at_end = take('$');
        } else {
          read_step(alternative);
        }
      }
      if (alternative.steps.empty() && error_.empty()) error_ = "an alternative is empty";
      out.push_back(std::move(alternative));
    } while (take('|') && error_.empty());
    if (!error_.empty()) return std::unexpected(error_);
    return out;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  char next() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void read_step(Alternative& out) {
    Step step;
    const char c = next();
    if (c == '[') {
      step.characters = read_class();
    } else if (c == '.') {
      step.characters.set();
    } else if (c == '\\') {
      step.characters = read_escape();
    } else if (is_alphanumeric(c) || kSymbols.find(c) != kSymbols.npos) {
      step.characters.set(static_cast<std::size_t>(c));
    } else if (kOperators.find(c) != kOperators.npos) {
      error_ = std::string("the operator ") + c + " has nothing to work on";
    } else {
      error_ = "only letters, digits, white space and :_#=@/;,- may be in it, and the operators ^$?[]{}|\\*+.";
    }
    if (error_.empty()) read_count(step, out);
  }

  // Appends the step as often as its count says.
  void read_count(Step step, Alternative& out) {
    std::size_t least = 1;
    std::size_t most = 1;
    if (take('?')) {
      least = 0;
    } else if (take('*')) {
      step.repeats = step.optional = true;
    } else if (take('+')) {
      step.repeats = true;
    } else if (take('{')) {
      const auto low = read_number();
      const bool ranges = take(',');
      const auto high = ranges ? read_number() : low;
      if (!take('}') || (!low && !high) || (high && low.value_or(0) > *high) || (high && *high == 0)) {
        error_ = "a count must be {m}, {m,}, {,n} or {m,n}";
        return;
      }
      least = low.value_or(0);
      most = high.value_or(std::max<std::size_t>(least, 1));
      if (!high) {  // the last one repeats
        for (std::size_t i = 1; i < least; ++i) append(step, out);
        step.repeats = true;
        step.optional = least == 0;
        append(step, out);
        return;
      }
    }
    for (std::size_t i = 0; i < most && error_.empty(); ++i) {
      if (i >= least) step.optional = true;
      append(step, out);
    }
  }

  void append(const Step& step, Alternative& out) {
    if (++steps_ > kRegexStepsMax) {
      error_ = "it is too long";
    } else {
      out.steps.push_back(step);
    }
  }

  std::optional<std::size_t> read_number() {
    while (take(' ')) continue;
    if (rest_.empty() || !is_digit(rest_.front())) return std::nullopt;
    std::size_t out = 0;
    while (!rest_.empty() && is_digit(rest_.front())) {
      out = std::min<std::size_t>(out * 10 + static_cast<std::size_t>(next() - '0'), kRegexStepsMax + 1);
    }
    return out;
  }

  // Behind the backslash: a class (\d), a character by its number (\x3A), or an operator that stands for itself.
  Class read_escape() {
    Class out;
    if (rest_.empty()) {
      error_ = "nothing stands behind the last backslash";
      return out;
    }
    const char c = next();
    switch (c) {
      case 'd':
      case 'D':
        for (char digit = '0'; digit <= '9'; ++digit) out.set(static_cast<std::size_t>(digit));
        break;
      case 's':
      case 'S':
        for (const char space : {' ', '\t', '\n', '\r', '\v', '\f'}) out.set(static_cast<std::size_t>(space));
        break;
      case 'w':
      case 'W':
        for (int i = 0; i < 128; ++i)
          out[static_cast<std::size_t>(i)] = i == '_' || is_alphanumeric(static_cast<char>(i));
        break;
      case 'x': {
        const auto high = rest_.size() >= 2 ? hex_value(rest_[0]) : std::nullopt;
        const auto low = rest_.size() >= 2 ? hex_value(rest_[1]) : std::nullopt;
        if (!high || !low || *high > 7) {
          error_ = "two hexadecimal digits of an ASCII character must stand behind \\x";
          return out;
        }
        out.set(static_cast<std::size_t>(*high * 16 + *low));
        rest_.remove_prefix(2);
        return out;
      }
      default:
        if (is_alphanumeric(c) || (kOperators.find(c) == kOperators.npos && kSymbols.find(c) == kSymbols.npos)) {
          error_ = std::string("there is no escape \\") + c;
          return out;
        }
        out.set(static_cast<std::size_t>(c));
        return out;
    }
    return c < 'a' ? ~out : out;  // upper case: all others
  }

  // Behind the opening bracket, up to and with the closing one.
  Class read_class() {
    Class out;
    const bool negated = take('^');
    bool any = false;
    while (!rest_.empty() && (rest_.front() != ']' || !any) && error_.empty()) {
      any = true;
      if (rest_.front() == '\\') {
        rest_.remove_prefix(1);
        out |= read_escape();
        continue;
      }
      const auto first = static_cast<unsigned char>(next());
      auto last = first;
      if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        last = static_cast<unsigned char>(next());
      }
      if (last >= kBeyondAscii || first > last) {
        error_ = "a range of characters is not in order, or not in ASCII";
        return out;
      }
      for (std::size_t i = first; i <= last; ++i) out.set(i);
    }
    if (error_.empty() && !take(']')) error_ = "the closing ] is missing";
    return negated ? ~out : out;
  }

  std::string_view rest_;
  std::string error_;
  std::size_t steps_ = 0;
};

std::expected<Regex, std::string> Regex::parse(std::string_view text) {
  auto alternatives = Parser(text).parse();
  if (!alternatives) return std::unexpected(std::move(alternatives).error());
  Regex out;
  out.compile(*alternatives);
  return out;
}

void Regex::compile(const std::vector<Alternative>& alternatives) {
  std::size_t places = 0;
  for (const Alternative& alternative : alternatives) places += alternative.steps.size() + 1;
  const std::size_t words = (places + 63) / 64;
  for (Bits* bits : {&repeats_, &optional_, &begin_, &anywhere_, &match_, &inside_}) bits->assign(words, 0);
  taken_.assign(kCharacters * words, 0);
  std::size_t place = 0;
  const auto set = [&](uint64_t* bits) { bits[place / 64] |= uint64_t{1} << (place % 64); };
  for (const Alternative& alternative : alternatives) {
    set(begin_.data());
    if (!alternative.at_begin) set(anywhere_.data());
    for (const Step& step : alternative.steps) {
      for (std::size_t c = 0; c < kCharacters; ++c)
        if (step.characters[c]) set(taken_.data() + c * words);
      if (step.repeats) set(repeats_.data());
      if (step.optional) set(optional_.data());
      ++place;
    }
    set(match_.data());
    if (!alternative.at_end) set(inside_.data());
    ++place;
  }
}

// Adding all optional places to those of them that are reached carries from each reached one up to the first place that
// is not optional: where a carry came in, a place is reached.
void Regex::skip_optional(uint64_t* places) const {
  uint64_t carry = 0;
  for (std::size_t i = 0; i < optional_.size(); ++i) {
    const uint64_t optional = optional_[i];
    const uint64_t from = places[i] & optional;
    const uint64_t half = from + optional;
    const uint64_t sum = half + carry;
    places[i] |= sum ^ from ^ optional;
    carry = half < from || sum < half ? 1 : 0;
  }
}

bool Regex::found_in(std::string_view text) const {
  const std::size_t words = begin_.size();
  const auto meet = [&](const uint64_t* a, const Bits& b) {
    for (std::size_t i = 0; i < words; ++i)
      if ((a[i] & b[i]) != 0) return true;
    return false;
  };
  std::array<uint64_t, kWordsMax> places{};
  std::ranges::copy(begin_, places.begin());
  skip_optional(places.data());
  for (std::size_t at = 0; at < text.size();) {
    if (meet(places.data(), inside_)) return true;
    const uint64_t* taken = taken_.data() + next_character(text, at) * words;
    uint64_t carry = 0;
    for (std::size_t i = 0; i < words; ++i) {
      const uint64_t took = places[i] & taken[i];
      places[i] = (took << 1) | carry | (took & repeats_[i]) | anywhere_[i];
      carry = took >> 63;
    }
    skip_optional(places.data());
  }
  return meet(places.data(), match_);
}

}  // namespace engine::logs
