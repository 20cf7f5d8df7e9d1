#include "cli/alarm_drill.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/lambda/lambda.h"
#include "aws/sqs/sqs.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "functions/drill.h"
#include "pipeline/rows.h"
#include "pipeline/stack_kinds.h"

namespace cli {
namespace {

constexpr base::Duration kClockStep = std::chrono::seconds(60);
constexpr base::Duration kPollPause = std::chrono::milliseconds(20);
// A notification that is on its way needs no virtual time; more real time than this it does not take.
constexpr base::Duration kDeliveryMax = std::chrono::seconds(5);
// A period may have been over when the condition came true; after two it has to come true again.
constexpr base::Duration kRepeatAfter = std::chrono::seconds(120);
// A table of one write unit saves up 300 (five minutes' worth) at most; a row of 10 KB takes ten.
constexpr int kWritesMax = 500;
constexpr std::size_t kRowBytes = 10'000;

// If the body is SNS's envelope of the notification that `alarm` went off: the reason in it.
std::optional<std::string> reason_in(const std::string& body, std::string_view alarm) {
  simdjson::dom::parser outer;
  std::string_view message;
  if (outer.parse(body)["Message"].get(message) != simdjson::SUCCESS) return std::nullopt;
  simdjson::dom::parser inner;
  simdjson::dom::element document;
  std::string_view name;
  std::string_view state;
  std::string_view reason;
  const bool good = inner.parse(message.data(), message.size()).get(document) == simdjson::SUCCESS &&
                    document["AlarmName"].get(name) == simdjson::SUCCESS &&
                    document["NewStateValue"].get(state) == simdjson::SUCCESS &&
                    document["NewStateReason"].get(reason) == simdjson::SUCCESS && name == alarm && state == "ALARM";
  return good ? std::optional(std::string(reason)) : std::nullopt;
}

bool is_throttled(const base::AwsError& error) {
  return error.code == "ProvisionedThroughputExceededException" || error.code == "ThrottlingException";
}

}  // namespace

AlarmDrill::AlarmDrill(Session& session, bool json)
    : session_(session),
      stack_(session.stack()),
      site_(stack_.site()),
      json_(json),
      interruption_(session.env()),
      begun_(session.now()),
      name_(stack_.new_drill_name()) {}

void AlarmDrill::step(const std::string& text) {
  const double seconds = std::chrono::duration<double>(session_.now() - begun_).count();
  steps_ += fmt::format("{}{{\"seconds\":{:.1f},\"step\":{}}}", steps_.empty() ? "" : ",", seconds, json_text(text));
  if (!json_) print_line(fmt::format("{:>7.1f} s  {}", seconds, text));
}

int AlarmDrill::finish(std::string_view outcome, int exit_code) {
  if (json_) {
    print_line(fmt::format("{{\"alarm\":{},\"outcome\":\"{}\",\"steps\":[{}]}}", json_text(alarm_), outcome, steps_));
  }
  return exit_code;
}

int AlarmDrill::run(Kind kind, base::Duration timeout) {
  alarm_ = kind == Kind::throttle ? name_ : site_.name(kind == Kind::error ? "errors" : "duration");
  if (!stack_is_there()) return kFailed;
  if (const std::string why = why_not(kind); !why.empty()) {
    print_error(why);
    return kFailed;
  }
  resources_ = stack_.drill_resources(name_, kind == Kind::throttle);
  auto prepared = prepare();
  if (prepared.has_value()) prepared = cause(kind);
  auto outcome = prepared.has_value() ? wait(kind, timeout) : base::fail(prepared.error());
  const bool clean = clean_up();
  if (interruption_.requested()) {
    print_error(clean ? "interrupted; what the drill made is removed again" : "interrupted");
    return finish("interrupted", kInterrupted);
  }
  if (!outcome.has_value()) {
    const int code = print_failure("drill of " + alarm_, outcome.error());
    return outcome.error().code == "NotThrottled" ? finish("not throttled", kCheckFailed) : finish("failed", code);
  }
  if (*outcome == Outcome::arrived) return finish("arrived", kOk);
  print_error(fmt::format("alarm {}: no notification within {} s", alarm_,
                          std::chrono::duration_cast<std::chrono::seconds>(timeout).count()));
  return finish("late", kCheckFailed);
}

// The alarm's topic, and the alarm itself unless the drill brings one.
bool AlarmDrill::stack_is_there() {
  const auto topic = make_topic(site_, stack_.alarms_topic())->describe();
  if (!topic.has_value() || !topic->has_value()) {
    print_failure_of("topic", stack_.alarms_topic(),
                     topic.has_value() ? base::AwsError{.http_status = 404} : topic.error());
    return false;
  }
  if (alarm_ == name_) return true;
  const auto now = state();
  if (!now.has_value()) print_failure_of("alarm", alarm_, now.error());
  return now.has_value();
}

std::string AlarmDrill::why_not(Kind kind) {
  constexpr std::chrono::milliseconds kTakes =
      std::chrono::duration_cast<std::chrono::milliseconds>(functions::kDurationDrillTime);
  if (kind == Kind::throttle) return "";
  const pipeline::Stage* own = pipeline::find_stage(stack_.options().stages, "process");
  if (own != nullptr && own->code.has_value())
    return fmt::format("function {} runs code of the definition's own, which knows no drills", site_.name("process"));
  const auto now = look();
  const double threshold = now.has_value() ? now->threshold.value_or(0) : 0;
  if (kind == Kind::error && threshold > 1)
    return fmt::format(
        "alarm {} waits for {} failures in a minute, and the drill makes one: see [alarms] of the "
        "definition",
        alarm_, threshold);
  if (kind == Kind::duration && threshold >= static_cast<double>(kTakes.count()))
    return fmt::format("alarm {} waits for more than {} ms, and the drill takes {}: see [alarms] of the definition",
                       alarm_, threshold, kTakes.count());
  return "";
}

base::Result<void> AlarmDrill::prepare() {
  for (const auto& resource : resources_) {
    TRY_ASSIGN(const auto compared, pipeline::compare(*resource));
    if (compared.action == pipeline::Action::create) TRY(resource->create());
    if (compared.action == pipeline::Action::change) TRY(resource->change());
    step(fmt::format("{} {} is there", resource->kind(), resource->name()));
  }
  TRY_ASSIGN(const auto now, state());
  if (now.first != "ALARM") return {};
  // Only a change of state notifies.
  aws::cloudwatch::SetAlarmStateInput set;
  set.alarm_name = alarm_;
  set.state_value = "OK";
  set.state_reason = "till alarms drill begins";
  aws::Context context = site_.call();
  TRY(site_.services.cloudwatch.set_alarm_state(context, std::move(set)));
  step("alarm " + alarm_ + " was in ALARM and is set to OK");
  return {};
}

base::Result<void> AlarmDrill::cause(Kind kind) {
  switch (kind) {
    case Kind::error:
      return invoke(functions::kErrorDrill, /*fails=*/true);
    case Kind::duration:
      return invoke(functions::kDurationDrill, /*fails=*/false);
    case Kind::throttle:
      return write_until_throttled();
  }
  return {};
}

base::Result<void> AlarmDrill::invoke(std::string_view event, bool fails) {
  aws::lambda::InvocationRequest request;
  request.function_name = site_.name("process");
  request.payload = event;
  aws::Context context = site_.call();
  TRY_ASSIGN(const auto answer, site_.services.lambda.invoke(context, std::move(request)));
  if (answer.function_error.has_value() != fails) {
    return base::fail(
        {.code = "UnexpectedAnswer",
         .message = "function " + site_.name("process") +
                    " does not know the drill's event (`till deploy process`): " + answer.payload.value_or("")});
  }
  step(fmt::format("function {} {}", site_.name("process"),
                   fails ? std::string("failed") : std::string("took more than a second")));
  return {};
}

base::Result<void> AlarmDrill::write_until_throttled() {
  aws::dynamodb::PutItemInput put;
  put.table_name = name_;
  auto& item = put.item.emplace();
  item["id"] = pipeline::text("drill");
  item["filler"] = pipeline::text(std::string(kRowBytes, 'x'));
  for (int i = 0; i < kWritesMax && !interruption_.requested(); ++i) {
    aws::Context context = site_.call();
    const auto done = site_.services.dynamodb.put_item(context, put);
    if (done.has_value()) continue;
    if (!is_throttled(done.error())) return base::fail(done.error());
    step(fmt::format("table {}: write {} was throttled", name_, i + 1));
    return {};
  }
  return base::fail({.code = "NotThrottled",
                     .message = fmt::format("{} writes of {} bytes went into table {} of one write unit", kWritesMax,
                                            kRowBytes, name_)});
}

base::Result<aws::cloudwatch::MetricAlarm> AlarmDrill::look() {
  aws::cloudwatch::DescribeAlarmsInput describe;
  describe.alarm_names = {alarm_};
  aws::Context context = site_.call();
  TRY_ASSIGN(const auto found, site_.services.cloudwatch.describe_alarms(context, std::move(describe)));
  if (!found.metric_alarms.has_value() || found.metric_alarms->empty())
    return base::fail({.code = "ResourceNotFound", .message = "no alarm " + alarm_, .http_status = 404});
  return found.metric_alarms->front();
}

base::Result<std::pair<std::string, std::string>> AlarmDrill::state() {
  TRY_ASSIGN(const auto alarm, look());
  return std::pair(alarm.state_value.value_or(""), alarm.state_reason.value_or(""));
}

base::Result<std::optional<std::string>> AlarmDrill::receive_notification() {
  aws::sqs::ReceiveMessageRequest receive;
  receive.queue_url = site_.queue_url(name_);
  receive.max_number_of_messages = 10;
  receive.wait_time_seconds = session_.wait_time_seconds();
  aws::Context context = site_.call();
  TRY_ASSIGN(const auto got, site_.services.sqs.receive_message(context, std::move(receive)));
  for (const auto& message : got.messages.value_or(std::vector<aws::sqs::Message>()))
    if (auto reason = reason_in(message.body.value_or(""), alarm_); reason.has_value()) return reason;
  return std::nullopt;
}

base::Result<AlarmDrill::Outcome> AlarmDrill::wait(Kind kind, base::Duration timeout) {
  const bool is_virtual = session_.has_virtual_clock();
  const base::Timestamp end = session_.now() + timeout;
  base::Timestamp repeat_at = session_.now() + kRepeatAfter;
  base::Timestamp alarmed_at = base::kTimestampMax;  // by the machine's clock
  while (!interruption_.requested()) {
    const bool alarmed = alarmed_at != base::kTimestampMax;
    if (is_virtual && !alarmed) TRY(session_.advance(kClockStep));
    TRY_ASSIGN(const auto now, state());
    if (!alarmed && now.first == "ALARM") {
      alarmed_at = session_.env().clock.now();
      step(fmt::format("alarm {}: {}", alarm_, now.second));
    }
    TRY_ASSIGN(const auto received, receive_notification());
    if (received.has_value()) {
      if (alarmed_at == base::kTimestampMax) step(fmt::format("alarm {}: {}", alarm_, *received));
      step("the notification arrived");
      return Outcome::arrived;
    }
    const bool lost = is_virtual && alarmed && session_.env().clock.now() >= alarmed_at + kDeliveryMax;
    if (lost || session_.now() >= end) return Outcome::late;
    if (!alarmed && session_.now() >= repeat_at) {
      TRY(cause(kind));
      repeat_at = session_.now() + kRepeatAfter;
    }
    if (is_virtual) interruption_.pause(kPollPause);
  }
  return Outcome::interrupted;
}

bool AlarmDrill::clean_up() {
  bool clean = true;
  for (auto each = resources_.rbegin(); each != resources_.rend(); ++each) {
    const auto removed = (*each)->remove();
    if (removed.has_value() || pipeline::is_absent(removed.error())) continue;
    print_failure((*each)->kind() + " " + (*each)->name() + " is left (`till down` removes it)", removed.error());
    clean = false;
  }
  if (clean) step("what the drill made is removed");
  return clean;
}

}  // namespace cli
