#include "os/function_host_sandbox.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "os/http_server.h"

namespace os {

using runtime::InvokeOutcome;
using runtime::OutcomeKind;
using runtime::RuntimeApi;
using runtime::StartError;

namespace {

constexpr auto kTermGrace = std::chrono::milliseconds(500);
// A killed process goes at once unless the kernel holds it in a system call (a hung network disk, say).
constexpr auto kKillWait = std::chrono::seconds(5);
constexpr std::size_t kReadBytesMax = 64 * 1024;    // per turn of the poller, so that one talker does not starve others
constexpr std::size_t kDrainBytesMax = 256 * 1024;  // at the end of an invocation; a pipe holds 64 KiB unless enlarged
constexpr auto kMemoryReadInterval = std::chrono::seconds(1);
constexpr int kTicksPerFamilyLook = 4;  // dearer than a look at the process itself
constexpr uint64_t kMiB = 1024 * 1024;

ListenLimits runtime_api_limits() {
  ListenLimits limits;
  limits.hosts.suffixes.clear();
  // Above the contract's maximum, so that an answer which is too large gets the contract's own refusal.
  limits.message.body_bytes_max = 16 * kMiB;
  limits.connections_max = 16;
  limits.bodies_wait = false;  // a function's answer does not wait for uploads of clients
  // A function may compute for 15 minutes between two requests on its kept connection.
  limits.idle_timeout = std::chrono::hours(1);
  return limits;
}

// Go's words, which is what AWS shows for a bootstrap that cannot be executed.
std::string exec_error_text(int error) {
  switch (error) {
    case ENOENT:
      return "no such file or directory";  // the interpreter or loader of an existing file
    case ENOEXEC:
      return "exec format error";  // another architecture, or not a program
    case EACCES:
      return "permission denied";
    default:
      return fmt::format("errno {}", error);
  }
}

StartError not_listening(const std::string& why) {
  return {"Sandbox.Failure", "No Runtime API listener: " + why};
}

// The number of kB behind `key` in the text of /proc/<pid>/status; 0 if it is not there.
uint64_t status_kilobytes(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + key.size());
  const std::size_t digit = text.find_first_of("0123456789");
  if (digit == std::string_view::npos) return 0;
  uint64_t value = 0;
  std::from_chars(text.data() + digit, text.data() + text.size(), value);
  return value;
}

// A process's resident memory, of what it shares with others its part; 0 if it has gone.
uint64_t proportional_bytes(pid_t pid) {
  const FileDescriptor file(::open(fmt::format("/proc/{}/smaps_rollup", pid).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> text;
  const ssize_t got = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
  return got <= 0 ? 0 : status_kilobytes({text.data(), static_cast<std::size_t>(got)}, "\nPss:") * 1024;
}

void raise_peak(std::atomic<uint64_t>& peak, uint64_t value) {
  uint64_t known = peak.load();
  while (value > known && !peak.compare_exchange_weak(known, value)) {
  }
}

// Zero if the machine's clock was stepped back in between.
base::Duration duration_between(base::Timestamp begin, base::Timestamp end) {
  return std::max(end - begin, base::Duration(0));
}

}  // namespace

Sandbox::Sandbox(base::Env env, base::Clock& function_clock, HttpServer& server, ChildPoller& poller,
                 runtime::LogSink& sink, const runtime::FunctionSpec& spec)
    : env_(env),
      function_clock_(function_clock),
      server_(server),
      poller_(poller),
      sink_(sink),
      instance_id_(base::random_string(env.random, 32, "0123456789abcdef")),
      timeout_(spec.timeout),
      memory_bytes_max_(static_cast<uint64_t>(spec.memory_size_mb) * kMiB),
      api_(env, &function_clock) {}

std::expected<void, StartError> Sandbox::start(const runtime::FunctionSpec& spec, const Launch& launch) {
  ListenLimits limits = runtime_api_limits();
  limits.on_too_large = [this](const aws::http::Request& head) { api_.refused_as_too_large(head); };
  const auto port = server_.listen("127.0.0.1", 0, api_, limits);
  if (!port) return std::unexpected(not_listening(port.error()));
  port_ = *port;
  ChildSpec child_spec;
  child_spec.program = launch.program;
  child_spec.arguments = launch.arguments;
  child_spec.working_directory = spec.code_directory;
  child_spec.file_size_bytes_max = static_cast<uint64_t>(spec.ephemeral_storage_size_mb) * kMiB;
  for (const auto& [name, value] : spec.environment) child_spec.environment.push_back(name + "=" + value);
  child_spec.environment.push_back(runtime_api_entry());
  if (!spec.log_stream_prefix.empty()) {
    child_spec.environment.push_back("AWS_LAMBDA_LOG_STREAM_NAME=" + spec.log_stream_prefix + instance_id_);
  }
  started_at_ = env_.clock.now();
  launched_at_ = function_clock_.now();
  const int error = poller_.spawn(child_spec, [this](Child child) {
    const std::scoped_lock lock(mutex_, output_mutex_);
    child_ = std::move(child);
    status_file_ = FileDescriptor(::open(fmt::format("/proc/{}/status", child_.pid).c_str(), O_RDONLY | O_CLOEXEC));
    watched_ = true;
    poller_.watch(shared_from_this(), child_.output.get(), child_.pidfd.get());
  });
  if (error == 0) return {};
  return std::unexpected(
      StartError{"Runtime.InvalidEntrypoint", "fork/exec " + launch.shown_as + ": " + exec_error_text(error)});
}

std::string Sandbox::runtime_api_entry() const {
  return fmt::format("AWS_LAMBDA_RUNTIME_API=127.0.0.1:{}", port_);
}

bool Sandbox::alive() {
  const std::scoped_lock lock(mutex_);
  return watched_ && !exit_;
}

// Busy is what is watched for its memory, initialisation included.
InvokeOutcome Sandbox::invoke(runtime::InvokeRequest request) {
  busy_.store(true);
  poller_.busy();
  InvokeOutcome outcome = run(std::move(request));
  busy_.store(false);
  poller_.not_busy();
  return outcome;
}

InvokeOutcome Sandbox::run(runtime::InvokeRequest request) {
  const std::string request_id = request.request_id;
  if (!initialised_) {
    if (auto failed = initialise(request_id)) {
      failed->init_log_tail = end_log();
      return std::move(*failed);
    }
  }
  begin_log(request_id);
  if (const auto begin = std::exchange(request.on_begin, {})) begin();
  RuntimeApi::Reply reply = api_.invoke(std::move(request), env_.clock.now() + timeout_);

  InvokeOutcome outcome;
  switch (reply.kind) {
    case RuntimeApi::ReplyKind::response:
      outcome.kind = OutcomeKind::ok;
      break;
    case RuntimeApi::ReplyKind::error:
    case RuntimeApi::ReplyKind::init_error:
      outcome.kind = OutcomeKind::function_error;
      break;
    case RuntimeApi::ReplyKind::deadline:
      outcome = runtime::timed_out_outcome(request_id, timeout_);
      outcome.exit = end_process();
      break;
    case RuntimeApi::ReplyKind::closed:
      outcome = runtime::exited_outcome(request_id, end_process());
      break;
  }
  finish(outcome, reply);
  return outcome;
}

void Sandbox::finish(InvokeOutcome& outcome, RuntimeApi::Reply& reply) {
  if (outcome.kind == OutcomeKind::ok || outcome.kind == OutcomeKind::function_error) {
    outcome.payload = std::move(reply.body);
    outcome.error_type = std::move(reply.error_type);
    // Reading it costs some 20 us, so not for each of thousands of invocations per second: the peak never falls.
    if (memory_read_at_ == base::Timestamp() || reply.ended - memory_read_at_ >= kMemoryReadInterval) {
      sample_memory();
      memory_read_at_ = reply.ended;
    }
  }
  if (!initialised_) {
    outcome.init_duration = duration_between(launched_at_, api_.ready_at().value_or(reply.started));
    outcome.init_log_tail = std::move(init_log_tail_);
    initialised_ = true;
  }
  outcome.delivered = reply.delivered;
  outcome.duration = duration_between(reply.started, reply.ended);
  outcome.max_memory_used_bytes = memory_peak_bytes_.load();
  outcome.log_tail = end_log();
}

std::optional<InvokeOutcome> Sandbox::initialise(const std::string& request_id) {
  const auto failure = api_.wait_until_ready(started_at_ + runtime::kInitTimeout);
  if (!failure) return std::nullopt;
  InvokeOutcome outcome;
  switch (failure->kind) {
    case RuntimeApi::ReplyKind::deadline:
      outcome = runtime::timed_out_outcome(request_id, runtime::kInitTimeout);
      outcome.exit = end_process();
      break;
    case RuntimeApi::ReplyKind::closed:
      outcome = runtime::exited_outcome(request_id, end_process());
      break;
    default:
      outcome.payload = failure->body;  // the function's own words
      outcome.error_type = failure->error_type;
      sample_memory();
      api_.close();
      outcome.exit = end_process();
  }
  outcome.kind = OutcomeKind::init_failed;
  outcome.init_duration = duration_between(launched_at_, function_clock_.now());
  outcome.max_memory_used_bytes = memory_peak_bytes_.load();
  return outcome;
}

void Sandbox::begin_log(const std::string& request_id) {
  const std::scoped_lock lock(output_mutex_);
  read_output(kDrainBytesMax);  // what was written before belongs to no invocation, or to initialisation
  if (!initialised_) lines_.flush([this](std::string_view text) { sink_.write({instance_id_, {}, text}); });
  init_log_tail_ = lines_.take_tail();
  log_request_id_ = request_id;
}

std::string Sandbox::end_log() {
  const std::scoped_lock lock(output_mutex_);
  // The function wrote before it answered, so all of that is in the pipe now.
  read_output(kDrainBytesMax);
  lines_.flush([this](std::string_view text) { sink_.write({instance_id_, log_request_id_, text}); });
  log_request_id_.clear();
  return lines_.take_tail();
}

void Sandbox::read_output(std::size_t bytes_max) {
  if (output_ended_) return;
  std::array<char, 16 * 1024> piece;
  while (bytes_max > 0) {
    const ssize_t got = ::read(child_.output.get(), piece.data(), std::min(piece.size(), bytes_max));
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) output_ended_ = true;
    if (got <= 0) return;
    bytes_max -= static_cast<std::size_t>(got);
    lines_.feed(std::string_view(piece.data(), static_cast<std::size_t>(got)),
                [this](std::string_view text) { sink_.write({instance_id_, log_request_id_, text}); });
    if (static_cast<std::size_t>(got) < piece.size()) return;  // a short read: the pipe is empty
  }
}

void Sandbox::on_output() {
  const std::scoped_lock lock(output_mutex_);
  read_output(kReadBytesMax);
  if (output_ended_) poller_.stop_output(child_.output.get());
}

void Sandbox::on_exit() {
  {
    const std::scoped_lock lock(output_mutex_);
    read_output(kDrainBytesMax);
    // A process that left the group may hold the pipe open for ever; its words have no invocation any more.
    output_ended_ = true;
    poller_.stop_output(child_.output.get());
  }
  {
    const std::scoped_lock lock(mutex_);
    // Before reaping: until then the group's number cannot belong to anybody else.
    ::kill(-child_.pid, SIGKILL);
    int status = 0;
    while (::waitpid(child_.pid, &status, 0) < 0 && errno == EINTR) {
    }
    runtime::ExitStatus exit;
    exit.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit.out_of_memory = killed_for_memory_ && exit.signal == SIGKILL;
    exit_ = exit;
    exited_.notify_all();
  }
  api_.close();  // last: whoever it wakes finds the exit status
}

void Sandbox::on_tick() {
  if (!busy_.load()) return;
  sample_memory();
  const uint64_t family_bytes = ++ticks_ % kTicksPerFamilyLook == 0 ? sample_family_memory() : 0;
  if (std::max(memory_now_bytes_.load(), family_bytes) <= memory_bytes_max_) return;
  const std::scoped_lock lock(mutex_);
  if (exit_) return;
  killed_for_memory_ = true;
  ::kill(-child_.pid, SIGKILL);
}

void Sandbox::sample_memory() {
  std::array<char, 4096> text;
  const ssize_t got = ::pread(status_file_.get(), text.data(), text.size(), 0);
  if (got <= 0) return;
  const std::string_view status(text.data(), static_cast<std::size_t>(got));
  memory_now_bytes_.store(status_kilobytes(status, "VmRSS:") * 1024);
  raise_peak(memory_peak_bytes_, status_kilobytes(status, "VmHWM:") * 1024);
}

uint64_t Sandbox::sample_family_memory() {
  std::vector<pid_t> family = descendants_of(child_.pid);
  if (family.empty()) return 0;
  family.push_back(child_.pid);
  uint64_t bytes = 0;
  for (const pid_t pid : family) bytes += proportional_bytes(pid);
  raise_peak(memory_peak_bytes_, bytes);
  return bytes;
}

void Sandbox::kill_group(int signal) {
  const std::scoped_lock lock(mutex_);
  if (watched_ && !exit_) ::kill(-child_.pid, signal);
}

bool Sandbox::wait_for_exit(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  return exited_.wait_for(lock, wait, [this] { return !watched_ || exit_.has_value(); });
}

runtime::ExitStatus Sandbox::end_process() {
  kill_group(SIGKILL);
  wait_for_exit(kKillWait);
  const std::scoped_lock lock(mutex_);
  return exit_.value_or(runtime::ExitStatus{0, SIGKILL, false});
}

void Sandbox::stop() {
  api_.close();
  if (alive()) {
    kill_group(SIGTERM);
    if (!wait_for_exit(kTermGrace)) end_process();
  }
  bool watched = false;
  {
    const std::scoped_lock lock(mutex_);
    watched = std::exchange(watched_, false);
  }
  if (watched) {
    kill_by_environment(runtime_api_entry());  // while the port is still ours
    poller_.forget(this, child_.output.get(), child_.pidfd.get());
  }
  if (port_ != 0) server_.close_listener(std::exchange(port_, 0));
}

}  // namespace os
