#include "runtime/function_host.h"

#include <fmt/format.h>

#include <array>

#include "runtime/json_text.h"

namespace runtime {
namespace {

struct SignalName {
  int number;
  std::string_view name;
};

// As the service prints them; the numbers are Linux's on x86-64 and arm64.
constexpr std::array<SignalName, 14> kSignalNames = {{{1, "hangup"},
                                                      {2, "interrupt"},
                                                      {3, "quit"},
                                                      {4, "illegal instruction"},
                                                      {5, "trace/breakpoint trap"},
                                                      {6, "aborted"},
                                                      {7, "bus error"},
                                                      {8, "floating point exception"},
                                                      {9, "killed"},
                                                      {11, "segmentation fault"},
                                                      {13, "broken pipe"},
                                                      {15, "terminated"},
                                                      {24, "CPU time limit exceeded"},
                                                      {25, "file size limit exceeded"}}};

std::string signal_text(int number) {
  for (const SignalName& known : kSignalNames) {
    if (known.number == number) return std::string(known.name);
  }
  return fmt::format("signal {}", number);
}

InvokeOutcome failed(OutcomeKind kind, std::string_view request_id, std::string_view type, std::string_view message) {
  InvokeOutcome outcome;
  outcome.kind = kind;
  outcome.error_type = type;
  outcome.payload = service_error_document(type, fmt::format("RequestId: {} Error: {}", request_id, message));
  return outcome;
}

}  // namespace

InvokeOutcome timed_out_outcome(std::string_view request_id, base::Duration timeout) {
  const double seconds = std::chrono::duration<double>(timeout).count();
  return failed(OutcomeKind::timed_out, request_id, "Sandbox.Timedout",
                fmt::format("Task timed out after {:.2f} seconds", seconds));
}

InvokeOutcome exited_outcome(std::string_view request_id, const ExitStatus& exit) {
  std::string message = "Runtime exited without providing a reason";
  if (exit.signal != 0) {
    message = "Runtime exited with error: signal: " + signal_text(exit.signal);
  } else if (exit.code != 0) {
    message = fmt::format("Runtime exited with error: exit status {}", exit.code);
  }
  InvokeOutcome outcome = failed(OutcomeKind::exited, request_id,
                                 exit.out_of_memory ? "Runtime.OutOfMemory" : "Runtime.ExitError", message);
  outcome.exit = exit;
  return outcome;
}

InvokeOutcome start_failed_outcome(std::string_view request_id, const StartError& error) {
  return failed(OutcomeKind::init_failed, request_id, error.error_type, error.message);
}

}  // namespace runtime
