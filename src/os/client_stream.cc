#include "os/client_stream.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "os/authorities.h"

namespace os {
namespace {

using Kind = StreamError::Kind;

// The longest a blocking call may sleep in the system. While more than that is left until the deadline, a read is one
// system call (recv) and not two (poll, recv).
constexpr auto kSlice = std::chrono::milliseconds(200);

std::unexpected<StreamError> fail(Kind kind, std::string message) {
  return std::unexpected(StreamError{kind, std::move(message)});
}

// Who takes a connection and then says nothing is as good as nobody.
std::unexpected<StreamError> fail_handshake(StreamError error) {
  error.is_handshake = error.kind != Kind::timed_out;
  return std::unexpected(std::move(error));
}

std::unexpected<StreamError> fail_with_errno(std::string_view doing, int number) {
  const bool closed = number == EPIPE || number == ECONNRESET;
  return fail(closed ? Kind::closed : Kind::failed,
              std::string(doing) + ": " + std::generic_category().message(number));
}

// What to do about a certificate, if that is to be known.
std::string_view way_out_of(long verdict) {
  switch (verdict) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return " (of a CA of one's own AWS_CA_BUNDLE, or ca_bundle of a profile, names the file)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return " (it is another host's)";
    default:
      return "";
  }
}

std::string tls_error_text() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "TLS failure";
  if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
    return "no TLS is spoken there (http:// instead of https://?)";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

std::chrono::milliseconds left_until(Deadline deadline) {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
}

// Waits in slices, between which it looks whether it is cancelled.
std::expected<void, StreamError> poll_until(int socket, short events, Deadline deadline,
                                            const std::atomic<bool>& cancelled) {
  for (;;) {
    const auto left = std::min(left_until(deadline), kSlice);
    if (left.count() <= 0) return fail(Kind::timed_out, "timed out");
    if (cancelled) return fail(Kind::failed, "cancelled");
    pollfd wanted{socket, events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_with_errno("poll", errno);
  }
}

struct AddressList {
  ~AddressList() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
  addrinfo* first = nullptr;
};

void set_blocking_slices(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval slice{0, std::chrono::duration_cast<std::chrono::microseconds>(kSlice).count()};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice);
}

// A connected socket whose calls block for at most kSlice.
std::expected<int, StreamError> connect_address(const addrinfo& address, Deadline deadline,
                                                const std::atomic<bool>& cancelled) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return fail_with_errno("socket", errno);
  int error = ::connect(socket, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    if (auto ready = poll_until(socket, POLLOUT, deadline, cancelled); !ready) {
      ::close(socket);
      return fail(ready.error().kind, "connect: " + ready.error().message);
    }
    socklen_t size = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) {
    ::close(socket);
    return fail(Kind::failed, "connect: " + std::generic_category().message(error));
  }
  int off = 0;
  ::ioctl(socket, FIONBIO, &off);
  set_blocking_slices(socket);
  return socket;
}

}  // namespace

std::expected<std::unique_ptr<TlsContext>, std::string> TlsContext::make(const std::string& ca_file,
                                                                         const std::string& ca_bundle) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) return std::unexpected(tls_error_text());
  std::unique_ptr<TlsContext> made(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (auto trusted = trust_authorities(context, ca_bundle); !trusted.has_value() && ca_file.empty())
    return std::unexpected(std::move(trusted).error());
  if (!ca_file.empty() && SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
    return std::unexpected("cannot read certificates from " + ca_file + ": " + tls_error_text());
  }
  return made;
}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
}

