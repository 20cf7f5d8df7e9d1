// What a webhook is answered, over the engine's real SQS; who may send is checked against signatures made here.
#include "pipeline/intake.h"

#include <gtest/gtest.h>

#include "aws/dynamodb/caller.h"
#include "aws/forwarder.h"
#include "aws/sqs/caller.h"
#include "base/encoding.h"
#include "base/manual/jumping_executor.h"
#include "engine/dynamodb/service.h"
#include "engine/sqs/service.h"
#include "store/memory/memory_store.h"

namespace pipeline {
namespace {

using std::chrono::seconds;

TEST(IntakeSettings, TheSignatureIsOfTheBodyAsItWasSent) {
  IntakeSettings settings{.header = "x-signature"};
  const std::string mac = base::hmac_sha256("secret", "{\"a\": 1}");
  EXPECT_TRUE(is_signed(settings, "secret", base::base64_encode(mac), "{\"a\": 1}", {}));
  EXPECT_FALSE(is_signed(settings, "secret", base::base64_encode(mac), "{\"a\":1}", {}));
  EXPECT_FALSE(is_signed(settings, "other", base::base64_encode(mac), "{\"a\": 1}", {}));
  EXPECT_FALSE(is_signed(settings, "secret", "", "{\"a\": 1}", {}));
  EXPECT_FALSE(is_signed(settings, "secret", base::hex_encode(mac), "{\"a\": 1}", {}));
  settings.is_base64 = false;
  EXPECT_TRUE(is_signed(settings, "secret", base::hex_encode(mac), "{\"a\": 1}", {}));
  std::string capitals = base::hex_encode(mac);
  for (char& c : capitals) c = c >= 'a' ? static_cast<char>(c - 32) : c;
  EXPECT_TRUE(is_signed(settings, "secret", capitals, "{\"a\": 1}", {}));
  // Without a secret nobody is known, also not who signs with the empty one.
  EXPECT_FALSE(is_signed(settings, "", base::hex_encode(base::hmac_sha256("", "x")), "x", {}));
}

TEST(IntakeSettings, ATimestampedSignatureIsGoodForAWhile) {
  const IntakeSettings settings{.verify = IntakeSettings::Verify::timestamped, .header = "stripe-signature"};
  const auto mac = [](std::string_view text) { return base::hex_encode(base::hmac_sha256("s", text)); };
  const std::string good = "t=1000,v1=" + mac("1000.body");
  const auto at = [](int64_t time) { return base::Timestamp(seconds(time)); };
  EXPECT_TRUE(is_signed(settings, "s", good, "body", at(1300)));
  EXPECT_FALSE(is_signed(settings, "s", good, "body", at(1301)));
  EXPECT_TRUE(is_signed(settings, "s", good, "body", at(700)));
  EXPECT_FALSE(is_signed(settings, "s", good, "body", at(699)));
  EXPECT_FALSE(is_signed(settings, "s", good, "other", at(1000)));
  // While a secret is changed there are two signatures; other schemes do not count.
  EXPECT_TRUE(is_signed(settings, "s", "t=1000,v1=00, v0=11,v1=" + mac("1000.body"), "body", at(1000)));
  EXPECT_FALSE(is_signed(settings, "s", "t=1000,v0=" + mac("1000.body"), "body", at(1000)));
  EXPECT_FALSE(is_signed(settings, "s", "v1=" + mac(".body"), "body", at(0)));
  for (const char* time : {"-5", "1e3", "99999999999999999999", "9223372036854775807", " 1000"})
    EXPECT_FALSE(is_signed(settings, "s", std::string("t=") + time + ",v1=" + mac(std::string(time) + ".body"), "body",
                           at(1000)))
        << time;
}

class IntakeTest : public testing::Test {
 protected:
  // Fails the calls of SQS while it is told to.
  class Queue final : public aws::Dispatcher {
   public:
    explicit Queue(IntakeTest& test) : test_(test) {}
    base::Result<void> dispatch(const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                                aws::Context& context, void* in, void* out) override {
      if (test_.is_down_) return base::fail({.code = "ServiceUnavailable", .http_status = 503});
      context = test_.context_;
      context.now = test_.env_.clock.now();
      if (operation.name != "SendMessageBatch" || test_.refusals_ == 0)
        return test_.to_sqs_.dispatch(service, operation, context, in, out);
      --test_.refusals_;
      auto& entries = *static_cast<aws::sqs::SendMessageBatchRequest*>(in)->entries;
      const std::string id = *entries.back().id;
      entries.pop_back();
      if (!entries.empty()) {
        if (auto sent = test_.to_sqs_.dispatch(service, operation, context, in, out); !sent.has_value()) return sent;
      }
      auto& failed = static_cast<aws::sqs::SendMessageBatchResult*>(out)->failed.emplace();
      failed.emplace_back().id = id;
      failed.back().code = "InternalError";
      return {};
    }

   private:
    IntakeTest& test_;
  };

  IntakeTest() {
    context_.account = "000000000000";
    context_.region = "us-east-1";
    context_.endpoint = "http://localhost";
    context_.principal = {aws::Principal::Kind::root, context_.account, "arn:aws:iam::000000000000:root",
                          context_.account};
    aws::sqs::CreateQueueRequest create;
    create.queue_name = "orders";
    config_.queue_url = *sqs_.create_queue(context_, create)->queue_url;
    config_.quarantine_table = "quarantine";
  }

