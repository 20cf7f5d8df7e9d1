#include "engine/lambda/async_invocations.h"

#include <algorithm>
#include <utility>

#include "aws/codec/json_shape.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/keys.h"
#include "engine/record.h"

namespace engine::lambda {

using aws::codec::write_json_string;
using runtime::OutcomeKind;

namespace {

// Of both kinds of entries.
enum Field : uint32_t {
  kAccount = 1,
  kRegion = 2,
  kName = 3,
  kRequestId = 4,
  kPayload = 5,
  kTrace = 6,
  kErrors = 7,
  kAcceptedAt = 8,
  kQualifier = 9,
  kTarget = 10,  // only deliveries have one
  kRole = 11,
  kIsDeadLetter = 12,
  kErrorCode = 13,
  kErrorMessage = 14,
};

std::string encode_delivery(const Delivery& delivery) {
  RecordWriter writer;
  writer.text(kTarget, delivery.target_arn).text(kAccount, delivery.account).text(kRegion, delivery.region);
  writer.text(kName, delivery.function_name).text(kQualifier, delivery.qualifier).text(kRole, delivery.role);
  writer.text(kPayload, delivery.body).text(kRequestId, delivery.request_id);
  writer.number(kIsDeadLetter, delivery.dead_letter ? 1 : 0);
  writer.text(kErrorCode, delivery.error_code).text(kErrorMessage, delivery.error_message);
  return writer.take();
}

// nullopt if the entry is an event.
std::optional<Delivery> decode_delivery(std::string_view bytes) {
  Delivery out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kTarget:
        out.target_arn = reader.text();
        break;
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kName:
        out.function_name = reader.text();
        break;
      case kQualifier:
        out.qualifier = reader.text();
        break;
      case kRole:
        out.role = reader.text();
        break;
      case kPayload:
        out.body = reader.text();
        break;
      case kRequestId:
        out.request_id = reader.text();
        break;
      case kIsDeadLetter:
        out.dead_letter = reader.number() != 0;
        break;
      case kErrorCode:
        out.error_code = reader.text();
        break;
      case kErrorMessage:
        out.error_message = reader.text();
        break;
      default:
        break;
    }
  }
  store::require_intact(reader.ok(), "an asynchronous invocation of Lambda");
  return out.target_arn.empty() ? std::nullopt : std::optional(std::move(out));
}

// Custom runtimes may answer what is no JSON; it becomes a string.
void append_document(std::string& out, const std::string& payload) {
  if (!payload.empty() && !json_problem(payload)) {
    out += payload;
  } else {
    write_json_string(payload, out);
  }
}

// The record that destinations get (Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations").
std::string invocation_record(const AsyncEvent& event, const AsyncFunctions::Settings& settings,
                              std::string_view condition, const AsyncFunctions::Answer* answer, int32_t invoke_count,
                              base::Timestamp now) {
  std::string out = R"({"version":"1.0","timestamp":")" + base::format_iso8601_milliseconds(now);
  out += R"(","requestContext":{"requestId":)";
  write_json_string(event.request_id, out);
  out += R"(,"functionArn":)";
  write_json_string(settings.function_arn, out);
  out.append(R"(,"condition":")").append(condition).append(R"(","approximateInvokeCount":)");
  out += std::to_string(invoke_count) + R"(},"requestPayload":)";
  append_document(out, event.payload);
  if (answer != nullptr) {
    out += R"(,"responseContext":{"statusCode":200,"executedVersion":)";
    write_json_string(answer->version, out);
    if (answer->outcome.kind != OutcomeKind::ok) out += R"(,"functionError":"Unhandled")";
    out += R"(},"responsePayload":)";
    append_document(out, answer->outcome.payload);
  }
  return out + "}";
}

Delivery delivery_of(const AsyncEvent& event, const AsyncFunctions::Settings& settings) {
  Delivery out;
  out.account = event.account;
  out.region = event.region;
  out.function_name = event.name;
  out.qualifier = event.qualifier;
  out.role = settings.role;
  out.request_id = event.request_id;
  return out;
}

