#include "os/directory_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace os {
namespace {

constexpr time_t kQuietSeconds = 2;

bool is_meant(std::string_view name) {
  constexpr std::array<std::string_view, 3> kUnfinished = {".part", ".tmp", ".crdownload"};
  return !name.starts_with('.') &&
         std::ranges::none_of(kUnfinished, [&](std::string_view end) { return name.ends_with(end); });
}

// A lease for reading is had only of a file that nobody has open for writing. Given back at once; whoever opens the
// file in between waits that long, and the signal that tells us so is one that is ignored. nullopt: the system does not
// say.
std::optional<bool> is_being_written(int file) {
  ::fcntl(file, F_SETSIG, SIGURG);
  if (::fcntl(file, F_SETLEASE, F_RDLCK) == 0) {
    ::fcntl(file, F_SETLEASE, F_UNLCK);
    return false;
  }
  if (errno == EAGAIN) return true;
  return std::nullopt;
}

// nullopt: it is not finished, or not for us. One that cannot be opened is finished like others: whoever takes it
// tells.
std::optional<std::string> version_if_finished(const std::string& path) {
  struct stat status = {};
  // A link in an inbox may lead to any file that the user can read.
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return std::nullopt;
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const auto written = file.valid() ? is_being_written(file.get()) : std::nullopt;
  if (written.value_or(false)) return std::nullopt;
  if (!written.has_value() && std::time(nullptr) < status.st_mtim.tv_sec + kQuietSeconds) return std::nullopt;
  return std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " +
         std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

}  // namespace

std::expected<DirectoryWatch, std::string> DirectoryWatch::make(std::string directory) {
  FileDescriptor events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (events.get() < 0 ||
      ::inotify_add_watch(events.get(), directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) < 0)
    return std::unexpected(directory + ": cannot be watched: " + std::generic_category().message(errno));
  return DirectoryWatch(std::move(directory), std::move(events));
}

std::expected<std::vector<FinishedFile>, std::string> DirectoryWatch::finished() {
  std::vector<FinishedFile> out;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory_, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (!is_meant(name)) continue;
    if (auto version = version_if_finished(entry->path().string()))
      out.push_back({std::move(name), std::move(*version)});
  }
  if (error) return std::unexpected(directory_ + ": " + error.message());
  std::ranges::sort(out, {}, &FinishedFile::name);
  return out;
}

bool DirectoryWatch::is_unchanged(const FinishedFile& file) const {
  return version_if_finished(directory_ + "/" + file.name) == file.version;
}

bool DirectoryWatch::wait(base::Duration how_long) {
  pollfd event{events_.get(), POLLIN, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(how_long).count();
  if (::poll(&event, 1, static_cast<int>(milliseconds)) <= 0) return false;
  alignas(inotify_event) std::array<char, 16 << 10> events;  // what they say is seen by looking
  while (::read(events_.get(), events.data(), events.size()) > 0) {
  }
  return true;
}

}  // namespace os
