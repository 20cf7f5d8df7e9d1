#include "store/rocksdb/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace store {
namespace {

pid_t read_pid(int descriptor) {
  char text[32] = {};
  const ssize_t size = pread(descriptor, text, sizeof text, 0);
  pid_t pid = 0;
  if (size > 0) std::from_chars(text, text + size, pid);
  return pid;
}

// Whether the file `lock` is there and holds what we write: a process id, or nothing yet.
bool has_our_lock(const std::string& directory) {
  const File file(open((directory + "/lock").c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!file.is_open() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  char text[32] = {};
  const ssize_t size = pread(file.get(), text, sizeof text, 0);
  return size >= 0 && std::string_view(text, static_cast<std::size_t>(size)).find_first_not_of("0123456789\n") ==
                          std::string_view::npos;
}

std::expected<void, OpenError> prepare_directory(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path path(directory);
  const bool is_new = mkdir(directory.c_str(), 0700) == 0;
  if (!is_new && errno == ENOENT) {
    fs::create_directories(path.parent_path(), error);
    if (error || mkdir(directory.c_str(), 0700) != 0) return std::unexpected(system_error("create", directory));
  } else if (!is_new && errno != EEXIST) {
    return std::unexpected(system_error("create", directory));
  }
  // In this order: another process may be making the lock, the first thing in the directory, at this very moment.
  if (!fs::is_empty(path, error) && !has_our_lock(directory)) {
    return std::unexpected(OpenError{
        OpenError::Kind::other, fmt::format("{} is not empty and not a data directory of this program", directory)});
  }
  // The name of the directory itself must survive a power cut too.
  if (!sync_directory(fs::absolute(path, error).lexically_normal().parent_path().string())) {
    return std::unexpected(system_error("sync the parent of", directory));
  }
  return {};
}

}  // namespace

File::~File() {
  if (descriptor_ >= 0) close(descriptor_);
}

OpenError system_error(const std::string& what, const std::string& path) {
  return {OpenError::Kind::other, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

bool sync_directory(const std::string& path) {
  const File directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.is_open() && fsync(directory.get()) == 0;
}

bool is_rocksdb_store(const std::string& directory) {
  std::error_code error;
  return has_our_lock(directory) && (std::filesystem::is_regular_file(directory + "/watermark", error) ||
                                     std::filesystem::is_regular_file(directory + "/db/CURRENT", error));
}

std::optional<pid_t> holder_of(const std::string& directory) {
  const File file(open((directory + "/lock").c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open() || flock(file.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return std::nullopt;
  return read_pid(file.get());
}

std::expected<DirectoryLock, OpenError> DirectoryLock::take(const std::string& directory) {
  if (auto prepared = prepare_directory(directory); !prepared) return std::unexpected(prepared.error());
  const std::string path = directory + "/lock";
  // flock belongs to the open file, so a second opener in this same process is refused as well, and CLOEXEC keeps
  // the function processes from holding the lock when the engine is gone.
  File file(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return std::unexpected(system_error("open", path));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return std::unexpected(system_error("lock", path));
    const pid_t holder = read_pid(file.get());
    // 0: it has the lock, and has not written its id yet.
    const std::string who = holder == 0 ? std::string("another process") : fmt::format("process {}", holder);
    return std::unexpected(
        OpenError{OpenError::Kind::locked, fmt::format("{} is in use by {}", directory, who), holder});
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (pwrite(file.get(), pid.data(), pid.size(), 0) != std::ssize(pid) || ftruncate(file.get(), std::ssize(pid)) != 0) {
    return std::unexpected(system_error("write", path));
  }
  return DirectoryLock(std::move(file));
}

}  // namespace store
