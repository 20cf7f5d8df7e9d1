// How commands talk to people: lines on stdout, progress and errors on stderr, JSON pieces. Used from one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cli {

void print_line(std::string_view line);   // stdout
void print_error(std::string_view line);  // stderr, after "till: "
// `code: message` of a failed call; kFailed, or kUnreachable if nobody answered.
int print_failure(std::string_view what, const base::AwsError& error);

// "text" as a JSON string.
std::string json_text(std::string_view text);

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
