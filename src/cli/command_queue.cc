// till send, till receive, till delete.
#include <fmt/format.h>
#include <simdjson.h>

#include <iostream>
#include <iterator>

#include "aws/sqs/sqs.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/settle.h"

namespace cli {
namespace {

// A URL as it is; a name becomes the URL of the account's queue; nothing is the stack's orders queue.
std::string queue_url(Session& session, const std::string& queue) {
  if (queue.empty()) return session.stack().queue_url("orders");
  if (queue.find("://") != std::string::npos) return queue;
  return "https://sqs." + session.stack().options().region + ".amazonaws.com/" + session.account() + "/" + queue;
}

std::string message_json(const aws::sqs::Message& message) {
  return fmt::format("{{\"message_id\":{},\"receipt_handle\":{},\"body\":{}}}",
                     json_text(message.message_id.value_or("")), json_text(message.receipt_handle.value_or("")),
                     json_text(message.body.value_or("")));
}

}  // namespace

int send(const GlobalOptions& global, const std::string& queue, const std::string& text) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code, Use::works);
  if (session == nullptr) return exit_code;
  aws::sqs::SendMessageRequest request;
  request.queue_url = queue_url(*session, queue);
  request.message_body = text == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : text;
  if (!simdjson::validate_utf8(*request.message_body)) {
    print_error("send: the text is not UTF-8");
    return kFailed;
  }
  aws::Context context;
  const auto sent = session->services().sqs.send_message(context, std::move(request));
  if (!sent.has_value()) return print_failure("send", sent.error());
  const std::string id = sent->message_id.value_or("");
  print_line(global.json ? "{\"message_id\":" + json_text(id) + "}" : "sent " + id);
  Interruption interruption(session->env());
  return queue.empty() ? settle_orders(*session, interruption) : static_cast<int>(kOk);
}

int receive(const GlobalOptions& global, const std::string& queue, int messages_max, int wait_seconds) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  aws::sqs::ReceiveMessageRequest request;
  request.queue_url = queue_url(*session, queue);
  request.max_number_of_messages = messages_max;
  request.wait_time_seconds = wait_seconds;
  aws::Context context;
  const auto received = session->services().sqs.receive_message(context, std::move(request));
  if (!received.has_value()) return print_failure("receive", received.error());
  std::string list;
  for (const auto& message : received->messages.value_or(std::vector<aws::sqs::Message>())) {
    if (global.json) {
      list += (list.empty() ? "" : ",") + message_json(message);
      continue;
    }
    print_line("message  " + message.message_id.value_or(""));
    print_line("receipt  " + message.receipt_handle.value_or(""));
    print_line(message.body.value_or(""));
  }
  if (global.json) print_line("{\"messages\":[" + list + "]}");
  if (!global.json && !received->messages.has_value()) print_line("no message");
  return kOk;
}

int delete_message(const GlobalOptions& global, const std::string& queue, const std::string& receipt_handle) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  aws::sqs::DeleteMessageRequest request;
  request.queue_url = queue_url(*session, queue);
  request.receipt_handle = receipt_handle;
  aws::Context context;
  const auto deleted = session->services().sqs.delete_message(context, std::move(request));
  if (!deleted.has_value()) return print_failure("delete", deleted.error());
  print_line(global.json ? "{\"deleted\":true}" : "deleted");
  return kOk;
}

}  // namespace cli
