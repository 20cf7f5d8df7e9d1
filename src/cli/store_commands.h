// The commands that keep the data of a data directory, one function each, and their command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "cli/session.h"

namespace cli {

struct BackupOptions {
  std::string to;
  std::size_t keep = 0;  // removes all but so many of the newest backups afterwards; 0: none
  // Asked after each file; false ends it there, and there is no backup. If it is set no progress is shown.
  std::function<bool()> goes_on = {};
};
// Adds a backup of the data directory, also of one that an engine has at the moment, to the backups in `to`.
int backup(const GlobalOptions& global, const BackupOptions& options);

struct RestoreOptions {
  std::string from;
  std::string at = "latest";  // an id, or a time
  bool list = false;          // shows what there is, instead
};
// Makes the data directory, which must not have data yet, of a backup in `from`.
int restore(const GlobalOptions& global, const RestoreOptions& options);

// Reads every byte of the data against its checksums, and then what must hold between the services' records; of an
// engine's data, as they are at this moment. With `backups` the files of all backups in that directory, instead.
// kFailed if anything is not as it should be; each such thing is a line.
int verify(const GlobalOptions& global, const std::string& backups);

// Gives back the room of what was deleted, also while an engine has the data.
int compact(const GlobalOptions& global);

// "1.5 MiB".
std::string size_text(uint64_t bytes);

// Adds them to the command line. What is referred to outlives the app.
void add_store_commands(CLI::App& app, const GlobalOptions& global, int& exit_code);

}  // namespace cli
