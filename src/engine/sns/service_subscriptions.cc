#include <algorithm>
#include <array>

#include "aws/http/shown_url.h"
#include "aws/rules/mail_address.h"
#include "aws/sns/errors.h"
#include "aws/validate.h"
#include "base/encoding.h"
#include "engine/arn.h"
#include "engine/sns/delivery_policy.h"
#include "engine/sns/keys.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"
#include "engine/sns/service.h"
#include "engine/sns/topic_attributes.h"
#include "engine/sns/webhook.h"

namespace engine::sns {

using namespace aws::sns;

namespace {

constexpr std::array<std::string_view, 3> kForeignProtocols = {"sms", "application", "firehose"};
constexpr std::size_t kTokenLength = 64;
constexpr std::string_view kTokenDigits = "0123456789abcdef";

base::Result<void> check_endpoint(const SubscriptionRecord& record, const SnsOptions& options) {
  const std::string& protocol = record.protocol;
  const std::string& endpoint = record.endpoint;
  if (std::ranges::find(kForeignProtocols, protocol) != kForeignProtocols.end() ||
      (record.mail() && options.mailer == nullptr) || (record.web() && options.transport == nullptr)) {
    return base::fail(aws::unsupported_parameter(kService, "Protocol " + protocol));
  }
  const auto arn = Arn::parse(endpoint);
  if (protocol == "sqs") {
    if (!arn || arn->service != "sqs") return invalid_parameter("SQS endpoint ARN");
    if (arn->resource.ends_with(".fifo")) {
      return invalid_parameter(
          "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics");
    }
  } else if (protocol == "lambda") {
    if (!arn || arn->service != "lambda" || !arn->resource.starts_with("function:")) {
      return invalid_parameter("Lambda endpoint ARN");
    }
  } else if (record.mail()) {
    if (!aws::rules::is_mail_address(endpoint)) return invalid_parameter("Email address");
  } else if (record.web()) {
    TRY(parse_webhook(protocol, endpoint));
  } else {
    return invalid_parameter("Amazon SNS does not support this protocol string: " + protocol);
  }
  return {};
}

base::Result<void> check_filter(const aws::Map<std::string>& attributes) {
  const std::string* policy = attributes.find("FilterPolicy");
  const std::string* scope = attributes.find("FilterPolicyScope");
  if (policy != nullptr) TRY(aws::filter::FilterPolicy::check(*policy, scope != nullptr && *scope == "MessageBody"));
  return {};
}

// Subscribe says where the attribute stood: "Invalid parameter: Attributes Reason: FilterPolicy: ...".
base::AwsError among_attributes(base::AwsError error) {
  constexpr std::string_view kPrefix = "Invalid parameter: ";
  if (!error.message.starts_with(kPrefix)) return error;
  const std::string_view rest = std::string_view(error.message).substr(kPrefix.size());
  if (rest.find(": ") != rest.npos && !rest.starts_with("Attributes "))
    error.message.insert(kPrefix.size(), "Attributes Reason: ");
  return error;
}

base::Result<void> set_attributes(SubscriptionRecord& record, const aws::Map<std::string>& attributes) {
  for (const auto& [name, value] : attributes) {
    TRY(set_subscription_attribute(record.attributes, record.protocol, name, value));
  }
  return check_filter(record.attributes);
}

aws::sns::Subscription show(const SubscriptionRecord& record) {
  aws::sns::Subscription out;
  out.subscription_arn = record.pending ? "PendingConfirmation" : record.arn();
  out.owner = record.owner;
  out.protocol = record.protocol;
  out.endpoint = aws::http::with_hidden_password(record.endpoint);
  out.topic_arn = record.topic_arn;
  return out;
}

// A caller without a signature, who comes by a URL that stood in a message.
bool is_nobody(const aws::Context& context) {
  return context.principal.account.empty();
}

std::unexpected<base::AwsError> no_subscription() {
  return base::fail(errors::not_found_exception("Subscription does not exist"));
}

}  // namespace

base::Result<SubscribeResponse> SnsService::subscribe(aws::Context& context, SubscribeInput in) {
  const std::string protocol = in.protocol.value_or("");
  SubscriptionRecord record;
  record.protocol = protocol;
  record.endpoint = in.endpoint.value_or("");
  {
    // AWS looks for the topic before it looks at the rest, which is read without the lock.
    const std::lock_guard lock(mutex_);
    TRY(find_topic(context, in.topic_arn, "TopicArn", "sns:Subscribe"));
  }
  TRY(check_endpoint(record, options_));
  if (auto set = set_attributes(record, in.attributes.value_or(aws::Map<std::string>())); !set) {
    return base::fail(among_attributes(std::move(set).error()));
  }
  std::unique_lock lock(mutex_);
  TRY_ASSIGN(const auto found, find_topic(context, in.topic_arn, "TopicArn", "sns:Subscribe"));
  Topic& topic = found->second;
  const auto existing = std::ranges::find_if(topic.subscriptions, [&](const auto& entry) {
    const SubscriptionRecord& other = entry.second->record;
    return !other.ended && other.protocol == protocol && other.endpoint == record.endpoint;
  });
  const bool return_arn = in.return_subscription_arn.value_or(false);
  if (existing != topic.subscriptions.end()) {
    const SubscriptionPtr before = existing->second;
    TRY_ASSIGN(std::string arn, subscribe_again(context, topic, *before, record.attributes));
    const bool pends = before->record.pending && !(before->record.mail() && options_.auto_confirm_email);
    return SubscribeResponse{pends && !return_arn ? "pending confirmation" : std::move(arn)};
  }
  store::WriteBatch batch;
  erase_expired(batch, topic, context.now);
  if (subscription_count_ >= kSubscriptionsMax) {
    store_.write(batch);  // what is over is over
    return base::fail(
        errors::subscription_limit_exceeded_exception("The maximum number of subscriptions has been reached"));
  }
  record.uuid = base::make_uuid(env_.random);
  record.topic_arn = topic.record.arn();
  record.owner = context.principal.account;
  record.principal = context.principal.arn;
  record.pending = record.web() || (record.mail() && !options_.auto_confirm_email);
  record.authenticated = !record.web() && !record.mail();
  std::optional<Outbox::Ticket> ticket;
  if (record.pending) ticket = add_confirmation(batch, context, topic, record, DeliveryRecord::Kind::confirmation);
  Outbox& outbox = outbox_for(record);
  SubscribeResponse out{record.pending && !return_arn ? "pending confirmation" : record.arn()};
  store_subscription(batch, topic, std::move(record));
  store_.write(batch);
  lock.unlock();
  if (ticket) outbox.release(*ticket);
  return out;
}

base::Result<std::string> SnsService::subscribe_again(const aws::Context& context, Topic& topic,
                                                      const Subscription& existing,
                                                      const aws::Map<std::string>& attributes) {
  for (const auto& [name, value] : attributes) {
    const std::string* has = existing.record.attributes.find(name);
    const bool same = has != nullptr ? *has == value : name == "RawMessageDelivery" && value == "false";
    if (!same) {
      return invalid_parameter("Attributes Reason: Subscription already exists with different attributes");
    }
  }
  std::string arn = existing.record.arn();
  if (!existing.record.pending) return arn;
  SubscriptionRecord record = existing.record;  // another confirmation request, with a fresh token
  store::WriteBatch batch;
  if (record.mail() && options_.auto_confirm_email) {  // it was made by an engine whose mails leave
    record.pending = false;
    store_subscription(batch, topic, std::move(record));
    store_.write(batch);
    return arn;
  }
  Outbox& outbox = outbox_for(record);
  const Outbox::Ticket ticket = add_confirmation(batch, context, topic, record, DeliveryRecord::Kind::confirmation);
  store_subscription(batch, topic, std::move(record));
  store_.write(batch);
  outbox.release(ticket);
  return arn;
}

Outbox::Ticket SnsService::add_confirmation(store::WriteBatch& batch, const aws::Context& context, const Topic& topic,
                                            SubscriptionRecord& record, DeliveryRecord::Kind kind) {
  record.token = base::random_string(env_.random, kTokenLength, kTokenDigits);
  record.token_expires_at = context.now + kTokenLife;
  const std::string_view version = attribute_of(topic.record.attributes, "SignatureVersion");
  DeliveryRecord delivery;
  delivery.kind = kind;
  delivery.subscription_arn = record.arn();
  delivery.message_id = base::make_uuid(env_.random);
  delivery.message = record.token;
  if (!version.empty()) delivery.signature_version = version;
  delivery.published_at = context.now;
  delivery.base_url = context.endpoint.empty() ? options_.endpoint : context.endpoint;
  return outbox_for(record).add(batch, context.now, context.now, delivery.encode());
}

base::Result<ConfirmSubscriptionResponse> SnsService::confirm_subscription(aws::Context& context,
                                                                           ConfirmSubscriptionInput in) {
  const std::string authenticate = in.authenticate_on_unsubscribe.value_or("");
  if (authenticate != "" && authenticate != "true" && authenticate != "false") {
    return invalid_parameter("AuthenticateOnUnsubscribe");
  }
  aws::Context caller = context;
  const auto arn = Arn::parse(in.topic_arn.value_or(""));
  if (is_nobody(context) && arn) {
    caller.region = arn->region;  // nothing else says it; the token decides
    caller.principal.account = arn->account;
  }
  const std::string token = in.token.value_or("");
  if (token.empty() || token.find_first_not_of(kTokenDigits) != token.npos) {
    return base::fail(errors::invalid_parameter_exception("Invalid token"));
  }
  const std::lock_guard lock(mutex_);
  const auto found_topic = find_topic(caller, in.topic_arn, "TopicArn", "sns:ConfirmSubscription");
  if (!found_topic && found_topic.error().http_status == 404) return invalid_parameter("Token");  // as on AWS
  TRY_ASSIGN(const auto found, found_topic);
  const auto& subscriptions = found->second.subscriptions;
  const auto entry = std::ranges::find_if(subscriptions, [&](const auto& candidate) {
    return base::constant_time_equal(candidate.second->record.token, token);
  });
  if (entry == subscriptions.end()) return invalid_parameter("Token");
  SubscriptionRecord record = entry->second->record;
  ConfirmSubscriptionResponse out{record.arn()};
  if (!record.pending) return out;
  if (context.now > record.token_expires_at) return invalid_parameter("Token Reason: the token has expired");
  record.pending = record.ended = false;
  record.authenticated = !is_nobody(context);
  record.signed_unsubscribe = record.authenticated && authenticate == "true";
  store::WriteBatch batch;
  store_subscription(batch, found->second, std::move(record));
  store_.write(batch);
  return out;
}

base::Result<UnsubscribeResponse> SnsService::unsubscribe(aws::Context& context, UnsubscribeInput in) {
  aws::Context caller = context;
  const std::string text = in.subscription_arn.value_or("");
  const auto topic_arn = Arn::parse(text.substr(0, text.rfind(':')));
  if (is_nobody(context) && topic_arn) caller.region = topic_arn->region;
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const Found found, find_subscription(caller, in.subscription_arn, "SubscriptionId"));
  if (found.subscription == nullptr) return UnsubscribeResponse{};
  Topic& topic = found.topic->second;
  SubscriptionRecord record = found.subscription->record;
  store::WriteBatch batch;
  erase_expired(batch, topic, context.now);
  std::optional<Outbox::Ticket> ticket;
  if (is_nobody(context) && record.web() && !record.pending) {
    // "a final cancellation message is delivered to the endpoint, so that the endpoint owner can easily resubscribe"
    // (Unsubscribe), unless the owner ends it.
    record.ended = record.pending = true;
    ticket = add_confirmation(batch, context, topic, record, DeliveryRecord::Kind::end);
    store_subscription(batch, topic, std::move(record));
  } else {
    erase_subscription(batch, topic, record.uuid);
  }
  store_.write(batch);
  if (ticket) web_outbox_.release(*ticket);
  return UnsubscribeResponse{};
}

