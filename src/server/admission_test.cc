// What ApiHandler says to the head of a large request, and what becomes of a body that it sends through a spool.
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "aws/auth/sigv4.h"
#include "aws/s3/caller.h"
#include "aws/sqs/caller.h"
#include "base/encoding.h"
#include "base/manual/manual_env.h"
#include "server/api_handler.h"
#include "server/upload.h"

namespace server {
namespace {

class Keys final : public aws::auth::CredentialSource {
 public:
  std::optional<aws::auth::Credential> find(std::string_view access_key_id) override {
    if (access_key_id != "test") return std::nullopt;
    return aws::auth::Credential{"test",
                                 "secret",
                                 "",
                                 std::nullopt,
                                 {aws::Principal::Kind::root, "000000000000", "arn:aws:iam::000000000000:root", ""}};
  }
};

class AllowAll final : public aws::auth::Authorizer {
 public:
  bool allows(const aws::Context&, std::string_view, std::span<const std::string>,
              std::span<const aws::auth::ConditionValue>) override {
    return true;
  }
};

class OpenGate final : public ReplyGate {
 public:
  void release(std::function<void()> send) override { send(); }
};

class Spool final : public aws::BodySpool {
 public:
  struct Body final : aws::SpooledBody {
    [[nodiscard]] uint64_t size() const override { return bytes.size(); }
    std::string bytes;
  };
  std::unique_ptr<Writer> begin(std::string_view checksum) override {
    class Memory final : public Writer {
     public:
      void append(std::string_view bytes) override { body_->bytes += bytes; }
      std::shared_ptr<aws::SpooledBody> finish() override { return body_; }

     private:
      std::shared_ptr<Body> body_ = std::make_shared<Body>();
    };
    hint = checksum;
    return std::make_unique<Memory>();
  }
  std::string hint;
};

// Stands for the services: keeps what it was called with.
class Services final : public aws::Dispatcher {
 public:
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc& operation, aws::Context& context,
                              void* in, void*) override {
    called = operation.name;
    body = context.body ? static_cast<Spool::Body&>(*context.body).bytes : "";
    if (operation.name == "PutObject")
      checksum = static_cast<aws::s3::PutObjectRequest*>(in)->checksum_crc32.value_or("");
    return {};
  }
  std::string called;
  std::string body;
  std::string checksum;
};

constexpr uint64_t kMiB = 1 << 20;

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    Mount s3{&aws::s3::kService, static_cast<aws::s3::S3*>(&s3_)};
    s3.spool = &spool_;
    s3.spooled_bytes_max = 10 * kMiB;
    Mount sqs{&aws::sqs::kService, static_cast<aws::sqs::Sqs*>(&sqs_)};
    sqs.body_bytes_max = 2 * kMiB;
    sqs.too_large = [](const aws::OperationDesc& operation, uint64_t) {
      return base::AwsError{.code = "TooLong", .message = std::string(operation.name)};
    };
    handler_ = std::make_unique<ApiHandler>(
        std::vector<Mount>{sqs, s3}, verifier_, authorizer_, gate_, env_.env,
        ApiHandler::Options{.version = "test", .has_room = [this] { return room_.load(); }});
  }
  ~AdmissionTest() override { handler_.reset(); }

  aws::http::Request head(const std::string& service, const std::string& body, const std::string& secret = "secret",
                          const std::string& payload = "") {
    aws::http::Request request{service == "s3" ? "PUT" : "POST", service == "s3" ? "/bucket/key" : "/", {}, body};
    request.headers.add("Host", "127.0.0.1:4566");
    if (service == "s3") {
      request.headers.add("X-Amz-Content-SHA256", payload.empty() ? base::hex_encode(base::sha256(body)) : payload);
    } else {
      request.headers.add("Content-Type", "application/x-amz-json-1.0");
      request.headers.add("X-Amz-Target", "AmazonSQS.SendMessage");
    }
    for (const auto& [name, value] : more_) request.headers.add(name, value);
    aws::auth::sign(request,
                    {.credentials = {"test", secret, ""},
                     .region = "us-east-1",
                     .service = service,
                     .now = env_.clock.now(),
                     .payload = payload == aws::auth::kUnsignedPayload ? aws::auth::SignedPayload::unsigned_body
                                                                       : aws::auth::SignedPayload::hashed});
    request.body.clear();
    return request;
  }
  // The answer to a request whose body comes in pieces of `step` bytes.
  std::string upload(const aws::http::Request& request, const std::string& body, std::size_t step = 100'000) {
    aws::http::Admission admission = handler_->admit(request, body.size());
    if (admission.refusal) return words(*admission.refusal);
    if (!admission.sink) return "held";
    for (std::size_t at = 0; at < body.size(); at += step) {
      const auto taken = std::make_shared<std::promise<std::optional<aws::http::Response>>>();
      admission.sink->take(body.substr(at, step), [taken](auto refusal) { taken->set_value(std::move(refusal)); });
      if (const auto refusal = taken->get_future().get()) return words(*refusal);
    }
    const auto answered = std::make_shared<std::promise<aws::http::Response>>();
    admission.sink->end(request, [answered](aws::http::Response reply) { answered->set_value(std::move(reply)); });
    return words(answered->get_future().get());
  }
  static std::string words(const aws::http::Response& response) {
    std::string out = std::to_string(response.status);
    const std::size_t code = response.body.find("<Code>");
    if (code != std::string::npos)
      return out + " " + response.body.substr(code + 6, response.body.find('<', code + 6) - code - 6);
    return response.body.empty() ? out : out + " " + response.body;
  }

  base::ManualEnv env_;
  Services services_;
  aws::s3::S3Caller s3_{services_};
  aws::sqs::SqsCaller sqs_{services_};
  Spool spool_;
  Keys keys_;
  aws::auth::Verifier verifier_{keys_};
  AllowAll authorizer_;
  OpenGate gate_;
  std::atomic<bool> room_ = true;
  std::vector<std::pair<std::string, std::string>> more_;
  std::unique_ptr<ApiHandler> handler_;
};

