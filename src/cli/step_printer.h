// How commands show the resources of a stack, one line or one JSON object each. Used from one thread.
#pragma once

#include <string>
#include <string_view>

#include "pipeline/stack.h"

namespace cli {

// `more` are members of the object, after a comma: ",\"rows\":1".
std::string step_json(const pipeline::Step& step, std::string_view more = "");

// Prints steps as they come, or keeps them for one JSON object.
class StepPrinter {
 public:
  explicit StepPrinter(bool json) : json_(json) {}
  void operator()(const pipeline::Step& step, std::string_view more = "");
  [[nodiscard]] const std::string& list() const { return list_; }

 private:
  const bool json_;
  std::string list_;
};

}  // namespace cli
