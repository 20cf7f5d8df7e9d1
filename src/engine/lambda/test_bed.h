// TestBed: a LambdaService over a memory store, a manual clock, the real SQS, and fakes of everything else: a host
// whose functions are C++ functions, an STS that knows one bad role, a Logs that remembers lines. Owned by one test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/lambda/errors.h"
#include "aws/logs/caller.h"
#include "aws/logs/errors.h"
#include "aws/parking.h"
#include "aws/s3/caller.h"
#include "aws/sns/caller.h"
#include "aws/sts/caller.h"
#include "aws/sts/errors.h"
#include "base/manual/manual_env.h"
#include "engine/lambda/service.h"
#include "engine/service_metrics.h"
#include "engine/sqs/service.h"
#include "engine/test_calls.h"
#include "store/memory/memory_store.h"

namespace engine::lambda {

using namespace aws::lambda;
using runtime::InvokeOutcome;
using runtime::OutcomeKind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kRole = "arn:aws:iam::123456789012:role/worker";

inline InvokeOutcome answer(std::string payload) {
  InvokeOutcome out;
  out.payload = std::move(payload);
  out.delivered = true;
  return out;
}

inline InvokeOutcome failure() {
  InvokeOutcome out = answer(R"({"errorType":"E","errorMessage":"m"})");
  out.kind = OutcomeKind::function_error;
  return out;
}

// Runs a function's body on the thread that begins the invocation: the caller's if an instance is idle, otherwise the
// pool's.
class FakeHost final : public runtime::FunctionHost {
 public:
  using Body = std::function<InvokeOutcome(const runtime::FunctionSpec&, const runtime::InvokeRequest&)>;

  std::expected<std::unique_ptr<runtime::FunctionInstance>, runtime::StartError> start(
      const runtime::FunctionSpec& spec, runtime::LogSink& sink) override {
    const std::lock_guard lock(mutex);
    if (!start_error.empty()) {
      return std::unexpected(runtime::StartError{"Runtime.InvalidEntrypoint", start_error, out_of_resources});
    }
    specs.push_back(spec);
    ++live;
    return std::make_unique<Running>(*this, spec, sink);
  }
  base::Result<void> stage_code(std::string_view zip, const std::string& destination) override {
    if (const auto once = std::exchange(while_staging, {})) once();
    const std::lock_guard lock(mutex);
    if (zip.starts_with("bad")) {
      return base::fail(aws::lambda::errors::invalid_parameter_value_exception(
          "Could not unzip uploaded file. Please check your file, then try to upload again.", {}));
    }
    staged[destination] = zip;
    return {};
  }
  void remove_code(const std::string& destination) override {
    const std::lock_guard lock(mutex);
    staged.erase(destination);
  }
  std::size_t started() {
    const std::lock_guard lock(mutex);
    return specs.size();
  }
  // Whether the calling function's instance was interrupted; a body that blocks asks for it.
  static bool interrupted() { return current_ && current_->interrupted; }

  std::mutex mutex;
  Body body = [](const auto&, const auto&) { return InvokeOutcome(); };
  std::string start_error;
  bool out_of_resources = false;
  std::string init_log;                           // written before each invocation begins
  std::vector<runtime::InitReport> init_reports;  // of the next invocation
  bool init_fails = false;
  std::function<void()> while_staging;  // called once
  std::vector<runtime::FunctionSpec> specs;
  std::map<std::string, std::string> staged;
  std::atomic<int> live = 0;

 private:
  struct Running final : runtime::FunctionInstance {
    Running(FakeHost& h, runtime::FunctionSpec s, runtime::LogSink& l) : host(h), spec(std::move(s)), sink(l) {
      id = std::to_string(host.specs.size());
      id.insert(0, 32 - id.size(), '0');
    }
    ~Running() override { --host.live; }
    [[nodiscard]] const std::string& instance_id() const override { return id; }
    [[nodiscard]] bool alive() const override { return is_alive; }
    void invoke(runtime::InvokeRequest request, Done done) override {
      Body act;
      {
        const std::lock_guard lock(host.mutex);
        act = host.body;
      }
      for (const auto& report : std::exchange(host.init_reports, {})) request.on_init_end(report);
      if (!host.init_log.empty()) sink.write({id, {}, host.init_log});
      if (!host.init_fails && request.on_begin) request.on_begin();
      sink.write({id, request.request_id, "hello from " + spec.function_name});
      current_ = this;
      InvokeOutcome out = act(spec, request);
      current_ = nullptr;
      is_alive = out.kind == OutcomeKind::ok || out.kind == OutcomeKind::function_error;
      done(std::move(out));
    }
    void interrupt() override { interrupted = true; }
    FakeHost& host;
    const runtime::FunctionSpec spec;
    runtime::LogSink& sink;
    std::string id;
    bool is_alive = true;
    std::atomic<bool> interrupted = false;
  };
  static inline thread_local Running* current_ = nullptr;
};

// What the server does for a call that waits, without its threads: counts the wakes.
struct FakeParking final : aws::Parking {
  const std::shared_ptr<std::atomic<int>> wakes = std::make_shared<std::atomic<int>>(0);
  std::function<void()> waker() override {
    return [count = wakes] { ++*count; };
  }
  // Since the last call.
  bool parked() { return std::exchange(is_parked_, false); }
};

struct FakeSts final : aws::Dispatcher {
  base::Clock& clock;
  std::atomic<int> calls = 0;
  explicit FakeSts(base::Clock& c) : clock(c) {}
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context& context, void* in,
                              void* out) override {
    EXPECT_EQ(context.principal.arn, "lambda.amazonaws.com");
    const auto& request = *static_cast<aws::sts::AssumeRoleRequest*>(in);
    if (request.role_session_name->size() < 2) return base::fail(aws::sts::errors::access_denied("too short"));
    if (request.role_arn->ends_with("unassumable")) return base::fail(aws::sts::errors::access_denied("no"));
    auto& credentials = static_cast<aws::sts::AssumeRoleResponse*>(out)->credentials.emplace();
    credentials.access_key_id = "ASIA" + std::to_string(++calls);
    credentials.secret_access_key = "secret";
    credentials.session_token = "token";
    credentials.expiration = clock.now() + seconds(request.duration_seconds.value_or(3600));
    return {};
  }
};

