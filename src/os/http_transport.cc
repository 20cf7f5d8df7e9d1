#include "os/http_transport.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "aws/http/failure.h"
#include "os/client_stream.h"
#include "os/http_parser.h"

namespace os {
namespace {

using aws::http::Endpoint;
using aws::http::equal_ignoring_case;
using aws::http::Request;
using aws::http::Response;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kHeadBytesMax = 64 * 1024;

std::unexpected<base::AwsError> connection_error(std::string_view code, std::string message) {
  base::AwsError error;
  error.code = code;
  error.message = std::move(message);
  error.http_status = 0;
  error.fault = base::Fault::receiver;
  return std::unexpected(std::move(error));
}

std::unexpected<base::AwsError> to_aws_error(const Endpoint& endpoint, const StreamError& error, bool sent) {
  std::string_view code = error.is_handshake ? aws::http::kNoHandshake : aws::http::kNotSent;
  if (sent) code = error.kind == StreamError::Kind::timed_out ? aws::http::kTimedOut : aws::http::kConnectionLost;
  return connection_error(code, aws::http::host_header(endpoint) + ": " + error.message);
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u < 0x20 && c != '\t') || u == 0x7f;
  });
}

bool is_token(std::string_view text) {
  return !text.empty() && !has_control(text) && text.find_first_of(" \t:()<>@,;\\\"/[]?={}") == std::string_view::npos;
}

bool takes_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

// The request's head, or what of it has no valid form on the wire, without what may be a secret.
// `proxy`: of a plain connection, where the request names the server.
std::expected<std::string, std::string> encode_head(const Endpoint& endpoint, const Request& request,
                                                    const Proxy* proxy) {
  const std::string length = std::to_string(request.body.size());
  if (!is_token(request.method) || request.target.empty() || has_control(request.target) ||
      request.target.find_first_of(" \t") != std::string::npos) {
    return std::unexpected("its method or path");
  }
  std::string head;
  head.reserve(1024);
  head.append(request.method).append(" ");
  if (proxy != nullptr) head.append("http://").append(aws::http::host_header(endpoint));
  head.append(request.target).append(" HTTP/1.1\r\n");
  bool has_host = false;
  bool has_length = false;
  for (const auto& [name, value] : request.headers.fields()) {
    if (!is_token(name)) return std::unexpected("the name of a header");
    if (has_control(value)) return std::unexpected("a line break or another control character in " + name);
    if (equal_ignoring_case(name, "Expect")) continue;
    if (equal_ignoring_case(name, "Transfer-Encoding")) return std::unexpected(name);
    if (equal_ignoring_case(name, "Host")) has_host = true;
    if (equal_ignoring_case(name, "Content-Length")) {
      if (value != length || has_length) return std::unexpected(name);
      has_length = true;
    }
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (proxy != nullptr && !proxy->authorization.empty())
    head.append("Proxy-Authorization: ").append(proxy->authorization).append("\r\n");
  if (!has_host) head.append("Host: ").append(aws::http::host_header(endpoint)).append("\r\n");
  if (!has_length && (!request.body.empty() || takes_body(request.method))) {
    head.append("Content-Length: ").append(length).append("\r\n");
  }
  head.append("\r\n");
  if (head.size() > kHeadBytesMax) return std::unexpected("its headers are longer than 64 KiB");
  return head;
}

// A connection and what was read from it beyond the last response.
struct PooledConnection {
  std::unique_ptr<ClientStream> stream;
  std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(kReadBytes);
  Deadline idle_until;
};

struct Attempt {
  std::optional<Response> response;
  StreamError error;
  bool sent = true;  // a byte of the request, at least
  bool reusable = false;
};

Attempt read_response(PooledConnection& connection, bool to_head, uint64_t body_bytes_max, Deadline deadline) {
  Attempt attempt;
  ResponseParser parser(to_head, body_bytes_max);
  char* const buffer = connection.buffer.get();
  std::size_t begin = 0;
  std::size_t end = 0;
  bool got_bytes = false;
  auto state = ResponseParser::State::need_more;
  while (state == ResponseParser::State::need_more) {
    if (begin > 0) {
      std::memmove(buffer, buffer + begin, end - begin);
      end -= begin;
      begin = 0;
    }
    if (end == kReadBytes) {
      state = ResponseParser::State::too_large;
      break;
    }
    const auto got = connection.stream->read({buffer + end, kReadBytes - end}, deadline);
    if (!got) {
      attempt.error = got.error();
      return attempt;
    }
    if (*got == 0) {
      state = got_bytes ? parser.end_of_input() : ResponseParser::State::malformed;
      if (state == ResponseParser::State::complete) break;
      attempt.error = {StreamError::Kind::closed, "the server closed the connection before its response was complete"};
      return attempt;
    }
    got_bytes = true;
    end += *got;
    std::size_t consumed = 0;
    state = parser.feed({buffer, end}, consumed);
    begin = consumed;
  }
  if (state == ResponseParser::State::complete) {
    attempt.reusable = parser.keep_alive() && begin == end;
    attempt.response = parser.take();
  } else if (state == ResponseParser::State::too_large) {
    attempt.error = {StreamError::Kind::failed, "the response is too large"};
  } else {
    attempt.error = {StreamError::Kind::failed, "the response is malformed"};
  }
  return attempt;
}

Attempt attempt_once(PooledConnection& connection, std::string_view head, const Request& request,
                     uint64_t body_bytes_max, Deadline deadline) {
  const uint64_t before = connection.stream->bytes_written();
  const auto written = connection.stream->write(head, request.body, deadline);
  const bool sent = connection.stream->bytes_written() != before;
  if (!written && (written.error().kind != StreamError::Kind::closed || !sent))
    return {std::nullopt, written.error(), sent, false};
  // A server that refuses a body answers and closes without reading it all: its answer is worth more than EPIPE.
  Attempt attempt = read_response(connection, request.method == "HEAD", body_bytes_max, deadline);
  if (!written) attempt.reusable = false;
  return attempt;
}

}  // namespace

