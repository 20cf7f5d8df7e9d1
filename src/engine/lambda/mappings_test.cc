#include <set>

#include "aws/sqs/caller.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/queue_poller.h"
#include "engine/lambda/sqs_event.h"
#include "engine/lambda/test_bed.h"

namespace engine::lambda {
namespace {

// Takes whatever comes and remembers it.
struct Consumer {
  std::mutex mutex;
  std::vector<std::string> events;
  std::function<InvokeOutcome(const std::string&)> reply = [](const std::string&) { return InvokeOutcome(); };
  FakeHost::Body body() {
    return [this](const auto&, const auto& request) {
      const std::lock_guard lock(mutex);
      events.push_back(request.payload);
      return reply(request.payload);
    };
  }
  std::size_t records() {
    const std::lock_guard lock(mutex);
    std::size_t count = 0;
    for (const std::string& event : events) {
      for (auto at = event.find("\"messageId\""); at != std::string::npos; at = event.find("\"messageId\"", at + 1))
        ++count;
    }
    return count;
  }
};

TEST(Mappings, FailedMessagesOfAnAnswer) {
  const std::vector<std::string> ids = {"a", "b"};
  const std::vector<bool> none = {false, false};
  const std::vector<bool> all = {true, true};
  const std::vector<std::pair<std::string, std::vector<bool>>> table = {
      {"", none},
      {"null", none},
      {"{}", none},
      {"[]", none},
      {R"("")", none},
      {R"({"foo":"bar"})", none},
      {R"({"batchItemFailures":[],"n":123456789012345678901234567890})", none},
      {R"({"n":1e999,"batchItemFailures":[{"itemIdentifier":"b"}]})", {false, true}},
      {R"({"batchItemFailures":[],"n":01})", all},
      {R"({"batchItemFailures":null})", none},
      {R"({"batchItemFailures":[]})", none},
      {R"({"batchItemFailures":[{"itemIdentifier":"b"}]})", {false, true}},
      {R"({"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]})", all},
      {R"({"batchItemFailures":[{"itemIdentifier":""}]})", all},
      {R"({"batchItemFailures":[{"itemIdentifier":null}]})", all},
      {R"({"batchItemFailures":[{"itemIdentifier":"c"}]})", all},
      {R"({"batchItemFailures":[{"foo":1}]})", all},
      {R"({"batchItemFailures":["a"]})", all},
      {R"({"batchItemFailures":"a"})", all},
      {R"("text")", all},
      {"7", all},
      {"{", all},
  };
  for (const auto& [answer, failed] : table) EXPECT_EQ(failed_messages(answer, ids), failed) << answer;
}

TEST(Mappings, EventHasTheFormOfAws) {
  aws::sqs::Message message;
  message.message_id = "id";
  message.receipt_handle = "handle";
  message.body = "a\"b";
  message.md5_of_body = "md5";
  message.attributes = aws::Map<std::string>{{"SenderId", "me"}, {"ApproximateReceiveCount", "1"}};
  message.md5_of_message_attributes = "md5a";
  aws::sqs::MessageAttributeValue value;
  value.data_type = "Binary";
  value.binary_value = "xyz";
  message.message_attributes = aws::Map<aws::sqs::MessageAttributeValue>{{"n", value}};
  std::string out;
  write_sqs_record(message, "arn", "eu-west-1", true, out);
  EXPECT_EQ(out,
            R"({"messageId":"id","receiptHandle":"handle","body":"a\"b","attributes":{"ApproximateReceiveCount":"1",)"
            R"("SenderId":"me"},"messageAttributes":{"n":{"binaryValue":"eHl6","stringListValues":[],)"
            R"("binaryListValues":[],"dataType":"Binary"}},"md5OfMessageAttributes":"md5a","md5OfBody":"md5",)"
            R"("eventSource":"aws:sqs","eventSourceARN":"arn","awsRegion":"eu-west-1"})");
  message.md5_of_message_attributes.reset();
  for (const bool has_window : {false, true}) {
    out.clear();
    write_sqs_record(message, "arn", "eu-west-1", has_window, out);
    EXPECT_EQ(out.find(R"("md5OfMessageAttributes":null,"md5OfBody")") != out.npos, has_window) << out;
  }
}

