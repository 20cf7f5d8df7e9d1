// DailyBackups: adds a backup of the data directory that this process serves to a directory of backups whenever the
// newest there is a day old. What it does, and what goes wrong, is told on stderr; after a failure it tries again an
// hour later. Owned by `till serve`; ends what it does when it is destroyed.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "cli/session.h"
#include "cli/store_commands.h"
#include "os/env.h"

namespace cli {

class DailyBackups {
 public:
  // The engine of `global`'s data directory runs, and outlives this object.
  DailyBackups(GlobalOptions global, BackupOptions options);
  ~DailyBackups();
  DailyBackups(const DailyBackups&) = delete;
  DailyBackups& operator=(const DailyBackups&) = delete;

 private:
  void run();
  // When the next one is to be made.
  base::Timestamp due();

  const GlobalOptions global_;
  BackupOptions options_;
  os::SystemEnv system_;
  std::mutex mutex_;  // for stopped_
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<base::Condition> stopped_;
  std::unique_ptr<base::Task> task_;
};

}  // namespace cli
