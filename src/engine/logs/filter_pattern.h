// FilterPattern: the pattern of FilterLogEvents for unstructured text: terms that all have to occur, "quoted phrases",
// -excluded terms and ?alternatives of which one has to occur. Case-sensitive. A value, safe to read from any thread.
// Syntax: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, ...".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace engine::logs {

class FilterPattern {
 public:
  // An empty pattern matches everything. Fails with InvalidParameterException, also for the kinds of patterns that are
  // not supported here: JSON `{ ... }`, space-delimited `[ ... ]` and regular expressions `%...%`.
  static base::Result<FilterPattern> parse(std::string_view text);
  [[nodiscard]] bool matches(std::string_view message) const;

 private:
  std::vector<std::string> required_;
  std::vector<std::string> excluded_;
  std::vector<std::string> alternatives_;
};

}  // namespace engine::logs
