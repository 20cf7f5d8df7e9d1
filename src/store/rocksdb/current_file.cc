#include "store/rocksdb/current_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "store/rocksdb/directory_lock.h"

namespace store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifest = "MANIFEST-";

// Its number has six digits or more; the longer number is the larger one.
bool is_older(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::optional<std::string> newest_manifest(const std::string& path) {
  std::optional<std::string> newest;
  std::error_code error;
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.starts_with(kManifest) && (!newest.has_value() || is_older(*newest, name))) newest = std::move(name);
  }
  return newest;
}

// Of what RocksDB makes before CURRENT.
bool is_of_beginning(const std::string& name) {
  return name == "IDENTITY" || name == "LOCK" || name == "MANIFEST-000001" || name.starts_with("LOG") ||
         name.ends_with(".dbtmp");
}

}  // namespace

void remove_unfinished_database(const std::string& path) {
  std::error_code error;
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator(); entry.increment(error))
    if (!is_of_beginning(entry->path().filename().string()) || !entry->is_regular_file(error)) return;
  if (error) return;
  fs::remove(path + "/MANIFEST-000001", error);
}

bool has_database(const std::string& path) {
  std::error_code error;
  return fs::exists(path + "/CURRENT", error) || newest_manifest(path).has_value();
}

int unreadable_current(const std::string& path) {
  const File file(::open((path + "/CURRENT").c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file.is_open() || errno == ENOENT || errno == ELOOP ? 0 : errno;
}

std::optional<std::string> manifest_to_name(const std::string& path) {
  std::ifstream file(path + "/CURRENT", std::ios::binary);
  std::string named;
  std::error_code error;
  const bool whole = std::getline(file, named) && named.starts_with(kManifest) && !file.eof();
  if (whole && fs::is_regular_file(path + "/" + named, error)) return std::nullopt;
  return newest_manifest(path);
}

bool write_current(const std::string& path, const std::string& manifest) {
  const std::string unfinished = path + "/CURRENT.dbtmp";  // a name that RocksDB cleans up
  const std::string text = manifest + "\n";
  {
    const File file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open() || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0)
      return false;
  }
  return ::rename(unfinished.c_str(), (path + "/CURRENT").c_str()) == 0 && sync_directory(path);
}

}  // namespace store
