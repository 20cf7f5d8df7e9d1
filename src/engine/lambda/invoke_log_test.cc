// What functions and Lambda itself write into logs, and what functions find in their environment.
#include "base/encoding.h"
#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

TEST(InvokeLog, TheFunctionHasItsEnvironmentAndItsLogs) {
  TestBed bed;
  CreateFunctionRequest in = TestBed::function("f");
  in.environment.emplace().variables = aws::Map<std::string>{{"COLOUR", "red"}};
  bed.ok(&LambdaService::create_function, in);
  bed.invoke("f");
  std::map<std::string, std::string> seen;
  for (const auto& [variable, value] : bed.host.specs.at(0).environment) seen[variable] = value;
  EXPECT_EQ(seen["COLOUR"], "red");
  EXPECT_EQ(seen["AWS_LAMBDA_FUNCTION_NAME"], "f");
  EXPECT_EQ(seen["AWS_ENDPOINT_URL"], "http://localhost:4566");
  EXPECT_TRUE(seen["AWS_ACCESS_KEY_ID"].starts_with("ASIA"));
  EXPECT_EQ(seen["AWS_SESSION_TOKEN"], "token");
  EXPECT_EQ(seen["_HANDLER"], "bootstrap");
  EXPECT_EQ(seen["AWS_REGION"], "eu-west-1");
  EXPECT_EQ(seen["LAMBDA_RUNTIME_DIR"], "/var/runtime");
  EXPECT_EQ(seen["PWD"], bed.host.specs.at(0).code_directory);
  EXPECT_EQ(seen["AWS_XRAY_CONTEXT_MISSING"], "LOG_ERROR");
  EXPECT_NE(seen["LD_LIBRARY_PATH"].find(":" + seen["PWD"] + ":" + seen["PWD"] + "/lib:/opt/lib"), std::string::npos);
  EXPECT_EQ(bed.logs_calls.count(), 0U);
  EXPECT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(milliseconds(50));
    return bed.logs_calls.count() == 5;
  }));
  const auto& [stream, lines] = *bed.logs_calls.lines.begin();
  EXPECT_EQ(stream, "/aws/lambda/f 2023/11/14/[$LATEST]00000000000000000000000000000001");
  EXPECT_TRUE(lines[0].starts_with(
      "INIT_START Runtime Version: provided:al2023.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:"));
  EXPECT_TRUE(lines[1].starts_with("START "));
  EXPECT_EQ(lines[2], "hello from f");
  EXPECT_TRUE(lines[4].starts_with("REPORT "));
}

std::vector<std::string> first_words(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const std::string& line : lines) out.push_back(line.substr(0, line.find(' ')));
  return out;
}

TEST(InvokeLog, WhatInitialisationWritesComesBeforeTheStart) {
  for (const bool fails : {false, true}) {
    TestBed bed;
    bed.create("f");
    bed.host.init_log = "loading";
    bed.host.init_fails = fails;
    bed.set_body([fails](const auto&, const auto& request) {
      runtime::InvokeOutcome out = fails ? runtime::exited_outcome(request.request_id, {.code = 1}) : answer("1");
      if (fails) out.kind = OutcomeKind::init_failed;
      out.init_log_tail = "loading";
      return out;
    });
    InvocationRequest in = TestBed::event("f", "1");
    in.log_type = "Tail";
    EXPECT_TRUE(
        base::base64_decode(*bed.ok(&LambdaService::invoke, in).log_result)->starts_with("loading\nSTART RequestId: "));
    EXPECT_TRUE(TestBed::eventually([&] {
      bed.env.clock.advance(milliseconds(50));
      return bed.logs_calls.count() == (fails ? 7U : 6U);
    }));
    const std::vector<std::string> succeeded = {"INIT_START", "loading", "START", "hello", "END", "REPORT"};
    const std::vector<std::string> failed = {"INIT_START", "loading", "hello", "START", "RequestId:", "END", "REPORT"};
    EXPECT_EQ(first_words(bed.logs_calls.lines.begin()->second), fails ? failed : succeeded);
  }
}

TEST(InvokeLog, ASecondStartIsReported) {
  TestBed bed;
  bed.create("f");
  bed.host.init_reports = {{.status = runtime::InitStatus::timeout, .duration = std::chrono::microseconds(9'999'120)},
                           {.status = runtime::InitStatus::error,
                            .duration = milliseconds(20),
                            .in_invocation = true,
                            .error_type = "Runtime.ExitError",
                            .log_tail = "oh"}};
  InvocationRequest in = TestBed::event("f", "1");
  in.log_type = "Tail";
  EXPECT_TRUE(base::base64_decode(*bed.ok(&LambdaService::invoke, in).log_result)
                  ->starts_with("INIT_REPORT Init Duration: 9999.12 ms\tPhase: init\tStatus: timeout\noh\n"
                                "INIT_REPORT Init Duration: 20.00 ms\tPhase: invoke\tStatus: error\tError Type: "
                                "Runtime.ExitError\nSTART RequestId: "));
}

