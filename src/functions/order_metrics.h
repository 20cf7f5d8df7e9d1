// What a function tells CloudWatch of the orders that it has settled.
#pragma once

#include <cstdint>

#include "functions/function_main.h"
#include "pipeline/rejection.h"

namespace functions {

// `metrics` with what `quarantined` comes to, in one line, and a line for each reason.
void report_orders(Toolbox& tools, std::vector<runtime::StructuredLog::Metric> metrics,
                   const pipeline::ReasonCounts& quarantined);

// The same of who brings orders onto the queue, and has settled only those that no message can carry.
void report_unfit(Toolbox& tools, std::vector<runtime::StructuredLog::Metric> metrics,
                  const pipeline::ReasonCounts& quarantined);

}  // namespace functions
