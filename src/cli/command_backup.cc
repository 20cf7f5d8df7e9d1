// till backup and till restore.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "cli/backup_set.h"
#include "cli/data_directory.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/store_commands.h"
#include "cli/store_visit.h"
#include "cli/version.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOutbox = "outbox";

int fail_with(std::string_view command, const BackupSet::Error& error) {
  print_error(fmt::format("{}: {}", command, error.message));
  return error.busy ? kUnreachable : kFailed;
}

// Whether one of these paths is in the other, or is the other.
bool overlap(const std::string& a, const std::string& b) {
  std::error_code error;
  const std::string left = fs::weakly_canonical(a, error).string() + "/";
  const std::string right = fs::weakly_canonical(b, error).string() + "/";
  return left.starts_with(right) || right.starts_with(left);
}

// Adds the files of the directory `inner` of `root`, which is `name` in a data directory.
std::expected<void, BackupSet::Error> add_files(const std::string& root, const std::string& name, bool may_go,
                                                std::vector<BackupSet::Source>& out) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator entry(root, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    std::error_code gone;
    if (fs::is_regular_file(entry->symlink_status(gone))) files.push_back(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return std::unexpected(BackupSet::Error{fmt::format("cannot look into {}: {}", root, error.message())});
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    const std::string kind = file.extension().string();
    if (kind == ".tmp") continue;  // being written
    out.push_back({.path = name + "/" + file.lexically_relative(root).generic_string(),
                   .from = file.string(),
                   .is_fixed = kind == ".sst" || kind == ".blob",
                   .may_go = may_go});
  }
  return {};
}

// What is in the data directory beside the store, after the store: what has left that meanwhile is here then. A mail is
// renamed from `waiting` to where the others are, so it is looked at first.
std::expected<void, BackupSet::Error> add_outbox(const std::string& data, std::vector<BackupSet::Source>& out) {
  std::vector<BackupSet::Source> mails;
  const std::string outbox = data + "/" + std::string(kOutbox);
  if (auto waiting = add_files(outbox + "/waiting", std::string(kOutbox) + "/waiting", true, mails); !waiting)
    return waiting;
  if (auto all = add_files(outbox, std::string(kOutbox), true, mails); !all) return all;
  std::ranges::sort(mails, {}, &BackupSet::Source::path);
  const auto twice = std::ranges::unique(mails, {}, &BackupSet::Source::path);
  mails.erase(twice.begin(), twice.end());
  std::ranges::move(mails, std::back_inserter(out));
  return {};
}

BackupSet::Progress shown_by(Progress& progress) {
  return [&progress](uint64_t done, uint64_t total) {
    progress.show(done, total);
    return true;
  };
}

void print_backup(const GlobalOptions& global, const std::string& to, const Backup& backup,
                  const BackupSet::Added& added, std::size_t removed) {
  if (global.json)
    return print_line(fmt::format(
        R"({{"backup":{},"in":{},"sequence":{},"files":{},"bytes":{},"new_files":{},"new_bytes":{},"removed":{}}})",
        json_text(backup.id), json_text(to), backup.sequence, backup.files.size(), backup.bytes(), added.files,
        added.bytes, removed));
  print_line(fmt::format("backup {} in {}: {} files, {}; new of it {} files, {}", backup.id, to, backup.files.size(),
                         size_text(backup.bytes()), added.files, size_text(added.bytes)));
  if (removed > 0) print_line(fmt::format("{} older removed", removed));
}

// The backup that `at` means: an id, or the newest that was begun by then.
std::expected<std::string, BackupSet::Error> find_backup(const std::string& from, const std::vector<std::string>& ids,
                                                         const std::string& at) {
  if (ids.empty()) return std::unexpected(BackupSet::Error{from + " has no finished backup"});
  if (at == "latest") return ids.back();
  if (std::ranges::binary_search(ids, at)) return at;
  std::string wanted;
  if (const auto time = base::parse_iso8601(at); time.has_value()) {
    wanted = base::format_iso8601_milliseconds(*time);
    std::erase_if(wanted, [](char c) { return c == '-' || c == ':'; });
    const auto later = std::ranges::upper_bound(ids, wanted);
    if (later != ids.begin()) return *(later - 1);
  }
  return std::unexpected(BackupSet::Error{
      fmt::format("{} has no backup {}; the oldest is {}, the newest {} (`till restore {} --list` shows all)", from,
                  wanted.empty() ? at : "from " + at + " or before", ids.front(), ids.back(), from)});
}

