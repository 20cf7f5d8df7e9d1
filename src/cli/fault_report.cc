#include "cli/fault_report.h"

#include <fmt/format.h>

#include <cstdio>

#include "engine/internal_call.h"

namespace cli {
namespace {

// Details have names in them that came over the network.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

aws::cloudwatch::Dimension dimension(std::string_view name, std::string_view value) {
  aws::cloudwatch::Dimension out;
  out.name = name;
  out.value = value;
  return out;
}

}  // namespace

void FaultReport::add(const like_aws::Fault& fault) {
  const std::string which = fault.count == 0 ? "a call" : fmt::format("call {}", fault.count);
  std::fputs(fmt::format("till: like-aws: {} {} {} {}: {} ({} of {})\n", base::format_iso8601_milliseconds(fault.at),
                         fault.service, fault.operation, fault.kind, printable(fault.detail), which,
                         printable(std::string(fault.caller)))
                 .c_str(),
             stderr);
  auto* const cloudwatch = cloudwatch_.load();
  if (cloudwatch == nullptr || fault.account.empty()) return;  // who asks unsigned has no account
  aws::cloudwatch::PutMetricDataInput put;
  put.namespace_ = "Till/LikeAws";
  auto& datum = put.metric_data.emplace().emplace_back();
  datum.metric_name = "Faults";
  datum.timestamp = fault.at;
  datum.value = 1;
  datum.unit = "Count";
  datum.dimensions = {dimension("Service", fault.service), dimension("Operation", fault.operation),
                      dimension("Fault", fault.kind)};
  aws::Context context = engine::account_call(env_, std::string(fault.account),
                                              std::string(fault.region.empty() ? "us-east-1" : fault.region));
  (void)cloudwatch->put_metric_data(context, std::move(put));
}

}  // namespace cli
