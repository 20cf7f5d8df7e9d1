// Sandbox: one running function: its process, its Runtime API, its output and its end. Private to function_host.cc.
// Shared between the instance that the engine holds and the poller that watches the process. invoke() and stop() are
// called by one thread at a time; the watcher's callbacks come on the poller's thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "os/child_process.h"
#include "os/function_host_interpreters.h"
#include "runtime/function_host.h"
#include "runtime/log_lines.h"
#include "runtime/runtime_api.h"

namespace os {

class HttpServer;

class Sandbox final : public ChildWatcher, public std::enable_shared_from_this<Sandbox> {
 public:
  Sandbox(base::Env env, base::Clock& function_clock, HttpServer& server, ChildPoller& poller, runtime::LogSink& sink,
          const runtime::FunctionSpec& spec);

  // Opens the listener and starts the process.
  std::expected<void, runtime::StartError> start(const runtime::FunctionSpec& spec, const Launch& launch);
  runtime::InvokeOutcome invoke(runtime::InvokeRequest request);
  // Ends the process group (SIGTERM, grace, SIGKILL), the watching and the listener. Once, by the owner.
  void stop();
  // Ends a running invoke() as if the process had exited; the process itself goes with stop(). From any thread.
  void interrupt() { api_.close(); }
  [[nodiscard]] bool alive();
  [[nodiscard]] const std::string& instance_id() const { return instance_id_; }

  void on_output() override;
  void on_exit() override;
  void on_tick() override;

 private:
  [[nodiscard]] std::string runtime_api_entry() const;  // of the child's environment; unique while we listen
  runtime::InvokeOutcome run(runtime::InvokeRequest request);
  std::optional<runtime::InvokeOutcome> initialise(const std::string& request_id);
  void begin_log(const std::string& request_id);
  std::string end_log();
  void read_output(std::size_t bytes_max);  // output_mutex_ held
  void kill_group(int signal);
  // False if the process is still there after `wait`.
  bool wait_for_exit(std::chrono::milliseconds wait);
  // Kills what is left and says how it ended.
  runtime::ExitStatus end_process();
  void sample_memory();
  // What the process and its descendants hold together, each page counted once; 0 if there are none. Poller's thread.
  uint64_t sample_family_memory();
  void finish(runtime::InvokeOutcome& outcome, runtime::RuntimeApi::Reply& reply);

  const base::Env env_;
  base::Clock& function_clock_;
  HttpServer& server_;
  ChildPoller& poller_;
  runtime::LogSink& sink_;
  const std::string instance_id_;
  const base::Duration timeout_;
  const uint64_t memory_bytes_max_;
  runtime::RuntimeApi api_;
  uint16_t port_ = 0;  // 0: not listening
  base::Timestamp started_at_;
  base::Timestamp launched_at_;  // the same by function_clock_
  bool initialised_ = false;
  base::Timestamp memory_read_at_;  // the invoking thread's

  std::mutex mutex_;  // before output_mutex_ if both are held
  std::condition_variable exited_;
  Child child_;  // descriptors stay open until the poller has forgotten them
  std::optional<runtime::ExitStatus> exit_;
  bool killed_for_memory_ = false;
  int ticks_ = 0;  // the poller's thread's
  bool watched_ = false;

  std::mutex output_mutex_;
  runtime::LogLines lines_;
  std::string log_request_id_;
  std::string init_log_tail_;
  bool output_ended_ = false;

  FileDescriptor status_file_;  // /proc/<pid>/status, read with pread
  std::atomic<uint64_t> memory_peak_bytes_{0};
  std::atomic<uint64_t> memory_now_bytes_{0};
  std::atomic<bool> busy_{false};
};

}  // namespace os
