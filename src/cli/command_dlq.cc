// till dlq list, till dlq redrive.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "aws/logs/logs.h"
#include "aws/sqs/sqs.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/output.h"
#include "cli/settle.h"
#include "pipeline/transaction.h"

namespace cli {
namespace {

namespace sqs = aws::sqs;

constexpr int32_t kPeekSeconds = 30;  // nobody else sees a message while we look
constexpr int32_t kMoveSeconds = 60;  // nor while it is moved
constexpr int32_t kBatchMax = 10;
constexpr std::size_t kFaultLinesMax = 3;

struct DeadLetters {
  Session& session;
  const pipeline::Site& site = session.stack().site();
  const std::string queue = site.name("orders-dlq");
  const std::string url = site.queue_url(queue);

  // At most `messages_max` (1 to 10); none if the queue is empty.
  base::Result<std::vector<sqs::Message>> receive(int32_t messages_max, int32_t visibility_seconds) {
    sqs::ReceiveMessageRequest request;
    request.queue_url = url;
    request.max_number_of_messages = messages_max;
    request.visibility_timeout = visibility_seconds;
    request.wait_time_seconds = session.wait_time_seconds();
    request.attribute_names = {"All"};
    request.message_attribute_names = {"All"};
    aws::Context context = site.call();
    TRY_ASSIGN(auto got, site.services.sqs.receive_message(context, std::move(request)));
    return std::move(got.messages).value_or(std::vector<sqs::Message>());
  }

