#include "cli/output.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "aws/codec/json_shape.h"
#include "cli/exit_code.h"

namespace cli {

void print_line(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void print_error(std::string_view line) {
  fmt::print(stderr, "till: {}\n", line);
}

int print_failure(std::string_view what, const base::AwsError& error) {
  print_error(fmt::format("{}: {}: {}", what, error.code, error.message));
  return error.http_status == 0 ? kUnreachable : kFailed;
}

std::string json_text(std::string_view text) {
  std::string out;
  aws::codec::write_json_string(text, out);
  return out;
}

Progress::Progress(std::string label) : label_(std::move(label)), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (terminal_ && last_ != UINT64_MAX) fmt::print(stderr, "\n");
}

void Progress::show(uint64_t done, uint64_t total) {
  constexpr uint64_t kWidth = 40;
  const uint64_t step = total == 0 ? 0 : done * (terminal_ ? 1000 : 10) / total;
  if (step == last_) return;
  last_ = step;
  if (!terminal_) {
    fmt::print(stderr, "{}: {} of {}\n", label_, done, total);
    return;
  }
  const uint64_t filled = total == 0 ? 0 : done * kWidth / total;
  fmt::print(stderr, "\r{} [{}{}] {} of {}", label_, std::string(filled, '#'), std::string(kWidth - filled, ' '), done,
             total);
  std::fflush(stderr);
}

}  // namespace cli
