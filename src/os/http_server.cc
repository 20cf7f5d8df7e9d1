#include "os/http_server.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdio>
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
  explicit Core(const HttpServerOptions& options) : bodies_(options.bodies_bytes_max) {
    for (unsigned i = 0; i < std::max(1U, options.io_threads); ++i) {
      auto worker = std::make_shared<HttpWorker>(options.sweep_interval, bodies_);
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
      out.connections += worker->open_connections.load(std::memory_order_relaxed);
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
          if (error && error != asio::error::connection_aborted) {
            // Most likely out of descriptors or memory: one goes, and trying again waits for the next sweep.
            tell(listener, "the system has no descriptor or memory for a new connection: " + error.message());
            make_room(listener, {}, [](bool) {});
            listener->accept_paused = true;
            return;
          }
          if (error) return accept(listener);
          if (listener->connections.fetch_add(1) < listener->limits.connections_max) {
            hand_over(worker, std::move(socket), listener);
            return accept(listener);
          }
          place_when_full(listener, worker, std::make_shared<HttpSocket>(std::move(socket)));
        });
  }

  static void hand_over(const std::shared_ptr<HttpWorker>& worker, HttpSocket socket,
                        const std::shared_ptr<HttpListener>& listener) {
    if (worker->is_current()) return worker->adopt(std::move(socket), listener);
    asio::post(worker->io,
               [worker, listener, moved = std::move(socket)]() mutable { worker->adopt(std::move(moved), listener); });
  }

  // Nothing else is accepted meanwhile, so there is never more than one connection too many.
  void place_when_full(const std::shared_ptr<HttpListener>& listener, const std::shared_ptr<HttpWorker>& worker,
                       const std::shared_ptr<HttpSocket>& socket) {
    make_room(listener, {}, [this, listener, worker, socket](bool is_room) {
      tell(listener, std::string("as many connections are open as may be (they follow `ulimit -n`): ") +
                         (is_room ? "those that are idle longest make room" : "none is idle, so new ones are refused"));
      if (is_room) {
        hand_over(worker, std::move(*socket), listener);
      } else {
        constexpr std::string_view kFull =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 26\r\nConnection: close\r\n\r\nToo many open "
            "connections.";
        boost::system::error_code ignored;
        socket->non_blocking(true, ignored);
        socket->write_some(asio::buffer(kFull), ignored);
        listener->connections.fetch_sub(1);
      }
      accept(listener);
    });
  }

  struct IdleSearch {
    std::size_t asked = 0;  // workers
    HttpWorker* found = nullptr;
    int64_t idle_until_ms = INT64_MAX;
  };

  // Asks each worker for its longest idle connection and closes the longest of all; then `done`, told whether there was
  // one, on the first worker's thread.
  void make_room(const std::shared_ptr<HttpListener>& listener, IdleSearch search, std::function<void(bool)> done) {
    const bool searched = search.asked == workers_.size();
    if (searched && search.found == nullptr) return done(false);
    HttpWorker* const worker = searched ? search.found : workers_[search.asked].get();
    asio::post(worker->io, [this, listener, search, searched, worker, done = std::move(done)]() mutable {
      const bool closed = searched && worker->close_longest_idle(listener.get());
      const int64_t until_ms = searched ? 0 : worker->longest_idle_until_ms(listener.get());
      asio::post(acceptor_worker().io, [this, listener, search, searched, worker, closed, until_ms, done]() mutable {
        if (searched) return done(closed);
        if (until_ms < search.idle_until_ms) search = {search.asked, worker, until_ms};
        ++search.asked;
        make_room(listener, search, std::move(done));
      });
    });
  }

  // Once a minute for each listener, on the first worker's thread.
  static void tell(const std::shared_ptr<HttpListener>& listener, const std::string& what) {
    const auto now = std::chrono::steady_clock::now();
    if (listener->told_at != decltype(now)() && now < listener->told_at + std::chrono::minutes(1)) return;
    listener->told_at = now;
    std::fprintf(stderr, "till: %u clients are connected; %s\n", listener->connections.load(), what.c_str());
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

  BodyBudget bodies_;         // outlives the workers
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
