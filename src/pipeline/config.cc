#include "pipeline/config.h"

namespace pipeline {
namespace {

constexpr std::string_view kThreshold = "TILL_LARGE_ORDER_THRESHOLD";

struct Variable {
  std::string_view name;
  std::string PipelineConfig::* field;
};

constexpr Variable kVariables[] = {
    {"TILL_BUCKET", &PipelineConfig::bucket},
    {"TILL_ORDERS_TABLE", &PipelineConfig::orders_table},
    {"TILL_QUARANTINE_TABLE", &PipelineConfig::quarantine_table},
    {"TILL_UPLOADS_TABLE", &PipelineConfig::uploads_table},
    {"TILL_QUEUE_URL", &PipelineConfig::queue_url},
    {"TILL_NOTIFY_QUEUE_URL", &PipelineConfig::notify_queue_url},
    {"TILL_TOPIC_ARN", &PipelineConfig::topic_arn},
    {"TILL_RULE_TOPIC_PREFIX", &PipelineConfig::rule_topic_prefix},
};

}  // namespace

std::string_view stack_name(const PipelineConfig& config) {
  return std::string_view(config.orders_table).substr(0, config.orders_table.rfind('-'));
}

Environment to_environment(const PipelineConfig& config) {
  Environment variables;
  for (const Variable& v : kVariables) variables.emplace_back(v.name, config.*v.field);
  variables.emplace_back(kThreshold, config.large_order_threshold.to_string());
  return variables;
}

std::expected<PipelineConfig, std::string> from_environment(
    const std::function<std::optional<std::string>(std::string_view)>& get) {
  PipelineConfig config;
  for (const Variable& v : kVariables) {
    auto value = get(v.name);
    if (!value.has_value()) return std::unexpected("the variable " + std::string(v.name) + " is not set");
    config.*v.field = std::move(*value);
  }
  const auto threshold = base::Decimal::parse(get(kThreshold).value_or(""));
  if (!threshold.has_value()) return std::unexpected("the variable " + std::string(kThreshold) + " is not a number");
  config.large_order_threshold = *threshold;
  return config;
}

}  // namespace pipeline
