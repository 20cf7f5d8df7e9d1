// Functions of the managed runtimes, run by this machine's interpreters with the loops that the program carries. The
// loop for Python is tested wherever there is a python3 without AWS's own client, that for JavaScript where there is a
// node.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>

#include "os/env.h"
#include "os/function_host.h"
#include "os/http_server.h"

namespace os {
namespace {

namespace fs = std::filesystem;
using runtime::InvokeOutcome;
using runtime::OutcomeKind;

struct LinesSink final : runtime::LogSink {
  std::mutex mutex;
  std::string text;
  void write(const runtime::LogLine& line) override {
    const std::scoped_lock lock(mutex);
    text.append(line.text).append("\n");
  }
  std::vector<std::string> take() {
    const std::scoped_lock lock(mutex);
    std::istringstream all(std::exchange(text, {}));
    std::vector<std::string> lines;
    for (std::string line; std::getline(all, line);) lines.push_back(line);
    return lines;
  }
};

class RuntimesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "till-runtimes-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(root_ / "code-1" / "sub");
    auto server = HttpServer::start({});
    ASSERT_TRUE(server) << server.error();
    server_ = std::move(*server);
    host_ = std::make_unique<ProcessFunctionHost>(env_.env(), *server_);
    spec_.function_name = "f";
    spec_.version = "$LATEST";
    spec_.code_directory = (root_ / "code-1").string();
    spec_.timeout = std::chrono::seconds(20);
    spec_.memory_size_mb = 1024;
    spec_.log_stream_prefix = "2024/01/31/[$LATEST]";
    spec_.environment = {{"LAMBDA_TASK_ROOT", spec_.code_directory},
                         {"AWS_LAMBDA_FUNCTION_NAME", "f"},
                         {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"},
                         {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"}};
  }
  void TearDown() override {
    host_.reset();
    fs::remove_all(root_);
  }
  void use(const std::string& runtime, const std::string& handler) {
    spec_.runtime = runtime;
    spec_.handler = handler;
    std::erase_if(spec_.environment, [](const auto& pair) { return pair.first == "AWS_EXECUTION_ENV"; });
    spec_.environment.emplace_back("AWS_EXECUTION_ENV", "AWS_Lambda_" + runtime);
  }
  void write(const std::string& name, const std::string& text) { std::ofstream(root_ / "code-1" / name) << text; }
  std::unique_ptr<runtime::FunctionInstance> start() {
    auto instance = host_->start(spec_, sink_);
    EXPECT_TRUE(instance) << instance.error().message;
    return std::move(*instance);
  }
  static InvokeOutcome invoke(runtime::FunctionInstance& instance, std::string payload = "{}") {
    std::promise<InvokeOutcome> promise;
    instance.invoke({"req-1", "arn:aws:lambda:us-east-1:000000000000:function:f", "Root=1",
                     R"({"custom":{"a":"b"},"client":{"app_title":"t"}})", std::move(payload)},
                    [&promise](InvokeOutcome outcome) { promise.set_value(std::move(outcome)); });
    return promise.get_future().get();
  }
  // The answer of a new instance.
  InvokeOutcome once(std::string payload = "{}") { return invoke(*start(), std::move(payload)); }

  SystemEnv env_;
  fs::path root_;
  std::unique_ptr<HttpServer> server_;
  LinesSink sink_;
  runtime::FunctionSpec spec_;
  std::unique_ptr<ProcessFunctionHost> host_;
};

bool has(const char* program) {
  return std::system((std::string(program) + " > /dev/null 2>&1").c_str()) == 0;
}
bool has_our_python() {
  return has("python3 -c ''") && !has("python3 -c 'import awslambdaric'");
}

constexpr const char* kPython = R"(import json, logging, os, sys, decimal, datetime
print("loaded")
calls = 0
def handler(event, context):
    global calls
    calls += 1
    what = event if isinstance(event, str) else ""
    if what == "calls": return calls
    if what == "fail": raise ValueError("as told")
    if what == "exit": sys.exit(3)
    if what == "die":
        print("said", end="")
        os._exit(4)
    if what == "bad": return {"when": datetime.datetime(2024, 1, 1)}
    if what == "decimal": return [decimal.Decimal("60"), decimal.Decimal("1.10"), decimal.Decimal("1E+2"), "1.10"]
    if what == "large": return "x" * (20 << 20)
    if what == "inner bytes": return {"a": b"text"}
    if what == "no stdout":
        sys.stdout.close()
        raise ValueError("still told")
    if what == "bytes": return b"raw"
    if what == "log":
        logging.getLogger().setLevel(logging.INFO)
        logging.info("hello %s", "log")
        sys.stderr.write("err\n")
        print("unfinished", end="")
    if what == "context":
        c = context
        return [c.aws_request_id, c.function_name, c.memory_limit_in_mb, c.log_group_name, len(c.log_stream_name),
                c.invoked_function_arn, 0 < c.get_remaining_time_in_millis() <= 20000, c.client_context.custom,
                c.client_context.client.app_title, c.identity.cognito_identity_id, os.environ["_X_AMZN_TRACE_ID"]]
    return event
not_callable = 1
)";

TEST_F(RuntimesTest, PythonAnswers) {
  if (!has_our_python()) GTEST_SKIP() << "no python3, or one that has AWS's runtime client";
  write("app.py", kPython);
  use("python3.9", "app.handler");
  const auto instance = start();
  EXPECT_EQ(invoke(*instance, R"({"a":"é"})").payload, R"({"a": "\u00e9"})") << "escapes before 3.12";
  EXPECT_EQ(invoke(*instance, R"("calls")").payload, "2") << "globals stay";
  EXPECT_EQ(invoke(*instance, R"("decimal")").payload, R"([60, 1.10, 1E+2, "1.10"])");
  EXPECT_EQ(invoke(*instance, R"("inner bytes")").payload, R"({"a": "text"})");
  EXPECT_EQ(invoke(*instance, R"("bytes")").payload, "raw");
  EXPECT_EQ(invoke(*instance, "null").payload, "null");
  const std::string large = "\"" + std::string(3'000'000, 'x') + "\"";
  EXPECT_EQ(invoke(*instance, large).payload, large);
  EXPECT_EQ(invoke(*instance, R"("context")").payload,
            R"(["req-1", "f", "1024", "/aws/lambda/f", 52, "arn:aws:lambda:us-east-1:000000000000:function:f", true, )"
            R"({"a": "b"}, "t", null, "Root=1"])");
  const InvokeOutcome logged = invoke(*instance, R"("log")");
  EXPECT_NE(logged.log_tail.find("Z\treq-1\thello log\n"), std::string::npos) << logged.log_tail;
  EXPECT_TRUE(logged.log_tail.starts_with("[INFO]\t20"));
  EXPECT_TRUE(logged.log_tail.ends_with("err\nunfinished"));
  use("python3.12", "app.handler");
  EXPECT_EQ(once(R"("é")").payload, R"("é")");
  write("sub/inner.py", "def handler(event, context): return 'inner'\n");
  use("python3.8", "sub/inner.handler");
  EXPECT_EQ(once().payload, "\"inner\"");
}

TEST_F(RuntimesTest, PythonFailsInTheWordsOfAws) {
  if (!has_our_python()) GTEST_SKIP() << "no python3, or one that has AWS's runtime client";
  write("app.py", kPython);
  use("python3.12", "app.handler");
  const auto instance = start();
  InvokeOutcome outcome = invoke(*instance, R"("fail")");
  EXPECT_EQ(outcome.kind, OutcomeKind::function_error);
  EXPECT_EQ(outcome.error_type, "ValueError");
  EXPECT_EQ(
      outcome.payload,
      R"({"errorMessage": "as told", "errorType": "ValueError", "requestId": "req-1", "stackTrace": [)"
      R"("  File \"/var/task/app.py\", line 9, in handler\n    if what == \"fail\": raise ValueError(\"as told\"))"
      R"(\n"]})");
  EXPECT_TRUE(
      outcome.log_tail.find("[ERROR] ValueError: as told\nTraceback (most recent call last):\n  File \"/var/task") !=
      std::string::npos)
      << outcome.log_tail;
  outcome = invoke(*instance, R"("bad")");
  EXPECT_EQ(outcome.payload,
            R"({"errorMessage": "Unable to marshal response: Object of type datetime is not JSON serializable", )"
            R"("errorType": "Runtime.MarshalError", "requestId": "req-1", "stackTrace": []})");
  EXPECT_EQ(invoke(*instance, R"("calls")").payload, "3");
  outcome = invoke(*instance, R"("large")");
  EXPECT_EQ(outcome.error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(invoke(*instance, R"("calls")").payload, "5") << "it goes on";
  outcome = invoke(*instance, R"("no stdout")");
  EXPECT_EQ(outcome.error_type, "ValueError");
  EXPECT_TRUE(outcome.log_tail.starts_with("[ERROR] ValueError: still told\n")) << outcome.log_tail;
  outcome = invoke(*instance, R"("exit")");
  EXPECT_EQ(outcome.kind, OutcomeKind::exited);
  EXPECT_EQ(outcome.payload, R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: req-1 Error: )"
                             R"(Runtime exited with error: exit status 3"})");

  const InvokeOutcome died = invoke(*start(), R"("die")");
  EXPECT_EQ(died.log_tail, "said") << died.payload << died.init_log_tail;
  use("python3.12", "app.not_callable");
  EXPECT_NE(once().payload.find(R"("stackTrace": ["  File \"/var/runtime/bootstrap.py\", line )"), std::string::npos);

  write("broken.py", "def handler(event, context:\n  pass\n");
  write("raises.py", "x = 1\nraise KeyError('no')\n");
  struct Case {
    const char* handler;
    const char* error_type;
    const char* message;
  };
  const Case cases[] = {
      {"nothing.handler", "Runtime.ImportModuleError", "Unable to import module 'nothing': No module named 'nothing'"},
      {"app.other", "Runtime.HandlerNotFound", "Handler 'other' missing on module 'app'"},
      {"app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"},
      {"sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"},
      {"broken.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'broken': "},
      {"raises.handler", "KeyError", "'no'"}};
  for (const Case& c : cases) {
    use("python3.12", c.handler);
    outcome = once();
    EXPECT_EQ(outcome.kind, OutcomeKind::init_failed) << c.handler;
    EXPECT_EQ(outcome.error_type, c.error_type);
    EXPECT_TRUE(outcome.payload.starts_with(R"({"errorMessage": ")" + std::string(c.message))) << outcome.payload;
    EXPECT_EQ(outcome.payload.find(root_.string()), std::string::npos) << outcome.payload;
  }
  EXPECT_NE(outcome.payload.find(R"(File \"/var/task/raises.py\", line 2, in <module>)"), std::string::npos)
      << outcome.payload;
}

