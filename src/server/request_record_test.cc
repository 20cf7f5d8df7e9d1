// What an account of a request says, and what it must not.
#include "server/request_record.h"

#include <gtest/gtest.h>

#include "aws/auth/failure.h"

namespace server {
namespace {

TEST(RequestRecordTest, NamesTheLongestStepButForTheWait) {
  RequestRecord record;
  record.steps[static_cast<std::size_t>(Step::parked)] = std::chrono::seconds(20);
  record.steps[static_cast<std::size_t>(Step::disk)] = std::chrono::seconds(2);
  record.steps[static_cast<std::size_t>(Step::operation)] = std::chrono::seconds(1);
  EXPECT_EQ(record.duration(), std::chrono::seconds(23));
  EXPECT_EQ(record.busy(), std::chrono::seconds(3));
  EXPECT_EQ(name_of(record.longest_step()), "disk");
}

TEST(RequestRecordTest, TellsAFailureWithoutWhatItQuotes) {
  RequestRecord refused;
  refused.fail(aws::auth::failure(aws::auth::FailureKind::incomplete, aws::auth::ErrorFamily::query,
                                  "'secret' not a valid key=value pair in Authorization header"));
  EXPECT_EQ(name_of(refused.refusal), "signature");
  EXPECT_EQ(refused.refusal_kind, "incomplete");
  EXPECT_EQ((refused.message + refused.reason).find("secret"), std::string::npos);
  RequestRecord throttled;
  throttled.fail({.code = "ThrottlingException", .message = "Rate exceeded"});
  EXPECT_EQ(name_of(throttled.refusal), "throttled");
  RequestRecord other;
  other.fail({.code = "QueueDoesNotExist", .message = "No."});
  EXPECT_EQ(other.refusal, Refusal::none);
}

TEST(RequestRecordTest, TakesSecretsOutOfTexts) {
  EXPECT_EQ(without_secrets("error: Value 'it's secret' at 'name' and Value 'b' at 'x'"),
            "error: Value '***' at 'name' and Value '***' at 'x'");
  EXPECT_EQ(without_secrets("no (http://user:secret@host/path) here, nor \"amqp://a:b@c\""),
            "no (http://***@host/path) here, nor \"amqp://***@c\"");
  EXPECT_EQ(without_secrets("Value 'never ends"), "Value '***");
  EXPECT_EQ(without_secrets(std::string(1000, 'a')).size(), 303U);
}

TEST(RequestRecordTest, FindsTheKeyThatARequestNames) {
  const auto named = [](const std::string& header, const std::string& target) {
    aws::http::Request request{"GET", target, {}, {}};
    if (!header.empty()) request.headers.add("Authorization", header);
    return claimed_key_id(request);
  };
  EXPECT_EQ(named("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240101/r/s/aws4_request", "/"), "AKIDEXAMPLE");
  EXPECT_EQ(named("AWS AKIDEXAMPLE:c2ln", "/"), "AKIDEXAMPLE");
  EXPECT_EQ(named("", "/?X-Amz-Credential=AKIDEXAMPLE%2F20240101&b"), "AKIDEXAMPLE");
  EXPECT_EQ(named("", "/?AWSAccessKeyId=AKIDEXAMPLE&Signature=c2ln"), "AKIDEXAMPLE");
  EXPECT_EQ(named("Bearer AKIDEXAMPLE", "/"), "");
  EXPECT_EQ(named("AWS4-HMAC-SHA256 Credential=" + std::string(40, 'a') + "/x", "/"), "")
      << "a secret has 40 characters";
}

}  // namespace
}  // namespace server
