#include "cli/output.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cctype>
#include <cstdio>
#include <iostream>
#include <string>

#include "aws/codec/json_shape.h"
#include "aws/http/failure.h"
#include "cli/exit_code.h"
#include "cli/terminal_text.h"
#include "os/standard_streams.h"
#include "pipeline/stack_resource.h"

namespace cli {

namespace {

// fmt::print throws if the stream fails.
void put(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

void print_line(std::string_view line) {
  put(stdout, fmt::format("{}\n", os::stdout_is_terminal() ? for_terminal(line) : std::string(line)));
}

bool print_text(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

void print_error(std::string_view line) {
  put(stderr, fmt::format("till: {}\n", os::stderr_is_terminal() ? for_terminal(line) : std::string(line)));
}

bool output_is_lost() {
  return std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
}

int print_failure(std::string_view what, const base::AwsError& error) {
  const std::string_view message = error.message.empty() ? std::string_view("the service says no more") : error.message;
  print_error(fmt::format("{}: {}: {}", what, error.code, message));
  return exit_code_of(error);
}

int exit_code_of(const base::AwsError& error) {
  const bool is_nobody = error.http_status == 0 && error.code == aws::http::kNotSent;
  return is_nobody ? kUnreachable : kFailed;
}

int print_stopped(std::string_view command, const base::AwsError& error) {
  if (error.code != pipeline::kInterrupted) return print_failure(command, error);
  print_error(fmt::format("interrupted: {}, and `till {}` goes on from there", error.message, command));
  return kInterrupted;
}

int print_failure_of(std::string_view kind, std::string_view name, const base::AwsError& error) {
  if (!pipeline::is_absent(error)) return print_failure(fmt::format("{} {}", kind, name), error);
  print_error(fmt::format("{} {} does not exist; `till up` makes the stack, `till status` shows it", kind, name));
  return kFailed;
}

std::string json_text(std::string_view text) {
  std::string out;
  aws::codec::write_json_string(text, out);
  return out;
}

std::string json_or_text(std::string_view text) {
  simdjson::dom::parser parser;
  const bool is_json = parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
  return is_json ? std::string(text) : json_text(text);
}

std::string json_time(const std::optional<base::Timestamp>& time) {
  return time.has_value() ? json_text(base::format_iso8601_milliseconds(*time)) : "null";
}

int ask_to_remove(std::string_view command, std::string_view question) {
  if (!os::input_is_terminal()) {
    print_error(fmt::format(
        "{}: there is no terminal to ask on, so nothing was removed; --yes removes it without a question", command));
    return kUsage;
  }
  put(stderr, fmt::format("{} [y/N] ", question));
  std::string answer;
  std::getline(std::cin, answer);
  std::erase_if(answer, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
  for (char& c : answer) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (answer == "y" || answer == "yes") return kOk;
  print_error("nothing was removed");
  return kFailed;
}

Progress::Progress(std::string label) : label_(std::move(label)), terminal_(os::stderr_is_terminal()) {}

Progress::~Progress() {
  if (terminal_ && last_ != UINT64_MAX) put(stderr, "\n");
}

void Progress::show(uint64_t done, uint64_t total) {
  constexpr uint64_t kWidth = 40;
  const uint64_t step = total == 0 ? 0 : done * (terminal_ ? 1000 : 10) / total;
  if (step == last_) return;
  last_ = step;
  if (!terminal_) {
    put(stderr, fmt::format("{}: {} of {}\n", label_, done, total));
    return;
  }
  const uint64_t filled = total == 0 ? 0 : done * kWidth / total;
  put(stderr, fmt::format("\r{} [{}{}] {} of {}", label_, std::string(filled, '#'), std::string(kWidth - filled, ' '),
                          done, total));
}

}  // namespace cli
