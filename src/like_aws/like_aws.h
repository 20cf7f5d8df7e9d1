// LikeAws: makes an engine as unreliable as AWS legally is (`till serve --like-aws`), so that anyone's code can be
// tried against it. It stands between whoever calls and the services, as one forwarder per service with a chain of
// behaviours around each call; the services know nothing of it. docs/like-aws.md says what it does and what it never
// does. Made by the composition root before the services, owned by it, destroyed after they are; safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "aws/auth/authorizer.h"
#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"
#include "base/env.h"
#include "like_aws/conditions.h"

namespace like_aws {

struct Options {
  uint64_t seed = 0;
  // Calls per second of an account that a service takes, by the service's id ("iam"); others are not limited.
  std::map<std::string, double> calls_per_second = {};
  base::Clock* pace_clock = nullptr;  // what those seconds are measured by; null: the engine's clock
  // Told of each fault, by the thread that carries the call out, which holds no lock. May be empty.
  std::function<void(const Fault&)> tell = {};
};

// The services as they are. All outlive LikeAws's use.
struct Services {
  aws::sqs::Sqs& sqs;
  aws::sns::Sns& sns;
  aws::lambda::Lambda& lambda;
  aws::dynamodb::DynamoDb& dynamodb;
  aws::s3::S3& s3;
  aws::cloudwatch::CloudWatch& cloudwatch;
  aws::logs::Logs& logs;
  aws::iam::Iam& iam;
  aws::sts::Sts& sts;
  aws::auth::Authorizer& authorizer;
};

class LikeAws {
 public:
  // `env` outlives this object; its clock is the one that delays are measured by.
  LikeAws(base::Env& env, Options options);
  ~LikeAws();
  LikeAws(const LikeAws&) = delete;
  LikeAws& operator=(const LikeAws&) = delete;

  // SQS as event source mappings see it: short and empty receives, messages twice and in another order, deletions that
  // fail; nothing that ends a mapping. `real` outlives the use of the answer, which lives as long as this object.
  aws::sqs::Sqs& polled(aws::sqs::Sqs& real);
  // Lambda as S3 and SNS see it: events may come twice. As polled().
  aws::lambda::Lambda& notified(aws::lambda::Lambda& real);
  // Makes the services that services() answers with. Once, before the first call.
  void take(const Services& real);
  // The services as their users see them.
  Services services();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace like_aws