// "Lambda Developer Guide", JSON log formats of the runtimes.
TEST_F(RuntimesTest, PythonLogsJson) {
  if (!has_our_python()) GTEST_SKIP() << "no python3";
  use("python3.12", "app.handler");
  spec_.environment.emplace_back("AWS_LAMBDA_LOG_FORMAT", "JSON");
  spec_.environment.emplace_back("AWS_LAMBDA_LOG_LEVEL", "INFO");
  write("app.py", R"(import logging
def handler(event, context):
    logging.debug("too low")
    logging.getLogger("mine").info("hello %s", "log", extra={"order": 7})
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("caught")
    raise ValueError("as told")
)");
  once();
  const std::vector<std::string> lines = sink_.take();
  ASSERT_EQ(lines.size(), 3U);
  const auto has = [](const std::string& line, const std::string& part) {
    EXPECT_NE(line.find(part), std::string::npos) << line;
  };
  has(lines[0], R"(Z","level":"INFO","message":"hello log","logger":"mine","requestId":"req-1","order":7})");
  has(lines[1], R"("level":"ERROR","message":"caught","logger":"root","stackTrace":[)");
  has(lines[1], R"("errorType":"ZeroDivisionError","errorMessage":"division by zero","location":"/var/task/app.py:)");
  has(lines[2], R"("log_level":"ERROR","errorMessage":"as told","errorType":"ValueError","requestId":"req-1")");
}

