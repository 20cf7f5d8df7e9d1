#include "engine/logs/service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/test_bed.h"

namespace engine::logs {
namespace {

using namespace aws::logs;
using std::chrono::hours;

TEST(Groups, LifeCycle) {
  TestBed bed;
  bed.group("g");
  EXPECT_EQ(bed.error(&LogsService::create_log_group, CreateLogGroupRequest{"g", {}, {}}),
            "ResourceAlreadyExistsException: The specified log group already exists");
  LogGroup group = bed.describe();
  EXPECT_EQ(*group.arn, "arn:aws:logs:eu-west-1:123456789012:log-group:g:*");
  EXPECT_EQ(*group.log_group_arn, "arn:aws:logs:eu-west-1:123456789012:log-group:g");
  EXPECT_EQ(*group.creation_time, kNowMs);
  EXPECT_EQ(*group.stored_bytes, 0);
  EXPECT_FALSE(group.retention_in_days);
  bed.ok(&LogsService::put_retention_policy, PutRetentionPolicyRequest{"g", 7});
  EXPECT_TRUE(bed.error(&LogsService::put_retention_policy, PutRetentionPolicyRequest{"g", 8})
                  .starts_with("InvalidParameterException: 1 validation error detected: Value '8' at"));
  bed.restart();
  EXPECT_EQ(*bed.describe().retention_in_days, 7);
  bed.ok(&LogsService::delete_retention_policy, DeleteRetentionPolicyRequest{"g"});
  EXPECT_FALSE(bed.describe().retention_in_days);
  bed.ok(&LogsService::delete_log_group, DeleteLogGroupRequest{"g"});
  EXPECT_EQ(bed.error(&LogsService::delete_log_group, DeleteLogGroupRequest{"g"}),
            "ResourceNotFoundException: The specified log group does not exist.");
  CreateLogGroupRequest infrequent{"i", {}, {}};
  infrequent.log_group_class = "INFREQUENT_ACCESS";
  EXPECT_TRUE(bed.error(&LogsService::create_log_group, infrequent).starts_with("InvalidParameterException: The"));
}

TEST(Groups, ListingPages) {
  TestBed bed;
  for (int i = 0; i < 5; ++i) bed.group("/a/" + std::to_string(i));
  bed.group("/b");
  DescribeLogGroupsRequest in;
  in.log_group_name_prefix = "/a/";
  in.limit = 3;
  auto page = bed.ok(&LogsService::describe_log_groups, in);
  EXPECT_EQ(page.log_groups->size(), 3u);
  in.next_token = page.next_token;
  page = bed.ok(&LogsService::describe_log_groups, in);
  EXPECT_EQ(page.log_groups->size(), 2u);
  EXPECT_EQ(*page.log_groups->at(0).log_group_name, "/a/3");
  EXPECT_FALSE(page.next_token);
  in.log_group_name_pattern = "b";
  EXPECT_EQ(bed.error(&LogsService::describe_log_groups, in),
            "InvalidParameterException: LogGroup name prefix and LogGroup name pattern are mutually exclusive "
            "parameters.");
  in = {};
  EXPECT_EQ(bed.ok(&LogsService::describe_log_groups, in).log_groups->at(0).deletion_protection_enabled, false);
  in.log_group_name_pattern = "b";
  page = bed.ok(&LogsService::describe_log_groups, in);
  EXPECT_EQ(page.log_groups->size(), 1u);
  EXPECT_FALSE(page.log_groups->at(0).stored_bytes);
  EXPECT_FALSE(page.log_groups->at(0).deletion_protection_enabled);
}

TEST(Groups, TagsAreTheSameByNameAndArn) {
  TestBed bed;
  bed.group("g");
  const std::string arn = "arn:aws:logs:eu-west-1:123456789012:log-group:g";
  bed.ok(&LogsService::tag_resource, TagResourceRequest{arn, aws::Map<std::string>{{"a", "1"}, {"b", "2"}}});
  bed.ok(&LogsService::untag_log_group, UntagLogGroupRequest{"g", std::vector<std::string>{"a"}});
  bed.restart();
  EXPECT_EQ(*bed.ok(&LogsService::list_tags_log_group, ListTagsLogGroupRequest{"g"}).tags,
            (aws::Map<std::string>{{"b", "2"}}));
  EXPECT_EQ(bed.ok(&LogsService::list_tags_for_resource, ListTagsForResourceRequest{arn}).tags->size(), 1u);
  EXPECT_EQ(bed.error(&LogsService::list_tags_for_resource, ListTagsForResourceRequest{arn + "x"}),
            "ResourceNotFoundException: The specified log group does not exist.");
}

TEST(Streams, ListingOrders) {
  TestBed bed;
  bed.group("g");
  for (const char* name : {"a1", "a2", "b1"}) bed.stream("g", name);
  EXPECT_EQ(bed.error(&LogsService::create_log_stream, CreateLogStreamRequest{"g", "a1"}),
            "ResourceAlreadyExistsException: The specified log stream already exists");
  bed.put("g", "a2", {{0, "x"}});
  bed.put("g", "b1", {{-5, "x"}});
  DescribeLogStreamsRequest in;
  in.log_group_name = "g";
  in.order_by = "LastEventTime";
  in.descending = true;
  in.limit = 2;
  auto page = bed.ok(&LogsService::describe_log_streams, in);
  ASSERT_EQ(page.log_streams->size(), 2u);
  EXPECT_EQ(*page.log_streams->at(0).log_stream_name, "a2");
  EXPECT_EQ(*page.log_streams->at(1).log_stream_name, "b1");
  EXPECT_EQ(page.log_streams->at(1).last_event_timestamp, kNowMs - 5);
  in.next_token = page.next_token;
  page = bed.ok(&LogsService::describe_log_streams, in);
  ASSERT_EQ(page.log_streams->size(), 1u);
  EXPECT_EQ(*page.log_streams->at(0).log_stream_name, "a1");
  EXPECT_FALSE(page.log_streams->at(0).last_event_timestamp);
  in.log_stream_name_prefix = "a";
  EXPECT_EQ(bed.error(&LogsService::describe_log_streams, in),
            "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.");
  in = {};
  in.log_group_identifier = "arn:aws:logs:eu-west-1:123456789012:log-group:g:*";
  in.log_stream_name_prefix = "a";
  EXPECT_EQ(bed.ok(&LogsService::describe_log_streams, in).log_streams->size(), 2u);
  in.log_group_name = "g";
  EXPECT_TRUE(bed.error(&LogsService::describe_log_streams, in).starts_with("ValidationException: LogGroup name and"));
}

TEST(Put, Refusals) {
  TestBed bed;
  bed.group("g");
  bed.stream("g", "s");
  const auto error = [&](std::vector<std::pair<int64_t, std::string>> events) {
    return bed.error(&LogsService::put_log_events, TestBed::put_request("g", "s", events));
  };
  EXPECT_EQ(error({{1, "a"}, {0, "b"}}),
            "InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order.");
  EXPECT_EQ(error({{-kPutSpanMsMax, "a"}, {1, "b"}}),
            "InvalidParameterException: The batch of log events in a single PutLogEvents request cannot span more than "
            "24 hours.");
  EXPECT_TRUE(error({{0, std::string(kPutBytesMax - 25, 'x')}}).starts_with("InvalidParameterException: Upload too"));
  EXPECT_EQ(error({{0, std::string(kPutBytesMax - 26, 'x')}}), "no error");
  EXPECT_EQ(bed.error(&LogsService::put_log_events, TestBed::put_request("g", "t", {{0, "a"}})),
            "ResourceNotFoundException: The specified log stream does not exist.");
  EXPECT_EQ(bed.rows(keys::kEventTable), 1u);
}

TEST(Put, OldAndNewEventsAreRejectedOneByOne) {
  TestBed bed;
  bed.group("g");
  bed.stream("g", "s");
  auto rejected = bed.put("g", "s", {{0, "a"}, {kTooNewMs, "b"}, {kTooNewMs + 1, "c"}}).rejected_log_events_info;
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->too_new_log_event_start_index, 2);
  EXPECT_FALSE(rejected->too_old_log_event_end_index);
  rejected =
      bed.put("g", "s", {{-kTooOldMs - 2, "x"}, {-kTooOldMs - 1, "y"}, {-kTooOldMs, "old"}}).rejected_log_events_info;
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->too_old_log_event_end_index, 2);
  EXPECT_EQ(messages(bed.get({}, true, 10).events), "old,a,b");
  EXPECT_EQ(*bed.describe().stored_bytes, 3 * 26 + 5);
  bed.ok(&LogsService::put_retention_policy, PutRetentionPolicyRequest{"g", 1});
  rejected = bed.put("g", "s", {{-kDayMs - 1, "x"}, {-1, "y"}}).rejected_log_events_info;
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->expired_log_event_end_index, 1);
}

