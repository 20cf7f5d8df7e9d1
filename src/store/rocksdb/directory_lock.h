// DirectoryLock: one process per data directory. Owned by the store for as long as it is open; not thread-safe.
// Also File, the owner of a file descriptor that it and the watermark use.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "store/rocksdb/rocksdb_store.h"

namespace store {

// Closes its descriptor at the end. A value that can only be moved.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File();
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// OpenError of kind `other`: what could not be done to which path, and errno's text.
OpenError system_error(const std::string& what, const std::string& path);
// fsyncs a directory, so that files made in it survive a power cut. False with errno set on failure.
bool sync_directory(const std::string& path);

class DirectoryLock {
 public:
  // Makes `directory`, with mode 0700, if needed, and takes its lock without waiting. A directory that is not empty and
  // has no file `lock` as we write it is refused, so that a wrong path does not turn somebody's home into a store.
  static std::expected<DirectoryLock, OpenError> take(const std::string& directory);

 private:
  explicit DirectoryLock(File file) : file_(std::move(file)) {}
  File file_;  // the lock ends when this is closed
};

}  // namespace store
