// FieldPattern: a filter pattern for events whose fields stand between white space: [ip, user, ..., status = 4*, size].
// A value, safe to read from any thread. Syntax: CloudWatch Logs User Guide, "Using filter patterns to match terms in
// space-delimited log events".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/shape.h"
#include "base/result.h"
#include "engine/logs/comparison.h"
#include "engine/logs/event_text.h"
#include "engine/logs/expression.h"
#include "engine/logs/pattern_reader.h"

namespace engine::logs {

class FieldPattern {
 public:
  // REQUIRES: "[" is next. Reads up to and with the closing bracket. [] matches every event.
  static base::Result<FieldPattern> parse(PatternReader& reader);
  // An event must have at least as many fields as the pattern names. The last name stands for the rest of the line,
  // unless an ellipsis takes what is too many (so AWS's example [w1=ERROR, w2] finds lines of any length).
  [[nodiscard]] bool matches(EventText& event) const;
  // The fields by "$name", or "$3" for the third one if it has no name. REQUIRES matches().
  [[nodiscard]] aws::Map<std::string> extract(EventText& event) const;
  [[nodiscard]] std::size_t regex_count() const;
  [[nodiscard]] std::size_t work() const;  // see FilterPattern
  // Whether "$name" is a field of the pattern, or "$3" may be the number of one without a name.
  [[nodiscard]] bool names(std::string_view reference) const;

 private:
  struct Field {
    std::string name;
    bool is_ellipsis = false;
    std::optional<Expression<Comparison>> condition = {};
  };
  static base::Result<Field> read_field(PatternReader& reader);
  // The text of the pattern's field `index`; REQUIRES that the event has enough fields.
  [[nodiscard]] std::string_view text_of(std::size_t index, EventText& event) const;

  std::vector<Field> fields_;
  std::optional<std::size_t> ellipsis_;  // its place in fields_
};

}  // namespace engine::logs
