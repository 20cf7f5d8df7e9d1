#include "os/foreground.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "os/child_process.h"
#include "os/write_all.h"

namespace os {
namespace {

// A file that is gone when this is.
class PrivateFile {
 public:
  PrivateFile() {
    std::error_code error;
    path_ = (std::filesystem::temp_directory_path(error) / "till-XXXXXX.json").string();
    constexpr int kEnding = 5;  // ".json"
    file_ = FileDescriptor(::mkostemps(path_.data(), kEnding, O_CLOEXEC));
  }
  ~PrivateFile() {
    if (file_.valid()) ::unlink(path_.c_str());
  }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  bool write(std::string_view text) { return file_.valid() && write_all(file_.get(), text); }
  // Reads it anew by its name: editors put another file in its place.
  [[nodiscard]] std::expected<std::string, int> read() const {
    const FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return std::unexpected(errno);
    std::string out;
    std::array<char, 1 << 16> piece{};
    while (true) {
      const ssize_t size = ::read(file.get(), piece.data(), piece.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return std::unexpected(errno);
      if (size == 0) return out;
      out.append(piece.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  std::string path_;
  FileDescriptor file_;
};

// Ctrl-C reaches everybody at the terminal; it means the program in front.
class SignalsIgnored {
 public:
  SignalsIgnored() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, &interrupt_);
    ::sigaction(SIGQUIT, &ignore, &quit_);
  }
  ~SignalsIgnored() {
    ::sigaction(SIGINT, &interrupt_, nullptr);
    ::sigaction(SIGQUIT, &quit_, nullptr);
  }
  SignalsIgnored(const SignalsIgnored&) = delete;
  SignalsIgnored& operator=(const SignalsIgnored&) = delete;

 private:
  struct sigaction interrupt_{}, quit_{};
};

// The status as waitpid tells it, or an errno.
std::expected<int, int> run_shell(const std::string& command, const std::string& argument) {
  const SignalsIgnored ignored;
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t defaults;  // what this program ignores the other one shall not
  ::sigemptyset(&defaults);
  for (const int signal : {SIGINT, SIGQUIT, SIGPIPE, SIGXFSZ}) ::sigaddset(&defaults, signal);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::array<std::string, 5> words{"sh", "-c", command + " \"$@\"", "sh", argument};
  std::array<char*, 6> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, "/bin/sh", nullptr, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return std::unexpected(error);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return std::unexpected(errno);
  return status;
}

}  // namespace

std::expected<std::string, std::string> edit(const std::string& editor, std::string_view text) {
  PrivateFile file;
  if (!file.write(text))
    return std::unexpected(fmt::format("cannot make a file in {} to edit: {}",
                                       std::filesystem::path(file.path()).parent_path().string(),
                                       std::strerror(errno)));
  const auto status = run_shell(editor, file.path());
  if (!status.has_value())
    return std::unexpected(fmt::format("cannot run the editor {}: {}", editor, std::strerror(status.error())));
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0)
    return std::unexpected(fmt::format("the editor {} has not ended well, so what it wrote does not count", editor));
  auto edited = file.read();
  if (!edited.has_value())
    return std::unexpected(fmt::format("cannot read what the editor wrote: {}", std::strerror(edited.error())));
  return std::move(*edited);
}

}  // namespace os
