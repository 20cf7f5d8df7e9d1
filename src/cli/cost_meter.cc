#include "cli/cost_meter.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "pipeline/stack_kinds.h"

namespace cli {
namespace {

namespace cw = aws::cloudwatch;
using pipeline::PriceItem;

constexpr double kGigabyte = 1024.0 * 1024 * 1024;
// What no month of one metric reaches; no price makes more of it than pipeline::make_bill() can hold.
constexpr double kMetricMax = 1e16;
// Of a message, as SQS takes it.
constexpr double kMessageBytesMax = 1 << 20;
// A mapping polls with five long polls of 20 s while nothing comes (Lambda Developer Guide, "Using Lambda with Amazon
// SQS"; the number of five is AWS's as of 2026), so that 30 days have so many.
constexpr double kPollsPerMonth = 5.0 * 30 * 86'400 / 20;
constexpr int kPagesMax = 50;

struct Sums {
  double calls = 0;  // samples
  double sum = 0;
};

// A metric that tells no use. Whoever of the account may put metrics may have put it there.
base::AwsError impossible(const cw::GetMetricStatisticsInput& metric, double value, std::string_view why) {
  const cw::Dimension& of = metric.dimensions->front();
  return {.code = std::string(kImpossible),
          .message = fmt::format("the metric {} in {}, {} {}, says {}, which cannot be: {}. Something else has put it "
                                 "there; with a later --since than that it does not count",
                                 metric.metric_name.value_or(""), metric.namespace_.value_or(""), of.name.value_or(""),
                                 of.value.value_or(""), value, why)};
}

class Meter {
 public:
  Meter(const pipeline::Stack& stack, base::Timestamp since, base::Timestamp now)
      : stack_(stack), site_(stack.site()), since_(since), now_(now) {}

  base::Result<Metered> read() {
    TRY_ASSIGN(out_.orders, orders());
    for (const auto& resource : stack_.resources()) {
      const pipeline::ResourceSpec spec = resource->spec();
      TRY(std::visit([this](const auto& of) { return add(of); }, spec.of));
    }
    TRY(add_metrics());
    return std::move(out_);
  }

 private:
  static pipeline::Exact millionths(double quantity) {
    return static_cast<pipeline::Exact>(std::round(quantity * static_cast<double>(pipeline::kMillionths)));
  }
  void by_orders(PriceItem item, double quantity) {
    out_.usages.push_back({.item = item, .by_orders = millionths(quantity)});
  }
  void by_month(PriceItem item, double quantity) {
    out_.usages.push_back({.item = item, .by_month = millionths(quantity)});
  }

  void while_orders(PriceItem item, double quantity) {
    out_.usages.push_back({.item = item, .while_orders = millionths(quantity)});
  }

  base::Result<uint64_t> orders() {
    const cw::GetMetricStatisticsInput metric =
        sums_of(std::string(pipeline::kMetricNamespace), std::string(pipeline::kOrdersProcessed),
                pipeline::kStackDimension, site_.stack);
    TRY_ASSIGN(const Sums got, sums(metric));
    if (std::trunc(got.sum) != got.sum) return base::fail(impossible(metric, got.sum, "orders are whole"));
    if (got.sum > static_cast<double>(pipeline::kOrdersMax))
      return base::fail(impossible(metric, got.sum, fmt::format("more than {} orders", pipeline::kOrdersMax)));
    return static_cast<uint64_t>(got.sum);
  }

  [[nodiscard]] cw::GetMetricStatisticsInput sums_of(std::string name_space, std::string metric,
                                                     std::string_view dimension, const std::string& value) const {
    constexpr int32_t kDay = 86'400;
    cw::GetMetricStatisticsInput get;
    get.namespace_ = std::move(name_space);
    get.metric_name = std::move(metric);
    auto& only = get.dimensions.emplace().emplace_back();
    only.name = dimension;
    only.value = value;
    get.start_time = since_;
    get.end_time = now_ + std::chrono::minutes(1);  // the minute that is being filled counts
    get.period = kDay;
    get.statistics = {"SampleCount", "Sum", "Minimum"};
    return get;
  }
  // What there is of nothing that can be less than none; fails with kImpossible else.
  base::Result<Sums> sums(const cw::GetMetricStatisticsInput& get) {
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto got, site_.services.cloudwatch.get_metric_statistics(context, get));
    Sums out;
    for (const auto& point : got.datapoints.value_or(std::vector<cw::Datapoint>())) {
      out.calls += point.sample_count.value_or(0);
      out.sum += point.sum.value_or(0);
      // Also where more was added than this takes away.
      const double least = point.minimum.value_or(0);
      if (!(least >= 0)) return base::fail(impossible(get, least, "it counts what there was"));
    }
    for (const double total : {out.sum, out.calls})
      if (!(total >= 0 && total <= kMetricMax))  // NaN is neither
        return base::fail(impossible(get, total, fmt::format("it is none of 0 to {}", kMetricMax)));
    return out;
  }
  base::Result<Sums> sums(std::string name_space, std::string metric, std::string_view dimension,
                          const std::string& value) {
    return sums(sums_of(std::move(name_space), std::move(metric), dimension, value));
  }