TEST(Get, PagesInBothDirections) {
  TestBed bed;
  bed.group("g");
  bed.stream("g", "s");
  bed.put("g", "s", {{1, "1"}, {2, "2"}, {2, "2b"}, {3, "3"}, {4, "4"}});
  auto tail = bed.get({}, {}, 2);
  EXPECT_EQ(messages(tail.events), "3,4");
  const auto back = bed.get(tail.next_backward_token, {}, 2);
  EXPECT_EQ(messages(back.events), "2,2b");
  EXPECT_EQ(messages(bed.get(back.next_backward_token, {}, 2).events), "1");
  EXPECT_EQ(messages(bed.get(back.next_forward_token, {}, 2).events), "3,4");
  const auto end = bed.get(tail.next_forward_token, {}, 2);
  EXPECT_TRUE(end.events->empty());
  EXPECT_EQ(end.next_forward_token, tail.next_forward_token);
  bed.restart();
  bed.put("g", "s", {{4, "4b"}});  // a tie with what was read comes after it
  EXPECT_EQ(messages(bed.get(end.next_forward_token, {}, 2).events), "4b");
  auto head = bed.get({}, true, 3);
  EXPECT_EQ(messages(head.events), "1,2,2b");
  EXPECT_EQ(messages(bed.get(head.next_forward_token, true, 3).events), "3,4,4b");
  GetLogEventsRequest in;
  in.log_group_name = "g";
  in.log_stream_name = "s";
  in.start_time = kNowMs + 2;
  in.end_time = kNowMs + 3;
  EXPECT_EQ(messages(bed.ok(&LogsService::get_log_events, in).events), "2,2b");
  in.next_token = "f/1/s";
  EXPECT_EQ(bed.error(&LogsService::get_log_events, in),
            "InvalidParameterException: The specified nextToken is invalid.");
}