class HttpTransport::Core {
 public:
  explicit Core(const HttpTransportOptions& its_options) : options(its_options) {}

  const HttpTransportOptions options;
  std::atomic<bool> cancelled = false;

  // Made when the first TLS connection needs it: reading the system's authorities takes 20 ms and 2 MiB, which a
  // function that calls an engine on this machine never has a use for.
  std::expected<const TlsContext*, std::string> tls() {
    const std::lock_guard lock(tls_mutex_);
    if (tls_ == nullptr) {
      auto made = TlsContext::make(options.ca_file, options.ca_bundle);
      if (!made) return std::unexpected(std::move(made).error());
      tls_ = std::move(*made);
    }
    return tls_.get();
  }

  std::expected<PooledConnection, StreamError> connect(const Endpoint& endpoint, Deadline deadline) {
    const TlsContext* context = nullptr;
    if (endpoint.tls) {
      const auto made = tls();
      if (!made) return std::unexpected(StreamError{StreamError::Kind::failed, made.error(), /*is_handshake=*/true});
      context = *made;
    }
    auto stream = ClientStream::connect(endpoint, context, options.proxies.of(endpoint),
                                        std::min(deadline, std::chrono::steady_clock::now() + options.connect_timeout),
                                        cancelled);
    if (!stream) return std::unexpected(std::move(stream).error());
    PooledConnection connection;
    connection.stream = std::move(*stream);
    return connection;
  }

  // A kept connection that looks alive. The latest first: it is the least likely to be closed by the peer.
  std::optional<PooledConnection> take(const std::string& key) {
    for (;;) {
      PooledConnection connection;
      {
        const std::lock_guard lock(mutex_);
        const auto found = idle_.find(key);
        if (found == idle_.end()) return std::nullopt;
        connection = std::move(found->second.back());
        found->second.pop_back();
        --idle_count_;
        if (found->second.empty()) idle_.erase(found);
      }
      if (connection.idle_until > std::chrono::steady_clock::now() && connection.stream->is_quiet()) return connection;
    }
  }

