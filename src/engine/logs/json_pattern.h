// JsonPattern: a filter pattern for events that are JSON objects: { ($.a.b[0] = "x*" || $.n > 5) && $.m NOT EXISTS }.
// A value, safe to read from any thread. Syntax: CloudWatch Logs User Guide, "Using filter patterns to match terms in
// JSON log events"; what is compared with what was taken from others' tests of TestMetricFilter against AWS.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/shape.h"
#include "base/result.h"
#include "engine/logs/comparison.h"
#include "engine/logs/event_text.h"
#include "engine/logs/expression.h"
#include "engine/logs/pattern_reader.h"

namespace engine::logs {

// $.name, .['any name'], [3], and one * for any element or field. A value.
struct JsonSelector {
  struct AnyPart {};
  using Part = std::variant<std::string, std::size_t, AnyPart>;

  std::string text;  // as written
  std::vector<Part> parts;

  // REQUIRES: "$" is next.
  static base::Result<JsonSelector> parse(PatternReader& reader);
  [[nodiscard]] bool has_wildcard() const;
  // The first scalar in the event that it points at, as text.
  [[nodiscard]] std::optional<std::string> find_in(EventText& event) const;
};

struct JsonTest {
  enum class Kind { compare, is_null, is_true, is_false, not_exists };
  JsonSelector selector;
  Kind kind = Kind::compare;
  std::optional<Comparison> comparison = {};
};

class JsonPattern {
 public:
  // REQUIRES: "{" is next. Reads up to and with the closing brace. Fails with InvalidParameterException, also for
  // EXISTS and IS NOT, which AWS does not have either.
  static base::Result<JsonPattern> parse(PatternReader& reader);
  [[nodiscard]] bool matches(EventText& event) const;
  // The texts of the scalars that the selectors of the pattern point at, by selector.
  [[nodiscard]] aws::Map<std::string> extract(EventText& event) const;
  [[nodiscard]] std::size_t regex_count() const;
  [[nodiscard]] std::size_t work() const;  // see FilterPattern
  // Whether `selector`, as written, is one of the pattern's.
  [[nodiscard]] bool names(std::string_view selector) const;

 private:
  explicit JsonPattern(Expression<JsonTest> expression) : expression_(std::move(expression)) {}
  Expression<JsonTest> expression_;
};

}  // namespace engine::logs
