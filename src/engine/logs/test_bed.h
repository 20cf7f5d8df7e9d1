// TestBed: a LogsService over a memory store with a manual clock, as the tests of this directory use it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/manual/manual_env.h"
#include "engine/logs/service.h"
#include "engine/test_calls.h"
#include "store/key.h"
#include "store/memory/memory_store.h"

namespace engine::logs {

constexpr int64_t kNowMs = 1'700'000'000'000;

struct TestBed {
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  ServiceMetrics metrics{env.env};
  std::unique_ptr<LogsService> logs = std::make_unique<LogsService>(*store, env.env, LogsOptions{&metrics});

  void restart() {
    logs.reset();
    logs = std::make_unique<LogsService>(*store, env.env, LogsOptions{&metrics});
  }
  template <class Out, class In>
  Out ok(base::Result<Out> (LogsService::*operation)(aws::Context&, In), In in) {
    return call_ok(*logs, root_context(env), operation, std::move(in));
  }
  template <class Out, class In>
  std::string error(base::Result<Out> (LogsService::*operation)(aws::Context&, In), In in) {
    return call_error(Codes::json, *logs, root_context(env), operation, std::move(in));
  }
  void group(const std::string& name) {
    ok(&LogsService::create_log_group, aws::logs::CreateLogGroupRequest{name, {}, {}});
  }
  void stream(const std::string& group, const std::string& name) {
    ok(&LogsService::create_log_stream, aws::logs::CreateLogStreamRequest{group, name});
  }
  static aws::logs::PutLogEventsRequest put_request(const std::string& group, const std::string& stream,
                                                    const std::vector<std::pair<int64_t, std::string>>& events) {
    aws::logs::PutLogEventsRequest in;
    in.log_group_name = group;
    in.log_stream_name = stream;
    in.log_events.emplace();
    for (const auto& [offset, message] : events) in.log_events->push_back({kNowMs + offset, message});
    return in;
  }
  aws::logs::PutLogEventsResponse put(const std::string& group, const std::string& stream,
                                      const std::vector<std::pair<int64_t, std::string>>& events) {
    return ok(&LogsService::put_log_events, put_request(group, stream, events));
  }
  aws::logs::GetLogEventsResponse get(std::optional<std::string> token, std::optional<bool> head, int limit) {
    aws::logs::GetLogEventsRequest in;
    in.log_group_name = "g";
    in.log_stream_name = "s";
    in.next_token = std::move(token);
    in.start_from_head = head;
    in.limit = limit;
    return ok(&LogsService::get_log_events, std::move(in));
  }
  aws::logs::FilterLogEventsResponse filter(aws::logs::FilterLogEventsRequest in) {
    in.log_group_name = "g";
    return ok(&LogsService::filter_log_events, std::move(in));
  }
  aws::logs::LogGroup describe() {
    const auto groups = ok(&LogsService::describe_log_groups, aws::logs::DescribeLogGroupsRequest{}).log_groups;
    return groups->size() == 1 ? groups->at(0) : aws::logs::LogGroup{};
  }
  std::size_t rows(std::string_view table) {
    const std::string prefix = store::KeyWriter(table).take();
    std::size_t count = 0;
    for (auto cursor = store->scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) ++count;
    return count;
  }
};

template <class Events>
std::string messages(const Events& events) {
  std::string out;
  for (const auto& event : *events) out += (out.empty() ? "" : ",") + *event.message;
  return out;
}

}  // namespace engine::logs