TEST(Mappings, LifecycleAndChecks) {
  TestBed bed;
  bed.create("f");
  bed.create_queue("q");
  const auto refused = [&](auto change) {
    CreateEventSourceMappingRequest in = TestBed::mapping("q", "f");
    change(in);
    return bed.error(&LambdaService::create_event_source_mapping, std::move(in));
  };
  EXPECT_EQ(refused([](auto& in) { in.event_source_arn = "arn:aws:s3:::b"; }),
            "InvalidParameterValueException: Unrecognized event source.");
  EXPECT_EQ(refused([](auto& in) { in.function_name = "none"; }),
            "InvalidParameterValueException: Function does not exist");
  EXPECT_EQ(refused([](auto& in) { in.batch_size = 11; }),
            "InvalidParameterValueException: Maximum batch window in seconds must be greater than 0 if maximum batch "
            "size is greater than 10");
  EXPECT_EQ(refused([](auto& in) { in.event_source_arn = TestBed::queue_arn("none"); }),
            "InvalidParameterValueException: Error occurred while ReceiveMessage. SQS Error Code: "
            "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.");
  UpdateFunctionConfigurationRequest slow;
  slow.function_name = "f";
  slow.timeout = 60;
  bed.ok(&LambdaService::update_function_configuration, slow);
  EXPECT_EQ(refused([](auto&) {}),
            "InvalidParameterValueException: Queue visibility timeout: 30 seconds is less than Function timeout: 60 "
            "seconds");
  slow.timeout = 30;
  bed.ok(&LambdaService::update_function_configuration, slow);

  const auto created = bed.ok(&LambdaService::create_event_source_mapping, TestBed::mapping("q", "f"));
  EXPECT_EQ(created.state, "Creating");
  EXPECT_EQ(created.batch_size, 10);
  EXPECT_EQ(created.state_transition_reason, "USER_INITIATED");
  EXPECT_EQ(refused([](auto&) {}),
            "ResourceConflictException: An event source mapping with SQS arn (\" " + TestBed::queue_arn("q") +
                " \") and function (\" f \") already exists. Please update or delete the existing mapping with UUID " +
                *created.uuid);
  EXPECT_EQ(bed.ok(&LambdaService::get_event_source_mapping, {created.uuid}).state, "Enabled");
  UpdateEventSourceMappingRequest change;
  change.uuid = created.uuid;
  change.enabled = false;
  EXPECT_EQ(bed.ok(&LambdaService::update_event_source_mapping, change).state, "Updating");
  bed.restart();
  EXPECT_EQ(bed.ok(&LambdaService::get_event_source_mapping, {created.uuid}).state, "Disabled");
  ListEventSourceMappingsRequest list;
  for (const char* name : {"f", "f:$LATEST"}) {
    list.function_name = name;
    EXPECT_EQ(bed.ok(&LambdaService::list_event_source_mappings, list).event_source_mappings->size(), 1U) << name;
  }
  change.function_name = "f:$LATEST";
  bed.ok(&LambdaService::update_event_source_mapping, change);
  bed.restart();
  EXPECT_TRUE(bed.ok(&LambdaService::get_event_source_mapping, {created.uuid}).function_arn->ends_with(":f:$LATEST"));
  EXPECT_EQ(bed.ok(&LambdaService::delete_event_source_mapping, {created.uuid}).state, "Deleting");
  EXPECT_EQ(bed.error(&LambdaService::get_event_source_mapping, {created.uuid}),
            "ResourceNotFoundException: The resource you requested does not exist.");
}

TEST(Mappings, DeliversAndDeletesAlsoAfterARestart) {
  TestBed bed;
  Consumer consumer;
  bed.set_body(consumer.body());
  bed.create("f");
  bed.create_queue("q");
  for (int i = 0; i < 25; ++i) bed.send("q", "m");
  bed.ok(&LambdaService::create_event_source_mapping, TestBed::mapping("q", "f"));
  EXPECT_TRUE(TestBed::eventually([&] { return bed.counts("q") == "0/0"; }));
  EXPECT_EQ(consumer.records(), 25U);
  bed.restart();
  bed.send("q", "m");
  EXPECT_TRUE(TestBed::eventually([&] { return consumer.records() == 26; }));
  EXPECT_TRUE(TestBed::eventually([&] { return bed.counts("q") == "0/0"; }));
}

