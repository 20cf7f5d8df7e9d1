#include "cli/definition_guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/lambda/lambda.h"
#include "aws/rules/function_environment.h"
#include "cli/definition_file.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace cli {

int check_packages(const Session& session) {
  if (session.package_fault().empty()) return kOk;
  print_error(session.package_fault());
  return kUsage;
}

int check_environments(Session& session) {
  const auto fault = session.stack().environment_fault();
  if (!fault.has_value()) return kOk;
  const std::string origin = session.origin_of(
      fault->stage == "intake" ? "intake.secret_variable" : fmt::format("functions.{}.environment", fault->stage));
  print_error(
      fmt::format("{}{}the function {} would have {} bytes of variables with those of the pipeline, as Lambda counts "
                  "them, and can have {}. Nothing was done: put what is long into a file beside the code",
                  origin, origin.empty() ? "" : ": ", fault->stage, fault->bytes, aws::rules::kEnvironmentBytesMax));
  return kUsage;
}

int check_hand_deployed(const pipeline::Plan& plan, bool replace_code) {
  const auto found = std::ranges::find_if(plan, pipeline::undoes_hand);
  if (replace_code || found == plan.end()) return kOk;
  print_error(
      fmt::format("{} {} has code that was deployed by hand, with `till deploy --zip` or another program. "
                  "`till up --replace-code` replaces it; a section [functions] of the definition keeps it. "
                  "Nothing was done",
                  found->kind, found->name));
  return kFailed;
}

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

int check_secret_is_there(const pipeline::Plan& plan, Session& session) {
  const pipeline::StackOptions& options = session.stack().options();
  if (!options.intake.has_value() || options.intake->secret_variable.empty() || options.intake_secret.has_value())
    return kOk;
  const std::string intake = session.stack().site().name("intake");
  for (const pipeline::PlannedStep& step : plan) {
    const bool lacks_it = std::ranges::any_of(step.differences, [](const pipeline::Difference& difference) {
      return difference.property == pipeline::kIntakeSecretVariable;
    });
    if (step.kind != "function" || step.name != intake || (step.action != pipeline::Action::create && !lacks_it))
      continue;
    print_error(
        fmt::format("the environment variable {} is not set, or empty: [intake] says that it has the secret by which "
                    "senders are verified. Nothing was done",
                    options.intake->secret_variable));
    return kUsage;
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
