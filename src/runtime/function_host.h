// FunctionHost: the seam through which the engine runs Lambda functions. os/ implements it with child processes, the
// simulator with functions in memory. A host makes instances ("sandboxes"); an instance runs one invocation at a time,
// of which no thread waits for the end, and may be used again as long as it lives. The engine owns both; a host
// outlives its instances. A host and its log sinks are used from any thread, an instance by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace runtime {

// The largest event and the largest response: 6 MiB and 100 bytes, as the service itself counts.
constexpr std::size_t kPayloadBytesMax = 6'291'556;
constexpr std::size_t kLogTailBytesMax = 4096;                     // what X-Amz-Log-Result shows
constexpr std::size_t kLogLineBytesMax = 256 * 1024;               // the largest CloudWatch Logs event
constexpr uint64_t kUnzippedBytesMax = 262'144'000;                // "Unzipped size must be smaller than ..."
constexpr base::Duration kInitTimeout = std::chrono::seconds(10);  // AWS's limit of the Init phase

struct FunctionSpec {
  std::string function_arn;
  std::string function_name;
  std::string version;  // "$LATEST" or a number
  std::string handler;
  std::string runtime;         // "provided.al2023", "python3.12", ...
  std::string code_directory;  // absolute; made by stage_code
  base::Duration timeout = std::chrono::seconds(3);
  int memory_size_mb = 128;
  int ephemeral_storage_size_mb = 512;
  // "2024/01/31/[$LATEST]"; with the instance's id behind it, the name of its log stream.
  std::string log_stream_prefix;
  // Complete: the function sees these, AWS_LAMBDA_RUNTIME_API and AWS_LAMBDA_LOG_STREAM_NAME (if log_stream_prefix is
  // set), and nothing of the engine's own environment.
  std::vector<std::pair<std::string, std::string>> environment;
};

// How an initialisation went (AWS's INIT_REPORT).
enum class InitStatus { success, timeout, error };
struct InitReport {
  InitStatus status = InitStatus::success;
  base::Duration duration{0};
  bool in_invocation = false;   // the second one, which counts as part of the invocation ("Phase: invoke")
  std::string error_type = {};  // of an error
  std::string log_tail = {};    // what it wrote, if it failed
};

struct InvokeRequest {
  std::string request_id;  // unguessable: whoever knows it may answer the invocation
  std::string invoked_function_arn;
  std::string trace_id;        // X-Ray header; empty: none
  std::string client_context;  // JSON; empty: none
  std::string payload;
  // Called when initialisation is over and the event is about to be handed over: what was logged before is
  // initialisation's. Not called if that fails.
  std::function<void()> on_begin = {};
  // Called at the end of each initialisation, before what comes after it.
  std::function<void(const InitReport&)> on_init_end = {};
};

struct ExitStatus {
  int code = 0;                // meaningful if signal == 0
  int signal = 0;              // what killed the process; 0: it exited by itself
  bool out_of_memory = false;  // killed for using more than memory_size_mb
};

enum class OutcomeKind { ok, function_error, timed_out, exited, init_failed };

struct InvokeOutcome {
  OutcomeKind kind = OutcomeKind::ok;
  // What the invoker gets. On success the function's bytes as they are: custom runtimes may answer anything, so nothing
  // promises JSON. On failure the error document, the function's own or AWS's text.
  std::string payload;
  std::string error_type;      // of a failure; as reported by the function or AWS's ("Sandbox.Timedout")
  bool delivered = false;      // the function may have seen the event; if not, another instance may safely try
  base::Duration duration{0};  // from handing over the event to the answer, or to the end of the instance
  std::optional<base::Duration> init_duration;  // first invocation only
  uint64_t max_memory_used_bytes = 0;           // peak resident size so far; a floor if it died between samples
  std::string init_log_tail;                    // first invocation only: what initialisation wrote, likewise
  std::string log_tail;                         // the last kLogTailBytesMax bytes written during this invocation
  std::optional<ExitStatus> exit;
};

// One line without its line feed, of either output stream. Longer lines come in pieces of kLogLineBytesMax. The bytes
// are the function's, verbatim: not checked to be UTF-8. Views live during the call.
struct LogLine {
  std::string_view instance_id;
  std::string_view request_id;  // empty outside an invocation
  std::string_view text;
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  // In order per instance. Called on the thread that reads all functions' output: must not block for long.
  virtual void write(const LogLine& line) = 0;
};

class FunctionInstance {
 public:
  using Done = std::function<void(InvokeOutcome)>;

  // Stops the function: SIGTERM, a short grace, SIGKILL to all its processes. Returns when it is gone.
  virtual ~FunctionInstance() = default;
  [[nodiscard]] virtual const std::string& instance_id() const = 0;  // 32 hex digits, as log stream names end in
  // False once the function has ended or been ended. An idle instance may end at any time; ask before reuse.
  [[nodiscard]] virtual bool alive() const = 0;
  // Begins one invocation; `done` is called once, when the function has answered or ended, or spec.timeout after the
  // event was handed over. The first invocation also waits for initialisation, up to kInitTimeout. If that fails or
  // takes longer, the function is started once more, as on AWS, and spec.timeout covers initialisation and invocation
  // together. After timed_out, exited and init_failed the instance is dead and must be dropped; a reply that comes
  // later is refused. `done` comes on a thread of the host's, which must not be held up, or on the caller's before this
  // returns; the instance must live until then, and may be used again or be given to another thread to end from within
  // it.
  virtual void invoke(InvokeRequest request, Done done) = 0;
  // From any thread, and the one exception to "one thread at a time": ends the function, so that a running invocation
  // is soon done, as exited. Returns at once, without calling `done`. Without effect where the host cannot do it.
  virtual void interrupt() {}
};

struct StartError {
  std::string error_type;  // "Runtime.InvalidEntrypoint"
  std::string message;
  // The machine has no thread, process, descriptor or memory left for it: no fault of the function's, and worth
  // another try.
  bool out_of_resources = false;
};

class FunctionHost {
 public:
  virtual ~FunctionHost() = default;
  // Starts one instance; returns without waiting for its initialisation. `sink` must outlive the instance.
  virtual std::expected<std::unique_ptr<FunctionInstance>, StartError> start(const FunctionSpec& spec,
                                                                             LogSink& sink) = 0;
  // Unpacks a deployment package into the directory `destination`, whole or not at all; an existing directory is
  // replaced (instances already running keep their open files). Not synced: stage again after a restart of the engine.
  // InvalidParameterValueException for a bad package; ServiceException if the disk fails.
  virtual base::Result<void> stage_code(std::string_view zip_bytes, const std::string& destination) = 0;
  // Deletes what stage_code made. No effect if it is not there.
  virtual void remove_code(const std::string& destination) = 0;
};

// The outcomes that the service words itself, in AWS's texts (reference/protocols.md, 4.4 item 13).
InvokeOutcome timed_out_outcome(std::string_view request_id, base::Duration timeout);
InvokeOutcome exited_outcome(std::string_view request_id, const ExitStatus& exit);
InvokeOutcome start_failed_outcome(std::string_view request_id, const StartError& error);

}  // namespace runtime
