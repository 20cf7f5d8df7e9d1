#include "runtime/runtime_api.h"

#include <gtest/gtest.h>

#include <future>

#include "base/manual/manual_env.h"
#include "runtime/deadlines.h"
#include "runtime/handler.h"
#include "runtime/log_lines.h"
#include "runtime/structured_log.h"

namespace runtime {
namespace {

using aws::http::Endpoint;
using aws::http::Request;
using aws::http::Response;
using std::chrono::seconds;

constexpr const char* kNext = "/2018-06-01/runtime/invocation/next";

std::string of(const std::string& id, const char* action) {
  return "/2018-06-01/runtime/invocation/" + id + "/" + action;
}

// The answer to one request, now or later, on whichever thread.
class Slot {
 public:
  explicit Slot(base::Env env) : env_(env), changed_(env.executor.make_condition()) {}
  void set(Response response) {
    const std::scoped_lock lock(mutex_);
    response_ = std::move(response);
    changed_->notify_all();
  }
  bool answered() {
    const std::scoped_lock lock(mutex_);
    return response_.has_value();
  }
  Response wait() {
    std::unique_lock lock(mutex_);
    while (!response_) env_.executor.wait_until(lock, *changed_, base::kTimestampMax);
    return *response_;
  }

 private:
  base::Env env_;
  std::mutex mutex_;
  std::unique_ptr<base::Condition> changed_;
  std::optional<Response> response_;
};

std::shared_ptr<Slot> send_to(RuntimeApi& api, base::Env env, Request request) {
  auto slot = std::make_shared<Slot>(env);
  api.handle(std::move(request), [slot](Response response) { slot->set(std::move(response)); });
  return slot;
}

class RuntimeApiTest : public testing::Test {
 protected:
  std::shared_ptr<Slot> send(std::string method, std::string target, std::string body = "",
                             aws::http::Headers headers = {}) {
    return send_to(api_, env_.env, Request{std::move(method), std::move(target), std::move(headers), std::move(body)});
  }
  int status(std::string method, std::string target, std::string body = "") {
    return send(std::move(method), std::move(target), std::move(body))->wait().status;
  }
  // The reply is in `reply` once there is one.
  void invoke(const std::string& id, std::optional<RuntimeApi::Reply>& reply) {
    reply.reset();
    api_.invoke({id, "arn:f", "trace", "", "\"event of " + id + "\""}, env_.clock.now() + seconds(3),
                [&reply](std::optional<RuntimeApi::Reply> got) { reply = std::move(got); });
  }
  static RuntimeApi::Reply invoke_and_wait(RuntimeApi& api, InvokeRequest request, base::Timestamp deadline) {
    std::promise<RuntimeApi::Reply> promise;
    api.invoke(std::move(request), deadline,
               [&promise](std::optional<RuntimeApi::Reply> got) { promise.set_value(std::move(*got)); });
    return promise.get_future().get();
  }
  Response next() { return send("GET", kNext)->wait(); }