std::expected<std::unique_ptr<ClientStream>, StreamError> ClientStream::connect(const aws::http::Endpoint& endpoint,
                                                                                const TlsContext* tls,
                                                                                const Proxy* proxy, Deadline deadline,
                                                                                const std::atomic<bool>& cancelled) {
  const aws::http::Endpoint& first = proxy != nullptr ? proxy->endpoint : endpoint;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  AddressList addresses;
  const std::string port = std::to_string(first.port);
  if (const int error = ::getaddrinfo(first.host.c_str(), port.c_str(), &hints, &addresses.first); error != 0) {
    return fail(Kind::failed, "cannot resolve " + first.host + ": " + ::gai_strerror(error));
  }
  std::expected<int, StreamError> socket = fail(Kind::failed, first.host + " has no address");
  for (const addrinfo* address = addresses.first; address != nullptr; address = address->ai_next) {
    socket = connect_address(*address, deadline, cancelled);
    if (socket) break;
  }
  if (!socket && proxy != nullptr)
    return fail(socket.error().kind, "proxy " + aws::http::host_header(first) + ": " + socket.error().message);
  if (!socket) return std::unexpected(std::move(socket).error());
  std::unique_ptr<ClientStream> stream(new ClientStream(*socket, cancelled));
  if (endpoint.tls) {
    if (tls == nullptr) return fail(Kind::failed, "no TLS context");
    if (proxy != nullptr) {
      auto opened = stream->open_tunnel(endpoint, *proxy, deadline);
      if (!opened)
        return fail_handshake(
            {opened.error().kind, "proxy " + aws::http::host_header(first) + ": " + opened.error().message});
    }
    if (auto started = stream->start_tls(endpoint, *tls, deadline); !started) {
      return fail_handshake(std::move(started).error());
    }
  }
  return stream;
}

ClientStream::~ClientStream() {
  if (tls_ != nullptr) SSL_free(tls_);  // no close_notify: the peer must not wait for it and HTTP frames its messages
  ::close(socket_);
}

std::expected<void, StreamError> ClientStream::await(short events, Deadline deadline) {
  if (left_until(deadline) > kSlice && !cancelled_) return {};
  return poll_until(socket_, events, deadline, cancelled_);
}

std::expected<void, StreamError> ClientStream::write(std::string_view head, std::string_view body, Deadline deadline) {
  if (tls_ == nullptr) return write_plain(head, body, deadline);
  if (auto written = write_tls(head, deadline); !written) return written;
  return write_tls(body, deadline);
}

std::expected<void, StreamError> ClientStream::write_plain(std::string_view head, std::string_view body,
                                                           Deadline deadline) {
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> pieces{
        {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}}};
    msghdr message = {};
    message.msg_iov = pieces.data();
    message.msg_iovlen = body.empty() ? 1 : 2;
    if (auto ready = await(POLLOUT, deadline); !ready) return ready;
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail_with_errno("send", errno);
    if (sent < 0) continue;
    bytes_written_ += static_cast<uint64_t>(sent);
    const std::size_t from_head = std::min(static_cast<std::size_t>(sent), head.size());
    head.remove_prefix(from_head);
    body.remove_prefix(static_cast<std::size_t>(sent) - from_head);
  }
  return {};
}

std::expected<std::size_t, StreamError> ClientStream::read(std::span<char> into, Deadline deadline) {
  for (;;) {
    if (tls_ == nullptr || SSL_pending(tls_) == 0) {
      if (auto ready = await(POLLIN, deadline); !ready) return std::unexpected(std::move(ready).error());
    }
    if (tls_ != nullptr) {
      std::size_t got = 0;
      const int result = SSL_read_ex(tls_, into.data(), into.size(), &got);
      if (result == 1) return got;
      if (SSL_get_error(tls_, result) == SSL_ERROR_ZERO_RETURN) return 0;
      if (auto ready = await_tls(result, "read", deadline); !ready) return std::unexpected(std::move(ready).error());
      continue;
    }
    const ssize_t got = ::recv(socket_, into.data(), into.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN && errno != EINTR) return fail_with_errno("receive", errno);
  }
}

