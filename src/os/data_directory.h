// Which directories are this program's: a marker file says it of a data directory, and what one run of the engine needs
// on the disk is in a directory of its own that is locked while the run lasts. Whatever is not marked, or is marked but
// was not made by this program, is neither removed nor overwritten nor given another mode. Safe from any thread and
// against other processes that do the same.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "os/child_process.h"

namespace os {

inline constexpr std::string_view kMarkerName = "TILLSTREAM";  // of the marker file

enum class DirectoryOwner {
  nobody,   // it is not there, or it is empty
  us,       // it has the marker
  unknown,  // it has something else in it
};
// Looks without changing anything. The error is one sentence for people that names the path.
std::expected<DirectoryOwner, std::string> owner_of(const std::string& directory);

// Puts the marker into `directory`, synced, and makes it with mode 0700 if it is not there; an existing one keeps its
// mode. The caller has looked at what is in it. The error is as above.
std::expected<void, std::string> mark_directory(const std::string& directory);

// In what form data are kept, and by which version of this program they were first kept so.
struct DataFormat {
  uint64_t number = 0;
  std::string version;
};

// Notes in the marker, synced, that the directory `store` belongs to `directory` from now on, and the form of its data;
// and reads these notes. nullopt: nothing is said of the form, as by builds that knew only the first.
bool note_store(const std::string& directory, const DataFormat& format);
bool notes_store(const std::string& directory);
std::optional<DataFormat> noted_format(const std::string& directory);

// A symbolic link where this program has files of its own in `directory`: store, what is in it, outbox and what it has
// there. It makes none, so what one leads to is not ours. Empty: there is none.
std::string foreign_link(const std::string& directory);

// Why this process's user should not, or cannot, work in `directory`, which has the marker: what root writes in another
// user's directory that user cannot read afterwards, and what belongs to another user this one cannot read. A sentence
// that says what to do; empty: nothing stands in the way. Changes nothing.
std::string foreign_user(const std::string& directory);

// Makes the file with this content, and nothing of it if it is there or cannot be written; the error as above.
std::expected<void, std::string> make_file(const std::string& path, std::string_view content);

// The same for what only the owner may read, synced.
std::expected<void, std::string> make_secret_file(const std::string& path, std::string_view content);

// Writes `content` beside the file `path` and renames it, so that nobody reads half of it. Not synced.
// False: errno says why.
bool replace_file(const std::string& path, std::string_view content);
// The same, on the disk when it returns true.
bool replace_file_synced(const std::string& path, std::string_view content);

// Puts the names in a directory onto the disk.
bool sync_directory(const std::string& path);

// `parent`/run-<id>, which goes with everything in it when this does. A value that can only be moved.
class RunDirectory {
 public:
  RunDirectory() = default;  // none
  // `id` is a UUID that nobody else uses.
  static std::expected<RunDirectory, std::string> make(const std::string& parent, const std::string& id);
  RunDirectory(RunDirectory&& other) noexcept;
  RunDirectory& operator=(RunDirectory&& other) noexcept;
  ~RunDirectory();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  RunDirectory(std::string path, FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  FileDescriptor lock_;  // held while the run lasts, so that nobody takes it for one that was killed
};

// Removes the run directories below `parent` of processes that were killed.
void remove_ended_runs(const std::string& parent);

}  // namespace os
