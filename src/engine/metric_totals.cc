#include "engine/metric_totals.h"

#include <algorithm>
#include <string_view>

namespace engine {
namespace {

// The dimension whose values tell series apart; empty: the metric is not for us.
std::string_view subject_dimension(std::string_view name_space, std::string_view metric) {
  constexpr std::string_view kOfFunctions[] = {"Invocations", "Errors", "Throttles"};
  if (name_space == "AWS/Lambda")
    return std::ranges::find(kOfFunctions, metric) != std::end(kOfFunctions) ? "FunctionName" : "";
  return name_space == "Tillstream" && metric.starts_with("Orders") ? "Stack" : "";
}

double sum_of(const aws::cloudwatch::MetricDatum& datum) {
  double out = datum.value.value_or(0);
  if (!datum.values || !datum.counts) return out;
  for (std::size_t i = 0; i < datum.values->size() && i < datum.counts->size(); ++i)
    out += (*datum.values)[i] * (*datum.counts)[i];
  return out;
}

}  // namespace

MetricTotals::MetricTotals(aws::cloudwatch::CloudWatch& real)
    : forwarder_(&real, [this](const aws::OperationDesc& operation, const void* in) -> std::optional<base::AwsError> {
        if (operation.name == "PutMetricData") count(*static_cast<const aws::cloudwatch::PutMetricDataInput*>(in));
        return std::nullopt;
      }) {}

void MetricTotals::count(const aws::cloudwatch::PutMetricDataInput& in) {
  if (!in.namespace_ || !in.metric_data) return;
  for (const aws::cloudwatch::MetricDatum& datum : *in.metric_data) {
    const std::string_view dimension = subject_dimension(*in.namespace_, datum.metric_name.value_or(""));
    // A series of one dimension; those of more are parts of it.
    if (dimension.empty() || !datum.dimensions || datum.dimensions->size() != 1) continue;
    const auto& only = datum.dimensions->front();
    if (only.name != dimension) continue;
    const std::lock_guard lock(mutex_);
    auto& subjects = totals_[{*in.namespace_, *datum.metric_name}];
    const std::string subject = only.value.value_or("");
    subjects[subjects.size() < kSubjectsMax || subjects.contains(subject) ? subject : "other"] += sum_of(datum);
  }
}

std::vector<MetricTotal> MetricTotals::read() {
  std::vector<MetricTotal> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, subjects] : totals_)
    for (const auto& [subject, sum] : subjects) out.push_back({name.first, name.second, subject, sum});
  return out;
}

}  // namespace engine
