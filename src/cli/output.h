// How commands talk to people: lines on stdout, progress and errors on stderr, JSON pieces. Used from one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "base/result.h"
#include "base/time.h"

namespace cli {

void print_line(std::string_view line);  // stdout
// A piece of what is too much to be put through line by line: it may wait in memory until more comes or the command
// ends. False once the output is lost.
bool print_text(std::string_view text);
void print_error(std::string_view line);  // stderr, after "till: "
// Whether something that was printed has not arrived: the disk is full, or nobody reads any more
// (os::output_reader_is_gone). A command that lists then has nothing left to do.
bool output_is_lost();
// Of a failed call: kUnreachable if nobody is there and nothing was sent, so that scripts may simply try again; else
// kFailed, also where the reply was lost and the call may have been carried out.
int exit_code_of(const base::AwsError& error);
// `code: message` of a failed call; exit_code_of it.
int print_failure(std::string_view what, const base::AwsError& error);

// The same for what a signal may have ended, which `till <command>` goes on with: kInterrupted then.
int print_stopped(std::string_view command, const base::AwsError& error);
// The same for a call about one resource, which may simply not be there: "table tillstream-orders".
int print_failure_of(std::string_view kind, std::string_view name, const base::AwsError& error);

// "text" as a JSON string.
std::string json_text(std::string_view text);
// `text` if it is a JSON document, else `text` as a JSON string.
std::string json_or_text(std::string_view text);
// 2024-01-02T03:04:05Z as a JSON string, or null.
std::string json_time(const std::optional<base::Timestamp>& time);

// Asks on stderr whether data may go; only y and yes, typed at a terminal, mean yes. kOk if it may; kFailed if not, or
// kUsage if there is no terminal to ask on: `command` then says on stderr that nothing was removed.
int ask_to_remove(std::string_view command, std::string_view question);

// A progress display on stderr: a bar on a terminal, a plain line at each tenth elsewhere.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();  // ends the bar's line
  void show(uint64_t done, uint64_t total);

 private:
  const std::string label_;
  const bool terminal_;
  uint64_t last_ = UINT64_MAX;
};

}  // namespace cli
