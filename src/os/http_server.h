// HttpServer: HTTP/1.1 on TCP sockets, giving each request to an aws::http::Handler. A few I/O threads serve all
// connections, each thread its own set; a connection has one request at a time and answers pipelined ones in order.
// The composition root owns it. All members are safe from any thread but the server's own I/O threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/http/message.h"
#include "os/http_parser.h"
#include "os/http_wire.h"

namespace os {

struct HttpServerOptions {
  unsigned io_threads = 2;
  // How often every connection's deadlines are looked at: timeouts are late by up to twice this.
  std::chrono::milliseconds sweep_interval{500};
  // Memory for all request bodies that have not arrived completely. A body that finds it used up waits: its connection
  // is not read.
  uint64_t bodies_bytes_max = 64 * 1024 * 1024;
};

// What one listener accepts. A breach is answered by the server (4xx or 503, then the connection is closed) and the
// handler does not get it.
struct ListenLimits {
  MessageLimits message;
  uint64_t unasked_body_bytes_max = 64 * 1024;  // for larger bodies the handler is asked first (Handler::admit)
  uint64_t held_body_bytes_max = UINT64_MAX;    // of bodies that no BodySink takes
  bool bodies_wait = true;  // for room in HttpServerOptions::bodies_bytes_max; false: they do not count
  AllowedHosts hosts;
  // When there are so many, a new one takes the place of that which has been idle longest; if none is idle, it gets a
  // 503 and is closed.
  uint32_t connections_max = 1024;
  std::chrono::milliseconds head_timeout{10'000};  // from a request's first byte to the end of its head
  std::chrono::milliseconds idle_timeout{60'000};  // between requests
  // While a body is received, each window has to move so many bytes.
  std::chrono::milliseconds progress_window{10'000};
  uint64_t progress_bytes_min = 4096;
  std::chrono::milliseconds body_wait_timeout{60'000};  // for room in HttpServerOptions::bodies_bytes_max
  std::chrono::milliseconds reply_stall_timeout{
      180'000};  // a client that takes nothing of its reply for so long is dead
  // Runs what may take long (reading the body of a reply) elsewhere; false if it cannot. Without it, I/O threads do.
  std::function<bool(std::function<void()>)> work;
  // Told, on an I/O thread, of a request that is refused because its body is too large; the request has no body.
  std::function<void(const aws::http::Request&)> on_too_large;
  // Told, on an I/O thread, of every request that the server refuses by itself; `reason` is static, `peer` its address.
  std::function<void(int status, std::string_view reason, std::string_view peer)> on_refused;
};

// What the I/O threads have done since they started. Whatever one of them does holds up all connections that it serves.
struct IoLoad {
  uint64_t handler_runs = 0;
  // The longest single run of a handler, in processor time of its thread: no matter what else the machine does.
  uint64_t longest_run_cpu_micros = 0;
  uint64_t connections = 0;  // that are open now, of all listeners
};

class HttpServer {
 public:
  // Starts the I/O threads; nothing listens yet. Fails with the system's words if it gives no thread.
  static std::expected<std::unique_ptr<HttpServer>, std::string> start(const HttpServerOptions& options);
  // stop() without grace, if it was not called.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens on a numeric address, "127.0.0.1" unless the user asked for more; port 0 lets the system choose. Returns
  // the port. `handler` must live until close_listener or stop returns. Fails with the system's words.
  std::expected<uint16_t, std::string> listen(const std::string& address, uint16_t port, aws::http::Handler& handler,
                                              const ListenLimits& limits = {});
  // Closes the listener and its connections; replies still owed are dropped. When it returns the handler is not called
  // any more. False if nothing listens on `port`.
  bool close_listener(uint16_t port);

  [[nodiscard]] IoLoad io_load() const;

  // Stops accepting, lets requests that have begun finish for up to `grace`, closes the rest and ends the threads.
  // Responders that are called later do nothing. Once; further calls return at once.
  void stop(std::chrono::milliseconds grace);

 private:
  class Core;
  explicit HttpServer(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace os
