// Regex: the regular expressions between % signs in filter patterns. They have no groups, so a list of alternatives,
// each a sequence of character classes with counts, is all there is; the search keeps every way to match at once as
// bits of a few words, so each character of the text costs the same whatever the expression and the text are (an
// automaton that is made on the way, as RE2's, is slow for some expressions). A value, safe to read from any thread.
// Syntax: CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax".
#pragma once

#include <bitset>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace engine::logs {

class Regex {
 public:
  // Fails with what is wrong, a clause for people. At most kRegexStepsMax classes, counted as often as they repeat.
  static std::expected<Regex, std::string> parse(std::string_view text);
  // Whether some part of `text` matches. A character beyond ASCII is one that only `.` and negated classes match.
  [[nodiscard]] bool found_in(std::string_view text) const;
  // What a character costs: the words that stand for the ways to match.
  [[nodiscard]] std::size_t work() const { return begin_.size(); }

 private:
  static constexpr std::size_t kCharacters = 129;  // ASCII, and at 128 all other characters
  using Class = std::bitset<kCharacters>;
  struct Step {
    Class characters;
    bool optional = false;  // may be left out
    bool repeats = false;   // may be taken any number of times
  };
  struct Alternative {
    std::vector<Step> steps;
    bool at_begin = false;  // ^
    bool at_end = false;    // $
  };
  using Bits = std::vector<uint64_t>;
  class Parser;

  void compile(const std::vector<Alternative>& alternatives);
  // Adds the places that are reached from those in `places` by leaving steps out.
  void skip_optional(uint64_t* places) const;

  // Places: one before each step of each alternative, and one behind its last. All are of the same number of words.
  Bits taken_;     // by character: the places whose step takes it
  Bits repeats_;   // whose step repeats
  Bits optional_;  // whose step may be left out
  Bits begin_;     // the first of each alternative
  Bits anywhere_;  // of them, those that need not be at the beginning
  Bits match_;     // the last of each alternative
  Bits inside_;    // of them, those that need not be at the end
};

}  // namespace engine::logs