  base::ManualEnv env_;
  RuntimeApi api_{env_.env};
};

TEST_F(RuntimeApiTest, RefusesWhatTheStateDoesNotAllow) {
  EXPECT_EQ(status("POST", of("r1", "response"), "{}"), 403) << "before the first poll";
  EXPECT_EQ(status("GET", "/2018-06-01/runtime/nothing"), 404);
  EXPECT_EQ(status("POST", kNext), 404);
  EXPECT_EQ(status("GET", "/2015-03-31/functions"), 404);
  EXPECT_EQ(status("POST", "/2018-06-01/runtime/invocation//response"), 404);
  const auto first = send("GET", kNext);
  EXPECT_FALSE(first->answered()) << "a poll without an event must wait";
  bool ready = false;
  api_.when_ready(env_.clock.now(), [&](std::optional<RuntimeApi::Reply> failure) { ready = !failure; });
  EXPECT_TRUE(ready);
  const auto second = send("GET", kNext);
  EXPECT_EQ(first->wait().status, 403) << "superseded";
  EXPECT_EQ(status("POST", "/2018-06-01/runtime/init/error", "{}"), 403) << "after the first poll";

  std::optional<RuntimeApi::Reply> reply;
  invoke("r1", reply);
  EXPECT_EQ(status("POST", of("wrong", "response"), "1"), 400);
  EXPECT_EQ(second->wait().status, 200);
  EXPECT_EQ(status("GET", kNext), 403) << "a poll while running";
  const auto wrong = send("POST", of("wrong", "error"), "1");
  EXPECT_EQ(wrong->wait().body, "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}\n");
  EXPECT_FALSE(reply) << "nobody has answered";
  const auto right = send("POST", of("r1", "response"), "\"done\"");
  EXPECT_EQ(right->wait().status, 202);
  EXPECT_EQ(right->wait().body, "{\"status\":\"OK\"}\n");
  const auto again = send("POST", of("r1", "response"), "\"other\"");
  EXPECT_EQ(again->wait().status, 403);
  EXPECT_NE(again->wait().body.find("InvalidStateTransition"), std::string::npos);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->kind, RuntimeApi::ReplyKind::response);
  EXPECT_EQ(reply->body, "\"done\"");
  EXPECT_TRUE(reply->delivered);
}

TEST_F(RuntimeApiTest, EventCarriesTheContractsHeaders) {
  std::optional<RuntimeApi::Reply> reply;
  invoke("r2", reply);
  const Response event = next();
  EXPECT_EQ(event.body, "\"event of r2\"");
  EXPECT_EQ(event.headers.get("Lambda-Runtime-Aws-Request-Id"), "r2");
  EXPECT_EQ(event.headers.get("Lambda-Runtime-Deadline-Ms"), "1700000003000");
  EXPECT_EQ(event.headers.get("Lambda-Runtime-Invoked-Function-Arn"), "arn:f");
  EXPECT_EQ(event.headers.get("Lambda-Runtime-Trace-Id"), "trace");
  EXPECT_FALSE(event.headers.contains("Lambda-Runtime-Client-Context"));
  EXPECT_EQ(status("POST", of("r2", "error"), "{\"errorMessage\":\"no\"}"), 202);
}

TEST_F(RuntimeApiTest, DeadlineClosesTheMachineAndLateRepliesAreRefused) {
  std::optional<RuntimeApi::Reply> reply;
  invoke("r3", reply);
  next();
  api_.expire();
  EXPECT_FALSE(reply) << "it has time left";
  env_.clock.advance(seconds(3));
  api_.expire();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->kind, RuntimeApi::ReplyKind::deadline);
  EXPECT_TRUE(reply->delivered);
  EXPECT_EQ(reply->ended - reply->started, seconds(3));
  const auto late = send("POST", of("r3", "response"), "\"late\"");
  EXPECT_EQ(late->wait().status, 403);
  EXPECT_TRUE(late->wait().close);
  invoke("r4", reply);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->kind, RuntimeApi::ReplyKind::closed);
  EXPECT_FALSE(reply->delivered);
}

TEST_F(RuntimeApiTest, CloseWakesTheInvokerAndAnEventNotPolledForIsUndelivered) {
  std::optional<RuntimeApi::Reply> reply;
  invoke("r5", reply);
  api_.close();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->kind, RuntimeApi::ReplyKind::closed);
  EXPECT_FALSE(reply->delivered);
  EXPECT_EQ(status("GET", kNext), 403);
}

