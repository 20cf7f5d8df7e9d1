#include "base/encoding.h"
#include "engine/internal_call.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

TEST(Invoke, AnswersTheCaller) {
  TestBed bed;
  bed.create("f");
  bed.set_body([](const auto&, const auto& request) {
    EXPECT_TRUE(request.trace_id.starts_with("Root=1-6553f100-")) << request.trace_id;
    EXPECT_EQ(request.trace_id.size(), 74U) << request.trace_id;
    return answer("[" + request.payload + "]");
  });
  InvocationRequest in = TestBed::event("f", "1");
  in.log_type = "Tail";
  const InvocationResponse out = bed.ok(&LambdaService::invoke, in);
  EXPECT_EQ(out.status_code, 200);
  EXPECT_EQ(out.payload, "[1]");
  EXPECT_EQ(out.executed_version, "$LATEST");
  EXPECT_FALSE(out.function_error.has_value());
  const std::string tail = *base::base64_decode(*out.log_result);
  EXPECT_TRUE(tail.starts_with("START RequestId: "));
  EXPECT_NE(tail.find("\nREPORT RequestId: "), std::string::npos);
  EXPECT_EQ(bed.invoke("f", "").payload, "[{}]");
  EXPECT_EQ(bed.invoke("f", "{}", "DryRun").status_code, 204);
  EXPECT_EQ(bed.host.started(), 1U);  // warm
  EXPECT_TRUE(bed.error(&LambdaService::invoke, TestBed::event("f", "{"))
                  .starts_with("InvalidRequestContentException: Could not parse request body into json: "));
  EXPECT_TRUE(bed.error(&LambdaService::invoke, TestBed::event("f", std::string(6'291'557, '1')))
                  .starts_with("RequestTooLargeException: 6291557 byte payload is too large"));
}