void SnsService::erase_subscription(store::WriteBatch& batch, Topic& topic, const std::string& uuid) {
  batch.erase(keys::subscription(topic.record.id, uuid));
  subscription_count_ -= topic.subscriptions.erase(uuid);
}

void SnsService::erase_expired(store::WriteBatch& batch, Topic& topic, base::Timestamp now) {
  std::vector<std::string> over;
  for (const auto& [uuid, subscription] : topic.subscriptions) {
    if (subscription->record.pending && subscription->record.token_expires_at < now) over.push_back(uuid);
  }
  for (const std::string& uuid : over) erase_subscription(batch, topic, uuid);
}

base::Result<GetSubscriptionAttributesResponse> SnsService::get_subscription_attributes(
    aws::Context& context, GetSubscriptionAttributesInput in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const Found found, find_subscription(context, in.subscription_arn));
  if (found.subscription == nullptr) return no_subscription();
  GetSubscriptionAttributesResponse out;
  out.attributes = shown_attributes(found.subscription->record);
  const SubscriptionRecord& record = found.subscription->record;
  (*out.attributes)["PendingConfirmation"] = record.pending ? "true" : "false";
  if (record.web()) {
    (*out.attributes)["EffectiveDeliveryPolicy"] =
        effective_subscription_text(attribute_of(found.topic->second.record.attributes, "DeliveryPolicy"),
                                    attribute_of(record.attributes, "DeliveryPolicy"));
  }
  return out;
}

