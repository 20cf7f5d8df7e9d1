// The bootstrap of every function of the pipeline: the function's handler says which it is.
#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "functions/function_main.h"
#include "functions/stages.h"
#include "os/environment.h"

namespace {

constexpr std::array<std::pair<std::string_view, int (*)()>, 4> kStages{{{"ingest", functions::run_ingest},
                                                                         {"process", functions::run_process},
                                                                         {"sweep", functions::run_sweep},
                                                                         {"intake", functions::run_intake}}};

}  // namespace

int main() {
  const std::string handler = os::environment("_HANDLER").value_or("");
  for (const auto& [name, run] : kStages)
    if (handler == name) return run();
  // Stacks of earlier builds have the handler "bootstrap" until they are brought up to date.
  const std::string function = os::environment("AWS_LAMBDA_FUNCTION_NAME").value_or("");
  for (const auto& [name, run] : kStages)
    if (function.ends_with("-" + std::string(name))) return run();
  return functions::refuse_to_start(
      fmt::format("the handler \"{}\" is none of ingest, process, sweep, intake", handler));
}
