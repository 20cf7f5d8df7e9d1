// The inside of HttpServer, seen by its .cc files only: an HttpListener's shared state, an HttpWorker (one I/O thread
// with its event loop) and an HttpConnection (one socket's state machine). A connection lives on its worker's thread;
// only HttpConnection::accept_reply, HttpWorker::complete and HttpWorker::call may be called from elsewhere.
#pragma once

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "os/body_budget.h"
#include "os/http_server.h"

namespace os {

namespace asio = boost::asio;
// The concrete executor spares a virtual call and an allocation per operation.
using HttpSocket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using HttpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

struct HttpListener {
  HttpListener(aws::http::Handler& requests, const ListenLimits& its_limits, asio::io_context& io)
      : handler(requests), limits(its_limits), acceptor(io) {}

  aws::http::Handler& handler;
  const ListenLimits limits;
  std::atomic<uint32_t> connections{0};
  std::atomic<bool> closed{false};
  bool accept_paused = false;                     // the system had no descriptor; on the acceptor's thread only
  std::chrono::steady_clock::time_point told_at;  // when the user was told of a shortage; on that thread, too
  HttpAcceptor acceptor;
};

class HttpConnection;

class HttpWorker : public std::enable_shared_from_this<HttpWorker> {
 public:
  HttpWorker(std::chrono::milliseconds sweep_interval, BodyBudget& bodies_of_all);
  ~HttpWorker();

  // The thread's body; returns after `finish` when every connection is closed.
  void run();
  // Lets run() return. On the worker's thread.
  void finish();
  // True on this worker's thread.
  [[nodiscard]] bool is_current() const;
  static bool on_any();

  void adopt(HttpSocket socket, std::shared_ptr<HttpListener> listener);
  void forget(HttpConnection& connection);
  // Closes the connections of `listener`, or all.
  void close_connections(const HttpListener* listener);
  // HttpConnection::idle_until_ms of the connection of `listener` that has been idle longest; INT64_MAX if none is.
  [[nodiscard]] int64_t longest_idle_until_ms(const HttpListener* listener) const;
  // Closes that one; false if none is.
  bool close_longest_idle(const HttpListener* listener);
  // Closes connections between requests; others close after their reply.
  void drain();
  [[nodiscard]] bool draining() const { return draining_; }

  // Hands over a reply (nothing: none will come) from any thread.
  void complete(std::shared_ptr<HttpConnection> connection, std::optional<aws::http::Response> reply);
  // Calls `body`, which concerns the connection, on the worker's thread; from any thread. Not at all after the end.
  void call(std::shared_ptr<HttpConnection> connection, std::function<void()> body);

  // A coarse steady clock, moved by the sweep, so that deadlines cost no clock reads.
  [[nodiscard]] int64_t deadline_after(std::chrono::milliseconds timeout) const;
  // The time of day for the Date of replies, at most one sweep old. It is the machine's, whatever the engine's clock
  // says: clients that sign by their own clock correct it by this field.
  [[nodiscard]] const std::string& date() const { return date_; }

  // See IoLoad; written by the worker's thread only.
  std::atomic<uint64_t> handler_runs{0};
  std::atomic<uint64_t> longest_run_cpu_micros{0};
  std::atomic<uint64_t> open_connections{0};

  asio::io_context io{1};
  BodyBudget& bodies;
  // Set before run(), called on the worker's thread: after each sweep; once, when draining has left no connection.
  std::function<void()> after_sweep;
  std::function<void()> on_drained;

 private:
  struct Completion {
    std::shared_ptr<HttpConnection> connection;
    std::optional<aws::http::Response> reply;
    std::function<void()> body;  // if set, called instead of handing over the reply
  };
  void push(Completion completion);
  void arm_sweep();
  void sweep();
  void deliver();
  void tell_if_drained();
  void note_run(int64_t cpu_micros);
  [[nodiscard]] std::shared_ptr<HttpConnection> longest_idle(const HttpListener* listener) const;

  const std::chrono::milliseconds sweep_interval_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  int64_t tick_ms_ = 0;
  std::string date_;
  bool draining_ = false;
  std::vector<std::shared_ptr<HttpConnection>> connections_;
  std::vector<Completion> delivering_;

