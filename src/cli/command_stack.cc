// till plan, till up, till down, till status.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/dynamodb/dynamodb.h"
#include "aws/sqs/sqs.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace cli {
namespace {

using pipeline::Action;
using pipeline::Plan;
using pipeline::PlannedStep;

std::string step_json(const pipeline::Step& step) {
  return fmt::format("{{\"kind\":{},\"name\":{},\"what\":{}}}", json_text(step.kind), json_text(step.name),
                     json_text(step.what));
}

// Prints steps as they come, or keeps them for one JSON object.
class StepPrinter {
 public:
  explicit StepPrinter(bool json) : json_(json) {}
  void operator()(const pipeline::Step& step) {
    if (json_) {
      list_ += (list_.empty() ? "" : ",") + step_json(step);
    } else {
      print_line(fmt::format("{:<13} {} {}", step.kind, step.name, step.what.empty() ? "" : "(" + step.what + ")"));
    }
  }
  [[nodiscard]] const std::string& list() const { return list_; }

 private:
  const bool json_;
  std::string list_;
};

constexpr std::string_view name_of(Action action) {
  constexpr std::string_view kNames[] = {"leave", "create", "change", "replace"};
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
  constexpr std::string_view kSigns[] = {" ", "+", "~", "!"};
  for (const PlannedStep& step : plan) {
    if (step.action == Action::leave) continue;
    print_line(fmt::format("{} {:<7} {:<13} {}{}", kSigns[static_cast<std::size_t>(step.action)], name_of(step.action),
                           step.kind, step.name, step.loses_data ? "  (what is in it is lost)" : ""));
    for (const auto& difference : step.differences) print_line("            " + difference_text(difference));
  }
  print_line(fmt::format("{} to create, {} to change, {} to replace, {} as they should be.",
                         count(plan, Action::create), count(plan, Action::change), count(plan, Action::replace),
                         count(plan, Action::leave)));
}

// Whether somebody else has just made what we were about to make, as a second `till up` does.
bool is_there_by_now(const base::AwsError& error) {
  constexpr std::array<std::string_view, 7> kCodes = {"ResourceConflictException",
                                                      "ResourceInUseException",
                                                      "EntityAlreadyExists",
                                                      "EntityAlreadyExistsException",
                                                      "ResourceAlreadyExistsException",
                                                      "BucketAlreadyOwnedByYou",
                                                      "QueueAlreadyExists"};
  return std::ranges::find(kCodes, error.code) != kCodes.end();
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

// The text of a queue's or table's contents, or nothing.
std::string contents(const pipeline::Site& site, const pipeline::Step& step) {
  aws::Context context = site.call();
  if (step.kind == "queue") {
    aws::sqs::GetQueueAttributesRequest get;
    get.queue_url = site.queue_url(step.name);
    get.attribute_names = {"All"};
    const auto got = site.services.sqs.get_queue_attributes(context, std::move(get));
    if (!got.has_value() || !got->attributes.has_value()) return step.what;
    const auto number = [&all = *got->attributes](std::string_view name) {
      const std::string* text = all.find(name);
      return text == nullptr ? std::string("0") : *text;
    };
    return number("ApproximateNumberOfMessages") + " waiting, " + number("ApproximateNumberOfMessagesNotVisible") +
           " in flight, " + number("ApproximateNumberOfMessagesDelayed") + " delayed";
  }
  if (step.kind == "table") {
    aws::dynamodb::DescribeTableInput describe;
    describe.table_name = step.name;
    const auto got = site.services.dynamodb.describe_table(context, std::move(describe));
    if (got.has_value() && got->table.has_value()) return std::to_string(got->table->item_count.value_or(0)) + " rows";
  }
  return step.what;
}

}  // namespace

int apply(const UpOptions& options, Session& session) {
  std::optional<base::Decimal> threshold;
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
  for (const std::string& email : options.emails) {
    const std::size_t at = email.find('@');
    if (at != std::string::npos && at > 0 && at + 1 < email.size() && email.find_first_of(" <>") == std::string::npos)
      continue;
    print_error("--email: not an address: " + email);
    return kUsage;
  }
  for (const std::string& url : options.webhooks) {
    const bool good = (url.starts_with("http://") || url.starts_with("https://")) && !url.ends_with("://") &&
                      url.find_first_of(" \t\r\n") == std::string::npos;
    if (good) continue;
    print_error("--webhook: not a URL that begins with http:// or https://: " + url);
    return kUsage;
  }
  session.configure([&](pipeline::StackOptions& stack) {
    stack.large_order_threshold = threshold;
    stack.emails = options.emails;
    stack.webhooks = options.webhooks;
  });
  return kOk;
}

int plan(const GlobalOptions& global, const UpOptions& options) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  if (const int wrong = apply(options, *session); wrong != kOk) return wrong;
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
  // SQS refuses the name of a queue for a minute after it was deleted, as after `till down`.
  constexpr base::Duration kPatience = std::chrono::seconds(75);
  constexpr int kConflictsMax = 30;  // more than there are kinds of resources, of which each may conflict once
  int conflicts = 0;
  const base::Timestamp end = session.env().clock.now() + kPatience;
  for (bool first = true;; first = false) {
    const auto planned = session.stack().plan();
    if (!planned.has_value()) return print_failure("up", planned.error());
    if (first) before(*planned);
    if (const int refused = check_replacements(*planned, options); refused != kOk) return refused;
    const auto made = session.stack().apply(*planned, [&](const pipeline::Step& step) {
      if (first || step.what != "unchanged") report(step);
    });
    if (made.has_value()) return kOk;
    if (is_there_by_now(made.error()) && ++conflicts <= kConflictsMax) {
      pause(session.env(), std::chrono::milliseconds(100));
      continue;
    }
    const bool wait = made.error().code == "QueueDeletedRecently" && !session.has_virtual_clock();
    if (!wait || session.env().clock.now() >= end) return print_failure("up", made.error());
    if (first) print_error(made.error().message + " Waiting for that.");
    pause(session.env(), std::chrono::seconds(2));
  }
}

int up(const GlobalOptions& global, const UpOptions& options) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
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
  if (global.json) print_line("{\"plan\":" + plan_text + ",\"steps\":[" + print.list() + "]}");
  return kOk;
}

int down(const GlobalOptions& global) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
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

int status(const GlobalOptions& global) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  pipeline::Stack& stack = session->stack();
  const auto found = stack.list();
  if (!found.has_value()) return print_failure("status", found.error());
  StepPrinter print(global.json);
  for (pipeline::Step step : *found) {
    step.what = contents(stack.site(), step);
    print(step);
  }
  if (global.json) print_line("{\"resources\":[" + print.list() + "]}");
  if (!global.json && found->empty()) print_line("No stack named " + global.stack + ": `till up` makes it.");
  return kOk;
}

}  // namespace cli