struct FakeLogs final : aws::Dispatcher {
  std::mutex mutex;
  std::map<std::string, bool> groups;
  std::map<std::string, std::vector<std::string>> lines;  // by group and stream
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc& operation, aws::Context&, void* in,
                              void*) override {
    const std::lock_guard lock(mutex);
    if (operation.name == "CreateLogGroup") {
      groups[*static_cast<aws::logs::CreateLogGroupRequest*>(in)->log_group_name] = true;
    } else if (operation.name == "PutLogEvents") {
      const auto& put = *static_cast<aws::logs::PutLogEventsRequest*>(in);
      if (!groups[*put.log_group_name]) return base::fail(aws::logs::errors::resource_not_found_exception("none"));
      if (!std::ranges::is_sorted(*put.log_events, {}, &aws::logs::InputLogEvent::timestamp)) {
        return base::fail(aws::logs::errors::invalid_parameter_exception("not in chronological order"));
      }
      for (const auto& event : *put.log_events) {
        lines[*put.log_group_name + " " + *put.log_stream_name].push_back(*event.message);
      }
    }
    return {};
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    std::size_t total = 0;
    for (const auto& [stream, texts] : lines) total += texts.size();
    return total;
  }
};

struct FakeS3 final : aws::Dispatcher {
  std::map<std::string, std::string> objects;  // by bucket/key
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context&, void* in,
                              void* out) override {
    const auto& get = *static_cast<aws::s3::GetObjectRequest*>(in);
    const auto found = objects.find(*get.bucket + "/" + *get.key);
    if (found == objects.end()) {
      return base::fail({.code = "NoSuchKey", .message = "The specified key does not exist.", .http_status = 404});
    }
    static_cast<aws::s3::GetObjectOutput*>(out)->body = aws::Body(found->second);
    return {};
  }
};

struct FakeSns final : aws::Dispatcher {
  std::mutex mutex;
  std::vector<aws::sns::PublishInput> published;
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context&, void* in,
                              void*) override {
    const std::lock_guard lock(mutex);
    published.push_back(*static_cast<aws::sns::PublishInput*>(in));
    return {};
  }
};

struct TestBed {
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  FakeHost host;
  FakeSts sts_calls{env.clock};
  aws::sts::StsCaller sts{sts_calls};
  FakeLogs logs_calls;
  aws::logs::LogsCaller logs{logs_calls};
  FakeS3 s3_calls;
  aws::s3::S3Caller s3{s3_calls};
  FakeSns sns_calls;
  aws::sns::SnsCaller sns{sns_calls};
  ServiceMetrics metrics{env.env};
  std::map<std::string, double> measured;  // sums, by metric and dimensions
  LambdaOptions options{.code_directory = "/code", .busy_wait = base::Duration(0)};
  std::unique_ptr<sqs::SqsService> queues = std::make_unique<sqs::SqsService>(*store, env.env);
  std::unique_ptr<LambdaService> lambda;