TEST(Invoke, TakesWhateverIsJson) {
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  for (const std::string& text :
       {std::string("123456789012345678901234567890"), std::string(R"({"a":[-1e999,0.5,0,1E+2,{}, []],"b":"x"})"),
        std::string(R"(["\ud800", 18446744073709551616, true , false,null])"), std::string(R"("\u00e9\n\"")"), deep}) {
    EXPECT_EQ(json_problem(text), std::nullopt) << text;
  }
  for (const std::string text : {"",
                                 " ",
                                 "{",
                                 "[1e999",
                                 "[1e999,]",
                                 "[1e999}",
                                 "1e999 1",
                                 "01",
                                 "[1e999,01]",
                                 "[1e999,.5]",
                                 "[1e999,1.]",
                                 "[1e999,-]",
                                 "[1e999,1e]",
                                 "{\"a\" 1e999}",
                                 "{1e999:1}",
                                 "{\"a\":1e999,}",
                                 "[1e999,\"\\x\"]",
                                 "[1e999,\"\\u12g4\"]",
                                 "[1e999,tru]",
                                 "[1e999,\"a]",
                                 "\"\\ud800",
                                 "nul"}) {
    EXPECT_NE(json_problem(text), std::nullopt) << text;
  }
  EXPECT_NE(json_problem("[1e999" + std::string(2000, '[') + std::string(2000, ']') + "]"), std::nullopt);
  EXPECT_TRUE(is_json_object(R"( {"a":123456789012345678901234567890})"));
  EXPECT_FALSE(is_json_object("[{}]"));
  EXPECT_FALSE(is_json_object("{"));
  EXPECT_EQ(error_message_of(R"({"n":123456789012345678901234567890,"errorMessage":"m"})"), "m");
  EXPECT_EQ(error_message_of("[]") + error_message_of("{}") + error_message_of("x"), "");
}

TEST(Invoke, FailuresOfTheFunctionAre200) {
  TestBed bed;
  bed.create("f");
  bed.set_body([](const auto&, const auto&) { return failure(); });
  EXPECT_EQ(bed.invoke("f").function_error, "Unhandled");
  bed.set_body([](const auto& spec, const auto& request) {
    return runtime::timed_out_outcome(request.request_id, spec.timeout);
  });
  InvocationRequest with_tail = TestBed::event("f");
  with_tail.log_type = "Tail";
  const InvocationResponse late = bed.ok(&LambdaService::invoke, with_tail);
  EXPECT_EQ(late.status_code, 200);
  EXPECT_NE(base::base64_decode(*late.log_result)->find(" Task timed out after 3.00 seconds\nEND RequestId: "),
            std::string::npos);
  EXPECT_EQ(late.function_error, "Unhandled");
  EXPECT_NE(late.payload->find("Task timed out after 3.00 seconds"), std::string::npos);
  // The instance died with it; the next one exits before it takes the event, as does the second; the third is the last.
  bed.set_body(
      [](const auto&, const auto& request) { return runtime::exited_outcome(request.request_id, {.code = 127}); });
  const InvocationResponse exited = bed.invoke("f");
  EXPECT_NE(exited.payload->find("Runtime exited with error: exit status 127"), std::string::npos);
  EXPECT_EQ(bed.host.started(), 4U);
  {
    const std::lock_guard lock(bed.host.mutex);
    bed.host.start_error = "Couldn't find valid bootstrap(s)";
  }
  EXPECT_NE(bed.invoke("f").payload->find("Runtime.InvalidEntrypoint"), std::string::npos);
}

TEST(Invoke, ServicesNeedThePolicy) {
  TestBed bed([](LambdaOptions& options) {
    options.allows = [](const std::string& policy, const aws::Context& context, std::string_view action,
                        std::string_view) {
      return action == "lambda:InvokeFunction" && policy.find(context.principal.arn) != std::string::npos;
    };
  });
  bed.create("f");
  const auto call = [&] {
    aws::Context context =
        service_call(bed.env.env, "123456789012", "eu-west-1", "s3.amazonaws.com", "arn:aws:s3:::in");
    return bed.lambda->invoke(context, TestBed::event("f"));
  };
  ASSERT_FALSE(call().has_value());
  EXPECT_EQ(call().error().message,
            "User: s3.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: "
            "arn:aws:lambda:eu-west-1:123456789012:function:f because no resource-based policy allows the "
            "lambda:InvokeFunction action");
  AddPermissionRequest add;
  add.function_name = "f";
  add.statement_id = "s";
  add.action = "lambda:InvokeFunction";
  add.principal = "s3.amazonaws.com";
  bed.ok(&LambdaService::add_permission, add);
  EXPECT_TRUE(call().has_value());
}

TEST(Invoke, OtherAccountsNeedThePolicyToo) {
  TestBed bed([](LambdaOptions& options) {
    options.allows = [](const std::string& policy, const aws::Context& context, std::string_view, std::string_view) {
      return policy.find(context.principal.account) != std::string::npos;
    };
  });
  bed.create("f");
  const auto call = [&](const std::string& name) {
    aws::Context context = account_call(bed.env.env, "999999999999", "eu-west-1");
    const auto out = bed.lambda->invoke(context, TestBed::event(name));
    return out ? std::string("invoked") : out.error().code;
  };
  const std::string arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
  EXPECT_EQ(call(arn), "AccessDeniedException");
  EXPECT_EQ(call(arn + "oo"), "AccessDeniedException");
  AddPermissionRequest add;
  add.function_name = "f";
  add.statement_id = "s";
  add.action = "lambda:InvokeFunction";
  add.principal = "999999999999";
  bed.ok(&LambdaService::add_permission, add);
  EXPECT_EQ(call(arn), "invoked");
  EXPECT_EQ(call("123456789012:function:f"), "invoked");
  EXPECT_EQ(call(arn + "oo"), "AccessDeniedException");
  EXPECT_EQ(call("f"), "ResourceNotFoundException") << "its own";
}

// Functions that wait until the test lets them go.
struct Gate {
  std::atomic<int> inside = 0;
  std::atomic<bool> open = false;
  FakeHost::Body body() {
    return [this](const auto&, const auto& request) {
      ++inside;
      while (!open && !FakeHost::interrupted()) std::this_thread::yield();
      --inside;
      if (FakeHost::interrupted()) {
        InvokeOutcome out = runtime::exited_outcome(request.request_id, {.signal = 15});
        out.delivered = true;
        return out;
      }
      return answer("null");
    };
  }
};

TEST(Invoke, ConcurrencyIsBounded) {
  TestBed bed([](LambdaOptions& options) { options.instances_max = 2; });
  bed.create("f");
  bed.create("g");
  Gate gate;
  bed.set_body(gate.body());
  bed.ok(&LambdaService::put_function_concurrency, {"f", 1});
  const auto first = bed.env.executor.spawn("first", [&] { bed.invoke("f"); });
  ASSERT_TRUE(TestBed::eventually([&] { return gate.inside == 1; }));
  aws::Context context = bed.context();
  const auto reserved = bed.lambda->invoke(context, TestBed::event("f"));
  ASSERT_FALSE(reserved.has_value());
  EXPECT_EQ(reserved.error().http_status, 429);
  EXPECT_EQ(reserved.error().message, "Rate Exceeded.");
  EXPECT_EQ(aws::ShapeDetail::find<TooManyRequestsException>(reserved.error())->reason,
            "ReservedFunctionConcurrentInvocationLimitExceeded");
  const auto second = bed.env.executor.spawn("second", [&] { bed.invoke("g"); });
  ASSERT_TRUE(TestBed::eventually([&] { return gate.inside == 2; }));
  const auto account = bed.lambda->invoke(context, TestBed::event("g"));
  ASSERT_FALSE(account.has_value());
  EXPECT_EQ(aws::ShapeDetail::find<TooManyRequestsException>(account.error())->reason,
            "ConcurrentInvocationLimitExceeded");
  gate.open = true;
}

// A hundred callers wait for two instances, and no thread waits with them.
TEST(Invoke, ParkedCallersHoldNoThread) {
  TestBed bed([](LambdaOptions& options) {
    options.instances_max = 2;
    options.busy_wait = seconds(10);
  });
  bed.create("f");
  Gate gate;
  bed.set_body(gate.body());
  constexpr int kCallers = 100;
  std::vector<std::unique_ptr<FakeParking>> parkings;
  const auto call = [&](FakeParking& parking, InvocationRequest in) {
    aws::Context context = bed.context();
    context.parking = &parking;
    return bed.lambda->invoke(context, std::move(in));
  };
  for (int i = 0; i < kCallers; ++i) {
    FakeParking& parking = *parkings.emplace_back(std::make_unique<FakeParking>());
    EXPECT_FALSE(call(parking, TestBed::event("f")));
    EXPECT_TRUE(parking.parked()) << i;
  }
  EXPECT_FALSE(call(*parkings[0], {})) << "woken for nothing";
  EXPECT_TRUE(parkings[0]->parked());
  parkings.pop_back();  // this caller hangs up
  gate.open = true;
  for (const auto& parking : parkings) {
    ASSERT_TRUE(TestBed::eventually([&] { return *parking->wakes == 1; }));
    const auto out = call(*parking, {});
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(out->payload, "null");
    EXPECT_EQ(out->executed_version, "$LATEST");
    EXPECT_FALSE(parking->parked());
  }
  EXPECT_EQ(bed.host.started(), 2U);
  EXPECT_TRUE(TestBed::eventually([&] { return bed.sum("Invocations") == kCallers; })) << "the hung up one goes on";
}

TEST(Invoke, WaitingForAnInstanceEndsAtItsDeadline) {
  Gate gate;  // outlives the bed, whose instance is inside at the end
  TestBed bed([](LambdaOptions& options) {
    options.instances_max = 1;
    options.busy_wait = seconds(10);
  });
  bed.create("f");
  bed.set_body(gate.body());
  FakeParking first;
  FakeParking second;
  for (FakeParking* parking : {&first, &second}) {
    aws::Context context = bed.context();
    context.parking = parking;
    EXPECT_FALSE(bed.lambda->invoke(context, TestBed::event("f")));
  }
  ASSERT_TRUE(TestBed::eventually([&] { return gate.inside == 1; }));
  EXPECT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(seconds(1));
    return *second.wakes == 1;
  }));
  aws::Context context = bed.context();
  context.parking = &second;
  const auto out = bed.lambda->invoke(context, {});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().http_status, 429);
  gate.open = true;
}

