// Queues, topics and subscriptions.
#include <array>

#include "aws/http/shown_url.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "pipeline/notification_rule.h"
#include "pipeline/policies.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

// A queue has none of these unless its attributes say so: without a policy it is open to the account's roles alone,
// without the others its messages stay and it may be anybody's dead-letter queue. An empty text takes them off.
constexpr std::array<std::string_view, 3> kUnlessWanted = {"Policy", "RedrivePolicy", "RedriveAllowPolicy"};

class Queue final : public Resource {
 public:
  Queue(const Site& site, const std::string& name, aws::Map<std::string> attributes)
      : Resource("queue", name), site_(site), attributes_(std::move(attributes)) {}

  [[nodiscard]] bool holds_data() const override { return true; }
  [[nodiscard]] ResourceSpec spec() const override { return {QueueSpec{name(), attributes_}}; }
  [[nodiscard]] Properties wanted() const override {
    Properties out;
    for (const auto& [name, value] : attributes_) out.push_back({name, canonical_json(value)});
    for (const std::string_view name : kUnlessWanted)
      if (!attributes_.contains(name)) out.push_back({std::string(name), "none"});
    return out;
  }

  base::Result<std::optional<Properties>> describe() override {
    aws::sqs::GetQueueAttributesRequest get;
    get.queue_url = site_.queue_url(name());
    get.attribute_names = {"All"};
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto got, site_.services.sqs.get_queue_attributes(context, std::move(get)));
    Properties out;
    const aws::Map<std::string> now = got.attributes.value_or(aws::Map<std::string>());
    for (const auto& [name, value] : now) out.push_back({name, canonical_json(value)});
    for (const std::string_view name : kUnlessWanted)
      if (!now.contains(name)) out.push_back({std::string(name), "none"});
    return out;
  }

  base::Result<void> create() override {
    aws::sqs::CreateQueueRequest create;
    create.queue_name = name();
    create.attributes = attributes_;
    aws::Context context = site_.call();
    TRY(site_.services.sqs.create_queue(context, std::move(create)));
    return {};
  }

  base::Result<void> change() override {
    aws::sqs::SetQueueAttributesRequest set;
    set.queue_url = site_.queue_url(name());
    auto& attributes = set.attributes.emplace(attributes_);
    for (const std::string_view name : kUnlessWanted)
      if (!attributes.contains(name)) attributes.append(std::string(name)) = "";
    aws::Context context = site_.call();
    TRY(site_.services.sqs.set_queue_attributes(context, std::move(set)));
    return {};
  }

  base::Result<void> remove() override {
    aws::sqs::DeleteQueueRequest remove;
    remove.queue_url = site_.queue_url(name());
    aws::Context context = site_.call();
    TRY(site_.services.sqs.delete_queue(context, std::move(remove)));
    return {};
  }

 private:
  const Site& site_;
  const aws::Map<std::string> attributes_;
};

// With the policy it was born with: open to the account, whose alarms and roles publish to it.
class Topic final : public Resource {
 public:
  Topic(const Site& site, const std::string& name) : Resource("topic", name), site_(site) {}

  [[nodiscard]] ResourceSpec spec() const override { return {TopicSpec{name()}}; }
  [[nodiscard]] Properties wanted() const override { return {{"policy", "default"}}; }

  base::Result<std::optional<Properties>> describe() override {
    aws::sns::GetTopicAttributesInput get;
    get.topic_arn = site_.topic_arn(name());
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto got, site_.services.sns.get_topic_attributes(context, std::move(get)));
    const aws::Map<std::string> attributes = got.attributes.value_or(aws::Map<std::string>());
    const std::string* policy = attributes.find("Policy");
    return Properties{{"policy", policy == nullptr || is_default_topic_policy(*policy) ? "default" : *policy}};
  }

  base::Result<void> change() override {
    aws::sns::SetTopicAttributesInput set;
    set.topic_arn = site_.topic_arn(name());
    set.attribute_name = "Policy";
    set.attribute_value = default_topic_policy(*set.topic_arn, site_.account);
    aws::Context context = site_.call();
    TRY(site_.services.sns.set_topic_attributes(context, std::move(set)));
    return {};
  }

  base::Result<void> create() override {
    aws::sns::CreateTopicInput create;
    create.name = name();
    aws::Context context = site_.call();
    TRY(site_.services.sns.create_topic(context, std::move(create)));
    return {};
  }

  base::Result<void> remove() override {
    TRY_ASSIGN(const auto found, describe());  // DeleteTopic itself does not tell
    aws::sns::DeleteTopicInput remove;
    remove.topic_arn = site_.topic_arn(name());
    aws::Context context = site_.call();
    TRY(site_.services.sns.delete_topic(context, std::move(remove)));
    return {};
  }

 private:
  const Site& site_;
};

