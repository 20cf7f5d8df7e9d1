// How the parts of an engine do, for GET /_till/health (docs/monitoring.md). A function; may read a disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/api_handler.h"

namespace cli {

struct ExaminedEngine {
  std::string data_directory;  // empty: nothing is kept
  bool has_room;               // see disk_room.h
  uint64_t connections;
  uint64_t connections_max;
  std::string waiting_mails;  // the directory of those that are to leave; empty: none leave
};
std::vector<server::PartState> engine_health(const ExaminedEngine& engine);

}  // namespace cli
