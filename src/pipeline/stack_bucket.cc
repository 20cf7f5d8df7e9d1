// The bucket and its notification.
#include <algorithm>
#include <array>

#include "aws/s3/s3.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

constexpr std::string_view kNotificationId = "ingest";
constexpr std::string_view kEvents = "s3:ObjectCreated:*";

class Bucket final : public Resource {
 public:
  Bucket(const Site& site, const std::string& name) : Resource("bucket", name), site_(site) {}

  [[nodiscard]] bool holds_data() const override { return true; }
  [[nodiscard]] ResourceSpec spec() const override { return {BucketSpec{name()}}; }
  [[nodiscard]] Properties wanted() const override { return {}; }

  base::Result<std::optional<Properties>> describe() override {
    aws::s3::HeadBucketRequest head;
    head.bucket = name();
    aws::Context context = site_.call();
    TRY(site_.services.s3.head_bucket(context, std::move(head)));
    return Properties{};
  }

  base::Result<void> create() override {
    aws::s3::CreateBucketRequest create;
    create.bucket = name();
    if (site_.region != "us-east-1") create.create_bucket_configuration.emplace().location_constraint = site_.region;
    aws::Context context = site_.call();
    TRY(site_.services.s3.create_bucket(context, std::move(create)));
    return {};
  }

  // What is on its way into it may come in after it was emptied.
  base::Result<void> remove() override {
    return site_.patience.call(
        "DeleteBucket",
        [&]() -> base::Result<void> {
          TRY(empty());
          aws::s3::DeleteBucketRequest remove;
          remove.bucket = name();
          aws::Context context = site_.call();
          TRY(site_.services.s3.delete_bucket(context, std::move(remove)));
          return {};
        },
        [](const base::AwsError& error) -> std::optional<NotYet> {
          // Of single objects DeleteObjects says so in its answer, and not as a failure of the call.
          constexpr std::array<std::string_view, 3> kPassing = {"InternalError", "SlowDown", "ServiceUnavailable"};
          if (error.code == "BucketNotEmpty") return NotYet{"objects still come into it", std::chrono::seconds(30)};
          if (std::ranges::find(kPassing, error.code) == kPassing.end()) return std::nullopt;
          return NotYet{"S3 does not remove some objects at the moment", std::chrono::minutes(1)};
        });
  }

 private:
  // Until a listing is empty: what is deleted does not come again.
  base::Result<void> empty() {
    while (true) {
      aws::Context context = site_.call();
      aws::s3::ListObjectsV2Request list;
      list.bucket = name();
      TRY_ASSIGN(const auto listed, site_.services.s3.list_objects_v2(context, std::move(list)));
      if (!listed.contents.has_value() || listed.contents->empty()) return {};
      aws::s3::DeleteObjectsRequest remove;
      remove.bucket = name();
      auto& objects = remove.delete_.emplace().objects.emplace();
      for (const auto& object : *listed.contents) objects.emplace_back().key = object.key;
      TRY_ASSIGN(const auto removed, site_.services.s3.delete_objects(context, std::move(remove)));
      if (removed.errors.has_value() && !removed.errors->empty()) {
        const auto& first = removed.errors->front();
        return base::fail({.code = first.code.value_or("InternalError"),
                           .message = "object " + first.key.value_or("") + ": " + first.message.value_or("")});
      }
    }
  }

  const Site& site_;
};

// Beside it the bucket may have notifications of others, which stay.
class Notification final : public Resource {
 public:
  Notification(const Site& site, const std::string& bucket, const std::string& function)
      : Resource("notification", bucket + " -> " + function),
        site_(site),
        bucket_(bucket),
        function_(function),
        function_arn_(site.arn("lambda", "function:" + function)) {}

  [[nodiscard]] Properties wanted() const override {
    return {{"function", function_arn_}, {"events", std::string(kEvents)}, {"filter", "none"}};
  }
  [[nodiscard]] ResourceSpec spec() const override {
    return {NotificationSpec{std::string(kNotificationId), bucket_, function_, std::string(kEvents)}};
  }

  base::Result<std::optional<Properties>> describe() override {
    TRY_ASSIGN(const auto now, get());
    if (!now.lambda_function_configurations.has_value()) return std::nullopt;
    // The one of our name counts before another one to our function.
    const auto& list = *now.lambda_function_configurations;
    auto found = std::ranges::find(list, kNotificationId, [](const auto& each) { return each.id.value_or(""); });
    if (found == list.end()) found = std::ranges::find_if(list, [this](const auto& each) { return is_ours(each); });
    if (found == list.end()) return std::nullopt;
    std::string events;
    for (const std::string& event : found->events.value_or(std::vector<std::string>()))
      events += (events.empty() ? "" : ", ") + event;
    return Properties{{"function", found->lambda_function_arn.value_or("")},
                      {"events", events},
                      {"filter", found->filter.has_value() ? "some" : "none"}};
  }

  base::Result<void> create() override {
    aws::s3::LambdaFunctionConfiguration target;
    target.id = kNotificationId;
    target.lambda_function_arn = function_arn_;
    target.events = {std::string(kEvents)};
    return put(std::move(target));
  }
  base::Result<void> change() override { return create(); }

  base::Result<void> remove() override {
    TRY_ASSIGN(const auto found, describe());
    if (!found.has_value()) return base::fail({.code = "NotFoundException", .message = "", .http_status = 404});
    return put(std::nullopt);
  }

 private:
  // CloudFormation gives it an id of its own.
  [[nodiscard]] bool is_ours(const aws::s3::LambdaFunctionConfiguration& each) const {
    return each.id == kNotificationId || each.lambda_function_arn == function_arn_;
  }

  base::Result<aws::s3::NotificationConfiguration> get() {
    aws::s3::GetBucketNotificationConfigurationRequest get;
    get.bucket = bucket_;
    aws::Context context = site_.call();
    return site_.services.s3.get_bucket_notification_configuration(context, std::move(get));
  }

  base::Result<void> put(std::optional<aws::s3::LambdaFunctionConfiguration> ours) {
    aws::s3::PutBucketNotificationConfigurationRequest put;
    put.bucket = bucket_;
    if (!ours.has_value()) put.skip_destination_validation = true;  // what others have there is theirs to validate
    TRY_ASSIGN(put.notification_configuration, get());
    auto& list = put.notification_configuration->lambda_function_configurations;
    // One to the same function under another name would call it twice, so S3 refuses the two.
    if (list.has_value()) std::erase_if(*list, [this](const auto& each) { return is_ours(each); });
    if (ours.has_value()) {
      if (!list.has_value()) list.emplace();
      list->push_back(std::move(*ours));
    }
    aws::Context context = site_.call();
    TRY(site_.services.s3.put_bucket_notification_configuration(context, std::move(put)));
    return {};
  }

  const Site& site_;
  const std::string bucket_;
  const std::string function_;
  const std::string function_arn_;
};

}  // namespace

std::unique_ptr<Resource> make_bucket(const Site& site, const std::string& name) {
  return std::make_unique<Bucket>(site, name);
}

std::unique_ptr<Resource> make_notification(const Site& site, const std::string& bucket, const std::string& function) {
  return std::make_unique<Notification>(site, bucket, function);
}

}  // namespace pipeline
