// TestBed: an SnsService over a memory store and a manual clock, with a real SQS, a Lambda that notes what it is asked
// to invoke, and a Mailer that keeps its mails. Owned by one test; used by its thread.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/http/message.h"
#include "aws/lambda/caller.h"
#include "aws/lambda/errors.h"
#include "base/manual/manual_env.h"
#include "engine/service_metrics.h"
#include "engine/sns/limits.h"
#include "engine/sns/service.h"
#include "engine/sqs/service.h"
#include "engine/test_calls.h"
#include "store/memory/memory_store.h"

namespace engine::sns {

using namespace aws::sns;
using Texts = aws::Map<std::string>;

// A member of the JSON object at the top of `json`, or "none".
inline std::string member(const std::string& json, std::string_view name) {
  simdjson::dom::parser parser;
  std::string_view text;
  return parser.parse(json)[name].get(text) == simdjson::SUCCESS ? std::string(text) : "none";
}

// Every operation of Lambda, of which only Invoke is used.
struct NotingLambda final : aws::Dispatcher {
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context& context, void* in,
                              void*) override {
    const std::lock_guard lock(mutex);
    if (error) return base::fail(*error);
    calls.push_back(context.principal.arn + " " + context.source_arn);
    payloads.push_back(*static_cast<aws::lambda::InvocationRequest*>(in)->payload);
    return {};
  }
  std::mutex mutex;
  std::optional<base::AwsError> error;
  std::vector<std::string> calls;
  std::vector<std::string> payloads;
};

struct KeepingMailer final : Mailer {
  bool send(const Mail& mail) override {
    const std::lock_guard lock(mutex);
    if (!works) return false;
    mails.push_back(mail.to + "|" + mail.subject + "|" + mail.body);
    subscriptions.push_back(mail.subscription);
    return true;
  }
  [[nodiscard]] bool ends_later() const override { return leaves; }
  void report_to(Ended to) override { ended = std::move(to); }
  std::mutex mutex;
  bool works = true;
  bool leaves = false;
  std::vector<std::string> mails;
  std::vector<std::string> subscriptions;
  Ended ended;
};

// All http(s) endpoints: they answer with the statuses they are given, then with 200; 0 is no answer at all. Calls to
// the host `hanging` wait until they are cancelled.
struct FakeWeb final : aws::http::Transport {
  base::Result<aws::http::Response> round_trip(const aws::http::Endpoint& endpoint, aws::http::Request request,
                                               base::Duration timeout) override {
    std::unique_lock lock(mutex);
    EXPECT_EQ(timeout, kWebhookTimeout);
    hosts.push_back(aws::http::host_header(endpoint));
    requests.push_back(std::move(request));
    changed.notify_all();
    if (hosts.back() == hanging) {
      changed.wait(lock, [&] { return cancelled; });
      return base::fail({.code = "ConnectionError", .http_status = 0, .fault = base::Fault::receiver});
    }
    int status = 200;
    if (!statuses.empty()) {
      status = statuses.front();
      statuses.erase(statuses.begin());
    }
    if (status == 0) return base::fail({.code = "ConnectionError", .http_status = 0, .fault = base::Fault::receiver});
    aws::http::Response answer{status, {}, "ignored", nullptr};
    if (status == 401) answer.headers.add("WWW-Authenticate", challenge);
    return answer;
  }
  void cancel() override {
    const std::lock_guard lock(mutex);
    cancelled = true;
    changed.notify_all();
  }
  void await_requests(const std::string& host, std::ptrdiff_t count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return std::ranges::count(hosts, host) >= count; });
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::string hanging;
  bool cancelled = false;
  std::vector<int> statuses;
  std::string challenge = "Basic realm=\"hooks\"";
  std::vector<std::string> hosts;
  std::vector<aws::http::Request> requests;
};

