#include "engine/lambda/invoker.h"

#include <fmt/format.h>

#include <utility>

#include "engine/lambda/answers.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/platform_log.h"

namespace engine::lambda {

using runtime::InvokeOutcome;
using runtime::OutcomeKind;

namespace {

// AWS begins a trace for who did not, also where nothing is recorded: programs rest on _X_AMZN_TRACE_ID being there.
std::string new_trace_header(base::Env& env) {
  constexpr std::string_view kHex = "0123456789abcdef";
  return fmt::format("Root=1-{:08x}-{};Parent={};Sampled=0", base::to_epoch_milliseconds(env.clock.now()) / 1000,
                     base::random_string(env.random, 24, kHex), base::random_string(env.random, 16, kHex));
}

std::string with_newline(std::string text) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return text;
}

// Into the log and, for LogType Tail, behind `text`.
void log_all(LogEvents events, LogStream& log, std::string& text) {
  for (std::string& event : events) {
    text += event + "\n";
    log.append(std::move(event));
  }
}

}  // namespace

std::shared_ptr<InvocationMetrics> Invoker::metrics_of(const Function& function) {
  const FunctionRecord& record = *function.record;
  return metrics_.of({record.account, record.region, record.name, function.qualifier,
                      function.alias ? std::string_view(record.version) : std::string_view()});
}

// One invocation on its way. It keeps itself alive, in whatever will call it next.
class Invoker::Invocation final : public std::enable_shared_from_this<Invocation> {
 public:
  Invocation(Invoker& invoker, const Function& function, runtime::InvokeRequest request, Done done);
  void attempt();

 private:
  void on_turn(InstancePool::Acquired acquired);
  void not_started(const StartFailure& failure);
  void run_on(std::unique_ptr<Instance> instance);
  void on_outcome(InvokeOutcome outcome);
  void log_end(LogStream& log);
  void finish(base::Result<Finished> finished);
  // The engine has ended the function's process: no error of the function, whose alarm must not go off for it.
  void interrupted();

  Invoker& invoker_;
  const std::shared_ptr<const FunctionRecord> record_;
  std::shared_ptr<Runnable> runnable_;
  const std::optional<int32_t> reserved_;
  const std::shared_ptr<InvocationMetrics> metrics_;
  const base::Timestamp began_;
  const std::string request_id_;
  runtime::InvokeRequest request_;
  Done done_;
  std::size_t attempts_ = 0;
  // Of the attempt:
  std::unique_ptr<Instance> instance_;
  std::string init_log_;   // of initialisations that failed, and how they ended
  std::string start_log_;  // START
  bool begun_ = false;     // it is in the log
  Finished finished_;
};

Invoker::Invocation::Invocation(Invoker& invoker, const Function& function, runtime::InvokeRequest request, Done done)
    : invoker_(invoker),
      record_(function.record),
      runnable_(function.runnable),
      reserved_(function.reserved_concurrency),
      metrics_(invoker.metrics_of(function)),
      began_(invoker.env_.clock.now()),
      request_id_(request.request_id),
      request_(std::move(request)),
      done_(std::move(done)) {
  request_.invoked_function_arn = function.arn();
  if (request_.trace_id.empty()) request_.trace_id = new_trace_header(invoker.env_);
}

void Invoker::Invocation::attempt() {
  ++attempts_;
  invoker_.pool_.acquire(
      runnable_, reserved_, request_.payload.size(),
      [self = shared_from_this()](InstancePool::Acquired acquired) { self->on_turn(std::move(acquired)); });
}

void Invoker::Invocation::on_turn(InstancePool::Acquired acquired) {
  if (!acquired) {
    if (is_throttle(acquired.error())) metrics_->throttled(began_);
    return finish(base::fail(std::move(acquired).error()));
  }
  metrics_->begin(began_);
  if (!*acquired) return not_started(acquired->error());
  run_on(std::move(**acquired));
}

void Invoker::Invocation::not_started(const StartFailure& failure) {
  if (invoker_.pool_.stopping()) return interrupted();
  if (failure.error.out_of_resources) {
    metrics_->abandon();
    return finish(base::fail(service_failure("The function could not be started. " + failure.error.message)));
  }
  finished_.outcome = runtime::start_failed_outcome(request_id_, failure.error);
  if (failure.log) log_end(*failure.log);
  metrics_->end(began_, finished_.outcome.duration, true);
  finish(std::move(finished_));
}

