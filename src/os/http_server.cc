#include "os/http_server.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <future>
#include <map>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "os/env.h"
#include "os/http_connection.h"

namespace os {
namespace {

constexpr int kBacklog = 1024;

// Runs `body` on the worker's thread and waits for it.
void run_on(HttpWorker& worker, const std::function<void()>& body) {
  std::promise<void> done;
  asio::post(worker.io, [&] {
    body();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace

class HttpServer::Core {
 public:
  explicit Core(const HttpServerOptions& options) {
    for (unsigned i = 0; i < std::max(1U, options.io_threads); ++i) {
      auto worker = std::make_shared<HttpWorker>(options.sweep_interval);
      worker->on_drained = [this] { note_drained(); };
      workers_.push_back(std::move(worker));
    }
    acceptor_worker().after_sweep = [this] { resume_accepting(); };
  }

  std::expected<void, std::string> start_threads() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      try {
        threads_.emplace_back([worker = workers_[i], i] {
          name_this_thread("till-http-" + std::to_string(i));
          worker->run();
        });
      } catch (const std::system_error& error) {
        stop(std::chrono::milliseconds(0));
        return std::unexpected(std::string("cannot start an I/O thread: ") + error.what());
      }
    }
    return {};
  }

  std::expected<uint16_t, std::string> listen(const std::string& address, uint16_t port, aws::http::Handler& handler,
                                              const ListenLimits& limits) {
    CHECK(!HttpWorker::on_any(), "listen() from an I/O thread would wait for itself");
    const std::lock_guard lock(control_mutex_);
    if (stopped_) return std::unexpected("the server has stopped");
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    if (error) return std::unexpected("\"" + address + "\" is not a numeric address");
    const asio::ip::tcp::endpoint endpoint(ip, port);
    auto listener = std::make_shared<HttpListener>(handler, limits, acceptor_worker().io);
    HttpAcceptor& acceptor = listener->acceptor;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kBacklog, error);
    if (!error) acceptor.non_blocking(true, error);
    const uint16_t chosen = error ? 0 : acceptor.local_endpoint(error).port();
    if (error) {
      return std::unexpected("cannot listen on " + address + " port " + std::to_string(port) + ": " + error.message());
    }
    listeners_[chosen] = listener;
    asio::post(acceptor_worker().io, [this, listener] { accept(listener); });
    return chosen;
  }

  [[nodiscard]] IoLoad io_load() const {
    IoLoad out;
    for (const auto& worker : workers_) {
      out.handler_runs += worker->handler_runs.load(std::memory_order_relaxed);
      out.longest_run_cpu_micros =
          std::max(out.longest_run_cpu_micros, worker->longest_run_cpu_micros.load(std::memory_order_relaxed));
    }
    return out;
  }

  bool close_listener(uint16_t port) {
    CHECK(!HttpWorker::on_any(), "close_listener() from an I/O thread would wait for itself");
    const std::lock_guard lock(control_mutex_);
    const auto found = listeners_.find(port);
    if (stopped_ || found == listeners_.end()) return false;
    const std::shared_ptr<HttpListener> listener = found->second;
    close_acceptor(listener);
    for (const auto& worker : workers_) run_on(*worker, [&] { worker->close_connections(listener.get()); });
    listeners_.erase(found);
    return true;
  }

  void stop(std::chrono::milliseconds grace) {
    CHECK(!HttpWorker::on_any(), "stop() from an I/O thread would wait for itself");
    const std::lock_guard lock(control_mutex_);
    if (stopped_) return;
    stopped_ = true;
    if (threads_.size() == workers_.size()) {
      for (const auto& [port, listener] : listeners_) close_acceptor(listener);
      for (const auto& worker : workers_) run_on(*worker, [&] { worker->drain(); });
      std::unique_lock waiting(drained_mutex_);
      drained_.wait_for(waiting, grace, [this] { return drained_workers_ == workers_.size(); });
    }
    for (const auto& worker : workers_) {
      asio::post(worker->io, [w = worker.get()] {
        w->close_connections(nullptr);
        w->finish();
      });
    }
    for (std::thread& thread : threads_) thread.join();
    listeners_.clear();
  }

 private:
  HttpWorker& acceptor_worker() { return *workers_.front(); }

  void close_acceptor(const std::shared_ptr<HttpListener>& listener) {
    listener->closed.store(true);
    run_on(acceptor_worker(), [&] {
      boost::system::error_code ignored;
      listener->acceptor.close(ignored);
    });
  }

  // On the first worker's thread. Connections go to the workers in turn.
  void accept(const std::shared_ptr<HttpListener>& listener) {
    if (listener->closed.load()) return;
    const std::shared_ptr<HttpWorker>& worker = workers_[next_worker_++ % workers_.size()];
    listener->acceptor.async_accept(
        worker->io, [this, listener, worker](const boost::system::error_code& error, HttpSocket socket) {
          if (listener->closed.load()) return;
          if (error) {
            // Most likely out of descriptors; trying again at once would spin.
            listener->accept_paused = true;
            return;
          }
          if (listener->connections.fetch_add(1) >= listener->limits.connections_max) {
            listener->connections.fetch_sub(1);  // and the socket closes
          } else if (worker->is_current()) {
            worker->adopt(std::move(socket), listener);
          } else {
            asio::post(worker->io, [worker, listener, socket = std::move(socket)]() mutable {
              worker->adopt(std::move(socket), listener);
            });
          }
          accept(listener);
        });
  }

  // On the first worker's thread, after each sweep.
  void resume_accepting() {
    std::vector<std::shared_ptr<HttpListener>> paused;
    {
      const std::unique_lock lock(control_mutex_, std::try_to_lock);
      if (!lock.owns_lock()) return;  // somebody is waiting for this thread; the next sweep will do
      for (const auto& [port, listener] : listeners_) {
        if (std::exchange(listener->accept_paused, false)) paused.push_back(listener);
      }
    }
    for (const auto& listener : paused) accept(listener);
  }

  void note_drained() {
    const std::lock_guard lock(drained_mutex_);
    ++drained_workers_;
    drained_.notify_all();
  }

  std::mutex control_mutex_;  // held by listen, close_listener and stop throughout
  bool stopped_ = false;
  std::map<uint16_t, std::shared_ptr<HttpListener>> listeners_;
  std::vector<std::shared_ptr<HttpWorker>> workers_;
  std::vector<std::thread> threads_;
  std::size_t next_worker_ = 0;

  std::mutex drained_mutex_;
  std::condition_variable drained_;
  std::size_t drained_workers_ = 0;
};

std::expected<std::unique_ptr<HttpServer>, std::string> HttpServer::start(const HttpServerOptions& options) {
  auto core = std::make_unique<Core>(options);
  if (auto started = core->start_threads(); !started) return std::unexpected(std::move(started).error());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::HttpServer(std::unique_ptr<Core> core) : core_(std::move(core)) {}

HttpServer::~HttpServer() {
  core_->stop(std::chrono::milliseconds(0));
}

std::expected<uint16_t, std::string> HttpServer::listen(const std::string& address, uint16_t port,
                                                        aws::http::Handler& handler, const ListenLimits& limits) {
  return core_->listen(address, port, handler, limits);
}

IoLoad HttpServer::io_load() const {
  return core_->io_load();
}

bool HttpServer::close_listener(uint16_t port) {
  return core_->close_listener(port);
}

void HttpServer::stop(std::chrono::milliseconds grace) {
  core_->stop(grace);
}

}  // namespace os
