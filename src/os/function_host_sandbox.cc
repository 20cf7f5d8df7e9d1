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
// AWS's limit of processes and threads. RLIMIT_NPROC has no effect on root, so it is looked at too.
constexpr std::size_t kProcessesMax = 1024;
constexpr std::size_t kFamilyMemoryMax = 256;  // processes whose memory is added up
constexpr int kKillTicks = static_cast<int>(kKillWait / std::chrono::milliseconds(ChildPoller::kTickMs));
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
    case ENOSYS:  // no exec fails so
      return "/proc is not mounted, where the engine sees how much memory a function uses";
    default:
      return fmt::format("errno {}", error);
  }
}

StartError not_listening(const std::string& why) {
  return {"Sandbox.Failure", "No Runtime API listener: " + why, true};
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

Sandbox::Sandbox(const Host& host, runtime::LogSink& sink, const runtime::FunctionSpec& spec, const Launch& launch)
    : host_(host),
      sink_(sink),
      instance_id_(base::random_string(host.env.random, 32, "0123456789abcdef")),
      timeout_(spec.timeout),
      memory_bytes_max_(static_cast<uint64_t>(spec.memory_size_mb) * kMiB),
      launch_(launch),
      api_(host.env, &host.function_clock) {
  child_spec_.program = launch_.program;
  child_spec_.arguments = launch_.arguments;
  child_spec_.working_directory = spec.code_directory;
  child_spec_.file_size_bytes_max = static_cast<uint64_t>(spec.ephemeral_storage_size_mb) * kMiB;
  child_spec_.processes_max = kProcessesMax;
  for (const auto& [name, value] : spec.environment) child_spec_.environment.push_back(name + "=" + value);
  if (!spec.log_stream_prefix.empty()) {
    child_spec_.environment.push_back("AWS_LAMBDA_LOG_STREAM_NAME=" + spec.log_stream_prefix + instance_id_);
  }
}

std::expected<void, StartError> Sandbox::start() {
  ListenLimits limits = runtime_api_limits();
  limits.on_too_large = [this](const aws::http::Request& head) { api_.refused_as_too_large(head); };
  const auto port = host_.server.listen("127.0.0.1", 0, api_, limits);
  if (!port) return std::unexpected(not_listening(port.error()));
  port_ = *port;
  ChildSpec child_spec = child_spec_;
  child_spec.environment.push_back(runtime_api_entry());
  const int error = launch(child_spec);
  if (error == 0) return {};
  StartError failure{"Runtime.InvalidEntrypoint", "fork/exec " + launch_.shown_as + ": " + exec_error_text(error)};
  if (is_shortage(error)) failure = {"Sandbox.Failure", fmt::format("No process: errno {}", error), true};
  return std::unexpected(std::move(failure));
}

int Sandbox::launch(const ChildSpec& child_spec) {
  started_at_ = host_.env.clock.now();
  launched_at_ = host_.function_clock.now();
  return host_.poller.spawn(child_spec, [this](Child& child) {
    // Without it nobody would see how much memory the function uses.
    FileDescriptor status(::open(fmt::format("/proc/{}/status", child.pid).c_str(), O_RDONLY | O_CLOEXEC));
    if (!status.valid()) return errno == ENOENT ? ENOSYS : errno;
    const std::scoped_lock lock(mutex_, output_mutex_);
    if (const int error = host_.poller.watch(shared_from_this(), child.output.get(), child.pidfd.get())) return error;
    child_ = std::move(child);
    status_file_ = std::move(status);
    exit_.reset();
    killed_for_memory_ = false;
    output_ended_ = false;
    watched_ = true;
    return 0;
  });
}

std::string Sandbox::runtime_api_entry() const {
  return fmt::format("AWS_LAMBDA_RUNTIME_API=127.0.0.1:{}", port_);
}

bool Sandbox::alive() {
  const std::scoped_lock lock(mutex_);
  return watched_ && !exit_;
}

// Busy is what is watched for its memory, initialisation included.
void Sandbox::invoke(runtime::InvokeRequest request, Done done) {
  busy_.store(true);
  host_.poller.busy();
  request_id_ = request.request_id;
  request_ = std::move(request);
  done_ = std::move(done);
  if (initialised_) return hand_over();
  await_initialisation(started_at_ + runtime::kInitTimeout);
}

RuntimeApi::Done Sandbox::on_poller(void (Sandbox::*next)(std::optional<Reply>)) {
  return [self = shared_from_this(), next](std::optional<Reply> reply) {
    // Shared, because a task can be copied, and an answer of 6 MB should not be.
    auto shared = std::make_shared<std::optional<Reply>>(std::move(reply));
    self->host_.poller.post([self, next, shared] {
      self->host_.deadlines.cancel(self->deadline_);
      (self.get()->*next)(std::move(*shared));
    });
  };
}

void Sandbox::interrupt() {
  interrupted_.store(true);
  api_.close();
}

// Before the wait begins, because its end takes the deadline away again.
void Sandbox::set_deadline(base::Timestamp deadline) {
  deadline_ = host_.deadlines.call_at(deadline, [self = shared_from_this()] { self->api_.expire(); });
}

void Sandbox::await_initialisation(base::Timestamp deadline) {
  set_deadline(deadline);
  api_.when_ready(deadline, on_poller(&Sandbox::on_initialised));
}

void Sandbox::on_initialised(std::optional<Reply> failure) {
  if (!failure) return hand_over();
  failure->ended = host_.function_clock.now();
  if (failure->kind == RuntimeApi::ReplyKind::init_error) {
    sample_memory();
    api_.close();
  }
  end_process([this, failure = std::move(*failure)](const runtime::ExitStatus& exit) {
    on_initialisation_failed(failure, exit);
  });
}

void Sandbox::on_initialisation_failed(const Reply& failure, const runtime::ExitStatus& exit) {
  const bool timed_out = failure.kind == RuntimeApi::ReplyKind::deadline;
  const base::Duration took = duration_between(launched_at_, failure.ended);
  InvokeOutcome outcome;
  if (timed_out) {
    outcome = runtime::timed_out_outcome(request_id_, second_start_ ? timeout_ : runtime::kInitTimeout);
  } else if (failure.kind == RuntimeApi::ReplyKind::closed) {
    outcome = runtime::exited_outcome(request_id_, exit);
  } else {
    outcome.payload = failure.body;  // the function's own words
    outcome.error_type = failure.error_type;
  }
  outcome.init_log_tail = end_log();
  if (request_.on_init_end) {
    request_.on_init_end({.status = timed_out ? runtime::InitStatus::timeout : runtime::InitStatus::error,
                          .duration = took,
                          .in_invocation = second_start_,
                          .error_type = timed_out ? std::string() : outcome.error_type,
                          .log_tail = std::exchange(outcome.init_log_tail, {})});
  }
  if (!second_start_ && initialise_again()) return;
  outcome.exit = exit;
  if (!second_start_ || !timed_out) outcome.kind = OutcomeKind::init_failed;
  if (second_start_) {
    outcome.duration = took;
  } else {
    outcome.init_duration = took;
  }
  outcome.max_memory_used_bytes = memory_peak_bytes_.load();
  finish(std::move(outcome));
}

bool Sandbox::initialise_again() {
  {
    const std::scoped_lock lock(mutex_);
    if (!exit_) return false;  // the kernel still holds it
  }
  // With another listener, so that nothing which the first process has sent or left behind is taken for the second's.
  kill_by_environment(runtime_api_entry());
  host_.server.close_listener(std::exchange(port_, 0));
  api_.reopen();
  if (interrupted_.load() || !start()) {
    api_.close();
    return false;
  }
  second_start_ = true;
  invocation_deadline_ = started_at_ + timeout_;
  await_initialisation(invocation_deadline_);
  return true;
}

void Sandbox::hand_over() {
  begin_log(request_id_);
  if (!initialised_ && request_.on_init_end) {
    request_.on_init_end({.duration = duration_between(launched_at_, api_.ready_at().value_or(launched_at_)),
                          .in_invocation = second_start_});
  }
  if (const auto begin = std::exchange(request_.on_begin, {})) begin();
  const base::Timestamp deadline =
      second_start_ && !initialised_ ? invocation_deadline_ : host_.env.clock.now() + timeout_;
  set_deadline(deadline);
  api_.invoke(std::exchange(request_, {}), deadline, on_poller(&Sandbox::on_reply));
}

void Sandbox::on_reply(std::optional<Reply> got) {
  Reply& reply = *got;
  InvokeOutcome outcome;
  switch (reply.kind) {
    case RuntimeApi::ReplyKind::response:
    case RuntimeApi::ReplyKind::error:
    case RuntimeApi::ReplyKind::init_error:
      if (reply.kind != RuntimeApi::ReplyKind::response) outcome.kind = OutcomeKind::function_error;
      outcome.payload = std::move(reply.body);
      outcome.error_type = std::move(reply.error_type);
      // Reading it costs some 20 us, so not for each of thousands of invocations per second: the peak never falls.
      if (memory_read_at_ == base::Timestamp() || reply.ended - memory_read_at_ >= kMemoryReadInterval) {
        sample_memory();
        memory_read_at_ = reply.ended;
      }
      return complete(std::move(outcome), reply);
    case RuntimeApi::ReplyKind::deadline:
    case RuntimeApi::ReplyKind::closed:
      end_process([this, reply](const runtime::ExitStatus& exit) {
        InvokeOutcome ended = reply.kind == RuntimeApi::ReplyKind::deadline
                                  ? runtime::timed_out_outcome(request_id_, timeout_)
                                  : runtime::exited_outcome(request_id_, exit);
        ended.exit = exit;
        complete(std::move(ended), reply);
      });
  }
}

void Sandbox::complete(InvokeOutcome outcome, const Reply& reply) {
  outcome.duration = duration_between(reply.started, reply.ended);
  if (!initialised_) {
    if (second_start_) {
      outcome.duration = duration_between(launched_at_, reply.ended);
    } else {
      outcome.init_duration = duration_between(launched_at_, api_.ready_at().value_or(reply.started));
    }
    outcome.init_log_tail = std::move(init_log_tail_);
    initialised_ = true;
  }
  outcome.delivered = reply.delivered;
  outcome.max_memory_used_bytes = memory_peak_bytes_.load();
  outcome.log_tail = end_log();
  finish(std::move(outcome));
}

// Last of all: the instance may be used again, or be ended, from within.
void Sandbox::finish(InvokeOutcome outcome) {
  busy_.store(false);
  host_.poller.not_busy();
  std::exchange(done_, nullptr)(std::move(outcome));
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
  if (output_ended_) host_.poller.stop_output(child_.output.get());
}

void Sandbox::on_exit() {
  {
    const std::scoped_lock lock(output_mutex_);
    read_output(kDrainBytesMax);
    // A process that left the group may hold the pipe open for ever; its words have no invocation any more.
    output_ended_ = true;
    host_.poller.stop_output(child_.output.get());
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
  api_.close();
  if (const AfterEnd after = std::exchange(after_end_, nullptr)) {
    after([this] {
      const std::scoped_lock lock(mutex_);
      return *exit_;
    }());
  }
}

void Sandbox::on_tick() {
  if (!busy_.load()) return;
  if (after_end_ && ++ticks_since_kill_ >= kKillTicks) {
    return std::exchange(after_end_, nullptr)(runtime::ExitStatus{0, SIGKILL, false});
  }
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
  std::vector<pid_t> family = descendants_of(child_.pid, kProcessesMax);
  if (family.empty()) return 0;
  if (family.size() >= kProcessesMax) {
    kill_group(SIGKILL);
    return 0;
  }
  family.resize(std::min(family.size(), kFamilyMemoryMax));
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

void Sandbox::end_process(AfterEnd after) {
  kill_group(SIGKILL);
  std::optional<runtime::ExitStatus> exit;
  {
    const std::scoped_lock lock(mutex_);
    exit = exit_;
  }
  if (exit) return after(*exit);
  ticks_since_kill_ = 0;
  after_end_ = std::move(after);
}

void Sandbox::stop() {
  api_.close();
  if (alive()) {
    kill_group(SIGTERM);
    if (!wait_for_exit(kTermGrace)) {
      kill_group(SIGKILL);
      wait_for_exit(kKillWait);
    }
  }
  bool watched = false;
  {
    const std::scoped_lock lock(mutex_);
    watched = std::exchange(watched_, false);
  }
  if (watched) {
    kill_by_environment(runtime_api_entry());  // while the port is still ours
    host_.poller.forget(this, child_.output.get(), child_.pidfd.get());
  }
  if (port_ != 0) host_.server.close_listener(std::exchange(port_, 0));
}

}  // namespace os
