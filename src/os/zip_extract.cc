#include "os/zip_extract.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "os/child_process.h"

namespace os {
namespace {

using base::AwsError;
using base::Result;

constexpr unsigned kRenameExchange = 2;  // RENAME_EXCHANGE, whose header clashes between libc and kernel
constexpr std::size_t kLinkTargetBytesMax = 1024;

AwsError invalid(std::string message) {
  AwsError error;
  error.code = "InvalidParameterValueException";
  error.message = std::move(message);
  return error;
}

AwsError bad_zip() {
  return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
}

AwsError disk_error(std::string_view what) {
  AwsError error;
  error.code = "ServiceException";
  error.message = fmt::format("Unpacking the function's code failed: {}: {}", what, std::strerror(errno));
  error.http_status = 500;
  error.fault = base::Fault::receiver;
  return error;
}

struct ZipClose {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct FileClose {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

enum class EntryKind { file, directory, link };

struct Entry {
  zip_uint64_t index = 0;
  EntryKind kind = EntryKind::file;
  std::string path;  // relative, without a slash at the end
  mode_t permissions = 0;
  uint64_t declared_bytes = 0;
};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

// A relative path of plain names. Control characters are refused with the rest, because a name ends up in logs. A
// backslash is a character like any other, as on AWS: archives made by some Windows programs are full of files named
// "lib\v.txt".
bool path_is_safe(std::string_view path, const ZipLimits& limits) {
  if (path.empty() || path.size() > limits.path_bytes_max || path.front() == '/') return false;
  const bool odd =
      std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (odd) return false;
  const auto parts = split(path);
  return parts.size() <= limits.path_depth_max && std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
           return part.empty() || part == "." || part == ".." || part.size() > 255;
         });
}

// A link may point up only at the start of its target and no further than the package's root. Links are made last and
// no entry lies beneath one, so the directory a link stands in is what its path says, and by induction no chain of
// such links leaves the package.
bool link_is_safe(std::string_view target, std::string_view link_path) {
  if (target.empty() || target.front() == '/' || target.find('\0') != std::string_view::npos) return false;
  const auto parts = split(target);
  const auto depth = split(link_path).size() - 1;
  std::size_t ups = 0;
  while (ups < parts.size() && parts[ups] == "..") ++ups;
  return ups <= depth && std::none_of(parts.begin() + static_cast<std::ptrdiff_t>(ups), parts.end(),
                                      [](std::string_view part) { return part == ".."; });
}

class Extraction {
 public:
  Extraction(zip_t* archive, int root, const ZipLimits& limits) : archive_(archive), root_(root), limits_(limits) {}

  Result<void> check() {
    TRY_ASSIGN(const std::vector<Entry> entries, list());
    for (const Entry& entry : entries) TRY(count(entry.declared_bytes));
    return {};
  }

  Result<void> run() {
    TRY_ASSIGN(const std::vector<Entry> entries, list());
    for (const Entry& entry : entries) {
      if (entry.kind == EntryKind::directory) TRY(make_directories(entry.path));
      if (entry.kind == EntryKind::file) TRY(write_file(entry));
    }
    for (const Entry& entry : entries) {
      if (entry.kind == EntryKind::link) TRY(make_link(entry));
    }
    return {};
  }

