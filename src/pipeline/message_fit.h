// Whether a record can be a message of the orders queue. A pure function.
#pragma once

#include <optional>

#include "pipeline/record_splitter.h"
#include "pipeline/rejection.h"

namespace pipeline {

// Why no message can carry the record, so that it goes into quarantine unread; nullopt if one can.
std::optional<Rejection> unfit_for_queue(const RecordSplitter::Order& record);

}  // namespace pipeline
