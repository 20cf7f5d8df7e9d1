// SnsService: Amazon SNS over a KvStore, standard topics. Owned by the engine; safe from any thread. Memory holds
// topics and subscriptions as immutable records under one mutex. A publish writes one delivery per matching
// subscription to an outbox, whose workers deliver through the interfaces of SQS and Lambda and through a Mailer.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/filter/filter_policy.h"
#include "aws/sns/sns.h"
#include "base/env.h"
#include "engine/outbox.h"
#include "engine/sns/host_slots.h"
#include "engine/sns/limits.h"
#include "engine/sns/mailer.h"
#include "engine/sns/records.h"
#include "engine/sns/signer.h"
#include "engine/sns/topic_metrics.h"
#include "store/kv_store.h"

namespace aws::http {
class Transport;
}
namespace aws::lambda {
class Lambda;
}
namespace aws::sqs {
class Sqs;
}

namespace engine::sns {

struct OutgoingMessage;

struct SnsOptions {
  // Whether a topic's Policy lets the caller do `action` ("sns:Publish") on `resource_arn`. Asked only when a service
  // or another account calls; the server has checked everybody else. An empty function allows nothing.
  std::function<bool(const std::string& policy_json, const aws::Context& context, std::string_view action,
                     std::string_view resource_arn)>
      allows = {};
  // Where mails go; without one, subscriptions by e-mail are refused. Outlives the service.
  Mailer* mailer = nullptr;
  // Subscriptions by e-mail need no confirmation: for engines whose mails only go to a local directory.
  bool auto_confirm_email = false;
  // Reaches http(s) endpoints; without one, subscriptions by http and https are refused. Outlives the service, whose
  // stop() cancels it, so nobody else may use it. An answer that it finds too large counts as a failure.
  aws::http::Transport* transport = nullptr;
  // scheme://host:port for URLs in messages that services publish; others get the address their publisher used.
  std::string endpoint = "http://localhost:4566";
  // The same for URLs in e-mails, whoever published; empty: as above. For who is reached there by another address, or
  // will not be there when the mail is read.
  std::string mail_endpoint = {};
  // Where AWS/SNS goes; null: nowhere. Outlives the service.
  ServiceMetrics* metrics = nullptr;
  // start() makes the key that signs messages, in the background; else the first delivery does.
  bool makes_key_at_start = true;
};

class SnsService final : public aws::sns::Sns {
 public:
  // Loads every topic from `store`. All arguments outlive the service, as do the parts of `env`.
  SnsService(store::KvStore& store, base::Env& env, aws::sqs::Sqs& sqs, aws::lambda::Lambda& lambda,
             SnsOptions options = {});
  ~SnsService() override;  // stop()
  SnsService(const SnsService&) = delete;
  SnsService& operator=(const SnsService&) = delete;

  // SnsOptions::endpoint and mail_endpoint, for who knows them later. To be called before start().
  void set_endpoint(std::string endpoint, std::string mail_endpoint = {});
  // Begins to deliver.
  void start();
  // Ends that, without waiting for endpoints that do not answer; what is left, or was not answered, is delivered after
  // the next start of a service over the store.
  void stop();
  // The certificate of SigningCertURL whose last part is `name`; nullopt if it is another one.
  std::optional<std::string> certificate_pem(std::string_view name);

