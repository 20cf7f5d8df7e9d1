#include "os/http_connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

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
constexpr uint64_t kUncountedBodyBytesMax = 16 * 1024;  // smaller bodies are bounded by the number of connections
constexpr uint64_t kUnknownBodyBytes = 1024 * 1024;     // room for a body whose length is not known, to begin with
constexpr std::size_t kPieceBytesMax = 256 * 1024;      // held for a sink that is busy
constexpr uint64_t kSinkBytes = 2 * 1024 * 1024;        // what a body takes on its way through a sink
constexpr std::string_view kTooLarge = "The request body is too large.";
constexpr std::string_view kNoMemory = "Too many large requests at once. Please try again later.";

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
  if (const auto peer = socket_.remote_endpoint(ignored); !ignored) peer_ = peer.address().to_string();
  set_deadline();
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  stream_.reset();
  sink_.reset();
  give_back_room();
  listener_->connections.fetch_sub(1);
  worker_->forget(*this);
  if (hangup_) std::exchange(hangup_, nullptr)->hang_up();
}

void HttpConnection::drain() {
  if (is_idle() || phase_ == Phase::lingering) close();
}

// Since the deadline was set. What a client takes shows in what the system still holds for it: there may be megabytes
// for a slow one before there is room to write again.
bool HttpConnection::has_moved() {
  if (reading_piece_ || sink_busy_) return true;  // the client waits for us
  if (!output_blocked_) return progress_bytes_ >= listener_->limits.progress_bytes_min;
  const int before = std::exchange(untaken_, untaken());
  return progress_bytes_ > 0 || untaken_ < before;
}

// Bytes that the system holds for the peer.
int HttpConnection::untaken() {
  int held = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &held) == 0 ? held : untaken_;
}

