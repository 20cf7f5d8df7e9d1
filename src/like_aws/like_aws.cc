#include "like_aws/like_aws.h"

#include <vector>

#include "aws/cloudwatch/caller.h"
#include "aws/dynamodb/caller.h"
#include "aws/forwarder.h"
#include "aws/iam/caller.h"
#include "aws/lambda/caller.h"
#include "aws/logs/caller.h"
#include "aws/parking.h"
#include "aws/s3/caller.h"
#include "aws/sns/caller.h"
#include "aws/sqs/caller.h"
#include "aws/sts/caller.h"
#include "like_aws/eventual_reads.h"
#include "like_aws/function_states.h"
#include "like_aws/lists.h"
#include "like_aws/mapping_states.h"
#include "like_aws/partial_batches.h"
#include "like_aws/permissions.h"
#include "like_aws/queue_life.h"
#include "like_aws/rate_limit.h"
#include "like_aws/receives.h"
#include "like_aws/refusals.h"
#include "like_aws/repeated_events.h"
#include "like_aws/roles.h"
#include "like_aws/subscription_lists.h"
#include "like_aws/table_states.h"

namespace like_aws {
namespace {

// One caller's calls are counted together, also those of different sessions of a role.
std::string caller_of(const aws::Context& context) {
  switch (context.principal.kind) {
    case aws::Principal::Kind::root:
      return "root " + context.account;
    case aws::Principal::Kind::role:
      return "role " + role_key(context.principal);
    case aws::Principal::Kind::service:
      return context.principal.arn;
  }
  return {};
}

// Counts calls and sends each through a service's behaviours, from the first to the last.
class Chain {
 public:
  using Behaviours = std::vector<std::unique_ptr<Behaviour>>;
  // Calls of a chain with a `caller` are all that caller's.
  Chain(Behaviours behaviours, std::string caller) : behaviours_(std::move(behaviours)), caller_(std::move(caller)) {}

  base::Result<void> run(const aws::ServiceDesc& service, const aws::OperationDesc& operation, aws::Context& context,
                         void* in, void* out, const CarryOut& carry_out) {
    Call call{.service = service,
              .operation = operation,
              .context = context,
              .in = in,
              .out = out,
              .caller = caller_.empty() ? caller_of(context) : caller_,
              .count = 0,
              .is_resumed = context.parking != nullptr && context.parking->state != nullptr};
    if (!call.is_resumed) call.count = next_count(call);
    return run_from(0, call, carry_out);
  }

 private:
  uint64_t next_count(const Call& call) {
    const std::lock_guard lock(mutex_);
    return ++counts_[std::string(call.operation.name) + '/' + call.caller];
  }
  base::Result<void> run_from(std::size_t index, Call& call, const CarryOut& carry_out) {
    while (call.is_resumed && index < behaviours_.size() && !behaviours_[index]->goes_on()) ++index;
    if (index == behaviours_.size()) return carry_out();
    return behaviours_[index]->around(call, [&, index] { return run_from(index + 1, call, carry_out); });
  }

  const Behaviours behaviours_;
  const std::string caller_;
  std::mutex mutex_;
  std::map<std::string, uint64_t> counts_;  // by operation and caller
};

// A service behind a chain. `Service` is its abstract class, `Caller` the generated one over a dispatcher.
template <class Service, class Caller>
class Wrapped {
 public:
  Wrapped(Service& real, Chain::Behaviours behaviours, std::string caller = {})
      : chain_(std::move(behaviours), std::move(caller)),
        forwarder_(static_cast<Service*>(&real),
                   [this](const aws::ServiceDesc& service, const aws::OperationDesc& operation, aws::Context& context,
                          void* in, void* out, const CarryOut& carry_out) {
                     return chain_.run(service, operation, context, in, out, carry_out);
                   }) {}
  Service& service() { return caller_; }

 private:
  Chain chain_;
  aws::Forwarder forwarder_;
  Caller caller_{forwarder_};
};

}  // namespace

struct LikeAws::Parts {
  Parts(base::Env& env, Options given)
      : options(std::move(given)), conditions(env, options.seed, std::move(options.tell)) {}

  // What is the same for all services, then `own`.
  template <class... Own>
  Chain::Behaviours behaviours(std::string_view service, std::unique_ptr<Own>... own) {
    Chain::Behaviours out;
    if (const auto limit = options.calls_per_second.find(std::string(service));
        limit != options.calls_per_second.end()) {
      base::Clock& clock = options.pace_clock != nullptr ? *options.pace_clock : conditions.env.clock;
      out.push_back(std::make_unique<RateLimit>(conditions, clock, limit->second));
    }
    out.push_back(std::make_unique<Refusals>(conditions));
    (out.push_back(std::move(own)), ...);
    return out;
  }