  // service_topics.cc
  base::Result<aws::sns::CreateTopicResponse> create_topic(aws::Context& context,
                                                           aws::sns::CreateTopicInput in) override;
  base::Result<aws::sns::DeleteTopicResponse> delete_topic(aws::Context& context,
                                                           aws::sns::DeleteTopicInput in) override;
  base::Result<aws::sns::GetTopicAttributesResponse> get_topic_attributes(
      aws::Context& context, aws::sns::GetTopicAttributesInput in) override;
  base::Result<aws::sns::SetTopicAttributesResponse> set_topic_attributes(
      aws::Context& context, aws::sns::SetTopicAttributesInput in) override;
  base::Result<aws::sns::ListTopicsResponse> list_topics(aws::Context& context, aws::sns::ListTopicsInput in) override;
  base::Result<aws::sns::TagResourceResponse> tag_resource(aws::Context& context,
                                                           aws::sns::TagResourceRequest in) override;
  base::Result<aws::sns::UntagResourceResponse> untag_resource(aws::Context& context,
                                                               aws::sns::UntagResourceRequest in) override;
  base::Result<aws::sns::ListTagsForResourceResponse> list_tags_for_resource(
      aws::Context& context, aws::sns::ListTagsForResourceRequest in) override;
  // service_permissions.cc
  base::Result<aws::sns::AddPermissionResponse> add_permission(aws::Context& context,
                                                               aws::sns::AddPermissionInput in) override;
  base::Result<aws::sns::RemovePermissionResponse> remove_permission(aws::Context& context,
                                                                     aws::sns::RemovePermissionInput in) override;
  // service_subscriptions.cc. ConfirmSubscription and Unsubscribe also serve callers who are nobody (a principal
  // without an account), because their URLs stand in messages: the token, and the ARN of a subscription that was not
  // confirmed with AuthenticateOnUnsubscribe, are authority enough.
  base::Result<aws::sns::SubscribeResponse> subscribe(aws::Context& context, aws::sns::SubscribeInput in) override;
  base::Result<aws::sns::ConfirmSubscriptionResponse> confirm_subscription(
      aws::Context& context, aws::sns::ConfirmSubscriptionInput in) override;
  base::Result<aws::sns::UnsubscribeResponse> unsubscribe(aws::Context& context,
                                                          aws::sns::UnsubscribeInput in) override;
  base::Result<aws::sns::GetSubscriptionAttributesResponse> get_subscription_attributes(
      aws::Context& context, aws::sns::GetSubscriptionAttributesInput in) override;
  base::Result<aws::sns::SetSubscriptionAttributesResponse> set_subscription_attributes(
      aws::Context& context, aws::sns::SetSubscriptionAttributesInput in) override;
  base::Result<aws::sns::ListSubscriptionsResponse> list_subscriptions(aws::Context& context,
                                                                       aws::sns::ListSubscriptionsInput in) override;
  base::Result<aws::sns::ListSubscriptionsByTopicResponse> list_subscriptions_by_topic(
      aws::Context& context, aws::sns::ListSubscriptionsByTopicInput in) override;
  // service_publish.cc
  base::Result<aws::sns::PublishResponse> publish(aws::Context& context, aws::sns::PublishInput in) override;
  base::Result<aws::sns::PublishBatchResponse> publish_batch(aws::Context& context,
                                                             aws::sns::PublishBatchInput in) override;
  // service_defaults.cc
  base::Result<aws::sns::CheckIfPhoneNumberIsOptedOutResponse> check_if_phone_number_is_opted_out(
      aws::Context& context, aws::sns::CheckIfPhoneNumberIsOptedOutInput in) override;
  base::Result<aws::sns::GetDataProtectionPolicyResponse> get_data_protection_policy(
      aws::Context& context, aws::sns::GetDataProtectionPolicyInput in) override;
  base::Result<aws::sns::GetEndpointAttributesResponse> get_endpoint_attributes(
      aws::Context& context, aws::sns::GetEndpointAttributesInput in) override;
  base::Result<aws::sns::GetPlatformApplicationAttributesResponse> get_platform_application_attributes(
      aws::Context& context, aws::sns::GetPlatformApplicationAttributesInput in) override;
  base::Result<aws::sns::GetSMSAttributesResponse> get_sms_attributes(aws::Context& context,
                                                                      aws::sns::GetSMSAttributesInput in) override;
  base::Result<aws::sns::GetSMSSandboxAccountStatusResult> get_sms_sandbox_account_status(
      aws::Context& context, aws::sns::GetSMSSandboxAccountStatusInput in) override;
  base::Result<aws::sns::ListOriginationNumbersResult> list_origination_numbers(
      aws::Context& context, aws::sns::ListOriginationNumbersRequest in) override;
  base::Result<aws::sns::ListPhoneNumbersOptedOutResponse> list_phone_numbers_opted_out(
      aws::Context& context, aws::sns::ListPhoneNumbersOptedOutInput in) override;
  base::Result<aws::sns::ListEndpointsByPlatformApplicationResponse> list_endpoints_by_platform_application(
      aws::Context& context, aws::sns::ListEndpointsByPlatformApplicationInput in) override;
  base::Result<aws::sns::ListPlatformApplicationsResponse> list_platform_applications(
      aws::Context& context, aws::sns::ListPlatformApplicationsInput in) override;
  base::Result<aws::sns::ListSMSSandboxPhoneNumbersResult> list_sms_sandbox_phone_numbers(
      aws::Context& context, aws::sns::ListSMSSandboxPhoneNumbersInput in) override;

 private:
  struct Subscription {
    SubscriptionRecord record;
    std::optional<aws::filter::FilterPolicy> filter;
  };
  using SubscriptionPtr = std::shared_ptr<const Subscription>;
  struct Topic {
    TopicRecord record;
    std::shared_ptr<TopicMetrics> metrics;
    std::map<std::string, SubscriptionPtr, std::less<>> subscriptions;  // by uuid
  };
  using Topics = std::map<std::string, Topic>;  // by keys::topic()
  using OptionalText = std::optional<std::string>;