TEST(Filter, MergesStreamsInOrder) {
  TestBed bed;
  bed.group("g");
  for (const char* name : {"a", "b", "c"}) bed.stream("g", name);
  bed.put("g", "b", {{1, "b1"}, {3, "b3"}});
  bed.put("g", "a", {{1, "a1"}, {2, "a2"}, {3, "a3"}});
  auto all = bed.filter({});
  EXPECT_EQ(messages(all.events), "b1,a1,a2,b3,a3");
  EXPECT_EQ(all.events->at(0).event_id->size(), 56u);
  EXPECT_EQ(*all.events->at(0).log_stream_name, "b");
  EXPECT_TRUE(all.searched_log_streams->empty());
  EXPECT_FALSE(all.next_token);
  FilterLogEventsRequest in;
  in.limit = 2;
  auto page = bed.filter(in);
  EXPECT_EQ(messages(page.events), "b1,a1");
  in.next_token = page.next_token;
  page = bed.filter(in);
  EXPECT_EQ(messages(page.events), "a2,b3");
  in.next_token = "x";
  in.log_group_name = "g";
  EXPECT_EQ(bed.error(&LogsService::filter_log_events, in),
            "InvalidParameterException: The specified nextToken is invalid.");
  in = {};
  in.log_stream_names = {"a", "a"};
  in.start_time = kNowMs + 2;
  in.end_time = kNowMs + 2;
  EXPECT_EQ(messages(bed.filter(in).events), "a2");
}

TEST(Filter, ReadsAheadInPieces) {
  TestBed bed;
  bed.group("g");
  std::string expected;
  for (const char* name : {"a", "b"}) {
    bed.stream("g", name);
    std::vector<std::pair<int64_t, std::string>> events;
    for (int i = 0; i < 300; ++i) events.emplace_back(i * 2 + (name[0] == 'b' ? 1 : 0), "x");
    bed.put("g", name, events);
  }
  const auto all = bed.filter({});
  ASSERT_EQ(all.events->size(), 600u);
  for (int i = 0; i < 600; ++i) ASSERT_EQ(all.events->at(static_cast<std::size_t>(i)).timestamp, kNowMs + i);
}

