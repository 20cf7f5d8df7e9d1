// Pattern: the regular expressions of AWS's models, which are Java's. Matching takes time in proportion to text times
// pattern whatever both are (a set of states is advanced, nothing is tried twice). Immutable, safe from any thread.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aws {

// True if `c` has the general category 'L', 'N' or 'Z' of Unicode.
bool in_unicode_category(char category, char32_t c);

// The code points of UTF-8 text. A byte that is not UTF-8 counts as one code point.
std::u32string code_points(std::string_view text);
std::size_t count_code_points(std::string_view text);

class Pattern {
 public:
  // Texts beyond this do not match, unless the pattern is one repeated set of characters, which costs nothing.
  static constexpr std::size_t kTextBytesMax = 65536;

  // nullopt if `regex` uses what is not built here: back references, nested character classes, look-behind of more
  // than one character, lazy or possessive repeats.
  static std::optional<Pattern> compile(std::string_view regex);

  // True if the whole of `text` (UTF-8) matches, as Java's String.matches has it.
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  friend class PatternCompiler;

  struct CharacterSet {
    std::bitset<256> low;
    std::vector<std::pair<char32_t, char32_t>> high;  // ranges, inclusive
    std::string categories;                           // of high characters
    bool negated = false;
    [[nodiscard]] bool contains(char32_t c) const;
  };
  enum class Code : uint8_t { set, split, jump, begin, end, look_ahead, look_behind, match };
  // set: sets_[x]. split: both x and y. jump: x. look_ahead: the program at x, then y. look_behind: sets_[x], then y.
  struct Instruction {
    Code code;
    uint32_t x = 0;
    uint32_t y = 0;
    bool negated = false;
  };
  struct Threads;
  struct Repeat {
    uint32_t set = 0;
    std::size_t min = 0;
    std::size_t max = 0;
  };

  // Whether the program at `start` matches from `position`: up to the end if `whole`, else any prefix.
  [[nodiscard]] bool run(uint32_t start, const std::u32string& text, std::size_t position, bool whole) const;
  void add_thread(Threads& threads, uint32_t start, const std::u32string& text, std::size_t position) const;

  std::vector<CharacterSet> sets_;
  std::vector<Instruction> program_;
  std::optional<Repeat> repeat_;  // the whole pattern, if it is this simple
};

}  // namespace aws
