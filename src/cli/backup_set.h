// BackupSet: a directory of backups, which share what they have in common. In it are `files/`, one file for each
// content by its SHA-256, and `backups/`, one manifest for each backup: a JSON object that names its files. A manifest
// appears last, whole and synced, so a backup is there and complete or is not there; what a killed one has left in
// `files/` no manifest names, and the next one removes it. A file TILLSTREAM-BACKUPS marks the directory; one that has
// other things in it and no mark is refused and left as it is. Owned by a command; used from one thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "os/child_process.h"

namespace cli {

inline constexpr std::string_view kBackupMarkerName = "TILLSTREAM-BACKUPS";

struct BackupFile {
  std::string path;  // in the data directory, such as store/db/000012.sst
  uint64_t bytes = 0;
  int64_t modified_ns = 0;  // of the source
  std::string sha256;       // in hex
};

struct Backup {
  std::string id;    // when it was begun, 20260102T030405.678Z: ids are in the order of time
  std::string till;  // the version that made it
  uint64_t data_format = 0;
  uint64_t sequence = 0;  // up to this every write is in it
  std::vector<BackupFile> files;
  [[nodiscard]] uint64_t bytes() const;
};

class BackupSet {
 public:
  struct Error {
    std::string message;  // one sentence for people
    bool busy = false;    // another process has the set
  };
  struct Source {
    std::string path;       // see BackupFile
    std::string from;       // where it is
    bool is_fixed = false;  // what has its name, size and time has its content, too, and need not be read again
    bool may_go = false;    // somebody may remove it meanwhile; it is left out then
  };
  struct Added {
    uint64_t files = 0;  // new ones
    uint64_t bytes = 0;
  };
  // Told after each file; false ends it there, as if it had failed.
  using Progress = std::function<bool(uint64_t done, uint64_t total)>;

  // For add() and keep(): makes `directory` with mode 0700 if it is not there or is empty, and has it to itself.
  static std::expected<BackupSet, Error> open_to_write(const std::string& directory);
  // For the rest; it may be on something that cannot be written. No other process writes to it meanwhile.
  static std::expected<BackupSet, Error> open_to_read(const std::string& directory);

  // The oldest first.
  [[nodiscard]] std::expected<std::vector<std::string>, Error> ids() const;
  // When the newest was begun; nullopt: there is none.
  [[nodiscard]] std::optional<base::Timestamp> newest() const;
  [[nodiscard]] std::expected<Backup, Error> read(const std::string& id) const;

  // Puts `backup` into the set, with what `sources` have at this moment for its files; its id becomes later than every
  // other's. Everything new is read back from the disk before the backup counts. If it fails the set is as it was.
  std::expected<Added, Error> add(Backup& backup, const std::vector<Source>& sources, const Progress& progress);
  // Removes all backups but the newest `count`, and what only they had. The answer is how many.
  std::expected<std::size_t, Error> keep(std::size_t count);

  // A sentence for each file of `backup` that is missing or is not as it was written.
  [[nodiscard]] std::vector<std::string> damaged(const Backup& backup, const Progress& progress) const;
  // Writes the files into the directory `to`, which is there, and has them on the disk when it returns.
  std::expected<void, Error> copy_out(const Backup& backup, const std::string& to, const Progress& progress) const;

 private:
  BackupSet(std::string directory, os::FileDescriptor lock)
      : directory_(std::move(directory)), lock_(std::move(lock)) {}
  [[nodiscard]] std::string place_of(const BackupFile& file) const { return directory_ + "/files/" + file.sha256; }
  [[nodiscard]] std::string manifest_of(const std::string& id) const { return directory_ + "/backups/" + id + ".json"; }
  std::expected<void, Error> take(const Source& source, const Backup* last, Backup& into,
                                  std::vector<BackupFile>& written, Added& added);
  // Removes what no backup names, if every manifest can be read.
  std::expected<void, Error> clean() const;

  std::string directory_;
  os::FileDescriptor lock_;
};

}  // namespace cli