void Invoker::Invocation::run_on(std::unique_ptr<Instance> instance) {
  instance_ = std::move(instance);
  begun_ = false;
  init_log_.clear();
  start_log_.clear();
  runtime::InvokeRequest request = attempts_ == kStartAttemptsMax ? std::move(request_) : request_;
  const std::shared_ptr<LogStream> log = instance_->log;
  request.on_init_end = [self = shared_from_this(), log](const runtime::InitReport& report) {
    self->init_log_ += with_newline(report.log_tail);
    log_all(init_end_events(*self->record_, report, self->invoker_.env_.clock.now()), *log, self->init_log_);
  };
  request.on_begin = [self = shared_from_this(), log] {
    log_all(start_events(*self->record_, self->request_id_, self->invoker_.env_.clock.now()), *log, self->start_log_);
    self->begun_ = true;
  };
  runtime::FunctionInstance& running = *instance_->running;
  running.invoke(std::move(request),
                 [self = shared_from_this()](InvokeOutcome outcome) { self->on_outcome(std::move(outcome)); });
}

void Invoker::Invocation::on_outcome(InvokeOutcome outcome) {
  finished_.outcome = std::move(outcome);
  log_end(*instance_->log);
  const OutcomeKind kind = finished_.outcome.kind;
  const bool healthy = kind == OutcomeKind::ok || kind == OutcomeKind::function_error;
  const bool reusable = healthy && instance_->running->alive();
  // An idle instance may end just as it is given an event; the event may safely go to another one.
  const bool unseen = kind == OutcomeKind::exited && !finished_.outcome.delivered && !finished_.outcome.init_duration;
  const bool again = unseen && attempts_ < kStartAttemptsMax;
  if (!again) runnable_.reset();  // before the instance: what ends with it should not end on this thread
  invoker_.pool_.release(std::move(instance_), reusable);
  const bool ended = kind == OutcomeKind::exited || kind == OutcomeKind::init_failed;
  if (ended && invoker_.pool_.stopping()) return interrupted();
  if (again) {
    metrics_->abandon();
    return attempt();
  }
  metrics_->end(began_, finished_.outcome.duration, kind != OutcomeKind::ok);
  finish(std::move(finished_));
}

void Invoker::Invocation::interrupted() {
  metrics_->abandon();
  finish(base::fail(stopping()));
}

void Invoker::Invocation::finish(base::Result<Finished> finished) {
  std::exchange(done_, nullptr)(std::move(finished));
  invoker_.ended();
}

// The lines that end an invocation, and the one that begins it if that is missing because it never came so far; and
// into the report all that the log says of the invocation.
void Invoker::Invocation::log_end(LogStream& log) {
  InvokeOutcome& outcome = finished_.outcome;
  const base::Timestamp now = invoker_.env_.clock.now();
  if (!begun_) log_all(start_events(*record_, request_id_, now), log, start_log_);
  std::string& out = finished_.report;
  out = init_log_ + with_newline(std::exchange(outcome.init_log_tail, {})) + start_log_;
  out += with_newline(std::exchange(outcome.log_tail, {}));
  log_all(end_events(*record_, request_id_, outcome, now), log, out);
}

Invoker::Invoker(base::Env& env, InstancePool& pool, ServiceMetrics* metrics)
    : env_(env), pool_(pool), metrics_(metrics), idle_(env.executor.make_condition()) {}

void Invoker::begin(const Function& function, runtime::InvokeRequest request, Done done) {
  {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  std::make_shared<Invocation>(*this, function, std::move(request), std::move(done))->attempt();
}

void Invoker::ended() {
  const std::lock_guard lock(mutex_);
  if (--running_ == 0) idle_->notify_all();  // under the lock: the condition may go with this object
}

void Invoker::await_idle() {
  std::unique_lock lock(mutex_);
  while (running_ != 0) env_.executor.wait_until(lock, *idle_, base::kTimestampMax);
}

base::Result<Invoker::Finished> Invoker::run(const Function& function, runtime::InvokeRequest request) {
  struct Waiting {
    std::mutex mutex;
    std::unique_ptr<base::Condition> changed;
    std::optional<base::Result<Finished>> finished;
  };
  const auto waiting = std::make_shared<Waiting>();
  waiting->changed = env_.executor.make_condition();
  begin(function, std::move(request), [waiting](base::Result<Finished> finished) {
    const std::lock_guard lock(waiting->mutex);
    waiting->finished = std::move(finished);
    waiting->changed->notify_all();
  });
  std::unique_lock lock(waiting->mutex);
  while (!waiting->finished) env_.executor.wait_until(lock, *waiting->changed, base::kTimestampMax);
  return std::move(*waiting->finished);
}

}  // namespace engine::lambda
