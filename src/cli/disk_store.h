// The store of a data directory, opened for an engine or for a command that needs no engine. Functions; used from one
// thread.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "base/env.h"

namespace store {
class DiskStore;
struct Statistics;
}  // namespace store

namespace cli {

struct StoreError {
  std::string message;  // one sentence for people
  int exit_code;        // the command's (see exit_code.h)
};

// Why this version does not touch the data of `data_directory`: a later one wrote them, in a form that this one does
// not know. A sentence that names it; empty: it knows them.
std::string written_by_later(const std::string& data_directory);

// Opens the store of `data_directory`, which is ours, or makes it where there never was one, and notes in the marker in
// what form its data are kept. Refuses those of a later version. kUnreachable: another process has it. What the store
// does is counted in `statistics`, which outlives it.
std::expected<std::unique_ptr<store::DiskStore>, StoreError> open_disk_store(const std::string& data_directory,
                                                                             base::Env& env, bool accept_data_loss,
                                                                             store::Statistics* statistics = nullptr);

}  // namespace cli