TEST_F(AdmissionTest, ALargeBodyIsReadOnlyIfItsHeadIsGood) {
  const std::string body(200'000, 'x');
  EXPECT_EQ(upload(head("s3", body), body), "held");
  EXPECT_EQ(upload(head("sqs", body), body), "held");
  EXPECT_EQ(upload(head("s3", body, "wrong"), body), "403 SignatureDoesNotMatch");
  aws::http::Request unknown = head("sqs", body);
  std::string authorization(unknown.headers.get("Authorization"));
  unknown.headers.set("Authorization", authorization.replace(authorization.find("test/"), 4, "who?"));
  EXPECT_NE(upload(unknown, body).find("UnrecognizedClientException"), std::string::npos) << upload(unknown, body);
  aws::http::Request nobody = head("s3", body);
  nobody.headers.erase("Authorization");
  EXPECT_TRUE(upload(nobody, body).starts_with("403")) << upload(nobody, body);
  EXPECT_EQ(services_.called, "");
}

TEST_F(AdmissionTest, ALargeBodyGoesToTheServiceWhileItArrives) {
  std::string body;
  for (int i = 0; body.size() < 3 * kMiB; ++i) body += std::to_string(i);
  more_ = {{"x-amz-checksum-crc32", "AAAAAA=="}};
  EXPECT_EQ(upload(head("s3", body), body), "200");
  EXPECT_EQ(services_.called, "PutObject");
  EXPECT_TRUE(services_.body == body);
  EXPECT_EQ(services_.checksum, "AAAAAA==") << "the service compares it";
  EXPECT_EQ(spool_.hint, "CRC32");
  services_.called.clear();
  std::string other = body;
  other.back() = '!';
  EXPECT_EQ(upload(head("s3", body), other), "400 XAmzContentSHA256Mismatch");
  EXPECT_EQ(upload(head("s3", body, "secret", "UNSIGNED-PAYLOAD"), other), "200");
  EXPECT_TRUE(services_.body == other);
}

TEST_F(AdmissionTest, AnAwsChunkedBodyIsUnwrappedOnItsWay) {
  const std::string body(2 * kMiB, 'y');
  more_ = {{"x-amz-trailer", "x-amz-checksum-crc32"}, {"x-amz-decoded-content-length", std::to_string(body.size())}};
  const std::string wrapped = "200000\r\n" + body + "\r\n0\r\nx-amz-checksum-crc32:BBBBBA==\r\n\r\n";
  const aws::http::Request request = head("s3", wrapped, "secret", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  EXPECT_EQ(upload(request, wrapped), "200");
  EXPECT_TRUE(services_.body == body);
  EXPECT_EQ(services_.checksum, "BBBBBA==");
  EXPECT_EQ(spool_.hint, "CRC32");
  services_.called.clear();
  EXPECT_EQ(upload(request, wrapped.substr(0, wrapped.size() - 3)), "400 IncompleteBody");
  EXPECT_EQ(services_.called, "");
  more_.back().second = std::to_string(11 * kMiB);
  EXPECT_TRUE(upload(head("s3", wrapped, "secret", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), wrapped).starts_with("413"));
}

TEST_F(AdmissionTest, WhatIsTooLargeIsRefusedInTheServicesWords) {
  const std::string body(3 * kMiB, 'z');
  EXPECT_EQ(upload(head("sqs", body), body), R"(400 {"__type":"com.amazonaws.sqs#TooLong","message":"SendMessage"})");
  const aws::http::Request large = head("s3", body);
  const auto refusal = handler_->admit(large, 10 * kMiB + 1).refusal;
  ASSERT_TRUE(refusal);
  EXPECT_EQ(words(*refusal), "413 RequestEntityTooLargeException");
  room_ = false;
  EXPECT_EQ(upload(head("s3", body), body), "507 InsufficientStorage");
}

}  // namespace
}  // namespace server
