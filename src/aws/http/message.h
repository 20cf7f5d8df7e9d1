// HTTP messages as values, and the two seams that carry them: Transport (we call somebody) and Handler (somebody
// calls us). os/ implements both over sockets; tests connect one to the other in memory. Values are plain; the seams
// are safe from any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/http/hangup.h"
#include "base/result.h"
#include "base/time.h"

namespace aws::http {

// Header fields in the order received. Names compare without case, and keep the spelling they were added with.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  // The first value of `name`, or nullopt. The view lives as long as this object is not changed.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  [[nodiscard]] bool contains(std::string_view name) const { return find(name).has_value(); }
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string_view name, std::string value);  // replaces every field of that name
  void erase(std::string_view name);
  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
  void reserve(std::size_t count) { fields_.reserve(count); }

 private:
  std::vector<Field> fields_;
};

bool equal_ignoring_case(std::string_view a, std::string_view b);

// A handler's own, see BodySink.
class TakenBody {
 public:
  virtual ~TakenBody() = default;
};

struct Request {
  std::string method;  // upper case
  std::string target;  // as on the wire: path and query, still percent-encoded
  Headers headers;
  std::string body;
  // The address of whoever asks, in figures; empty where there is no socket.
  std::string peer = {};
  // Tells when whoever asks has closed the connection, as far as that shows; null where nobody tells.
  std::shared_ptr<Hangup> hangup = {};
  // What the handler's own BodySink made of the body, of which `body` then holds nothing.
  std::shared_ptr<TakenBody> taken = {};

  [[nodiscard]] std::string_view path() const;   // target up to '?'
  [[nodiscard]] std::string_view query() const;  // target after '?', or empty
};

// A body that is produced while it is sent, so that large objects are never held whole. Used by one thread at a time.
class BodySource {
 public:
  virtual ~BodySource() = default;
  [[nodiscard]] virtual uint64_t size() const = 0;  // bytes in total
  // Appends the next piece (at most ~1 MiB) to `out`; appends nothing at the end. May read a disk.
  virtual void read(std::string& out) = 0;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  std::shared_ptr<BodySource> stream;  // if set, sent instead of `body`
  bool close = false;                  // close the connection after this reply
};

// Answers one request, once, from any thread. If the last copy is destroyed unanswered the connection is closed.
using Responder = std::function<void(Response)>;

// Takes the body of one request while it arrives, so that it is never held whole. Called on an I/O thread, where
// nothing may block; dropped, perhaps while it still works on a piece, if the rest of the body does not come.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // To be called once, from any thread, when the next piece may come. A refusal is the answer to the request: the rest
  // of its body is not read.
  using Taken = std::function<void(std::optional<Response> refusal)>;
  virtual void take(std::string piece, Taken taken) = 0;
  // Every piece has been taken. `request` is the one that was admitted; to be answered as by Handler::handle.
  virtual void end(Request request, Responder respond) = 0;
};

// What a handler says to a head. Nothing: the body is to be held in memory, and comes with handle().
struct Admission {
  std::optional<Response> refusal;
  std::shared_ptr<BodySink> sink;
};

class Handler {
 public:
  virtual ~Handler() = default;
  // Asked before a large body is read, on an I/O thread. `body_bytes`: as announced; nullopt if it is not known.
  virtual Admission admit(const Request& /*head*/, std::optional<uint64_t> /*body_bytes*/) { return {}; }
  // Called on an I/O thread for each request, in order per connection; must not block for long. `respond` may be
  // called before this returns or later.
  virtual void handle(Request request, Responder respond) = 0;
};

// Where a client connects.
struct Endpoint {
  bool tls = false;
  std::string host;
  uint16_t port = 80;
};

// "http://127.0.0.1:4566" -> Endpoint. nullopt for anything but http(s) with a host; a path other than "/" is refused.
std::optional<Endpoint> parse_endpoint(std::string_view url);
// The Host header for an endpoint: the port is left out when it is the scheme's own.
std::string host_header(const Endpoint& endpoint);
// localhost and the names below it, 127.0.0.0/8 in figures, ::1.
bool is_loopback(std::string_view host);

class Transport {
 public:
  virtual ~Transport() = default;
  // Sends the request, once, and reads the whole response, blocking until `timeout` has passed since the call. Kept
  // connections are reused. Failures (refused, reset, timed out, malformed) come back as an AwsError with http_status
  // 0, fault receiver and a code of failure.h, which says whether anything of the request can have reached the server;
  // if so, it may have taken effect. Host and Content-Length are added if they are absent.
  virtual base::Result<Response> round_trip(const Endpoint& endpoint, Request request, base::Duration timeout) = 0;
  // Ends every call that waits, and all later ones, with a failure, so that whoever made them can stop soon.
  virtual void cancel() {}
};

}  // namespace aws::http
