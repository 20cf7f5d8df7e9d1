#include "os/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "os/write_all.h"
#include "os/zip_extract.h"

namespace os {
namespace {

namespace fs = std::filesystem;

// The first line is what the marker is known by.
constexpr std::string_view kMarkerFirstLine = "This is a data directory of till (Tillstream).\n";
constexpr std::string_view kMarkerText =
    "This is a data directory of till (Tillstream).\n"
    "The program makes, changes and removes files in it; keep nothing of your own here.\n";
constexpr std::string_view kFormatNote = "Their format is ";  // <number>, of till <version>.
constexpr std::string_view kFormatVersion = ", of till ";
constexpr std::string_view kStoreNote = "Its data are in the directory store.\n";  // the last line

std::unexpected<std::string> failure(std::string_view what, const std::string& path) {
  return std::unexpected(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

// "the user shop", or "the user 1000" where that has no name.
std::string user_of(uid_t id) {
  std::array<char, 1024> strings{};
  passwd entry{};
  passwd* found = nullptr;
  const bool named = ::getpwuid_r(id, &entry, strings.data(), strings.size(), &found) == 0 && found != nullptr;
  return fmt::format("the user {}", named ? std::string(entry.pw_name) : std::to_string(id));
}

// Of these the first that this process may not read and change; a directory's files are among them, not what is below.
std::string first_forbidden(const std::vector<std::string>& paths) {
  for (const std::string& path : paths)
    if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) != 0 && errno == EACCES) return path;
  return {};
}

// The beginning of a regular file that no symbolic link stands for; nullopt if there is none, or it cannot be read.
std::optional<std::string> beginning_of(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::array<char, 1024> bytes{};
  const ssize_t size = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (size < 0) return std::nullopt;
  return std::string(bytes.data(), static_cast<std::size_t>(size));
}

std::string forbidden(const std::string& path, const std::string& directory) {
  struct stat status{};
  const bool known = ::lstat(path.c_str(), &status) == 0;
  return fmt::format(
      "cannot read and change {}: Permission denied; it belongs to {}. `chown -R {} {}`, as root, gives it to "
      "the user that this runs as",
      path, known ? user_of(status.st_uid) : "another user", ::geteuid(), directory);
}

// run-<UUID>, as RunDirectory::make names them and nobody else does.
bool is_run_name(std::string_view name) {
  constexpr std::string_view kPrefix = "run-";
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kShape.size()) return false;
  name.remove_prefix(kPrefix.size());
  return std::ranges::equal(name, kShape, [](char c, char shape) {
    return shape == '-' ? c == '-' : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

// The path or one above it, if that is a symbolic link that leads nowhere: no directory can be made there.
std::string link_to_nothing(const fs::path& path) {
  std::error_code error;
  for (fs::path each = path; each.has_relative_path(); each = each.parent_path())
    if (fs::is_symlink(each, error) && !fs::exists(each, error)) return each.string();
  return {};
}

}  // namespace

std::expected<DirectoryOwner, std::string> owner_of(const std::string& directory) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (error == std::errc::no_such_file_or_directory) {
    const std::string link = link_to_nothing(directory);
    if (link.empty()) return DirectoryOwner::nobody;
    return std::unexpected(
        fmt::format("{} is a symbolic link to {}, which is not there: make that directory, or take "
                    "the link away",
                    link, fs::read_symlink(link, error).string()));
  }
  if (error) return std::unexpected(fmt::format("cannot look at {}: {}", directory, error.message()));
  if (!fs::is_directory(status)) return std::unexpected(directory + " is not a directory");
  // The names first: a process that is starting makes the marker before anything else.
  std::vector<std::string> names;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator() && names.size() < 2; entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) return std::unexpected(fmt::format("cannot look into {}: {}", directory, error.message()));
  if (names.empty()) return DirectoryOwner::nobody;
  const std::string path = directory + "/" + std::string(kMarkerName);
  errno = 0;
  const auto marker = beginning_of(path);
  if (!marker.has_value() && errno == EACCES) return std::unexpected(forbidden(path, directory));
  if (marker.has_value() && marker->starts_with(kMarkerFirstLine)) return DirectoryOwner::us;
  // Somebody was killed, or is at it, between the marker's name and its text.
  const bool unfinished = marker.has_value() && names.size() == 1 && kMarkerText.starts_with(*marker);
  return unfinished ? DirectoryOwner::nobody : DirectoryOwner::unknown;
}

std::expected<void, std::string> mark_directory(const std::string& directory) {
  const fs::path path(directory);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    std::error_code error;
    if (errno == ENOENT) fs::create_directories(path.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return failure("create", directory);
  }
  const std::string marker = directory + "/" + std::string(kMarkerName);
  const FileDescriptor file(::open(marker.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!file.valid()) return failure("create", marker);
  // Whoever else writes it at this moment writes the same.
  if (!write_all(file.get(), kMarkerText) || ::fsync(file.get()) != 0 || !sync_directory(directory))
    return failure("write", marker);
  // The name of the directory itself must survive a power cut too.
  sync_directory(path.parent_path().string());
  return {};
}

namespace {

enum class Synced : uint8_t { no, yes };
bool replace(const std::string& path, std::string_view content, Synced synced) {
  std::string unfinished = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(unfinished.data(), O_CLOEXEC));
  if (!file.valid()) return false;
  const bool written = write_all(file.get(), content) && (synced == Synced::no || ::fsync(file.get()) == 0);
  if (written && ::rename(unfinished.c_str(), path.c_str()) == 0)
    return synced == Synced::no || sync_directory(fs::path(path).parent_path().string());
  const int reason = errno;
  ::unlink(unfinished.c_str());
  errno = reason;
  return false;
}

}  // namespace

std::expected<void, std::string> make_file(const std::string& path, std::string_view content) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid()) return failure("create", path);
  if (write_all(file.get(), content)) return {};
  const auto failed = failure("write", path);
  ::unlink(path.c_str());
  return failed;
}