// Records as AWS writes them (recorded in 2026), of the levels that the function asks for.
TEST(InvokeLog, LogsAsJson) {
  TestBed bed;
  CreateFunctionRequest create = TestBed::function("f");
  create.logging_config.emplace().log_format = "JSON";
  create.logging_config->application_log_level = "WARN";
  create.logging_config->log_group = "/shared";
  bed.ok(&LambdaService::create_function, create);
  bed.host.init_log = R"({"level":"info","message":"too low"})";
  bed.set_body([](const auto&, const auto& request) {
    InvokeOutcome out = request.payload == "1" ? failure() : answer("null");
    out.error_type = request.payload == "1" ? "E" : "";
    out.duration = std::chrono::microseconds(2'770);
    out.max_memory_used_bytes = 58 << 20;
    if (request.payload == "2") {
      out.kind = OutcomeKind::timed_out;
      out.duration = seconds(3);
    } else {
      out.init_duration = std::chrono::microseconds(120'220);
    }
    return out;
  });
  bed.invoke("f", "0");
  bed.invoke("f", "1");
  bed.invoke("f", "2");
  EXPECT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(milliseconds(50));
    return bed.logs_calls.count() == 12;
  })) << bed.logs_calls.count();
  std::map<std::string, std::string> seen;
  for (const auto& [variable, value] : bed.host.specs.at(0).environment) seen[variable] = value;
  EXPECT_EQ(seen["AWS_LAMBDA_LOG_FORMAT"], "JSON");
  EXPECT_EQ(seen["AWS_LAMBDA_LOG_LEVEL"], "WARN");
  const auto& [stream, lines] = *bed.logs_calls.lines.begin();
  EXPECT_TRUE(stream.starts_with("/shared 2023/11/14/f[$LATEST]")) << stream;
  const auto has = [](const std::string& line, const std::string& part) {
    EXPECT_NE(line.find(part), std::string::npos) << line;
  };
  has(lines[0], R"({"time":"2023-11-14T22:13:20.000Z","type":"platform.initStart","record":{"initializationType":)"
                R"("on-demand","phase":"init","runtimeVersion":"provided:al2023.v1","runtimeVersionArn":")");
  has(lines[1], R"("type":"platform.start","record":{"requestId":")");
  has(lines[1], R"(,"functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:f","version":"$LATEST"}})");
  EXPECT_EQ(lines[2], "hello from f") << "no JSON: kept as it is";
  has(lines[3], R"("type":"platform.report","record":{"requestId":")");
  has(lines[3], R"("metrics":{"durationMs":2.77,"billedDurationMs":123,"memorySizeMB":128,"maxMemoryUsedMB":58,)"
                R"("initDurationMs":120.22},"status":"success"}})");
  has(lines[6], R"("type":"platform.runtimeDone")");
  has(lines[6], R"(,"status":"error","errorType":"E","metrics":{"durationMs":2.77,"producedBytes":0}}})");
  has(lines[7], R"("status":"error","errorType":"E"}})");
  has(lines[11], R"("metrics":{"durationMs":3000.0,"billedDurationMs":3000,"memorySizeMB":128,"maxMemoryUsedMB":58},)"
                 R"("status":"timeout"}})");
}

TEST(InvokeLog, WhatCannotStartIsInTheLogToo) {
  TestBed bed;
  bed.create("f");
  bed.host.start_error = "Couldn't find valid bootstrap(s)";
  InvocationRequest in = TestBed::event("f", "1");
  in.log_type = "Tail";
  const InvocationResponse out = bed.ok(&LambdaService::invoke, in);
  const std::string tail = *base::base64_decode(*out.log_result);
  EXPECT_TRUE(tail.starts_with("START RequestId: ")) << tail;
  EXPECT_TRUE(tail.ends_with("Status: error\tError Type: Runtime.InvalidEntrypoint\t\n")) << tail;
  EXPECT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(milliseconds(50));
    return bed.logs_calls.count() == 5;
  }));
  const auto& [stream, lines] = *bed.logs_calls.lines.begin();
  EXPECT_TRUE(stream.starts_with("/aws/lambda/f 2023/11/14/[$LATEST]")) << stream;
  EXPECT_EQ(first_words(lines), (std::vector<std::string>{"INIT_START", "START", "RequestId:", "END", "REPORT"}));
  EXPECT_TRUE(lines[2].ends_with(" Error: Couldn't find valid bootstrap(s)\nRuntime.InvalidEntrypoint")) << lines[2];
}

// A clock that is set back must not make a batch of lines one that Logs refuses.
TEST(InvokeLog, LogsAreInTheOrderOfTime) {
  struct Clock final : base::Clock {
    base::Timestamp now() override { return base::from_epoch_milliseconds(1'000'000 - ++calls * 1'000); }
    int64_t calls = 0;
  };
  base::ManualEnv manual;
  Clock clock;
  base::Env env{clock, manual.env.random, manual.env.executor};
  FakeLogs calls;
  aws::logs::LogsCaller logs(calls);
  LogShipper shipper(env, logs);
  const auto stream = std::make_shared<LogStream>(shipper, "123456789012", "eu-west-1", "g");
  stream->set_name("s");
  stream->append("one");
  stream->append("two");
  shipper.drain();
  EXPECT_EQ(calls.lines["g s"], (std::vector<std::string>{"one", "two"}));
}

}  // namespace
}  // namespace engine::lambda
