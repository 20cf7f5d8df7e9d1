// till verify and till compact.
#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "cli/backup_set.h"
#include "cli/data_directory.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/store_commands.h"
#include "cli/store_visit.h"
#include "engine/record_check.h"
#include "os/machine.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

struct Fault {
  std::string where;  // a file, or a service and a name
  std::string what;
  std::string advice;
};

constexpr std::string_view kDamageAdvice =
    "Keep a copy of the directory, and restore the newest backup (till restore); if files get damaged, the disk does "
    "not last";

int report(const GlobalOptions& global, const std::string& of, const std::string& how, uint64_t files, uint64_t bytes,
           uint64_t records, const std::vector<Fault>& faults, uint64_t more) {
  if (global.json) {
    std::string list;
    for (const Fault& fault : faults)
      list += fmt::format(R"({}{{"where":{},"what":{},"advice":{}}})", list.empty() ? "" : ",", json_text(fault.where),
                          json_text(fault.what), json_text(fault.advice));
    print_line(fmt::format(
        R"({{"verified":{},"how":{},"files":{},"bytes":{},"records":{},"ok":{},"faults":[{}],"more_faults":{}}})",
        json_text(of), json_text(how), files, bytes, records, faults.empty(), list, more));
  } else {
    for (const Fault& fault : faults) print_line(fmt::format("{} {}. {}.", fault.where, fault.what, fault.advice));
    if (more > 0) print_line(fmt::format("... and {} more", more));
    print_line(fmt::format("{} ({}): {} files, {}, {} records: {}", of, how, files, size_text(bytes), records,
                           faults.empty() ? "all as it should be" : fmt::format("{} faults", faults.size() + more)));
  }
  return faults.empty() ? kOk : kFailed;
}

// The store's files, and if they are whole what must hold between its records.
int verify_store(const GlobalOptions& global, const std::string& data, const std::string& store, const std::string& how,
                 base::Env& env) {
  store::RocksDbOptions options;
  options.directory = store;
  std::expected<store::StoreCheck, store::OpenError> checked;
  {
    Progress progress("reading");
    checked = store::check_rocksdb_store(options, [&](uint64_t done, uint64_t total) { progress.show(done, total); });
  }
  if (!checked) {
    print_error("verify: " + checked.error().message);
    return checked.error().kind == store::OpenError::Kind::locked ? kUnreachable : kFailed;
  }
  std::vector<Fault> faults;
  for (auto& damage : checked->damage) faults.push_back({damage.file, damage.what, std::string(kDamageAdvice)});
  engine::RecordCheck records;
  if (faults.empty()) {
    auto opened = store::open_rocksdb_store(options, env);
    if (!opened) {
      print_error("verify: " + opened.error().message);
      return opened.error().kind == store::OpenError::Kind::locked ? kUnreachable : kFailed;
    }
    records = engine::check_records(**opened);
  }
  for (auto& broken : records.broken)
    faults.push_back({fmt::format("{}: {}", broken.service, broken.name), broken.what, broken.advice});
  return report(global, data, how, checked->files, checked->bytes, records.records, faults, records.more);
}

int verify_backups(const GlobalOptions& global, const std::string& directory) {
  const auto fail = [](const BackupSet::Error& error) {
    print_error("verify: " + error.message);
    return error.busy ? kUnreachable : kFailed;
  };
  const auto set = BackupSet::open_to_read(directory);
  if (!set) return fail(set.error());
  const auto ids = set->ids();
  if (!ids) return fail(ids.error());
  std::vector<Fault> faults;
  constexpr std::string_view kAdvice = "Backups that have it cannot be restored; make another one";
  Backup all;  // every file once
  std::set<std::string> seen;
  for (const std::string& id : *ids) {
    const auto backup = set->read(id);
    if (!backup) {
      faults.push_back({"backup " + id, "cannot be read: " + backup.error().message, std::string(kAdvice)});
      continue;
    }
    for (const BackupFile& file : backup->files)
      if (seen.insert(file.sha256).second) all.files.push_back(file);
  }
  Progress progress("reading");
  const auto show = [&](uint64_t done, uint64_t total) {
    progress.show(done, total);
    return true;
  };
  for (std::string& damaged : set->damaged(all, show))
    faults.push_back({"a file of a backup:", std::move(damaged), std::string(kAdvice)});
  return report(global, directory, fmt::format("{} backups", ids->size()), all.files.size(), all.bytes(), 0, faults, 0);
}

uint64_t bytes_in(const std::string& directory) {
  uint64_t sum = 0;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    const uint64_t size = entry->file_size(gone);
    if (!gone) sum += size;
  }
  return sum;
}

}  // namespace

int verify(const GlobalOptions& global, const std::string& backups) {
  if (!backups.empty()) return verify_backups(global, absolute_directory(backups));
  // A store that does not open is what this is for, so it is looked at as it is unless an engine has it.
  const std::string data = absolute_directory(global.data_directory);
  os::SystemEnv system;
  if (const std::string later = written_by_later(data); !later.empty()) {
    print_error("verify: " + later);
    return kFailed;
  }
  if (global.endpoint.empty() && has_data(data).value_or(false) && store::is_rocksdb_store(data + "/store") &&
      !store::holder_of(data + "/store").has_value() && os::foreign_user(data).empty() &&
      os::foreign_link(data).empty())
    return verify_store(global, data, data + "/store", "no engine has it", system.env());
  auto visit = StoreVisit::begin(global, "verify");
  if (!visit) {
    print_error(visit.error().message);
    return visit.error().exit_code;
  }
  const auto checkpoint = (*visit)->checkpoint();
  if (!checkpoint) {
    print_error("verify: " + checkpoint.error().message);
    return checkpoint.error().exit_code;
  }
  return verify_store(global, data, checkpoint->directory, "as the engine had it at this moment; its log was not read",
                      system.env());
}

int compact(const GlobalOptions& global) {
  auto visit = StoreVisit::begin(global, "compact");
  if (!visit) {
    print_error(visit.error().message);
    return visit.error().exit_code;
  }
  const std::string store = (*visit)->data_directory() + "/store/db";
  const uint64_t before = bytes_in(store);
  if (const auto disk = os::disk_at(store); disk.has_value() && disk->free_bytes < before) {
    print_error(fmt::format(
        "compact: it writes everything anew, which may take {} more for a while, and {} are free: "
        "make room, or restore a backup where there is more (till backup, till restore). An engine whose disk is "
        "full gives back what was deleted whole by itself",
        size_text(before), size_text(disk->free_bytes)));
    return kFailed;
  }
  if (const auto done = (*visit)->compact(); !done) {
    print_error("compact: " + done.error().message);
    return done.error().exit_code;
  }
  const uint64_t after = bytes_in(store);
  if (global.json)
    print_line(fmt::format(R"({{"data":{},"bytes_before":{},"bytes_after":{}}})", json_text((*visit)->data_directory()),
                           before, after));
  else
    print_line(fmt::format("{}: {} before, {} now", (*visit)->data_directory(), size_text(before), size_text(after)));
  return kOk;
}

}  // namespace cli