std::expected<void, std::string> make_secret_file(const std::string& path, std::string_view content) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.valid()) return failure("create", path);
  if (write_all(file.get(), content) && ::fsync(file.get()) == 0) return {};
  const auto failed = failure("write", path);
  ::unlink(path.c_str());
  return failed;
}

bool note_store(const std::string& directory, const DataFormat& format) {
  const std::string text = fmt::format("{}{}{}{}{}.\n{}", kMarkerText, kFormatNote, format.number, kFormatVersion,
                                       format.version, kStoreNote);
  return replace(directory + "/" + std::string(kMarkerName), text, Synced::yes);
}

std::optional<DataFormat> noted_format(const std::string& directory) {
  const auto marker = beginning_of(directory + "/" + std::string(kMarkerName));
  const std::string text = "\n" + marker.value_or("");
  const std::size_t begin = text.find("\n" + std::string(kFormatNote));
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t at = begin + 1 + kFormatNote.size();
  const std::string line = text.substr(at, text.find('\n', at) - at);
  DataFormat out;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), out.number);
  const std::size_t digits = static_cast<std::size_t>(end - line.data());
  if (error != std::errc() || !line.substr(digits).starts_with(kFormatVersion) || !line.ends_with('.'))
    return DataFormat{UINT64_MAX, "a version that writes this in another way"};
  out.version = line.substr(digits + kFormatVersion.size(), line.size() - digits - kFormatVersion.size() - 1);
  return out;
}

bool notes_store(const std::string& directory) {
  const auto marker = beginning_of(directory + "/" + std::string(kMarkerName));
  return marker.has_value() && marker->ends_with(kStoreNote);
}

std::string foreign_link(const std::string& directory) {
  std::error_code error;
  for (const std::string_view name : {"/store", "/outbox", "/outbox/waiting", "/outbox/sent", "/outbox/failed"})
    if (const std::string path = directory + std::string(name); fs::is_symlink(path, error)) return path;
  for (const std::string_view inner : {"/store", "/store/db"}) {
    fs::directory_iterator entry(directory + std::string(inner), error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error))
      if (entry->is_symlink(error)) return entry->path().string();
  }
  return {};
}

std::string foreign_user(const std::string& directory) {
  const std::string marker = directory + "/" + std::string(kMarkerName);
  struct stat status{};
  if (::geteuid() == 0) {
    if (::lstat(marker.c_str(), &status) != 0 || status.st_uid == 0) return {};
    return fmt::format(
        "{0} belongs to {1}, who could not read what root writes there. Nothing was changed: run this as that "
        "user (`setpriv --reuid {2} --regid {3} --clear-groups till ...`), or start the engine that serves it",
        directory, user_of(status.st_uid), status.st_uid, status.st_gid);
  }
  std::vector<std::string> paths{directory, marker};
  for (const std::string_view inner : {"/store", "/store/db"}) {
    std::error_code error;
    fs::directory_iterator entry(directory + std::string(inner), error);
    if (error == std::errc::permission_denied) return forbidden(directory + std::string(inner), directory);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) paths.push_back(entry->path().string());
  }
  const std::string path = first_forbidden(paths);
  return path.empty() ? std::string() : forbidden(path, directory);
}

bool replace_file(const std::string& path, std::string_view content) {
  return replace(path, content, Synced::no);
}

bool replace_file_synced(const std::string& path, std::string_view content) {
  return replace(path, content, Synced::yes);
}

bool sync_directory(const std::string& path) {
  const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.valid() && ::fsync(directory.get()) == 0;
}

std::expected<RunDirectory, std::string> RunDirectory::make(const std::string& parent, const std::string& id) {
  const std::string path = parent + "/run-" + id;
  const std::string unfinished = path + ".new";  // by a name that remove_ended_runs leaves alone until it is locked
  if (::mkdir(unfinished.c_str(), 0700) != 0) return failure("create", unfinished);
  FileDescriptor lock(::open((unfinished + "/lock").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  // Its own name in it tells the directory from one that somebody else gave such a name.
  if (!lock.valid() || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 || !write_all(lock.get(), id) ||
      ::rename(unfinished.c_str(), path.c_str()) != 0) {
    const auto failed = failure("lock", unfinished);
    remove_tree(unfinished);
    return failed;
  }
  return RunDirectory(path, std::move(lock));
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

RunDirectory& RunDirectory::operator=(RunDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

RunDirectory::~RunDirectory() {
  if (!path_.empty()) remove_tree(path_);
}

static bool names_itself(const std::string& run) {
  std::ifstream file(run + "/lock");
  const std::string id(std::istreambuf_iterator<char>(file), {});
  return !id.empty() && run.ends_with("/run-" + id);
}

void remove_ended_runs(const std::string& parent) {
  std::error_code error;
  std::vector<std::string> found;
  fs::directory_iterator entry(parent, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (is_run_name(entry->path().filename().string())) found.push_back(entry->path().string());
  }
  for (const std::string& path : found) {
    const FileDescriptor lock(::open((path + "/lock").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!lock.valid() || fs::is_symlink(path, error) || !names_itself(path)) continue;
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) remove_tree(path);
  }
}

}  // namespace os
