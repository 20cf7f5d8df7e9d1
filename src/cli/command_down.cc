// till down.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/stack_contents.h"
#include "cli/step_printer.h"

namespace cli {
namespace {

void show(const StackContents& found, Session& session) {
  uint64_t resources = 0;
  std::string kinds;
  for (const auto& [kind, count] : found.resources) {
    resources += count;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count, kind);
  }
  print_error(fmt::format("down removes the stack {}, {}, with everything in it:", session.stack().options().name,
                          session.where()));
  print_error(fmt::format("  orders            {}", text_of(found.orders)));
  print_error(fmt::format("  quarantined       {}", text_of(found.quarantined)));
  print_error(fmt::format("  uploaded objects  {}", text_of(found.uploads)));
  print_error(fmt::format("  messages          {}", found.messages));
  print_error(fmt::format("  resources         {} ({})", resources, kinds));
}

// Shows what would go, and asks. kOk: it may, or there is nothing.
int ask(Session& session) {
  const auto found = count_contents(session.stack());
  if (!found.has_value()) return print_failure("down", found.error());
  if (found->resources.empty()) return kOk;
  show(*found, session);
  return ask_to_remove("down", "Remove all of it?");
}

}  // namespace

int down(const GlobalOptions& global, bool yes) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  if (const int refused = yes ? static_cast<int>(kOk) : ask(*session); refused != kOk) return refused;
  StepPrinter print(global.json);
  pipeline::Stack& stack = session->stack();
  const auto removed = stack.down(std::ref(print));
  const int failed = removed.has_value() ? static_cast<int>(kOk) : print_failure("down", removed.error());
  if (failed == kUnreachable) return failed;
  const auto left = stack.list();
  if (!left.has_value()) return print_failure("down", left.error());
  std::string list;
  for (const pipeline::Step& step : *left) list += (list.empty() ? "" : ",") + step_json(step);
  if (global.json) print_line("{\"steps\":[" + print.list() + "],\"left\":[" + list + "]}");
  if (left->empty() && failed == kOk) {
    if (!global.json) print_line("Nothing of the stack is left: every service's list is empty of it.");
    return kOk;
  }
  for (const pipeline::Step& step : *left) print_error(fmt::format("still there: {} {}", step.kind, step.name));
  return failed == kOk ? static_cast<int>(kCheckFailed) : failed;
}

}  // namespace cli