  Options options;
  Conditions conditions;
  const std::shared_ptr<Repeats> repeats = std::make_shared<Repeats>();
  std::unique_ptr<Wrapped<aws::sqs::Sqs, aws::sqs::SqsCaller>> polled_sqs;
  std::unique_ptr<Wrapped<aws::lambda::Lambda, aws::lambda::LambdaCaller>> notified_lambda;
  std::unique_ptr<Wrapped<aws::sqs::Sqs, aws::sqs::SqsCaller>> sqs;
  std::unique_ptr<Wrapped<aws::sns::Sns, aws::sns::SnsCaller>> sns;
  std::unique_ptr<Wrapped<aws::lambda::Lambda, aws::lambda::LambdaCaller>> lambda;
  std::unique_ptr<Wrapped<aws::dynamodb::DynamoDb, aws::dynamodb::DynamoDbCaller>> dynamodb;
  std::unique_ptr<Wrapped<aws::s3::S3, aws::s3::S3Caller>> s3;
  std::unique_ptr<Wrapped<aws::cloudwatch::CloudWatch, aws::cloudwatch::CloudWatchCaller>> cloudwatch;
  std::unique_ptr<Wrapped<aws::logs::Logs, aws::logs::LogsCaller>> logs;
  std::unique_ptr<Wrapped<aws::iam::Iam, aws::iam::IamCaller>> iam;
  std::unique_ptr<Wrapped<aws::sts::Sts, aws::sts::StsCaller>> sts;
  std::unique_ptr<LateAuthorizer> authorizer;
};

LikeAws::LikeAws(base::Env& env, Options options) : parts_(std::make_unique<Parts>(env, std::move(options))) {}

LikeAws::~LikeAws() = default;

aws::sqs::Sqs& LikeAws::polled(aws::sqs::Sqs& real) {
  Parts& parts = *parts_;
  parts.polled_sqs = std::make_unique<Wrapped<aws::sqs::Sqs, aws::sqs::SqsCaller>>(
      real,
      parts.behaviours("", std::make_unique<PartialBatches>(parts.conditions),
                       std::make_unique<Receives>(parts.conditions, real, parts.repeats)),
      "event source mappings");
  return parts.polled_sqs->service();
}

aws::lambda::Lambda& LikeAws::notified(aws::lambda::Lambda& real) {
  Parts& parts = *parts_;
  Chain::Behaviours behaviours;
  behaviours.push_back(std::make_unique<RepeatedEvents>(parts.conditions, real));
  parts.notified_lambda = std::make_unique<Wrapped<aws::lambda::Lambda, aws::lambda::LambdaCaller>>(
      real, std::move(behaviours), "notifications");
  return parts.notified_lambda->service();
}

void LikeAws::take(const Services& real) {
  Parts& parts = *parts_;
  Conditions& all = parts.conditions;
  const auto make = [](auto& made, auto& service, Chain::Behaviours behaviours) {
    made = std::make_unique<std::remove_reference_t<decltype(*made)>>(service, std::move(behaviours));
  };
  make(parts.sqs, real.sqs,
       parts.behaviours("sqs", lagging_queues(all, real.sqs), std::make_unique<Permissions>(all),
                        std::make_unique<QueueLife>(all, real.sqs), std::make_unique<PartialBatches>(all),
                        std::make_unique<Receives>(all, real.sqs, parts.repeats)));
  make(parts.sns, real.sns,
       parts.behaviours("sns", lagging_topics(all, real.sns), std::make_unique<SubscriptionLists>(all, real.sns),
                        std::make_unique<Permissions>(all), std::make_unique<PartialBatches>(all)));
  make(parts.lambda, real.lambda,
       parts.behaviours("lambda", lagging_functions(all, real.lambda), std::make_unique<Permissions>(all),
                        std::make_unique<RoleUse>(all, real.lambda), std::make_unique<FunctionStates>(all),
                        std::make_unique<MappingStates>(all), std::make_unique<RepeatedEvents>(all, real.lambda)));
  make(parts.dynamodb, real.dynamodb,
       parts.behaviours("dynamodb", lagging_tables(all, real.dynamodb), std::make_unique<TableStates>(all),
                        std::make_unique<PartialBatches>(all), std::make_unique<EventualReads>(all, real.dynamodb)));
  make(parts.s3, real.s3,
       parts.behaviours("s3", lagging_buckets(all, real.s3), std::make_unique<Permissions>(all),
                        std::make_unique<PartialBatches>(all)));
  make(parts.cloudwatch, real.cloudwatch, parts.behaviours("cloudwatch"));
  make(parts.logs, real.logs, parts.behaviours("logs", lagging_log_groups(all, real.logs)));
  make(parts.iam, real.iam,
       parts.behaviours("iam", lagging_roles(all, real.iam), std::make_unique<RoleChanges>(all, real.iam)));
  make(parts.sts, real.sts, parts.behaviours("sts", std::make_unique<RoleUse>(all, real.lambda)));
  parts.authorizer = std::make_unique<LateAuthorizer>(all, real.authorizer);
}

Services LikeAws::services() {
  Parts& parts = *parts_;
  return {parts.sqs->service(),      parts.sns->service(), parts.lambda->service(),
          parts.dynamodb->service(), parts.s3->service(),  parts.cloudwatch->service(),
          parts.logs->service(),     parts.iam->service(), parts.sts->service(),
          *parts.authorizer};
}

}  // namespace like_aws
