// The way of a request through ApiHandler, over the engine's real SQS: what is held back, what is refused, and how.
#include "server/api_handler.h"

#include <gtest/gtest.h>

#include <new>

#include "aws/auth/sigv4.h"
#include "aws/forwarder.h"
#include "aws/sqs/caller.h"
#include "base/manual/manual_env.h"
#include "engine/sqs/service.h"
#include "store/memory/held_store.h"

namespace server {
namespace {

class Keys final : public aws::auth::CredentialSource {
 public:
  std::optional<aws::auth::Credential> find(std::string_view access_key_id) override {
    if (access_key_id != "test") return std::nullopt;
    aws::auth::Credential key;
    key.access_key_id = "test";
    key.secret_access_key = "secret";
    key.principal = principal;
    return key;
  }
  aws::Principal principal{aws::Principal::Kind::root, "000000000000", "arn:aws:iam::000000000000:root",
                           "000000000000"};
};

class DenyAll final : public aws::auth::Authorizer {
 public:
  bool allows(const aws::Context&, std::string_view action, std::span<const std::string> resources,
              std::span<const aws::auth::ConditionValue>) override {
    asked = std::string(action) + " " + resources.front();
    return false;
  }
  std::string asked;
};

class Gate final : public ReplyGate {
 public:
  explicit Gate(store::KvStore& store) : store_(store) {}
  void release(std::function<void()> send) override { store_.when_durable(store_.last_written(), std::move(send)); }

 private:
  store::KvStore& store_;
};

class ApiHandlerTest : public testing::Test {
 protected:
  // Sends a signed SQS request, and returns when nothing works on it any more; `reply_` holds the answer once it is let
  // go.
  void send(const std::string& operation, const std::string& body, const std::string& secret = "secret") {
    send_to(handler_, operation, body, secret);
  }
  void send_to(ApiHandler& handler, const std::string& operation, const std::string& body,
               const std::string& secret = "secret", std::shared_ptr<aws::http::Hangup> hangup = nullptr) {
    reply_.reset();
    aws::http::Request request{"POST", "/", {}, body};
    request.headers.add("Host", "127.0.0.1:4566");
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    request.headers.add("X-Amz-Target", "AmazonSQS." + operation);
    aws::auth::sign(
        request,
        {.credentials = {"test", secret, ""}, .region = "us-east-1", .service = "sqs", .now = env_.clock.now()});
    request.hangup = std::move(hangup);
    handler.handle(std::move(request), [this](aws::http::Response response) { reply_ = std::move(response); });
    settle();
  }
  // Until no worker has anything to do.
  void settle() {
    env_.clock.advance_in_steps(base::Duration(0), [] { return false; });
  }

