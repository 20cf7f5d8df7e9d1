// The embedded metric format: log events that say of themselves which of their members are metrics. Pure functions,
// safe from any thread. Format: CloudWatch User Guide, "Specification: Embedded metric format".
#pragma once

#include <expected>
#include <vector>

#include "base/time.h"
#include "engine/logs/event_text.h"
#include "engine/logs/log_metrics.h"

namespace engine::logs {

enum class EmfError {
  parsing,     // said to be of the format and is not
  validation,  // of the format, but what it names is missing, or no metric of CloudWatch's
};

// The points of one event: a point per metric and dimension set. None if the event is not of the format at all.
// StorageResolution 1 is kept by the minute like 60: this engine's CloudWatch has no shorter periods.
std::expected<std::vector<MetricPoint>, EmfError> read_emf(EventText& event, base::Timestamp now);

}  // namespace engine::logs
