// Statistics of a store on a disk, for whoever watches it: the store counts, the composition root owns and reads them.
// Safe from any thread.
#pragma once

#include "base/env.h"
#include "metrics/open_metrics.h"

namespace store {

struct Statistics {
  base::Clock& stopwatch;    // of the machine, by which syncs are timed
  metrics::Counter commits;  // batches
  metrics::Counter bytes;    // written to the log
  metrics::Histogram syncs;  // each makes durable what was committed meanwhile
};

}  // namespace store