  base::Result<void> add(const pipeline::TableSpec& of) {
    TRY_ASSIGN(const Sums written, sums("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", of.name));
    TRY_ASSIGN(const Sums read, sums("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", of.name));
    by_orders(PriceItem::write_units, written.sum);
    by_orders(PriceItem::read_units, read.sum);
    aws::dynamodb::DescribeTableInput describe;
    describe.table_name = of.name;
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto described, site_.services.dynamodb.describe_table(context, std::move(describe)));
    if (described.table.has_value())
      by_month(PriceItem::table_storage,
               static_cast<double>(described.table->table_size_bytes.value_or(0)) / kGigabyte);
    return {};
  }

  // Empty receives are those of the mappings, which are there without orders, too.
  base::Result<void> add(const pipeline::QueueSpec& of) {
    const auto read = [&](const std::string& metric) { return sums("AWS/SQS", metric, "QueueName", of.name); };
    TRY_ASSIGN(const Sums sent, read("NumberOfMessagesSent"));
    TRY_ASSIGN(const Sums size, read("SentMessageSize"));
    TRY_ASSIGN(const Sums received, read("NumberOfMessagesReceived"));
    TRY_ASSIGN(const Sums deleted, read("NumberOfMessagesDeleted"));
    const double each = sent.sum > 0 ? size.sum / sent.sum : 0;
    if (each > kMessageBytesMax)
      return base::fail(impossible(sums_of("AWS/SQS", "SentMessageSize", "QueueName", of.name), size.sum,
                                   fmt::format("{} messages were sent, of 1 MiB at most", sent.sum)));
    by_orders(PriceItem::sqs_requests, pipeline::billed_requests(sent.calls, size.sum));
    by_orders(PriceItem::sqs_requests, pipeline::billed_requests(received.calls, received.sum * each));
    by_orders(PriceItem::sqs_requests, deleted.calls);
    return {};
  }

  base::Result<void> add(const pipeline::MappingSpec&) {
    by_month(PriceItem::sqs_requests, kPollsPerMonth);
    return {};
  }

  // With its deliveries to the addresses that are subscribed now; those to queues and functions cost nothing.
  base::Result<void> add(const pipeline::TopicSpec& of) {
    TRY_ASSIGN(const Sums size, sums("AWS/SNS", "PublishSize", "TopicName", of.name));
    TRY_ASSIGN(const Sums published, sums("AWS/SNS", "NumberOfMessagesPublished", "TopicName", of.name));
    by_orders(PriceItem::sns_publishes, pipeline::billed_requests(published.sum, size.sum));
    aws::sns::ListSubscriptionsByTopicInput list;
    list.topic_arn = site_.topic_arn(of.name);
    while (true) {
      aws::Context context = site_.call();
      TRY_ASSIGN(const auto page, site_.services.sns.list_subscriptions_by_topic(context, list));
      for (const auto& each : page.subscriptions.value_or(std::vector<aws::sns::Subscription>())) {
        if (!each.subscription_arn.value_or("").starts_with("arn:")) continue;  // it was never confirmed
        const std::string protocol = each.protocol.value_or("");
        if (protocol == "email") by_orders(PriceItem::sns_emails, published.sum);
        if (protocol.starts_with("http")) by_orders(PriceItem::sns_http, published.sum);
      }
      if (page.next_token.value_or("").empty()) return {};
      list.next_token = page.next_token;
    }
  }
  base::Result<void> add(const pipeline::SubscriptionSpec&) { return {}; }

