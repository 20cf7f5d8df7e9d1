// LogShipper and LogStream: from the lines of running functions to CloudWatch Logs. Lines are collected per instance in
// memory and put by one writer task, so that logging costs an invocation an append and no store write. What is not yet
// put when the process dies is lost, as on AWS; what exceeds the bound is dropped and counted. Safe from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/logs/logs.h"
#include "base/env.h"
#include "runtime/function_host.h"

namespace engine::lambda {

class LogShipper;

// One instance's log stream. Shared by the instance (as its sink) and the shipper.
class LogStream final : public runtime::LogSink, public std::enable_shared_from_this<LogStream> {
 public:
  // `application_log_level`: what is below it is not kept, if it says so itself; empty: everything is.
  LogStream(LogShipper& shipper, std::string account, std::string region, std::string group,
            std::string application_log_level = "")
      : shipper_(shipper),
        account_(std::move(account)),
        region_(std::move(region)),
        group_(std::move(group)),
        application_log_level_(std::move(application_log_level)) {}
  ~LogStream() override;
  LogStream(const LogStream&) = delete;
  LogStream& operator=(const LogStream&) = delete;

  void write(const runtime::LogLine& line) override;
  void append(std::string text);
  // Lines are kept back until the stream has its name, which rests on the instance's id.
  void set_name(std::string name);

 private:
  friend class LogShipper;
  struct Line {
    base::Timestamp at;
    std::string text;
  };
  LogShipper& shipper_;
  const std::string account_;
  const std::string region_;
  const std::string group_;
  const std::string application_log_level_;
  bool exists_ = false;  // the writer's: group and stream have been made
  std::mutex mutex_;     // guards what follows
  std::string name_;
  std::vector<Line> lines_;
  uint64_t dropped_ = 0;
  bool queued_ = false;
};

class LogShipper {
 public:
  // Both references outlive the shipper, which outlives its streams' use.
  LogShipper(base::Env& env, aws::logs::Logs& logs);
  ~LogShipper();  // stop()
  LogShipper(const LogShipper&) = delete;
  LogShipper& operator=(const LogShipper&) = delete;

  void start();
  // Puts what is left and ends the writer.
  void stop();
  // Returns when every line appended before has been put.
  void drain();
  // A function that is deleted or made: late lines of a deleted one do not bring its log group back. Remembers at most
  // kLogDeadGroupsMax of them, then begins anew.
  void set_group_alive(const std::string& account, const std::string& region, const std::string& group, bool alive);

 private:
  friend class LogStream;
  void enqueue(std::shared_ptr<LogStream> stream);
  void hurry();
  void run();
  void flush_queue(std::unique_lock<std::mutex>& lock);
  void flush(const std::vector<std::shared_ptr<LogStream>>& streams);
  void put(LogStream& stream, const std::string& name, std::vector<LogStream::Line> lines, uint64_t dropped);
  bool put_batch(LogStream& stream, const std::string& name, std::vector<aws::logs::InputLogEvent> events);
  void create(LogStream& stream, const std::string& name);

  base::Env& env_;
  aws::logs::Logs& logs_;
  std::atomic<std::size_t> pending_bytes_ = 0;
  std::mutex mutex_;  // guards what follows; taken after a stream's mutex
  std::unique_ptr<base::Condition> changed_;
  std::vector<std::shared_ptr<LogStream>> queue_;
  std::set<std::string> dead_groups_;  // "account/region/group", those of deleted functions
  bool writing_ = false;               // somebody is putting what was taken from the queue
  bool full_ = false;
  bool stopping_ = false;
  std::unique_ptr<base::Task> task_;
};

}  // namespace engine::lambda