int list(const GlobalOptions& global, const std::string& from, const BackupSet& set,
         const std::vector<std::string>& ids) {
  std::string json;
  int exit_code = kOk;
  for (const std::string& id : ids) {
    const auto backup = set.read(id);
    if (!backup) {
      exit_code = fail_with("restore", backup.error());
      continue;
    }
    if (!global.json)
      print_line(fmt::format("{}  {:>6} files  {:>10}  till {}", id, backup->files.size(), size_text(backup->bytes()),
                             backup->till));
    json += fmt::format(R"({}{{"backup":{},"files":{},"bytes":{},"till":{}}})", json.empty() ? "" : ",", json_text(id),
                        backup->files.size(), backup->bytes(), json_text(backup->till));
  }
  if (global.json) print_line(fmt::format(R"({{"in":{},"backups":[{}]}})", json_text(from), json));
  return exit_code;
}

// Why a data directory cannot be made at `directory`; empty: it can.
std::string obstacle(const std::string& directory) {
  const auto owner = os::owner_of(directory);
  if (!owner.has_value()) return owner.error();
  if (*owner == os::DirectoryOwner::nobody) return {};
  std::error_code error;
  const bool has_some = *owner == os::DirectoryOwner::unknown || fs::exists(directory + "/store", error) ||
                        fs::exists(directory + "/" + std::string(kOutbox), error);
  if (!has_some) return {};
  return fmt::format(
      "{} has something in it, which stays as it is: name a directory that is not there or is empty, "
      "by --data",
      directory);
}

// Makes a data directory of the backup: whole beside where it is to be, then in its place, the store last.
std::expected<void, BackupSet::Error> make_data(const BackupSet& set, const Backup& backup, const std::string& data) {
  const auto failure = [](std::string message) { return std::unexpected(BackupSet::Error{std::move(message)}); };
  if (auto marked = os::mark_directory(data); !marked) return failure(marked.error());
  os::SystemEnv system;
  auto run = os::RunDirectory::make(data, base::make_uuid(system.env().random));
  if (!run) return failure(run.error());
  {
    Progress progress("restoring");
    if (auto copied = set.copy_out(backup, run->path(), shown_by(progress)); !copied) return copied;
  }
  {  // what does not open is not put in its place
    store::RocksDbOptions options;
    options.directory = run->path() + "/store";
    const auto opened = store::open_rocksdb_store(options, system.env());
    if (!opened) return failure("the backup's store does not open: " + opened.error().message);
  }
  for (const std::string_view name : {kOutbox, std::string_view("store")}) {
    const std::string from = fmt::format("{}/{}", run->path(), name);
    const std::string to = fmt::format("{}/{}", data, name);
    std::error_code error;
    if (fs::exists(from, error) && ::rename(from.c_str(), to.c_str()) != 0)
      return failure(fmt::format("cannot make {}: {}", to, std::strerror(errno)));
  }
  if (!os::sync_directory(data) || !os::note_store(data, {.number = backup.data_format, .version = backup.till}))
    return failure("cannot write to " + data);
  return {};
}

}  // namespace

std::string size_text(uint64_t bytes) {
  constexpr double kStep = 1024;
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double size = static_cast<double>(bytes) / kStep;
  for (const char* unit : {"KiB", "MiB", "GiB"}) {
    if (size < kStep) return fmt::format("{:.1f} {}", size, unit);
    size /= kStep;
  }
  return fmt::format("{:.1f} TiB", size);
}