TEST_F(RuntimeApiTest, InitErrorAndInitDeadline) {
  aws::http::Headers headers;
  headers.add("Lambda-Runtime-Function-Error-Type", "Init.Broken");
  send("POST", "/2018-06-01/runtime/init/error", "{\"errorMessage\":\"x\"}", headers);
  std::optional<RuntimeApi::Reply> failed;
  const auto take = [&](std::optional<RuntimeApi::Reply> got) { failed = std::move(got); };
  api_.when_ready(base::kTimestampMax, take);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, RuntimeApi::ReplyKind::init_error);
  EXPECT_EQ(failed->error_type, "Init.Broken");
  EXPECT_EQ(failed->body, "{\"errorMessage\":\"x\"}");

  RuntimeApi silent(env_.env);
  failed.reset();
  silent.when_ready(env_.clock.now() + seconds(10), take);
  env_.clock.advance(seconds(10));
  silent.expire();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, RuntimeApi::ReplyKind::deadline);
  // Another process in its place begins anew.
  silent.reopen();
  bool ready = false;
  silent.when_ready(env_.clock.now() + seconds(10), [&](const auto& failure) { ready = !failure; });
  const auto poll = send_to(silent, env_.env, Request{"GET", kNext, {}, ""});
  EXPECT_TRUE(ready);
  silent.close();
}

TEST(DeadlinesTest, CallsWhatIsDueInItsOrder) {
  base::ManualEnv env;
  std::mutex mutex;
  std::string called;
  const auto add = [&](const char* name) {
    return [&, name] {
      const std::scoped_lock lock(mutex);
      called += name;
    };
  };
  Deadlines deadlines(env.env, "deadlines");
  deadlines.call_at(env.clock.now() + seconds(2), add("b"));
  deadlines.call_at(env.clock.now() + seconds(1), add("a"));
  const auto dropped = deadlines.call_at(env.clock.now() + seconds(1), add("x"));
  deadlines.call_at(env.clock.now() + seconds(9), add("late"));
  deadlines.cancel(dropped);
  env.clock.advance_in_steps(seconds(3), [] { return false; });
  const std::scoped_lock lock(mutex);
  EXPECT_EQ(called, "ab");
}

TEST_F(RuntimeApiTest, RefusesAnAnswerThatIsTooLargeOrStreamed) {
  struct Case {
    std::size_t bytes;
    bool streamed;
    int status;
    const char* error_type;
  };
  const Case cases[] = {{kPayloadBytesMax, false, 202, ""},
                        {kPayloadBytesMax + 1, false, 413, "Function.ResponseSizeTooLarge"},
                        {2, true, 400, "Runtime.InvalidResponseModeHeader"}};
  for (const Case& c : cases) {
    std::optional<RuntimeApi::Reply> reply;
    invoke("r6", reply);
    next();
    aws::http::Headers headers;
    if (c.streamed) headers.add("Lambda-Runtime-Function-Response-Mode", "streaming");
    const auto answer = send("POST", of("r6", "response"), std::string(c.bytes, 'x'), headers);
    EXPECT_EQ(answer->wait().status, c.status);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->error_type, c.error_type) << c.bytes;
    EXPECT_EQ(reply->kind == RuntimeApi::ReplyKind::response, c.status == 202);
  }
}

TEST_F(RuntimeApiTest, AnAnswerThatTheServerRefusesAsTooLargeEndsTheInvocation) {
  std::optional<RuntimeApi::Reply> reply;
  invoke("r7", reply);
  next();
  Request head{"POST", of("other", "response"), {}, ""};
  head.headers.add("Content-Length", "20000000");
  api_.refused_as_too_large(head);
  EXPECT_FALSE(reply);
  head.target = of("r7", "error");
  api_.refused_as_too_large(head);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->kind, RuntimeApi::ReplyKind::error);
  EXPECT_EQ(reply->error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(reply->body, R"({"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size )"
                         R"(exceeded maximum allowed payload size (6291556 bytes)."})");
}

// Connects run_handler to the state machine without a socket, failing as many posts as it is told to.
class MemoryTransport final : public aws::http::Transport {
 public:
  MemoryTransport(RuntimeApi& api, base::Env env) : api_(api), env_(env) {}

  base::Result<Response> round_trip(const Endpoint&, Request request, base::Duration) override {
    if (request.method == "POST" && posts_to_lose_ > 0) {
      --posts_to_lose_;
      base::AwsError lost;
      lost.code = "ConnectionError";
      return base::fail(lost);
    }
    return send_to(api_, env_, std::move(request))->wait();
  }

  int posts_to_lose_ = 0;

