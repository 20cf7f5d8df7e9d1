// TestService: an S3Service over a memory store, a manual clock, and fakes of the services it notifies. Owned by one
// test; the fakes may be called from the service's tasks.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/lambda/caller.h"
#include "aws/sns/caller.h"
#include "aws/sqs/caller.h"
#include "base/manual/manual_env.h"
#include "engine/s3/service.h"
#include "store/key.h"
#include "store/memory/memory_store.h"

namespace engine::s3 {

// Stands for Lambda, SQS and SNS at once: records every call and answers as `answer` says.
class FakeTargets final : public aws::Dispatcher {
 public:
  struct Call {
    std::string operation;
    std::string target;  // function, queue URL or topic
    std::string type;    // of an invocation
    std::string payload;
    std::string source_arn;
    std::string principal;
  };
  base::Result<void> dispatch(const aws::ServiceDesc& /*service*/, const aws::OperationDesc& operation,
                              aws::Context& context, void* in, void* /*out*/) override {
    Call call{std::string(operation.name), {}, {}, {}, context.source_arn, context.principal.arn};
    if (operation.name == "Invoke") {
      const auto& request = *static_cast<aws::lambda::InvocationRequest*>(in);
      call = {call.operation,
              request.function_name.value_or(""),
              request.invocation_type.value_or(""),
              request.payload.value_or(""),
              call.source_arn,
              call.principal};
    } else if (operation.name == "SendMessage") {
      const auto& request = *static_cast<aws::sqs::SendMessageRequest*>(in);
      call.target = request.queue_url.value_or("");
      call.payload = request.message_body.value_or("");
    } else {
      const auto& request = *static_cast<aws::sns::PublishInput*>(in);
      call.target = request.topic_arn.value_or("");
      call.payload = request.message.value_or("");
    }
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
    changed_.notify_all();
    return answer ? answer(call) : base::Result<void>();
  }
  // Waits until there were `count` calls in all, and returns them.
  std::vector<Call> await_calls(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return calls_.size() >= count; });
    return calls_;
  }
  std::size_t call_count() {
    const std::lock_guard lock(mutex_);
    return calls_.size();
  }
  std::function<base::Result<void>(const Call&)> answer;  // set before calls are made; asked under a lock

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call> calls_;
};

struct TestService : ::testing::Test {
  base::ManualEnv manual;
  std::unique_ptr<store::KvStore> kv = store::make_memory_store();
  FakeTargets targets;
  aws::lambda::LambdaCaller lambda{targets};
  aws::sqs::SqsCaller sqs{targets};
  aws::sns::SnsCaller sns{targets};
  std::unique_ptr<S3Service> s3 = make();

  std::unique_ptr<S3Service> make() { return std::make_unique<S3Service>(*kv, manual.env, lambda, sqs, sns); }
  void restart() {
    s3 = nullptr;
    s3 = make();
  }
  aws::Context context(std::string region = "us-east-1", std::string account = "000000000000") {
    aws::Context out;
    out.now = manual.clock.now();
    out.region = std::move(region);
    out.request_id = "0123456789ABCDEF";
    out.principal = {aws::Principal::Kind::root, account, "arn:aws:iam::" + account + ":root", account};
    out.account = std::move(account);
    out.endpoint = "http://localhost:4566";
    return out;
  }
  // Calls an operation with a fresh context.
  template <class Out, class In>
  base::Result<Out> call(base::Result<Out> (S3Service::*operation)(aws::Context&, In), In in) {
    aws::Context c = context();
    return ((*s3).*operation)(c, std::move(in));
  }
  void create_bucket(const std::string& name = "bucket") {
    aws::s3::CreateBucketRequest in;
    in.bucket = name;
    ASSERT_TRUE(call(&S3Service::create_bucket, in));
  }
  static aws::s3::PutObjectRequest put_request(const std::string& key, std::string body) {
    aws::s3::PutObjectRequest in;
    in.bucket = "bucket";
    in.key = key;
    in.body = std::move(body);
    return in;
  }
  aws::s3::PutObjectOutput put(const std::string& key, std::string body) {
    auto out = call(&S3Service::put_object, put_request(key, std::move(body)));
    EXPECT_TRUE(out) << out.error().message;
    return out ? *out : aws::s3::PutObjectOutput();
  }
  static aws::s3::GetObjectRequest get_request(const std::string& key) {
    aws::s3::GetObjectRequest in;
    in.bucket = "bucket";
    in.key = key;
    return in;
  }
  std::string get(const std::string& key) {
    auto out = call(&S3Service::get_object, get_request(key));
    return out ? out->body->take() : out.error().code;
  }
  base::Result<aws::s3::DeleteObjectOutput> remove(const std::string& key) {
    aws::s3::DeleteObjectRequest in;
    in.bucket = "bucket";
    in.key = key;
    return call(&S3Service::delete_object, in);
  }
  std::size_t rows(std::string_view table) {
    const std::string begin = store::KeyWriter(table).take();
    std::size_t count = 0;
    for (auto cursor = kv->scan(begin, store::prefix_end(begin)); cursor->valid(); cursor->next()) ++count;
    return count;
  }
};

// `size` bytes that differ from one offset to the next.
inline std::string pattern_bytes(std::size_t size, unsigned seed = 1) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>((i * 2654435761U + seed) >> 13);
  return out;
}

template <class T>
std::string code_of(const base::Result<T>& result) {
  return result ? "" : result.error().code;
}

}  // namespace engine::s3