Delivery dead_letter(const AsyncEvent& event, const AsyncFunctions::Settings& settings, std::string_view condition,
                     const AsyncFunctions::Answer* answer) {
  Delivery out = delivery_of(event, settings);
  out.dead_letter = true;
  out.target_arn = settings.dead_letter_arn;
  out.body = event.payload;
  out.error_code = event.errors > 0 || answer != nullptr ? "200" : "429";
  out.error_message = answer != nullptr                        ? error_message_of(answer->outcome.payload)
                      : condition == "ZeroReservedConcurrency" ? "Rate Exceeded."
                                                               : "The event is older than it may be.";
  if (out.error_message.empty()) out.error_message = "Unhandled";  // attributes are not empty
  if (out.error_message.size() > kDeadLetterErrorBytesMax) {
    std::size_t end = kDeadLetterErrorBytesMax;
    while (end > 0 && (static_cast<unsigned char>(out.error_message[end]) & 0xc0U) == 0x80U) --end;
    out.error_message.resize(end);
  }
  return out;
}

base::Timestamp back_off(base::Timestamp now, uint64_t attempts) {
  const uint64_t doublings = std::min<uint64_t>(attempts, 9);
  return now + std::min<base::Duration>(kThrottleRetryMin * (1 << doublings), kThrottleRetryMax);
}

}  // namespace

std::string AsyncEvent::encode() const {
  RecordWriter writer;
  writer.text(kAccount, account).text(kRegion, region).text(kName, name).text(kQualifier, qualifier);
  writer.text(kRequestId, request_id).text(kPayload, payload).text(kTrace, trace_id);
  writer.number(kErrors, static_cast<uint64_t>(errors)).time(kAcceptedAt, accepted_at);
  return writer.take();
}

AsyncEvent AsyncEvent::decode(std::string_view bytes) {
  AsyncEvent out;
  for (RecordReader reader(bytes); reader.next();) {
    switch (reader.field()) {
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kName:
        out.name = reader.text();
        break;
      case kQualifier:
        out.qualifier = reader.text();
        break;
      case kRequestId:
        out.request_id = reader.text();
        break;
      case kPayload:
        out.payload = reader.text();
        break;
      case kTrace:
        out.trace_id = reader.text();
        break;
      case kErrors:
        out.errors = static_cast<int32_t>(reader.number());
        break;
      case kAcceptedAt:
        out.accepted_at = reader.time();
        break;
      default:
        break;
    }
  }
  return out;
}

AsyncInvocations::AsyncInvocations(store::KvStore& store, base::Env& env, std::size_t workers,
                                   AsyncFunctions& functions, Destinations& destinations)
    : store_(store),
      env_(env),
      functions_(functions),
      destinations_(destinations),
      outbox_(store, env, std::string(keys::kAsyncTable), workers,
              [this](const Outbox::Entry& entry) { return deliver(entry); }) {}

void AsyncInvocations::accept(const AsyncEvent& event) {
  add({event.encode()}, event.accepted_at);
}

void AsyncInvocations::add(const std::vector<std::string>& entries, base::Timestamp due) {
  if (entries.empty()) return;
  store::WriteBatch batch;
  std::vector<Outbox::Ticket> tickets;
  for (const std::string& entry : entries) tickets.push_back(outbox_.add(batch, env_.clock.now(), due, entry));
  store_.write(batch);
  for (const Outbox::Ticket& ticket : tickets) outbox_.release(ticket);
}

std::optional<base::Timestamp> AsyncInvocations::deliver(const Outbox::Entry& entry) {
  if (const auto delivery = decode_delivery(entry.payload)) return send(*delivery, entry);
  return invoke(AsyncEvent::decode(entry.payload), entry.attempts);
}

