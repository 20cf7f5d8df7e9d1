// AnswerWatch: tells on stderr what a command waits for, once a service has let it wait for ten seconds, and again only
// after a service has answered meanwhile. Outlives the client that it watches. Safe from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "aws/client/call_watch.h"
#include "base/env.h"

namespace cli {

class AnswerWatch final : public aws::client::CallWatch {
 public:
  explicit AnswerWatch(base::Env& env);
  ~AnswerWatch() override;
  uint64_t begins(const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                  const aws::http::Endpoint& endpoint) override;
  void ends(uint64_t attempt, bool is_answered) override;

 private:
  struct Waiting {
    base::Timestamp since;
    const aws::ServiceDesc* service;
    const aws::OperationDesc* operation;
    aws::http::Endpoint endpoint;
  };
  void watch();

  base::Env& env_;
  std::mutex mutex_;
  const std::unique_ptr<base::Condition> ends_;
  bool is_over_ = false;
  bool is_told_ = false;
  uint64_t last_ = 0;
  std::map<uint64_t, Waiting> waiting_;  // the oldest first
  std::unique_ptr<base::Task> task_;     // null: there was no thread to be had, and nothing is told
};

}  // namespace cli
