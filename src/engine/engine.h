// Engine: the nine services over one store, wired to each other through their aws:: interfaces. Whoever owns it talks
// to the services through those interfaces, exactly as through a client. Safe from any thread between start and stop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/authorizer.h"
#include "aws/auth/verify.h"
#include "aws/body_spool.h"
#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/http/message.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"
#include "base/env.h"
#include "engine/lambda/url_server.h"
#include "engine/metric_totals.h"
#include "store/kv_store.h"

namespace runtime {
class FunctionHost;
}
namespace engine::sns {
class Mailer;
}

namespace engine {

struct EngineOptions {
  // Absolute path of a directory for the unpacked code of functions. Its owner makes it, empty, for
  // this engine alone, and removes it afterwards.
  std::string code_directory;
  // E-mail subscriptions need no confirmation, because the mailer only writes to a local directory.
  bool auto_confirm_email = false;
  // SNS's signing key is made at the start and not when it is needed first; for an engine that runs for a while.
  bool makes_signing_key = true;
  std::string access_key_id = "test";  // of root
  std::string secret_access_key = "test";
  // Reaches the http(s) endpoints of subscriptions. Outlives the engine; without it there are none.
  aws::http::Transport* transport = nullptr;
  // If set, two things that AWS refuses are accepted, and this is told AWS's reason: an event source mapping whose
  // queue's visibility timeout is below the function's timeout, and an UpdateTable that changes nothing.
  std::function<void(std::string_view reason)> lenient = {};
  // Whether DynamoDB's provisioned throughput throttles when its burst of 300 s is used up.
  bool throttle = true;
  // False: what waits in queues and outboxes stays there, as if the engine had stopped: nothing is taken from a queue
  // for a function, no function runs, nothing is delivered, no alarm is judged. For who looks at the state.
  bool works = true;
  // A deleted queue's name cannot be used again for 60 seconds, as on AWS.
  bool delay_queue_recreation = false;
  // What event source mappings poll instead of the engine's own SQS, which it is given; asked once, while the engine is
  // made. The answer outlives the engine. Empty: they poll that one.
  std::function<aws::sqs::Sqs&(aws::sqs::Sqs& own)> polled = {};
  // The same for the Lambda that S3's notifications and SNS's messages go to.
  std::function<aws::lambda::Lambda&(aws::lambda::Lambda& own)> notified = {};
};

struct QueueState {
  std::string name, account, region;
  std::size_t visible = 0, in_flight = 0, delayed = 0;
  base::Duration oldest_age{};
};

class Engine {
 public:
  // Loads every service's state. All references outlive the engine.
  Engine(store::KvStore& store, base::Env& env, runtime::FunctionHost& functions, sns::Mailer& mailer,
         EngineOptions options);
  ~Engine();  // stop()
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Begins background work: pollers, deliveries, sweepers. `endpoint_url` is where functions reach the engine,
  // `public_url` where others do who find links to it in notifications; empty: there too. `mail_url` is where links in
  // e-mails lead; empty: where those in other notifications do.
  void start(const std::string& endpoint_url, const std::string& public_url = {}, const std::string& mail_url = {});
  // Ends it: pollers first, so that nothing new begins, then what they use. What is left goes on after a restart.
  void stop();

  // What stands at a path that belongs to no API: the certificate that SNS signs messages with, and functions' code
  // (Lambda's Code.Location); nullopt if nothing does. Quick.
  std::optional<aws::http::Response> document(std::string_view path);

  // Answers the requests to Lambda's function URLs, which come to the same port as those to the API: those for which
  // is_function_url() holds, which is quick. To be destroyed before the engine, and after stop().
  std::unique_ptr<aws::http::Handler> function_urls(lambda::UrlServer server);
  static bool is_function_url(const aws::http::Request& head);

  // For whoever watches the engine: every queue, and what was counted of functions and orders since the start, with
  // what is on its way to CloudWatch, which this puts there; not for an I/O thread.
  std::vector<QueueState> queue_states();
  std::vector<MetricTotal> metric_totals();

  aws::sqs::Sqs& sqs();
  aws::sns::Sns& sns();
  aws::lambda::Lambda& lambda();
  aws::dynamodb::DynamoDb& dynamodb();
  aws::s3::S3& s3();
  aws::BodySpool& s3_spool();  // where the server puts large bodies for S3 while they arrive
  aws::cloudwatch::CloudWatch& cloudwatch();
  aws::logs::Logs& logs();
  aws::iam::Iam& iam();
  aws::sts::Sts& sts();
  aws::auth::CredentialSource& credentials();
  aws::auth::Authorizer& authorizer();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace engine