  // Lets others see the messages again at once. A failure costs kPeekSeconds of patience and nothing else.
  void give_back(const std::vector<sqs::Message>& messages) {
    for (std::size_t begin = 0; begin < messages.size(); begin += kBatchMax) {
      sqs::ChangeMessageVisibilityBatchRequest request;
      request.queue_url = url;
      auto& entries = request.entries.emplace();
      for (std::size_t i = begin; i < std::min(messages.size(), begin + kBatchMax); ++i) {
        auto& entry = entries.emplace_back();
        entry.id = std::to_string(i);
        entry.receipt_handle = messages[i].receipt_handle;
        entry.visibility_timeout = 0;
      }
      aws::Context context = site.call();
      (void)site.services.sqs.change_message_visibility_batch(context, std::move(request));
    }
  }
};

int64_t number_attribute(const sqs::Message& message, std::string_view name) {
  int64_t value = 0;
  if (!message.attributes.has_value()) return value;
  if (const std::string* text = message.attributes->find(name); text != nullptr)
    std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

std::string source_of(const sqs::Message& message) {
  if (!message.message_attributes.has_value()) return "";
  const auto* source = message.message_attributes->find("source");
  return source == nullptr ? "" : source->string_value.value_or("");
}

// The queue itself keeps no reason, but only two lead here: the order could not be worked on again and again, or it
// is older than the queue keeps. A bad order does not: it is quarantined.
std::string reason_of(const pipeline::TransactionReader& reader, const sqs::Message& message) {
  const auto order = reader.read(message.body.value_or(""));
  const std::string received =
      fmt::format("given up after {} receives", number_attribute(message, "ApproximateReceiveCount"));
  if (order.has_value()) return received;
  return fmt::format("{}; the body is no order: {}: {}", received, order.error().reason, order.error().message);
}

std::string message_json(const pipeline::TransactionReader& reader, const sqs::Message& message) {
  return fmt::format("{{\"message_id\":{},\"source\":{},\"sent_at\":{},\"receives\":{},\"reason\":{},\"body\":{}}}",
                     json_text(message.message_id.value_or("")), json_text(source_of(message)),
                     json_time(base::from_epoch_milliseconds(number_attribute(message, "SentTimestamp"))),
                     number_attribute(message, "ApproximateReceiveCount"), json_text(reason_of(reader, message)),
                     json_text(message.body.value_or("")));
}

void print_message(const pipeline::TransactionReader& reader, const sqs::Message& message) {
  constexpr std::size_t kBodyShown = 500;
  const std::string body = message.body.value_or("");
  print_line(fmt::format("message  {}", message.message_id.value_or("")));
  print_line(fmt::format(
      "sent     {}{}",
      base::format_iso8601_milliseconds(base::from_epoch_milliseconds(number_attribute(message, "SentTimestamp"))),
      source_of(message).empty() ? "" : "  from " + source_of(message)));
  print_line("reason   " + reason_of(reader, message));
  print_line(body.size() <= kBodyShown ? body : body.substr(0, kBodyShown) + "...");
}

// What the process function complained about since then, the newest last: why messages come back. Nothing if its log
// cannot be read.
std::vector<std::string> faults_since(const pipeline::Site& site, int64_t since_milliseconds) {
  aws::logs::FilterLogEventsRequest filter;
  filter.log_group_name = "/aws/lambda/" + site.name("process");
  filter.start_time = since_milliseconds;
  filter.filter_pattern = "?ERROR ?WARN ?\"timed out\" ?errorType";
  std::vector<std::string> lines;
  for (int page = 0; page < 20; ++page) {
    aws::Context context = site.call();
    const auto got = site.services.logs.filter_log_events(context, filter);
    if (!got.has_value()) break;
    for (const auto& event : got->events.value_or(std::vector<aws::logs::FilteredLogEvent>())) {
      std::string line = event.message.value_or("");
      while (line.ends_with('\n')) line.pop_back();
      lines.push_back(std::move(line));
      if (lines.size() > kFaultLinesMax) lines.erase(lines.begin());
    }
    if (got->next_token.value_or("").empty()) break;
    filter.next_token = got->next_token;
  }
  return lines;
}

void print_list(const pipeline::Site& site, const pipeline::TransactionReader& reader,
                const std::vector<sqs::Message>& messages, bool json) {
  int64_t oldest = INT64_MAX;
  for (const auto& message : messages) oldest = std::min(oldest, number_attribute(message, "SentTimestamp"));
  const auto faults = messages.empty() ? std::vector<std::string>() : faults_since(site, oldest);
  std::string list;
  std::string fault_list;
  for (const auto& message : messages) {
    if (json) {
      list += (list.empty() ? "" : ",") + message_json(reader, message);
    } else {
      print_message(reader, message);
    }
  }
  for (const std::string& line : faults) fault_list += (fault_list.empty() ? "" : ",") + json_text(line);
  if (json) return print_line("{\"messages\":[" + list + "],\"process_log\":[" + fault_list + "]}");
  if (messages.empty()) print_line("the dead-letter queue is empty");
  if (!faults.empty()) print_line("The last that the process function logged about a fault since the oldest was sent:");
  for (const std::string& line : faults) print_line("  " + line);
}

// One by one. A message is sent before it is deleted, so a fault in between makes two of it, which the pipeline stores
// once; it never makes none.
base::Result<uint64_t> move_by_hand(DeadLetters& dead, uint64_t messages_max) {
  uint64_t moved = 0;
  while (moved < messages_max) {
    const auto ask = static_cast<int32_t>(std::min<uint64_t>(kBatchMax, messages_max - moved));
    TRY_ASSIGN(const auto messages, dead.receive(ask, kMoveSeconds));
    if (messages.empty()) break;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      sqs::SendMessageRequest send;
      send.queue_url = dead.session.stack().queue_url("orders");
      send.message_body = messages[i].body;
      send.message_attributes = messages[i].message_attributes;
      aws::Context context = dead.site.call();
      if (const auto sent = dead.site.services.sqs.send_message(context, std::move(send)); !sent.has_value()) {
        dead.give_back({messages.begin() + static_cast<std::ptrdiff_t>(i), messages.end()});
        return base::fail(sent.error());
      }
      sqs::DeleteMessageRequest remove;
      remove.queue_url = dead.url;
      remove.receipt_handle = messages[i].receipt_handle;
      TRY(dead.site.services.sqs.delete_message(context, std::move(remove)));
      ++moved;
    }
  }
  return moved;
}

bool is_not_offered(const base::AwsError& error) {
  constexpr std::array<std::string_view, 5> kCodes = {"UnsupportedOperation", "UnknownOperationException",
                                                      "InvalidAction", "NotImplemented",
                                                      "AWS.SimpleQueueService.UnsupportedOperation"};
  return std::ranges::find(kCodes, error.code) != kCodes.end();
}

// By a task of the queue service itself. nullopt: it does not offer that.
base::Result<std::optional<uint64_t>> move_by_task(DeadLetters& dead, Interruption& interruption) {
  sqs::StartMessageMoveTaskRequest start;
  start.source_arn = dead.site.arn("sqs", dead.queue);
  start.destination_arn = dead.site.arn("sqs", dead.site.name("orders"));
  const std::string source = *start.source_arn;
  aws::Context context = dead.site.call();
  const auto started = dead.site.services.sqs.start_message_move_task(context, std::move(start));
  if (!started.has_value() && is_not_offered(started.error())) return std::nullopt;
  if (!started.has_value()) return base::fail(started.error());
  while (true) {
    sqs::ListMessageMoveTasksRequest list;
    list.source_arn = source;
    list.max_results = 1;
    TRY_ASSIGN(const auto listed, dead.site.services.sqs.list_message_move_tasks(context, std::move(list)));
    if (!listed.results.has_value() || listed.results->empty()) return 0;
    const auto& task = listed.results->front();
    const auto moved = static_cast<uint64_t>(task.approximate_number_of_messages_moved.value_or(0));
    if (task.status == "COMPLETED") return moved;
    if (task.status != "RUNNING")
      return base::fail({.code = task.status.value_or("Failed"),
                         .message = task.failure_reason.value_or("the move task has not completed")});
    if (!interruption.pause(std::chrono::milliseconds(200)))
      return base::fail({.code = "Interrupted", .message = "the move task goes on by itself"});
  }
}

}  // namespace

int dlq_list(const GlobalOptions& global, uint64_t messages_max) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  DeadLetters dead{*session};
  std::vector<sqs::Message> messages;
  while (messages.size() < messages_max) {
    const auto ask = static_cast<int32_t>(std::min<uint64_t>(kBatchMax, messages_max - messages.size()));
    auto got = dead.receive(ask, kPeekSeconds);
    if (!got.has_value()) {
      dead.give_back(messages);
      return print_failure_of("queue", dead.queue, got.error());
    }
    if (got->empty()) break;
    std::ranges::move(*got, std::back_inserter(messages));
  }
  dead.give_back(messages);
  print_list(dead.site, pipeline::TransactionReader(session->definition().mapping), messages, global.json);
  return kOk;
}

int dlq_redrive(const GlobalOptions& global, std::optional<uint64_t> messages_max) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  DeadLetters dead{*session};
  Interruption interruption(session->env());
  std::optional<uint64_t> moved;
  // A task moves everything, and moves it in the services' time.
  if (!messages_max.has_value() && !session->has_virtual_clock()) {
    auto by_task = move_by_task(dead, interruption);
    if (!by_task.has_value()) {
      const int code = print_failure_of("queue", dead.queue, by_task.error());
      return interruption.requested() ? static_cast<int>(kInterrupted) : code;
    }
    moved = *by_task;
  }
  if (!moved.has_value()) {
    const auto by_hand = move_by_hand(dead, messages_max.value_or(UINT64_MAX));
    if (!by_hand.has_value()) return print_failure_of("queue", dead.queue, by_hand.error());
    moved = *by_hand;
  }
  print_line(global.json ? fmt::format("{{\"moved\":{}}}", *moved)
                         : fmt::format("{} messages went back to {}", *moved, dead.site.name("orders")));
  return settle_orders(*session, interruption);
}

}  // namespace cli