 private:
  RuntimeApi& api_;
  base::Env env_;
};

std::expected<std::string, InvocationError> act(const Invocation& invocation) {
  if (invocation.payload == "throw") throw std::runtime_error("bad \x1b[31m luck");
  if (invocation.payload == "fail") return std::unexpected(InvocationError{"My.Error\r\nX: y", "no \"luck\""});
  if (invocation.payload == "huge") return std::string(kPayloadBytesMax + 1, 'x');
  return invocation.request_id + " " + invocation.payload + " " + invocation.trace_id;
}

TEST_F(RuntimeApiTest, RunHandlerServesUntilTheSandboxIsClosed) {
  MemoryTransport transport(api_, env_.env);
  int exit_code = 0;
  auto loop =
      env_.executor.spawn("loop", [&] { exit_code = run_handler(transport, {}, act, [](std::string_view) {}); });
  struct Case {
    const char* payload;
    RuntimeApi::ReplyKind kind;
    const char* error_type;
    const char* body;
  };
  using enum RuntimeApi::ReplyKind;
  const Case cases[] = {
      {"hello", response, "", "id hello trace"},
      {"throw", error, "Runtime.UnhandledException",
       R"({"errorMessage":"bad \u001b[31m luck","errorType":"Runtime.UnhandledException","stackTrace":[]})"},
      {"fail", error, "My.Error??X: y",
       R"({"errorMessage":"no \"luck\"","errorType":"My.Error\r\nX: y","stackTrace":[]})"},
      {"huge", error, "Function.ResponseSizeTooLarge",
       R"({"errorMessage":"Response payload size exceeded maximum allowed payload size )"
       R"((6291556 bytes).","errorType":"Function.ResponseSizeTooLarge","stackTrace":[]})"},
      {"again", response, "", "id again trace"}};
  for (const Case& c : cases) {
    const auto reply = invoke_and_wait(api_, {"id", "arn", "trace", "", c.payload}, env_.clock.now() + seconds(3));
    EXPECT_EQ(reply.kind, c.kind) << c.payload;
    EXPECT_EQ(reply.error_type, c.error_type);
    EXPECT_EQ(reply.body, c.body);
  }
  api_.close();
  loop.reset();
  EXPECT_EQ(exit_code, 1);
}

TEST_F(RuntimeApiTest, RunHandlerPostsTwiceThenEnds) {
  for (const int lost : {1, 2}) {
    RuntimeApi api(env_.env);
    MemoryTransport transport(api, env_.env);
    transport.posts_to_lose_ = lost;
    int exit_code = 0;
    auto loop = env_.executor.spawn("loop", [&] {
      exit_code = run_handler(transport, {}, act, [](std::string_view) {});
      api.close();  // as the host does when the process has ended
    });
    const auto reply = invoke_and_wait(api, {"id", "", "", "", "x"}, env_.clock.now() + seconds(3));
    EXPECT_EQ(reply.kind, lost == 1 ? RuntimeApi::ReplyKind::response : RuntimeApi::ReplyKind::closed);
    api.close();
    loop.reset();
    EXPECT_EQ(exit_code, 1);
  }
}

TEST(StructuredLogTest, EachLineIsOneJsonObject) {
  base::ManualClock clock;
  std::string out;
  StructuredLog log(clock, {"orders", "ingest", "128", LogLevel::info}, [&](std::string_view line) { out += line; });
  log.log(LogLevel::debug, "dropped");
  log.log(LogLevel::info, "init");
  EXPECT_EQ(out, R"({"level":"INFO","message":"init","timestamp":"2023-11-14T22:13:20.000Z","service":"orders",)"
                 R"("cold_start":true,"function_name":"ingest","function_memory_size":"128"})"
                 "\n");
  log.begin_invocation({"id1", {}, "arn:f", "Root=1", "", "secret payload"});
  out.clear();
  log.log(LogLevel::error, "a\nb\x1b[0m\xc2\x9b\xff\"", {{"count", int64_t{3}}, {"ok", true}, {"why", "x\ty"}});
  EXPECT_EQ(out, R"({"level":"ERROR","message":"a\nb\u001b[0m\u009b)"
                 "\xef\xbf\xbd"
                 R"(\"","timestamp":"2023-11-14T22:13:20.000Z","service":"orders",)"
                 R"("cold_start":true,"function_name":"ingest","function_memory_size":"128","function_arn":"arn:f",)"
                 R"("function_request_id":"id1","xray_trace_id":"Root=1","count":3,"ok":true,"why":"x\ty"})"
                 "\n");
  log.begin_invocation({"id2", {}, "arn:f", "", "", ""});
  out.clear();
  log.log(LogLevel::warn, "warm");
  EXPECT_NE(out.find("\"cold_start\":false"), std::string::npos);
  EXPECT_EQ(out.find("xray_trace_id"), std::string::npos);
  EXPECT_EQ(parse_log_level("warn"), LogLevel::warn);
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