TEST(Invoke, AMachineOutOfResourcesIsNoFaultOfTheFunction) {
  TestBed bed;
  bed.create("f");
  bed.host.start_error = "No process: errno 11";
  bed.host.out_of_resources = true;
  EXPECT_EQ(bed.error(&LambdaService::invoke, TestBed::event("f")),
            "ServiceException: The function could not be started. No process: errno 11");
  EXPECT_EQ(bed.sum("Errors"), 0);
  bed.host.start_error.clear();
  EXPECT_FALSE(bed.invoke("f").function_error);
}

TEST(Invoke, InstancesEndWhenIdleReplacedOrOutOfCredentials) {
  TestBed bed;
  bed.create("f");
  bed.invoke("f");
  EXPECT_EQ(bed.host.live, 1);
  UpdateFunctionConfigurationRequest change;
  change.function_name = "f";
  change.timeout = 9;
  bed.ok(&LambdaService::update_function_configuration, change);
  EXPECT_TRUE(TestBed::eventually([&] { return bed.host.live == 0; }));
  bed.invoke("f");
  EXPECT_EQ(bed.host.specs.back().timeout, seconds(9));
  bed.env.clock.advance(minutes(11));
  EXPECT_TRUE(TestBed::eventually([&] { return bed.host.live == 0; }));

  // Used all the time, so never idle; but the credentials, taken with the configuration, are 11 minutes old already,
  // and an instance with less than 15 minutes of them left gets no event.
  bed.invoke("f");
  const std::size_t started = bed.host.started();
  for (int i = 0; i < 4; ++i) {
    bed.env.clock.advance(minutes(8));
    bed.invoke("f");
  }
  EXPECT_EQ(bed.host.started(), started);
  EXPECT_EQ(bed.sts_calls.calls, 3);  // one when the function was made, one for each configuration
  bed.env.clock.advance(minutes(8));
  bed.invoke("f");
  EXPECT_EQ(bed.host.started(), started + 1);
}

