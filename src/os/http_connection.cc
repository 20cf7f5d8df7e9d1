#include "os/http_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>

namespace os {
namespace {

constexpr std::size_t kInputBytesFirst = 8 * 1024;
constexpr std::size_t kInputBytesBeyondHead = 32 * 1024;  // room for chunk headers and pipelined requests
constexpr std::size_t kBodyRoomBytes = 1024 * 1024;       // memory taken ahead of what a client has sent
constexpr std::size_t kInlineBodyBytesMax = 16 * 1024;    // copied behind its head rather than written from its place
constexpr std::size_t kGatherBytesMax = 64 * 1024;        // pipelined replies held before they are written
constexpr std::size_t kOutputKeptBytesMax = 64 * 1024;    // capacity that an idle connection may keep
constexpr std::size_t kBurstBytesMax = 4 * 1024 * 1024;   // written before other connections get their turn
constexpr auto kLingerTimeout = std::chrono::seconds(2);
constexpr uint64_t kLingerBytesMax = 128 * 1024 * 1024;

// One request's right to be answered, shared by the copies of its Responder.
class Exchange {
 public:
  explicit Exchange(std::shared_ptr<HttpConnection> connection) : connection_(std::move(connection)) {}
  ~Exchange() {
    if (!answered_.load(std::memory_order_relaxed)) connection_->accept_reply(std::nullopt);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  void answer(aws::http::Response reply) {
    if (!answered_.exchange(true)) connection_->accept_reply(std::move(reply));
  }

 private:
  std::shared_ptr<HttpConnection> connection_;
  std::atomic<bool> answered_{false};
};

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpWorker> worker, std::shared_ptr<HttpListener> listener,
                               HttpSocket socket)
    : worker_(std::move(worker)),
      listener_(std::move(listener)),
      socket_(std::move(socket)),
      parser_(listener_->limits.message),
      input_(kInputBytesFirst) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  set_deadline();
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  stream_.reset();
  listener_->connections.fetch_sub(1);
  worker_->forget(*this);
  if (hangup_) std::exchange(hangup_, nullptr)->hang_up();
}

void HttpConnection::drain() {
  if ((phase_ == Phase::head && input().empty() && !has_output()) || phase_ == Phase::lingering) close();
}

void HttpConnection::sweep(int64_t now_ms) {
  if (now_ms < deadline_ms_) return;
  const bool receiving = phase_ == Phase::body || phase_ == Phase::chunked;
  if ((output_blocked_ || receiving) && progress_bytes_ >= listener_->limits.progress_bytes_min) {
    progress_bytes_ = 0;
    deadline_ms_ = worker_->deadline_after(listener_->limits.progress_window);
    return;
  }
  if (output_blocked_ || (phase_ == Phase::head && input().empty()) || !(receiving || phase_ == Phase::head)) {
    return close();
  }
  refuse({408, "The request took too long to arrive."});
  advance();
}

// The deadline for what the connection does now; progress_bytes_ counts from here.
void HttpConnection::set_deadline() {
  const ListenLimits& limits = listener_->limits;
  progress_bytes_ = 0;
  if (output_blocked_ || phase_ == Phase::body || phase_ == Phase::chunked) {
    deadline_ms_ = worker_->deadline_after(limits.progress_window);
  } else if (phase_ == Phase::head) {
    deadline_ms_ = worker_->deadline_after(input().empty() ? limits.idle_timeout : limits.head_timeout);
  } else if (phase_ == Phase::waiting) {
    deadline_ms_ = INT64_MAX;  // how long an answer may take is the handler's affair
  } else {
    deadline_ms_ = worker_->deadline_after(kLingerTimeout);
  }
}

void HttpConnection::accept_reply(std::optional<aws::http::Response> reply) {
  if (worker_->is_current() && dispatching_) {  // answered before handle() returned
    unanswered_ = !reply.has_value();
    reply_ = std::move(reply);
    return;
  }
  worker_->complete(shared_from_this(), std::move(reply));
}

void HttpConnection::on_reply(std::optional<aws::http::Response> reply) {
  if (phase_ != Phase::waiting) return;
  unanswered_ = !reply.has_value();
  reply_ = std::move(reply);
  advance();
}

// Goes on until input, a reply or room to write is missing.
void HttpConnection::advance() {
  if (advancing_) return;
  advancing_ = true;
  while (step()) {
  }
  advancing_ = false;
  if (phase_ != Phase::closed) await_input();
}

bool HttpConnection::step() {
  if (phase_ == Phase::closed || write_pending_) return false;
  if ((!tail_.empty() || stream_ || out_.size() > kGatherBytesMax) && !flush()) return false;
  switch (phase_) {
    case Phase::head:
      return read_head();
    case Phase::body:
      return read_body();
    case Phase::chunked:
      return read_chunked();
    case Phase::waiting:
      return send_reply();
    case Phase::finishing:
      return flush() && finish();
    case Phase::lingering:
    case Phase::closed:
      return false;
  }
  return false;
}

bool HttpConnection::read_head() {
  std::size_t consumed = 0;
  if (input().empty() || parser_.parse_head(input(), consumed) == Parsed::need_more) {
    if (!flush()) return false;
    if (peer_done_ || (worker_->draining() && input().empty())) close();
    return false;
  }
  if (consumed == 0) return refuse(parser_.refusal());
  begin_ += consumed;
  to_head_ = parser_.request().method == "HEAD";
  if (const auto refusal = admit(parser_.request(), listener_->limits.hosts)) return refuse(*refusal);
  close_after_ = !parser_.keep_alive();
  return begin_body();
}

bool HttpConnection::begin_body() {
  if (!parser_.is_chunked() && parser_.content_length() == 0) return dispatch();
  body_received_ = 0;
  phase_ = parser_.is_chunked() ? Phase::chunked : Phase::body;
  set_deadline();
  // RFC 9110 section 10.1.1: not needed once the body has begun to arrive.
  if (input().empty() && !parser_.is_http_1_0() && expects_continue(parser_.request())) {
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  return true;
}

// Keeps the request's body as large as the room to read into: all that is announced, but not far ahead of what came.
void HttpConnection::make_body_room() {
  std::string& body = parser_.request().body;
  const uint64_t ahead = std::max<uint64_t>(kBodyRoomBytes, body_received_);
  const auto size = static_cast<std::size_t>(std::min(parser_.content_length(), body_received_ + ahead));
  if (body.size() > body_received_) return;
  // Not its second argument: libstdc++ 12 passes a larger one when it has to grow.
  body.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
}

bool HttpConnection::read_body() {
  make_body_room();
  std::string& body = parser_.request().body;
  const std::size_t count = std::min(input().size(), body.size() - body_received_);
  std::copy_n(input().data(), count, body.data() + body_received_);
  begin_ += count;
  body_received_ += count;
  if (body_received_ == parser_.content_length()) return dispatch();
  if (count > 0 && body_received_ == body.size() && !input().empty()) return true;
  flush();
  return false;
}

bool HttpConnection::read_chunked() {
  std::size_t consumed = 0;
  const Parsed parsed = input().empty() ? Parsed::need_more : parser_.parse_chunked(input(), consumed);
  begin_ += consumed;
  if (parsed == Parsed::refused) return refuse(parser_.refusal());
  if (parsed == Parsed::complete) return dispatch();
  flush();
  return false;
}

bool HttpConnection::dispatch() {
  phase_ = Phase::waiting;
  set_deadline();
  aws::http::Request request = std::move(parser_.request());
  hangup_ = std::make_shared<aws::http::Hangup>();
  request.hangup = hangup_;
  dispatching_ = true;
  listener_->handler.handle(std::move(request), [exchange = std::make_shared<Exchange>(shared_from_this())](
                                                    aws::http::Response reply) { exchange->answer(std::move(reply)); });
  dispatching_ = false;
  return true;
}

bool HttpConnection::send_reply() {
  if (unanswered_) {
    close();
    return false;
  }
  if (!reply_) {
    flush();  // replies to earlier requests do not wait for this one
    return false;
  }
  aws::http::Response reply = std::move(*reply_);
  reply_.reset();
  std::exchange(hangup_, nullptr)->settle();
  close_after_ = close_after_ || reply.close || peer_done_ || worker_->draining();
  const uint64_t body_bytes = reply.stream ? reply.stream->size() : reply.body.size();
  append_reply_head(
      out_, reply, body_bytes,
      {.to_head = to_head_, .is_http_1_0 = parser_.is_http_1_0(), .close = close_after_, .date = worker_->date()});
  if (!to_head_ && !is_bodiless(reply.status) && body_bytes > 0) {
    if (reply.stream) {
      stream_ = std::move(reply.stream);
      stream_left_ = body_bytes;
    } else if (body_bytes <= kInlineBodyBytesMax) {
      out_.append(reply.body);
    } else {
      tail_ = std::move(reply.body);
      tail_sent_ = 0;
    }
  }
  parser_.reset();
  to_head_ = false;
  phase_ = close_after_ ? Phase::finishing : Phase::head;
  set_deadline();
  return true;
}

bool HttpConnection::refuse(const Refusal& refusal) {
  if (refusal.status == 413 && listener_->limits.on_too_large) listener_->limits.on_too_large(parser_.request());
  aws::http::Response reply;
  reply.status = refusal.status;
  reply.headers.add("Content-Type", "text/plain");
  reply.body = std::string(refusal.reason) + "\n";
  append_reply_head(out_, reply, reply.body.size(), {.to_head = to_head_, .close = true, .date = worker_->date()});
  if (!to_head_) out_.append(reply.body);
  phase_ = Phase::finishing;
  set_deadline();
  return true;
}

// Everything is written. Closing with input unread would make the system send a reset, which can overtake the reply; so
// only our direction is closed, and what the peer still sends is thrown away for a while.
bool HttpConnection::finish() {
  boost::system::error_code error;
  socket_.shutdown(HttpSocket::shutdown_send, error);
  if (error || peer_done_ || worker_->draining()) {
    close();
    return false;
  }
  begin_ = end_ = 0;
  phase_ = Phase::lingering;
  set_deadline();
  return false;
}

// While a request is with its handler this reads on, to notice that the peer has gone.
void HttpConnection::await_input() {
  if (read_pending_ || peer_done_ || phase_ == Phase::finishing) return;
  reading_body_ = phase_ == Phase::body;
  asio::mutable_buffer room;
  if (reading_body_) {
    make_body_room();
    std::string& body = parser_.request().body;
    room = asio::buffer(body.data() + body_received_, body.size() - body_received_);
  } else {
    if (!make_room()) return;
    room = asio::buffer(input_.data() + end_, input_.size() - end_);
  }
  read_pending_ = true;
  socket_.async_read_some(room, [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
    self->on_read(error, count);
  });
}

// False if the input is full: a peer may pipeline so much, no more.
bool HttpConnection::make_room() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (begin_ > 0 && end_ == input_.size()) {
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(begin_), input_.begin() + static_cast<std::ptrdiff_t>(end_),
              input_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (phase_ == Phase::lingering) begin_ = end_ = 0;
  if (end_ < input_.size()) return true;
  const std::size_t size_max = listener_->limits.message.head_bytes_max + kInputBytesBeyondHead;
  if (input_.size() >= size_max) return false;
  input_.resize(std::min(size_max, input_.size() * 2));
  return true;
}

void HttpConnection::on_read(const boost::system::error_code& error, std::size_t count) {
  read_pending_ = false;
  if (phase_ == Phase::closed) return;
  if (error) {
    // A peer that closes while it waits for us has gone (a half-closed socket looks the same, and is not served); one
    // that has its reply on the way may still read it.
    if (error != asio::error::eof || !has_output()) return close();
    peer_done_ = true;
    return;
  }
  if (!output_blocked_) progress_bytes_ += count;
  if (reading_body_ && phase_ == Phase::body) {
    body_received_ += count;
  } else if (phase_ == Phase::lingering) {
    lingered_bytes_ += count;
    if (lingered_bytes_ > kLingerBytesMax) return close();
  } else if (!reading_body_) {
    const bool is_first = begin_ == end_ && phase_ == Phase::head;
    end_ += count;
    if (is_first && !output_blocked_) set_deadline();
  }
  advance();
}

// Writes what there is without waiting. False if it could not all be written; room is awaited then, or the
// connection closed.
bool HttpConnection::flush() {
  std::size_t burst = 0;
  while (has_output()) {
    if (out_sent_ == out_.size() && tail_sent_ == tail_.size() && !refill()) {
      close();
      return false;
    }
    boost::system::error_code error;
    const std::size_t count = burst < kBurstBytesMax ? write_some(error) : 0;
    if (error && error != asio::error::would_block) {
      close();
      return false;
    }
    if (count == 0) {
      await_room();
      return false;
    }
    burst += count;
    progress_bytes_ += count;
    const std::size_t from_out = std::min(count, out_.size() - out_sent_);
    out_sent_ += from_out;
    tail_sent_ += count - from_out;
  }
  if (out_.empty()) return true;
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > kOutputKeptBytesMax) out_.shrink_to_fit();
  if (!tail_.empty()) std::string().swap(tail_);
  tail_sent_ = 0;
  if (output_blocked_) {
    output_blocked_ = false;
    set_deadline();
  }
  return true;
}

std::size_t HttpConnection::write_some(boost::system::error_code& error) {
  const asio::const_buffer head = asio::buffer(out_.data() + out_sent_, out_.size() - out_sent_);
  if (tail_.empty()) return socket_.write_some(head, error);
  return socket_.write_some(
      std::array<asio::const_buffer, 2>{head, asio::buffer(tail_.data() + tail_sent_, tail_.size() - tail_sent_)},
      error);
}

// The next piece of a streamed body. False if the source gives less or more than it announced: the length is already
// on the wire, so all that is left is to close.
bool HttpConnection::refill() {
  out_.clear();
  out_sent_ = 0;
  stream_->read(out_);
  if (out_.empty() || out_.size() > stream_left_) return false;
  stream_left_ -= out_.size();
  if (stream_left_ == 0) stream_.reset();
  return true;
}

void HttpConnection::await_room() {
  write_pending_ = true;
  if (!output_blocked_) {
    output_blocked_ = true;
    set_deadline();
  }
  socket_.async_wait(HttpSocket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
    self->write_pending_ = false;
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    self->advance();
  });
}

}  // namespace os
