#include "cli/store_commands.h"

#include <memory>

namespace cli {
namespace {

struct Arguments {
  BackupOptions backup;
  RestoreOptions restore;
  std::string backups;
};

}  // namespace

void add_store_commands(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* backup_command = app.add_subcommand(
      "backup", "Add a verified backup of the data to a directory of backups, also while they are in use");
  backup_command->add_option("TO", a->backup.to, "Directory of backups; made if it is not there")->required();
  backup_command->add_option("--keep", a->backup.keep, "Then remove all but so many of the newest (keep all)")
      ->check(CLI::Range(1, 100'000, ""))
      ->type_name("N");
  backup_command->callback([&global, &exit_code, a] { exit_code = backup(global, a->backup); });
  CLI::App* restore_command = app.add_subcommand("restore", "Make a data directory of a backup");
  restore_command->add_option("FROM", a->restore.from, "Directory of backups")->required();
  CLI::Option* at = restore_command->add_option("--at", a->restore.at,
                                                "Which: an id, a time (the newest before it), or latest (latest)");
  restore_command->add_flag("--list", a->restore.list, "Show the backups instead")->excludes(at);
  restore_command->callback([&global, &exit_code, a] { exit_code = restore(global, a->restore); });
  CLI::App* verify_command = app.add_subcommand(
      "verify", "Read all data against their checksums, and look at what must hold between services");
  verify_command->add_option("--backup", a->backups, "The files of this directory of backups instead")
      ->type_name("DIR");
  verify_command->callback([&global, &exit_code, a] { exit_code = verify(global, a->backups); });
  app.add_subcommand("compact", "Give back the room of what was deleted")->callback([&global, &exit_code] {
    exit_code = compact(global);
  });
}

}  // namespace cli
