#include "cli/data_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/written_endpoint.h"
#include "os/data_directory.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kUuidLength = 36;

// What engines of earlier builds that kept their data in memory left behind: e-mails, and after a kill unpacked code
// and the file `endpoint`. And what `till bench` leaves in a directory that has nothing else.
bool is_passing(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  if (name == "endpoint") return read_endpoint(entry.path().parent_path().string()).instance.size() == kUuidLength;
  if (!entry.is_directory(error) || entry.is_symlink(error)) return false;
  constexpr std::string_view kBench = "bench-";
  if (name.starts_with(kBench) && name.size() == kBench.size() + 8)
    return fs::exists(entry.path() / "orders.ndjson", error);
  constexpr std::string_view kMemory = "memory-";
  if (name.starts_with(kMemory)) return name.size() == kMemory.size() + kUuidLength;
  if (name != "outbox") return false;
  constexpr std::size_t kMailName = std::string_view("20261130T120000Z-0123456789ab").size();
  std::size_t mails = 0;
  fs::directory_iterator mail(entry.path(), error);
  for (; !error && mail != fs::directory_iterator(); mail.increment(error), ++mails) {
    const fs::path file = mail->path();
    if ((file.extension() != ".eml" && file.extension() != ".tmp") || file.stem().string().size() != kMailName)
      return false;
  }
  return !error && mails > 0;
}

// Builds before this one did not mark their directories; what they left there is unmistakable.
bool is_of_an_earlier_build(const std::string& directory) {
  if (store::is_rocksdb_store(directory + "/store")) return true;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (!is_passing(*entry)) return false;
  }
  return !error;
}

}  // namespace

std::string absolute_directory(const std::string& directory) {
  std::error_code error;
  const fs::path path = fs::absolute(directory, error).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).string();
}

std::expected<bool, std::string> has_data(const std::string& directory) {
  const auto owner = os::owner_of(directory);
  if (!owner.has_value()) return std::unexpected(owner.error());
  if (*owner == os::DirectoryOwner::nobody) return false;
  if (*owner == os::DirectoryOwner::us || is_of_an_earlier_build(directory)) return true;
  return std::unexpected(fmt::format(
      "{} is not empty, and it is not a data directory of this program: it has no file {}. Nothing in it was "
      "changed; name another directory with --data or TILL_DATA",
      directory, os::kMarkerName));
}

std::expected<void, std::string> claim_data_directory(const std::string& directory) {
  if (const auto found = has_data(directory); !found.has_value()) return std::unexpected(found.error());
  const auto owner = os::owner_of(directory);
  if (owner.has_value() && *owner == os::DirectoryOwner::us) return {};
  return os::mark_directory(directory);
}

}  // namespace cli