// Item 17. Failures of the function are tried again twice, after one and two minutes; throttles and failures of the
// engine with growing pauses until the event is too old. Whatever follows from an attempt is written as new entries
// before the outbox erases this one; a crash between the two leaves both, which "at least once" allows.
std::optional<base::Timestamp> AsyncInvocations::invoke(AsyncEvent event, uint64_t attempts) {
  const base::Timestamp now = env_.clock.now();
  const auto settings = functions_.async_settings(event);
  if (!settings) return std::nullopt;
  const base::Timestamp too_old = event.accepted_at + settings->age_max;
  if (now >= too_old) {
    give_up(event, *settings, "EventAgeExceeded", nullptr);
    return std::nullopt;
  }
  // At once, if there is a place for it to go (Developer Guide, "Configuring reserved concurrency"); else it is a
  // throttle like others, so that an event outlives a pause of its function.
  if (settings->blocked && (!settings->on_failure.empty() || !settings->dead_letter_arn.empty())) {
    give_up(event, *settings, "ZeroReservedConcurrency", nullptr);
    return std::nullopt;
  }
  settings->metrics->add(Metric::async_event_age,
                         std::chrono::duration<double, std::milli>(now - event.accepted_at).count(), now);
  const auto answer = functions_.run_async(event);
  const base::Timestamp ended = env_.clock.now();
  if (answer && answer->outcome.kind == OutcomeKind::ok) {
    if (settings->on_success.empty()) return std::nullopt;
    Delivery delivery = delivery_of(event, *settings);
    delivery.target_arn = settings->on_success;
    delivery.body = invocation_record(event, *settings, "Success", &*answer, event.errors + 1, ended);
    add({encode_delivery(delivery)}, ended);
    return std::nullopt;
  }
  if (functions_.async_stopping()) return ended;  // interrupted: owed to the next process
  if (!answer) return std::min(back_off(ended, attempts), too_old);
  if (event.errors >= settings->retries_max) {
    give_up(event, *settings, "RetriesExhausted", &*answer);
    return std::nullopt;
  }
  const base::Duration delay = kAsyncRetryDelay * (1 << event.errors);
  ++event.errors;  // it is part of the entry, so a new one takes this one's place
  add({event.encode()}, std::min(ended + delay, too_old));
  return std::nullopt;
}

void AsyncInvocations::give_up(const AsyncEvent& event, const Settings& settings, std::string_view condition,
                               const Answer* answer) {
  const base::Timestamp now = env_.clock.now();
  std::vector<std::string> entries;
  if (!settings.on_failure.empty()) {
    Delivery delivery = delivery_of(event, settings);
    delivery.target_arn = settings.on_failure;
    const int32_t count = event.errors + (answer != nullptr ? 1 : 0);
    delivery.body = invocation_record(event, settings, condition, answer, count, now);
    entries.push_back(encode_delivery(delivery));
  }
  if (!settings.dead_letter_arn.empty()) {
    entries.push_back(encode_delivery(dead_letter(event, settings, condition, answer)));
  }
  settings.metrics->add(Metric::async_events_dropped, 1, now);
  add(entries, now);
}

std::optional<base::Timestamp> AsyncInvocations::send(const Delivery& delivery, const Outbox::Entry& entry) {
  const auto sent = destinations_.send(delivery);
  if (sent) return std::nullopt;
  const base::Timestamp now = env_.clock.now();
  if (functions_.async_stopping()) return now;
  if (sent.error().fault == base::Fault::receiver || is_throttle(sent.error())) {
    if (now - entry.created_at < kAsyncAgeMax) return back_off(now, entry.attempts);
  }
  AsyncEvent about;
  about.account = delivery.account;
  about.region = delivery.region;
  about.name = delivery.function_name;
  about.qualifier = delivery.qualifier;
  if (const auto settings = functions_.async_settings(about)) {
    settings->metrics->add(delivery.dead_letter ? Metric::dead_letter_errors : Metric::destination_delivery_failures, 1,
                           now);
  }
  return std::nullopt;
}

}  // namespace engine::lambda
