#include "os/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <filesystem>
#include <system_error>

#include "base/check.h"

namespace os {
namespace {

constexpr int kExecFailed = 127;

// Everything the child needs, prepared before vfork: between it and exec only system calls are allowed.
struct Plan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* working_directory;
  rlimit file_size;
  rlimit open_files;
  rlimit processes;
  int input_fd;
  int output_fd;
  int error_fd;  // close-on-exec: carries an errno, or its end says that the program is executing
  pid_t parent;
};

bool lower_limit(decltype(RLIMIT_CORE) which, rlimit wanted) {
  rlimit current{};
  if (::getrlimit(which, &current) != 0) return false;
  // An engine under a tighter limit passes that on: raising one is not ours to do.
  if (wanted.rlim_max > current.rlim_max) wanted.rlim_max = current.rlim_max;
  if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
  return ::setrlimit(which, &wanted) == 0;
}

// Runs in the vforked child, in the parent's memory, while the parent's thread stands still.
[[noreturn]] __attribute__((noinline)) void become(Plan& plan) {
  const auto fail = [&plan] {
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(plan.error_fd, &error, sizeof(error));
    ::_exit(kExecFailed);
  };
  if (::setpgid(0, 0) != 0) fail();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail();
  if (::getppid() != plan.parent) ::_exit(kExecFailed);  // the engine died before the line above
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail();
  if (!lower_limit(RLIMIT_CORE, {0, 0}) || !lower_limit(RLIMIT_FSIZE, plan.file_size) ||
      !lower_limit(RLIMIT_NOFILE, plan.open_files) || !lower_limit(RLIMIT_NPROC, plan.processes)) {
    fail();
  }
  // exec resets handlers but keeps ignored signals ignored (SIGPIPE of an engine) and the mask.
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  if (::chdir(plan.working_directory) != 0) fail();
  if (::dup2(plan.input_fd, STDIN_FILENO) < 0 || ::dup2(plan.output_fd, STDOUT_FILENO) < 0 ||
      ::dup2(plan.output_fd, STDERR_FILENO) < 0) {
    fail();
  }
  // Our own descriptors are all close-on-exec; this is for those of libraries.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.arguments, plan.environment);
  fail();
  __builtin_unreachable();
}

pid_t start(Plan& plan) {
  // A signal handler of the engine must not run in the child, which shares its memory.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) become(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// `more` above what exists now, and never all that an engine under a limit may have itself: what its functions start
// must not keep it from starting a thread.
rlimit processes_limit(uint64_t more) {
  uint64_t now = 0;
  const FileDescriptor file(::open("/proc/loadavg", O_RDONLY | O_CLOEXEC));  // "0.20 0.18 0.12 1/80 11206"
  std::array<char, 128> text{};
  const ssize_t got = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const std::size_t slash = line.find('/');
  if (slash != std::string_view::npos) std::from_chars(line.data() + slash + 1, line.data() + line.size(), now);
  rlimit own{};
  uint64_t limit = now + more;
  if (::getrlimit(RLIMIT_NPROC, &own) == 0 && own.rlim_cur != RLIM_INFINITY) {
    constexpr rlim_t kKeptParts = 8;
    limit = std::min<uint64_t>(limit, own.rlim_cur - own.rlim_cur / kKeptParts);
  }
  return {limit, limit};
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// True if the environment that process `directory` (in /proc) was started with holds `entry`.
bool has_environment(const std::string& directory, std::string_view entry) {
  constexpr std::size_t kBytesMax = 256 * 1024;  // functions have 4 KiB and what the engine adds
  const FileDescriptor file(::open((directory + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return false;  // gone, or another user's
  std::string text(1, '\0');
  std::array<char, 16 * 1024> piece;
  while (text.size() < kBytesMax) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text.find('\0' + std::string(entry) + '\0') != std::string::npos;
}

bool kill_pass(std::string_view entry) {
  bool found = false;
  std::error_code ignored;
  for (std::filesystem::directory_iterator it("/proc", ignored), end; !ignored && it != end; it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    pid_t pid = 0;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || rest != name.data() + name.size() || pid == ::getpid()) continue;
    // Opened before the look, so that the number cannot pass to another process in between.
    const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process.valid() || !has_environment(it->path().string(), entry)) continue;
    found = ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0 || found;
  }
  return found;
}

}  // namespace

void kill_by_environment(std::string_view entry) {
  constexpr int kPassesMax = 5;  // a killed process may have forked behind our back
  for (int pass = 0; pass < kPassesMax && kill_pass(entry); ++pass) {
  }
}

bool is_shortage(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE || error == ENOSPC;
}

std::vector<pid_t> descendants_of(pid_t pid, std::size_t count_max) {
  std::vector<pid_t> out;
  const auto add_listed = [&](const FileDescriptor& file) {
    std::string rest;
    std::array<char, 4096> piece;  // the kernel gives a page at a time
    for (ssize_t got = 0; out.size() < count_max && (got = ::read(file.get(), piece.data(), piece.size())) > 0;) {
      rest.append(piece.data(), static_cast<std::size_t>(got));
      const char* at = rest.data();
      const char* const stop = at + rest.size();
      for (pid_t child = 0; at < stop && out.size() < count_max; ++at) {  // each number has a space behind it
        const auto [end, error] = std::from_chars(at, stop, child);
        if (error != std::errc() || end == stop) break;
        out.push_back(child);
        at = end;
      }
      rest.erase(0, static_cast<std::size_t>(at - rest.data()));
    }
  };
  const auto add_children = [&](pid_t parent) {
    std::error_code ignored;
    const std::string tasks = "/proc/" + std::to_string(parent) + "/task";
    for (std::filesystem::directory_iterator it(tasks, ignored), end; !ignored && it != end; it.increment(ignored)) {
      const FileDescriptor file(::open((it->path() / "children").c_str(), O_RDONLY | O_CLOEXEC));
      if (file.valid()) add_listed(file);
    }
  };
  add_children(pid);
  for (std::size_t i = 0; i < out.size(); ++i) add_children(out[i]);
  return out;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

namespace {

// What has nothing to read: /dev/null, or in a root without it a pipe that nobody writes to.
FileDescriptor nothing_to_read() {
  FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::array<int, 2> ends{-1, -1};
  if (null.valid() || errno != ENOENT || ::pipe2(ends.data(), O_CLOEXEC) != 0) return null;
  ::close(ends[1]);
  return FileDescriptor(ends[0]);
}

}  // namespace

std::expected<Child, int> spawn_child(const ChildSpec& spec) {
  const FileDescriptor input = nothing_to_read();
  std::array<int, 2> ends{-1, -1};
  if (!input.valid() || ::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(errno);
  Child child;
  child.output = FileDescriptor(ends[0]);
  const FileDescriptor write_end(ends[1]);
  std::array<int, 2> error_ends{-1, -1};
  if (::pipe2(error_ends.data(), O_CLOEXEC) != 0) return std::unexpected(errno);
  const FileDescriptor error_read(error_ends[0]);
  FileDescriptor error_write(error_ends[1]);
  // Only the reading end: O_NONBLOCK is a property of each end, and functions expect writes to wait.
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return std::unexpected(errno);

  std::vector<char*> environment;
  for (const std::string& entry : spec.environment) environment.push_back(const_cast<char*>(entry.c_str()));
  environment.push_back(nullptr);
  std::vector<char*> arguments{const_cast<char*>(spec.program.c_str())};
  for (const std::string& argument : spec.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  Plan plan{.program = spec.program.c_str(),
            .arguments = arguments.data(),
            .environment = environment.data(),
            .working_directory = spec.working_directory.c_str(),
            .file_size = {spec.file_size_bytes_max, spec.file_size_bytes_max},
            .open_files = {spec.open_files_max, spec.open_files_max},
            .processes = processes_limit(spec.processes_max),
            .input_fd = input.get(),
            .output_fd = write_end.get(),
            .error_fd = error_write.get(),
            .parent = ::getpid()};
  child.pid = start(plan);
  if (child.pid < 0) return std::unexpected(errno);
  error_write.reset();
  // A pipe and not the shared memory, because under some tools vfork is a fork.
  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(error_read.get(), &error, sizeof(error))) < 0 && errno == EINTR) {
  }
  if (got == static_cast<ssize_t>(sizeof(error))) {
    reap(child.pid);
    return std::unexpected(error);
  }
  child.pidfd = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));  // close-on-exec by itself
  if (!child.pidfd.valid()) {
    error = errno;
    ::kill(-child.pid, SIGKILL);
    reap(child.pid);
    return std::unexpected(error);
  }
  return child;
}

int ChildPoller::begin() {
  const std::scoped_lock lock(mutex_);
  if (thread_.joinable()) return 0;
  if (!epoll_.valid()) epoll_ = FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return errno;
  if (!wakeup_.valid()) {
    FileDescriptor wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wakeup.valid()) return errno;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wakeup.get();
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup.get(), &event) != 0) return errno;
    wakeup_ = std::move(wakeup);
  }
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& none) {
    return none.code().value();
  }
  return 0;
}

