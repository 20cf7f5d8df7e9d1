// Sandbox: one running function: its process, its Runtime API, its output and its end. Private to function_host.cc.
// Shared between the instance that the engine holds and what may still call back. An invocation begins on its caller's
// thread and goes on, from event to event, on the poller's, where the watcher's callbacks come too; no thread waits for
// it. start(), invoke() and stop() are called by one thread at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.h"
#include "os/child_process.h"
#include "os/function_host_interpreters.h"
#include "runtime/deadlines.h"
#include "runtime/function_host.h"
#include "runtime/log_lines.h"
#include "runtime/runtime_api.h"

namespace os {

class HttpServer;

class Sandbox final : public ChildWatcher, public std::enable_shared_from_this<Sandbox> {
 public:
  // What the host has for all sandboxes; all of it outlives them.
  struct Host {
    base::Env env;
    base::Clock& function_clock;
    HttpServer& server;
    ChildPoller& poller;
    runtime::Deadlines& deadlines;
  };
  using Done = runtime::FunctionInstance::Done;

  Sandbox(const Host& host, runtime::LogSink& sink, const runtime::FunctionSpec& spec, const Launch& launch);

  // Opens the listener and starts the process.
  std::expected<void, runtime::StartError> start();
  void invoke(runtime::InvokeRequest request, Done done);
  // Ends the process group (SIGTERM, grace, SIGKILL), the watching and the listener. Once, by the owner.
  void stop();
  // Ends a running invocation as if the process had exited; the process itself goes with stop(). From any thread.
  void interrupt();
  [[nodiscard]] bool alive();
  [[nodiscard]] const std::string& instance_id() const { return instance_id_; }

  void on_output() override;
  void on_exit() override;
  void on_tick() override;

 private:
  using Reply = runtime::RuntimeApi::Reply;
  using AfterEnd = std::function<void(const runtime::ExitStatus&)>;

  [[nodiscard]] std::string runtime_api_entry() const;  // of the child's environment; unique while we listen
  int launch(const ChildSpec& child_spec);              // 0, or an errno

  // An invocation's way, from one to the other.
  void await_initialisation(base::Timestamp deadline);
  void on_initialised(std::optional<Reply> failure);
  void on_initialisation_failed(const Reply& failure, const runtime::ExitStatus& exit);
  bool initialise_again();  // false: it could not be
  void hand_over();
  void on_reply(std::optional<Reply> reply);
  void complete(runtime::InvokeOutcome outcome, const Reply& reply);
  void finish(runtime::InvokeOutcome outcome);
  // Goes on with `next` on the poller's thread, whichever thread the wait ends on.
  runtime::RuntimeApi::Done on_poller(void (Sandbox::*next)(std::optional<Reply>));
  void set_deadline(base::Timestamp deadline);

  void begin_log(const std::string& request_id);
  std::string end_log();
  void read_output(std::size_t bytes_max);  // output_mutex_ held
  void kill_group(int signal);
  // False if the process is still there after `wait`.
  bool wait_for_exit(std::chrono::milliseconds wait);
  // Kills what is left and calls `after` with how it ended, at once or later. On the poller's thread.
  void end_process(AfterEnd after);
  void sample_memory();
  // What the process and its descendants hold together, each page counted once; 0 if there are none. Poller's thread.
  // Kills the group if it has more processes than AWS lets a function have.
  uint64_t sample_family_memory();

  const Host host_;
  runtime::LogSink& sink_;
  const std::string instance_id_;
  const base::Duration timeout_;
  const uint64_t memory_bytes_max_;
  const Launch launch_;
  ChildSpec child_spec_;  // all but where the Runtime API listens
  runtime::RuntimeApi api_;
  uint16_t port_ = 0;  // 0: not listening
  base::Timestamp started_at_;
  base::Timestamp launched_at_;  // the same by the function's clock
  bool initialised_ = false;
  bool second_start_ = false;  // the first took longer than AWS gives it
  base::Timestamp memory_read_at_;

  // Of the invocation that runs.
  runtime::InvokeRequest request_;
  std::string request_id_;
  Done done_;
  runtime::Deadlines::Id deadline_;
  base::Timestamp invocation_deadline_;  // of a second start, which counts as part of the invocation

  std::mutex mutex_;  // before output_mutex_ if both are held
  std::condition_variable exited_;
  Child child_;  // descriptors stay open until the poller has forgotten them
  std::optional<runtime::ExitStatus> exit_;
  bool killed_for_memory_ = false;
  bool watched_ = false;
  // The poller's thread's:
  int ticks_ = 0;
  int ticks_since_kill_ = 0;
  AfterEnd after_end_;

  std::mutex output_mutex_;
  runtime::LogLines lines_;
  std::string log_request_id_;
  std::string init_log_tail_;
  bool output_ended_ = false;

  FileDescriptor status_file_;  // /proc/<pid>/status, read with pread
  std::atomic<uint64_t> memory_peak_bytes_{0};
  std::atomic<uint64_t> memory_now_bytes_{0};
  std::atomic<bool> busy_{false};
  std::atomic<bool> interrupted_{false};
};

}  // namespace os