TEST_F(RuntimesTest, NodeLogsJson) {
  if (!has("node -e ''")) GTEST_SKIP() << "no node";
  use("nodejs20.x", "app.handler");
  spec_.environment.emplace_back("AWS_LAMBDA_LOG_FORMAT", "JSON");
  spec_.environment.emplace_back("AWS_LAMBDA_LOG_LEVEL", "INFO");
  write("app.js", R"(exports.handler = async () => {
  console.debug('too low');
  console.log({ order: 7 });
  console.warn('a %s', 'b', new RangeError('inner'));
  throw new TypeError('as told');
};
)");
  once();
  const std::vector<std::string> lines = sink_.take();
  ASSERT_EQ(lines.size(), 3U);
  const auto has = [](const std::string& line, const std::string& part) {
    EXPECT_NE(line.find(part), std::string::npos) << line;
  };
  has(lines[0], R"(Z","level":"INFO","requestId":"req-1","message":{"order":7}})");
  has(lines[1], R"("level":"WARN","requestId":"req-1","message":"a b RangeError: inner)");
  has(lines[1], R"("errorType":"RangeError","errorMessage":"inner","stackTrace":["RangeError: inner")");
  has(lines[2], R"("level":"ERROR","requestId":"req-1","message":{"errorType":"TypeError","errorMessage":"as told",)");
}

