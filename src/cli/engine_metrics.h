// What an engine measures of itself, as OpenMetrics (docs/monitoring.md): the requests, the store, queues, functions,
// orders, the process and its disk. A function; safe from any thread, may read a disk.
#pragma once

#include <string>

#include "base/time.h"
#include "engine/engine.h"
#include "os/http_server.h"
#include "server/api_handler.h"
#include "server/request_metrics.h"
#include "store/statistics.h"

namespace cli {

struct MeasuredEngine {
  engine::Engine& engine;
  server::ApiHandler& api;
  const server::RequestMetrics& requests;
  const store::Statistics& store;
  os::IoLoad io;
  std::size_t functions_running;
  std::string data_directory;  // empty: nothing is kept
  base::Timestamp started_at;
};
std::string engine_metrics(const MeasuredEngine& measured);

}  // namespace cli
