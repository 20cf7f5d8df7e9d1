// Expression: tests joined by && and || with parentheses, as JSON and space-delimited filter patterns have them; &&
// binds closer. A value, safe to read from any thread if Test is.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/logs/limits.h"
#include "engine/logs/pattern_reader.h"

namespace engine::logs {

template <class Test>
class Expression {
 public:
  // Reads up to the first thing that continues no expression. `read_test(reader)` reads one Test.
  template <class ReadTest>
  static base::Result<Expression> parse(PatternReader& reader, const ReadTest& read_test, std::size_t depth = 0) {
    if (depth > kPatternDepthMax) return reader.refuse("parentheses are nested too deeply");
    Expression any(Kind::any);
    do {
      Expression all(Kind::all);
      do {
        TRY_ASSIGN(Expression operand, parse_operand(reader, read_test, depth));
        all.parts_.push_back(std::move(operand));
        reader.skip_spaces();
      } while (reader.take("&&"));
      any.parts_.push_back(std::move(all));
    } while (reader.take("||"));
    return any;
  }

  template <class Holds>
  [[nodiscard]] bool holds(const Holds& test_holds) const {
    const auto part_holds = [&](const Expression& part) { return part.holds(test_holds); };
    if (kind_ == Kind::test) return test_holds(*test_);
    return kind_ == Kind::all ? std::ranges::all_of(parts_, part_holds) : std::ranges::any_of(parts_, part_holds);
  }

  // Calls `visit` with each test, in the order of the text.
  template <class Visit>
  void each_test(const Visit& visit) const {
    if (test_) visit(*test_);
    for (const Expression& part : parts_) part.each_test(visit);
  }

 private:
  enum class Kind { test, all, any };
  explicit Expression(Kind kind) : kind_(kind) {}

  template <class ReadTest>
  static base::Result<Expression> parse_operand(PatternReader& reader, const ReadTest& read_test, std::size_t depth) {
    reader.skip_spaces();
    if (reader.take("(")) {
      TRY_ASSIGN(Expression inner, parse(reader, read_test, depth + 1));
      if (!reader.take(")")) return reader.refuse("a closing parenthesis is missing");
      return inner;
    }
    Expression out(Kind::test);
    TRY_ASSIGN(out.test_, read_test(reader));
    return out;
  }

  Kind kind_;
  std::optional<Test> test_;
  std::vector<Expression> parts_;
};

}  // namespace engine::logs