TEST(StructuredLogTest, AMetricIsALineInTheEmbeddedFormat) {
  base::ManualClock clock;
  std::string out;
  StructuredLog log(clock, {"orders", "ingest", "128", LogLevel::error}, [&](std::string_view line) { out += line; });
  log.metrics("Shop", {{"Stack", "a"}}, {});
  EXPECT_EQ(out, "") << "nothing to tell";
  log.metrics("Shop", {{"Stack", "a"}, {"Reason", "\"b"}},
              std::vector<StructuredLog::Metric>{{"Failed", 2}, {"Age", 30, "Seconds"}});
  EXPECT_EQ(out, R"({"_aws":{"Timestamp":)" + std::to_string(base::to_epoch_milliseconds(clock.now())) +
                     R"(,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["Stack","Reason"]],"Metrics":)" +
                     R"([{"Name":"Failed","Unit":"Count"},{"Name":"Age","Unit":"Seconds"}]}]},)" +
                     R"("Stack":"a","Reason":"\"b","Failed":2,"Age":30})" + "\n");
}

TEST(LogLinesTest, CutsPiecesIntoLinesAndKeepsTheTail) {
  std::vector<std::string> lines;
  const auto emit = [&](std::string_view line) { lines.emplace_back(line); };
  LogLines log;
  for (const char* piece : {"one\ntw", "o", "\n\nfo", "ur"}) log.feed(piece, emit);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", ""}));
  log.flush(emit);
  log.flush(emit);
  EXPECT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines.back(), "four");
  EXPECT_EQ(log.take_tail(), "one\ntwo\n\nfour");
  EXPECT_EQ(log.take_tail(), "");

  lines.clear();
  const std::string exact(kLogLineBytesMax, 'x');
  log.feed(exact + "\n" + exact + "y\n", emit);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], exact);
  EXPECT_EQ(lines[1], exact);
  EXPECT_EQ(lines[2], "y");
  EXPECT_EQ(log.take_tail().size(), kLogTailBytesMax);
}

TEST(FunctionHostTest, WordsFailuresAsTheServiceDoes) {
  EXPECT_EQ(
      timed_out_outcome("r", seconds(1)).payload,
      R"({"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r Error: Task timed out after 1.00 seconds"})");
  struct Case {
    ExitStatus exit;
    const char* type;
    const char* message;
  };
  const Case cases[] = {{{0, 0, false}, "Runtime.ExitError", "Runtime exited without providing a reason"},
                        {{127, 0, false}, "Runtime.ExitError", "Runtime exited with error: exit status 127"},
                        {{0, 11, false}, "Runtime.ExitError", "Runtime exited with error: signal: segmentation fault"},
                        {{0, 9, true}, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"}};
  for (const Case& c : cases) {
    const InvokeOutcome outcome = exited_outcome("r", c.exit);
    EXPECT_EQ(outcome.error_type, c.type);
    EXPECT_EQ(outcome.payload, std::string("{\"errorType\":\"") + c.type +
                                   "\",\"errorMessage\":\"RequestId: r Error: " + c.message + "\"}");
  }
}

}  // namespace
}  // namespace runtime