  void load();
  // All REQUIRE: mutex_ is held. `parameter` names the ARN in errors.
  base::Result<Topics::iterator> find_topic(const aws::Context& context, const OptionalText& arn,
                                            std::string_view parameter, std::string_view action);
  base::Result<Topics::iterator> find_tagged(const aws::Context& context, const OptionalText& arn);
  base::Result<void> authorise(const aws::Context& context, const TopicRecord& record, std::string_view action) const;
  struct Found {
    Topics::iterator topic;
    SubscriptionPtr subscription;
  };
  // `parameter` is what errors call an ARN that is a topic's.
  base::Result<Found> find_subscription(const aws::Context& context, const OptionalText& arn,
                                        std::string_view parameter = "SubscriptionArn");
  void store_subscription(store::WriteBatch& batch, Topic& topic, SubscriptionRecord record);
  Outbox& outbox_for(const SubscriptionRecord& record) { return record.web() ? web_outbox_ : outbox_; }
  // Gives the pending `record` a fresh token, and its endpoint a message of this kind that holds it.
  Outbox::Ticket add_confirmation(store::WriteBatch& batch, const aws::Context& context, const Topic& topic,
                                  SubscriptionRecord& record, DeliveryRecord::Kind kind);
  void erase_subscription(store::WriteBatch& batch, Topic& topic, const std::string& uuid);
  // The subscriptions whose time to be confirmed, or restored, is over.
  void erase_expired(store::WriteBatch& batch, Topic& topic, base::Timestamp now);
  base::Result<void> replace_policy(Topics::iterator topic, std::string policy);
  base::Result<std::string> subscribe_again(const aws::Context& context, Topic& topic, const Subscription& existing,
                                            const aws::Map<std::string>& attributes);

  // service_publish.cc
  struct Audience {
    TopicRecord topic;
    std::shared_ptr<TopicMetrics> metrics;
    std::vector<SubscriptionPtr> subscriptions;
  };
  base::Result<Audience> audience(const aws::Context& context, const OptionalText& topic_arn);
  // Writes the deliveries of all messages in one batch. `message_ids` are theirs.
  base::Result<void> send(const aws::Context& context, const Audience& audience,
                          const std::vector<OutgoingMessage>& messages, const std::vector<std::string>& message_ids);

  // delivery.cc
  enum class Outcome { done, refused, failed };  // refused: trying again does not help
  // Where a delivery goes, as of now.
  struct Destination {
    SubscriptionPtr subscription;
    std::shared_ptr<TopicMetrics> metrics;
    std::string delivery_policy;  // of the topic
  };
  std::optional<base::Timestamp> deliver(const Outbox::Entry& entry);
  // The same for http(s), at most kWebDeliveriesPerHost at once to one host.
  std::optional<base::Timestamp> deliver_to_web(const Outbox::Entry& entry);
  std::optional<std::string> host_of(const Outbox::Entry& entry);
  // What follows from an outcome: done, another attempt, or the dead-letter queue.
  std::optional<base::Timestamp> settle(const Outbox::Entry& entry, const DeliveryRecord& delivery,
                                        const Destination& destination, Outcome outcome);
  // When a failed delivery is to be tried again; nullopt: not any more.
  std::optional<base::Timestamp> next_attempt(const Outbox::Entry& entry, const Destination& destination,
                                              base::Timestamp now) const;
  Outcome attempt(const DeliveryRecord& delivery, const Destination& destination);
  Outcome send_to_queue(const std::string& queue_arn, const DeliveryRecord& delivery,
                        const SubscriptionRecord& subscription);
  Outcome send_to_function(const DeliveryRecord& delivery, const SubscriptionRecord& subscription);
  Outcome send_to_web(const DeliveryRecord& delivery, const Destination& destination);
  Outcome send_mail(const DeliveryRecord& owed, const SubscriptionRecord& subscription);
  // A notification by e-mail has left the mailer, or never will.
  void mail_ended(const std::string& subscription_arn, bool is_sent);
  std::optional<Destination> lookup(std::string_view subscription_arn);
  const Signer& signer();
  // Loads or makes the key, unless that is done; may leave it undone once `abandon` is true.
  void open_signer(const std::atomic<bool>& abandon);

  store::KvStore& store_;
  base::Env& env_;
  aws::sqs::Sqs& sqs_;
  aws::lambda::Lambda& lambda_;
  SnsOptions options_;
  std::mutex mutex_;  // guards topics_ and what follows, up to the next mutex
  Topics topics_;
  uint64_t next_topic_id_ = 1;
  std::size_t subscription_count_ = 0;
  std::atomic<bool> stopping_ = false;
  HostSlots web_hosts_{kWebDeliveriesPerHost};
  std::mutex signer_mutex_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<base::Task> signer_task_;  // so that the first delivery of a new store does not wait for its key
  Outbox outbox_;                            // last: their workers use all of the above
  Outbox web_outbox_;                        // to http(s) endpoints
};

}  // namespace engine::sns
