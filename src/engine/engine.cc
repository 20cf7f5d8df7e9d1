#include "engine/engine.h"

#include "aws/auth/policy.h"
#include "engine/cloudwatch/service.h"
#include "engine/dynamodb/service.h"
#include "engine/iam/service.h"
#include "engine/lambda/service.h"
#include "engine/logs/service.h"
#include "engine/s3/service.h"
#include "engine/sns/service.h"
#include "engine/sqs/service.h"
#include "engine/sts/service.h"

namespace engine {

namespace {

lambda::LambdaOptions lambda_options(const EngineOptions& options) {
  lambda::LambdaOptions out;
  out.code_directory = options.code_directory;
  out.allows = aws::auth::service_may;
  return out;
}

}  // namespace

// In the order in which they need each other; destroyed the other way round.
struct Engine::Parts {
  Parts(store::KvStore& store, base::Env& env, runtime::FunctionHost& functions, sns::Mailer& mailer,
        const EngineOptions& options)
      : iam(store, env),
        sts(store, env, iam, {.access_key_id = options.access_key_id, .secret_access_key = options.secret_access_key}),
        logs(store, env),
        cloudwatch(store, env),
        sqs(store, env, {.allows = aws::auth::service_may}),
        dynamodb(store, env),
        lambda(store, env, functions, sqs, sts, logs, lambda_options(options)),
        sns(store, env, sqs, lambda,
            {.allows = aws::auth::service_may, .mailer = &mailer, .auto_confirm_email = options.auto_confirm_email}),
        s3(store, env, lambda, sqs, sns,
           {.role_may = [this](const aws::Context& context, std::string_view action, const std::string& resource) {
             return iam.allows(context, action, std::span(&resource, 1));
           }}) {}

  iam::IamService iam;
  sts::StsService sts;
  logs::LogsService logs;
  cloudwatch::CloudWatchService cloudwatch;
  sqs::SqsService sqs;
  dynamodb::DynamoDbService dynamodb;
  lambda::LambdaService lambda;
  sns::SnsService sns;
  s3::S3Service s3;
};

Engine::Engine(store::KvStore& store, base::Env& env, runtime::FunctionHost& functions, sns::Mailer& mailer,
               EngineOptions options)
    : parts_(std::make_unique<Parts>(store, env, functions, mailer, options)) {}

Engine::~Engine() {
  stop();
}

void Engine::start(const std::string& endpoint_url) {
  parts_->sts.start();
  parts_->logs.start();
  parts_->cloudwatch.start();
  parts_->sqs.start();
  parts_->dynamodb.start();
  parts_->lambda.set_endpoint(endpoint_url);
  parts_->lambda.start();
  parts_->sns.start();
  parts_->s3.start();
}

void Engine::stop() {
  parts_->s3.stop();
  parts_->sns.stop();
  parts_->sqs.stop();  // releases the pollers that wait for messages
  parts_->lambda.stop();
  parts_->dynamodb.stop();
  parts_->cloudwatch.stop();
  parts_->logs.stop();
  parts_->sts.stop();
}

aws::sqs::Sqs& Engine::sqs() {
  return parts_->sqs;
}
aws::sns::Sns& Engine::sns() {
  return parts_->sns;
}
aws::lambda::Lambda& Engine::lambda() {
  return parts_->lambda;
}
aws::dynamodb::DynamoDb& Engine::dynamodb() {
  return parts_->dynamodb;
}
aws::s3::S3& Engine::s3() {
  return parts_->s3;
}
aws::cloudwatch::CloudWatch& Engine::cloudwatch() {
  return parts_->cloudwatch;
}
aws::logs::Logs& Engine::logs() {
  return parts_->logs;
}
aws::iam::Iam& Engine::iam() {
  return parts_->iam;
}
aws::sts::Sts& Engine::sts() {
  return parts_->sts;
}
aws::auth::CredentialSource& Engine::credentials() {
  return parts_->sts;
}
aws::auth::Authorizer& Engine::authorizer() {
  return parts_->iam;
}

}  // namespace engine