int backup(const GlobalOptions& global, const BackupOptions& options) {
  const std::string to = absolute_directory(options.to);
  if (const std::string data = absolute_directory(global.data_directory); overlap(to, data)) {
    print_error(
        fmt::format("backup: {} and the data directory {} are one in the other: name a directory elsewhere, on "
                    "another disk if there is one",
                    to, data));
    return kUsage;
  }
  auto visit = StoreVisit::begin(global, "backup");
  if (!visit) {
    print_error(visit.error().message);
    return visit.error().exit_code;
  }
  auto set = BackupSet::open_to_write(to);
  if (!set) return fail_with("backup", set.error());
  const auto checkpoint = (*visit)->checkpoint();
  if (!checkpoint) {
    print_error("backup: " + checkpoint.error().message);
    return checkpoint.error().exit_code;
  }
  Backup made{.id = "",
              .till = std::string(kVersion),
              .data_format = kDataFormat,
              .sequence = checkpoint->sequence,
              .files = {}};
  std::vector<BackupSet::Source> sources;
  if (auto store = add_files(checkpoint->directory, "store", false, sources); !store)
    return fail_with("backup", store.error());
  if (auto outbox = add_outbox((*visit)->data_directory(), sources); !outbox)
    return fail_with("backup", outbox.error());
  BackupSet::Added added;
  {
    std::optional<Progress> progress;
    if (!options.goes_on) progress.emplace("backing up");
    auto done = set->add(made, sources,
                         options.goes_on ? BackupSet::Progress([&](uint64_t, uint64_t) { return options.goes_on(); })
                                         : shown_by(*progress));
    if (!done) {
      print_error("backup: " + done.error().message + ". The earlier backups are as they were");
      return kFailed;
    }
    added = *done;
  }
  const auto removed = options.keep > 0 ? set->keep(options.keep) : std::expected<std::size_t, BackupSet::Error>(0);
  print_backup(global, to, made, added, removed.value_or(0));
  if (!removed) return fail_with("backup", removed.error());
  return kOk;
}

int restore(const GlobalOptions& global, const RestoreOptions& options) {
  if (!global.endpoint.empty()) {
    print_error("restore: it makes a data directory, so it takes --data and no --endpoint");
    return kUsage;
  }
  const std::string from = absolute_directory(options.from);
  const std::string data = absolute_directory(global.data_directory);
  const auto set = BackupSet::open_to_read(from);
  if (!set) return fail_with("restore", set.error());
  const auto ids = set->ids();
  if (!ids) return fail_with("restore", ids.error());
  if (options.list) return list(global, from, *set, *ids);
  const auto id = find_backup(from, *ids, options.at);
  if (!id) return fail_with("restore", id.error());
  if (const std::string in_the_way = obstacle(data); !in_the_way.empty()) return fail_with("restore", {in_the_way});
  const auto backup = set->read(*id);
  if (!backup) return fail_with("restore", backup.error());
  if (backup->data_format > kDataFormat)
    return fail_with("restore",
                     {fmt::format("backup {} was made by till {}, whose data this version ({}) does not know; "
                                  "restore it with that version or a later one",
                                  *id, backup->till, kVersion)});
  std::vector<std::string> damaged;
  {
    Progress progress("checking");
    damaged = set->damaged(*backup, shown_by(progress));
  }
  for (const std::string& file : damaged) print_error("restore: " + file);
  if (!damaged.empty()) {
    print_error(
        fmt::format("restore: {} of {} files of backup {} are damaged; nothing was made. Restore another backup "
                    "(`till restore {} --list`, --at)",
                    damaged.size(), backup->files.size(), *id, from));
    return kFailed;
  }
  if (const auto done = make_data(*set, *backup, data); !done) return fail_with("restore", done.error());
  if (global.json)
    print_line(fmt::format(R"({{"backup":{},"data":{},"sequence":{},"files":{},"bytes":{}}})", json_text(*id),
                           json_text(data), backup->sequence, backup->files.size(), backup->bytes()));
  else
    print_line(
        fmt::format("{} has backup {}: {} files, {}", data, *id, backup->files.size(), size_text(backup->bytes())));
  return kOk;
}

}  // namespace cli
