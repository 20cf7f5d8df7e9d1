// A Lambda function that does as it is told by its payload, well or badly, for the tests of the function host.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "aws/http/message.h"
#include "os/environment.h"
#include "os/http_transport.h"
#include "runtime/handler.h"

namespace {

using runtime::Invocation;
using runtime::InvocationError;

int invocations = 0;

std::string describe_process() {
  rlimit core{};
  rlimit files{};
  ::getrlimit(RLIMIT_CORE, &core);
  ::getrlimit(RLIMIT_NOFILE, &files);
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  struct sigaction pipe{};
  ::sigaction(SIGPIPE, nullptr, &pipe);
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
  std::string open_files;
  for (int fd = 3; fd < 1024; ++fd) {
    // Own descriptors are the connection and what it stands on; an inherited pipe or file would be neither.
    const std::string link = fmt::format("/proc/self/fd/{}", fd);
    char target[256] = {};
    if (::readlink(link.c_str(), target, sizeof(target) - 1) <= 0) continue;
    const std::string_view text = target;
    if (!text.starts_with("socket:") && !text.starts_with("anon_inode:")) open_files += std::string(text) + " ";
  }
  char directory[4096] = {};
  if (::getcwd(directory, sizeof(directory)) == nullptr) return "no directory";
  return fmt::format(
      "leader={} core={} files={} term_blocked={} pipe_ignored={} death={} nnp={} leaked=[{}] secret={} cwd={}",
      ::getpgid(0) == ::getpid(), core.rlim_max, files.rlim_cur, ::sigismember(&blocked, SIGTERM),
      pipe.sa_handler == SIG_IGN, death_signal, ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), open_files,
      os::environment("TILL_TEST_SECRET").value_or("none"), directory);
}

// A child that ignores SIGTERM, in a process group of its own if it is to escape; answers its process id.
std::string spawn_grandchild(bool escape) {
  int ready[2];
  if (::pipe(ready) != 0) return "no pipe";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGTERM, SIG_IGN);
    if (escape) ::setsid();
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char byte = 0;
  const bool started = ::read(ready[0], &byte, 1) == 1;
  ::close(ready[0]);
  ::close(ready[1]);
  return started ? std::to_string(pid) : "not started";
}

[[noreturn]] void allocate() {
  std::vector<char*> blocks;
  while (true) {
    blocks.push_back(static_cast<char*>(std::malloc(8 << 20)));
    std::memset(blocks.back(), 1, 8 << 20);
    ::usleep(20'000);
  }
}

std::expected<std::string, InvocationError> act(const Invocation& invocation) {
  const std::string& payload = invocation.payload;
  ++invocations;
  if (payload == "sleep") {
    while (true) ::pause();
  }
  if (payload == "stubborn") {
    ::signal(SIGTERM, SIG_IGN);
    return "stubborn";
  }
  if (payload == "exit") ::_exit(3);
  if (payload == "crash") {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would report and exit instead
    ::raise(SIGSEGV);
  }
  if (payload == "throw") throw std::string("not a std::exception");
  if (payload == "fail") return std::unexpected(InvocationError{"My.Error", "as told"});
  if (payload == "bad json") return "{";
  if (payload == "huge") return std::string(7'000'000, 'x');
  if (payload == "print") {
    os::write_stdout("out 1\n");
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, "err 1\n", 6);
    os::write_stdout("unfinished");
    return std::to_string(invocations);
  }
  if (payload == "allocate") allocate();
  if (payload == "allocate in a child") {
    const pid_t child = ::fork();
    if (child == 0) allocate();
    int status = 0;
    ::waitpid(child, &status, 0);
    return "survived";
  }
  if (payload == "fork bomb") {
    constexpr int kBombMax = 1100;
    for (int i = 0; i < kBombMax; ++i) {
      const pid_t child = ::fork();
      if (child < 0) return "refused";
      while (child == 0) ::pause();
    }
    while (true) ::pause();
  }
  if (payload == "grandchild") return spawn_grandchild(false);
  if (payload == "daemon") return spawn_grandchild(true);
  if (payload == "pid") return std::to_string(::getpid());
  if (payload == "describe") return describe_process();
  if (payload == "env") return os::environment("GREETING").value_or("") + os::environment("HOME").value_or("");
  return payload;
}

}  // namespace

int main() {
  const auto report = [](std::string_view line) { os::write_stdout(std::string(line) + "\n"); };
  const auto endpoint = aws::http::parse_endpoint("http://" + os::environment("AWS_LAMBDA_RUNTIME_API").value_or(""));
  if (!endpoint) return 2;
  const auto transport = os::HttpTransport::make();
  if (!transport) return 2;
  const std::string mode = os::environment("INIT_MODE").value_or("");
  os::write_stdout("initialising\n");
  if (mode == "exit") return 4;
  if (mode == "allocate") allocate();
  if (mode.starts_with("slow")) {
    const int file = ::open("begun", O_WRONLY | O_CREAT | O_APPEND, 0600);
    struct stat begun{};
    if (::write(file, "x", 1) != 1 || ::fstat(file, &begun) != 0) return 3;
    while (mode == "slow" || begun.st_size == 1) ::pause();
  }
  if (mode == "error") {
    runtime::post_init_error(**transport, *endpoint, {"Init.Broken", "cannot start"}, report);
    return 1;
  }
  return runtime::run_handler(**transport, *endpoint, act, report);
}