ChildPoller::~ChildPoller() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
}

void ChildPoller::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof(one));  // EAGAIN: awake already
}

void ChildPoller::busy() {
  busy_.fetch_add(1, std::memory_order_relaxed);
  if (!ticking_.load() && !ticking_.exchange(true)) wake();
}

void ChildPoller::post(std::function<void()> task) {
  {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake();
}

void ChildPoller::run_on_thread(const std::function<void()>& task) {
  if (std::this_thread::get_id() == thread_.get_id()) return task();
  std::mutex mutex;
  std::condition_variable done_changed;
  bool done = false;
  post([&] {
    task();
    const std::scoped_lock done_lock(mutex);
    done = true;
    done_changed.notify_one();  // under the lock: the condition lives on the caller's stack
  });
  std::unique_lock lock(mutex);
  done_changed.wait(lock, [&] { return done; });
}

int ChildPoller::spawn(const ChildSpec& spec, const std::function<int(Child&)>& started) {
  int error = begin();
  if (error != 0) return error;
  run_on_thread([&] {
    auto child = spawn_child(spec);
    error = child ? started(*child) : child.error();
    if (!child || error == 0) return;
    ::kill(-child->pid, SIGKILL);
    reap(child->pid);
  });
  return error;
}

int ChildPoller::watch(std::shared_ptr<ChildWatcher> watcher, int output_fd, int pid_fd) {
  CHECK(std::this_thread::get_id() == thread_.get_id(), "watch() belongs into the started callback");
  for (const int fd : {output_fd, pid_fd}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      const int error = errno;
      if (fd == pid_fd) stop_output(output_fd);
      return error;
    }
    watches_[fd] = Watch{watcher, fd == pid_fd};
  }
  return 0;
}