struct TestBed {
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  sqs::SqsService sqs{*store, env.env, {.allows = [](const auto&...) { return true; }}};
  NotingLambda noted;
  aws::lambda::LambdaCaller lambda{noted};
  KeepingMailer mailer;
  FakeWeb web;
  ServiceMetrics metrics{env.env};
  SnsOptions options{.allows = [](const auto& policy, auto&&...) { return policy.find("open") != policy.npos; },
                     .mailer = &mailer,
                     .transport = &web,
                     .metrics = &metrics};
  std::unique_ptr<SnsService> sns = std::make_unique<SnsService>(*store, env.env, sqs, lambda, options);

  void restart() {
    sns.reset();
    sns = std::make_unique<SnsService>(*store, env.env, sqs, lambda, options);
  }
  // Delivers all that is due, then restarts.
  void deliver() {
    sns->start();
    env.clock.await_waiters(kOutboxWorkers + (options.transport == nullptr ? 0 : kWebWorkers));
    restart();
  }
  aws::Context context() { return root_context(env); }
  // A caller without a signature, who follows a link.
  aws::Context nobody() {
    aws::Context out = context();
    out.account = out.region = "";
    out.principal = {aws::Principal::Kind::role, "", "", ""};
    return out;
  }
  template <class Out, class In>
  Out ok(base::Result<Out> (SnsService::*operation)(aws::Context&, In), In in) {
    return call_ok(*sns, context(), operation, std::move(in));
  }
  template <class Out, class In>
  std::string error(base::Result<Out> (SnsService::*operation)(aws::Context&, In), In in) {
    return call_error(Codes::query, *sns, context(), operation, std::move(in));
  }
  static std::string arn(const std::string& name) { return "arn:aws:sns:eu-west-1:123456789012:" + name; }
  static std::string queue_arn(const std::string& name) { return "arn:aws:sqs:eu-west-1:123456789012:" + name; }
  std::string topic(const std::string& name, Texts attributes = {}) {
    return ok(&SnsService::create_topic, CreateTopicInput{name, std::move(attributes), {}}).topic_arn.value_or("");
  }
  void queue(const std::string& name) {
    aws::Context call = context();
    ASSERT_TRUE(sqs.create_queue(call, {name, Texts{{"Policy", policy_named("open")}}, {}}));
  }
  static SubscribeInput subscription(const std::string& topic_arn, const std::string& protocol,
                                     const std::string& endpoint, Texts attributes = {}) {
    SubscribeInput in;
    in.topic_arn = topic_arn;
    in.protocol = protocol;
    in.endpoint = endpoint;
    in.attributes = std::move(attributes);
    return in;
  }
  std::string subscribe(const std::string& topic_arn, const std::string& protocol, const std::string& endpoint,
                        Texts attributes = {}) {
    return ok(&SnsService::subscribe, subscription(topic_arn, protocol, endpoint, std::move(attributes)))
        .subscription_arn.value_or("");
  }
  static PublishInput message(const std::string& topic_arn, const std::string& text) {
    PublishInput in;
    in.topic_arn = topic_arn;
    in.message = text;
    return in;
  }
  std::string publish(const std::string& topic_arn, const std::string& text,
                      aws::Map<MessageAttributeValue> attributes = {}) {
    PublishInput in = message(topic_arn, text);
    if (!attributes.empty()) in.message_attributes = std::move(attributes);
    return ok(&SnsService::publish, std::move(in)).message_id.value_or("");
  }
  // The sum of a metric since this was asked last, of all topics.
  double counted(std::string_view metric) {
    double sum = 0;
    for (const ServiceMetrics::Put& put : metrics.take())
      for (const auto& datum : put.data)
        for (std::size_t i = 0; datum.metric_name == metric && i < datum.values->size(); ++i)
          sum += datum.values->at(i) * datum.counts->at(i);
    return sum;
  }
  std::vector<aws::sqs::Message> receive(const std::string& queue_name) {
    aws::Context call = context();
    aws::sqs::ReceiveMessageRequest in;
    in.queue_url = queue_name;
    in.max_number_of_messages = 10;
    in.message_attribute_names = {"All"};
    auto out = sqs.receive_message(call, std::move(in));
    return out ? std::move(out->messages).value_or(std::vector<aws::sqs::Message>()) : std::vector<aws::sqs::Message>();
  }
};

}  // namespace engine::sns
