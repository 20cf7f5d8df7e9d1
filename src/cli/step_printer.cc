#include "cli/step_printer.h"

#include <fmt/format.h>

#include "cli/output.h"

namespace cli {

std::string step_json(const pipeline::Step& step, std::string_view more) {
  return fmt::format("{{\"kind\":{},\"name\":{},\"what\":{}{}}}", json_text(step.kind), json_text(step.name),
                     json_text(step.what), more);
}

void StepPrinter::operator()(const pipeline::Step& step, std::string_view more) {
  if (json_) {
    list_ += (list_.empty() ? "" : ",") + step_json(step, more);
  } else {
    print_line(fmt::format("{:<13} {} {}", step.kind, step.name, step.what.empty() ? "" : "(" + step.what + ")"));
  }
}

}  // namespace cli
