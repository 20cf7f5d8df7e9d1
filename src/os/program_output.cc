#include "os/program_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "os/child_process.h"

namespace os {
namespace {

constexpr auto kPatience = std::chrono::minutes(5);
constexpr std::size_t kBytesMax = 1 << 20;

std::expected<pid_t, int> spawn(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t defaults;  // what this program ignores the other one shall not
  ::sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::sigaddset(&defaults, signal);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, words.front(), &actions, &attributes, words.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return std::unexpected(error);
  return pid;
}

// Until its end; what is wrong, or nothing.
std::string read_all(int from, std::string& out, std::chrono::seconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  std::array<char, 4096> piece;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fmt::format("it has not ended within {} seconds", patience.count());
    pollfd wanted{from, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t got = ::read(from, piece.data(), piece.size());
    if (got == 0) return "";
    if (got < 0 && errno != EINTR) return std::strerror(errno);
    if (got > 0) out.append(piece.data(), static_cast<std::size_t>(got));
    if (out.size() > kBytesMax) return "it writes more than 1 MiB";
  }
}

}  // namespace

std::expected<std::string, std::string> program_output(const std::vector<std::string>& arguments) {
  return program_output_within(arguments, kPatience);
}

std::expected<std::string, std::string> program_output_within(const std::vector<std::string>& arguments,
                                                              std::chrono::seconds patience) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(std::strerror(errno));
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const auto pid = spawn(arguments, write_end.get());
  if (!pid.has_value()) return std::unexpected(std::strerror(pid.error()));
  write_end.reset();
  std::string out;
  std::string fault = read_all(read_end.get(), out, patience);
  if (!fault.empty()) ::kill(*pid, SIGKILL);
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0)
    if (errno != EINTR) return std::unexpected(std::strerror(errno));
  if (!fault.empty()) return std::unexpected(std::move(fault));
  if (WIFSIGNALED(status)) return std::unexpected("it was ended by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return std::unexpected("exit code " + std::to_string(WEXITSTATUS(status)));
  return out;
}

}  // namespace os
