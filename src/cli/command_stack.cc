// till up, till down, till status.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace cli {
namespace {

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

}  // namespace

int apply(const UpOptions& options, Session& session) {
  if (options.threshold.empty() && options.emails.empty()) return kOk;
  const auto threshold = base::Decimal::parse(options.threshold.empty() ? "50000" : options.threshold);
  if (!threshold.has_value()) {
    print_error("--threshold: not a number: " + options.threshold);
    return kUsage;
  }
  session.configure([&](pipeline::StackOptions& stack) {
    stack.large_order_threshold = *threshold;
    stack.emails = options.emails;
  });
  return kOk;
}

int up(const GlobalOptions& global, const UpOptions& options) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  if (const int wrong = apply(options, *session); wrong != kOk) return wrong;
  StepPrinter print(global.json);
  const auto made = session->stack().up(std::ref(print));
  if (!made.has_value()) return print_failure("up", made.error());
  if (global.json) print_line("{\"steps\":[" + print.list() + "]}");
  return kOk;
}

int down(const GlobalOptions& global) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  StepPrinter print(global.json);
  pipeline::Stack& stack = session->stack();
  const auto removed = stack.down(std::ref(print));
  if (!removed.has_value()) return print_failure("down", removed.error());
  const auto left = stack.list();
  if (!left.has_value()) return print_failure("down", left.error());
  std::string list;
  for (const pipeline::Step& step : *left) list += (list.empty() ? "" : ",") + step_json(step);
  if (global.json) print_line("{\"steps\":[" + print.list() + "],\"left\":[" + list + "]}");
  if (left->empty()) {
    if (!global.json) print_line("Nothing of the stack is left: every service's list is empty of it.");
    return kOk;
  }
  print_error("still there: " + list);
  return kCheckFailed;
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
    if (step.kind == "queue") {
      aws::sqs::GetQueueAttributesRequest get;
      get.queue_url =
          "https://sqs." + stack.options().region + ".amazonaws.com/" + session->account() + "/" + step.name;
      get.attribute_names = {"All"};
      aws::Context context;
      const auto got = session->services().sqs.get_queue_attributes(context, std::move(get));
      if (got.has_value() && got->attributes.has_value()) {
        const auto& all = *got->attributes;
        const auto number = [&all](std::string_view name) {
          const std::string* text = all.find(name);
          return text == nullptr ? std::string("0") : *text;
        };
        step.what = number("ApproximateNumberOfMessages") + " waiting, " +
                    number("ApproximateNumberOfMessagesNotVisible") + " in flight, " +
                    number("ApproximateNumberOfMessagesDelayed") + " delayed";
      }
    }
    if (step.kind == "table") {
      aws::dynamodb::DescribeTableInput describe;
      describe.table_name = step.name;
      aws::Context context;
      const auto got = session->services().dynamodb.describe_table(context, std::move(describe));
      if (got.has_value() && got->table.has_value())
        step.what = std::to_string(got->table->item_count.value_or(0)) + " rows";
    }
    print(step);
  }
  if (global.json) print_line("{\"resources\":[" + print.list() + "]}");
  if (!global.json && found->empty()) print_line("No stack named " + global.stack + ": `till up` makes it.");
  return kOk;
}

}  // namespace cli
