#include "engine/sns/service.h"

#include <algorithm>

#include "aws/http/message.h"
#include "aws/sns/errors.h"
#include "engine/arn.h"
#include "engine/policy_statements.h"
#include "engine/record.h"
#include "engine/sns/keys.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"
#include "engine/sns/topic_attributes.h"

namespace engine::sns {

namespace errors = aws::sns::errors;

namespace {

// Rows are only ever written by this service, so one that does not read means that the disk lies.
void check_row(bool ok) {
  store::require_intact(ok, "a row of SNS");
}

}  // namespace

SnsService::SnsService(store::KvStore& store, base::Env& env, aws::sqs::Sqs& sqs, aws::lambda::Lambda& lambda,
                       SnsOptions options)
    : store_(store),
      env_(env),
      sqs_(sqs),
      lambda_(lambda),
      options_(std::move(options)),
      outbox_(store, env, std::string(keys::kOutboxTable), kOutboxWorkers,
              [this](const Outbox::Entry& entry) { return deliver(entry); }),
      web_outbox_(store, env, std::string(keys::kWebOutboxTable), kWebWorkers,
                  [this](const Outbox::Entry& entry) { return deliver_to_web(entry); }) {
  load();
  if (options_.mailer != nullptr)
    options_.mailer->report_to([this](const std::string& arn, bool is_sent) { mail_ended(arn, is_sent); });
}

SnsService::~SnsService() {
  stop();
  if (options_.mailer != nullptr) options_.mailer->report_to({});
}

void SnsService::load() {
  if (const auto row = store_.get(keys::kNextIdKey)) {
    RecordReader reader(*row);
    while (reader.next()) next_topic_id_ = reader.number();
    check_row(reader.ok());
  }
  std::map<uint64_t, Topic*> by_id;
  const std::string topics = store::KeyWriter(keys::kTopicTable).take();
  for (auto cursor = store_.scan(topics, store::prefix_end(topics)); cursor->valid(); cursor->next()) {
    auto record = TopicRecord::decode(cursor->value());
    check_row(record.has_value());
    Topic& topic = topics_[std::string(cursor->key())];
    topic.metrics = std::make_shared<TopicMetrics>(options_.metrics, *record);
    topic.record = std::move(*record);
    by_id[topic.record.id] = &topic;
  }
  const std::string rows = store::KeyWriter(keys::kSubscriptionTable).take();
  for (auto cursor = store_.scan(rows, store::prefix_end(rows)); cursor->valid(); cursor->next()) {
    store::KeyReader key(cursor->key(), keys::kSubscriptionTable);
    uint64_t topic_id = 0;
    auto record = SubscriptionRecord::decode(cursor->value());
    check_row(key.number(topic_id) && record.has_value() && by_id.contains(topic_id));
    store::WriteBatch unused;
    store_subscription(unused, *by_id[topic_id], std::move(*record));
  }
}

void SnsService::set_endpoint(std::string endpoint, std::string mail_endpoint) {
  options_.endpoint = std::move(endpoint);
  options_.mail_endpoint = std::move(mail_endpoint);
}

void SnsService::start() {
  outbox_.start();
  if (options_.transport != nullptr) web_outbox_.start();
  if (!options_.makes_key_at_start) return;
  // Without a thread the first delivery makes the key.
  signer_task_ = env_.executor.try_spawn("sns-key", [this] { open_signer(stopping_); });
}

void SnsService::stop() {
  stopping_ = true;
  if (options_.transport != nullptr) options_.transport->cancel();
  outbox_.stop();
  web_outbox_.stop();
  signer_task_.reset();
}

void SnsService::open_signer(const std::atomic<bool>& abandon) {
  const std::lock_guard lock(signer_mutex_);
  if (!signer_) signer_ = Signer::open(store_, env_.clock.now(), abandon);
}

const Signer& SnsService::signer() {
  static const std::atomic<bool> kNever = false;
  open_signer(kNever);
  store_.wait_durable(signer_->written());
  return *signer_;
}

std::optional<std::string> SnsService::certificate_pem(std::string_view name) {
  // Whoever asks for it before anything was signed does not make the key.
  if (!name.starts_with(Signer::kCertificatePrefix) || !store_.get(keys::kSigningKey)) return std::nullopt;
  const Signer& own = signer();
  return name == own.certificate_name() ? std::optional(own.certificate_pem()) : std::nullopt;
}

base::Result<SnsService::Topics::iterator> SnsService::find_topic(const aws::Context& context, const OptionalText& arn,
                                                                  std::string_view parameter, std::string_view action) {
  if (!arn) return invalid_parameter(std::string(parameter) + " Reason: no value for required parameter");
  const auto parts = std::ranges::count(*arn, ':') + 1;
  if (parts < 6) {
    return invalid_parameter(std::string(parameter) + " Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts));
  }
  const auto parsed = Arn::parse(*arn);
  if (!parsed || parsed->service != "sns" || parts > 6 || parsed->region != context.region) {
    return invalid_parameter(parameter);
  }
  const auto found = topics_.find(keys::topic(parsed->account, parsed->region, parsed->resource));
  if (found == topics_.end()) return base::fail(errors::not_found_exception("Topic does not exist"));
  TRY(authorise(context, found->second.record, action));
  return found;
}

base::Result<void> SnsService::authorise(const aws::Context& context, const TopicRecord& record,
                                         std::string_view action) const {
  const bool service = context.principal.kind == aws::Principal::Kind::service;
  if (!service && context.principal.account == record.account) return {};
  const std::string policy = topic_policy(record);
  if (record.attributes.contains("Policy") && options_.allows &&
      options_.allows(policy, context, action, record.arn())) {
    return {};
  }
  // The default statement goes by AWS:SourceOwner, which alarms of the same account carry.
  if (service && context.principal.arn == "cloudwatch.amazonaws.com" && context.account == record.account &&
      has_statement(policy, "__default_statement_ID")) {
    return {};
  }
  return base::fail(errors::authorization_error_exception(
      "User: " + context.principal.arn + " is not authorized to perform: " + std::string(action) + " on resource: " +
      record.arn() + " because no resource-based policy allows the " + std::string(action) + " action"));
}

base::Result<SnsService::Found> SnsService::find_subscription(const aws::Context& context, const OptionalText& arn,
                                                              std::string_view parameter) {
  if (!arn) return invalid_parameter("SubscriptionArn Reason: no value for required parameter");
  const auto parts = std::ranges::count(*arn, ':') + 1;
  if (parts < 6) {
    return invalid_parameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not " +
                             std::to_string(parts));
  }
  const std::size_t last = arn->rfind(':');
  const auto topic = Arn::parse(arn->substr(0, last));
  if (parts != 7 || !topic || topic->service != "sns" || topic->region != context.region) {
    return invalid_parameter(parameter);
  }
  const auto found = topics_.find(keys::topic(topic->account, topic->region, topic->resource));
  if (found == topics_.end()) return Found{topics_.end(), nullptr};
  const auto subscription = found->second.subscriptions.find(arn->substr(last + 1));
  if (subscription == found->second.subscriptions.end()) return Found{topics_.end(), nullptr};
  const SubscriptionRecord& record = subscription->second->record;
  if (record.ended) return Found{topics_.end(), nullptr};
  const bool nobody = context.principal.account.empty();
  const bool by_link = nobody && (record.web() || record.mail()) && !record.signed_unsubscribe;
  if (!by_link && context.principal.account != record.owner) {
    return base::fail(errors::authorization_error_exception("Not authorized to access this subscription"));
  }
  return Found{found, subscription->second};
}

void SnsService::store_subscription(store::WriteBatch& batch, Topic& topic, SubscriptionRecord record) {
  batch.put(keys::subscription(topic.record.id, record.uuid), record.encode());
  auto subscription = std::make_shared<Subscription>();
  if (const std::string* policy = record.attributes.find("FilterPolicy")) {
    const std::string* scope = record.attributes.find("FilterPolicyScope");
    auto filter = aws::filter::FilterPolicy::parse(*policy, scope != nullptr && *scope == "MessageBody");
    check_row(filter.has_value());  // it was parsed before it was stored
    subscription->filter = std::move(*filter);
  }
  const std::string uuid = record.uuid;
  subscription->record = std::move(record);
  if (!topic.subscriptions.contains(uuid)) ++subscription_count_;
  topic.subscriptions[uuid] = std::move(subscription);
}

std::optional<SnsService::Destination> SnsService::lookup(std::string_view subscription_arn) {
  const std::size_t last = subscription_arn.rfind(':');
  const auto topic = Arn::parse(subscription_arn.substr(0, last));
  if (!topic) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = topics_.find(keys::topic(topic->account, topic->region, topic->resource));
  if (found == topics_.end()) return std::nullopt;
  const auto subscription = found->second.subscriptions.find(subscription_arn.substr(last + 1));
  if (subscription == found->second.subscriptions.end()) return std::nullopt;
  return Destination{subscription->second, found->second.metrics,
                     std::string(attribute_of(found->second.record.attributes, "DeliveryPolicy"))};
}

}  // namespace engine::sns
