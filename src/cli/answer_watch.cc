#include "cli/answer_watch.h"

#include <fmt/format.h>

#include "cli/interruption.h"
#include "cli/output.h"

namespace cli {
namespace {

constexpr std::chrono::seconds kPatience(10);

}  // namespace

AnswerWatch::AnswerWatch(base::Env& env)
    : env_(env),
      ends_(env.executor.make_condition()),
      task_(env.executor.try_spawn("answer watch", [this] { watch(); })) {}

AnswerWatch::~AnswerWatch() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    ends_->notify_all();
  }
  task_.reset();
}

uint64_t AnswerWatch::begins(const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                             const aws::http::Endpoint& endpoint) {
  const std::lock_guard lock(mutex_);
  waiting_.emplace(++last_, Waiting{env_.clock.now(), &service, &operation, endpoint});
  return last_;
}

void AnswerWatch::ends(uint64_t attempt, bool is_answered) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(attempt);
  if (is_answered) is_told_ = false;
}

// What begins while it sleeps is not due before it wakes.
void AnswerWatch::watch() {
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    const base::Timestamp now = env_.clock.now();
    const auto oldest = waiting_.begin();
    const bool is_due = oldest != waiting_.end() && now - oldest->second.since >= kPatience;
    if (is_due && !is_told_) {
      const Waiting& call = oldest->second;
      is_told_ = true;
      print_error(fmt::format("waits for {}'s answer at {}://{} to {} since {} s ({})", call.service->id,
                              call.endpoint.tls ? "https" : "http", aws::http::host_header(call.endpoint),
                              call.operation->name, kPatience.count(),
                              Interruption::is_awaited() ? "Ctrl-C ends it after the answer" : "Ctrl-C ends it"));
    }
    const bool sleeps_shorter = oldest != waiting_.end() && !is_due;
    env_.executor.wait_until(lock, *ends_, (sleeps_shorter ? oldest->second.since : now) + kPatience);
  }
}

}  // namespace cli
