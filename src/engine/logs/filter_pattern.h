// FilterPattern: the pattern of FilterLogEvents and of metric filters. There are four kinds, told apart by how they
// begin: terms (ERROR -"not this", ?WARN ?ERROR), JSON ({ $.a = 1 }), space-delimited fields ([a, b = 4*]) and one
// regular expression (%4[0-9]{2}%). Case-sensitive. A value, safe to read from any thread.
// Syntax: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, ...".
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/shape.h"
#include "base/result.h"
#include "engine/logs/event_text.h"
#include "engine/logs/field_pattern.h"
#include "engine/logs/json_pattern.h"
#include "engine/logs/regex.h"

namespace engine::logs {

// Terms that all have to occur and -terms that must not; ?terms, of which one has to, count only if there are no
// others, as on AWS.
struct TermPattern {
  std::vector<std::string> required;
  std::vector<std::string> excluded;
  std::vector<std::string> alternatives;
  [[nodiscard]] bool matches(std::string_view message) const;
  [[nodiscard]] std::size_t size() const { return required.size() + excluded.size() + alternatives.size(); }
};

class FilterPattern {
 public:
  // An empty pattern matches everything. Fails with InvalidParameterException, in which `kind` names the pattern.
  static base::Result<FilterPattern> parse(std::string_view text, std::string_view kind = "filter pattern");
  [[nodiscard]] bool matches(EventText& event) const;
  // The values that the pattern names, by selector or "$field" (TestMetricFilter); none for terms and regular
  // expressions. REQUIRES matches().
  [[nodiscard]] aws::Map<std::string> extract(EventText& event) const;
  [[nodiscard]] std::size_t regex_count() const;
  // What matches() costs at most, in looks at each byte of the message; at least 1.
  [[nodiscard]] std::size_t work() const;
  [[nodiscard]] bool is_json() const { return std::holds_alternative<JsonPattern>(kind_); }
  // Whether it is one of the kinds that name values: JSON and space-delimited patterns.
  [[nodiscard]] bool names_values() const;
  // Whether extract() can give a value of that name, "$.selector" as it is written in the pattern or "$field".
  [[nodiscard]] bool names(std::string_view reference) const;

 private:
  std::variant<TermPattern, Regex, JsonPattern, FieldPattern> kind_;
};

}  // namespace engine::logs