  void keep(const std::string& key, PooledConnection connection) {
    const Deadline now = std::chrono::steady_clock::now();
    connection.idle_until = now + options.idle_timeout;
    std::vector<PooledConnection> expired;  // closed after the lock is released
    const std::lock_guard lock(mutex_);
    if (idle_count_ >= options.idle_max) drop_expired(now, expired);
    if (idle_count_ >= options.idle_max) return;
    std::vector<PooledConnection>& kept = idle_[key];
    if (kept.size() >= options.idle_per_endpoint_max) return;
    kept.push_back(std::move(connection));
    ++idle_count_;
  }

 private:
  void drop_expired(Deadline now, std::vector<PooledConnection>& expired) {
    for (auto entry = idle_.begin(); entry != idle_.end();) {
      std::vector<PooledConnection>& kept = entry->second;
      const auto first_alive =
          std::ranges::find_if(kept, [&](const PooledConnection& c) { return c.idle_until > now; });
      expired.insert(expired.end(), std::make_move_iterator(kept.begin()), std::make_move_iterator(first_alive));
      idle_count_ -= static_cast<std::size_t>(first_alive - kept.begin());
      kept.erase(kept.begin(), first_alive);
      entry = kept.empty() ? idle_.erase(entry) : std::next(entry);
    }
  }

  std::mutex tls_mutex_;
  std::unique_ptr<TlsContext> tls_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<PooledConnection>> idle_;  // none empty, oldest first
  std::size_t idle_count_ = 0;
};

std::expected<std::unique_ptr<HttpTransport>, std::string> HttpTransport::make(const HttpTransportOptions& options) {
  auto core = std::make_unique<Core>(options);
  if (!options.ca_file.empty()) {
    if (const auto tls = core->tls(); !tls) return std::unexpected(tls.error());
  }
  return std::unique_ptr<HttpTransport>(new HttpTransport(std::move(core)));
}

HttpTransport::HttpTransport(std::unique_ptr<Core> core) : core_(std::move(core)) {}
HttpTransport::~HttpTransport() = default;

void HttpTransport::cancel() {
  core_->cancelled = true;
}

base::Result<Response> HttpTransport::round_trip(const Endpoint& endpoint, Request request, base::Duration timeout) {
  // Far deadlines would overflow the clock's nanoseconds.
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::min<base::Duration>(timeout, std::chrono::hours(24 * 365));
  const Proxy* const proxy = endpoint.tls ? nullptr : core_->options.proxies.of(endpoint);
  const auto head = encode_head(endpoint, request, proxy);
  if (!head)
    return connection_error(aws::http::kUnsendable, "the request has no valid form in HTTP/1.1: " + head.error());
  const std::string key = (endpoint.tls ? "s" : "p") + std::to_string(endpoint.port) + "/" + endpoint.host;
  std::optional<PooledConnection> kept = core_->take(key);
  for (;;) {
    const bool reused = kept.has_value();
    if (!reused) {
      auto fresh = core_->connect(endpoint, deadline);
      // The call's own time may be over before the connection's; that is told as it is.
      if (!fresh) return to_aws_error(endpoint, fresh.error(), std::chrono::steady_clock::now() >= deadline);
      kept = std::move(*fresh);
    }
    Attempt attempt = attempt_once(*kept, *head, request, core_->options.response_body_bytes_max, deadline);
    if (attempt.response) {
      if (attempt.reusable) core_->keep(key, std::move(*kept));
      return std::move(*attempt.response);
    }
    const bool was_stale = reused && !attempt.sent && attempt.error.kind == StreamError::Kind::closed;
    if (!was_stale) return to_aws_error(endpoint, attempt.error, attempt.sent);
    kept.reset();
  }
}

}  // namespace os
