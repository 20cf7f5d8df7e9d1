#include "server/request_metrics.h"

#include <string>

namespace server {
namespace {

constexpr std::string_view kUnknown = "unknown";
constexpr std::string_view kOutcomeNames[] = {"ok", "client_error", "refused", "throttled", "server_error"};

std::size_t outcome_of(const RequestRecord& record) {
  if (record.refusal == Refusal::throttled) return 3;
  if (record.refusal == Refusal::signature || record.refusal == Refusal::policy) return 2;
  if (record.status >= 500) return 4;
  return record.status >= 400 ? 1 : 0;
}

// As RequestRecord::refusal_kind has them; whichever is not among them is counted as "other".
constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
    {"other", ""},
    {"signature", "missing"},
    {"signature", "mixed"},
    {"signature", "unsupported"},
    {"signature", "incomplete"},
    {"signature", "scope"},
    {"signature", "headers_not_signed"},
    {"signature", "unknown_key"},
    {"signature", "session_token"},
    {"signature", "expired_token"},
    {"signature", "clock"},
    {"signature", "expired"},
    {"signature", "signature"},
    {"signature", "body"},
    {"signature", "payload_hash"},
    {"policy", "explicit_deny"},
    {"policy", "not_allowed"},
    {"policy", "service"},
    {"throttled", ""},
    {"no_room", ""},
    {"route", ""},
};

}  // namespace

RequestMetrics::RequestMetrics(const std::vector<const aws::ServiceDesc*>& services) {
  add(kUnknown, kUnknown);
  for (const aws::ServiceDesc* service : services) {
    add(service->id, kUnknown);
    for (const aws::OperationDesc& operation : service->operations) add(service->id, operation.name);
    if (service->id == "lambda") add(service->id, "FunctionUrl");
  }
  for (const auto& [reason, kind] : kReasons) {
    reasons_.push_back(std::make_unique<Reason>());
    reasons_.back()->reason = reason;
    reasons_.back()->kind = kind;
  }
  for (const int status : {0, 400, 403, 408, 411, 413, 414, 417, 421, 431, 501, 503, 505}) http_refused_[status];
}

RequestMetrics::Operation& RequestMetrics::add(std::string_view service, std::string_view name) {
  operations_.push_back(std::make_unique<Operation>());
  Operation& added = *operations_.back();
  added.service = service;
  added.name = name;
  added.durations = &durations_[service];
  by_name_[name].push_back(&added);
  return added;
}

void RequestMetrics::on_answered(const RequestRecord& record) {
  Operation* operation = operations_.front().get();
  if (const auto found = by_name_.find(record.operation.empty() ? kUnknown : record.operation);
      found != by_name_.end()) {
    for (Operation* each : found->second)
      if (each->service == record.service) operation = each;
  }
  operation->outcomes[outcome_of(record)].add();
  operation->durations->observe(record.busy());
  bytes_in_.add(record.bytes_in);
  if (record.refusal == Refusal::none) return;
  Reason* reason = reasons_.front().get();
  for (const auto& each : reasons_)
    if (each->reason == name_of(record.refusal) && each->kind == record.refusal_kind) reason = each.get();
  reason->count.add();
}

void RequestMetrics::on_http_refused(int status) {
  const auto found = http_refused_.find(status);
  (found != http_refused_.end() ? found : http_refused_.begin())->second.add();
}

void RequestMetrics::write(metrics::Writer& writer) const {
  using Type = metrics::Writer::Type;
  writer.family("till_requests", Type::counter, "Requests to the AWS API that were answered, by what became of them.");
  for (const auto& operation : operations_) {
    for (std::size_t i = 0; i < kOutcomes; ++i) {
      if (operation->outcomes[i].value() == 0) continue;
      writer.sample(operation->outcomes[i],
                    {{"service", operation->service}, {"operation", operation->name}, {"outcome", kOutcomeNames[i]}});
    }
  }
  writer.family("till_request_duration_seconds", Type::histogram,
                "From the complete request to its answer, without the time in which it waited for an event.",
                "seconds");
  for (const auto& [service, durations] : durations_) writer.sample(durations, {{"service", service}});
  writer.family("till_request_body_bytes", Type::counter, "Bytes of the bodies of requests.", "bytes");
  writer.sample(bytes_in_);
  writer.family("till_refused", Type::counter, "Requests that were refused, and why.");
  for (const auto& reason : reasons_)
    writer.sample(reason->count, {{"reason", reason->reason}, {"kind", reason->kind}});
  writer.family("till_http_refused", Type::counter, "Requests that the HTTP server refused by itself, by status.");
  for (const auto& [status, count] : http_refused_)
    writer.sample(count, {{"status", status == 0 ? "other" : std::to_string(status)}});
}

}  // namespace server