bool ClientStream::is_quiet() const {
  char byte = 0;
  return ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

// RFC 9110, section 9.3.6. What comes behind the answer's head is the server's.
std::expected<void, StreamError> ClientStream::open_tunnel(const aws::http::Endpoint& endpoint, const Proxy& proxy,
                                                           Deadline deadline) {
  constexpr std::size_t kHeadBytesMax = 16 * 1024;
  const bool is_ipv6 = endpoint.host.contains(':');
  const std::string target =
      (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!proxy.authorization.empty()) request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  if (auto written = write_plain(request + "\r\n", {}, deadline); !written) return written;
  bytes_written_ = 0;  // nothing of it was for the server
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    if (head.size() == kHeadBytesMax) return fail(Kind::failed, "its answer is none of HTTP");
    char byte = 0;
    const auto got = read({&byte, 1}, deadline);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return fail(Kind::failed, "it closed the connection");
    head.push_back(byte);
  }
  const std::string status = head.substr(0, head.find("\r\n"));
  constexpr std::size_t kVersion = std::string_view("HTTP/1.1 ").size();
  if (!status.starts_with("HTTP/1.") || status.size() <= kVersion || status[kVersion] != '2')
    return fail(Kind::failed, "it refuses to connect to " + target + ": " + status);
  return {};
}

std::expected<void, StreamError> ClientStream::start_tls(const aws::http::Endpoint& endpoint, const TlsContext& tls,
                                                         Deadline deadline) {
  tls_ = SSL_new(tls.get());
  if (tls_ == nullptr || SSL_set_fd(tls_, socket_) != 1) return fail(Kind::failed, tls_error_text());
  std::array<unsigned char, sizeof(in6_addr)> numeric{};
  const bool is_numeric = ::inet_pton(AF_INET, endpoint.host.c_str(), numeric.data()) == 1 ||
                          ::inet_pton(AF_INET6, endpoint.host.c_str(), numeric.data()) == 1;
  if (is_numeric) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_), endpoint.host.c_str());
  } else {
    SSL_set_tlsext_host_name(tls_, endpoint.host.c_str());
    SSL_set_hostflags(tls_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(tls_, endpoint.host.c_str()) != 1) return fail(Kind::failed, tls_error_text());
  }
  for (;;) {
    const int result = SSL_connect(tls_);
    if (result == 1) return {};
    if (const long verdict = SSL_get_verify_result(tls_); verdict != X509_V_OK) {
      ERR_clear_error();
      return fail(Kind::failed, std::string("TLS handshake: certificate of ") + endpoint.host + ": " +
                                    X509_verify_cert_error_string(verdict) + std::string(way_out_of(verdict)));
    }
    if (auto ready = await_tls(result, "TLS handshake", deadline); !ready) return ready;
  }
}

std::expected<void, StreamError> ClientStream::write_tls(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (auto ready = await(POLLOUT, deadline); !ready) return ready;
    std::size_t sent = 0;
    const int result = SSL_write_ex(tls_, bytes.data(), bytes.size(), &sent);
    if (result == 1) {
      bytes_written_ += sent;
      bytes.remove_prefix(sent);
    } else if (auto ready = await_tls(result, "send", deadline); !ready) {
      return ready;
    }
  }
  return {};
}

// After a TLS call that did not succeed: waits for the socket if that is what it lacks.
std::expected<void, StreamError> ClientStream::await_tls(int result, std::string_view doing, Deadline deadline) {
  const int number = errno;
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
      return poll_until(socket_, POLLIN, deadline, cancelled_);
    case SSL_ERROR_WANT_WRITE:
      return poll_until(socket_, POLLOUT, deadline, cancelled_);
    case SSL_ERROR_SYSCALL:
      if (number != 0) return fail_with_errno(doing, number);
      return fail(Kind::closed, std::string(doing) + ": connection closed");
    default: {
      // An end of the stream without close_notify could be an attacker's truncation, so it is never taken for one.
      const bool closed = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
      return fail(closed ? Kind::closed : Kind::failed, std::string(doing) + ": " + tls_error_text());
    }
  }
}

}  // namespace os