TEST(Invoke, LaterIsRetriedTwiceWithTheSameRequestId) {
  TestBed bed([](LambdaOptions& options) { options.async_workers = 1; });
  bed.create("f");
  std::mutex mutex;
  std::vector<std::string> ids;
  bed.set_body([&](const auto&, const auto& request) {
    const std::lock_guard lock(mutex);
    ids.push_back(request.request_id);
    return failure();
  });
  const auto calls = [&] {
    const std::lock_guard lock(mutex);
    return ids.size();
  };
  const InvocationResponse out = bed.invoke("f", "{}", "Event");
  EXPECT_EQ(out.status_code, 202);
  EXPECT_FALSE(out.executed_version.has_value());
  // Tried, and the worker waits again: only then the clock may move.
  const auto waits = [&](std::size_t tried) {
    const bool seen = TestBed::eventually([&] { return calls() == tried; });
    bed.settle();
    return seen;
  };
  ASSERT_TRUE(waits(1));
  bed.env.clock.advance(seconds(59));
  EXPECT_EQ(calls(), 1U);
  bed.restart();  // what is owed is owed by the next process
  bed.env.clock.advance(seconds(1));
  ASSERT_TRUE(waits(2));
  bed.env.clock.advance(seconds(119));
  EXPECT_EQ(calls(), 2U);
  bed.env.clock.advance(seconds(1));
  ASSERT_TRUE(TestBed::eventually([&] { return calls() == 3 && bed.lambda->async_pending() == 0; }));
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(ids[0], ids[2]);
}

