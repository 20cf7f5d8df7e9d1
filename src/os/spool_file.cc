#include "os/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "os/environment.h"

namespace os {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

std::string failure(const std::string& what) {
  return what + ": " + std::generic_category().message(errno);
}

bool write_all(int file, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(file, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

std::expected<SpoolFile, std::string> SpoolFile::of_standard_input() {
  const std::string directory = environment("TMPDIR").value_or("");
  std::string name = (directory.empty() ? "/tmp" : directory) + "/till-input-XXXXXX";
  const std::string what = "standard input cannot be kept in " + name;
  FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));  // with mode 0600
  if (file.get() < 0) return std::unexpected(failure(what));
  ::unlink(name.c_str());
  std::vector<char> piece(kPieceBytes);
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(failure("standard input cannot be read"));
    if (got == 0) return SpoolFile(std::move(file));
    if (!write_all(file.get(), piece.data(), static_cast<std::size_t>(got))) return std::unexpected(failure(what));
  }
}

}  // namespace os