TEST(Mappings, WithoutAThreadOneIsAskedForAgain) {
  TestBed bed;
  Consumer consumer;
  bed.set_body(consumer.body());
  bed.create("f");
  bed.create_queue("q");
  bed.send("q", "m");
  bed.env.executor.limit_tasks(0);
  bed.ok(&LambdaService::create_event_source_mapping, TestBed::mapping("q", "f"));
  bed.env.executor.limit_tasks(1);  // of the five that it wants
  EXPECT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(kThreadRetryInterval);
    return consumer.records() == 1;
  }));
  bed.env.executor.limit_tasks(SIZE_MAX);
}

TEST(Mappings, FailuresStayUntilTheyAreVisibleAgain) {
  TestBed bed;
  Consumer consumer;
  consumer.reply = [](const std::string& event) {
    InvokeOutcome out;
    const auto id = event.find("\"messageId\":\"") + 13;
    out.payload = R"({"batchItemFailures":[{"itemIdentifier":")" + event.substr(id, 36) + "\"}]}";
    return out;
  };
  bed.set_body(consumer.body());
  bed.create("f");
  bed.create_queue("q");
  for (int i = 0; i < 3; ++i) bed.send("q", "m");
  CreateEventSourceMappingRequest in = TestBed::mapping("q", "f");
  in.function_response_types.emplace().push_back("ReportBatchItemFailures");
  bed.ok(&LambdaService::create_event_source_mapping, in);
  ASSERT_TRUE(TestBed::eventually([&] { return consumer.records() == 3 && bed.counts("q") == "0/1"; }));
  {
    const std::lock_guard lock(consumer.mutex);
    consumer.reply = [](const std::string&) {
      InvokeOutcome out;
      out.kind = OutcomeKind::function_error;
      return out;
    };
  }
  bed.env.clock.advance(seconds(30));
  ASSERT_TRUE(TestBed::eventually([&] { return consumer.records() == 4; }));
  EXPECT_EQ(bed.counts("q"), "0/1");
  {
    const std::lock_guard lock(consumer.mutex);
    consumer.reply = [](const std::string&) { return InvokeOutcome(); };
  }
  bed.env.clock.advance(seconds(30));  // visible again
  EXPECT_TRUE(TestBed::eventually([&] {
    // The pause after the failure may begin only now. Time stands still while the function has the message, which would
    // become visible once more otherwise.
    if (bed.counts("q") == "1/0") bed.env.clock.advance(milliseconds(100));
    return bed.counts("q") == "0/0";
  }));
  EXPECT_EQ(consumer.records(), 5U);
}

TEST(Mappings, AWindowGathersMoreThanOneReceive) {
  TestBed bed;
  Consumer consumer;
  bed.set_body(consumer.body());
  bed.create("f");
  bed.create_queue("q", {{"VisibilityTimeout", "43200"}});  // nothing comes twice, however far the clock is moved
  for (int i = 0; i < 25; ++i) bed.send("q", "m");
  CreateEventSourceMappingRequest in = TestBed::mapping("q", "f");
  in.batch_size = 25;
  in.maximum_batching_window_in_seconds = 5;
  bed.ok(&LambdaService::create_event_source_mapping, in);
  ASSERT_TRUE(TestBed::eventually([&] { return bed.counts("q") == "0/0"; }));
  EXPECT_EQ(consumer.events.size(), 1U);
  bed.send("q", "m");
  ASSERT_TRUE(TestBed::eventually([&] { return bed.counts("q") == "0/1"; }));
  EXPECT_EQ(consumer.records(), 25U);  // until the window ends
  EXPECT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(milliseconds(100));
    return consumer.records() == 26;
  }));
}

