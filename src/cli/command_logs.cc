// till logs.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "aws/logs/logs.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/output.h"
#include "cli/time_text.h"

namespace cli {
namespace {

constexpr base::Duration kFollowPause = std::chrono::seconds(1);
// Events may come in this much out of order and are still shown while following.
constexpr int64_t kLateMilliseconds = 10'000;
struct Line {
  int64_t timestamp;
  std::string function;
  std::string message;
  std::string id;
};

class LogReader {
 public:
  LogReader(Session& session, const LogsOptions& options) : site_(session.stack().site()), options_(options) {
    for (const std::string_view each : {"ingest", "process", "sweep", "intake"}) {
      const bool there = each != "intake" || session.stack().options().intake.has_value();
      if (options.function.empty() ? there : options.function == each) functions_.emplace_back(each);
    }
  }

  // The events since then, those of all functions in the order of time. `cut` says that there are more.
  base::Result<std::vector<Line>> read(int64_t since_milliseconds, bool& cut) {
    std::vector<Line> lines;
    for (const std::string& function : functions_) TRY(read_one(function, since_milliseconds, lines, cut));
    std::ranges::stable_sort(lines, {}, &Line::timestamp);
    return lines;
  }

 private:
  base::Result<void> read_one(const std::string& function, int64_t since, std::vector<Line>& lines, bool& cut) {
    aws::logs::FilterLogEventsRequest filter;
    filter.log_group_name = "/aws/lambda/" + site_.name(function);
    filter.start_time = since;
    if (!options_.filter.empty()) filter.filter_pattern = options_.filter;
    for (uint64_t shown = 0;;) {
      aws::Context context = site_.call();
      auto page = site_.services.logs.filter_log_events(context, filter);
      if (!page.has_value()) {
        page.error().message = *filter.log_group_name + ": " + page.error().message;
        return base::fail(page.error());
      }
      for (auto& event : page->events.value_or(std::vector<aws::logs::FilteredLogEvent>())) {
        // Whoever follows gets all: what is cut off would come first again at every reading.
        if (!options_.follow && shown++ == options_.events_max) {
          cut = true;
          return {};
        }
        lines.push_back({event.timestamp.value_or(0), function, std::move(event.message).value_or(""),
                         event.event_id.value_or("")});
      }
      if (page->next_token.value_or("").empty()) return {};
      filter.next_token = page->next_token;
    }
  }

  const pipeline::Site& site_;
  const LogsOptions& options_;
  std::vector<std::string> functions_;
};

std::string line_json(const Line& line) {
  return fmt::format("{{\"timestamp\":{},\"function\":{},\"message\":{}}}",
                     json_time(base::from_epoch_milliseconds(line.timestamp)), json_text(line.function),
                     json_text(line.message));
}

void print_text(const Line& line) {
  std::string_view message = line.message;
  while (message.ends_with('\n')) message.remove_suffix(1);
  print_line(fmt::format("{} {:<8} {}",
                         base::format_iso8601_milliseconds(base::from_epoch_milliseconds(line.timestamp)),
                         line.function, message));
}

int report_failure(const base::AwsError& error) {
  if (!pipeline::is_absent(error)) return print_failure("logs", error);
  print_error("no logs: " + error.message + " `till up` makes the stack");
  return kFailed;
}

// Prints what comes until a signal does.
int follow(Session& session, const GlobalOptions& global, LogReader& reader, int64_t since) {
  Interruption interruption(session.env());
  std::set<std::pair<int64_t, std::string>> shown;  // those that the next reading would bring again
  bool cut = false;
  do {
    const auto lines = reader.read(since, cut);
    if (!lines.has_value()) return report_failure(lines.error());
    for (const Line& line : *lines) {
      if (!shown.emplace(line.timestamp, line.id).second) continue;
      global.json ? print_line(line_json(line)) : print_text(line);
    }
    if (!lines->empty()) since = std::max(since, lines->back().timestamp - kLateMilliseconds);
    std::erase_if(shown, [&](const auto& each) { return each.first < since; });
  } while (!output_is_lost() && interruption.pause(kFollowPause));
  return kOk;
}

}  // namespace

int logs(const GlobalOptions& global, const LogsOptions& options) {
  const auto back = parse_age(options.since);
  if (!back.has_value()) {
    print_error("--since: not a time like 90s, 10m, 2h or 7d: " + options.since);
    return kUsage;
  }
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  LogReader reader(*session, options);
  const int64_t since = std::max<int64_t>(0, base::to_epoch_milliseconds(session->now() - *back));
  if (options.follow) return follow(*session, global, reader, since);
  bool cut = false;
  const auto lines = reader.read(since, cut);
  if (!lines.has_value()) return report_failure(lines.error());
  std::string list;
  for (const Line& line : *lines) {
    if (global.json) {
      list += (list.empty() ? "" : ",") + line_json(line);
    } else {
      print_text(line);
    }
  }
  if (global.json) print_line(fmt::format("{{\"events\":[{}],\"complete\":{}}}", list, !cut));
  if (!global.json && lines->empty()) print_line("nothing was logged in the last " + options.since);
  if (cut)
    print_error(
        fmt::format("there is more than {} events of a function: a shorter --since, or --max", options.events_max));
  return kOk;
}

}  // namespace cli