  // By the millisecond, begun ones whole.
  base::Result<void> add(const pipeline::FunctionSpec& of) {
    aws::lambda::GetFunctionConfigurationRequest get;
    get.function_name = of.name;
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto now, site_.services.lambda.get_function_configuration(context, std::move(get)));
    TRY_ASSIGN(const Sums invoked, sums("AWS/Lambda", "Invocations", "FunctionName", of.name));
    TRY_ASSIGN(const Sums lasted, sums("AWS/Lambda", "Duration", "FunctionName", of.name));
    const bool is_arm = now.architectures == std::vector<std::string>{"arm64"};
    const double gigabytes = now.memory_size.value_or(0) / 1024.0;
    by_orders(PriceItem::lambda_requests, invoked.sum);
    by_orders(is_arm ? PriceItem::lambda_time_arm : PriceItem::lambda_time_x86,
              (lasted.sum + lasted.calls) / 1000 * gigabytes);
    return {};
  }

  base::Result<void> add(const pipeline::LogGroupSpec& of) {
    TRY_ASSIGN(const Sums came, sums("AWS/Logs", "IncomingBytes", "LogGroupName", of.name));
    by_orders(PriceItem::log_bytes, came.sum / kGigabyte);
    aws::logs::DescribeLogGroupsRequest describe;
    describe.log_group_name_prefix = of.name;
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto found, site_.services.logs.describe_log_groups(context, std::move(describe)));
    for (const auto& group : found.log_groups.value_or(std::vector<aws::logs::LogGroup>()))
      if (group.log_group_name == of.name)
        by_month(PriceItem::log_storage, static_cast<double>(group.stored_bytes.value_or(0)) / kGigabyte);
    return {};
  }

  base::Result<void> add(const pipeline::BucketSpec& of) {
    aws::s3::ListObjectsV2Request list;
    list.bucket = of.name;
    double bytes = 0;
    for (int page = 0; page < kPagesMax; ++page) {
      aws::Context context = site_.call();
      TRY_ASSIGN(auto got, site_.services.s3.list_objects_v2(context, list));
      for (const auto& object : got.contents.value_or(std::vector<aws::s3::Object>()))
        bytes += static_cast<double>(object.size.value_or(0));
      list.continuation_token = std::move(got.next_continuation_token);
      if (!list.continuation_token.has_value()) break;
    }
    out_.is_complete = !list.continuation_token.has_value();
    by_month(PriceItem::s3_storage, bytes / kGigabyte);
    return {};
  }

  // S3 counts no requests unless it is asked to, for money. Each object that came was written once and is read in each
  // call of the function.
  base::Result<void> add(const pipeline::NotificationSpec& of) {
    TRY_ASSIGN(const Sums came, sums("AWS/Lambda", "AsyncEventsReceived", "FunctionName", of.function));
    TRY_ASSIGN(const Sums invoked, sums("AWS/Lambda", "Invocations", "FunctionName", of.function));
    by_orders(PriceItem::s3_writes, came.sum);
    by_orders(PriceItem::s3_reads, invoked.sum);
    return {};
  }

  base::Result<void> add(const pipeline::AlarmSpec& of) {
    by_month(PriceItem::alarms, of.share_of.empty() ? 1 : 2);
    return {};
  }

  base::Result<void> add(const pipeline::RoleSpec&) { return {}; }
  base::Result<void> add(const pipeline::PermissionSpec&) { return {}; }
  base::Result<void> add(const pipeline::FunctionUrlSpec&) { return {}; }

  // The pipeline's own. They come by the functions' logs, so that putting them costs nothing more, and are billed for
  // the hours in which they come (CloudWatch User Guide, "Analyzing, optimizing, and reducing CloudWatch costs").
  base::Result<void> add_metrics() {
    cw::ListMetricsInput list;
    list.namespace_ = pipeline::kMetricNamespace;
    auto& only = list.dimensions.emplace().emplace_back();
    only.name = pipeline::kStackDimension;
    only.value = site_.stack;
    std::size_t count = 0;
    for (int page = 0; page < kPagesMax; ++page) {
      aws::Context context = site_.call();
      TRY_ASSIGN(const auto got, site_.services.cloudwatch.list_metrics(context, list));
      count += got.metrics.value_or(std::vector<cw::Metric>()).size();
      if (got.next_token.value_or("").empty()) break;
      list.next_token = got.next_token;
    }
    while_orders(PriceItem::metrics, static_cast<double>(count));
    return {};
  }

  const pipeline::Stack& stack_;
  const pipeline::Site& site_;
  const base::Timestamp since_;
  const base::Timestamp now_;
  Metered out_;
};

}  // namespace

base::Result<Metered> meter(const pipeline::Stack& stack, base::Timestamp since, base::Timestamp now) {
  return Meter(stack, since, now).read();
}

}  // namespace cli
