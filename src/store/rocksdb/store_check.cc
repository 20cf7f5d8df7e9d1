// check_rocksdb_store of rocksdb_store.h.
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/metadata.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "store/rocksdb/blob_scan.h"
#include "store/rocksdb/directory_lock.h"
#include "store/rocksdb/recovery.h"
#include "store/rocksdb/watermark.h"

namespace store {
namespace {

namespace fs = std::filesystem;

// The names of the tables and blobs that the store refers to; if it cannot say, of those that are there.
std::vector<std::string> files_of(const std::string& path, const rocksdb::Options& reading) {
  std::vector<std::string> names;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::OpenForReadOnly(reading, path, &raw);
  const std::unique_ptr<rocksdb::DB> db(raw);
  if (status.ok()) {
    rocksdb::ColumnFamilyMetaData found;
    db->GetColumnFamilyMetaData(&found);
    for (const auto& level : found.levels)
      for (const auto& file : level.files) names.push_back(fs::path(file.name).filename().string());
    for (const auto& file : found.blob_files) names.push_back(fs::path(file.blob_file_name).filename().string());
  } else {
    std::error_code error;
    for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator(); entry.increment(error))
      if (const auto kind = entry->path().extension(); kind == ".sst" || kind == ".blob")
        names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string damage_in_table(const std::string& path, const rocksdb::Options& reading) {
  rocksdb::SstFileReader reader(reading);
  auto status = reader.Open(path);
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  if (status.ok()) status = reader.VerifyChecksum(options);
  return status.ok() ? std::string() : "is damaged: " + status.ToString();
}

}  // namespace

std::expected<StoreCheck, OpenError> check_rocksdb_store(
    const RocksDbOptions& options, const std::function<void(std::size_t, std::size_t)>& progress) {
  const auto lock = DirectoryLock::take(options.directory);
  if (!lock) return std::unexpected(lock.error());
  const std::string path = options.directory + "/db";
  const rocksdb::Options reading = rocksdb_options(options);
  StoreCheck out;
  const auto watermark = Watermark::open(options.directory, false);
  if (!watermark) out.damage.push_back({options.directory + "/watermark", watermark.error().message});
  const auto names = files_of(path, reading);
  for (const std::string& name : names) {
    const std::string file = path + "/" + name;
    std::error_code error;
    const uint64_t bytes = fs::file_size(file, error);
    std::string what = error ? "cannot be read: " + error.message() : std::string();
    if (what.empty()) what = name.ends_with(".sst") ? damage_in_table(file, reading) : damage_in_blob_file(file);
    if (!what.empty()) out.damage.push_back({file, std::move(what)});
    ++out.files;
    out.bytes += error ? 0 : bytes;
    progress(out.files, names.size());
  }
  // What else RocksDB would refuse, unless that is a file which is named already.
  if (!out.damage.empty()) return out;
  if (const auto newest = inspect_store(path, reading, watermark->sequence()); !newest) {
    if (newest.error().kind == OpenError::Kind::other) return std::unexpected(newest.error());
    std::string what = newest.error().message;
    // RocksDB names a table that is missing by its older ending.
    if (const std::size_t at = what.find(".ldb"); at != std::string::npos) what.replace(at, 4, ".sst");
    out.damage.push_back({path, std::move(what)});
  }
  return out;
}

}  // namespace store