  base::ManualEnv env_;
  store::HeldStore store_{env_.executor};
  engine::sqs::SqsService sqs_{store_, env_.env};
  Keys keys_;
  aws::auth::Verifier verifier_{keys_};
  DenyAll authorizer_;
  Gate gate_{store_};
  ApiHandler handler_{{{&aws::sqs::kService, static_cast<aws::sqs::Sqs*>(&sqs_)}},
                      verifier_,
                      authorizer_,
                      gate_,
                      env_.env,
                      {.version = "test"}};
  std::optional<aws::http::Response> reply_;
};

TEST_F(ApiHandlerTest, NoReplyLeavesBeforeWhatItRestsOnIsDurable) {
  store_.release_all();
  send("CreateQueue", R"({"QueueName":"q"})");
  EXPECT_FALSE(reply_.has_value()) << "an acknowledged write";
  // A read sees the queue, but may not tell anybody yet either.
  send("GetQueueUrl", R"({"QueueName":"q"})");
  EXPECT_FALSE(reply_.has_value()) << "a read of what could still be lost";
  store_.release_all();
  ASSERT_TRUE(reply_.has_value());
  EXPECT_EQ(reply_->status, 200);
  EXPECT_EQ(reply_->body, R"({"QueueUrl":"http://127.0.0.1:4566/000000000000/q"})");
  EXPECT_EQ(reply_->headers.get("x-amzn-RequestId").size(), 36U) << "a UUID; only DynamoDB has another form";
  send("GetQueueUrl", R"({"QueueName":"q"})");
  EXPECT_TRUE(reply_.has_value()) << "nothing is owed to the disk";
}

TEST_F(ApiHandlerTest, RefusesInTheServicesWords) {
  store_.release_all();
  send("CreateQueue", R"({"QueueName":"q"})", "wrong secret");
  ASSERT_TRUE(reply_.has_value());
  EXPECT_GE(reply_->status, 400);
  EXPECT_NE(reply_->body.find("InvalidSignatureException"), std::string::npos) << reply_->body;
  send("AddFeather", "{}");
  ASSERT_TRUE(reply_.has_value());
  EXPECT_NE(reply_->body.find("UnknownOperationException"), std::string::npos) << reply_->body;
  send("CreateQueue", "{");
  ASSERT_TRUE(reply_.has_value());
  EXPECT_NE(reply_->body.find("SerializationException"), std::string::npos) << reply_->body;
}

TEST_F(ApiHandlerTest, ServesWithoutASignatureOnlyWhatTheMountSays) {
  ApiHandler handler({{&aws::sqs::kService, static_cast<aws::sqs::Sqs*>(&sqs_), {"GetQueueUrl"}}}, verifier_,
                     authorizer_, gate_, env_.env, {.version = "test", .document = [](std::string_view path) {
                                                      std::optional<aws::http::Response> out;
                                                      if (path == "/x.pem") out.emplace().body = "PEM";
                                                      return out;
                                                    }});
  store_.release_all();
  const auto get = [&](const std::string& target) {
    reply_.reset();
    aws::http::Request request{"GET", target, {}, {}};
    request.headers.add("Host", "127.0.0.1:4566");
    handler.handle(std::move(request), [this](aws::http::Response response) { reply_ = std::move(response); });
    settle();
    return std::to_string(reply_->status) + " " + reply_->body;
  };
  EXPECT_NE(get("/?Action=GetQueueUrl&QueueName=q").find("NonExistentQueue"), std::string::npos) << reply_->body;
  EXPECT_NE(get("/?Action=GetQueueUrl&QueueName=q&X-Amz-Signature=0").find("IncompleteSignature"), std::string::npos);
  EXPECT_NE(get("/?Action=CreateQueue&QueueName=q").find("InvalidAction"), std::string::npos) << reply_->body;
  EXPECT_TRUE(get("/?Action=CreateQueue&Version=2012-11-05&QueueName=q").starts_with("403")) << reply_->body;
  EXPECT_EQ(get("/x.pem"), "200 PEM");
}

constexpr std::string_view kLongPoll = R"({"QueueUrl":"http://127.0.0.1:4566/000000000000/q","WaitTimeSeconds":20})";
constexpr std::string_view kMessage = R"({"QueueUrl":"http://127.0.0.1:4566/000000000000/q","MessageBody":"hello"})";

TEST_F(ApiHandlerTest, ALongPollHoldsNoThreadAndIsAnsweredByAMessage) {
  store_.release_all();
  send("CreateQueue", R"({"QueueName":"q"})");
  env_.executor.limit_tasks(0);  // what comes has to do without a thread of its own
  std::optional<aws::http::Response> polled;
  for (int i = 0; i < 100; ++i) {
    send("ReceiveMessage", std::string(kLongPoll));
    ASSERT_FALSE(reply_.has_value());
  }
  EXPECT_EQ(handler_.parked_calls(), 100U);
  send("SendMessage", std::string(kMessage));
  EXPECT_EQ(handler_.parked_calls(), 99U);
  env_.clock.advance(std::chrono::seconds(20));
  settle();
  EXPECT_EQ(handler_.parked_calls(), 0U);
  store_.release_all();
  ASSERT_TRUE(reply_.has_value());
  EXPECT_EQ(reply_->status, 200) << reply_->body;
}

TEST_F(ApiHandlerTest, ALongPollEndsWhenItsCallerHangsUp) {
  store_.release_all();
  send("CreateQueue", R"({"QueueName":"q"})");
  const auto hangup = std::make_shared<aws::http::Hangup>();
  send_to(handler_, "ReceiveMessage", std::string(kLongPoll), "secret", hangup);
  EXPECT_EQ(handler_.parked_calls(), 1U);
  hangup->hang_up();
  settle();
  EXPECT_EQ(handler_.parked_calls(), 0U);
  send("SendMessage", std::string(kMessage));
  send("ReceiveMessage", R"({"QueueUrl":"http://127.0.0.1:4566/000000000000/q"})");
  store_.release_all();
  EXPECT_NE(reply_->body.find("hello"), std::string::npos) << "the message was taken for nobody";
}

TEST_F(ApiHandlerTest, MoreLongPollsThanItCanKeepAreThrottled) {
  store_.release_all();
  send("CreateQueue", R"({"QueueName":"q"})");
  ApiHandler small({{&aws::sqs::kService, static_cast<aws::sqs::Sqs*>(&sqs_)}}, verifier_, authorizer_, gate_, env_.env,
                   {.version = "test", .parked_calls_max = 1});
  send_to(small, "ReceiveMessage", std::string(kLongPoll));
  EXPECT_FALSE(reply_.has_value());
  send_to(small, "ReceiveMessage", std::string(kLongPoll));
  store_.release_all();
  ASSERT_TRUE(reply_.has_value());
  EXPECT_NE(reply_->body.find("Throttling"), std::string::npos) << reply_->body;
}

TEST_F(ApiHandlerTest, WithoutAThreadForItWorkWaitsForOneThatIsThere) {
  store_.release_all();
  env_.executor.limit_tasks(0);
  send("CreateQueue", R"({"QueueName":"q"})");
  store_.release_all();
  ASSERT_TRUE(reply_.has_value());
  EXPECT_EQ(reply_->status, 200);
}

TEST_F(ApiHandlerTest, QuickCallsMayBeKeptOffTheIoThreads) {
  store_.release_all();
  send("CreateQueue", R"({"QueueName":"q"})");
  for (const bool quick : {true, false}) {
    std::vector<bool> on_io_thread;
    aws::Forwarder watched(&sqs_, [&](const aws::ServiceDesc&, const aws::OperationDesc&, aws::Context& context, void*,
                                      void*, const aws::Forwarder::CarryOut& carry_out) {
      on_io_thread.push_back(context.on_io_thread);
      return carry_out();
    });
    aws::sqs::SqsCaller caller(watched);
    ApiHandler handler({{&aws::sqs::kService, static_cast<aws::sqs::Sqs*>(&caller)}}, verifier_, authorizer_, gate_,
                       env_.env, {.version = "test", .quick_on_io_threads = quick});
    send_to(handler, "SendMessage", std::string(kMessage));
    store_.release_all();
    EXPECT_EQ(reply_->status, 200) << reply_->body;
    EXPECT_EQ(on_io_thread, std::vector<bool>{quick});
  }
}

TEST_F(ApiHandlerTest, WhatThrowsIsTheCallsOwnFailureAndIsLogged) {
  store_.release_all();
  aws::Forwarder broken(
      &sqs_, [](const aws::OperationDesc&, const void*) -> std::optional<base::AwsError> { throw std::bad_alloc(); });
  aws::sqs::SqsCaller caller(broken);
  std::string logged;
  ApiHandler handler({{&aws::sqs::kService, static_cast<aws::sqs::Sqs*>(&caller)}}, verifier_, authorizer_, gate_,
                     env_.env, {.version = "test", .log = [&](std::string_view line) { logged = line; }});
  for (const std::string operation : {"SendMessage", "ListQueues"}) {  // on the I/O thread, and on a worker
    send_to(handler, operation, operation == "SendMessage" ? std::string(kMessage) : "{}");
    ASSERT_TRUE(reply_.has_value()) << operation;
    EXPECT_EQ(reply_->status, 500);
    EXPECT_NE(reply_->body.find("InternalFailure"), std::string::npos) << reply_->body;
    EXPECT_TRUE(logged.starts_with(operation + " failed")) << logged;
  }
}

TEST_F(ApiHandlerTest, AsksTheAuthorizerForRolesAndChangesNothingWhenDenied) {
  store_.release_all();
  keys_.principal.kind = aws::Principal::Kind::role;
  keys_.principal.arn = "arn:aws:sts::000000000000:assumed-role/r/s";
  const store::CommitSequence before = store_.last_written();
  send("CreateQueue", R"({"QueueName":"q"})");
  ASSERT_TRUE(reply_.has_value());
  EXPECT_EQ(authorizer_.asked, "sqs:CreateQueue arn:aws:sqs:us-east-1:000000000000:q");
  EXPECT_EQ(reply_->status, 403);
  EXPECT_NE(reply_->body.find("is not authorized to perform: sqs:CreateQueue"), std::string::npos) << reply_->body;
  EXPECT_EQ(store_.last_written(), before);
}

}  // namespace
}  // namespace server
