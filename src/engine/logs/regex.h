// Regex: the regular expressions between % signs in filter patterns. They have no groups, so a list of alternatives,
// each a sequence of character classes with counts, is all there is; the search follows every way to match at once,
// in time linear in the text whatever the expression. A value, safe to read from any thread.
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

 private:
  using Class = std::bitset<129>;  // ASCII, and at 128 all other characters
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
  class Parser;
  struct Search;

  std::vector<Alternative> alternatives_;
};

}  // namespace engine::logs
