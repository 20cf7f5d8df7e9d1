// ClientStream: a blocking byte stream to an endpoint, plain TCP or TLS, in which every call has a deadline. Used by
// HttpTransport; owned by one thread at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "aws/http/message.h"
#include "os/proxy.h"

struct ssl_ctx_st;
struct ssl_st;

namespace os {

using Deadline = std::chrono::steady_clock::time_point;

struct StreamError {
  enum class Kind { closed, timed_out, failed };
  Kind kind = Kind::failed;  // closed: the peer ended or reset the connection
  std::string message;
  bool is_handshake = false;  // somebody has taken the connection, and it came to none that a request can be sent over
};

// Certificates to trust and protocol versions, shared by all TLS streams. Safe from any thread once made.
class TlsContext {
 public:
  // Trusts the machine's authorities or, if not empty, those of `ca_bundle` (authorities.h), and those in the PEM file
  // `ca_file` if that is not empty.
  static std::expected<std::unique_ptr<TlsContext>, std::string> make(const std::string& ca_file,
                                                                      const std::string& ca_bundle);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  [[nodiscard]] ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

class ClientStream {
 public:
  // Through `proxy` if it is not null: for tls by a tunnel (CONNECT), else by its address alone, so that requests have
  // to name the server. Resolves the host (the proxy's, if there is one), tries its addresses in turn and, for tls,
  // verifies that the peer is `endpoint.host`. `tls` may be null for plain endpoints and outlives the stream, as does
  // `cancelled`: once it is true, every call that has to wait fails soon. The system's resolver knows neither deadline
  // nor cancellation.
  static std::expected<std::unique_ptr<ClientStream>, StreamError> connect(const aws::http::Endpoint& endpoint,
                                                                           const TlsContext* tls, const Proxy* proxy,
                                                                           Deadline deadline,
                                                                           const std::atomic<bool>& cancelled);
  ~ClientStream();
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  // Writes both pieces, in one call of the system where it takes them.
  std::expected<void, StreamError> write(std::string_view head, std::string_view body, Deadline deadline);
  // Bytes that the system has taken of all writes; the peer may have them. A record of TLS counts once it is whole.
  [[nodiscard]] uint64_t bytes_written() const { return bytes_written_; }
  // At least one byte; 0 at the end of the stream.
  std::expected<std::size_t, StreamError> read(std::span<char> into, Deadline deadline);
  // True if nothing arrived since the last read, not even the end: the stream can carry another request.
  [[nodiscard]] bool is_quiet() const;

 private:
  ClientStream(int socket, const std::atomic<bool>& cancelled) : socket_(socket), cancelled_(cancelled) {}
  std::expected<void, StreamError> open_tunnel(const aws::http::Endpoint& endpoint, const Proxy& proxy,
                                               Deadline deadline);
  std::expected<void, StreamError> start_tls(const aws::http::Endpoint& endpoint, const TlsContext& tls,
                                             Deadline deadline);
  std::expected<void, StreamError> write_plain(std::string_view head, std::string_view body, Deadline deadline);
  std::expected<void, StreamError> write_tls(std::string_view bytes, Deadline deadline);
  std::expected<void, StreamError> await(short events, Deadline deadline);
  std::expected<void, StreamError> await_tls(int result, std::string_view doing, Deadline deadline);

  int socket_;
  const std::atomic<bool>& cancelled_;
  ssl_st* tls_ = nullptr;
  uint64_t bytes_written_ = 0;
};

}  // namespace os
