#include "cli/definition_guard.h"

#include <fmt/format.h>

#include "aws/lambda/lambda.h"
#include "cli/definition_file.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace cli {

int check_definition_stays(const pipeline::Plan& plan, const Session& session) {
  if (session.wants_original()) return kOk;
  for (const pipeline::PlannedStep& step : plan) {
    for (const pipeline::Difference& difference : step.differences) {
      const bool goes = difference.property == pipeline::kDefinitionVariable &&
                        difference.wanted == pipeline::kOriginalDefinition && !difference.actual.empty();
      if (!goes) continue;
      print_error(
          fmt::format("{} {} works by a definition ({}) and there is no {} here. Nothing was done: name the "
                      "file with --file, or go back to the original's rules with --file {}",
                      step.kind, step.name, difference.actual, pipeline::kDefinitionName, kNoDefinition));
      return kUsage;
    }
  }
  return kOk;
}

int check_same_definition(Session& session) {
  const pipeline::Stack& stack = session.stack();
  aws::lambda::GetFunctionConfigurationRequest get;
  get.function_name = stack.site().name("process");
  aws::Context context = stack.site().call();
  const auto function = stack.site().services.lambda.get_function_configuration(context, std::move(get));
  if (!function.has_value() && !pipeline::is_absent(function.error()))
    return print_failure_of("function", stack.site().name("process"), function.error());
  if (!function.has_value() || !function->environment.has_value() || !function->environment->variables.has_value())
    return kOk;
  const std::string* theirs = function->environment->variables->find(pipeline::kDefinitionVariable);
  const std::string& ours = stack.options().definition_id;
  if (theirs == nullptr || *theirs == ours) return kOk;
  print_error(
      fmt::format("the pipeline works by the definition {} and not by that of this command, {}. Nothing was "
                  "done: name the file with --file, or put this one in force with `till up`",
                  *theirs, ours));
  return kUsage;
}

}  // namespace cli