 private:
  // Reads and judges the whole directory of the archive before anything is written.
  Result<std::vector<Entry>> list() {
    const zip_int64_t count = zip_get_num_entries(archive_, 0);
    if (count == 0) return base::fail(invalid("Uploaded file must be a non-empty zip"));
    if (count < 0 || count > limits_.entries_max) return base::fail(bad_zip());
    std::vector<Entry> entries;
    std::unordered_set<std::string> names;
    for (zip_int64_t i = 0; i < count; ++i) {
      TRY_ASSIGN(Entry entry, describe(static_cast<zip_uint64_t>(i)));
      if (!names.insert(entry.path).second) return base::fail(bad_zip());
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  Result<Entry> describe(zip_uint64_t index) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive_, index, ZIP_FL_ENC_RAW, &stat) != 0) return base::fail(bad_zip());
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((stat.valid & kNeeded) != kNeeded || stat.encryption_method != ZIP_EM_NONE) return base::fail(bad_zip());
    Entry entry;
    entry.index = index;
    entry.path = stat.name;  // libzip has turned any NUL into a space, so no path is cut short
    const bool named_directory = entry.path.ends_with('/');
    if (named_directory) entry.path.pop_back();
    if (!path_is_safe(entry.path, limits_)) return base::fail(bad_zip());
    if ((stat.valid & ZIP_STAT_SIZE) != 0) entry.declared_bytes = stat.size;

    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(archive_, index, 0, &system, &attributes) != 0) return base::fail(bad_zip());
    // Attributes of other systems say nothing about execution, as on AWS.
    const mode_t mode = system == ZIP_OPSYS_UNIX ? attributes >> 16 : 0;
    switch (mode & S_IFMT) {
      case 0:
        entry.kind = named_directory ? EntryKind::directory : EntryKind::file;
        break;
      case S_IFREG:
        entry.kind = EntryKind::file;
        break;
      case S_IFDIR:
        entry.kind = EntryKind::directory;
        break;
      case S_IFLNK:
        entry.kind = EntryKind::link;
        break;
      default:
        return base::fail(bad_zip());  // devices, sockets, pipes
    }
    if (named_directory != (entry.kind == EntryKind::directory)) return base::fail(bad_zip());
    const mode_t permissions = (mode & 0777) == 0 ? 0644 : mode & 0777;
    entry.permissions = permissions | S_IRUSR;
    return entry;
  }

  // Makes what is missing of `path` and returns its descriptor; a file in the way makes the package invalid.
  Result<FileDescriptor> make_directories(std::string_view path) {
    FileDescriptor directory(::fcntl(root_, F_DUPFD_CLOEXEC, 0));
    if (!directory.valid()) return base::fail(disk_error("directory"));
    for (const std::string_view part : split(path)) {
      if (part.empty()) continue;  // the root itself
      const std::string name(part);
      if (::mkdirat(directory.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        return base::fail(disk_error("directory"));
      }
      FileDescriptor child(::openat(directory.get(), name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!child.valid()) {
        const bool in_the_way = errno == ENOTDIR || errno == ELOOP;
        return base::fail(in_the_way ? bad_zip() : disk_error("directory"));
      }
      directory = std::move(child);
    }
    return directory;
  }

  // The directory an entry stands in (opened), and its last name.
  Result<std::pair<FileDescriptor, std::string>> parent_of(const Entry& entry) {
    const std::size_t slash = entry.path.rfind('/');
    const bool at_root = slash == std::string::npos;
    TRY_ASSIGN(FileDescriptor directory,
               make_directories(at_root ? "" : std::string_view(entry.path).substr(0, slash)));
    return std::pair(std::move(directory), at_root ? entry.path : entry.path.substr(slash + 1));
  }

  Result<void> count(uint64_t bytes) {
    unzipped_bytes_ += std::min(bytes, limits_.unzipped_bytes_max);  // what is declared may be anything
    if (unzipped_bytes_ < limits_.unzipped_bytes_max) return {};
    return base::fail(invalid(fmt::format("Unzipped size must be smaller than {} bytes", limits_.unzipped_bytes_max)));
  }

  // Inflates an entry piece by piece; `take` returns false if it could not store one.
  template <class Take>
  Result<void> inflate(const Entry& entry, const Take& take) {
    const std::unique_ptr<zip_file_t, FileClose> file(zip_fopen_index(archive_, entry.index, 0));
    if (!file) return base::fail(bad_zip());
    std::array<char, 64 * 1024> piece;
    while (true) {
      const zip_int64_t got = zip_fread(file.get(), piece.data(), piece.size());
      if (got < 0) return base::fail(bad_zip());  // broken stream or wrong checksum
      if (got == 0) return {};
      TRY(count(static_cast<uint64_t>(got)));
      TRY(take(std::string_view(piece.data(), static_cast<std::size_t>(got))));
    }
  }

  Result<void> write_file(const Entry& entry) {
    TRY_ASSIGN(const auto parent, parent_of(entry));
    const auto& [directory, name] = parent;
    const FileDescriptor file(
        ::openat(directory.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid()) return base::fail(errno == EEXIST ? bad_zip() : disk_error("file"));
    TRY(inflate(entry, [&](std::string_view bytes) -> Result<void> {
      while (!bytes.empty()) {
        const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return base::fail(disk_error("write"));
        bytes.remove_prefix(static_cast<std::size_t>(written));
      }
      return {};
    }));
    if (::fchmod(file.get(), entry.permissions) != 0) return base::fail(disk_error("permissions"));
    return {};
  }

  Result<void> make_link(const Entry& entry) {
    std::string target;
    TRY(inflate(entry, [&](std::string_view bytes) -> Result<void> {
      if (target.size() + bytes.size() > kLinkTargetBytesMax) return base::fail(bad_zip());
      target += bytes;
      return {};
    }));
    if (!link_is_safe(target, entry.path)) return base::fail(bad_zip());
    TRY_ASSIGN(const auto parent, parent_of(entry));
    if (::symlinkat(target.c_str(), parent.first.get(), parent.second.c_str()) != 0) {
      return base::fail(errno == EEXIST ? bad_zip() : disk_error("link"));
    }
    return {};
  }

  zip_t* archive_;
  int root_;
  const ZipLimits& limits_;
  uint64_t unzipped_bytes_ = 0;
};

// Puts `from` in the place of `to`, atomically even if `to` exists; what was there is then at `from`.
bool install(const std::string& from, const std::string& to) {
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), kNoReplace) == 0) return true;
  if (errno != EEXIST) return false;
  return ::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), kRenameExchange) == 0;
}