// The batch is two thirds full when less than a second of its window is left; the message that fills it comes after the
// poller has begun to wait for the window's end.
TEST(Mappings, AWindowIsFullAsSoonAsItsLastMessageComes) {
  TestBed bed;
  Consumer consumer;
  bed.set_body(consumer.body());
  bed.create("f");
  bed.create_queue("q", {{"VisibilityTimeout", "43200"}});
  CreateEventSourceMappingRequest in = TestBed::mapping("q", "f");
  in.batch_size = 3;
  in.maximum_batching_window_in_seconds = 1;
  bed.ok(&LambdaService::create_event_source_mapping, in);
  const auto pass = [&](base::Duration time) { bed.env.clock.advance_in_steps(time, [] { return false; }); };
  bed.send("q", "m");
  pass(milliseconds(500));
  bed.send("q", "m");
  pass(milliseconds(0));
  EXPECT_EQ(bed.counts("q"), "0/2");
  bed.send("q", "m");
  pass(milliseconds(100));
  EXPECT_EQ(consumer.records(), 3U);
}

// A poller with two tasks, of which one polls and one waits, over a queue of the test's own.
template <class Queue>
struct PollerOf {
  PollerOf() {
    poller.start();
    env.clock.await_waiters(2);
  }
  static MappingRecord mapping() {
    MappingRecord out;
    out.queue_arn = "arn:aws:sqs:eu-west-1:123456789012:q";
    out.maximum_concurrency = 2;
    return out;
  }
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Queue queue{env};
  aws::sqs::SqsCaller caller{queue};
  QueuePoller poller{*store,
                     env.env,
                     caller,
                     mapping(),
                     [](const std::string&) { return QueuePoller::Answer(); },
                     [](const std::string&, const std::string&) {}};
};

// Whoever sends when DeleteEventSourceMapping has answered must not find its message taken.
TEST(Mappings, AStopEndsTheLongPoll) {
  struct Waiting final : aws::Dispatcher {
    explicit Waiting(base::ManualEnv& of) : env(of), changed(of.executor.make_condition()) {}
    base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context& context, void*,
                                void*) override {
      context.caller_gone->on_gone([this] {
        const std::lock_guard lock(mutex);
        gone = true;
        changed->notify_all();
      });
      std::unique_lock lock(mutex);
      while (!gone) env.executor.wait_until(lock, *changed, base::kTimestampMax);
      return {};
    }
    base::ManualEnv& env;
    std::mutex mutex;
    std::unique_ptr<base::Condition> changed;
    bool gone = false;
  };
  PollerOf<Waiting> of;
  of.poller.request_stop();  // and the poller's end waits for no clock
}

// A queue that has stopped answers at once and without a message; whoever polls it pauses.
TEST(Mappings, AStoppedQueueIsNotAskedInACircle) {
  struct Stopped final : aws::Dispatcher {
    explicit Stopped(base::ManualEnv& of) : env(of), released(of.executor.make_condition()) {}
    base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context&, void*,
                                void*) override {
      std::unique_lock lock(mutex);
      if (++calls == 2) env.executor.wait_until(lock, *released, base::kTimestampMax);
      return {};
    }
    base::ManualEnv& env;
    std::mutex mutex;
    std::unique_ptr<base::Condition> released;
    int calls = 0;
  };
  PollerOf<Stopped> of;
  {
    const std::lock_guard lock(of.queue.mutex);
    EXPECT_EQ(of.queue.calls, 1);
  }
  of.env.clock.advance(kPollBackoffMin);
  of.env.clock.await_waiters(2);
  of.poller.request_stop();
  const std::lock_guard lock(of.queue.mutex);
  of.queue.calls = 2;
  of.queue.released->notify_all();
}

TEST(Mappings, AreDisabledWhenTheirQueueOrFunctionIsGone) {
  TestBed bed;
  bed.create("f");
  bed.create_queue("q");
  bed.create_queue("r");
  const auto one = bed.ok(&LambdaService::create_event_source_mapping, TestBed::mapping("q", "f"));
  const auto two = bed.ok(&LambdaService::create_event_source_mapping, TestBed::mapping("r", "f"));
  const auto state = [&](const EventSourceMappingConfiguration& mapping) {
    return bed.ok(&LambdaService::get_event_source_mapping, {mapping.uuid});
  };
  aws::Context call = bed.context();
  ASSERT_TRUE(bed.queues->delete_queue(call, {"/123456789012/q"}).has_value());
  EXPECT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(milliseconds(100));
    return state(one).state == "Disabled";
  }));
  bed.ok(&LambdaService::delete_function, {"f", {}});
  bed.send("r", "m");
  EXPECT_TRUE(TestBed::eventually([&] { return state(two).state == "Disabled"; }));
  EXPECT_EQ(state(two).state_transition_reason, "The function does not exist any more.");
}