TEST(Retention, ExpiredEventsDisappearAndAreErased) {
  TestBed bed;
  bed.group("g");
  bed.stream("g", "s");
  std::vector<std::pair<int64_t, std::string>> events(1200, {0, "x"});
  events.emplace_back(kTooNewMs, "late");
  bed.put("g", "s", events);
  bed.ok(&LogsService::put_retention_policy, PutRetentionPolicyRequest{"g", 1});
  bed.env.clock.advance(hours(25));
  EXPECT_EQ(messages(bed.get({}, true, 10).events), "late");
  EXPECT_EQ(messages(bed.filter({}).events), "late");
  EXPECT_EQ(bed.rows(keys::kEventTable), 1201u);
  bed.logs->start();
  bed.env.clock.await_waiters(1);
  EXPECT_EQ(bed.rows(keys::kEventTable), 1u);
  EXPECT_EQ(*bed.describe().stored_bytes, 26 + 4);
  bed.env.clock.advance(hours(25));
  bed.env.clock.await_waiters(1);
  while (bed.rows(keys::kEventTable) != 0) bed.env.clock.await_waiters(1);
  EXPECT_EQ(*bed.describe().stored_bytes, 0);
}

TEST(Deletion, LeavesNothingBehind) {
  TestBed bed;
  bed.group("g");
  bed.group("h");
  for (const char* group : {"g", "h"}) {
    for (const char* stream : {"s", "t"}) {
      bed.stream(group, stream);
      bed.put(group, stream, {{0, "x"}});
    }
  }
  bed.ok(&LogsService::delete_log_stream, DeleteLogStreamRequest{"h", "s"});
  EXPECT_EQ(bed.rows(keys::kEventTable), 3u);
  bed.ok(&LogsService::delete_log_group, DeleteLogGroupRequest{"g"});
  EXPECT_EQ(bed.rows(keys::kEventTable), 1u);
  EXPECT_EQ(bed.rows(keys::kStreamTable), 1u);
  bed.restart();
  bed.group("g");
  bed.stream("g", "s");
  EXPECT_TRUE(bed.get({}, true, 10).events->empty());
}

// Of names that are too long no operation says that they are not there.
TEST(Names, TooLongOnesAreRefused) {
  TestBed bed;
  bed.group("g");
  const std::string name(kNameLengthMax + 1, 'x');
  const std::string text =
      "InvalidParameterException: Invalid LogGroup or LogStream, both must have length less than or equal to 512.";
  EXPECT_EQ(bed.error(&LogsService::delete_metric_filter, DeleteMetricFilterRequest{name, "f"}), text);
  EXPECT_EQ(bed.error(&LogsService::delete_log_group, DeleteLogGroupRequest{name}), text);
  EXPECT_EQ(bed.error(&LogsService::delete_log_stream, DeleteLogStreamRequest{"g", name}), text);
  EXPECT_EQ(bed.error(&LogsService::put_retention_policy, PutRetentionPolicyRequest{name, 7}), text);
  DescribeLogGroupsRequest groups;
  groups.log_group_name_prefix = name;
  EXPECT_EQ(bed.error(&LogsService::describe_log_groups, groups), text);
  DescribeLogStreamsRequest streams;
  streams.log_group_name = "g";
  streams.log_stream_name_prefix = name;
  EXPECT_EQ(bed.error(&LogsService::describe_log_streams, streams), text);
  FilterLogEventsRequest by_prefix;
  by_prefix.log_group_name = "g";
  by_prefix.log_stream_name_prefix = name;
  EXPECT_EQ(bed.error(&LogsService::filter_log_events, by_prefix), text);
  FilterLogEventsRequest by_name;
  by_name.log_group_name = "g";
  by_name.log_stream_names = {"s", name};
  EXPECT_EQ(bed.error(&LogsService::filter_log_events, by_name), text);
  by_name.log_group_name.reset();
  by_name.log_group_identifier = "arn:aws:logs:eu-west-1:123456789012:log-group:" + name;
  by_name.log_stream_names.reset();
  EXPECT_EQ(bed.error(&LogsService::filter_log_events, by_name), text);
}