void HttpConnection::sweep(int64_t now_ms) {
  if (now_ms < deadline_ms_) return;
  const bool receiving = phase_ == Phase::body || phase_ == Phase::chunked;
  if ((output_blocked_ || receiving || reading_piece_) && has_moved()) return set_deadline();
  if (phase_ == Phase::queued) {
    refuse({503, kNoMemory});
    return advance();
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
  if (output_blocked_) {
    deadline_ms_ = worker_->deadline_after(limits.reply_stall_timeout);
  } else if (phase_ == Phase::body || phase_ == Phase::chunked) {
    deadline_ms_ = worker_->deadline_after(limits.progress_window);
  } else if (phase_ == Phase::queued) {
    deadline_ms_ = worker_->deadline_after(limits.body_wait_timeout);
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
  if (phase_ == Phase::closed || write_pending_ || reading_piece_) return false;
  if ((!tail_.empty() || stream_ || out_.size() > kGatherBytesMax) && !flush()) return false;
  switch (phase_) {
    case Phase::head:
      return read_head();
    case Phase::queued:
      flush();
      return false;
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
  const ListenLimits& limits = listener_->limits;
  const bool chunked = parser_.is_chunked();
  const uint64_t length = parser_.content_length();
  if (!chunked && length == 0) {
    tell_to_continue();
    return dispatch();
  }
  if (chunked || length > limits.unasked_body_bytes_max) {
    aws::http::Admission admission =
        listener_->handler.admit(parser_.request(), chunked ? std::nullopt : std::optional(length));
    if (admission.refusal) return refuse(std::move(*admission.refusal));
    sink_ = std::move(admission.sink);
  }
  if (!sink_ && !chunked && length > limits.held_body_bytes_max) return refuse({413, kTooLarge});
  return take_room();
}

// Reserves all the memory that the body will take before its first byte is read: bodies that hold a part each and wait
// for the rest would wait for each other.
bool HttpConnection::take_room() {
  const uint64_t length = parser_.content_length();
  if (!listener_->limits.bodies_wait) return receive_body();
  if (!sink_ && !parser_.is_chunked() && length <= kUncountedBodyBytesMax) return receive_body();
  const uint64_t wanted = sink_ ? kSinkBytes : parser_.is_chunked() ? kUnknownBodyBytes : length;
  const uint64_t share = worker_->bodies.share_of(wanted);
  if (worker_->bodies.take(share)) {
    body_room_ = share;
    return receive_body();
  }
  phase_ = Phase::queued;
  set_deadline();
  body_ticket_ = worker_->bodies.wait(share, [self = shared_from_this(), share] {
    self->worker_->call(self, [self, share] {
      self->body_room_ += share;
      self->body_ticket_ = 0;
      if (self->phase_ != Phase::queued) return self->give_back_room();
      self->receive_body();
      self->advance();
    });
  });
  return false;
}

void HttpConnection::give_back_room() {
  if (body_ticket_ != 0) worker_->bodies.leave(std::exchange(body_ticket_, 0));
  if (body_room_ > 0) worker_->bodies.give_back(std::exchange(body_room_, 0));
}

// A body of unknown length has outgrown its room. It does not wait for more, see take_room().
bool HttpConnection::grow_room() {
  const uint64_t share = worker_->bodies.share_of(2 * body_room_) - body_room_;
  if (share == 0 || !worker_->bodies.take(share)) return false;
  body_room_ += share;
  return true;
}

bool HttpConnection::receive_body() {
  body_received_ = 0;
  body_complete_ = false;
  phase_ = parser_.is_chunked() ? Phase::chunked : Phase::body;
  set_deadline();
  tell_to_continue();
  return true;
}

// RFC 9110 section 10.1.1: not needed once the body has begun to arrive. For an empty one, too: botocore, once answered
// without it, takes the next 100 of the connection for headers, and hangs.
void HttpConnection::tell_to_continue() {
  if (input().empty() && !parser_.is_http_1_0() && expects_continue(parser_.request()))
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
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
  if (sink_) {
    const std::size_t room = kPieceBytesMax - std::min(piece_.size(), kPieceBytesMax);
    const auto count =
        static_cast<std::size_t>(std::min<uint64_t>({input().size(), room, parser_.content_length() - body_received_}));
    piece_.append(input().substr(0, count));
    begin_ += count;
    body_received_ += count;
    body_complete_ = body_received_ == parser_.content_length();
    return feed_sink();
  }
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
  if (sink_ && (body_complete_ || piece_.size() >= kPieceBytesMax)) return feed_sink();
  std::size_t consumed = 0;
  const Parsed parsed = input().empty() ? Parsed::need_more : parser_.parse_chunked(input(), consumed);
  begin_ += consumed;
  if (parsed == Parsed::refused) return refuse(parser_.refusal());
  std::string& body = parser_.request().body;
  if (sink_) {
    piece_.append(body);
    body.clear();
    body_complete_ = parsed == Parsed::complete;
    return feed_sink();
  }
  if (body.size() > listener_->limits.held_body_bytes_max) return refuse({413, kTooLarge});
  if (listener_->limits.bodies_wait && body.size() > body_room_ && !grow_room()) return refuse({503, kNoMemory});
  if (parsed == Parsed::complete) return dispatch();
  flush();
  return false;
}

// Hands on what has come, and goes on reading meanwhile, up to a piece.
bool HttpConnection::feed_sink() {
  if (!piece_.empty() && !sink_busy_) {
    sink_busy_ = true;
    sink_->take(std::exchange(piece_, {}), [self = shared_from_this()](std::optional<aws::http::Response> refusal) {
      self->worker_->call(self, [self, refusal = std::move(refusal)]() mutable { self->on_taken(std::move(refusal)); });
    });
  }
  if (body_complete_ && piece_.empty() && !sink_busy_) return dispatch();
  flush();
  return false;
}

void HttpConnection::on_taken(std::optional<aws::http::Response> refusal) {
  sink_busy_ = false;
  if (phase_ != Phase::body && phase_ != Phase::chunked) return;
  if (refusal) refuse(std::move(*refusal));
  advance();
}

bool HttpConnection::dispatch() {
  phase_ = Phase::waiting;
  set_deadline();
  give_back_room();
  aws::http::Request request = std::move(parser_.request());
  hangup_ = std::make_shared<aws::http::Hangup>();
  request.hangup = hangup_;
  request.peer = peer_;
  aws::http::Responder respond = [exchange = std::make_shared<Exchange>(shared_from_this())](
                                     aws::http::Response reply) { exchange->answer(std::move(reply)); };
  dispatching_ = true;
  if (const auto sink = std::exchange(sink_, nullptr)) {
    sink->end(std::move(request), std::move(respond));
  } else {
    listener_->handler.handle(std::move(request), std::move(respond));
  }
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
  if (listener_->limits.on_refused) listener_->limits.on_refused(refusal.status, refusal.reason, peer_);
  if (refusal.status == 413 && listener_->limits.on_too_large) listener_->limits.on_too_large(parser_.request());
  aws::http::Response reply;
  reply.status = refusal.status;
  reply.headers.add("Content-Type", "text/plain");
  reply.body = std::string(refusal.reason) + "\n";
  return refuse(std::move(reply));
}

bool HttpConnection::refuse(aws::http::Response reply) {
  sink_.reset();
  piece_ = {};
  give_back_room();
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
  reading_body_ = phase_ == Phase::body && !sink_;
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
    if (out_sent_ == out_.size() && tail_sent_ == tail_.size()) {
      begin_piece();
      if (reading_piece_ || phase_ == Phase::closed) return false;
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

// Has the next piece of a streamed body read, on a worker if there is one.
void HttpConnection::begin_piece() {
  out_.clear();
  out_sent_ = 0;
  reading_piece_ = true;
  const auto read = [self = shared_from_this(), stream = stream_] {
    std::string piece;
    stream->read(piece);
    self->worker_->call(self, [self, piece = std::move(piece)]() mutable {
      self->reading_piece_ = false;
      if (self->phase_ == Phase::closed) return;
      self->take_piece(std::move(piece));
      self->advance();
    });
  };
  if (listener_->limits.work && listener_->limits.work(read)) return;
  std::string piece;
  stream_->read(piece);
  reading_piece_ = false;
  take_piece(std::move(piece));
}

// If the source gives less or more than it announced: the length is already on the wire, so all that is left is to
// close.
void HttpConnection::take_piece(std::string piece) {
  if (piece.empty() || piece.size() > stream_left_) return close();
  out_ = std::move(piece);
  stream_left_ -= out_.size();
  if (stream_left_ == 0) stream_.reset();
}

void HttpConnection::await_room() {
  write_pending_ = true;
  if (!output_blocked_) {
    output_blocked_ = true;
    untaken_ = untaken();
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
