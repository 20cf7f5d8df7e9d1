#include "functions/order_metrics.h"

namespace functions {

void report_orders(Toolbox& tools, std::vector<runtime::StructuredLog::Metric> metrics,
                   const pipeline::ReasonCounts& quarantined) {
  using pipeline::kMetricNamespace;
  using pipeline::kOrdersQuarantined;
  const std::string_view stack = pipeline::stack_name(tools.config);
  int64_t sum = 0;
  for (const auto& [reason, count] : quarantined) sum += static_cast<int64_t>(count);
  metrics.push_back({kOrdersQuarantined, sum});
  tools.log.metrics(kMetricNamespace, {{pipeline::kStackDimension, stack}}, metrics);
  // A line has one value for each dimension.
  for (const auto& [reason, count] : quarantined) {
    const runtime::StructuredLog::Metric one{kOrdersQuarantined, static_cast<int64_t>(count)};
    tools.log.metrics(kMetricNamespace, {{pipeline::kStackDimension, stack}, {pipeline::kReasonDimension, reason}},
                      {&one, 1});
  }
}

void report_unfit(Toolbox& tools, std::vector<runtime::StructuredLog::Metric> metrics,
                  const pipeline::ReasonCounts& quarantined) {
  int64_t settled = 0;
  for (const auto& [reason, count] : quarantined) settled += static_cast<int64_t>(count);
  metrics.push_back({pipeline::kOrdersProcessed, settled});
  report_orders(tools, std::move(metrics), quarantined);
}

}  // namespace functions