TEST_F(RuntimesTest, AWrapperStartsTheInterpreter) {
  if (!has_our_python()) GTEST_SKIP() << "no python3, or one that has AWS's runtime client";
  write("app.py", "import os\ndef handler(event, context): return os.environ['WRAPPED']\n");
  write("wrap", "#!/bin/sh\nexport WRAPPED=1\nexec \"$@\"\n");
  fs::permissions(root_ / "code-1" / "wrap", fs::perms::owner_all);
  use("python3.12", "app.handler");
  spec_.environment.emplace_back("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/wrap");
  EXPECT_EQ(once().payload, "\"1\"");
  spec_.environment.back().second = "/opt/none";
  const auto instance = host_->start(spec_, sink_);
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().message, "fork/exec /opt/none: no such file or directory");
}

TEST_F(RuntimesTest, WithoutAnInterpreterTheErrorNamesIt) {
  host_ = std::make_unique<ProcessFunctionHost>(env_.env(), *server_, root_.string());
  for (const auto& [runtime, needs] : {std::pair("python3.12", "python3"), std::pair("nodejs20.x", "node")}) {
    use(runtime, "app.handler");
    const auto instance = host_->start(spec_, sink_);
    ASSERT_FALSE(instance);
    EXPECT_EQ(instance.error().error_type, "Runtime.InvalidEntrypoint");
    EXPECT_TRUE(instance.error().message.starts_with("The runtime " + std::string(runtime) + " needs a " + needs));
  }
}

constexpr const char* kNode = R"(console.log('loaded');
exports.async = async (event, context) => {
  if (event === 'fail') throw new TypeError('as told');
  if (event === 'log') console.log('hello', { a: 1 });
  if (event === 'exit') process.exit(3);
  if (event === 'uncaught') await new Promise(() => setTimeout(() => { throw new Error('later'); }, 1));
  if (event === 'large') return 'x'.repeat(20 << 20);
  if (event === 'never') return new Promise(() => {});
  if (event === 'nothing') throw undefined;
  if (event === 'bare') throw { name: 'N', message: 'M' };
  if (event === 'within') throw Object.assign(new Error('outer'), { code: 'E1', within: new Error('inner') });
  if (event === 'context') return [context.awsRequestId, context.functionName, context.memoryLimitInMB,
    context.clientContext.custom, context.getRemainingTimeInMillis() > 0];
  return event;
};
exports.callback = (event, context, callback) => { setTimeout(() => callback(null, event), 1); };
exports.silent = () => {};
exports.context = (event, context) => {
  setInterval(() => {}, 1000);
  if (event === 'fail') context.fail();
  else context.succeed(event);
};
exports.nested = { deep: async () => 'deep' };
exports.value = 1;
)";

