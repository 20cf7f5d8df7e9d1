// StoreVisit: a command's way to the store of its data directory, whether an engine has that at the moment, which is
// asked by its port then (upkeep_route.h), or nobody has. Owned by a command; used from one thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "cli/disk_store.h"
#include "cli/session.h"
#include "cli/written_endpoint.h"
#include "os/data_directory.h"
#include "os/env.h"
#include "os/http_transport.h"
#include "store/rocksdb/rocksdb_store.h"

namespace cli {

class StoreVisit {
 public:
  // Looks for the engine, else opens the store; who has it and does not answer is waited for, up to ten seconds. The
  // error is for the user, with the command's exit code; `command` is named in it where it is about the command line.
  static std::expected<std::unique_ptr<StoreVisit>, StoreError> begin(const GlobalOptions& options,
                                                                      std::string_view command);

  [[nodiscard]] bool is_by_engine() const { return store_ == nullptr; }
  // Absolute.
  [[nodiscard]] const std::string& data_directory() const { return directory_; }

  // A store of its own with the content of this one (DiskStore::checkpoint), which goes when this object does. Once.
  struct Checkpoint {
    std::string directory;
    uint64_t sequence = 0;
  };
  std::expected<Checkpoint, StoreError> checkpoint();
  // DiskStore::compact.
  std::expected<void, StoreError> compact();

 private:
  StoreVisit() = default;
  std::expected<std::string, StoreError> ask(std::string_view route, base::Duration patience);

  std::string directory_;
  os::SystemEnv system_;
  std::unique_ptr<os::HttpTransport> transport_;
  EngineVisit visit_;
  std::string id_;  // of the run directory
  os::RunDirectory run_;
  std::unique_ptr<store::DiskStore> store_;  // null: an engine has it
};

}  // namespace cli