using Archive = std::unique_ptr<zip_t, ZipClose>;

// Null if they are none.
Archive open_archive(std::string_view zip_bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(zip_bytes.data(), zip_bytes.size(), 0, &error);
  // Without ZIP_CHECKCONS: libzip 1.7 refuses every archive that was written as a stream (sizes behind the data), as
  // Go's, Java's and CMake's are. Only the central directory counts here.
  Archive archive(source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error));
  zip_error_fini(&error);
  if (archive == nullptr && source != nullptr) zip_source_free(source);
  return archive;
}

}  // namespace

void remove_tree(const std::string& directory) {
  std::error_code ignored;  // what is left over is in a directory that nobody reads
  std::filesystem::remove_all(directory, ignored);
}

Result<void> check_zip(std::string_view zip_bytes, const ZipLimits& limits) {
  const Archive archive = open_archive(zip_bytes);
  if (archive == nullptr) return base::fail(bad_zip());
  return Extraction(archive.get(), -1, limits).check();
}

Result<void> extract_zip(std::string_view zip_bytes, const std::string& destination, const ZipLimits& limits) {
  const Archive archive = open_archive(zip_bytes);
  if (archive == nullptr) return base::fail(bad_zip());
  std::error_code code;
  std::filesystem::create_directories(std::filesystem::path(destination).parent_path(), code);
  std::string staging = destination + ".XXXXXX";
  if (::mkdtemp(staging.data()) == nullptr) return base::fail(disk_error("directory"));
  Result<void> result;
  {
    const FileDescriptor root(::open(staging.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!root.valid() || ::fchmod(root.get(), 0755) != 0) {
      result = base::fail(disk_error("directory"));
    } else {
      result = Extraction(archive.get(), root.get(), limits).run();
    }
  }
  if (result && !install(staging, destination)) result = base::fail(disk_error("rename"));
  remove_tree(staging);
  return result;
}

}  // namespace os
