#include "cli/stack_contents.h"

#include <fmt/format.h>

#include <charconv>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "aws/sqs/sqs.h"

namespace cli {
namespace {

constexpr int kPagesMax = 50;  // of a table 1 MB each, of a bucket 1,000 objects

// Messages of a queue by the name of their state.
base::Result<aws::Map<std::string>> depths(const pipeline::Site& site, const std::string& queue) {
  aws::sqs::GetQueueAttributesRequest get;
  get.queue_url = site.queue_url(queue);
  get.attribute_names = {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                         "ApproximateNumberOfMessagesDelayed"};
  aws::Context context = site.call();
  TRY_ASSIGN(auto got, site.services.sqs.get_queue_attributes(context, std::move(get)));
  return std::move(got.attributes).value_or(aws::Map<std::string>());
}

base::Result<Count> objects_in(const pipeline::Site& site, const std::string& bucket) {
  aws::s3::ListObjectsV2Request list;
  list.bucket = bucket;
  Count count;
  for (int page = 0; page < kPagesMax; ++page) {
    aws::Context context = site.call();
    auto got = site.services.s3.list_objects_v2(context, list);
    if (!got.has_value() && pipeline::is_absent(got.error())) return count;
    if (!got.has_value()) return base::fail(std::move(got).error());
    count.seen += static_cast<uint64_t>(got->key_count.value_or(0));
    if (!got->next_continuation_token.has_value()) return count;
    list.continuation_token = std::move(got->next_continuation_token);
  }
  count.is_complete = false;
  return count;
}

}  // namespace

base::Result<uint64_t> messages_in(const pipeline::Site& site, const std::string& queue) {
  TRY_ASSIGN(const auto all, depths(site, queue));
  uint64_t sum = 0;
  for (const auto& [name, text] : all) {
    uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    sum += number;
  }
  return sum;
}

std::string text_of(const Count& count) {
  return count.is_complete ? std::to_string(count.seen) : fmt::format("more than {}", count.seen);
}

base::Result<Count> rows_in(const pipeline::Site& site, const std::string& table, base::Duration at_most) {
  aws::dynamodb::ScanInput scan;
  scan.table_name = table;
  scan.select = "COUNT";
  scan.consistent_read = true;  // an eventual read may not know of what was just stored
  Count count;
  const base::Timestamp end = site.env.clock.now() + at_most;
  for (int page = 0; page < kPagesMax && (page == 0 || site.env.clock.now() < end); ++page) {
    aws::Context context = site.call();
    auto got = site.services.dynamodb.scan(context, scan);
    if (!got.has_value() && pipeline::is_absent(got.error())) return count;
    if (!got.has_value()) return base::fail(std::move(got).error());
    count.seen += static_cast<uint64_t>(got->count.value_or(0));
    if (!got->last_evaluated_key.has_value()) return count;
    scan.exclusive_start_key = std::move(got->last_evaluated_key);
  }
  count.is_complete = false;
  return count;
}

namespace {

// DynamoDB brings it up to date about every six hours
// (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html).
std::optional<int64_t> old_row_count(const pipeline::Site& site, const std::string& table) {
  aws::dynamodb::DescribeTableInput describe;
  describe.table_name = table;
  aws::Context context = site.call();
  const auto got = site.services.dynamodb.describe_table(context, std::move(describe));
  if (!got.has_value() || !got->table.has_value()) return std::nullopt;
  return got->table->item_count;
}

Contents contents_of_table(const pipeline::Site& site, const pipeline::Step& step) {
  constexpr auto kPatience = std::chrono::seconds(2);
  const auto counted = rows_in(site, step.name, kPatience);
  if (counted.has_value() && counted->is_complete)
    return {fmt::format("{} rows", counted->seen), fmt::format(",\"rows\":{},\"rows_are\":\"counted\"", counted->seen)};
  const auto old = old_row_count(site, step.name);
  if (counted.has_value()) {
    const bool says_more = old.has_value() && *old > static_cast<int64_t>(counted->seen);
    return {fmt::format("more than {} rows{}", counted->seen,
                        says_more ? fmt::format(", {} by a count up to 6 hours old", *old) : ""),
            fmt::format(",\"rows\":{},\"rows_are\":\"at_least\"", counted->seen)};
  }
  if (!old.has_value()) return {step.what};
  return {fmt::format("{} rows by a count up to 6 hours old", *old),
          fmt::format(",\"rows\":{},\"rows_are\":\"up_to_6_hours_old\"", *old)};
}

}  // namespace

Contents contents(const pipeline::Site& site, const pipeline::Step& step) {
  if (step.kind == "table") return contents_of_table(site, step);
  if (step.kind != "queue") return {step.what};
  const auto all = depths(site, step.name);
  if (!all.has_value()) return {step.what};
  const auto number = [&all](std::string_view name) {
    const std::string* text = all->find(name);
    return text == nullptr ? std::string("0") : *text;
  };
  return {number("ApproximateNumberOfMessages") + " waiting, " + number("ApproximateNumberOfMessagesNotVisible") +
          " in flight, " + number("ApproximateNumberOfMessagesDelayed") + " delayed"};
}

base::Result<StackContents> count_contents(pipeline::Stack& stack) {
  const pipeline::Site& site = stack.site();
  const pipeline::PipelineConfig config = stack.config();
  StackContents out;
  TRY_ASSIGN(const pipeline::Plan plan, stack.plan());
  for (const pipeline::PlannedStep& step : plan) {
    if (step.action == pipeline::Action::create) continue;  // it does not exist
    ++out.resources[step.kind];
    if (step.kind != "queue") continue;
    TRY_ASSIGN(const uint64_t messages, messages_in(site, step.name));
    out.messages += messages;
  }
  TRY_ASSIGN(out.orders, rows_in(site, config.orders_table));
  TRY_ASSIGN(out.quarantined, rows_in(site, config.quarantine_table));
  TRY_ASSIGN(out.uploads, objects_in(site, config.bucket));
  return out;
}

}  // namespace cli
