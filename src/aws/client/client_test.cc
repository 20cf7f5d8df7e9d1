// What the client sends and when it sends it again, over a transport of the test's own.
#include "aws/client/client.h"

#include <gtest/gtest.h>

#include <deque>
#include <initializer_list>

#include "aws/auth/verify.h"
#include "aws/client/repeatable.h"
#include "aws/dynamodb/caller.h"
#include "aws/http/failure.h"
#include "aws/iam/iam.h"
#include "aws/s3/caller.h"
#include "aws/sqs/caller.h"
#include "base/encoding.h"
#include "base/manual/jumping_executor.h"
#include "base/manual/manual_env.h"

namespace aws::client {
namespace {

using base::Duration;
using std::chrono::milliseconds;

struct Keys final : auth::CredentialSource {
  std::optional<auth::Credential> find(std::string_view) override {
    auth::Credential key;
    key.access_key_id = "AKID";
    key.secret_access_key = "secret";
    key.session_token = token;
    return key;
  }
  std::string token;
};

http::Response answer(int status, std::string body = "{}") {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}
http::Response json_error(int status, const std::string& code) {
  return answer(status, R"({"__type":"com.amazonaws.sqs#)" + code + R"(","message":"m"})");
}
base::Result<http::Response> no_connection() {
  base::AwsError error;
  error.code = http::kNotSent;
  error.http_status = 0;
  error.fault = base::Fault::receiver;
  return base::fail(std::move(error));
}
base::Result<http::Response> lost_connection() {
  base::AwsError error;
  error.code = http::kConnectionLost;
  error.http_status = 0;
  error.fault = base::Fault::receiver;
  return base::fail(std::move(error));
}
base::Result<http::Response> timed_out() {
  base::AwsError error;
  error.code = http::kTimedOut;
  error.http_status = 0;
  error.fault = base::Fault::receiver;
  return base::fail(std::move(error));
}

// Answers from a list, the last of which serves for ever, and keeps what it was given.
class ListTransport final : public http::Transport {
 public:
  base::Result<http::Response> round_trip(const http::Endpoint& endpoint, http::Request request,
                                          Duration timeout) override {
    endpoints.push_back(endpoint);
    requests.push_back(std::move(request));
    timeouts.push_back(timeout);
    base::Result<http::Response> next = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return next;
  }
  std::deque<base::Result<http::Response>> answers = {answer(200)};
  std::vector<http::Endpoint> endpoints;
  std::vector<http::Request> requests;
  std::vector<Duration> timeouts;
};

class ClientTest : public testing::Test {
 protected:
  Client make(ClientOptions options) { return {transport_, credentials_, env_, std::move(options)}; }
  // Sends a message to a FIFO queue, which knows the second one, with so many attempts; the code of the error, or "".
  std::string send(int attempts_max, std::deque<base::Result<http::Response>> answers) {
    const auto sent = send_error(attempts_max, std::move(answers), "deduplication-id");
    return sent.has_value() ? sent->code : "";
  }
  std::optional<base::AwsError> send_error(int attempts_max, std::deque<base::Result<http::Response>> answers,
                                           std::optional<std::string> deduplication_id) {
    transport_ = {};
    executor_.slept.clear();
    transport_.answers = std::move(answers);
    Client client =
        make({.endpoints = {.all = http::Endpoint{false, "127.0.0.1", 4566}}, .attempts_max = attempts_max});
    sqs::SqsCaller sqs(client);
    sqs::SendMessageRequest in;
    in.queue_url = "http://127.0.0.1:4566/000000000000/q";
    in.message_body = "text";
    in.message_deduplication_id = std::move(deduplication_id);
    Context context;
    auto sent = sqs.send_message(context, std::move(in));
    if (sent.has_value()) return std::nullopt;
    return std::move(sent).error();
  }

  base::ManualClock clock_;
  base::SeededRandom random_;
  base::JumpingExecutor executor_{clock_};
  base::Env env_{clock_, random_, executor_};
  ListTransport transport_;
  FixedCredentials credentials_{{"AKID", "secret", "token"}};
};

TEST_F(ClientTest, TriesAgainOnlyWhereALaterAttemptMayDoBetter) {
  const std::string throttled = "ThrottlingException";
  struct Case {
    base::Result<http::Response> first;
    std::string code;  // if nothing but `first` ever comes
    bool again;
  };
  for (const Case& c : std::initializer_list<Case>{
           {lost_connection(), "ConnectionError", true},
           {json_error(500, "InternalFailure"), "InternalFailure", true},
           {answer(503, "<html>"), "UnknownError", true},
           {json_error(429, "Whatever"), "Whatever", true},
           {json_error(400, throttled), throttled, true},
           {json_error(400, "RequestThrottled"), "RequestThrottled", true},
           {json_error(400, "ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException", true},
           {json_error(400, "QueueDoesNotExist"), "QueueDoesNotExist", false},
           {json_error(403, "AccessDeniedException"), "AccessDeniedException", false},
           {json_error(400, "throttlingexception"), "throttlingexception", false},
           {answer(200, "{"), "InvalidResponse", true},
       }) {
    EXPECT_EQ(send(3, {c.first}), c.code);
    EXPECT_EQ(transport_.requests.size(), c.again ? 3U : 1U) << c.code;
    EXPECT_EQ(executor_.slept.size(), c.again ? 2U : 0U) << "no wait behind the last attempt: " << c.code;
    EXPECT_EQ(send(3, {c.first, answer(200)}), c.again ? "" : c.code);
    EXPECT_EQ(transport_.requests.size(), c.again ? 2U : 1U) << c.code;
    EXPECT_EQ(send(1, {c.first, answer(200)}), c.code) << "one attempt is no retry";
  }
}

TEST_F(ClientTest, WhatMayHaveTakenEffectIsSentAgainOnlyIfThatIsHarmless) {
  struct Case {
    base::Result<http::Response> first;
    bool again;
  };
  for (const Case& c : std::initializer_list<Case>{
           {no_connection(), true},
           {json_error(503, "ServiceUnavailable"), true},
           {json_error(400, "ThrottlingException"), true},
           {json_error(400, "RequestTimeout"), true},
           {json_error(400, "PriorRequestNotComplete"), true},
           {json_error(400, "RequestThrottledException"), true},
           {lost_connection(), false},
           {timed_out(), false},
           {json_error(500, "InternalFailure"), false},
           {answer(502, "<html>"), false},
           {answer(200, "{"), false},
       }) {
    const auto error = send_error(3, {c.first, answer(200)}, std::nullopt);
    EXPECT_EQ(transport_.requests.size(), c.again ? 2U : 1U);
    ASSERT_EQ(error.has_value(), !c.again);
    EXPECT_TRUE(c.again || error->message.contains("unknown"));
  }
}

// What could not be sent the second time may have been carried out the first time.
TEST_F(ClientTest, AnErrorSaysWhatEarlierAttemptsLeaveOpen) {
  auto error = send_error(3, {lost_connection(), no_connection()}, "deduplication-id");
  EXPECT_EQ(error->code, http::kConnectionLost);
  EXPECT_TRUE(error->message.contains("there were 3 attempts; whether an earlier attempt took effect is unknown"));
  error = send_error(3, {no_connection()}, "deduplication-id");
  EXPECT_EQ(error->code, http::kNotSent);
  EXPECT_FALSE(error->message.contains("unknown")) << error->message;
  error = send_error(3, {json_error(400, "QueueDoesNotExist")}, std::nullopt);
  EXPECT_EQ(error->message, "m");
  error = send_error(3, {json_error(503, "ServiceUnavailable"), lost_connection()}, std::nullopt);
  EXPECT_TRUE(error->message.ends_with("so it was not sent again; there were 2 attempts")) << error->message;
  base::AwsError unsendable{.code = std::string(http::kUnsendable), .http_status = 0};
  EXPECT_EQ(send(3, {base::fail(unsendable)}), http::kUnsendable);
  EXPECT_EQ(transport_.requests.size(), 1U);
  Context context;
  transport_.answers = {lost_connection(), no_connection()};
  Client client = make({});
  const auto read = sqs::SqsCaller(client).list_queues(context, {});
  EXPECT_EQ(read.error().code, http::kNotSent) << "reading twice is no harm";
}

// Whoever gives credentials out has been asked often enough; nothing is unclear about the operation.
TEST_F(ClientTest, WantOfCredentialsIsNoFailureOfTheService) {
  struct None final : CredentialProvider {
    base::Result<auth::Credentials> credentials() override {
      ++asked;
      return base::fail({.code = std::string(http::kConnectionLost), .message = "lost", .http_status = 0});
    }
    int asked = 0;
  };
  None none;
  Client client(transport_, none, env_, {});
  Context context;
  const auto sent = sqs::SqsCaller(client).send_message(context, {});
  EXPECT_EQ(sent.error().message, "lost");
  EXPECT_EQ(none.asked, 1);
}

// What each operation of the kind does is on its page of the API reference.
TEST(Repeatable, IsWhatASecondOneDoesNotChange) {
  const auto repeatable = [](const ServiceDesc& service, std::string_view name) {
    const OperationDesc& operation = *service.find(name);
    const AnyShape in = operation.make_input();
    return is_repeatable(operation, in.value.get());
  };
  for (const auto name : {"GetQueueUrl", "ListQueues", "CreateQueue", "DeleteMessage", "ChangeMessageVisibility"})
    EXPECT_TRUE(repeatable(sqs::kService, name)) << name;
  for (const auto name : {"SendMessage", "SendMessageBatch", "ReceiveMessage", "PurgeQueue", "StartMessageMoveTask"})
    EXPECT_FALSE(repeatable(sqs::kService, name)) << name;
  for (const auto name : {"PutObject", "GetObject", "UploadPart", "CompleteMultipartUpload", "DeleteObjects"})
    EXPECT_TRUE(repeatable(s3::kService, name)) << name;
  EXPECT_FALSE(repeatable(s3::kService, "CreateMultipartUpload"));
  EXPECT_FALSE(repeatable(iam::kService, "CreatePolicyVersion"));
  for (const auto name : {"PutItem", "DeleteItem", "BatchWriteItem", "Query", "UpdateTable"})
    EXPECT_TRUE(repeatable(dynamodb::kService, name)) << name;

  const auto update = [](std::string expression) {
    dynamodb::UpdateItemInput in;
    in.update_expression = std::move(expression);
    return is_repeatable(*dynamodb::kService.find("UpdateItem"), &in);
  };
  EXPECT_TRUE(update("SET address = :a REMOVE b"));
  EXPECT_TRUE(update("SET a = if_not_exists(a, :a)"));
  EXPECT_FALSE(update("SET n = n + :one"));
  EXPECT_FALSE(update("set a = :a add n :one"));
  EXPECT_FALSE(update("SET l = LIST_APPEND(l, :more)"));

  const auto statements = [](std::initializer_list<std::string> texts) {
    dynamodb::BatchExecuteStatementInput in;
    auto& list = in.statements.emplace();
    for (const std::string& text : texts) list.emplace_back().statement = text;
    return is_repeatable(*dynamodb::kService.find("BatchExecuteStatement"), &in);
  };
  EXPECT_TRUE(statements({"INSERT INTO t VALUE {'id': '1'}", " select * from t", "DELETE FROM t WHERE id = '1'"}));
  EXPECT_TRUE(statements({"UPDATE t SET a = 1 WHERE id = '1'"}));
  EXPECT_FALSE(statements({"INSERT INTO t VALUE {'id': '1'}", "UPDATE t SET n = n + 1 WHERE id = '1'"}));
}

// Of so many calls of 12 attempts each: the longest and the shortest waits before the 2nd, 3rd, ... attempt.
TEST_F(ClientTest, WaitsAtRandomUpToABoundThatDoubles) {
  struct Case {
    base::Result<http::Response> failure;
    Duration first;
  };
  for (const Case& c : {Case{json_error(500, "InternalFailure"), milliseconds(50)},
                        Case{json_error(400, "Throttling"), milliseconds(1000)}}) {
    std::vector<Duration> longest(11), shortest(11, std::chrono::hours(1));
    for (int call = 0; call < 60; ++call) {
      send(12, {c.failure});
      EXPECT_EQ(transport_.requests.size(), 12U);
      ASSERT_EQ(executor_.slept.size(), 11U);
      for (std::size_t i = 0; i < 11; ++i) {
        longest[i] = std::max(longest[i], executor_.slept[i]);
        shortest[i] = std::min(shortest[i], executor_.slept[i]);
      }
    }
    Duration bound = c.first;
    for (std::size_t i = 0; i < 11; ++i) {
      EXPECT_LE(longest[i], bound) << i;
      EXPECT_GE(longest[i], bound * 4 / 5) << "nobody waits as long as may be: " << i;
      EXPECT_LE(shortest[i], bound / 5) << "full jitter begins at nothing: " << i;
      bound = std::min<Duration>(bound * 2, std::chrono::seconds(20));
    }
  }
}

http::Response with_header(http::Response response, std::string name, std::string value) {
  response.headers.add(std::move(name), std::move(value));
  return response;
}

TEST_F(ClientTest, WaitsAsLongAsTheServerAsksButNotForEver) {
  struct Case {
    const char* name;
    std::string value;
    Duration least;
    Duration most;
  };
  const http::Response busy = json_error(503, "ServiceUnavailable");
  for (const Case& c : std::initializer_list<Case>{
           {"x-amz-retry-after", "1500", milliseconds(1500), milliseconds(1500)},
           {"x-amz-retry-after", "60000", milliseconds(5050), milliseconds(5050)},
           {"Retry-After", "3", milliseconds(3000), milliseconds(3000)},
           {"Retry-After", "99999999999999999999", milliseconds(0), milliseconds(50)},
           {"Retry-After", "-5", milliseconds(0), milliseconds(50)},
           {"Retry-After", "soon", milliseconds(0), milliseconds(50)},
       }) {
    EXPECT_EQ(send(3, {with_header(busy, c.name, c.value), answer(200)}), "");
    ASSERT_EQ(executor_.slept.size(), 1U) << c.value;
    EXPECT_GE(executor_.slept.front(), c.least) << c.value;
    EXPECT_LE(executor_.slept.front(), c.most) << c.value;
  }
  EXPECT_EQ(send(3, {with_header(busy, "Retry-After", base::format_http_date(clock_.now() + std::chrono::seconds(4))),
                     answer(200)}),
            "");
  EXPECT_GT(executor_.slept.at(0), milliseconds(2999));
  EXPECT_LE(executor_.slept.at(0), milliseconds(4000));
}

TEST_F(ClientTest, WhenTooManyCallsFailNoneIsTriedAgainUntilSomeSucceed) {
  Client client = make({.endpoints = {.all = http::Endpoint{false, "h", 80}}, .attempts_max = 2});
  sqs::SqsCaller sqs(client);
  Context context;
  const auto attempts = [&](std::deque<base::Result<http::Response>> answers) {
    transport_.answers = std::move(answers);
    transport_.requests.clear();
    const auto listed = sqs.list_queues(context, {});
    if (!listed.has_value())
      EXPECT_EQ(transport_.requests.size() == 1, listed.error().message.contains("too many calls"));
    return transport_.requests.size();
  };
  for (int call = 0; call < 35; ++call) EXPECT_EQ(attempts({json_error(500, "InternalFailure")}), 2U) << call;
  EXPECT_EQ(attempts({json_error(500, "InternalFailure")}), 1U) << "500 tokens, 14 for each";
  EXPECT_EQ(attempts({json_error(400, "Throttling")}), 2U) << "5 of the 10 that are left";
  for (int call = 0; call < 9; ++call) EXPECT_EQ(attempts({answer(200)}), 1U);
  EXPECT_EQ(attempts({json_error(500, "InternalFailure"), answer(200)}), 2U) << "each success brings one back";
  EXPECT_EQ(attempts({json_error(500, "InternalFailure"), answer(200)}), 2U) << "and a retry's, what it cost";

  Client legacy = make({.endpoints = {.all = http::Endpoint{false, "h", 80}}, .retry_mode = RetryMode::legacy});
  sqs::SqsCaller old(legacy);
  transport_.answers = {json_error(500, "InternalFailure")};
  for (int call = 0; call < 20; ++call) {
    transport_.requests.clear();
    EXPECT_FALSE(old.list_queues(context, {}).has_value());
    EXPECT_EQ(transport_.requests.size(), 5U);
  }
}

TEST_F(ClientTest, EveryCallIsBackBeforeItsCallerIsKilled) {
  transport_.answers = {timed_out()};
  Client client = make({.endpoints = {.all = http::Endpoint{false, "127.0.0.1", 4566}},
                        .attempts_max = 20,
                        .timeout = milliseconds(5000)});
  dynamodb::DynamoDbCaller dynamodb(client);
  const auto get = [&] {
    Context context;
    return dynamodb.get_item(context, {}).error();
  };
  // An attempt has the time that is left, and a pause that is longer is not begun.
  client.give_up_at(clock_.now() + milliseconds(300));
  EXPECT_NE(get().message.find("no time for another attempt"), std::string::npos);
  ASSERT_FALSE(transport_.timeouts.empty());
  EXPECT_EQ(transport_.timeouts.front(), milliseconds(300));
  EXPECT_LT(transport_.timeouts.back(), milliseconds(300)) << "of what the pauses have left";
  // None is begun when there is none.
  transport_.timeouts.clear();
  client.give_up_at(clock_.now());
  EXPECT_EQ(get().message, "there is no time left to send it; there was no time for another attempt");
  EXPECT_TRUE(transport_.timeouts.empty());
  client.give_up_at(base::kTimestampMax);
  (void)get();
  EXPECT_EQ(transport_.timeouts.front(), milliseconds(5000));
}

TEST_F(ClientTest, DynamoDbHasOneAttemptMore) {
  Client client = make({.endpoints = {.all = http::Endpoint{false, "h", 80}}});
  Context context;
  transport_.answers = {json_error(500, "InternalServerError")};
  EXPECT_FALSE(dynamodb::DynamoDbCaller(client).list_tables(context, {}).has_value());
  EXPECT_EQ(transport_.requests.size(), 4U);
  EXPECT_FALSE(sqs::SqsCaller(client).list_queues(context, {}).has_value());
  EXPECT_EQ(transport_.requests.size(), 4U + 3U);
}

TEST_F(ClientTest, AClockThatIsWrongIsCorrectedByTheServers) {
  Client client = make({.endpoints = {.all = http::Endpoint{false, "h", 80}}});
  sqs::SqsCaller sqs(client);
  Context context;
  const auto refused = [&](const std::string& code, Duration ahead) {
    return with_header(json_error(403, code), "Date", base::format_http_date(clock_.now() + ahead));
  };
  const auto signed_ahead = [&](const http::Request& request) {
    return *base::parse_amz_date(request.headers.get("X-Amz-Date")) -
           std::chrono::floor<std::chrono::seconds>(clock_.now());
  };
  const auto attempts = [&](std::deque<base::Result<http::Response>> answers) {
    transport_.answers = std::move(answers);
    transport_.requests.clear();
    (void)sqs.list_queues(context, {});
    return transport_.requests.size();
  };
  EXPECT_EQ(attempts({refused("SignatureDoesNotMatch", std::chrono::minutes(3))}), 1U) << "it is not the clock";
  EXPECT_EQ(attempts({refused("AccessDenied", std::chrono::hours(1))}), 1U);
  EXPECT_EQ(attempts({json_error(403, "RequestTimeTooSkewed")}), 1U) << "without a Date nobody knows";
  for (const char* code : {"RequestTimeTooSkewed", "InvalidSignatureException", "RequestExpired"}) {
    for (const auto ahead : {std::chrono::minutes(10), std::chrono::minutes(-600), std::chrono::minutes(0)}) {
      EXPECT_EQ(attempts({refused(code, ahead), answer(200)}), 2U) << code;
      EXPECT_TRUE(executor_.slept.empty());
      EXPECT_EQ(signed_ahead(transport_.requests.back()), ahead);
      EXPECT_EQ(attempts({answer(200)}), 1U);
      EXPECT_EQ(signed_ahead(transport_.requests.back()), ahead) << "the next one at once";
    }
  }
  EXPECT_EQ(attempts({refused("RequestTimeTooSkewed", std::chrono::hours(1))}), 2U) << "once corrected it is an error";
  Client once = make({.endpoints = {.all = http::Endpoint{false, "h", 80}}, .attempts_max = 1});
  transport_.answers = {refused("SignatureDoesNotMatch", std::chrono::minutes(-10)), answer(200)};
  EXPECT_TRUE(sqs::SqsCaller(once).list_queues(context, {}).has_value()) << "it was not begun, so it is no attempt";
}

TEST_F(ClientTest, EveryAttemptIsSignedAnewWithTheTimeOfDay) {
  Keys keys;
  keys.token = "token";
  auth::Verifier verifier(keys);
  const base::Timestamp begin = clock_.now();
  send(8, {json_error(500, "InternalFailure")});
  ASSERT_EQ(transport_.requests.size(), 8U);
  for (const http::Request& request : transport_.requests) {
    EXPECT_EQ(request.headers.get("Host"), "127.0.0.1:4566");
    EXPECT_TRUE(verifier.verify(request, "sqs", begin).has_value());
  }
  EXPECT_EQ(transport_.requests.front().headers.get("X-Amz-Date"), base::format_amz_date(begin));
  EXPECT_GT(transport_.requests.back().headers.get("X-Amz-Date"), base::format_amz_date(begin));
  // A key that is kept for the day must not outlive it.
  clock_.advance(std::chrono::hours(24));
  send(1, {answer(200)});
  EXPECT_TRUE(verifier.verify(transport_.requests.back(), "sqs", clock_.now()).has_value());
}

// Credentials that change under the client, as those of a role do.
struct Rotating final : CredentialProvider {
  base::Result<auth::Credentials> credentials() override { return current; }
  base::Result<auth::Credentials> current = auth::Credentials{"AKID", "secret", ""};
};

TEST_F(ClientTest, ASecretThatWasRotatedSignsTheNextRequest) {
  Rotating rotating;
  Client client(transport_, rotating, env_, {.endpoints = {.all = http::Endpoint{false, "h", 80}}});
  sqs::SqsCaller sqs(client);
  Context context;
  const auto verifies = [&] {
    Keys keys;
    auth::Verifier verifier(keys);
    EXPECT_TRUE(sqs.list_queues(context, {}).has_value());
    return verifier.verify(transport_.requests.back(), "sqs", clock_.now()).has_value();
  };
  EXPECT_TRUE(verifies());
  rotating.current->secret_access_key = "another";
  EXPECT_FALSE(verifies()) << "signed with the old secret";
  rotating.current->secret_access_key = "secret";
  EXPECT_TRUE(verifies());
  base::AwsError none;
  none.code = "NoCredentials";
  none.http_status = 400;
  rotating.current = base::fail(std::move(none));
  const std::size_t sent = transport_.requests.size();
  const auto refused = sqs.list_queues(context, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "NoCredentials");
  EXPECT_EQ(transport_.requests.size(), sent);
}

TEST_F(ClientTest, FindsEachServiceAtItsPublicEndpointUnlessOneIsGiven) {
  const auto reached = [&](const ServiceDesc& service, std::string_view operation, ClientOptions options) {
    transport_ = {};
    Client client = make(std::move(options));
    const OperationDesc& desc = *service.find(operation);
    const AnyShape in = desc.make_input();
    const AnyShape out = desc.make_output();
    Context context;
    (void)client.dispatch(service, desc, context, in.value.get(), out.value.get());
    if (transport_.requests.empty()) return std::string("nothing was sent");
    const http::Endpoint& endpoint = transport_.endpoints.front();
    const std::string authorization(transport_.requests.front().headers.get("Authorization"));
    const std::size_t scope = authorization.find('/', authorization.find('/') + 1) + 1;
    return std::string(endpoint.tls ? "https " : "http ") + endpoint.host + ":" + std::to_string(endpoint.port) +
           " Host " + std::string(transport_.requests.front().headers.get("Host")) + " " +
           authorization.substr(scope, authorization.find("/aws4_request") - scope);
  };
  const http::Endpoint here{false, "127.0.0.1", 4566};
  EXPECT_EQ(reached(sqs::kService, "ListQueues", {.endpoints = {.region = "eu-west-1"}}),
            "https sqs.eu-west-1.amazonaws.com:443 Host sqs.eu-west-1.amazonaws.com eu-west-1/sqs");
  EXPECT_EQ(reached(s3::kService, "ListBuckets", {.endpoints = {.region = "us-east-2"}}),
            "https s3.us-east-2.amazonaws.com:443 Host s3.us-east-2.amazonaws.com us-east-2/s3");
  // IAM is global and signed for us-east-1.
  EXPECT_EQ(reached(iam::kService, "ListRoles", {.endpoints = {.region = "eu-west-1"}}),
            "https iam.amazonaws.com:443 Host iam.amazonaws.com us-east-1/iam");
  EXPECT_EQ(reached(iam::kService, "ListRoles", {.endpoints = {.region = "eu-west-1", .all = here}}),
            "http 127.0.0.1:4566 Host 127.0.0.1:4566 us-east-1/iam");
  EXPECT_EQ(reached(dynamodb::kService, "ListTables", {.endpoints = {.region = "eu-west-1", .all = here}}),
            "http 127.0.0.1:4566 Host 127.0.0.1:4566 eu-west-1/dynamodb");
  EXPECT_EQ(transport_.timeouts.front(), std::chrono::seconds(65));
}

TEST_F(ClientTest, AnOperationThatDemandsAChecksumGetsOneOfItsBody) {
  transport_.answers = {answer(200, "<DeleteResult/>")};
  Client client = make({.endpoints = {.all = http::Endpoint{false, "h", 80}}});
  s3::S3Caller s3(client);
  Context context;
  s3::DeleteObjectsRequest in;
  in.bucket = "bucket";
  in.delete_.emplace().objects.emplace().emplace_back().key = "key";
  ASSERT_TRUE(s3.delete_objects(context, in).has_value());
  const http::Request& request = transport_.requests.back();
  EXPECT_EQ(request.headers.get("Content-MD5"), base::base64_encode(base::md5(request.body)));
  EXPECT_NE(request.headers.get("Authorization").find("content-md5"), std::string_view::npos) << "and it is signed";
  ASSERT_TRUE(s3.list_buckets(context, {}).has_value());
  EXPECT_FALSE(transport_.requests.back().headers.contains("Content-MD5"));
}

// No generated operation has a token at present, so this shape is one of the test's own.
struct Tokened {
  std::optional<std::string> token;
  static const StructDesc& desc() {
    static constexpr TypeDesc kText = {
        .kind = Kind::string, .shape_name = "String", .holder = &OptionalHolder<std::string>::kAccess};
    static constexpr MemberDesc kMembers[] = {
        {.name = "ClientToken", .type = &kText, .offset = offsetof(Tokened, token), .idempotency_token = true}};
    static constexpr StructDesc kDesc = {.name = "Tokened", .members = kMembers};
    return kDesc;
  }
};

TEST_F(ClientTest, TheAttemptsOfOneCallShareAnIdempotencyToken) {
  Client client(transport_, credentials_, env_,
                {.endpoints = {.all = http::Endpoint{false, "h", 80}}, .attempts_max = 2});
  OperationDesc operation = *sqs::kService.find("ListQueues");
  operation.input = &Tokened::desc();
  operation.output = nullptr;
  const auto call = [&](Tokened in) {
    transport_.requests.clear();
    transport_.answers = {json_error(500, "InternalFailure"), answer(200)};
    Context context;
    EXPECT_TRUE(client.dispatch(sqs::kService, operation, context, &in, nullptr).has_value());
    EXPECT_EQ(transport_.requests.size(), 2U);
    EXPECT_EQ(transport_.requests.front().body, transport_.requests.back().body);
    return transport_.requests.back().body;
  };
  const std::string first = call({});
  EXPECT_EQ(first.size(), std::string(R"({"ClientToken":""})").size() + 36);
  EXPECT_NE(call({}), first) << "each call its own";
  EXPECT_EQ(call({.token = "mine"}), R"({"ClientToken":"mine"})");
}

}  // namespace
}  // namespace aws::client