TEST(Groups, AreListedByPatternAndTags) {
  TestBed bed;
  for (const char* name : {"/aws/lambda/a", "/aws/lambda/b", "/shop/orders", "other"}) bed.group(name);
  bed.ok(&LogsService::tag_log_group, TagLogGroupRequest{"/shop/orders", aws::Map<std::string>{{"team", "red"}}});
  const auto listed = [&](const char* pattern, std::optional<std::vector<TagFilter>> tags = {}) {
    std::string names;
    ListLogGroupsRequest in;
    if (*pattern != '\0') in.log_group_name_pattern = pattern;
    in.log_group_tags = std::move(tags);
    in.limit = 1;
    do {
      const auto page = bed.ok(&LogsService::list_log_groups, in);
      for (const LogGroupSummary& group : *page.log_groups) names += *group.log_group_name + ' ';
      in.next_token = page.next_token;
    } while (in.next_token);
    return names;
  };
  EXPECT_EQ(listed(""), "/aws/lambda/a /aws/lambda/b /shop/orders other ");
  EXPECT_EQ(listed("^/aws"), "/aws/lambda/a /aws/lambda/b ");
  EXPECT_EQ(listed("^lambda"), "");
  EXPECT_EQ(listed("lambda/b|^oth"), "/aws/lambda/b other ");
  EXPECT_EQ(listed("", {{{"team", {}}}}), "/shop/orders ");
  EXPECT_EQ(listed("", {{{"team", {{"blue", "red"}}}}}), "/shop/orders ");
  EXPECT_EQ(listed("", {{{"team", {{"blue"}}}}}), "");
  ListLogGroupsRequest in;
  in.log_group_name_pattern = "other";
  const auto group = bed.ok(&LogsService::list_log_groups, in).log_groups->front();
  EXPECT_EQ(group.log_group_arn, "arn:aws:logs:eu-west-1:123456789012:log-group:other");
  EXPECT_EQ(group.log_group_class, "STANDARD");
  in.next_token = "!";
  EXPECT_EQ(bed.error(&LogsService::list_log_groups, in),
            "InvalidParameterException: The specified nextToken is invalid.");
}

// What the engine does not have is read as empty, of groups that exist.
TEST(Absent, IsReadAsEmpty) {
  TestBed bed;
  bed.group("g");
  const std::string missing = "ResourceNotFoundException: The specified log group does not exist.";
  DescribeSubscriptionFiltersRequest filters;
  filters.log_group_name = "g";
  EXPECT_TRUE(bed.ok(&LogsService::describe_subscription_filters, filters).subscription_filters->empty());
  filters.next_token = "x";
  EXPECT_EQ(bed.error(&LogsService::describe_subscription_filters, filters),
            "InvalidParameterException: The specified nextToken is invalid.");
  filters.log_group_name = "none";
  EXPECT_EQ(bed.error(&LogsService::describe_subscription_filters, filters), missing);
  DescribeIndexPoliciesRequest policies;
  policies.log_group_identifiers = {"g", "arn:aws:logs:eu-west-1:123456789012:log-group:g"};
  EXPECT_TRUE(bed.ok(&LogsService::describe_index_policies, policies).index_policies->empty());
  policies.log_group_identifiers->push_back("none");
  EXPECT_EQ(bed.error(&LogsService::describe_index_policies, policies), missing);
  GetDataProtectionPolicyRequest protection;
  protection.log_group_identifier = "g";
  const auto policy = bed.ok(&LogsService::get_data_protection_policy, protection);
  EXPECT_EQ(policy.log_group_identifier, "g");
  EXPECT_FALSE(policy.policy_document);
  EXPECT_EQ(bed.error(&LogsService::get_transformer, GetTransformerRequest{"g"}),
            "ResourceNotFoundException: The specified transformer does not exist.");
  EXPECT_EQ(bed.error(&LogsService::get_transformer, GetTransformerRequest{"none"}), missing);
  EXPECT_TRUE(bed.ok(&LogsService::list_scheduled_queries, ListScheduledQueriesRequest{}).scheduled_queries->empty());
  EXPECT_TRUE(bed.ok(&LogsService::describe_lookup_tables, DescribeLookupTablesRequest{}).lookup_tables->empty());
  EXPECT_TRUE(bed.ok(&LogsService::describe_import_tasks, DescribeImportTasksRequest{}).imports->empty());
  EXPECT_TRUE(
      bed.ok(&LogsService::describe_resource_policies, DescribeResourcePoliciesRequest{}).resource_policies->empty());
}