TEST(Mappings, WhatTheEnginesStopCutsOffIsThereAgainAtItsStart) {
  TestBed bed;
  std::atomic<int> running = 0;
  bed.set_body([&](const auto&, const auto&) {
    ++running;
    while (!FakeHost::interrupted()) std::this_thread::yield();
    InvokeOutcome out;
    out.kind = OutcomeKind::exited;
    return out;
  });
  bed.create("f");
  bed.create_queue("q", {{"VisibilityTimeout", "43200"}});
  for (int i = 0; i < 12; ++i) bed.send("q", "m");
  bed.ok(&LambdaService::create_event_source_mapping, TestBed::mapping("q", "f"));
  ASSERT_TRUE(TestBed::eventually([&] { return running == 2; }));
  EXPECT_EQ(bed.counts("q"), "0/12");
  bed.close();
  Consumer consumer;
  bed.set_body(consumer.body());
  bed.open();
  EXPECT_TRUE(TestBed::eventually([&] { return bed.counts("q") == "0/0"; }));
  EXPECT_EQ(consumer.records(), 12U);
  bed.close();
}

// Messages of which a function saw the body, and events that it finished, whatever happens to the function meanwhile.
struct Seen {
  std::mutex mutex;
  std::set<std::string> bodies;
  FakeHost::Body body() {
    return [this](const auto&, const auto& request) {
      const std::lock_guard lock(mutex);
      const std::string& text = request.payload;
      for (auto at = text.find("<"); at != std::string::npos; at = text.find("<", at + 1)) {
        bodies.insert(text.substr(at, text.find(">", at) - at));
      }
      return InvokeOutcome();
    };
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return bodies.size();
  }
};

TEST(Mappings, NothingIsLostWhileTheFunctionChangesOrGoes) {
  Seen seen;  // outlives the service, which may deliver once more while it ends
  TestBed bed;
  bed.set_body(seen.body());
  bed.create("f");
  bed.create_queue("q");
  const auto mapping = bed.ok(&LambdaService::create_event_source_mapping, TestBed::mapping("q", "f"));
  int sent = 0;
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i) bed.send("q", "<" + std::to_string(sent++) + ">");
  };
  const auto send_events = [&](int count) {
    for (int i = 0; i < count; ++i) bed.invoke("f", "\"<" + std::to_string(sent++) + ">\"", "Event");
  };
  for (int i = 0; i < 6; ++i) {
    send(10);
    send_events(5);
    UpdateFunctionCodeRequest code;
    code.function_name = "f";
    code.zip_file = "zip " + std::to_string(i);
    bed.ok(&LambdaService::update_function_code, code);
    if (i % 2 == 0) {
      bed.ok(&LambdaService::put_function_concurrency, {"f", i % 4 == 0 ? 0 : 1});
    } else {
      bed.ok(&LambdaService::delete_function_concurrency, {"f"});
    }
  }
  const auto all_seen = [&] {
    return TestBed::eventually([&] {
      // Pauses end, and messages become visible again; in steps, or a machine under load lets events grow too old.
      bed.env.clock.advance_in_steps(seconds(5), [] { return false; });
      return seen.count() == static_cast<std::size_t>(sent) && bed.counts("q") == "0/0" &&
             bed.lambda->async_pending() == 0;
    });
  };
  const auto state = [&] {
    return "seen " + std::to_string(seen.count()) + " of " + std::to_string(sent) + ", queue " + bed.counts("q") +
           ", events " + std::to_string(bed.lambda->async_pending());
  };
  ASSERT_TRUE(all_seen()) << state();
  bed.ok(&LambdaService::delete_function, {"f", {}});
  send(10);
  ASSERT_TRUE(TestBed::eventually([&] {
    bed.env.clock.advance(milliseconds(100));
    return bed.ok(&LambdaService::get_event_source_mapping, {mapping.uuid}).state == "Disabled";
  }));
  bed.create("f");
  UpdateEventSourceMappingRequest enable;
  enable.uuid = mapping.uuid;
  enable.enabled = true;
  bed.ok(&LambdaService::update_event_source_mapping, enable);
  EXPECT_TRUE(all_seen()) << state();
}

}  // namespace
}  // namespace engine::lambda