  explicit TestBed(std::function<void(LambdaOptions&)> change = {}) {
    options.metrics = &metrics;
    if (change) change(options);
    open();
  }
  ~TestBed() { close(); }
  void open() {
    if (!queues) queues = std::make_unique<sqs::SqsService>(*store, env.env);
    lambda = std::make_unique<LambdaService>(*store, env.env, host, *queues, sts, logs, options);
    lambda->set_endpoint("http://localhost:4566");
    lambda->set_s3(s3);
    lambda->set_sns(sns);
    lambda->start();
  }
  // As the engine does: queues let go of whoever waits for them, so that the pollers end at once.
  void close() {
    if (queues) queues->stop();
    lambda.reset();
    queues.reset();
  }
  void restart() {
    close();
    open();
  }
  // Waits in real time, without moving the clock, for what other threads are about to do.
  static bool eventually(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(30);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  // Waits until every task of the service waits for something, and none is about to go on: then the clock may move.
  void settle() {
    env.clock.advance_in_steps(base::Duration(0), [] { return false; });
  }
  // The sum of what was measured so far, for example of "Errors FunctionName=f".
  double sum(const std::string& series) {
    for (const auto& put : metrics.take()) {
      EXPECT_EQ(put.name_space, "AWS/Lambda");
      for (const auto& datum : put.data) {
        std::string name = *datum.metric_name;
        for (const auto& dimension : datum.dimensions.value_or(std::vector<aws::cloudwatch::Dimension>())) {
          name += " " + *dimension.name + "=" + *dimension.value;
        }
        for (std::size_t i = 0; i < datum.values->size(); ++i) {
          measured[name] += (*datum.values)[i] * (datum.counts ? (*datum.counts)[i] : 1);
        }
        const bool is_time = datum.metric_name == "Duration" || datum.metric_name == "AsyncEventAge" ||
                             datum.metric_name == "UrlRequestLatency";
        EXPECT_EQ(datum.unit, is_time ? "Milliseconds" : "Count");
      }
    }
    return measured[series];
  }
  void set_body(FakeHost::Body body) {
    const std::lock_guard lock(host.mutex);
    host.body = std::move(body);
  }

  aws::Context context() {
    aws::Context out = root_context(env);
    out.request_id = base::make_uuid(env.random);
    return out;
  }
  template <class Out, class In>
  Out ok(base::Result<Out> (LambdaService::*operation)(aws::Context&, In), In in) {
    return call_ok(*lambda, context(), operation, std::move(in));
  }
  template <class Out, class In>
  std::string error(base::Result<Out> (LambdaService::*operation)(aws::Context&, In), In in) {
    return call_error(Codes::json, *lambda, context(), operation, std::move(in));
  }

  static CreateFunctionRequest function(const std::string& name) {
    CreateFunctionRequest in;
    in.function_name = name;
    in.runtime = "provided.al2023";
    in.handler = "bootstrap";
    in.role = kRole;
    in.code.emplace().zip_file = "zip of " + name;
    return in;
  }
  FunctionConfiguration create(const std::string& name) { return ok(&LambdaService::create_function, function(name)); }
  FunctionConfiguration configuration(const std::string& name) {
    GetFunctionConfigurationRequest in;
    in.function_name = name;
    return ok(&LambdaService::get_function_configuration, std::move(in));
  }
  static InvocationRequest event(const std::string& name, const std::string& payload = "{}",
                                 const std::string& type = "RequestResponse") {
    InvocationRequest in;
    in.function_name = name;
    in.payload = payload;
    in.invocation_type = type;
    return in;
  }
  InvocationResponse invoke(const std::string& name, const std::string& payload = "{}",
                            const std::string& type = "RequestResponse") {
    return ok(&LambdaService::invoke, event(name, payload, type));
  }

  // --- queues
  static std::string queue_arn(const std::string& name) { return "arn:aws:sqs:eu-west-1:123456789012:" + name; }
  void create_queue(const std::string& name, aws::Map<std::string> attributes = {}) {
    aws::Context call = context();
    ASSERT_TRUE(queues->create_queue(call, {name, std::move(attributes), {}}).has_value());
  }
  void send(const std::string& queue, const std::string& body) {
    aws::Context call = context();
    aws::sqs::SendMessageRequest in;
    in.queue_url = "/123456789012/" + queue;
    in.message_body = body;
    ASSERT_TRUE(queues->send_message(call, std::move(in)).has_value());
  }
  // The messages that can be received now.
  std::vector<aws::sqs::Message> receive(const std::string& queue) {
    aws::Context call = context();
    aws::sqs::ReceiveMessageRequest in;
    in.queue_url = "/123456789012/" + queue;
    in.max_number_of_messages = 10;
    in.message_attribute_names = {"All"};
    auto out = queues->receive_message(call, std::move(in));
    return out && out->messages ? std::move(*out->messages) : std::vector<aws::sqs::Message>();
  }
  // Visible and in flight.
  std::string counts(const std::string& queue) {
    aws::Context call = context();
    aws::sqs::GetQueueAttributesRequest in;
    in.queue_url = "/123456789012/" + queue;
    in.attribute_names = {"All"};
    auto out = queues->get_queue_attributes(call, std::move(in));
    if (!out) return out.error().code;
    aws::Map<std::string>& all = *out->attributes;
    return all["ApproximateNumberOfMessages"] + "/" + all["ApproximateNumberOfMessagesNotVisible"];
  }
  static CreateEventSourceMappingRequest mapping(const std::string& queue, const std::string& function) {
    CreateEventSourceMappingRequest in;
    in.event_source_arn = queue_arn(queue);
    in.function_name = function;
    return in;
  }
};

}  // namespace engine::lambda