void ChildPoller::stop_output(int output_fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, output_fd, nullptr);
  watches_.erase(output_fd);
}

void ChildPoller::forget(const ChildWatcher* watcher, int output_fd, int pid_fd) {
  run_on_thread([&] {
    for (const int fd : {output_fd, pid_fd}) {
      const auto it = watches_.find(fd);
      if (it == watches_.end() || it->second.watcher.get() != watcher) continue;
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
      watches_.erase(it);
    }
  });
}

void ChildPoller::run_tasks() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wakeup_.get(), &count, sizeof(count));
  std::vector<std::function<void()>> tasks;
  {
    const std::scoped_lock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const auto& task : tasks) task();
}

void ChildPoller::tick() {
  constexpr int kIdleTicksMax = 20;  // a second: back-to-back invocations then never pay for a wake-up
  if (busy_.load() == 0 && ++idle_ticks_ > kIdleTicksMax) {
    ticking_.store(false);
    // busy() between the two lines found ticking still set and did not wake us.
    if (busy_.load() > 0) ticking_.store(true);
    idle_ticks_ = 0;
    return;
  }
  if (busy_.load() > 0) idle_ticks_ = 0;
  std::vector<std::shared_ptr<ChildWatcher>> watchers;  // a copy: a callback may change the map
  for (const auto& [fd, watch] : watches_) {
    if (watch.is_exit) watchers.push_back(watch.watcher);
  }
  for (const auto& watcher : watchers) watcher->on_tick();
}

void ChildPoller::run() {
  ::pthread_setname_np(::pthread_self(), "children");
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // the engine's signals are for its own threads
  std::array<epoll_event, 64> events{};
  int64_t next_tick_ms = 0;
  while (true) {
    const auto now_ms = [] {
      timespec t{};
      ::clock_gettime(CLOCK_MONOTONIC, &t);
      return static_cast<int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1'000'000;
    };
    int wait_ms = -1;
    if (ticking_.load())
      wait_ms = static_cast<int>(std::max<int64_t>(0, std::min<int64_t>(kTickMs, next_tick_ms - now_ms())));
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
    CHECK(count >= 0 || errno == EINTR, "epoll_wait");
    bool woken = false;
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wakeup_.get()) {
        woken = true;  // tasks run last: they may forget a child whose event is further on in this batch
        continue;
      }
      const auto it = watches_.find(fd);
      if (it == watches_.end()) continue;
      const Watch watch = it->second;
      if (!watch.is_exit) {
        watch.watcher->on_output();
        continue;
      }
      stop_output(fd);  // a pidfd stays readable; once is enough
      watch.watcher->on_exit();
    }
    if (woken) {
      run_tasks();
      const std::scoped_lock lock(mutex_);
      if (stopping_ && tasks_.empty()) return;
    }
    if (ticking_.load() && now_ms() >= next_tick_ms) {
      next_tick_ms = now_ms() + kTickMs;
      tick();
    }
  }
}

}  // namespace os
