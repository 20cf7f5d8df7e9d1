#include "engine/engine.h"

#include "aws/auth/policy.h"
#include "engine/cloudwatch/service.h"
#include "engine/dynamodb/service.h"
#include "engine/iam/service.h"
#include "engine/lambda/service.h"
#include "engine/lambda/url_door.h"
#include "engine/logs/service.h"
#include "engine/s3/service.h"
#include "engine/service_metrics.h"
#include "engine/sns/service.h"
#include "engine/sqs/service.h"
#include "engine/sts/service.h"

namespace engine {

// In the order in which they need each other; destroyed the other way round.
struct Engine::Parts {
  using RoleMay = std::function<bool(const aws::Context&, std::string_view, const std::string&)>;

  Parts(store::KvStore& store, base::Env& env, runtime::FunctionHost& functions, sns::Mailer& mailer,
        const EngineOptions& options)
      : environment(env),
        works(options.works),
        metrics(env),
        iam(store, env),
        sts(store, env, iam, {.access_key_id = options.access_key_id, .secret_access_key = options.secret_access_key}),
        logs(store, env, {.metrics = &metrics}),
        sqs(store, env,
            {.allows = aws::auth::service_may,
             .delay_recreation = options.delay_queue_recreation,
             .metrics = &metrics}),
        dynamodb(
            store, env,
            {.metrics = &metrics, .lenient = options.lenient, .role_may = role_may(), .throttle = options.throttle}),
        lambda(store, env, functions, sqs, sts, logs, lambda_options(options)),
        notified(options.notified ? options.notified(lambda) : lambda),
        sns(store, env, sqs, notified, sns_options(mailer, options)),
        s3(store, env, notified, sqs, sns, {.role_may = role_may(), .metrics = &metrics}),
        cloudwatch(store, env, {.refresh = [this] { metrics.flush(); }, .sns = &sns, .lambda = &lambda}) {
    lambda.set_sns(sns);
    lambda.set_s3(s3);
  }

  // What a role's own policies let it do, for calls that the server does not see.
  RoleMay role_may() {
    return [this](const aws::Context& context, std::string_view action, const std::string& resource) {
      return iam.allows(context, action, std::span(&resource, 1));
    };
  }

  lambda::LambdaOptions lambda_options(const EngineOptions& options) {
    lambda::LambdaOptions out;
    out.code_directory = options.code_directory;
    out.allows = aws::auth::service_may;
    out.role_may = role_may();
    out.metrics = &metrics;
    out.lenient = options.lenient;
    if (options.polled) out.polled = &options.polled(sqs);
    return out;
  }

  sns::SnsOptions sns_options(sns::Mailer& mailer, const EngineOptions& options) {
    sns::SnsOptions out;
    out.allows = aws::auth::service_may;
    out.mailer = &mailer;
    out.auto_confirm_email = options.auto_confirm_email;
    out.makes_key_at_start = options.makes_signing_key;
    out.transport = options.transport;
    out.metrics = &metrics;
    return out;
  }

  void sample(base::Timestamp now) {
    logs.sample_metrics(now);
    sqs.sample_metrics(now);
    dynamodb.sample_metrics(now);
    s3.sample_metrics(now);
  }

  base::Env& environment;
  const bool works;
  ServiceMetrics metrics;
  iam::IamService iam;
  sts::StsService sts;
  logs::LogsService logs;
  sqs::SqsService sqs;
  dynamodb::DynamoDbService dynamodb;
  lambda::LambdaService lambda;
  aws::lambda::Lambda& notified;  // by S3 and SNS
  sns::SnsService sns;
  s3::S3Service s3;
  cloudwatch::CloudWatchService cloudwatch;
  MetricTotals totals{cloudwatch};
};

Engine::Engine(store::KvStore& store, base::Env& env, runtime::FunctionHost& functions, sns::Mailer& mailer,
               EngineOptions options)
    : parts_(std::make_unique<Parts>(store, env, functions, mailer, options)) {}

Engine::~Engine() {
  stop();
}

void Engine::start(const std::string& endpoint_url, const std::string& public_url, const std::string& mail_url) {
  parts_->sts.start();
  parts_->logs.start();
  parts_->sqs.start();
  parts_->dynamodb.start();
  parts_->lambda.set_endpoint(endpoint_url);
  parts_->sns.set_endpoint(public_url.empty() ? endpoint_url : public_url, mail_url);
  parts_->metrics.start(parts_->totals.door(), [this](base::Timestamp now) { parts_->sample(now); });
  if (!parts_->works) return;
  parts_->lambda.start();
  parts_->sns.start();
  parts_->s3.start();
  parts_->cloudwatch.start();
}

void Engine::stop() {
  parts_->cloudwatch.stop();
  parts_->s3.stop();
  parts_->sns.stop();
  parts_->sqs.stop();  // releases the pollers that wait for messages
  parts_->lambda.stop();
  parts_->dynamodb.stop();
  parts_->logs.stop();
  parts_->metrics.stop();
  parts_->sts.stop();
}

std::optional<aws::http::Response> Engine::document(std::string_view path) {
  aws::http::Response out;
  if (lambda::CodeLinks::is_link(path)) {
    out.headers.add("Content-Type", "application/zip");
    auto package = parts_->lambda.download(path);
    if (package) {
      out.stream = package->source;
    } else {
      out.status = 403;
    }
    return out;
  }
  auto certificate = parts_->sns.certificate_pem(path.substr(path.starts_with('/')));
  if (!certificate) return std::nullopt;
  out.headers.add("Content-Type", "application/x-pem-file");
  out.body = std::move(*certificate);
  return out;
}

std::unique_ptr<aws::http::Handler> Engine::function_urls(lambda::UrlServer server) {
  return std::make_unique<lambda::UrlDoor>(parts_->lambda, parts_->iam, parts_->environment, std::move(server));
}

bool Engine::is_function_url(const aws::http::Request& head) {
  return lambda::UrlDoor::takes(head);
}

std::vector<QueueState> Engine::queue_states() {
  std::vector<QueueState> out;
  for (const auto& queue : parts_->sqs.queue_states(parts_->environment.clock.now()))
    out.push_back({queue.record->name, queue.record->account, queue.record->region, queue.gauges.visible,
                   queue.gauges.in_flight, queue.gauges.delayed, queue.gauges.oldest_age});
  return out;
}
std::vector<MetricTotal> Engine::metric_totals() {
  parts_->metrics.flush();
  return parts_->totals.read();
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
aws::BodySpool& Engine::s3_spool() {
  return parts_->s3.body_spool();
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