TEST_F(RuntimesTest, NodeAnswersAndFails) {
  if (!has("node -e 0")) GTEST_SKIP() << "no node";
  write("index.js", kNode);
  write("module.mjs", "export const handler = async (event) => ({ module: event });\n");
  use("nodejs20.x", "index.async");
  auto instance = start();
  EXPECT_EQ(invoke(*instance, R"({"a":"é"})").payload, R"({"a":"é"})");
  EXPECT_EQ(invoke(*instance, R"("context")").payload, R"(["req-1","f","1024",{"a":"b"},true])");
  EXPECT_NE(invoke(*instance, R"("log")").log_tail.find("Z\treq-1\tINFO\thello { a: 1 }\n"), std::string::npos);
  InvokeOutcome outcome = invoke(*instance, R"("fail")");
  EXPECT_EQ(outcome.kind, OutcomeKind::function_error);
  EXPECT_TRUE(outcome.payload.starts_with(
      R"({"errorType":"TypeError","errorMessage":"as told","trace":["TypeError: as told","    at )"))
      << outcome.payload;
  EXPECT_NE(outcome.payload.find("/var/task/index.js:3:"), std::string::npos) << outcome.payload;
  EXPECT_EQ(invoke(*instance, "1").payload, "1");
  EXPECT_EQ(invoke(*instance, R"("large")").error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(invoke(*instance, R"("never")").payload, "null") << "nothing is left to run";
  EXPECT_EQ(invoke(*instance, R"("nothing")").payload, R"({"errorType":"string","errorMessage":"handled","trace":[]})");
  EXPECT_EQ(invoke(*instance, R"("bare")").payload,
            R"({"errorType":"object","errorMessage":"[object Object]","trace":[]})");
  outcome = invoke(*instance, R"("within")");
  for (const char* part : {"ERROR\tInvoke Error \t"
                           R"({"errorType":"Error","errorMessage":"outer","code":"E1","within":{"errorType":"Error",)",
                           R"(]},"stack":["Error: outer",)"}) {
    EXPECT_NE(outcome.log_tail.find(part), std::string::npos) << outcome.log_tail;
  }
  outcome = invoke(*instance, R"("exit")");
  EXPECT_EQ(outcome.kind, OutcomeKind::exited);
  instance = start();
  outcome = invoke(*instance, R"("uncaught")");
  EXPECT_EQ(outcome.kind, OutcomeKind::function_error);
  EXPECT_NE(outcome.payload.find(R"("errorMessage":"later")"), std::string::npos) << outcome.payload;

  const std::pair<const char*, const char*> answers[] = {{"index.callback", "1"},
                                                         {"index.silent", "null"},
                                                         {"index.context", "1"},
                                                         {"index.nested.deep", R"("deep")"},
                                                         {"module.handler", R"({"module":1})"}};
  for (const auto& [handler, answer] : answers) {
    use("nodejs20.x", handler);
    instance = start();
    EXPECT_EQ(invoke(*instance, "1").payload, answer) << handler;
    EXPECT_EQ(invoke(*instance, "1").payload, answer) << handler << ", again";
  }
  use("nodejs20.x", "index.context");
  EXPECT_EQ(once(R"("fail")").payload, R"({"errorType":"string","errorMessage":"handled","trace":[]})");
  write("broken.js", "exports.handler = async ( => {};\n");
  write("rejects.js", "Promise.reject(new Error('at the start')); exports.handler = async () => 1;\n");
  write("imports.mjs", "import 'gone'; export const handler = async () => 1;\n");
  write("standard.mjs", "export default { handler: async () => 1 };\n");
  const std::pair<const char*, const char*> failures[] = {{"nothing.handler", "Runtime.ImportModuleError"},
                                                          {"index.none", "Runtime.HandlerNotFound"},
                                                          {"index.value", "Runtime.HandlerNotFound"},
                                                          {"broken.handler", "Runtime.UserCodeSyntaxError"},
                                                          {"rejects.handler", "Runtime.UnhandledPromiseRejection"},
                                                          {"imports.handler", "Error"},
                                                          {"standard.handler", "Runtime.HandlerNotFound"},
                                                          {"index", "Runtime.MalformedHandlerName"}};
  for (const auto& [handler, error_type] : failures) {
    use("nodejs20.x", handler);
    outcome = once();
    EXPECT_EQ(outcome.kind, OutcomeKind::init_failed) << handler;
    EXPECT_EQ(outcome.error_type, error_type);
  }
}

}  // namespace
}  // namespace os
