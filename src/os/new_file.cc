#include "os/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "os/write_all.h"

namespace os {
namespace {

std::unexpected<std::string> failure(std::string_view what, const std::string& path, int error) {
  if (error == EEXIST) return std::unexpected(path + " is there already, and is left as it is; name another file");
  return std::unexpected(fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

// 0, or an errno. Never over another file.
int rename_to_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system that does not know that, such as NFS.
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

constexpr std::string_view kUnfinished = ".part";

// "PATH.123-0.part" for "PATH".
bool is_unfinished(std::string_view name, std::string_view of) {
  if (!name.starts_with(of) || !name.ends_with(kUnfinished) || name.size() <= of.size() + kUnfinished.size())
    return false;
  name.remove_prefix(of.size());
  name.remove_suffix(kUnfinished.size());
  const auto hyphen = name.find('-');
  const auto is_number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return name.front() == '.' && hyphen != std::string_view::npos && is_number(name.substr(1, hyphen - 1)) &&
         is_number(name.substr(hyphen + 1));
}

// Whoever writes an unfinished file holds a lock on it, so that one which can be locked is that of a process that is
// gone, in whatever namespace its number was.
bool lock(int file) {
  return ::flock(file, LOCK_EX | LOCK_NB) == 0;
}

void remove_leftover(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) return;
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid()) return;
  if (lock(file.get())) ::unlink(path.c_str());
}

// What cannot be removed stays: the new file does not need its name.
void remove_leftovers(const std::string& path) {
  const std::filesystem::path whole(path);
  const std::string directory = whole.has_parent_path() ? whole.parent_path().string() : ".";
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    if (is_unfinished(entry->path().filename().string(), whole.filename().string()))
      remove_leftover(entry->path().string());
}

// False: another process took it for left over between its creation and its lock.
bool is_still_there(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 && status.st_nlink > 0;
}

}  // namespace

std::expected<NewFile, std::string> NewFile::make(const std::string& path, unsigned mode) {
  constexpr int kNamesTried = 100;
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) return failure("create", path, EEXIST);
  remove_leftovers(path);
  for (int i = 0; i < kNamesTried; ++i) {
    std::string unfinished = fmt::format("{}.{}-{}{}", path, ::getpid(), i, kUnfinished);
    FileDescriptor file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file.valid() && errno != EEXIST) return failure("create", path, errno);
    if (!file.valid()) continue;
    lock(file.get());  // a file system without locks keeps what killed processes leave
    if (is_still_there(file.get())) return NewFile(path, std::move(unfinished), std::move(file));
  }
  return std::unexpected(fmt::format("cannot create {}: what killed runs have left beside it is in the way", path));
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)), unfinished_(std::exchange(other.unfinished_, {})), file_(std::move(other.file_)) {}

NewFile::~NewFile() {
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

std::expected<void, std::string> NewFile::write(std::string_view bytes) {
  if (write_all(file_.get(), bytes)) return {};
  return failure("write", path_, errno);
}

std::expected<void, std::string> NewFile::commit() {
  if (::fsync(file_.get()) != 0) return failure("write", path_, errno);
  if (const int error = rename_to_new(unfinished_, path_); error != 0) return failure("create", path_, error);
  unfinished_.clear();
  return {};
}

}  // namespace os
