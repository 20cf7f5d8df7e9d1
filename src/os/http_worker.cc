// HttpWorker: one I/O thread of HttpServer, see http_connection.h.
#include <time.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "base/time.h"
#include "os/http_connection.h"

namespace os {
namespace {

thread_local const HttpWorker* current_worker = nullptr;

int64_t thread_cpu_micros() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return int64_t{used.tv_sec} * 1'000'000 + used.tv_nsec / 1'000;
}

}  // namespace

HttpWorker::HttpWorker(std::chrono::milliseconds sweep_interval, BodyBudget& bodies_of_all)
    : bodies(bodies_of_all), sweep_interval_(sweep_interval), work_(io.get_executor()), timer_(io) {}

HttpWorker::~HttpWorker() = default;

bool HttpWorker::is_current() const {
  return current_worker == this;
}
bool HttpWorker::on_any() {
  return current_worker != nullptr;
}

int64_t HttpWorker::deadline_after(std::chrono::milliseconds timeout) const {
  // The tick may be a whole interval old.
  return tick_ms_ + sweep_interval_.count() + timeout.count();
}

void HttpWorker::run() {
  current_worker = this;
  arm_sweep();
  for (int64_t before = thread_cpu_micros(); io.run_one() > 0;) {
    const int64_t now = thread_cpu_micros();
    note_run(now - before);
    before = now;
  }
  current_worker = nullptr;
  // From here on nobody delivers. What is queued holds connections, and those hold this.
  std::vector<Completion> left;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  left.swap(completions_);
}

void HttpWorker::note_run(int64_t cpu_micros) {
  handler_runs.fetch_add(1, std::memory_order_relaxed);
  const auto took = static_cast<uint64_t>(cpu_micros);
  if (took > longest_run_cpu_micros.load(std::memory_order_relaxed)) longest_run_cpu_micros.store(took);
}

void HttpWorker::finish() {
  work_.reset();
  timer_.cancel();
}

void HttpWorker::arm_sweep() {
  tick_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
                 .count();
  date_ = base::format_http_date(std::chrono::floor<base::Duration>(std::chrono::system_clock::now()));
  timer_.expires_after(sweep_interval_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || !work_.owns_work()) return;
    arm_sweep();
    sweep();
  });
}

void HttpWorker::sweep() {
  // Backwards, because closing one moves the last into its place.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const std::shared_ptr<HttpConnection> connection = connections_[i];
    connection->sweep(tick_ms_);
  }
  if (after_sweep) after_sweep();
}

void HttpWorker::adopt(HttpSocket socket, std::shared_ptr<HttpListener> listener) {
  if (draining_ || listener->closed.load()) {
    listener->connections.fetch_sub(1);
    return;
  }
  const auto connection = std::make_shared<HttpConnection>(shared_from_this(), std::move(listener), std::move(socket));
  connection->index = connections_.size();
  connections_.push_back(connection);
  open_connections.store(connections_.size(), std::memory_order_relaxed);
  connection->start();
}

void HttpWorker::forget(HttpConnection& connection) {
  const std::size_t index = connection.index;
  std::swap(connections_[index], connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
  open_connections.store(connections_.size(), std::memory_order_relaxed);
  tell_if_drained();
}

void HttpWorker::tell_if_drained() {
  if (draining_ && connections_.empty() && on_drained) std::exchange(on_drained, nullptr)();
}

void HttpWorker::close_connections(const HttpListener* listener) {
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const std::shared_ptr<HttpConnection> connection = connections_[i];
    if (listener == nullptr || connection->listener() == listener) connection->close();
  }
}

std::shared_ptr<HttpConnection> HttpWorker::longest_idle(const HttpListener* listener) const {
  std::shared_ptr<HttpConnection> found;
  for (const auto& connection : connections_) {
    if (connection->listener() != listener || !connection->is_idle()) continue;
    if (!found || connection->idle_until_ms() < found->idle_until_ms()) found = connection;
  }
  return found;
}

int64_t HttpWorker::longest_idle_until_ms(const HttpListener* listener) const {
  const auto found = longest_idle(listener);
  return found ? found->idle_until_ms() : INT64_MAX;
}

bool HttpWorker::close_longest_idle(const HttpListener* listener) {
  const auto found = longest_idle(listener);
  if (found) found->close();
  return found != nullptr;
}

void HttpWorker::drain() {
  draining_ = true;
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const std::shared_ptr<HttpConnection> connection = connections_[i];
    connection->drain();
  }
  tell_if_drained();
}

void HttpWorker::complete(std::shared_ptr<HttpConnection> connection, std::optional<aws::http::Response> reply) {
  push({std::move(connection), std::move(reply), nullptr});
}

void HttpWorker::call(std::shared_ptr<HttpConnection> connection, std::function<void()> body) {
  push({std::move(connection), std::nullopt, std::move(body)});
}

void HttpWorker::push(Completion completion) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;  // the completion goes without the lock, at the end of this function
    completions_.push_back(std::move(completion));
    if (completions_.size() > 1) return;  // a wake-up is on its way already
  }
  asio::post(io, [this] { deliver(); });
}

void HttpWorker::deliver() {
  {
    const std::lock_guard lock(mutex_);
    delivering_.swap(completions_);
  }
  for (Completion& completion : delivering_) {
    if (completion.body) {
      completion.body();
    } else {
      completion.connection->on_reply(std::move(completion.reply));
    }
  }
  delivering_.clear();
}

}  // namespace os