  std::mutex mutex_;
  std::vector<Completion> completions_;
  bool stopped_ = false;
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<HttpWorker> worker, std::shared_ptr<HttpListener> listener, HttpSocket socket);
  ~HttpConnection();

  void start() { advance(); }
  void close();
  void drain();
  void sweep(int64_t now_ms);
  // The answer to the request in hand, from any thread; nothing: none will come.
  void accept_reply(std::optional<aws::http::Response> reply);
  void on_reply(std::optional<aws::http::Response> reply);
  [[nodiscard]] const HttpListener* listener() const { return listener_.get(); }
  [[nodiscard]] bool is_idle() const { return phase_ == Phase::head && input().empty() && !has_output(); }
  // Of an idle connection: the smaller, the longer it has been idle.
  [[nodiscard]] int64_t idle_until_ms() const { return deadline_ms_; }

  std::size_t index = 0;  // in the worker's list

 private:
  enum class Phase { head, queued, body, chunked, waiting, finishing, lingering, closed };

  void advance();
  bool step();
  bool read_head();
  bool begin_body();
  bool take_room();
  bool receive_body();
  void tell_to_continue();
  bool grow_room();
  bool read_body();
  bool read_chunked();
  bool feed_sink();
  void on_taken(std::optional<aws::http::Response> refusal);
  void give_back_room();
  bool dispatch();
  bool send_reply();
  bool finish();
  bool refuse(const Refusal& refusal);
  bool refuse(aws::http::Response reply);
  [[nodiscard]] bool has_moved();
  [[nodiscard]] int untaken();

  [[nodiscard]] std::string_view input() const { return {input_.data() + begin_, end_ - begin_}; }
  void await_input();
  bool make_room();
  void make_body_room();
  void on_read(const boost::system::error_code& error, std::size_t count);

  [[nodiscard]] bool has_output() const { return out_sent_ < out_.size() || tail_sent_ < tail_.size() || stream_; }
  bool flush();
  std::size_t write_some(boost::system::error_code& error);
  void begin_piece();
  void take_piece(std::string piece);
  void await_room();
  void set_deadline();

  const std::shared_ptr<HttpWorker> worker_;  // before socket_, which needs its io_context to the end
  const std::shared_ptr<HttpListener> listener_;
  HttpSocket socket_;
  std::string peer_;  // its address
  RequestParser parser_;
  Phase phase_ = Phase::head;
  bool advancing_ = false;
  bool dispatching_ = false;
  bool read_pending_ = false;
  bool write_pending_ = false;
  bool output_blocked_ = false;  // the peer has not taken all output since it was begun
  bool peer_done_ = false;       // the peer has sent its last byte
  bool close_after_ = false;     // this reply is the connection's last
  bool to_head_ = false;         // the request in hand is HEAD
  bool unanswered_ = false;      // the last responder is gone
  int64_t deadline_ms_ = 0;
  uint64_t progress_bytes_ = 0;  // moved since the deadline was set

  std::vector<char> input_;  // [begin_, end_) is unread; a pending read fills from end_, so nothing moves meanwhile
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  uint64_t body_received_ = 0;
  uint64_t body_room_ = 0;     // taken of the worker's budget
  uint64_t body_ticket_ = 0;   // waits for room there
  bool reading_body_ = false;  // the pending read fills the request's body
  std::shared_ptr<aws::http::BodySink> sink_;
  std::string piece_;  // for the sink
  bool sink_busy_ = false;
  bool body_complete_ = false;  // all of it is in piece_, or with the sink
  uint64_t lingered_bytes_ = 0;

  std::shared_ptr<aws::http::Hangup> hangup_;  // of the request in hand
  std::optional<aws::http::Response> reply_;
  std::string out_;  // heads and small bodies, of one reply or several pipelined ones
  std::size_t out_sent_ = 0;
  std::string tail_;  // the body of the last reply in out_, if large
  std::size_t tail_sent_ = 0;
  std::shared_ptr<aws::http::BodySource> stream_;
  uint64_t stream_left_ = 0;
  bool reading_piece_ = false;  // of stream_, elsewhere
  int untaken_ = 0;             // bytes that the system holds for the peer, when last looked at
};

}  // namespace os