TEST(Invoke, ThrottledLaterInvocationsAreRetriedForSixHours) {
  TestBed bed([&](LambdaOptions& options) { options.async_workers = 1; });
  bed.create("f");
  bed.ok(&LambdaService::put_function_concurrency, {"f", 0});
  bed.invoke("f", "{}", "Event");
  // The pauses grow to five minutes, so each five minutes bring one attempt.
  const auto attempts = [&](int count) {
    const bool seen = TestBed::eventually([&] { return bed.sum("Throttles") == count; });
    bed.settle();
    return seen;
  };
  for (int i = 1; i <= 72; ++i) {
    ASSERT_TRUE(attempts(i)) << i;
    EXPECT_EQ(bed.lambda->async_pending(), 1U);
    bed.env.clock.advance(minutes(5));
  }
  EXPECT_TRUE(TestBed::eventually([&] { return bed.lambda->async_pending() == 0; }));
  bed.invoke("f", "{}", "Event");
  ASSERT_TRUE(attempts(73));
  bed.ok(&LambdaService::delete_function_concurrency, {"f"});
  bed.env.clock.advance(minutes(5));
  EXPECT_TRUE(TestBed::eventually([&] { return bed.lambda->async_pending() == 0; }));
  EXPECT_EQ(bed.host.started(), 1U);
}

TEST(Invoke, IsMeasured) {
  TestBed bed;
  bed.create("f");
  bed.set_body([](const auto&, const auto& request) {
    InvokeOutcome out = request.payload == "1" ? failure() : answer("null");
    out.duration = milliseconds(250);
    return out;
  });
  bed.invoke("f");
  bed.invoke("f", "1");
  bed.invoke("f", "1");
  bed.ok(&LambdaService::put_function_concurrency, {"f", 0});
  EXPECT_NE(bed.error(&LambdaService::invoke, TestBed::event("f")), "no error");
  for (const std::string dimensions : {"", " FunctionName=f", " FunctionName=f Resource=f"}) {
    EXPECT_EQ(bed.sum("Invocations" + dimensions), 3);
    EXPECT_EQ(bed.sum("Errors" + dimensions), 2);
    EXPECT_EQ(bed.sum("Throttles" + dimensions), 1);
    EXPECT_EQ(bed.sum("Duration" + dimensions), 750);
    EXPECT_EQ(bed.sum("ConcurrentExecutions" + dimensions), 3);  // one at a time
  }
}

TEST(Invoke, StopInterruptsWhatRunsAndKeepsWhatIsOwed) {
  TestBed bed;
  bed.create("f");
  Gate gate;
  bed.set_body(gate.body());
  bed.invoke("f", "{}", "Event");
  ASSERT_TRUE(TestBed::eventually([&] { return gate.inside == 1; }));
  std::string refusal;
  auto waiting =
      bed.env.executor.spawn("waiting", [&] { refusal = bed.error(&LambdaService::invoke, TestBed::event("f")); });
  ASSERT_TRUE(TestBed::eventually([&] { return gate.inside == 2; }));
  bed.lambda->stop();
  waiting.reset();
  bed.close();
  EXPECT_EQ(bed.host.live, 0);
  EXPECT_EQ(bed.sum("Errors"), 0) << "the functions did nothing wrong";
  EXPECT_EQ(refusal, "ServiceException: The engine is stopping.");
  gate.open = true;
  bed.open();
  EXPECT_TRUE(TestBed::eventually([&] { return bed.lambda->async_pending() == 0; }));
  EXPECT_EQ(bed.host.started(), 3U);
}

}  // namespace
}  // namespace engine::lambda
