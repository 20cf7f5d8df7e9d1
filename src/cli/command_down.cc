// till down.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/data_directory.h"
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
  print_error(fmt::format("  messages          about {}", found.messages));
  print_error(fmt::format("  resources         {} ({})", resources, kinds));
}

// Shows what would go, and asks. kOk: it may, or there is nothing.
int ask(Session& session, pipeline::Stack::Keep keep) {
  const auto found = count_contents(session.stack());
  if (!found.has_value()) return print_stopped("down", found.error());
  if (found->resources.empty()) return kOk;
  if (keep == pipeline::Stack::Keep::nothing) {
    show(*found, session);
    return ask_to_remove("down", "Remove all of it?");
  }
  if (found->messages == 0) return kOk;
  print_error(
      fmt::format("down --keep-data keeps the tables and the bucket of the stack {}, {}; its queues go, with "
                  "messages: about {}",
                  session.stack().options().name, session.where(), found->messages));
  return ask_to_remove("down", "Remove them?");
}

std::string json_of(const std::vector<pipeline::Step>& steps) {
  std::string out;
  for (const pipeline::Step& step : steps) out += (out.empty() ? "" : ",") + step_json(step);
  return out;
}

// Takes out of `left` what is kept.
std::vector<pipeline::Step> take_kept(pipeline::Stack& stack, std::vector<pipeline::Step>& left) {
  std::vector<pipeline::Step> kept;
  std::vector<pipeline::Step> rest;
  for (pipeline::Step& step : left) (stack.keeps(step) ? kept : rest).push_back(std::move(step));
  left = std::move(rest);
  return kept;
}

}  // namespace

int down(const GlobalOptions& global, bool yes, bool keep_data) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  if (session->has_own_engine() && !has_data(absolute_directory(global.data_directory)).value_or(true)) {
    const std::string nothing = fmt::format(
        "there is no data directory at {}, so there is no stack to remove; --data or TILL_DATA names another",
        absolute_directory(global.data_directory));
    if (global.json) print_line(R"({"steps":[],"left":[],"kept":[]})");
    print_error("down: " + nothing);
    return kOk;
  }
  const auto keep = keep_data ? pipeline::Stack::Keep::data : pipeline::Stack::Keep::nothing;
  if (const int refused = yes ? static_cast<int>(kOk) : ask(*session, keep); refused != kOk) return refused;
  const InterruptibleStack interruptible(*session);
  StepPrinter print(global.json);
  pipeline::Stack& stack = session->stack();
  const auto removed = stack.down([&](const pipeline::Step& step) { print(step); }, keep);
  const int failed = removed.has_value() ? static_cast<int>(kOk) : print_stopped("down", removed.error());
  const bool is_over = !removed.has_value() && removed.error().http_status == 0;  // nobody would answer what follows
  if (is_over || failed == kInterrupted) return failed;
  auto left = stack.settle(keep);
  if (!left.has_value()) return print_stopped("down", left.error());
  std::vector<pipeline::Step> kept;
  if (keep_data) kept = take_kept(stack, *left);
  if (global.json)
    print_line(
        fmt::format("{{\"steps\":[{}],\"left\":[{}],\"kept\":[{}]}}", print.list(), json_of(*left), json_of(kept)));
  if (!global.json) {
    for (const pipeline::Step& step : kept)
      print_line(fmt::format("{:<13} {} (kept, with {})", step.kind, step.name,
                             step.kind == "table" ? contents(stack.site(), step).text : "its objects"));
    if (!kept.empty()) print_line("`till up` takes back what is kept, `till down` removes it.");
  }
  if (left->empty() && failed == kOk) {
    if (!global.json && kept.empty()) print_line("Nothing of the stack is left: every service's list is empty of it.");
    return kOk;
  }
  for (const pipeline::Step& step : *left) print_error(fmt::format("still there: {} {}", step.kind, step.name));
  return failed == kOk ? static_cast<int>(kCheckFailed) : failed;
}

}  // namespace cli