base::Result<SetSubscriptionAttributesResponse> SnsService::set_subscription_attributes(
    aws::Context& context, SetSubscriptionAttributesInput in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const Found found, find_subscription(context, in.subscription_arn));
  if (found.subscription == nullptr) return no_subscription();
  SubscriptionRecord record = found.subscription->record;
  TRY(set_subscription_attribute(record.attributes, record.protocol, in.attribute_name.value_or(""),
                                 in.attribute_value.value_or("")));
  TRY(check_filter(record.attributes));
  store::WriteBatch batch;
  store_subscription(batch, found.topic->second, std::move(record));
  store_.write(batch);
  return SetSubscriptionAttributesResponse{};
}

base::Result<ListSubscriptionsByTopicResponse> SnsService::list_subscriptions_by_topic(
    aws::Context& context, ListSubscriptionsByTopicInput in) {
  const auto after = base::base64_decode(in.next_token.value_or(""));
  if (!after) return invalid_parameter("NextToken");
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_topic(context, in.topic_arn, "TopicArn", "sns:ListSubscriptionsByTopic"));
  ListSubscriptionsByTopicResponse out;
  auto& page = out.subscriptions.emplace();
  auto at = found->second.subscriptions.upper_bound(*after);
  for (; at != found->second.subscriptions.end(); ++at) {
    if (page.size() == kPageMax) {
      out.next_token = base::base64_encode(std::prev(at)->first);
      break;
    }
    if (!at->second->record.ended) page.push_back(show(at->second->record));
  }
  return out;
}

