#include "cli/backup_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/encoding.h"
#include "base/time.h"
#include "cli/output.h"
#include "os/data_directory.h"
#include "os/env.h"
#include "os/write_all.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
using Error = BackupSet::Error;

// The first line is what the marker is known by.
constexpr std::string_view kMarkerFirstLine = "These are backups of till (Tillstream).\n";
constexpr std::string_view kMarkerText =
    "These are backups of till (Tillstream).\n"
    "`till restore` makes a data directory of one; keep nothing of your own here.\n";
constexpr uint64_t kManifestFormat = 1;
constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::string_view kIdShape = "00000000T000000.000Z";

std::unexpected<Error> failure(std::string_view what, const std::string& path) {
  return std::unexpected(Error{fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))});
}

bool is_id(std::string_view text) {
  return std::ranges::equal(text, kIdShape,
                            [](char c, char shape) { return shape == '0' ? c >= '0' && c <= '9' : c == shape; });
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Whether it names a file of a data directory's data and nothing beside it.
bool is_data_path(std::string_view path) {
  if (!path.starts_with("store/") && !path.starts_with("outbox/")) return false;
  const fs::path parts(path);
  return std::ranges::none_of(parts, [](const fs::path& part) { return part.empty() || part == ".." || part == "."; });
}

// Reads `path` to its end and gives each piece to `use`, which says whether to go on; false with errno set if that
// failed. `from_disk`: not from the system's memory, as far as it can be had to forget.
bool read_pieces(const std::string& path, bool from_disk, const std::function<bool(std::string_view)>& use) {
  const os::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return false;
  if (from_disk) ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const ssize_t size = ::read(file.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return size == 0;
    if (!use(std::string_view(piece).substr(0, static_cast<std::size_t>(size)))) return false;
  }
}

struct Content {
  uint64_t bytes = 0;
  std::string sha256;
};

std::optional<Content> content_of(const std::string& path, bool from_disk) {
  base::Digest digest(base::Digest::Kind::sha256);
  Content out;
  const bool read = read_pieces(path, from_disk, [&](std::string_view piece) {
    digest.update(piece);
    out.bytes += piece.size();
    return true;
  });
  if (!read) return std::nullopt;
  out.sha256 = base::hex_encode(digest.finish());
  return out;
}

// Copies to a new file; nullopt with errno set if that failed. `failed` names the one that it failed at.
std::optional<Content> copy(const std::string& from, const std::string& to, std::string& failed) {
  const os::FileDescriptor out(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  failed = to;
  if (!out.valid()) return std::nullopt;
  failed = from;
  base::Digest digest(base::Digest::Kind::sha256);
  Content content;
  const bool done = read_pieces(from, false, [&](std::string_view piece) {
    digest.update(piece);
    content.bytes += piece.size();
    if (os::write_all(out.get(), piece)) return true;
    failed = to;
    return false;
  });
  if (!done) return std::nullopt;
  content.sha256 = base::hex_encode(digest.finish());
  return content;
}

// Has everything of the file system that `directory` is on written to the disk.
bool sync_all(const std::string& directory) {
  const os::FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.valid() && ::syncfs(file.get()) == 0;
}

// The end of a manifest: the hash of what stands before it.
std::string seal(const std::string& text) {
  return fmt::format(",\"sha256\":\"{}\"}}\n", base::hex_encode(base::sha256(text)));
}

std::string manifest_text(const Backup& backup) {
  std::string text =
      fmt::format("{{\"format\":{},\"id\":{},\"till\":{},\"data_format\":{},\"sequence\":{},\"files\":[",
                  kManifestFormat, json_text(backup.id), json_text(backup.till), backup.data_format, backup.sequence);
  for (const BackupFile& file : backup.files)
    text += fmt::format("{}\n{{\"path\":{},\"bytes\":{},\"modified_ns\":{},\"sha256\":\"{}\"}}",
                        &file == backup.files.data() ? "" : ",", json_text(file.path), file.bytes, file.modified_ns,
                        file.sha256);
  text += "]";
  return text + seal(text);
}

bool parse_files(const simdjson::dom::array& files, Backup& out) {
  for (const simdjson::dom::element each : files) {
    BackupFile file;
    std::string_view path;
    std::string_view hash;
    if (each["path"].get(path) != simdjson::SUCCESS || each["sha256"].get(hash) != simdjson::SUCCESS ||
        each["bytes"].get(file.bytes) != simdjson::SUCCESS ||
        each["modified_ns"].get(file.modified_ns) != simdjson::SUCCESS || !is_data_path(path) || !is_hash(hash))
      return false;
    file.path = path;
    file.sha256 = hash;
    out.files.push_back(std::move(file));
  }
  return true;
}

bool is_later(const std::string& a, const std::string& b) {
  return a > b;
}

// 20260102T030405.678Z
std::string id_of(base::Timestamp time) {
  std::string text = base::format_iso8601_milliseconds(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

// The time of such an id as ISO 8601.
std::string time_of(const std::string& id) {
  return fmt::format("{}-{}-{}:{}:{}", id.substr(0, 4), id.substr(4, 2), id.substr(6, 5), id.substr(11, 2),
                     id.substr(13));
}

std::string next_id(const std::vector<std::string>& earlier) {
  const base::Timestamp now = os::WallClock().now();
  std::string id = id_of(now);
  if (earlier.empty() || is_later(id, earlier.back())) return id;  // else the clock has gone back
  const auto last = base::parse_iso8601(time_of(earlier.back()));
  return id_of(last.value_or(now) + std::chrono::milliseconds(1));
}

std::expected<void, Error> look_for_marker(const std::string& directory) {
  std::ifstream file(directory + "/" + std::string(kBackupMarkerName));
  std::string line;
  if (std::getline(file, line) && line + "\n" == kMarkerFirstLine) return {};
  return std::unexpected(
      Error{fmt::format("{} is not a directory of backups: it has no file {}. Nothing in it was "
                        "changed; name another one",
                        directory, kBackupMarkerName)});
}

std::expected<os::FileDescriptor, Error> lock_of(const std::string& directory, bool to_write) {
  const std::string path = directory + "/lock";
  os::FileDescriptor file(to_write ? ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)
                                   : ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return failure("open", path);
  if (::flock(file.get(), (to_write ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return failure("lock", path);
  return std::unexpected(Error{
      directory + " is in use by another `till backup` or `till restore`; wait for its end, and try again", true});
}

}  // namespace

uint64_t Backup::bytes() const {
  uint64_t sum = 0;
  for (const BackupFile& file : files) sum += file.bytes;
  return sum;
}

std::expected<BackupSet, Error> BackupSet::open_to_write(const std::string& directory) {
  std::error_code error;
  const bool there = fs::exists(directory, error);
  if (error) return std::unexpected(Error{fmt::format("cannot look at {}: {}", directory, error.message())});
  if (!there) {
    fs::create_directories(fs::path(directory).parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return failure("create", directory);
  }
  const std::string marker = directory + "/" + std::string(kBackupMarkerName);
  const bool empty = fs::is_empty(directory, error);
  if (error) return std::unexpected(Error{fmt::format("cannot look into {}: {}", directory, error.message())});
  if (empty && !os::replace_file_synced(marker, kMarkerText)) return failure("write", marker);
  if (const auto marked = look_for_marker(directory); !marked) return std::unexpected(marked.error());
  auto lock = lock_of(directory, true);
  if (!lock) return std::unexpected(lock.error());
  for (const char* name : {"/files", "/backups"})
    if (::mkdir((directory + name).c_str(), 0700) != 0 && errno != EEXIST) return failure("create", directory + name);
  BackupSet set(directory, std::move(*lock));
  if (const auto cleaned = set.clean(); !cleaned) return std::unexpected(cleaned.error());
  return set;
}

std::expected<BackupSet, Error> BackupSet::open_to_read(const std::string& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return std::unexpected(Error{directory + " is not a directory"});
  if (const auto marked = look_for_marker(directory); !marked) return std::unexpected(marked.error());
  auto lock = lock_of(directory, false);
  if (!lock) return std::unexpected(lock.error());
  return BackupSet(directory, std::move(*lock));
}

std::expected<std::vector<std::string>, Error> BackupSet::ids() const {
  std::vector<std::string> out;
  std::error_code error;
  const std::string path = directory_ + "/backups";
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator(); entry.increment(error))
    if (const fs::path& file = entry->path(); file.extension() == ".json" && is_id(file.stem().string()))
      out.push_back(file.stem().string());
  if (error) return std::unexpected(Error{fmt::format("cannot look into {}: {}", path, error.message())});
  std::ranges::sort(out);
  return out;
}

std::optional<base::Timestamp> BackupSet::newest() const {
  const auto all = ids();
  if (!all || all->empty()) return std::nullopt;
  return base::parse_iso8601(time_of(all->back()));
}

std::expected<Backup, Error> BackupSet::read(const std::string& id) const {
  const std::string path = manifest_of(id);
  const auto damaged = [&] {
    return std::unexpected(Error{path + " is damaged: it is not as it was written; take another backup, by --at"});
  };
  std::string text;
  if (!read_pieces(path, false, [&](std::string_view piece) {
        text += piece;
        return true;
      }))
    return failure("read", path);
  const std::size_t end = seal("").size();
  if (text.size() < end || seal(text.substr(0, text.size() - end)) != text.substr(text.size() - end)) return damaged();
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  uint64_t format = 0;
  if (parser.parse(text).get(document) != simdjson::SUCCESS || document["format"].get(format) != simdjson::SUCCESS)
    return damaged();
  Backup out;
  std::string_view till;
  if (document["till"].get(till) != simdjson::SUCCESS) return damaged();
  if (format != kManifestFormat)
    return std::unexpected(
        Error{fmt::format("{} was written by till {}, in a form that this version does not know: "
                          "restore it with that version",
                          path, till)});
  simdjson::dom::array files;
  if (document["data_format"].get(out.data_format) != simdjson::SUCCESS ||
      document["sequence"].get(out.sequence) != simdjson::SUCCESS ||
      document["files"].get(files) != simdjson::SUCCESS || !parse_files(files, out))
    return damaged();
  out.id = id;
  out.till = till;
  return out;
}

// One file, unless the last backup has it or there is one of this content.
std::expected<void, Error> BackupSet::take(const Source& source, const Backup* last, Backup& into,
                                           std::vector<BackupFile>& written, Added& added) {
  struct stat status{};
  if (::lstat(source.from.c_str(), &status) != 0) {
    if (source.may_go && errno == ENOENT) return {};
    return failure("read", source.from);
  }
  BackupFile file{.path = source.path,
                  .bytes = static_cast<uint64_t>(status.st_size),
                  .modified_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec,
                  .sha256 = ""};
  std::error_code error;
  if (source.is_fixed && last != nullptr) {
    const auto same = std::ranges::find_if(last->files, [&](const BackupFile& each) {
      return each.path == file.path && each.bytes == file.bytes && each.modified_ns == file.modified_ns;
    });
    if (same != last->files.end() && fs::file_size(place_of(*same), error) == same->bytes && !error) {
      into.files.push_back(*same);
      return {};
    }
  }
  const std::string unfinished = directory_ + "/files/unfinished";
  std::string failed;
  const auto content = copy(source.from, unfinished, failed);
  if (!content) {
    if (source.may_go && errno == ENOENT) return {};
    return failure(failed == unfinished ? "write" : "read", failed == unfinished ? directory_ + "/files" : failed);
  }
  file.bytes = content->bytes;
  file.sha256 = content->sha256;
  const bool is_new = !fs::exists(place_of(file), error);
  // Over one of the same content, too: that may have been damaged since.
  if (::rename(unfinished.c_str(), place_of(file).c_str()) != 0) return failure("write", place_of(file));
  written.push_back(file);
  if (is_new) {
    ++added.files;
    added.bytes += file.bytes;
  }
  into.files.push_back(std::move(file));
  return {};
}

std::expected<BackupSet::Added, Error> BackupSet::add(Backup& backup, const std::vector<Source>& sources,
                                                      const Progress& progress) {
  const auto earlier = ids();
  if (!earlier) return std::unexpected(earlier.error());
  backup.id = next_id(*earlier);
  auto last = earlier->empty() ? std::expected<Backup, Error>(Backup()) : read(earlier->back());
  std::vector<BackupFile> written;
  Added added;
  const auto fill = [&]() -> std::expected<void, Error> {
    uint64_t done = 0;
    for (const Source& source : sources) {
      if (auto taken = take(source, last ? &*last : nullptr, backup, written, added); !taken) return taken;
      if (!progress(++done, sources.size())) return std::unexpected(Error{"it was interrupted"});
    }
    if (!sync_all(directory_)) return failure("write", directory_);
    for (const BackupFile& file : written) {
      const auto content = content_of(place_of(file), true);
      if (!content) return failure("read", place_of(file));
      if (content->sha256 != file.sha256)
        return std::unexpected(
            Error{fmt::format("{} does not have what was written to it: the disk of {} cannot be "
                              "relied on",
                              place_of(file), directory_)});
    }
    if (!os::replace_file_synced(manifest_of(backup.id), manifest_text(backup)))
      return failure("write", manifest_of(backup.id));
    return {};
  };
  if (auto filled = fill(); !filled) {
    static_cast<void>(clean());
    return std::unexpected(std::move(filled).error());
  }
  return added;
}

std::expected<std::size_t, Error> BackupSet::keep(std::size_t count) {
  const auto all = ids();
  if (!all) return std::unexpected(all.error());
  std::size_t removed = 0;
  for (; all->size() - removed > count; ++removed)
    if (const std::string path = manifest_of((*all)[removed]); ::unlink(path.c_str()) != 0)
      return failure("remove", path);
  if (removed == 0) return 0;
  if (!os::sync_directory(directory_ + "/backups")) return failure("write", directory_ + "/backups");
  if (const auto cleaned = clean(); !cleaned) return std::unexpected(cleaned.error());
  return removed;
}

std::expected<void, Error> BackupSet::clean() const {
  const auto all = ids();
  if (!all) return std::unexpected(all.error());
  std::set<std::string> named;
  for (const std::string& id : *all) {
    const auto backup = read(id);
    if (!backup) return {};  // who knows what it named
    for (const BackupFile& file : backup->files) named.insert(file.sha256);
  }
  std::error_code error;
  const std::string files = directory_ + "/files";
  std::vector<fs::path> unnamed;
  for (fs::directory_iterator entry(files, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if ((is_hash(name) || name == "unfinished") && !named.contains(name)) unnamed.push_back(entry->path());
  }
  for (const fs::path& path : unnamed)
    if (::unlink(path.c_str()) != 0) return failure("remove", path.string());
  return {};
}

std::vector<std::string> BackupSet::damaged(const Backup& backup, const Progress& progress) const {
  std::vector<std::string> out;
  uint64_t done = 0;
  for (const BackupFile& file : backup.files) {
    const auto content = content_of(place_of(file), true);
    if (!content)
      out.push_back(fmt::format("{} cannot be read: {} (it is {})", place_of(file), std::strerror(errno), file.path));
    else if (content->bytes != file.bytes || content->sha256 != file.sha256)
      out.push_back(fmt::format("{} is damaged: it is not as it was written (it is {})", place_of(file), file.path));
    if (!progress(++done, backup.files.size())) break;
  }
  return out;
}

std::expected<void, Error> BackupSet::copy_out(const Backup& backup, const std::string& to,
                                               const Progress& progress) const {
  uint64_t done = 0;
  for (const BackupFile& file : backup.files) {
    const std::string target = to + "/" + file.path;
    for (std::size_t slash = to.size() + 1; (slash = target.find('/', slash)) != std::string::npos; ++slash)
      if (const std::string parent = target.substr(0, slash); ::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST)
        return failure("create", parent);
    std::string failed;
    const auto content = copy(place_of(file), target, failed);
    if (!content) return failure(failed == target ? "write" : "read", failed);
    if (content->sha256 != file.sha256)
      return std::unexpected(Error{fmt::format("{} is damaged: it is not as it was written", place_of(file))});
    if (!progress(++done, backup.files.size())) return std::unexpected(Error{"it was interrupted"});
  }
  if (!sync_all(to)) return failure("write", to);
  return {};
}

}  // namespace cli
