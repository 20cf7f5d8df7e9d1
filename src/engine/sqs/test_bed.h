// TestBed: an SqsService over a memory store and a manual clock, with the calls that tests make all the time. Owned by
// one test; used by its thread, except where a test says otherwise.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/manual/manual_env.h"
#include "engine/service_metrics.h"
#include "engine/sqs/service.h"
#include "engine/test_calls.h"
#include "store/memory/memory_store.h"

namespace engine::sqs {

using namespace aws::sqs;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = aws::Map<std::string>;

struct TestBed {
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  ServiceMetrics metrics{env.env};
  SqsOptions options{.allows = {}, .metrics = &metrics};
  std::unique_ptr<SqsService> sqs = std::make_unique<SqsService>(*store, env.env, options);

  // A new service over the same store, as after a crash.
  void restart() {
    sqs.reset();
    sqs = std::make_unique<SqsService>(*store, env.env, options);
  }
  aws::Context context() { return root_context(env); }
  // Calls one operation with a fresh context; the test fails if the operation does.
  template <class Out, class In>
  Out ok(base::Result<Out> (SqsService::*operation)(aws::Context&, In), In in) {
    return call_ok(*sqs, context(), operation, std::move(in));
  }
  // The same for an operation that has to fail: "Code: message".
  template <class Out, class In>
  std::string error(base::Result<Out> (SqsService::*operation)(aws::Context&, In), In in) {
    return call_error(Codes::json, *sqs, context(), operation, std::move(in));
  }

  std::string create(const std::string& name, Texts attributes = {}) {
    return ok(&SqsService::create_queue, CreateQueueRequest{name, std::move(attributes), {}}).queue_url.value_or("");
  }
  static std::string arn(const std::string& name) { return "arn:aws:sqs:eu-west-1:123456789012:" + name; }
  static std::string redrive(const std::string& name, int max) {
    return R"({"deadLetterTargetArn":")" + arn(name) + R"(","maxReceiveCount":")" + std::to_string(max) + "\"}";
  }
  void set(const std::string& url, Texts attributes) {
    ok(&SqsService::set_queue_attributes, SetQueueAttributesRequest{url, std::move(attributes)});
  }
  Texts attributes(const std::string& url, std::vector<std::string> names = {"All"}) {
    return ok(&SqsService::get_queue_attributes, GetQueueAttributesRequest{url, std::move(names)})
        .attributes.value_or(Texts());
  }
  // "visible/delayed/in flight".
  std::string counts(const std::string& url) {
    Texts all = attributes(url);
    return all["ApproximateNumberOfMessages"] + "/" + all["ApproximateNumberOfMessagesDelayed"] + "/" +
           all["ApproximateNumberOfMessagesNotVisible"];
  }
  SendMessageResult send(const std::string& url, const std::string& body, std::optional<int> delay = {}) {
    SendMessageRequest in;
    in.queue_url = url;
    in.message_body = body;
    in.delay_seconds = delay;
    return ok(&SqsService::send_message, std::move(in));
  }
  SendMessageResult send_fifo(const std::string& url, const std::string& body, const std::string& group,
                              std::optional<std::string> dedup = {}) {
    SendMessageRequest in;
    in.queue_url = url;
    in.message_body = body;
    in.message_group_id = group;
    in.message_deduplication_id = dedup ? std::move(dedup) : body;
    return ok(&SqsService::send_message, std::move(in));
  }
  std::vector<Message> receive(const std::string& url, int count = 10, std::optional<int> visibility = {},
                               std::optional<int> wait = {}) {
    ReceiveMessageRequest in;
    in.queue_url = url;
    in.message_system_attribute_names = {"All"};
    in.message_attribute_names = {"All"};
    in.max_number_of_messages = count;
    in.visibility_timeout = visibility;
    in.wait_time_seconds = wait;
    return ok(&SqsService::receive_message, std::move(in)).messages.value_or(std::vector<Message>());
  }
  // The bodies of a receive, joined by commas.
  std::string bodies(const std::string& url, int count = 10, std::optional<int> visibility = {}) {
    std::string out;
    for (const Message& message : receive(url, count, visibility)) out += (out.empty() ? "" : ",") + *message.body;
    return out;
  }
  void remove(const std::string& url, const Message& message) {
    ok(&SqsService::delete_message, DeleteMessageRequest{url, message.receipt_handle});
  }
  void change(const std::string& url, const Message& message, int timeout) {
    ok(&SqsService::change_message_visibility, ChangeMessageVisibilityRequest{url, message.receipt_handle, timeout});
  }
};

}  // namespace engine::sqs
