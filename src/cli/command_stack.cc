// till plan, till up, till status.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/http/shown_url.h"
#include "aws/lambda/lambda.h"
#include "cli/commands.h"
#include "cli/definition_file.h"
#include "cli/definition_guard.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/stack_contents.h"
#include "cli/step_printer.h"

namespace cli {
namespace {

using pipeline::Action;
using pipeline::Plan;
using pipeline::PlannedStep;

constexpr std::string_view name_of(Action action) {
  constexpr std::string_view kNames[] = {"leave", "create", "change", "replace", "delete"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string plan_json(const Plan& plan) {
  std::string out = "[";
  for (const PlannedStep& step : plan) {
    std::string differences;
    for (const auto& [property, actual, wanted] : step.differences) {
      differences += fmt::format("{}{{\"property\":{},\"actual\":{},\"wanted\":{}}}", differences.empty() ? "" : ",",
                                 json_text(property), json_text(actual), json_text(wanted));
    }
    out +=
        fmt::format("{}{{\"kind\":{},\"name\":{},\"action\":\"{}\",\"differences\":[{}]}}", out.size() > 1 ? "," : "",
                    json_text(step.kind), json_text(step.name), name_of(step.action), differences);
  }
  return out + "]";
}

// Policies and hashes say nothing to a person; that they differ does.
std::string difference_text(const pipeline::Difference& difference) {
  constexpr std::size_t kShort = 80;
  if (difference.actual.size() > kShort || difference.wanted.size() > kShort) return difference.property + " differs";
  return fmt::format("{}: {} -> {}", difference.property, difference.actual, difference.wanted);
}

std::size_t count(const Plan& plan, Action action) {
  return static_cast<std::size_t>(std::ranges::count(plan, action, &PlannedStep::action));
}

void print_plan(const Plan& plan) {
  constexpr std::string_view kSigns[] = {" ", "+", "~", "!", "-"};
  for (const PlannedStep& step : plan) {
    if (step.action == Action::leave) continue;
    print_line(fmt::format("{} {:<7} {:<13} {}{}", kSigns[static_cast<std::size_t>(step.action)], name_of(step.action),
                           step.kind, step.name, step.loses_data ? "  (what is in it is lost)" : ""));
    for (const auto& difference : step.differences) print_line("            " + difference_text(difference));
    if (pipeline::undoes_hand(step)) print_line("            the code was deployed by hand: `up` would replace it");
  }
  print_line(fmt::format("{} to create, {} to change, {} to replace, {} to delete, {} as they should be.",
                         count(plan, Action::create), count(plan, Action::change), count(plan, Action::replace),
                         count(plan, Action::remove), count(plan, Action::leave)));
}

// Whether somebody else has just made what we were about to make, as a second `till up` does.
bool is_there_by_now(const base::AwsError& error) {
  constexpr std::array<std::string_view, 8> kCodes = {"ResourceConflictException",
                                                      "ResourceInUseException",
                                                      "EntityAlreadyExists",
                                                      "EntityAlreadyExistsException",
                                                      "ResourceAlreadyExistsException",
                                                      "BucketAlreadyOwnedByYou",
                                                      "QueueNameExists",
                                                      "QueueAlreadyExists"};
  return std::ranges::find(kCodes, error.code) != kCodes.end();
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + json_text(text);
  return out;
}

void print_unconfirmed(const std::vector<std::string>& subscriptions) {
  for (const std::string& each : subscriptions)
    print_line(
        fmt::format("{}: nothing is sent there before its owner has opened the link in the mail \"AWS Notification "
                    "- Subscription Confirmation\"; `till status` shows when that is done",
                    each));
}

// The first resource that up() must not replace by itself; kOk if there is none.
int check_replacements(const Plan& plan, const UpOptions& options) {
  const auto found = std::ranges::find(plan, true, &PlannedStep::loses_data);
  if (options.replace || found == plan.end()) return kOk;
  print_error(
      fmt::format("{} {}: {}. That cannot be changed; --replace removes it with everything in it and makes it anew. "
                  "Nothing was done",
                  found->kind, found->name, difference_text(found->differences.front())));
  return kFailed;
}

// Whether they are well-formed; kUsage, and told why, if not.
int check_options(const UpOptions& options, const pipeline::Definition& definition,
                  std::optional<base::Decimal>& threshold) {
  if (!options.threshold.empty()) {
    const auto parsed = base::Decimal::parse(options.threshold);
    if (!parsed.has_value()) {
      print_error("--threshold: not a number: " + options.threshold);
      return kUsage;
    }
    if (parsed->sign() < 0) {
      print_error("--threshold: not an amount of 0 or more: " + options.threshold);
      return kUsage;
    }
    threshold = *parsed;
  }
  if (threshold.has_value() && !definition.rules.empty()) {
    print_error("--threshold is for pipelines without rules, and the definition has [[rules]]");
    return kUsage;
  }
  return kOk;
}

base::AwsError does_not_stay(const pipeline::PlannedStep& step) {
  return {.code = "Conflict",
          .message = fmt::format("{} {} does not stay as `up` makes it: another command removes or changes it, such as "
                                 "`till down`. When that has ended, `till up` goes on from here",
                                 step.kind, step.name)};
}

}  // namespace

int check_up(const GlobalOptions& global, const UpOptions& options) {
  const auto file = load_definition(global.file);
  if (!file.has_value()) {
    print_error(file.error());
    return kUsage;
  }
  std::optional<base::Decimal> threshold;
  return check_options(options, file->has_value() ? (*file)->definition : pipeline::Definition(), threshold);
}

int apply(const UpOptions& options, Session& session) {
  std::optional<base::Decimal> threshold;
  if (const int wrong = check_options(options, session.definition(), threshold); wrong != kOk) return wrong;
  session.configure([&](pipeline::StackOptions& stack) {
    stack.large_order_threshold = threshold;
    if (!options.emails.empty()) stack.emails = options.emails;
    if (!options.webhooks.empty()) stack.webhooks = options.webhooks;
  });
  return check_environments(session);
}

int plan(const GlobalOptions& global, const UpOptions& options) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  if (const int wrong = apply(options, *session); wrong != kOk) return wrong;
  if (const int wrong = check_packages(*session); wrong != kOk) return wrong;
  const auto planned = session->stack().plan();
  if (!planned.has_value()) return print_failure("plan", planned.error());
  if (global.json) {
    print_line("{\"plan\":" + plan_json(*planned) + "}");
  } else {
    print_plan(*planned);
  }
  return count(*planned, Action::leave) == planned->size() ? kOk : kCheckFailed;
}

int make_stack(Session& session, const UpOptions& options, const std::function<void(const Plan&)>& before,
               const pipeline::Stack::Report& report) {
  constexpr auto kPatience = std::chrono::minutes(2);  // with one and the same resource
  constexpr int kRoundsMax = 100;                      // more than there are resources
  constexpr int kChangesMax = 5;                       // of the whole stack, until a look at it finds nothing to do
  const InterruptibleStack interruptible(session);
  pipeline::Stack& stack = session.stack();
  int refused = kOk;
  bool first = true;
  std::string conflict;  // the last one
  bool is_another = false;
  int changes = 0;
  const auto make = [&]() -> base::Result<bool> {
    TRY_ASSIGN(const Plan planned, stack.plan());
    if (first) before(planned);
    is_another = false;
    if ((refused = check_replacements(planned, options)) != kOk) return true;
    if ((refused = check_hand_deployed(planned, options.replace_code)) != kOk) return true;
    if ((refused = check_definition_stays(planned, session)) != kOk) return true;
    if ((refused = check_secret_is_there(planned, session)) != kOk) return true;
    const auto made = stack.apply(planned, [&](const pipeline::Step& step) {
      if (first || step.what != "unchanged") report(step);
    });
    first = false;
    if (made.has_value()) {
      // Another command may have removed meanwhile what this one has found there.
      const auto changed = std::ranges::find_if(planned, [](const auto& step) { return step.action != Action::leave; });
      is_another = changed != planned.end();
      if (is_another && ++changes > kChangesMax) return base::fail(does_not_stay(*changed));
      return true;
    }
    if (!is_there_by_now(made.error())) return base::fail(made.error());
    is_another = made.error().message != conflict;
    conflict = made.error().message;
    return is_another;
  };
  base::Result<void> made;
  for (int round = 0; round == 0 || (round < kRoundsMax && made.has_value() && is_another); ++round)
    made = stack.site().patience.wait_until("what says that it is there, and does not show it", make, kPatience);
  if (made.has_value() && is_another)
    made = base::fail({.code = "Conflict", .message = conflict + "; another command makes the same stack"});
  return made.has_value() ? refused : print_stopped("up", made.error());
}

// Where webhooks come in; empty if the definition has no intake.
base::Result<std::string> intake_url(Session& session) {
  if (!session.stack().options().intake.has_value()) return std::string();
  const pipeline::Site& site = session.stack().site();
  aws::lambda::GetFunctionUrlConfigRequest get;
  get.function_name = site.name("intake");
  aws::lambda::GetFunctionUrlConfigResponse got;
  TRY(site.patience.read("GetFunctionUrlConfig", [&]() -> base::Result<void> {
    aws::Context context = site.call();
    TRY_ASSIGN(got, site.services.lambda.get_function_url_config(context, get));
    return {};
  }));
  return got.function_url.value_or("");
}

int up(const GlobalOptions& global, const UpOptions& options) {
  if (const int wrong = check_up(global, options); wrong != kOk) return wrong;
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::makes);
  if (session == nullptr) return exit_code;
  if (const int wrong = apply(options, *session); wrong != kOk) return wrong;
  StepPrinter print(global.json);
  std::string plan_text;
  const int made = make_stack(
      *session, options,
      [&](const Plan& planned) {
        plan_text = plan_json(planned);
        if (!global.json) print_plan(planned);
      },
      [&](const pipeline::Step& step) {
        if (global.json || step.what != "unchanged") print(step);
      });
  if (made != kOk) return made;
  const auto unconfirmed = session->stack().pending_confirmations();
  if (!unconfirmed.has_value()) return print_stopped("up", unconfirmed.error());
  if (!global.json) print_unconfirmed(*unconfirmed);
  const auto url = intake_url(*session);
  if (!url.has_value()) return print_failure("up", url.error());
  if (!global.json && !url->empty()) print_line("Webhooks: POST orders to " + *url);
  if (global.json)
    print_line(fmt::format("{{\"plan\":{},\"steps\":[{}],\"intake_url\":{},\"pending_confirmations\":[{}]}}", plan_text,
                           print.list(), url->empty() ? "null" : json_text(*url), json_list(*unconfirmed)));
  return kOk;
}

int status(const GlobalOptions& global) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  pipeline::Stack& stack = session->stack();
  const auto found = stack.list();
  if (!found.has_value()) return print_failure("status", found.error());
  StepPrinter print(global.json);
  for (const pipeline::Step& step : *found) {
    const Contents now = contents(stack.site(), step);
    print({step.kind, step.name, now.text}, now.json);
  }
  if (global.json) print_line("{\"resources\":[" + print.list() + "]}");
  if (!global.json && found->empty())
    print_line("No stack named " + session->stack().options().name + ": `till up` makes it.");
  return kOk;
}

}  // namespace cli