// A page ends after so much work, whatever was found, and the next one goes on behind it.
TEST(Work, FilterLogEventsEndsAPageEarly) {
  constexpr std::size_t kWorkMax = 1 << 20;
  TestBed bed;
  bed.logs = std::make_unique<LogsService>(*bed.store, bed.env.env, LogsOptions{nullptr, kWorkMax});
  bed.group("g");
  bed.stream("g", "s");
  constexpr std::size_t kEvents = 24;
  constexpr std::size_t kEventBytes = 20'000;
  for (std::size_t i = 0; i < kEvents; ++i) {
    std::string message(kEventBytes, i % 2 == 0 ? 'a' : 'b');
    message += i == kEvents - 1 ? "b" : "c";
    bed.put("g", "s", {{static_cast<int64_t>(i), message}});
  }
  FilterLogEventsRequest in;
  in.filter_pattern = "%c[ab]{250}%";  // finds nothing and costs four looks at each byte
  const std::size_t per_page = kWorkMax / (4 * (kEventBytes + 1 + kEventOverheadBytes));
  std::size_t pages = 1;
  for (; pages < kEvents; ++pages) {
    const auto page = bed.filter(in);
    EXPECT_TRUE(page.events->empty());
    in.next_token = page.next_token;
    if (!in.next_token) break;
  }
  EXPECT_EQ(pages, (kEvents + per_page - 1) / per_page);
  // Thirty loops cost one look.
  std::string thirty;
  for (int i = 0; i < 30; ++i) thirty += "[ab]*";
  FilterLogEventsRequest loops;
  loops.filter_pattern = "%^" + thirty + "$%";
  const auto page = bed.filter(loops);
  EXPECT_EQ(page.events->size(), 1u);
  EXPECT_FALSE(page.next_token);
}

// An event that alone costs more than a page may is looked at nevertheless.
TEST(Work, APageLooksAtOneEventAtLeast) {
  TestBed bed;
  bed.logs = std::make_unique<LogsService>(*bed.store, bed.env.env, LogsOptions{nullptr, 1 << 20});
  bed.group("g");
  bed.stream("g", "s");
  std::string pattern = "{ $.a = 0";
  for (int i = 1; i < 100; ++i) pattern += "||$.a=" + std::to_string(i);
  const std::string big = "{\"a\":99,\"b\":\"" + std::string(100'000, 'x') + "\"}";
  for (int i = 0; i < 3; ++i) bed.put("g", "s", {{i, big}});
  FilterLogEventsRequest in;
  in.filter_pattern = pattern + "}";
  std::size_t found = 0;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = bed.filter(in);
    found += page.events->size();
    in.next_token = page.next_token;
    EXPECT_EQ(in.next_token.has_value(), pages < 2);
  }
  EXPECT_EQ(found, 3u);
}

// What is done in several steps, between which others have the lock, is complete and in order.
TEST(Work, LongListsAreWrittenAndWalkedInSteps) {
  TestBed bed;
  bed.group("g");
  std::vector<std::pair<int64_t, std::string>> events;
  for (int i = 0; i < static_cast<int>(3 * kStoredPerStep) + 1; ++i) events.emplace_back(i, std::to_string(i));
  bed.stream("g", "s");
  bed.put("g", "s", events);
  EXPECT_EQ(bed.rows(keys::kEventTable), events.size());
  const auto read = bed.get({}, true, 10'000);
  EXPECT_EQ(read.events->size(), events.size());
  EXPECT_EQ(*read.events->back().message, events.back().second);
  bed.ok(&LogsService::delete_log_stream, DeleteLogStreamRequest{"g", "s"});
  EXPECT_EQ(bed.describe().stored_bytes, 0);

  const int streams = static_cast<int>(kWalkedPerStep) + 30;
  for (int i = 0; i < streams; ++i) {
    const std::string name = "s" + std::to_string(10'000 + i);
    bed.stream("g", name);
    bed.put("g", name, {{streams - i, "x"}});
  }
  EXPECT_EQ(bed.filter({}).events->size(), static_cast<std::size_t>(streams));
  for (const bool by_time : {false, true}) {
    for (const bool descending : {false, true}) {
      DescribeLogStreamsRequest in;
      in.log_group_name = "g";
      in.descending = descending;
      if (by_time) in.order_by = "LastEventTime";
      std::vector<std::string> names;
      do {
        const auto page = bed.ok(&LogsService::describe_log_streams, in);
        for (const LogStream& stream : *page.log_streams) names.push_back(*stream.log_stream_name);
        in.next_token = page.next_token;
      } while (in.next_token);
      EXPECT_EQ(names.size(), static_cast<std::size_t>(streams));
      EXPECT_TRUE(by_time != descending ? std::ranges::is_sorted(names, std::greater())
                                        : std::ranges::is_sorted(names));
    }
  }
}

}  // namespace
}  // namespace engine::logs