  static std::string event(const std::string& body, const std::string& signature, const std::string& method = "POST") {
    return R"({"headers":{"x-signature":")" + signature + R"("},"requestContext":{"http":{"method":")" + method +
           R"("}},"isBase64Encoded":true,"body":")" + base::base64_encode(body) + "\"}";
  }
  Intake::Answer send(const std::string& body, const std::string& secret = "secret",
                      const std::string& method = "POST") {
    Intake intake(sqs_caller_, dynamodb_caller_, env_.env, config_, settings_, "secret");
    return intake.handle(event(body, base::base64_encode(base::hmac_sha256(secret, body)), method)).value();
  }
  // The bodies and sources of what waits on the queue, which is taken off it.
  std::vector<std::pair<std::string, std::string>> queued() {
    std::vector<std::pair<std::string, std::string>> out;
    aws::sqs::ReceiveMessageRequest receive;
    receive.queue_url = config_.queue_url;
    receive.max_number_of_messages = 10;
    receive.message_attribute_names = {"All"};
    context_.now = env_.clock.now();
    const auto got = sqs_.receive_message(context_, receive).value();
    for (const auto& message : got.messages.value_or(std::vector<aws::sqs::Message>()))
      out.emplace_back(*message.body, *message.message_attributes->find("source")->string_value);
    std::ranges::sort(out);
    return out;
  }

  base::JumpingEnv env_;
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  engine::dynamodb::DynamoDbService dynamodb_{*store_, env_.env};
  engine::sqs::SqsService sqs_{*store_, env_.env};
  aws::Context context_;
  PipelineConfig config_;
  IntakeSettings settings_{.header = "x-signature", .secret_variable = "SECRET"};
  bool is_down_ = false;
  int refusals_ = 0;  // of batches whose last entry fails
  aws::Forwarder to_dynamodb_{static_cast<aws::dynamodb::DynamoDb*>(&dynamodb_)};
  aws::Forwarder to_sqs_{static_cast<aws::sqs::Sqs*>(&sqs_)};
  Queue queue_{*this};
  aws::dynamodb::DynamoDbCaller dynamodb_caller_{to_dynamodb_};
  aws::sqs::SqsCaller sqs_caller_{queue_};
};

TEST_F(IntakeTest, OneOrderOrAListGoesOntoTheQueueAsItCame) {
  EXPECT_EQ(send(R"({"id": 1.50})").payload,
            R"({"statusCode":200,"headers":{"content-type":"application/json"},"body":"{\"accepted\":1}"})");
  EXPECT_EQ(send(R"([{"id":2},{"id":3}])").orders, 2u);
  const auto got = queued();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].first, R"({"id": 1.50})");
  EXPECT_TRUE(got[0].second.starts_with("w-") && got[0].second.ends_with("#0"));
  send(R"({"id": 1.50})");
  EXPECT_EQ(queued().front(), got[0]) << "a delivery that is repeated has the same source";
}

TEST_F(IntakeTest, TheOrderMayStandInsideTheEvent) {
  settings_.records = FieldPath::parse("/data/object").value();
  EXPECT_EQ(send(R"({"type":"charge.succeeded","data":{"object":{"id":"ch_1","n":12345678901234567890123}}})").orders,
            1u);
  EXPECT_EQ(queued().front().first, R"({"id":"ch_1","n":12345678901234567890123})");
  EXPECT_EQ(send(R"({"data":{"object":[{"id":1},{"id":2}]}})").orders, 2u);
  EXPECT_EQ(send(R"({"data":{}})").status, 400);
  EXPECT_EQ(send(R"({"data":{"object":"ch_1"}})").error, "there is no object and no array at /data/object");
}

TEST_F(IntakeTest, StrangersAndNonsenseAreRefusedAndLeaveNothing) {
  EXPECT_EQ(send("{}", "other").status, 401);
  EXPECT_EQ(send("{}", "secret", "GET").status, 405);
  EXPECT_EQ(send("").status, 400);
  EXPECT_EQ(send("nonsense").status, 400);
  EXPECT_EQ(send(R"([{"id":1},{"id")").status, 400) << "nothing of a body that breaks off is taken";
  EXPECT_TRUE(queued().empty());
  EXPECT_FALSE(Intake(sqs_caller_, dynamodb_caller_, env_.env, config_, settings_, "secret").handle("{}").has_value());
}

TEST_F(IntakeTest, WhatTheQueueDoesNotTakeIsToComeAgain) {
  is_down_ = true;
  const auto answer = send(R"({"id":1})");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.payload.find("retry-after"), std::string::npos);
  EXPECT_EQ(answer.payload.find("ServiceUnavailable"), std::string::npos) << "our insides are nobody's business";
  EXPECT_NE(answer.error.find("ServiceUnavailable"), std::string::npos);
}

TEST_F(IntakeTest, APartOfABatchThatFailsIsSentAgainAfterPausesThatGrow) {
  refusals_ = 3;
  EXPECT_EQ(send(R"([{"id":1},{"id":2}])").orders, 2u);
  ASSERT_EQ(env_.executor.slept.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const base::Duration bound = std::chrono::milliseconds(50) * (1 << i);
    EXPECT_GE(env_.executor.slept[i], bound / 2);
    EXPECT_LE(env_.executor.slept[i], bound);
  }
  EXPECT_EQ(queued().size(), 2u);
  refusals_ = 5;
  const Intake::Answer answer = send(R"([{"id":3},{"id":4}])");
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.error.contains("InternalError"));
  EXPECT_EQ(env_.executor.slept.size(), 3u + 4u) << "five attempts in all";
}

TEST_F(IntakeTest, AnAddressThatIsTriedAnswers) {
  EXPECT_EQ(send("webhook_id=17", "nobody's").status, 200);
  EXPECT_EQ(send("webhook_id=17x", "nobody's").status, 401);
  EXPECT_TRUE(queued().empty());
}

}  // namespace
}  // namespace pipeline