class Subscription final : public Resource {
 public:
  Subscription(const Site& site, const std::string& topic, std::string protocol, std::string endpoint)
      : Resource("subscription", topic + " -> " + shown_address(endpoint)),
        site_(site),
        topic_(topic),
        topic_arn_(site.topic_arn(topic)),
        protocol_(std::move(protocol)),
        endpoint_(std::move(endpoint)),
        shown_by_sns_(aws::http::with_hidden_password(endpoint_)) {}

  [[nodiscard]] ResourceSpec spec() const override { return {SubscriptionSpec{topic_, protocol_, endpoint_}}; }
  [[nodiscard]] Properties wanted() const override { return {}; }

  base::Result<std::optional<Properties>> describe() override {
    TRY_ASSIGN(const auto found, find());
    if (!found.has_value() && waits_)
      return Properties{{"protocol", protocol_}, {"arn", std::string(kPendingSubscription)}};
    if (!found.has_value()) return std::nullopt;
    return Properties{{"protocol", protocol_}, {"arn", *found}};
  }

  base::Result<void> create() override {
    aws::sns::SubscribeInput subscribe;
    subscribe.topic_arn = topic_arn_;
    subscribe.protocol = protocol_;
    subscribe.endpoint = endpoint_;
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto made, site_.services.sns.subscribe(context, std::move(subscribe)));
    waits_ = !made.subscription_arn.value_or("").starts_with("arn:");
    return {};
  }

  base::Result<void> remove() override {
    waits_ = false;
    TRY_ASSIGN(const auto found, find());
    if (!found.has_value()) return base::fail({.code = "NotFoundException", .message = "", .http_status = 404});
    // One that was never confirmed has no ARN to be removed by; it goes with its topic.
    if (!found->starts_with("arn:")) return {};
    aws::sns::UnsubscribeInput remove;
    remove.subscription_arn = *found;
    aws::Context context = site_.call();
    TRY(site_.services.sns.unsubscribe(context, std::move(remove)));
    return {};
  }

 private:
  // Its ARN, or the word that SNS shows instead while it waits for confirmation.
  base::Result<std::optional<std::string>> find() {
    aws::sns::ListSubscriptionsByTopicInput list;
    list.topic_arn = topic_arn_;
    while (true) {
      aws::Context context = site_.call();
      TRY_ASSIGN(const auto page, site_.services.sns.list_subscriptions_by_topic(context, list));
      for (const auto& each : page.subscriptions.value_or(std::vector<aws::sns::Subscription>()))
        if (each.protocol == protocol_ && (each.endpoint == endpoint_ || each.endpoint == shown_by_sns_))
          return each.subscription_arn.value_or("");
      if (page.next_token.value_or("").empty()) return std::nullopt;
      list.next_token = page.next_token;
    }
  }

  const Site& site_;
  const std::string topic_;
  const std::string topic_arn_;
  const std::string protocol_;
  const std::string endpoint_;
  const std::string shown_by_sns_;  // without its password, so another one is not seen
  bool waits_ = false;              // for its confirmation, since create(): the list lags
};

}  // namespace

std::unique_ptr<Resource> make_queue(const Site& site, const std::string& name, aws::Map<std::string> attributes) {
  return std::make_unique<Queue>(site, name, std::move(attributes));
}

std::unique_ptr<Resource> make_topic(const Site& site, const std::string& name) {
  return std::make_unique<Topic>(site, name);
}

std::unique_ptr<Resource> make_subscription(const Site& site, const std::string& topic, const std::string& protocol,
                                            const std::string& endpoint) {
  return std::make_unique<Subscription>(site, topic, protocol, endpoint);
}

}  // namespace pipeline
