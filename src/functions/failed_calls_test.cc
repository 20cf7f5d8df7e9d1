#include "functions/failed_calls.h"

#include <gtest/gtest.h>

#include "aws/dynamodb/caller.h"
#include "aws/sqs/caller.h"
#include "base/manual/manual_env.h"

namespace functions {
namespace {

// Answers every call with `error`, or by filling what `fill` knows.
class FakeService final : public aws::Dispatcher {
 public:
  base::Result<void> dispatch(const aws::ServiceDesc& /*service*/, const aws::OperationDesc& /*operation*/,
                              aws::Context& /*context*/, void* /*in*/, void* out) override {
    if (error.has_value()) return base::fail(*error);
    if (fill) fill(out);
    return {};
  }
  std::optional<base::AwsError> error;
  std::function<void(void* out)> fill;
};

class FailedCallsTest : public testing::Test {
 protected:
  std::size_t lines(std::string_view with) const {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = out_.find(with, at)) != std::string::npos; at += with.size()) ++count;
    return count;
  }
  void put() {
    aws::Context context;
    (void)dynamodb_.put_item(context, {});
  }

  base::ManualClock clock_;
  std::string out_;
  runtime::StructuredLog log_{clock_, {"s", "f", "1"}, [this](std::string_view line) { out_ += line; }};
  FailedCalls failed_{log_, {"", "abc", "SECRETSECRET"}};
  FakeService service_;
  WatchedCalls watched_{service_, failed_};
  aws::dynamodb::DynamoDbCaller dynamodb_{watched_};
  aws::sqs::SqsCaller sqs_{watched_};
};

TEST_F(FailedCallsTest, EachKindIsToldOncePerInvocation) {
  service_.error = {.code = "AccessDeniedException", .message = "not authorized"};
  for (int i = 0; i < 3; ++i) put();
  EXPECT_EQ(lines(R"("level":"ERROR","message":"a call failed")"), 1u);
  EXPECT_EQ(lines(R"("operation":"dynamodb:PutItem","code":"AccessDeniedException","error":"not authorized",)"
                  R"("http_status":400})"),
            1u);
  service_.error->code = "Throttling";
  put();
  aws::Context context;
  (void)sqs_.send_message(context, {});
  EXPECT_EQ(lines("a call failed"), 3u) << out_;
  EXPECT_EQ(failed_.count(), 5);
  failed_.begin_invocation();
  EXPECT_EQ(failed_.count(), 0);
  put();
  EXPECT_EQ(lines("a call failed"), 4u);
  service_.error.reset();
  put();
  EXPECT_EQ(failed_.count(), 1);
}

TEST_F(FailedCallsTest, AnswersThatThePipelineAsksForAreNoErrors) {
  for (const char* code : {"ConditionalCheckFailedException", "InvalidRange"}) {
    service_.error = {.code = code, .message = "no"};
    put();
  }
  service_.error.reset();
  service_.fill = [](void* out) {
    auto& responses = static_cast<aws::dynamodb::BatchExecuteStatementOutput*>(out)->responses.emplace();
    responses.emplace_back();
    for (const char* code : {"DuplicateItem", "ThrottlingError", "ThrottlingError"})
      responses.emplace_back().error = {.code = code, .message = "m", .item = {}};
  };
  aws::Context context;
  (void)dynamodb_.batch_execute_statement(context, {});
  EXPECT_EQ(failed_.count(), 2);
  EXPECT_EQ(lines(R"("operation":"dynamodb:BatchExecuteStatement","code":"ThrottlingError")"), 1u) << out_;
  service_.fill = [](void* out) {
    auto& failed = static_cast<aws::sqs::SendMessageBatchResult*>(out)->failed.emplace();
    failed.push_back({.id = "1", .sender_fault = false, .code = "InternalError", .message = "m"});
  };
  (void)sqs_.send_message_batch(context, {});
  EXPECT_EQ(lines(R"("operation":"sqs:SendMessageBatch","code":"InternalError")"), 1u) << out_;
}

TEST_F(FailedCallsTest, SecretsStayOutOfTheLog) {
  service_.error = {.code = "SignatureDoesNotMatch",
                    .message = "abc x-amz-security-token:SECRETSECRET\nSECRETSECRET" + std::string(2000, 'x')};
  put();
  EXPECT_EQ(lines("SECRETSECRET"), 0u);
  EXPECT_EQ(lines(R"(abc x-amz-security-token:***\n***xxx)"), 1u) << out_;
  EXPECT_LT(out_.size(), 1000u);
}

}  // namespace
}  // namespace functions
