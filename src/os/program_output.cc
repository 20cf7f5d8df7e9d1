#include "os/program_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "os/child_process.h"
#include "os/standard_streams.h"

namespace os {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kBytesMax = 1 << 20;
constexpr milliseconds kSlice(20);    // how soon an end is seen that does not show in the pipe
constexpr milliseconds kGrace(1000);  // to end by SIGTERM, and put a terminal back in order
constexpr int kNotExecuted = 127;

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// In the forked child, where only system calls are allowed: there may have been other threads.
[[noreturn]] void become(char* const* words, int output, int quiet, int error, pid_t parent) {
  // What this program ignores or blocks the other one shall not.
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  if (::getppid() != parent) ::_exit(kNotExecuted);  // it has ended before the line above
  if (quiet >= 0) ::dup2(quiet, STDERR_FILENO);
  if (::dup2(output, STDOUT_FILENO) >= 0) ::execvp(words[0], words);
  const int number = errno;
  [[maybe_unused]] const ssize_t written = ::write(error, &number, sizeof number);
  ::_exit(kNotExecuted);
}

// Once it executes; else the errno that kept it from that.
std::expected<pid_t, int> start(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  auto fault = make_pipe();
  if (!fault.has_value()) return std::unexpected(errno);
  const FileDescriptor quiet(stderr_is_terminal() ? -1 : ::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(errno);
  if (pid == 0) become(words.data(), output, quiet.get(), fault->write.get(), parent);
  fault->write.reset();
  int number = 0;
  ssize_t got = 0;
  while ((got = ::read(fault->read.get(), &number, sizeof number)) < 0 && errno == EINTR) {
  }
  if (got != static_cast<ssize_t>(sizeof number)) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return std::unexpected(number);
}

class Run {
 public:
  Run(pid_t pid, FileDescriptor output, const ProgramPatience& patience)
      : pid_(pid), output_(std::move(output)), patience_(patience) {}

  std::expected<std::string, std::string> result() {
    const std::string fault = await_end();
    if (!fault.empty()) end();
    if (!fault.empty()) return std::unexpected(fault);
    if (!read_some()) return std::unexpected(kTooMuch);
    if (WIFSIGNALED(*status_)) return std::unexpected(fmt::format("it was ended by signal {}", WTERMSIG(*status_)));
    if (WEXITSTATUS(*status_) != 0) return std::unexpected(fmt::format("exit code {}", WEXITSTATUS(*status_)));
    return std::move(text_);
  }

 private:
  static constexpr const char* kTooMuch = "it writes more than 1 MiB";

  // Reads until the process itself has ended: a child of it may hold the pipe open, and it may close it and go on. What
  // is wrong, or nothing.
  std::string await_end() {
    const auto begin = Clock::now();
    bool is_told = !patience_.tell;
    while (!has_ended()) {
      const auto waited = Clock::now() - begin;
      if (!is_told && waited >= patience_.tell_after) {
        patience_.tell();
        is_told = true;
      }
      if (waited >= patience_.at_most)
        return fmt::format("it has not ended within {} seconds, and was ended",
                           std::chrono::ceil<std::chrono::seconds>(patience_.at_most).count());
      pollfd wanted{is_open_ ? output_.get() : -1, POLLIN, 0};  // -1: sleeps
      if (::poll(&wanted, 1, static_cast<int>(kSlice.count())) > 0 && !read_some()) return kTooMuch;
    }
    return "";
  }

  bool has_ended() {
    if (status_.has_value()) return true;
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_ || (ended < 0 && errno != EINTR)) status_ = status;
    return status_.has_value();
  }

  // What is there. False: it is too much.
  bool read_some() {
    std::array<char, 4096> piece;
    ssize_t got = 0;
    while (text_.size() <= kBytesMax && (got = ::read(output_.get(), piece.data(), piece.size())) > 0)
      text_.append(piece.data(), static_cast<std::size_t>(got));
    if (got == 0) is_open_ = false;
    return text_.size() <= kBytesMax;
  }

  void end() {
    ::kill(pid_, SIGTERM);
    const auto last = Clock::now() + kGrace;
    while (!has_ended() && Clock::now() < last) ::poll(nullptr, 0, static_cast<int>(kSlice.count()));
    if (has_ended()) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  const pid_t pid_;
  const FileDescriptor output_;  // does not block
  const ProgramPatience& patience_;
  std::string text_;
  bool is_open_ = true;
  std::optional<int> status_;
};

}  // namespace

std::expected<std::string, std::string> program_output(const std::vector<std::string>& arguments,
                                                       const ProgramPatience& patience) {
  auto output = make_pipe();
  if (!output.has_value()) return std::unexpected(std::strerror(errno));
  const auto pid = start(arguments, output->write.get());
  if (!pid.has_value()) return std::unexpected(std::strerror(pid.error()));
  output->write.reset();
  ::fcntl(output->read.get(), F_SETFL, O_NONBLOCK);
  return Run(*pid, std::move(output->read), patience).result();
}

}  // namespace os
