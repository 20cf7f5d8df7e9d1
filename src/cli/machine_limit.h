// What the machine can do at best with the pipeline's work, for comparison: parse each order, insert it into RocksDB
// if it is not there, acknowledge it once it is synced. No HTTP, no queue, no functions.
#pragma once

#include <expected>
#include <string>

#include "base/env.h"

namespace cli {

// Orders per second over the NDJSON `file`, in a fresh store under `directory`.
std::expected<double, std::string> machine_limit(base::Env& env, const std::string& file, const std::string& directory);

}  // namespace cli
