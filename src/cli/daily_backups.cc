#include "cli/daily_backups.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "cli/backup_set.h"
#include "cli/data_directory.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace cli {
namespace {

constexpr base::Duration kDay = std::chrono::hours(24);
constexpr base::Duration kAfterFailure = std::chrono::hours(1);
// The machine's clock may be set meanwhile, and others may make backups, too.
constexpr base::Duration kLook = std::chrono::minutes(1);

}  // namespace

DailyBackups::DailyBackups(GlobalOptions global, BackupOptions options)
    : global_(std::move(global)), options_(std::move(options)), stopped_(system_.env().executor.make_condition()) {
  options_.goes_on = [this] { return !stopping_; };
  task_ = system_.env().executor.spawn("daily-backups", [this] { run(); });
}

DailyBackups::~DailyBackups() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stopped_->notify_one();
  }
  task_.reset();
}

base::Timestamp DailyBackups::due() {
  const std::string to = absolute_directory(options_.to);
  std::error_code error;
  if (!std::filesystem::exists(to + "/" + std::string(kBackupMarkerName), error)) return base::Timestamp();
  const auto set = BackupSet::open_to_read(to);
  const auto newest = set ? set->newest() : std::nullopt;
  return newest.has_value() ? *newest + kDay : base::Timestamp();
}

void DailyBackups::run() {
  base::Env& env = system_.env();
  base::Timestamp not_before;
  while (!stopping_) {
    const base::Timestamp now = env.clock.now();
    if (now >= not_before && now >= due() && backup(global_, options_) != kOk && !stopping_) {
      print_error("the daily backup could not be made; the next attempt is in an hour");
      not_before = now + kAfterFailure;
    }
    std::unique_lock lock(mutex_);
    if (!stopping_) env.executor.wait_until(lock, *stopped_, env.clock.now() + kLook);
  }
}

}  // namespace cli
