#include "cli/ingest_watch.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/lambda/lambda.h"
#include "aws/s3/s3.h"
#include "cli/output.h"

namespace cli {
namespace {

constexpr int32_t kRetriesDefault = 2;   // of an event, unless the function is configured otherwise
constexpr int kSilentLooks = 3;          // a function that has not been called by then may not be callable
constexpr int kAgreeingLooks = 4;        // a second apart; AWS's reads lag by less as a rule
constexpr std::size_t kLineShown = 500;  // bytes
constexpr std::size_t kLinesTold = 20;   // of a function that does nothing but complain

base::AwsError final_error(std::string message) {
  return {.code = "Local", .message = std::move(message)};
}

// "X" of "... RequestId: X ...".
std::string request_id_in(const std::string& line) {
  constexpr std::string_view kBefore = "RequestId: ";
  const std::size_t at = line.find(kBefore);
  if (at == std::string::npos) return {};
  const std::size_t from = at + kBefore.size();
  return line.substr(from, line.find_first_of(" \t\n", from) - from);
}

bool is_of_platform(std::string_view line) {
  return line.starts_with("END RequestId:") || line.starts_with("INIT_START") || line.starts_with("INIT_REPORT");
}

}  // namespace

IngestWatch::IngestWatch(pipeline::Services services, pipeline::Stack& stack, std::string key)
    : services_(services), stack_(stack), key_(std::move(key)), function_(stack.site().name("ingest")) {}

base::Result<void> IngestWatch::look() {
  if (!log_.has_value()) TRY(begin());
  // Without a log, or the right to read it, there is less to tell and no reason to give up.
  const auto lines = log_->read();
  if (lines.has_value())
    for (const std::string& line : *lines) read_line(line);
  const bool any_is_ours = std::ranges::any_of(requests_, [](const auto& each) { return each.second.is_ours; });
  for (const auto& [id, request] : requests_) {
    if (request.is_others || (any_is_ours && !request.is_ours) || request.failures < attempts_max_) continue;
    return base::fail(final_error(fmt::format("the ingest function failed {} times and is not tried again: {}",
                                              request.failures, request.last_error)));
  }
  if ((++looks_ == kSilentLooks || fault_looks_ > 0) && !was_called_) TRY(look_at_caller());
  return {};
}

// The object's own time, as the clock of this machine may be another.
base::Result<void> IngestWatch::begin() {
  aws::Context context = stack_.site().call();
  aws::s3::HeadObjectRequest head;
  head.bucket = stack_.config().bucket;
  head.key = key_;
  const auto object = services_.s3.head_object(context, std::move(head));
  if (!object.has_value())
    return base::fail(
        final_error(fmt::format("the uploaded object s3://{}/{} is not there any more: {}: {}", stack_.config().bucket,
                                key_, object.error().code, object.error().message)));
  since_ms_ = base::to_epoch_milliseconds(object->last_modified.value_or(context.now));
  log_.emplace(stack_, "ingest", since_ms_);
  aws::lambda::GetFunctionEventInvokeConfigRequest get;
  get.function_name = function_;
  const auto config = services_.lambda.get_function_event_invoke_config(context, std::move(get));
  attempts_max_ = 1 + (config.has_value() ? config->maximum_retry_attempts.value_or(kRetriesDefault) : kRetriesDefault);
  return {};
}

void IngestWatch::read_line(const std::string& line) {
  const std::string id = request_id_in(line);
  if (line.starts_with("START ")) {
    was_called_ = true;
  } else if (line.starts_with("REPORT ")) {
    if (line.find("Status: ") == std::string::npos) return;  // it ended by itself, and its own lines tell how
    Request& request = requests_[id];
    ++request.failures;
    if (request.last_error.empty()) request.last_error = line.substr(line.find("Status: "));
  } else if (line.starts_with("{")) {
    read_own_line(line);
  } else if (!is_of_platform(line) && line.find_first_not_of(" \t\r\n") != std::string::npos) {
    // The platform's words for a function that ended or was ended, or what was written by something below ours.
    if (!id.empty()) requests_[id].last_error = line;
    tell(line);
  }
}

// As functions/function_main.cc writes it.
void IngestWatch::read_own_line(const std::string& line) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view message;
  std::string_view id;
  std::string_view error;
  if (parser.parse(line).get(document) != simdjson::SUCCESS || document["message"].get(message) != simdjson::SUCCESS ||
      message != "the invocation failed" || document["function_request_id"].get(id) != simdjson::SUCCESS ||
      document["error"].get(error) != simdjson::SUCCESS)
    return;
  Request& request = requests_[std::string(id)];
  ++request.failures;
  request.last_error = error;
  (error.find(key_) != std::string_view::npos ? request.is_ours : request.is_others) = true;
  if (request.is_ours) tell(request.last_error);
}

// A look may not see yet what is there, since the services' reads are eventually consistent; so several have to agree.
base::Result<void> IngestWatch::look_at_caller() {
  const auto plan = stack_.plan();
  std::string fault;
  for (std::size_t i = 0; plan.has_value() && i < plan->size() && fault.empty(); ++i) {
    const pipeline::PlannedStep& step = (*plan)[i];
    const bool calls = step.kind == "permission" || step.kind == "notification";
    const bool is_called = step.kind == "function" && step.name == function_;
    if (step.action == pipeline::Action::leave || !(calls || (is_called && step.action == pipeline::Action::create)))
      continue;
    fault = fmt::format("{} {} is {}", step.kind, step.name,
                        step.action == pipeline::Action::create ? "not there" : "not as it should be");
  }
  fault_looks_ = fault.empty() ? 0 : fault == fault_ ? fault_looks_ + 1 : 1;
  fault_ = fault;
  if (fault_looks_ == kAgreeingLooks)
    return base::fail(final_error(fmt::format(
        "nobody calls the ingest function: {}; `till up` mends it, and the upload has to be made again then", fault)));
  if (fault.empty()) look_at_metrics();
  return {};
}

void IngestWatch::look_at_metrics() {
  if (const auto throttles = sum_of("Throttles"); throttles.value_or(0) > 0)
    tell("it is throttled, by its concurrency or the account's; the event waits");
  if (const auto errors = sum_of("Errors"); errors.value_or(0) > 0)
    tell("it fails and writes no log; `till metrics` counts its errors");
}

base::Result<double> IngestWatch::sum_of(const std::string& metric) {
  constexpr int64_t kMinuteMs = 60'000;
  aws::cloudwatch::GetMetricStatisticsInput get;
  get.namespace_ = "AWS/Lambda";
  get.metric_name = metric;
  auto& dimension = get.dimensions.emplace().emplace_back();
  dimension.name = "FunctionName";
  dimension.value = function_;
  get.start_time = base::from_epoch_milliseconds(since_ms_ - since_ms_ % kMinuteMs);
  get.end_time = base::from_epoch_milliseconds(since_ms_ + 10 * kMinuteMs);
  get.period = 60;
  get.statistics = {"Sum"};
  aws::Context context = stack_.site().call();
  TRY_ASSIGN(const auto got, services_.cloudwatch.get_metric_statistics(context, std::move(get)));
  double sum = 0;
  for (const auto& point : got.datapoints.value_or(std::vector<aws::cloudwatch::Datapoint>()))
    sum += point.sum.value_or(0);
  return sum;
}

void IngestWatch::tell(const std::string& what) {
  std::string text = what.substr(0, kLineShown);
  while (text.ends_with('\n')) text.pop_back();
  if (told_.size() < kLinesTold && told_.insert(text).second) print_error("the ingest function: " + text);
}

}  // namespace cli