base::Result<ListSubscriptionsResponse> SnsService::list_subscriptions(aws::Context& context,
                                                                       ListSubscriptionsInput in) {
  // The token is "topic:uuid" of the last one shown; names of topics have no colon.
  const auto after = base::base64_decode(in.next_token.value_or(""));
  if (!after || (in.next_token && after->find(':') == after->npos)) return invalid_parameter("NextToken");
  const std::string topic_name = after->substr(0, after->find(':'));
  const std::string uuid = after->empty() ? "" : after->substr(after->find(':') + 1);
  const std::string prefix = keys::topics(context.account, context.region);
  const std::string first = after->empty() ? prefix : keys::topic(context.account, context.region, topic_name);
  ListSubscriptionsResponse out;
  auto& page = out.subscriptions.emplace();
  const std::lock_guard lock(mutex_);
  std::string last;
  for (auto topic = topics_.lower_bound(first); topic != topics_.end() && topic->first.starts_with(prefix); ++topic) {
    const auto& subscriptions = topic->second.subscriptions;
    auto at = topic->first == first ? subscriptions.upper_bound(uuid) : subscriptions.begin();
    for (; at != subscriptions.end(); ++at) {
      if (page.size() == kPageMax) {
        out.next_token = base::base64_encode(last);
        return out;
      }
      last = topic->second.record.name + ":" + at->first;
      if (!at->second->record.ended) page.push_back(show(at->second->record));
    }
  }
  return out;
}

}  // namespace engine::sns
