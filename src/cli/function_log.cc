#include "cli/function_log.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "aws/logs/logs.h"
#include "cli/output.h"

namespace cli {
namespace {

struct LoggedError {
  std::string kind;
  std::string text;  // for people
};

// What Python's runtime ("[ERROR] ValueError: ...") and Node's ("<time>\t<id>\tERROR\t...") write of a function that
// failed: its first line. Empty: neither.
std::string runtime_error(const std::string& line) {
  constexpr std::string_view kPython = "[ERROR]";
  constexpr std::string_view kNode = "\tERROR\t";
  const std::string first = line.substr(0, line.find_first_of("\r\n"));
  std::size_t begin = first.find(kNode);
  if (begin != std::string::npos) begin += kNode.size();
  if (first.starts_with(kPython)) begin = kPython.size();
  if (begin == std::string::npos) return "";
  return first.substr(std::min(first.find_first_not_of(" \t", begin), first.size()));
}

// Of what functions/function_main.cc and failed_calls.cc log, of what the runtimes of other languages do, and of the
// platform's words for a function that was ended.
std::optional<LoggedError> error_in(const std::string& line) {
  if (!line.starts_with("{")) {
    if (std::string text = runtime_error(line); !text.empty()) return LoggedError{text, text};
    if (line.find(" Task timed out after ") == std::string::npos && !line.starts_with("RequestId: "))
      return std::nullopt;
    const std::size_t after_id = line.find(line.starts_with("RequestId: ") ? "Error: " : "Task ");
    std::string text = line.substr(after_id == std::string::npos ? 0 : after_id);
    while (text.ends_with('\n')) text.pop_back();
    return LoggedError{text, text};
  }
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view level;
  std::string_view error;
  if (parser.parse(line).get(document) != simdjson::SUCCESS || document["level"].get(level) != simdjson::SUCCESS ||
      level != "ERROR" || document["error"].get(error) != simdjson::SUCCESS)
    return std::nullopt;
  std::string_view operation;
  std::string_view code;
  if (document["operation"].get(operation) != simdjson::SUCCESS || document["code"].get(code) != simdjson::SUCCESS)
    return LoggedError{std::string(error), std::string(error)};
  const std::string kind = fmt::format("{}: {}", operation, code);
  return LoggedError{kind, fmt::format("{}: {}", kind, error)};
}

}  // namespace

base::Result<std::vector<std::string>> FunctionLog::read() {
  std::vector<std::string> lines;
  aws::logs::FilterLogEventsRequest filter;
  filter.log_group_name = "/aws/lambda/" + site_.name(function_);
  filter.start_time = since_ms_;
  if (!pattern_.empty()) filter.filter_pattern = pattern_;
  do {
    aws::Context context = site_.call();
    TRY_ASSIGN(auto page, site_.services.logs.filter_log_events(context, filter));
    for (auto& event : page.events.value_or(std::vector<aws::logs::FilteredLogEvent>()))
      if (seen_.insert(event.event_id.value_or("")).second) lines.push_back(std::move(event.message).value_or(""));
    filter.next_token = page.next_token;
  } while (!filter.next_token.value_or("").empty());
  return lines;
}

void FunctionLog::tell_errors() {
  const auto lines = read();
  if (!lines.has_value()) return;
  for (const std::string& line : *lines) {
    const auto error = error_in(line);
    if (error.has_value() && told_.insert(error->kind).second)
      print_error(fmt::format("the {} function: {}", function_, error->text));
  }
}

}  // namespace cli
