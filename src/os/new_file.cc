#include "os/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
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

}  // namespace

std::expected<NewFile, std::string> NewFile::make(const std::string& path) {
  constexpr int kNamesTried = 100;
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) return failure("create", path, EEXIST);
  for (int i = 0; i < kNamesTried; ++i) {
    std::string unfinished = fmt::format("{}.{}-{}.part", path, ::getpid(), i);
    FileDescriptor file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.valid()) return NewFile(path, std::move(unfinished), std::move(file));
    if (errno != EEXIST) return failure("create", path, errno);
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
